"""A theorem, the worst case over its class, the hardest quadratic in it, and one case, side by side."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import expm
from scipy.optimize import Bounds, differential_evolution

from rac_theory import theorems
from rac_theory.algorithms import RACLoRA
from rac_theory.algorithms.gradients import Exact
from rac_theory.cases.case import Case, check_runs
from rac_theory.cases.constants import Constants
from rac_theory.expectations.moment_map import Unsupported
from rac_theory.numerics.randomness import Randomness, generator, seed_sequence
from rac_theory.problems.checks import Array
from rac_theory.problems.quadratic import Quadratic
from rac_theory.sharpness.tightness import tightness
from rac_theory.sharpness.worst_case import TheoremId, WorstCase, worst_case
from rac_theory.sketches import BlockPartition
from rac_theory.theorems.theorem import Theorem

_GENERATIONS = 30
_POPULATION = 20
_EDGE = 0.1  # the share of a coordinate at each end that stands for the end itself: extremes are hit, not approached


@dataclass(frozen=True, eq=False)
class Comparison:
    """Four values of a metric after the steps of a case, in units of where it starts (for T1 of ``f(W^0) - f*``).

    Attributes
    ----------
    theorem : str
    case : Case
    bound : float
        What the theorem promises.
    worst : WorstCase
        Over all functions with the constants of the case.
    hardest : float
        The exact expectation on the hardest quadratic with these constants that was found: at most ``worst.upper``.
    own : float
        The exact expectation on the case itself; nan where there is no exact route.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, Comparison, WorstCase
    >>> case = Case(GD(gamma=1.0), Quadratic.left([[0.5, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]]), steps=1)
    >>> worst = WorstCase(upper=0.3202, lower=0.3202)
    >>> found = Comparison("T2", case, bound=0.5, worst=worst, hardest=0.25, own=1 / 12)  # of ``side_by_side``
    >>> print(found)
    T2, 1 step: theorem 0.5000, worst case 0.3202, quadratic 0.2500, this case 0.0833
    """

    theorem: str
    case: Case
    bound: float
    worst: WorstCase
    hardest: float
    own: float

    def __str__(self) -> str:
        values = f"theorem {self.bound:.4f}, worst case {self.worst.upper:.4f}, quadratic {self.hardest:.4f}"
        own = "" if math.isnan(self.own) else f", this case {self.own:.4f}"
        return f"{self.theorem}, {self.case.steps} step{'s' * (self.case.steps > 1)}: {values}{own}"


def side_by_side(theorem: TheoremId, case: Case, *, rng: Randomness = None) -> Comparison:
    """Compare a theorem, the worst case of its class, the hardest quadratic in the class, and one case.

    Quadratics have one coordinate a block, curvatures between mu and L, any eigenvectors and any start; the hardest is
    looked for by differential evolution.

    Parameters
    ----------
    theorem : "T1", "T2" or "T4"
    case : Case
        RAC-LoRA from the left with exact gradients and a ``BlockPartition`` sketch, whose rank divides its dim, for a
        handful of steps. Its L and mu, for T4 its strong convexity, are those of the class.
    rng : seed, SeedSequence or Generator
        Of the search.

    Raises
    ------
    ValueError
        For another algorithm, and as ``worst_case`` and ``tightness`` do.
    MissingExtra
        Without the extra ``pep``.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, side_by_side
    >>> case = Case(GD(gamma=1.0), Quadratic.left([[0.5, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]]), steps=1)
    >>> print(side_by_side("T4", case, rng=0))
    T4, 1 step: theorem 0.2500, worst case 0.2500, quadratic 0.2500, this case 0.1250
    """
    check_runs(case)
    constants = Constants.of(case)
    L, mu = constants.L, constants.strong_convexity if theorem == "T4" else constants.mu
    gamma, blocks, steps = case.algorithm.gamma, _blocks(case), case.steps
    worst = worst_case(theorem, L=L, mu=mu, gamma=gamma, blocks=blocks, steps=steps)
    claim = theorems.ALL[theorem]
    algorithm = RACLoRA(BlockPartition(blocks, 1), gamma)

    def on_quadratic(point: Array) -> float:
        hard = Case(algorithm, *_quadratic(point, L, mu, blocks), steps=steps)
        return _measured(claim, hard, replace(Constants.of(hard), L=L, mu=mu, strong_convexity=mu))[1]

    def cost(point: Array) -> float:
        return -on_quadratic(point)

    size = 2 * blocks + blocks * (blocks - 1) // 2
    search = differential_evolution(
        cost,
        Bounds(np.zeros(size), np.ones(size)),
        maxiter=_GENERATIONS,
        init=np.asarray(generator(seed_sequence(rng)).random((_POPULATION, size))),
        polish=False,
        seed=generator(seed_sequence(rng)),
    )
    try:
        bound, own = _measured(claim, case, constants)
    except Unsupported:
        bound, own = _promised(claim, case, constants), math.nan
    return Comparison(theorem, case, bound, worst, on_quadratic(search.x), own)


def _blocks(case: Case) -> int:
    """Return in how many blocks the sketch of a case cuts the coordinates."""
    algorithm = case.algorithm
    if isinstance(algorithm, RACLoRA) and isinstance(algorithm.gradients, Exact) and algorithm.is_projected:
        sketch = algorithm.sketch
        if sketch is None:
            return 1
        if isinstance(sketch, BlockPartition) and sketch.dim % sketch.rank == 0 and algorithm.side == "left":
            return sketch.blocks
    raise ValueError(
        "case.algorithm must be GD, or RAC-LoRA from the left with exact gradients and a BlockPartition sketch whose "
        f"rank divides its dim, got {algorithm!r}"
    )


def _promised(claim: Theorem, case: Case, constants: Constants) -> float:
    """Return the bound after all steps, in units of the start."""
    unit = constants.distance0**2 if claim.id == "T4" else constants.gap0
    return float(claim.bound(constants, case.steps)[-1]) / unit


def _measured(claim: Theorem, case: Case, constants: Constants) -> tuple[float, float]:
    """Return the bound and the exact expectation after all steps, in units of the start."""
    bound = _promised(claim, case, constants)
    return bound, bound / float(tightness(claim, case, constants=constants)[-1])


def _quadratic(point: Array, L: float, mu: float, d: int) -> tuple[Quadratic, Array]:
    """Return the quadratic and the start at a point of the unit cube: curvatures, start, rotation."""
    point = np.clip((point - _EDGE) / (1 - 2 * _EDGE), 0.0, 1.0)
    curvatures, start, angles = np.split(point, [d, 2 * d])
    skew = np.zeros((d, d))
    skew[np.triu_indices(d, 1)] = np.pi * angles
    U = expm(skew - skew.T)
    S = (U * (mu + (L - mu) * curvatures)) @ U.T
    return Quadratic.left((S + S.T) / 2, np.zeros((d, 1))), (1e-3 + 2 * start - 1)[:, None]
