"""A nonconvex function that satisfies the Polyak-Lojasiewicz inequality, with the largest constant that it allows."""

import math
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from rac_theory.base import Array, matrices, matrix_shape
from rac_theory.numerics import EPS
from rac_theory.problems.problem import OnePass
from rac_theory.problems.smoothness import Smoothness


@dataclass(frozen=True)
class PLSine(OnePass):
    r"""The sum of :math:`x^2 + 3 \sin^2 x` over the entries x of W: nonconvex, its only stationary point the minimum.

    Parameters
    ----------
    shape : (m, n)
        The shape of W.

    Notes
    -----
    Write f for one entry. ``f'' = 2 + 6 cos 2x`` lies in [-4, 8], so L = 8.

    mu is the least value of ``h = f'^2 / (2f)`` over x > 0, as f is even; there ``f' = 2x + 3 sin 2x > 0``.
    ``h' = f' p / (2 f^2)`` with ``p = 2 f f'' - f'^2``, and ``p' = 2 f f''' = -24 f sin 2x``.

    * On (0, pi/2] p falls from p(0) = 0, so h falls.
    * On [pi/2, pi] p rises from below 0 to ``p(pi) = 12 pi^2``, through exactly one zero x0 = 2.2017, where h is least.
    * Beyond pi, ``h >= (2x - 3)^2 / (2 (x^2 + 3))``, which increases and is 0.4188 at pi: more than h(x0).

    At x0 ``p = 0``, so ``h(x0) = f''(x0) = 0.1755``. The constant of a sum over separate entries is the smallest of
    theirs, so it is that of W, and it is attained where one entry is x0 and the others are 0 or x0.

    The constant 1/32 that is usually quoted for this function is valid, but 5.6 times too small.

    Examples
    --------
    >>> from rac_theory.problems import PLSine
    >>> problem = PLSine((2, 2))
    >>> print(f"L = {problem.L:g}, mu = {problem.mu:.4f}, convex: {problem.convex}")
    L = 8, mu = 0.1755, convex: False
    """

    shape: tuple[int, int]

    L: ClassVar[float] = 8.0
    strong_convexity: ClassVar[float] = 0.0  # there is none
    convex: ClassVar[bool] = False
    f_star: ClassVar[float] = 0.0
    f_star_error: ClassVar[float] = 0.0
    f_lower: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        vars(self).update(shape=matrix_shape(self.shape))

    @property
    def mu(self) -> float:
        """``h(x0)``, the largest valid constant, rounded down."""
        return _largest_constant()

    @property
    def W_star(self) -> Array:
        """The zero matrix, (m, n)."""
        return np.zeros(self.shape)

    @property
    def start(self) -> Array:
        """All entries 3, (m, n): beyond x0, so that runs cross both the tight point and where f is concave."""
        return np.full(self.shape, 3.0)

    @property
    def smoothness(self) -> Smoothness:
        """``8 I``, which is attained at the zero matrix, so there is no smaller one."""
        return Smoothness.isotropic(self.L, self.shape)

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        return {
            "L": "8: f'' = 2 + 6 cos 2x",
            "mu": "least value of f'^2/(2f), at the zero of 2 f f'' - f'^2 in [pi/2, pi], rounded down",
            "f_star": "0 at the zero matrix: no term is negative",
            "smoothness": "8 I: the Hessian at the zero matrix",
        }

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both from one tangent, as NumPy's are much faster than its sines.

        With ``t = tan x``, ``sin^2 x = t^2 / (1 + t^2)`` and ``sin 2x = 2t / (1 + t^2)``. t^2 cannot overflow: no
        number in double precision is so near to a pole.
        """
        W = matrices(W, self.shape)
        t = np.tan(W)
        squares = t * t
        cosines = 1 / (1 + squares)
        return np.asarray((W * W + 3 * squares * cosines).sum(axis=(-2, -1))), 2 * W + 6 * t * cosines


@cache
def _largest_constant() -> float:
    """``h(x0)``, less a few roundings; h is flat at x0, so the error of x0 itself does not count."""
    from scipy.optimize import brentq  # slow to import, and needed only here

    def p(x: float) -> float:
        return 2 * _f(x) * (2 + 6 * math.cos(2 * x)) - _slope(x) ** 2

    x0 = float(brentq(p, math.pi / 2, math.pi))
    return _slope(x0) ** 2 / (2 * _f(x0)) * (1 - 64 * EPS)


def _f(x: float) -> float:
    return x**2 + 3 * math.sin(x) ** 2


def _slope(x: float) -> float:
    return 2 * x + 3 * math.sin(2 * x)
