"""Which rank, which side, which sketch: what the theorems promise for each choice, and what each costs."""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from rac_theory.advice.curvature import Curvature
from rac_theory.advice.model_shapes import MatrixShape
from rac_theory.advice.training_option import FULL, Gain, Option, Trained, efficient, gain_of_mixture, gain_of_side
from rac_theory.base import being, checks, frame, matrix_shape, shown, type_name
from rac_theory.cases import Constants
from rac_theory.numerics import Randomness, seed_sequence
from rac_theory.sketches import sketch_factory
from rac_theory.statements import Theorem
from rac_theory.theorems import theorem_named

if TYPE_CHECKING:
    from pandas import DataFrame

RANKS = (1, 2, 4, 8, 16)
SKETCHES = ("gaussian",)

_ROUNDING = 1 + 1e-12  # a bound that equals epsilon in exact arithmetic shall not cost one more step

_COLUMNS: dict[str, type] = {
    "layer": str,
    "m": int,
    "n": int,
    "side": str,
    "sketch": str,
    "rank": int,
    "lambda_min": float,
    "L_H": float,
    "step": float,
    "nu": float,
    "slowdown": float,
    "trained": float,
    "budget": float,
    "flops_per_example": float,
    "flops_per_step": float,
    "frontier": bool,
    "how": str,
}


class Advice(NamedTuple):
    """Options and notes.

    Attributes
    ----------
    options : list of Option
        For each shape, full training first; each with the step that has the best promise.
    notes : list of str
        A sentence for each choice that is not possible.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> advice = advise([(2, 3)], ranks=(1, 3))
    >>> advice
    <Advice: 4 options, 1 left out>
    >>> [(option.side, option.rank) for option in advice.options]
    [('full', 2), ('left', 1), ('right', 1), ('right', 3)]
    """

    options: list[Option]
    notes: list[str]

    def to_frame(self) -> "DataFrame":
        """Return a data frame with a line for each option; ``frontier`` is what ``efficient`` says of it.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        MissingExtra
            Without the extra ``frames``.
        """
        return frame(_COLUMNS, self._records())

    def __repr__(self) -> str:
        return f"<{type_name(self)}: {len(self.options)} options, {len(self.notes)} left out>"

    def _repr_html_(self) -> str:
        from rac_theory.drawing import html

        rows = ([_cell(name, record[name]) for name in _COLUMNS] for record in self._records())
        return html.together(html.table([*_COLUMNS], rows), *map(html.line, self.notes))

    def _records(self) -> list[dict[str, Any]]:
        computed = [name for name in _COLUMNS if name not in ("m", "n", "frontier")]
        return [
            dict(zip("mn", option.shape, strict=True))
            | {name: getattr(option, name) for name in computed}
            | {"frontier": on_frontier}
            for option, on_frontier in zip(self.options, efficient(self.options), strict=True)
        ]


def advise(
    shapes: Iterable[MatrixShape],
    *,
    ranks: Sequence[int] = RANKS,
    sketches: Sequence[str] = SKETCHES,
    mixture: float | None = None,
    curvature: Curvature | None = None,
    layer: str = "",
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
    curvature : Curvature, optional
        How f is curved on the side of W that features multiply. None is Q = L I: every direction may be as steep as
        the steepest.
    layer : str
        The name of a layer, where its shape does not say enough; it is that of every option.
    rng : seed, SeedSequence or Generator
        For a sketch of which nothing is known, whose lambda_min and L_H are bounded from draws.

    Returns
    -------
    Advice
        The options, and a sentence for each choice that is left out.

    Raises
    ------
    ValueError
        If a rank or ``mixture`` is none, a sketch is not known, or the curvature is not that of a shape.

    Examples
    --------
    >>> from rac_theory.advice import Curvature, advise
    >>> options, notes = advise([(768, 3072)], ranks=[8])
    >>> for option in options:
    ...     print(option.side, f"{option.slowdown:.0f} times the steps, {option.trained} numbers trained in each")
    full 1 times the steps, 2359296 numbers trained in each
    left 96 times the steps, 24576 numbers trained in each
    right 384 times the steps, 6144 numbers trained in each

    Where few of the 3,072 inputs are steep, the side is another one:

    >>> options, notes = advise([(768, 3072)], ranks=[8], curvature=Curvature.of_rho(20.0))
    >>> for option in options[1:]:
    ...     print(option.side, f"{option.slowdown:.1f} times the steps")
    left 96.0 times the steps
    right 3.6 times the steps
    """
    ranks = [checks.integer("rank", rank, 1) for rank in checks.several("ranks", ranks)]
    if mixture is not None and not 0 <= checks.finite("mixture", mixture) <= 1:
        raise ValueError(f"mixture must be a probability in [0, 1], got {mixture!r}")
    factories = {name: sketch_factory(name) for name in checks.several("sketches", sketches)}
    if curvature is not None:
        being("curvature", curvature, Curvature, ", such as Curvature.of_rho(20.0)")
    if not isinstance(layer, str):
        raise ValueError(f"layer must be a name, got {shown(layer)}")
    rng = seed_sequence(rng)

    @cache
    def gain_of(name: str, dim: int, rank: int, curved: bool) -> Gain:
        return gain_of_side(factories[name](dim, rank), curvature if curved else None, rng)

    options: list[Option] = []
    notes: list[str] = []

    def of_one_rank(m: int, n: int, name: str, rank: int) -> Iterator[tuple[Trained, Gain, float]]:
        """Yield the sides, and their mixture where both are possible; what is not is added to the notes."""
        gains: list[tuple[Gain, int]] = []
        sides: tuple[tuple[Trained, int, int], ...] = (("left", m, n), ("right", n, m))
        for side, dim, opposite in sides:
            try:
                gain = gain_of(name, dim, rank, curvature is not None and curvature.side == side)
            except (ValueError, MemoryError) as error:
                notes.append(f"{m}x{n}, {side}, {name}, rank {rank} is left out: {error}")
                continue
            gains.append((gain, rank * opposite))
            yield side, gain, rank * opposite
        if mixture is not None and len(gains) == 2:
            (left, trained_left), (right, trained_right) = gains
            p = Fraction(float(mixture))
            yield "mixture", gain_of_mixture(p, left, right), float(p * trained_left + (1 - p) * trained_right)

    for shape in dict.fromkeys(map(matrix_shape, checks.several("shapes", shapes))):
        if curvature is not None:
            curvature.check(shape)
        options.append(Option(shape, "full", "-", min(shape), FULL, shape[0] * shape[1], layer))
        for name, rank in product(factories, dict.fromkeys(ranks)):
            for side, gain, trained in of_one_rank(*shape, name, rank):
                options.append(Option(shape, side, name, rank, gain, trained, layer))
    return Advice(options, notes)


def promised_steps(theorem: Theorem, nu: float, *, epsilon: float, condition: float) -> float:
    """Return the steps that a theorem promises of steps with a gain; inf where it promises none.

    Parameters
    ----------
    theorem : Theorem
        One by the gain of a step: T15, T15_pl, or T12.
    nu : float
        The gain of a step in units of 1/L, from 0 to 1, as options have it.
    epsilon : float
        Relative to the ceiling of the metric: of the gap at the start, or of ``2 L (f(W^0) - f*)`` for gradients.
    condition : float
        L / mu, at least 1; where a theorem needs no mu it plays no part.

    Returns
    -------
    float
        A whole number, or inf.

    Examples
    --------
    >>> from rac_theory import theorems
    >>> from rac_theory.advice import promised_steps
    >>> [promised_steps(theorems.T15_pl, nu, epsilon=1e-3, condition=10.0) for nu in (1.0, 0.1)]
    [66, 688]
    """
    if checks.finite("condition", condition) < 1:
        raise ValueError(f"condition must be L / mu, hence >= 1, got {condition!r}")
    if not 0 <= checks.finite("nu", nu) <= 1:
        raise ValueError(f"nu must be a gain in units of 1/L, in [0, 1], got {nu!r}")
    c = Constants(gamma=math.nan, L=1.0, mu=1 / condition, nu=nu, gap0=1.0, gap0_upper=1.0)
    theorem = theorem_named(theorem)
    absolute = checks.finite("epsilon", epsilon, above=0) * theorem.metric.ceiling(c)
    return theorem.steps_to(absolute * _ROUNDING, c)


def _cell(name: str, value: Any) -> str:
    if _COLUMNS[name] is bool:
        return "*" if value else ""
    return f"{value:.7g}" if _COLUMNS[name] is float else str(value)
