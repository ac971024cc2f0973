"""Where gradient descent with one frozen factor ends, for functions with a constant Hessian: one linear system."""

import numpy as np

from rac_theory.algorithms import Side
from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.literature.counterexamples.factor_loss import hessian_action
from rac_theory.problems import Problem


def frozen_limit(problem: Problem, W0: Array, F: Array, side: Side = "left") -> Array:
    r"""Return the limit of Asymmetric LoRA on a quadratic or a least squares problem, (m, n).

    It minimises f over :math:`W^0 + F Z` (left), or :math:`W^0 + Z F^\top` (right), and where several Z do, Z is the
    one of least norm: gradient descent from Z = 0 has no part in the null space of its Hessian.

    Parameters
    ----------
    problem : Problem
        With a constant Hessian.
    W0 : (m, n)
    F : (dim, r)
        The frozen factor, as columns: B, or the transpose of A. For the projected step an orthonormal basis of its
        range, which matters only if f is not strongly convex.
    side : Side
        "left" if B is frozen.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.literature.counterexamples.frozen_limit import frozen_limit
    >>> problem = Quadratic.left(np.eye(2), W_star=[[1.0], [2.0]])
    >>> B = np.array([[1.0], [0.0]])  # which cannot reach the second row
    >>> frozen_limit(problem, np.zeros((2, 1)), B).round(6).tolist()
    [[1.0], [0.0]]
    """
    checks.one_of("side", side, ("left", "right"))
    m, n = problem.shape
    W0 = checks.array("W0", W0, shape=problem.shape)
    F = checks.array("F", F, ndim=2)
    rows, columns = (F.shape[1], n) if side == "left" else (m, F.shape[1])
    units = np.eye(rows * columns).reshape(-1, rows, columns)
    moves = F @ units if side == "left" else units @ F.T
    flat = moves.reshape(len(moves), -1)
    H = flat @ hessian_action(problem, W0)(moves).reshape(len(moves), -1).T
    g = flat @ problem.gradient(W0[None])[0].ravel()
    Z, *_ = np.linalg.lstsq((H + H.T) / 2, -g, rcond=len(H) * np.finfo(float).eps)
    return np.asarray(W0 + np.tensordot(Z, moves, axes=1))
