r"""One way to train a matrix: full, or one side, rank and sketch; what a step is worth there, and what it costs.

Gains are in units of 1/L. Where rotations leave the law of the range alone, :math:`E[HSH] = (a + b) S + b\,
\mathrm{tr}(S) I` and :math:`E[H] = (a + b + b d) I`, so that L_H is a sum of the largest eigenvalue of S and of its
trace: :math:`L_H / L = (a + b + b \rho) / (a + b + b d)`, for uniform ranges of rank r :math:`(dr + d - 2 + (d - r)
\rho) / ((d - 1)(d + 2))`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias

from rac_theory.advice.curvature import Curvature
from rac_theory.advice.model_shapes import MatrixShape
from rac_theory.algorithms import RACLoRA
from rac_theory.gains import best_step, smoothness_along, step_gain
from rac_theory.numerics import Randomness, rounded
from rac_theory.problems import Problem, known_smoothness
from rac_theory.sketches import Moments, Sketch, Spectrum, closed_form, spectrum

SAMPLED_DIM = 256  # beyond it 65,536 draws take minutes


class Gain(NamedTuple):
    """The best step of one kind, and what is promised of it.

    Attributes
    ----------
    lambda_min, lambda_max : float
        Smallest and largest eigenvalue of the expected projection, or safe bounds of them; dimensionless.
    L_H : float
        Smoothness along the sketch, rounded up; in units of L.
    step : float
        The step gamma of the largest gain that is known; in units of 1/L.
    nu : float
        Its gain, rounded down; in units of 1/L.
    how : str
        How E[H] is known; and L_H, where there is curvature.

    Examples
    --------
    >>> from rac_theory.advice import Curvature
    >>> from rac_theory.advice.training_option import gain_of_side
    >>> from rac_theory.sketches import Haar
    >>> gain = gain_of_side(Haar(4, 1), Curvature.of_rho(1.0), None)  # one steep direction of four
    >>> gain.L_H, gain.step, gain.nu, gain.how
    (0.5, 2.0, 0.5, 'closed form; rho')
    """

    lambda_min: float
    lambda_max: float
    L_H: float
    step: float
    nu: float
    how: str


FULL = Gain(1.0, 1.0, 1.0, 1.0, 1.0, "no sketch")
"""Of a gradient step on all of W."""


def gain_of_side(sketch: Sketch, curvature: Curvature | None, rng: Randomness) -> Gain:
    """Return the gain of a sketch of the side that ``curvature`` is of; None is a side where Q is L I.

    Raises
    ------
    ValueError
        If nothing is known of a sketch that is too large to be sampled.
    """
    moments, projection = Moments(sketch), closed_form(sketch)
    if projection is None:
        if moments.mean is None and sketch.dim > SAMPLED_DIM:
            raise ValueError(f"there is no closed form, and above dim={SAMPLED_DIM} sampling would take minutes")
        projection = spectrum(sketch, rng=rng)
    how = projection.how + ", on trust" * projection.on_trust
    if curvature is None:
        return _of_smoothness(Fraction(1), projection, how)
    if moments.invariants is not None:
        trust = ", on trust" * moments.on_trust
        return _of_smoothness(_by_rho(moments.invariants, sketch.dim, curvature.rho), projection, f"{how}; rho{trust}")
    if curvature.problem is not None:
        L = Fraction(curvature.L) / Fraction(curvature.scale)
        return _of_problem(sketch, curvature.problem, L, projection, how, rng)
    return _of_smoothness(Fraction(1), projection, f"{how}; L, as rho does not decide about this sketch")


def _by_rho(invariants: tuple[Fraction, Fraction], dim: int, rho: float) -> Fraction:
    (a, b), most = invariants, Fraction(1)
    share = a + b + b * dim
    return min(most, (a + b + b * Fraction(rho)) / share) if share else most


def gain_of_mixture(p: Fraction, left: Gain, right: Gain) -> Gain:
    r"""Return the gain of a left step with probability p, else a right one.

    :math:`E[HQH] \le p L_l E[H_l] \otimes I + (1 - p) L_r I \otimes E[H_r]` is at most a multiple of E[H], a mean of
    both L_H with the most weight on the larger one, where its side is seen the most and the other the least.
    """
    (less, low), (more, high) = sorted(((p, left), (1 - p, right)), key=lambda side: side[1].L_H)
    lambda_min = p * Fraction(left.lambda_min) + (1 - p) * Fraction(right.lambda_min)
    lambda_max = p * Fraction(left.lambda_max) + (1 - p) * Fraction(right.lambda_max)
    steep, flat = more * Fraction(high.lambda_max), less * Fraction(low.lambda_min)
    total = steep + flat
    L_H = (steep * Fraction(high.L_H) + flat * Fraction(low.L_H)) / total if total else Fraction(high.L_H)
    how = left.how if left.how == right.how else f"left: {left.how}, right: {right.how}"
    return _at_best(L_H, lambda_min, lambda_max, how)


def _of_problem(sketch: Sketch, problem: Problem, L: Fraction, projection: Spectrum, how: str, rng: Randomness) -> Gain:
    Q = known_smoothness(problem)
    smoothness = smoothness_along(sketch, Q, rng=rng)
    L_H, how = min(smoothness.L_H, float(L)), f"{how}; {smoothness.provenance}"
    if Moments(sketch).share is not None:  # 1/L_H is the best step, and finding it again would take as long
        return _of_smoothness(Fraction(L_H) / L, projection, how)
    gamma = best_step(problem, sketch, rng=rng)
    nu = step_gain(RACLoRA(sketch, gamma), Q, L_H, projection).nu
    return Gain(
        float(projection.lambda_min),
        float(projection.lambda_max),
        rounded(Fraction(L_H) / L, math.inf),
        rounded(Fraction(gamma) * L, -math.inf),
        rounded(max(Fraction(0), Fraction(nu) * L), -math.inf),
        how,
    )


def _of_smoothness(L_H: Fraction, projection: Spectrum, how: str) -> Gain:
    return _at_best(L_H, Fraction(projection.lambda_min), Fraction(projection.lambda_max), how)


def _at_best(L_H: Fraction, lambda_min: Fraction, lambda_max: Fraction, how: str) -> Gain:
    """The gain at the step ``1 / L_H``, which is ``lambda_min / L_H``."""
    return Gain(
        rounded(lambda_min, -math.inf),
        rounded(lambda_max, math.inf),
        rounded(L_H, math.inf),
        rounded(1 / L_H, -math.inf),
        rounded(lambda_min / L_H, -math.inf),
        how,
    )


FLOPS = (
    "Flops of y = W x at one gradient step per sketch; a multiplication and an addition count as 2. An example: 4 m n "
    "+ 2 r (m + n), for y, the gradient of x and, from zero, that of the factor that is trained; 6 m n where all of W "
    "is trained. A step, whatever the batch: 2 m n r + 2 (m + n) r^2 + r^3/3, to normalise and to merge; 2 m n where "
    "all of W is trained. Drawing the sketch is left out, and so is what a sparse sketch would save."
)
"""How ``flops_per_example`` and ``flops_per_step`` are counted."""

ROUNDING = 1 + 1e-9
"""What is nearer than that counts as alike."""

Trained: TypeAlias = Literal["full", "left", "right", "mixture"]


@dataclass(frozen=True)
class Option:
    """One way to train an m x n matrix.

    Attributes
    ----------
    shape : MatrixShape
    side : Trained
        "left": the factor B, m x r, is drawn and frozen, A is trained. "right": A, r x n, is drawn and frozen, B is
        trained. "mixture": either, at random. "full": no sketch, all of W is trained.
    sketch : str
        By name; "-" for full training.
    rank : int
    gain : Gain
        What is promised of a step, and how that is known.
    trained : float
        Numbers trained in one step, on average.
    layer : str
        Which layer it is, where that is more than its shape.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> options, notes = advise([(64, 256)], ranks=[4])
    >>> left = options[1]
    >>> left.slowdown, left.budget  # sixteen times the steps, a sixteenth of the numbers in each
    (16.0, 1.0)
    """

    shape: MatrixShape
    side: Trained
    sketch: str
    rank: int
    gain: Gain
    trained: float
    layer: str = ""

    @property
    def label(self) -> str:
        """The layer and its shape: what competes with each other has the same."""
        return f"{self.layer} {self.shape[0]}x{self.shape[1]}".strip()

    @property
    def lambda_min(self) -> float:
        """Smallest eigenvalue of the expected projection of W, or a lower bound; dimensionless."""
        return self.gain.lambda_min

    @property
    def L_H(self) -> float:
        """Smoothness along the sketch, in units of L: 1 where Q = L I, and for full training."""
        return self.gain.L_H

    @property
    def step(self) -> float:
        """The step gamma with the best promise, in units of 1/L."""
        return self.gain.step

    @property
    def nu(self) -> float:
        """The gain of that step, in units of 1/L, rounded down; 1 for full training."""
        return self.gain.nu

    @property
    def how(self) -> str:
        """How the gain is known."""
        return self.gain.how

    @property
    def slowdown(self) -> float:
        """The steps promised relative to full training at 1/L: 1/nu by T15, at least that by T15_pl; inf for none."""
        return 1 / self.nu if self.nu > 0 else math.inf

    @property
    def budget(self) -> float:
        """Steps promised times numbers trained a step, relative to full training."""
        return self.slowdown * self.trained / (self.shape[0] * self.shape[1])

    @property
    def flops_per_example(self) -> float:
        """Floating point operations of y = W x, forth and back; see ``FLOPS``."""
        m, n = self.shape
        return 6.0 * m * n if self.side == "full" else 4.0 * m * n + 2.0 * self.rank * (m + n)

    @property
    def flops_per_step(self) -> float:
        """Floating point operations once a step, whatever the batch; see ``FLOPS``."""
        (m, n), r = self.shape, self.rank
        return 2.0 * m * n if self.side == "full" else 2.0 * m * n * r + 2.0 * (m + n) * r**2 + r**3 / 3

    def flops(self, examples: int) -> float:
        """Floating point operations of a step with the gradient of so many examples.

        Parameters
        ----------
        examples : int

        Returns
        -------
        float
        """
        return examples * self.flops_per_example + self.flops_per_step


def of_layers(options: Sequence[Option]) -> dict[str, list[Option]]:
    """Return the options of each layer, by its label."""
    groups: dict[str, list[Option]] = {}
    for option in options:
        groups.setdefault(option.label, []).append(option)
    return groups


def efficient(options: Sequence[Option]) -> list[bool]:
    """Tell which options are on the frontier: none that competes is better in one of two, worse in neither.

    The two are the steps promised and the numbers trained a step. Options compete if they have the same label.

    Parameters
    ----------
    options : sequence of Option

    Returns
    -------
    list of bool
        In the order of the options.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> from rac_theory.advice.training_option import efficient
    >>> options, notes = advise([(64, 256)], ranks=[4], sketches=["gaussian", "coordinate_with_replacement"])
    >>> [(option.side, option.sketch) for option, best in zip(options, efficient(options)) if not best]
    [('left', 'coordinate_with_replacement'), ('right', 'coordinate_with_replacement')]
    """

    def better(rival: Option, option: Option) -> bool:
        fewer = rival.slowdown * ROUNDING < option.slowdown, rival.trained * ROUNDING < option.trained
        more = rival.slowdown > option.slowdown * ROUNDING, rival.trained > option.trained * ROUNDING
        return any(fewer) and not any(more)

    groups = of_layers(options)
    return [
        math.isfinite(option.slowdown) and not any(better(rival, option) for rival in groups[option.label])
        for option in options
    ]
