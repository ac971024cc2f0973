r"""The moment map of momentum that keeps its coordinates, with uniform orthonormal columns B.

B and -B are as likely, so that terms with an odd number of B vanish; and E[A E'] stays at zero, where it starts, as all
that is left of its next value is linear in it. So there remains, with :math:`x_i = \mathrm{E} e_i^2` in the eigenbasis,
:math:`\tau = \mathrm{E} \|A\|^2`, :math:`\mathrm{E}[B A A^\top B^\top] = \frac{\tau}{d} I` and the two invariants a,
b of H,

.. math:: x_i^+ = (1 - 2 \gamma p \lambda_i + \gamma^2 (a + b) \lambda_i^2)\, x_i + \gamma^2 b \sum_k \lambda_k^2 x_k +
    \gamma^2 \beta^2 \frac{\tau}{d}, \qquad \tau^+ = \beta^2 \tau + p \sum_k \lambda_k^2 x_k .
"""

import numpy as np

from rac_theory.algorithms import KeptCoordinates
from rac_theory.base import repr_of
from rac_theory.problems import Problem
from rac_theory.runs.expectations.components import pooled
from rac_theory.runs.expectations.diagonal_map import SquaresMap
from rac_theory.runs.expectations.frame import frame_of
from rac_theory.runs.expectations.moment_map import Unsupported
from rac_theory.sketches import Haar, Moments


def kept_map(algorithm: KeptCoordinates, problem: Problem) -> SquaresMap:
    """Return the map of a step, or raise ``Unsupported``."""
    frame, sketch = frame_of(pooled(problem), algorithm.side), algorithm.sketch
    if frame.is_whole or type(sketch) is not Haar:
        raise Unsupported(
            "momentum that keeps its coordinates has moments for Haar, on quadratics of which columns are apart, got "
            f"{repr_of(sketch)} on {repr_of(problem)}"
        )
    invariants = Moments(sketch).invariants
    assert invariants is not None  # a uniform range has two
    (a, b), d, curvatures = map(float, invariants), frame.dim, np.ascontiguousarray(frame.by_group)
    p, gamma, beta = sketch.rank / sketch.dim, algorithm.gamma, algorithm.beta
    T = np.zeros((len(curvatures), d + 1, d + 1))
    squares = curvatures[:, None, :] ** 2
    decay = 1 - 2 * gamma * p * curvatures + gamma**2 * (a + b) * curvatures**2
    T[:, :d, :d] = decay[:, :, None] * np.eye(d) + gamma**2 * b * squares
    T[:, :d, d], T[:, d, :d], T[:, d, d] = gamma**2 * beta**2 / d, p * squares[:, 0], beta**2
    return SquaresMap(T, curvatures, lambda W: np.square(frame.in_groups(W)).sum(axis=2))
