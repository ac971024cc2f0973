"""Which rank, which side, which sketch: what the theorems promise for each choice, and what each costs."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from problems import checks
from problems.rounding import rounded
from rac_theory.advice.advice import Advice
from rac_theory.advice.model_shapes import MatrixShape
from rac_theory.advice.training_option import Option, Trained
from rac_theory.cases.constants import Constants
from rac_theory.drawing import plot
from rac_theory.numerics.randomness import Randomness
from rac_theory.sketches.moments import Moments
from rac_theory.sketches.plug_in import sketch_factory
from rac_theory.sketches.sketch import Sketch
from rac_theory.sketches.spectra import closed_form, spectrum
from rac_theory.theorems.theorem import Theorem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RANKS = (1, 2, 4, 8, 16)
SKETCHES = ("gaussian",)

_SAMPLED_DIM = 256  # beyond it 65,536 draws take minutes
_ROUNDING = 1 + 1e-12  # a bound that equals epsilon in exact arithmetic shall not cost one more step

_Known: TypeAlias = tuple[float, str]  # lambda_min, or a lower bound of it, and how it is known


def advise(
    shapes: Iterable[MatrixShape],
    *,
    ranks: Sequence[int] = RANKS,
    sketches: Sequence[str] = SKETCHES,
    mixture: float | None = None,
    rng: Randomness = None,
) -> Advice:
    """Return every choice for each shape, full training first, and a sentence for each that is not possible.

    Parameters
    ----------
    shapes : iterable of MatrixShape
        Repeated ones count once.
    ranks : sequence of int
        Each at least 1; one above the dimension of a side is left out there.
    sketches : sequence of str
        By name, as the command line takes them.
    mixture : float, optional
        Probability of a left step in a Bernoulli mixture of both sides, in addition to the sides themselves.
    rng : seed, SeedSequence or Generator
        For a sketch without a closed form, whose lambda_min is bounded from draws.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> options, notes = advise([(768, 3072)], ranks=[8])
    >>> for option in options:
    ...     print(option.side, f"lambda_min {option.lambda_min:.5f}, {option.trained} numbers trained")
    full lambda_min 1.00000, 2359296 numbers trained
    left lambda_min 0.01042, 24576 numbers trained
    right lambda_min 0.00260, 6144 numbers trained
    """
    for rank in ranks:
        checks.integer("rank", rank, 1)
    if mixture is not None and not 0 <= checks.finite("mixture", mixture) <= 1:
        raise ValueError(f"mixture must be a probability in [0, 1], got {mixture!r}")
    factories = {name: sketch_factory(name) for name in sketches}
    known = cache(lambda name, dim, rank: _lambda_min(partial(factories[name], dim, rank), rng))
    options: list[Option] = []
    notes: list[str] = []
    for shape in dict.fromkeys(shapes):
        options.append(Option(shape, "full", "-", min(shape), 1.0, "no sketch", shape[0] * shape[1]))
        for name in dict.fromkeys(sketches):
            for rank in dict.fromkeys(ranks):
                options += _of_one_rank(shape, name, rank, mixture, known, notes)
    return Advice(options, notes)


def _of_one_rank(
    shape: MatrixShape,
    name: str,
    rank: int,
    mixture: float | None,
    known: Callable[[str, int, int], _Known],
    notes: list[str],
) -> Iterator[Option]:
    """Yield the sides, and their mixture where both are possible; what is not is added to the notes."""
    m, n = shape
    found: list[tuple[_Known, int]] = []
    sides: tuple[tuple[Trained, int, int], ...] = (("left", m, n), ("right", n, m))
    for side, dim, other in sides:
        try:
            one = known(name, dim, rank)
        except (ValueError, MemoryError) as error:
            notes.append(f"{m}x{n}, {side}, {name}, rank {rank} is left out: {error}")
            continue
        found.append((one, rank * other))
        yield Option(shape, side, name, rank, *one, rank * other)
    if mixture is not None and len(found) == 2:
        ((left, how_left), trained_left), ((right, how_right), trained_right) = found
        p = Fraction(float(mixture))
        how = how_left if how_left == how_right else f"{how_left}, {how_right}"
        smallest = rounded(p * Fraction(left) + (1 - p) * Fraction(right), -math.inf)
        trained = float(p * trained_left + (1 - p) * trained_right)
        yield Option(shape, "mixture", name, rank, smallest, how, trained)


def _lambda_min(make: Callable[[], Sketch], rng: Randomness) -> _Known:
    sketch = make()
    found = closed_form(sketch)
    if found is None:
        if sketch.dim > _SAMPLED_DIM and Moments(sketch).mean is None:
            raise ValueError(f"there is no closed form, and above dim={_SAMPLED_DIM} sampling would take minutes")
        found = spectrum(sketch, rng=rng)
    return float(found.lambda_min), found.how


def promised_steps(theorem: Theorem, lambda_min: float, *, epsilon: float, condition: float) -> float:
    """Return the steps that a theorem promises at gamma = 1/L; inf where it promises none.

    Parameters
    ----------
    theorem : Theorem
    lambda_min : float
    epsilon : float
        Relative to the ceiling of the metric: of the gap at the start, or of ``2 L (f(W^0) - f*)`` for gradients.
    condition : float
        L / mu, at least 1; where a theorem needs no mu it plays no part.

    Examples
    --------
    >>> from rac_theory import theorems
    >>> from rac_theory.advice import promised_steps
    >>> [promised_steps(theorems.T2, share, epsilon=1e-3, condition=10.0) for share in (1.0, 0.1)]
    [66, 688]
    """
    if checks.finite("condition", condition) < 1:
        raise ValueError(f"condition must be L / mu, hence >= 1, got {condition!r}")
    c = Constants(gamma=1.0, L=1.0, mu=1 / condition, lambda_min=lambda_min, gap0=1.0, gap0_upper=1.0)
    absolute = checks.finite("epsilon", epsilon, above=0) * theorem.metric.ceiling(c)
    return theorem.steps_to(absolute * _ROUNDING, c)


def fewest_steps(options: Sequence[Option]) -> Iterator[str]:
    r"""Yield one sentence for each shape: which side needs fewer steps at its lowest rank, and by how much.

    Examples
    --------
    >>> from rac_theory.advice import advise, fewest_steps
    >>> options, notes = advise([(64, 256)], ranks=[4])
    >>> for sentence in fewest_steps(options):
    ...     print(*sentence.split("; "), sep="\n")
    64x256, rank 4: left, gaussian: 16 times the steps, 1024 numbers trained
    right, gaussian: 64 times the steps, 256 numbers trained
    """
    for m, n in dict.fromkeys(option.shape for option in options):
        sketched = [option for option in options if option.shape == (m, n) and option.side in ("left", "right")]
        if not sketched:
            continue
        lowest = min(option.rank for option in sketched)
        best = {
            side: min(ones, key=lambda option: option.slowdown)
            for side in ("left", "right")
            if (ones := [o for o in sketched if o.rank == lowest and o.side == side])
        }
        ordered = sorted(best.values(), key=lambda option: option.slowdown)
        parts = [f"{o.side}, {o.sketch}: {_promised(o)}, {o.trained:g} numbers trained" for o in ordered]
        yield f"{m}x{n}, rank {lowest}: " + "; ".join(parts)


def _promised(option: Option) -> str:
    return f"{option.slowdown:.6g} times the steps" if math.isfinite(option.slowdown) else "no number of steps promised"


def frontier_plot(options: Sequence[Option], ax: "Axes | None" = None) -> "Axes":
    """Draw the options of one shape, steps against numbers trained, with the line of full training's budget.

    Examples
    --------
    >>> from rac_theory.advice import advise, frontier_plot
    >>> options, notes = advise([(64, 256)], ranks=[1, 4, 16])
    >>> axes = frontier_plot(options)
    >>> axes.get_title(), len(axes.get_legend_handles_labels()[1])
    ('64x256', 4)
    """
    m, n = options[0].shape
    groups: dict[str, list[Option]] = {}
    for option in options:
        if math.isfinite(option.slowdown):
            groups.setdefault(" ".join((option.side, option.sketch)).removesuffix(" -"), []).append(option)
    points = {
        name: (np.array([o.trained for o in ones], dtype=float), np.array([o.slowdown for o in ones]))
        for name, ones in groups.items()
    }
    return plot.equal_budget(points, float(m * n), title=f"{m}x{n}", ax=ax)
