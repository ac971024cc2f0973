"""A theorem, the worst case over its class, and the hardest quadratic in it, side by side."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import expm
from scipy.optimize import Bounds, differential_evolution

from problems.checks import Array
from problems.quadratic import Quadratic
from rac_theory import theorems
from rac_theory.algorithms import RACLoRA
from rac_theory.cases.case import Case
from rac_theory.cases.constants import Constants
from rac_theory.numerics.randomness import Randomness, generator, seed_sequence
from rac_theory.sharpness.tightness import tightness
from rac_theory.sharpness.worst_case import TheoremId, WorstCase, worst_case
from rac_theory.sketches import BlockPartition

_GENERATIONS = 30
_POPULATION = 20
_EDGE = 0.1  # the share of a coordinate at each end that stands for the end itself: extremes are hit, not approached


@dataclass(frozen=True)
class Comparison:
    """Three values of the metric after some steps, in units of where it starts (for T1 of ``f(W^0) - f*``).

    Attributes
    ----------
    theorem : str
    steps : int
    bound : float
        What the theorem promises.
    worst : WorstCase
        Over all functions of the class.
    hardest : float
        The exact expectation on the hardest quadratic that was found: at most ``worst.upper``.
    """

    theorem: str
    steps: int
    bound: float
    worst: WorstCase
    hardest: float

    def __str__(self) -> str:
        values = f"theorem {self.bound:.4f}, worst case {self.worst.upper:.4f}, quadratic {self.hardest:.4f}"
        return f"{self.theorem}, {self.steps} step{'s' * (self.steps > 1)}: {values}"


def side_by_side(
    theorem: TheoremId, *, L: float, mu: float, gamma: float, blocks: int, steps: int, rng: Randomness = None
) -> Comparison:
    """Return the three values for RAC-LoRA with a uniform block of ``blocks``; parameters as for ``worst_case``.

    Quadratics have one coordinate a block, curvatures between mu and L, any eigenvectors and any start; the hardest is
    looked for by differential evolution.
    """
    worst = worst_case(theorem, L=L, mu=mu, gamma=gamma, blocks=blocks, steps=steps)
    claim = theorems.ALL[theorem]
    algorithm = RACLoRA(BlockPartition(blocks, 1), gamma)

    def measured(point: Array) -> tuple[float, float]:
        """The bound and the exact expectation after all steps, in units of the start."""
        case = Case(algorithm, *_quadratic(point, L, mu, blocks), steps=steps)
        constants = replace(Constants.of(case), L=L, mu=mu, strong_convexity=mu)
        unit = constants.distance0**2 if theorem == "T4" else constants.gap0
        bound = float(claim.bound(constants, steps)[-1]) / unit
        return bound, bound / float(tightness(claim, case, constants=constants)[-1])

    def cost(point: Array) -> float:
        return -measured(point)[1]

    size = 2 * blocks + blocks * (blocks - 1) // 2
    search = differential_evolution(
        cost,
        Bounds(np.zeros(size), np.ones(size)),
        maxiter=_GENERATIONS,
        init=np.asarray(generator(seed_sequence(rng)).random((_POPULATION, size))),
        polish=False,
        seed=generator(seed_sequence(rng)),
    )
    bound, hardest = measured(search.x)
    return Comparison(theorem, steps, bound, worst, hardest)


def _quadratic(point: Array, L: float, mu: float, d: int) -> tuple[Quadratic, Array]:
    """Return the quadratic and the start at a point of the unit cube: curvatures, start, rotation."""
    point = np.clip((point - _EDGE) / (1 - 2 * _EDGE), 0.0, 1.0)
    curvatures, start, angles = np.split(point, [d, 2 * d])
    skew = np.zeros((d, d))
    skew[np.triu_indices(d, 1)] = np.pi * angles
    U = expm(skew - skew.T)
    S = (U * (mu + (L - mu) * curvatures)) @ U.T
    return Quadratic.left((S + S.T) / 2, np.zeros((d, 1))), (1e-3 + 2 * start - 1)[:, None]
