r"""What forward differences add to a gradient on a quadratic: half of h times the curvature along each direction.

:math:`(f(W + h U) - f(W)) / h = \langle G, U \rangle + \frac h2 \langle U, Q U \rangle` for every W, so that a step
moves by another :math:`-\gamma \frac h2 \sum_i \langle U_i, Q U_i \rangle U_i`: it is an affine map like any other.
"""

import numpy as np

from rac_theory.algorithms import Algorithm, RACLoRA
from rac_theory.base.checks import Array
from rac_theory.numerics import orthonormal_range
from rac_theory.problems import Problem
from rac_theory.runs.expectations.moment_map import Unsupported
from rac_theory.sketches import Moments, is_orthonormal


def bends(algorithm: Algorithm, problem: Problem, h: float) -> Array:
    """Return ``(h/2) sum <U, QU> U`` over the directions of each draw of the sketch, (k, m, n), times plain_scale."""
    if not isinstance(algorithm, RACLoRA):
        raise Unsupported(f"forward differences must be those of RACLoRA, got {algorithm!r}")
    left = algorithm.side == "left" or algorithm.sketch is None
    columns = problem.shape[1 if left else 0]
    moves = []
    for basis in _directions(algorithm, problem.shape[0 if left else 1]):
        U = np.einsum("di,jc->ijdc", basis, np.eye(columns)).reshape(-1, len(basis), columns)
        U = U if left else np.swapaxes(U, 1, 2)
        curvatures = (U * (problem.gradient(U) - problem.gradient(np.zeros_like(U)))).sum(axis=(1, 2))
        moves.append(h / 2 * algorithm.plain_scale * np.tensordot(curvatures, U, axes=1))
    return np.array(moves)


def _directions(algorithm: RACLoRA, dim: int) -> Array:
    """The directions of every draw, (k, d, r), in the order of the support, as the algorithm takes them."""
    if algorithm.sketch is None:
        return np.eye(dim)[None]
    support = Moments(algorithm.sketch).support
    assert support is not None  # the draws would have been refused before
    B = np.asarray(support[0])
    return B if not algorithm.is_projected or is_orthonormal(algorithm.sketch) else orthonormal_range(B)
