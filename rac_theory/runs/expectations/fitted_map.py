r"""The moment map of steps that fit the draw, :math:`W - M G`: of uniform lines, else over the support of the sketch.

M is a matrix on the side of the sketch, (d, d), but for an inverse on the range where the other side is not all alike:
there it is another one along each direction of that side, and all m n numbers descend at once.

Along the uniform line of u, of Haar or Gaussian matrices of rank one, both kinds of step are
:math:`M = u u^\top / (u^\top S u)`. Signs of coordinates in the eigenbasis of S change nothing in the law of u, so that
the squares :math:`x_i` along the eigenvectors need not know what is between them: :math:`x_i^+ = x_i - 2 \gamma s_i
E[M_{ii}] x_i + \gamma^2 \sum_k E[M_{ik}^2] s_k^2 x_k`. With a standard normal g in the place of u, and :math:`1/y =
\int_0^\infty e^{-ty} dt` and :math:`1/y^2 = \int_0^\infty t e^{-ty} dt`,

.. math:: E[M_{ii}] = \int_0^\infty \frac{p(t)}{1 + 2 t s_i}\, dt, \qquad
    E[M_{ik}^2] = \int_0^\infty \frac{(1 + 2 \delta_{ik})\, t\, p(t)}{(1 + 2 t s_i)(1 + 2 t s_k)}\, dt, \qquad
    p(t) = \prod_j (1 + 2 t s_j)^{-1/2} .
"""

from functools import partial

import numpy as np

from rac_theory.algorithms import FLOOR, FittedDescent, SeenCurvature, StepPerDraw, curvature_of
from rac_theory.base import Array
from rac_theory.numerics import orthonormal_range
from rac_theory.problems import Problem
from rac_theory.runs.expectations.frame import Frame, frame_of, pooled, whole_frame
from rac_theory.runs.expectations.matrix_map import SquaresMap, matrix_map
from rac_theory.runs.expectations.moment_map import MomentMap, Unsupported
from rac_theory.sketches import LARGEST_ENUMERATED, Moments
from rac_theory.sketches.laws import summed


def fitted_map(algorithm: FittedDescent, problem: Problem) -> MomentMap:
    """Return the map of the second moments, or raise ``Unsupported``."""
    law = Moments(algorithm.sketch)
    if law.is_uniform and law.sketch.rank == 1:
        frame = frame_of(pooled(problem), algorithm.side)
        if _is_hessian(SeenCurvature.of(curvature_of(problem), algorithm.side), frame):
            return line_map(frame, algorithm.gamma)
    if law.support is None or law.sketch.dim > LARGEST_ENUMERATED:
        raise Unsupported(
            f"steps that fit the draw must have a sketch with a listed support at dim <= {LARGEST_ENUMERATED}, or "
            f"uniform lines on a problem whose Q is its Hessian, the same along the other side, got {law.sketch!r}"
        )
    U, weights = orthonormal_range(law.support[0]), law.support[1].astype(np.float64)
    curvature = SeenCurvature.of(curvature_of(problem), algorithm.side)
    M, quadratic, left = algorithm.matrices(curvature, U), pooled(problem), algorithm.side == "left"
    if curvature.V is None or isinstance(algorithm, StepPerDraw):  # the same along all directions of the other side
        frame, P = frame_of(quadratic, algorithm.side), M[0]
    else:
        m, n = problem.shape
        if m * n > LARGEST_ENUMERATED:
            raise Unsupported(
                f"an inverse on the range must have a problem of size m n <= {LARGEST_ENUMERATED}, or one whose Q is "
                f"the same along all directions of the other side, got {m * n}"
            )
        P = _on_all_numbers(M, curvature.V, left=left)
        frame = whole_frame(quadratic, lambda second_moment: second_moment)
    mean = partial(np.matmul, np.tensordot(weights, P, axes=1))
    return matrix_map(frame, 1.0, summed(P, weights), mean)


def _is_hessian(curvature: SeenCurvature, frame: Frame) -> bool:
    """Whether steps are taken with the curvatures of a frame: of a large problem, or a user's, only L may be known."""
    if frame.is_whole or frame.curvatures.shape[1] > 1 or curvature.V is not None:
        return False
    basis = np.eye(frame.dim) if frame.basis is None else frame.basis
    s = np.broadcast_to(frame.curvatures[:, 0], frame.dim)
    return float(np.abs(basis.T @ curvature.highest.S[0] @ basis - np.diag(s)).max()) <= 1e-9 * float(s.max())


def _on_all_numbers(M: Array, V: Array, *, left: bool) -> Array:
    """``sum_j M_j (x) v_j v_j'``, row by row, or the other way round: (j, k, d, d) to (k, m n, m n)."""
    lines = np.einsum("ij,kj->jik", V, V)
    P = np.einsum("jkab,jcd->kacbd", M, lines) if left else np.einsum("jab,jkcd->kacbd", lines, M)
    (_, k, d, _), n = M.shape, len(V)
    return np.asarray(P.reshape(k, n * d, n * d))


_LOGS = np.arange(-60.0, 120.0, 0.25)
"""Of 2 t s_max: sums of such analytic functions over even points have no error but rounding."""


def line_map(frame: Frame, gamma: float) -> SquaresMap:
    """Return the map for a frame whose columns have the same curvatures."""
    s = np.broadcast_to(frame.curvatures[:, 0], frame.dim)
    first, second = _moments(s + FLOOR * s.max())
    T = np.diag(1 - 2 * gamma * s * first) + gamma**2 * second * s**2
    return SquaresMap(T[None], s[None], frame.in_groups)


def _moments(s: Array) -> tuple[Array, Array]:
    """``E[M_ii]``, (d,), and ``E[M_ik^2]``, (d, d)."""
    relative = s / s.max()
    x = np.exp(_LOGS)  # 2 t s_max
    weight = np.exp(_LOGS - 0.5 * np.log1p(np.outer(x, relative)).sum(axis=1)) * (_LOGS[1] - _LOGS[0]) / (2 * s.max())
    shares = 1 / (1 + np.outer(x, relative))
    second = (shares * (weight * x / (2 * s.max()))[:, None]).T @ shares
    return weight @ shares, second * (1 + 2 * np.eye(len(s)))
