"""How low f can be within a given rank of the start: a floor for every optimiser, a search for the lowest, and C2, that
LoRA of rank r cannot reach an optimum of higher rank.
"""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import GD, Initialisation, LoRA
from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Lines, Witness
from rac_theory.literature.counterexamples.factor_loss import FactorLoss
from rac_theory.problems import Problem, Quadratic
from rac_theory.runs import simulate

_EPS = float(np.finfo(float).eps)


def floor(problem: Problem, W0: Array, rank: int) -> float:
    r"""Return a lower bound of :math:`f(W^0 + D) - f^\star` over all D of at most this rank.

    By strong convexity the gap at W is at least :math:`\frac{s}{2} \|W - W^\star\|^2`, and by Eckart & Young the
    nearest point in reach is :math:`\sum_{i > r} \sigma_i^2(W^\star - W^0)` away. PL alone would not do: then there may
    be a minimiser in reach. What ``W_star`` and the singular values are off by is taken off.

    Parameters
    ----------
    problem : Problem
        Strongly convex, with a known ``W_star``.
    W0 : (m, n)
        The start.
    rank : int
        r, >= 1.

    Raises
    ------
    ValueError
        If the problem is not known to be strongly convex, or does not know its minimiser.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.literature.counterexamples.low_rank import floor
    >>> problem = Quadratic.left(np.eye(3), W_star=np.diag([3.0, 2.0, 1.0]))
    >>> [f"{floor(problem, np.zeros((3, 3)), rank):.4f}" for rank in (1, 2, 3)]  # (2^2 + 1^2) / 2 at rank one
    ['2.5000', '0.5000', '0.0000']
    """
    s, W_star = float(problem.strong_convexity), getattr(problem, "W_star", None)
    if not s > 0 or W_star is None:
        raise ValueError(f"problem must be strongly convex with a known W_star, got strong_convexity={s:g}")
    checks.integer("rank", rank, 1)
    sigma = np.linalg.svd(W_star - checks.array("W0", W0, shape=problem.shape), compute_uv=False)
    # The distance to range r is 1-Lipschitz, so an error of W_star, or of the singular values, comes off once.
    error = np.sqrt(2 * float(getattr(problem, "f_star_error", 0.0)) / s) + 8 * sum(problem.shape) * _EPS * sigma[0]
    distance = max(0.0, float(np.linalg.norm(sigma[rank:])) - error)
    return float(s / 2 * distance**2 * (1 - 4 * _EPS))


def lowest(problem: Problem, W0: Array, rank: int, *, starts: int, rng: np.random.Generator) -> float:
    """Search for the smallest ``f(W0 + B A)`` with L-BFGS from random factors; an upper bound of it.

    Parameters
    ----------
    problem : Problem
    W0 : (m, n)
    rank : int
        r, columns of B.
    starts : int
        Gaussian factors to start from, at several scales.
    rng : Generator

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.literature.counterexamples.low_rank import lowest
    >>> problem = Quadratic.left(np.eye(3), W_star=np.diag([3.0, 2.0, 1.0]))
    >>> low = lowest(problem, np.zeros((3, 3)), rank=1, starts=1, rng=np.random.default_rng(0))
    >>> print(f"{low:.4f}")  # the ``floor``, so that no rank-one matrix is lower
    2.5000
    """
    from scipy.optimize import minimize  # slow to import, and seldom needed

    m, n = problem.shape
    loss = FactorLoss(problem, W0)

    def value_and_gradient(z: Array) -> tuple[float, Array]:
        B, A = z[: m * rank].reshape(m, rank), z[m * rank :].reshape(rank, n)
        return loss.value(B, A), np.concatenate([part.ravel() for part in loss.gradient(B, A)])

    def descended(scale: float) -> float:
        z = scale * rng.standard_normal(rank * (m + n))
        optimum = minimize(
            value_and_gradient, z, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-10}
        )
        return float(optimum.fun)

    return min(descended(10.0 ** (i % 3 - 1)) for i in range(starts))


SIGMA = (3, 2, 1)
STEPS = 400


def exact_floor(curvature: Fraction, sigma: tuple[int, ...], rank: int) -> Fraction:
    """Return ``(s/2) sum_{i>r} sigma_i^2``: singular values of a diagonal matrix are known exactly."""
    return curvature / 2 * sum((Fraction(s) ** 2 for s in sigma[rank:]), Fraction(0))


def gather_floor(example: Counterexample) -> Witness:
    """Hold LoRA, full descent and L-BFGS on the factors against the floor."""
    problem, W0 = example.problem, example.start
    lora = simulate(Case(example.method, problem, W0, steps=STEPS), runs=64, rng=example.seed).values
    full = simulate(Case(GD(0.2), problem, W0, steps=STEPS)).values[0]
    floors = [exact_floor(Fraction(2), SIGMA, rank) for rank in (1, 2, 3)]
    checks = (
        *_floors(example, floors),
        *_of_lora(lora),
        *_of_a_search(example),
        Check.simulated(f"full descent goes on, to {full[-1]:.2g}", full[-1] < 1e-12),
    )
    curves = {"LoRA, rank 1": lora[0], "full descent": np.maximum(full, 1e-16)}
    picture = Lines.over_steps(curves, {"Eckart-Young floor": float(floors[0])}, r"$f(W^t) - f^\star$")
    return Witness(checks, picture)


def _floors(example: Counterexample, exact: list[Fraction]) -> tuple[Check, Check]:
    """The floors from the singular values as they were made, and from a decomposition."""
    computed = [floor(example.problem, example.start, rank) for rank in (1, 2, 3)]
    are_below = [0 <= float(e) - c <= 1e-12 for e, c in zip(exact, computed, strict=True)]
    return (
        Check.exact(f"the floors at rank 1, 2, 3 are {', '.join(map(str, exact))}", exact[0] == 5),
        Check.bounded("the computed ones are those, rounded down", *are_below),
    )


def _of_lora(values: Array) -> tuple[Check, Check]:
    least, reached = float(values.min()), float(np.median(values[:, -1]))
    return (
        Check.simulated(f"no step of {len(values)} runs of LoRA is below 5 (lowest {least:.12g})", least >= 5 - 1e-9),
        Check.simulated(f"LoRA comes to {reached:.12g}, where the floor is attained", abs(reached - 5) < 1e-8),
    )


def _of_a_search(example: Counterexample) -> tuple[Check, Check]:
    """Another optimiser, here and where the floor is not attained."""
    curvatures = (1, 4, 16)
    skewed = Quadratic.left(np.diag(curvatures).astype(float), np.diag(SIGMA).astype(float))

    def search(problem: Problem) -> float:
        return lowest(problem, example.start, 1, starts=12, rng=np.random.default_rng(example.seed))

    searched, skewed_value, bound = search(example.problem), search(skewed), floor(skewed, example.start, 1)
    return (
        Check.simulated(f"L-BFGS from 12 starts comes to {searched:.12g}, too", abs(searched - 5) < 1e-8),
        Check.simulated(
            f"with curvatures {', '.join(map(str, curvatures))} the floor is {bound:.6g} and L-BFGS comes to "
            f"{skewed_value:.6g}, above it",
            skewed_value >= bound,
        ),
    )


C2 = Counterexample(
    id="C2",
    name="representation floor",
    statement="With LoRA of rank r f - f* is never below (s/2) sum_{i>r} sigma_i(W* - W0)^2, whatever the optimiser.",
    source="derived: strong convexity and Eckart & Young",
    cause="representation floor",
    problem=Quadratic.left(2 * np.eye(3), np.diag(SIGMA).astype(float)),
    method=LoRA(Initialisation.kaiming((3, 3), 1), gamma=0.05),
    gather=gather_floor,
    condition="f is s-strongly convex; PL alone does not suffice",
)
