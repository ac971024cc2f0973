"""How low f can be within a given rank of the start: a floor for every optimiser, and a search for the lowest."""

import numpy as np

from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.literature.counterexamples.factor_loss import FactorLoss
from rac_theory.problems import Problem

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

    def one(scale: float) -> float:
        z = scale * rng.standard_normal(rank * (m + n))
        found = minimize(
            value_and_gradient, z, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-10}
        )
        return float(found.fun)

    return min(one(10.0 ** (i % 3 - 1)) for i in range(starts))
