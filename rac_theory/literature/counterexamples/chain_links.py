"""What one link of Chain of LoRA does: exactly, to first order, and at a step so short that it never rises."""

from fractions import Fraction
from math import log, log1p, sqrt

import numpy as np

from rac_theory.algorithms import ChainOfLoRA, Initialisation
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.paper_quadratic import CURVATURES
from rac_theory.numerics import Matrix
from rac_theory.problems import Quadratic
from rac_theory.runs import simulate
from rac_theory.sketches import Frozen


def exact_link(V: Matrix, A: list[Fraction], gamma: Fraction, steps: int) -> Matrix:
    """Return the error V = W - W* after one link of rank one from ``B = 0`` and A on the quadratic, exactly."""
    B, A = [Fraction(0)] * 3, list(A)
    W = V
    for _ in range(steps):
        G = [[2 * Fraction(CURVATURES[3 * i + j]) * W[i][j] for j in range(3)] for i in range(3)]
        dB = [sum(G[i][j] * A[j] for j in range(3)) for i in range(3)]
        dA = [sum(B[i] * G[i][j] for i in range(3)) for j in range(3)]
        B, A = [b - gamma * d for b, d in zip(B, dB, strict=True)], [a - gamma * d for a, d in zip(A, dA, strict=True)]
        W = [[V[i][j] + B[i] * A[j] for j in range(3)] for i in range(3)]
    return W


def multiplier(alpha: float, sigma: float, gamma: float, steps: int) -> float:
    r"""Return the factor by which a link with a fixed start moves a small error away from a spurious fixed point.

    On ``f = ||V||^2 / 2`` at V with ``V a' = 0``, for the part of ``V a'`` along a left singular vector of V with
    singular value sigma, and ``alpha = ||a||^2``. The fixed point attracts where all of them are below one in size.
    """
    s = sqrt(alpha**2 + 4 * sigma**2)
    return 1 + alpha / s * ((1 - gamma * (alpha + s) / 2) ** steps - (1 - gamma * (alpha - s) / 2) ** steps)


def measured_multiplier(sigma: float, gamma: float, steps: int) -> float:
    """Return the same from one link that starts close to such a point, with a = (1, 0, 0)."""
    problem = Quadratic.left(np.eye(3), np.zeros((3, 3)))
    p = 1e-7
    V = np.array([[p, sigma, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    method = ChainOfLoRA(Initialisation(A=Frozen(np.eye(3)[:, :1])), gamma, steps, "fixed")
    return float(simulate(Case(method, problem, V, steps=steps)).W[0, 0, 0] / p)


def proved_step(gap0: float, smoothness: float, steps: int, rank: int = 1) -> float:
    r"""Return a step at which no link raises f, if it starts from one zero factor and r orthonormal rows or columns.

    The first step is one of RAC-LoRA. As long as f does not rise :math:`\|G\| \le g = \sqrt{2 L \Delta_0}`, so that the
    norm of the factors grows by at most :math:`1 + \gamma g` a step, and for the K - 1 later steps C8 asks for
    :math:`\gamma \le 1 / (4 \sqrt 2 (L r (1 + \gamma g)^{2 K} + g))`.
    """
    g = sqrt(2 * smoothness * gap0)
    low, high = 0.0, 1 / smoothness
    for _ in range(60):
        gamma = (low + high) / 2
        room = (1 / (4 * sqrt(2) * gamma) - g) / (smoothness * rank)  # for the power, which need not be a float
        if room > 0 and 2 * steps * log1p(gamma * g) <= log(room):
            low = gamma
        else:
            high = gamma
    return low
