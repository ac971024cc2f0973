"""A theorem, the worst case over its class, the hardest quadratic in it, and one case, side by side."""

import math
from dataclasses import dataclass

from rac_theory import theorems
from rac_theory.algorithms import RACLoRA
from rac_theory.algorithms.gradients import Exact
from rac_theory.base import checks
from rac_theory.cases import Case, Constants, check_runs
from rac_theory.numerics import Randomness, generator, seed_sequence
from rac_theory.runs import Unsupported
from rac_theory.sketches import BlockPartition
from rac_theory.verdicts.sharpness.example import hardest_quadratic
from rac_theory.verdicts.sharpness.setting import THEOREMS, TheoremId, start_of
from rac_theory.verdicts.sharpness.tightness import tightness
from rac_theory.verdicts.sharpness.worst_case import WorstCase, worst_case


@dataclass(frozen=True, eq=False)
class Comparison:
    """Four values of a metric after the steps of a case, in units of where it starts.

    The metric and the start are those of ``worst.certificate.statement``.

    Attributes
    ----------
    theorem : str
    case : Case
    bound : float
        What the theorem promises.
    worst : WorstCase
        Over all functions with the constants of the case.
    hardest : float
        The exact expectation on the hardest quadratic with these constants that was found, to the nearest float.
    case_value : float
        The exact expectation on the case itself; nan where there is no exact route.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, Comparison, worst_case
    >>> case = Case(GD(gamma=1.0), Quadratic.left([[0.5, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]]), steps=1)
    >>> worst = worst_case("T2", L=1, mu=0.5, gamma=1, blocks=1, steps=1, rng=0)
    >>> found = Comparison("T2", case, bound=0.5, worst=worst, hardest=0.25, case_value=1 / 12)  # of ``side_by_side``
    >>> print(found)
    T2, 1 step: theorem 0.5000, worst case 0.3202, quadratic 0.2500, this case 0.0833
    """

    theorem: str
    case: Case
    bound: float
    worst: WorstCase
    hardest: float
    case_value: float

    def __str__(self) -> str:
        values = f"theorem {self.bound:.4f}, worst case {float(self.worst.upper):.4f}, quadratic {self.hardest:.4f}"
        of_case = "" if math.isnan(self.case_value) else f", this case {self.case_value:.4f}"
        return f"{self.theorem}, {self.case.steps} step{'s' * (self.case.steps > 1)}: {values}{of_case}"


def side_by_side(theorem: TheoremId, case: Case, *, rng: Randomness = None) -> Comparison:
    """Compare a theorem, the worst case of its class, the hardest quadratic in the class, and one case.

    Quadratics have one coordinate a block, curvatures between mu and L, any eigenvectors and any start.

    Parameters
    ----------
    theorem : "T1", "T2", "T3", "T3_isotropic" or "T4"
    case : Case
        RAC-LoRA from the left with exact gradients and a ``BlockPartition`` sketch, whose rank divides its dim, for a
        handful of steps. Its L and mu, for T4 its strong convexity, are those of the class.
    rng : seed, SeedSequence or Generator
        The seed of the search for the hardest quadratic.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        For another algorithm, and where ``worst_case`` or ``tightness`` raises it.
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
    checks.one_of("theorem", theorem, THEOREMS)
    constants = Constants.of(case)
    mu = constants.strong_convexity if theorem == "T4" else constants.mu
    worst = worst_case(
        theorem, L=constants.L, mu=mu, gamma=case.algorithm.gamma, blocks=_blocks(case), steps=case.steps, rng=rng
    )
    setting = worst.certificate.setting
    hardest = float(hardest_quadratic(setting, generator(seed_sequence(rng))).value(setting))
    claim = theorems.ALL[theorem]
    bound = float(claim.bound(constants, case.steps)[-1]) / start_of(
        theorem, constants.gap0, constants.distance0**2, constants.gamma
    )
    try:
        of_case = bound / float(tightness(claim, case, constants=constants)[-1])
    except Unsupported:
        of_case = math.nan
    return Comparison(theorem, case, bound, worst, hardest, of_case)


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
