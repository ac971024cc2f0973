r"""What C8 amounts to over T steps: a bound of the smallest gradient of LoRA, and a function on which no less happens.

With steps :math:`\eta_t = \min\{1 / (c (L \|V_t\|^2 + \|G_t\|)), 1\}`, :math:`c = 4 \sqrt 2`, each of which lowers J by
:math:`0.907\, \eta_t \|\nabla J_t\|^2`, the sum S of the steps makes all the difference. The factors cannot be far away
before it is large: the path up to then is at most :math:`\sqrt{D S}` long, with :math:`D = \Delta_0 / 0.907`.
"""

from dataclasses import dataclass
from math import log, sqrt
from typing import ClassVar

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.literature.counterexamples.guaranteed_steps import SHARE, guaranteed_step


def promised_sum(steps: int, smoothness: float, gap: float, factors: float) -> float:
    r"""Return what the first ``steps`` guaranteed steps add up to at least: the S at which

    .. math:: c \big( L (v^2 S + \tfrac43 v \sqrt D S^{3/2} + \tfrac12 D S^2) + g S \big) + S = T, \qquad
        g = \sqrt{2 L \Delta_0} .

    Parameters
    ----------
    steps : int
        T.
    smoothness, gap : float
        L, and :math:`\Delta_0`, which is J at the start less any lower bound of f.
    factors : float
        v, the norm of both factors at the start.
    """
    from scipy.optimize import brentq  # slow to import, and seldom needed

    D, g = gap / SHARE, sqrt(2 * smoothness * gap)

    def lacking(S: float) -> float:
        squares = factors**2 * S + 4 / 3 * factors * sqrt(D) * S * sqrt(S) + D / 2 * S**2
        return 4 * sqrt(2) * (smoothness * squares + g * S) + S - steps

    return float(brentq(lacking, 0.0, float(steps), xtol=1e-300, rtol=1e-12))


def promised_gradient(steps: int, smoothness: float, gap: float, factors: float) -> float:
    r"""Return a bound of the smallest :math:`\|\nabla J\|^2` among the starts of ``steps`` guaranteed steps: D / S.

    It tends to :math:`\sqrt{2 \sqrt 2 L D^3 / T}`.
    """
    return gap / SHARE / promised_sum(steps, smoothness, gap, factors)


@dataclass(frozen=True, eq=False)
class Slope:
    r"""The convex function of one number w whose J is a straight slope along balanced factors.

    With :math:`w = ab`, :math:`a = b` and :math:`v = \sqrt{2w}`, the norm of both, it is :math:`-\epsilon v` and a
    constant, for v from :math:`v_0 = (\epsilon / L)^{1/3}` to :math:`v_0 + \ell`: :math:`\|\nabla J\| = \epsilon` all
    the way. Before it f is linear, and behind it a parabola of curvature L leads to the minimum, 0.

    Parameters
    ----------
    epsilon : float
        The norm of the gradient of J.
    length : float
        :math:`\ell`.
    L : float
        The smoothness.
    """

    epsilon: float
    length: float
    L: float = 1.0

    shape: ClassVar[tuple[int, int]] = (1, 1)
    mu: ClassVar[float] = 0.0
    strong_convexity: ClassVar[float] = 0.0
    convex: ClassVar[bool] = True
    f_star: ClassVar[float] = 0.0
    f_lower: ClassVar[float] = 0.0

    @property
    def first(self) -> float:
        """The norm of the factors where the slope begins."""
        return float((self.epsilon / self.L) ** (1 / 3))

    def value(self, W: Array, /) -> Array:
        """f at each matrix of a batch: (..., 1, 1) to (...)."""
        w, v0, v1 = W[..., 0, 0], self.first, self.first + self.length
        on_slope = self.epsilon * (v1 - np.sqrt(2 * np.clip(w, v0**2 / 2, v1**2 / 2))) + (self.epsilon / v1) ** 2 / (
            2 * self.L
        )
        before = self.epsilon / v0 * np.maximum(v0**2 / 2 - w, 0.0)
        behind = self.L / 2 * np.maximum(v1**2 / 2 + self.epsilon / (self.L * v1) - w, 0.0) ** 2
        return np.asarray(np.where(w < v1**2 / 2, on_slope + before, behind))

    def gradient(self, W: Array, /) -> Array:
        """The gradient at each matrix of a batch: (..., 1, 1) to (..., 1, 1)."""
        v0, v1 = self.first, self.first + self.length
        on_slope = -self.epsilon / np.sqrt(2 * np.clip(W, v0**2 / 2, v1**2 / 2))
        return np.asarray(np.minimum(on_slope + self.L * np.maximum(W - v1**2 / 2, 0.0), 0.0))


def smallest_on_slope(steps: int) -> tuple[float, float, float]:
    r"""Return the smallest :math:`\|\nabla J\|^2` on a slope made for so many steps, the bound, and the sum of steps.

    As :math:`\|G\| = \epsilon / v`, a slope from :math:`v_0` to :math:`v_1` takes about
    :math:`c (L (v_1^3 - v_0^3) / (3 \epsilon) + \log(v_1 / v_0))` steps: epsilon makes these a hundredth too many.
    """
    from scipy.optimize import brentq

    def spared(epsilon: float) -> float:
        v0 = Slope(epsilon, 1 / epsilon).first
        v1 = v0 + 1 / epsilon
        return 4 * sqrt(2) * ((v1**3 - v0**3) / (3 * epsilon) + log(v1 / v0)) - 1.01 * steps

    epsilon = float(brentq(spared, 1e-6, 1.0))
    problem = Slope(epsilon, 1 / epsilon)
    a, smallest, total = problem.first / sqrt(2), np.inf, 0.0
    start = np.array([[a * a]])
    for _ in range(steps):
        G = float(problem.gradient(np.array([[a * a]]))[0, 0])
        smallest = min(smallest, 2 * (a * G) ** 2)
        eta = guaranteed_step(problem.L, 2 * a * a, abs(G))
        total += eta
        a -= eta * G * a
    bound = promised_gradient(steps, problem.L, float(problem.value(start)), problem.first)
    return smallest, bound, total
