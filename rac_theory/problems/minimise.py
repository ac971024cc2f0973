"""Minimise a strongly convex function by Newton's method, and certify how far from the infimum the result can be."""

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from rac_theory.base import Array
from rac_theory.numerics import EPS
from rac_theory.problems.problem import Minimum

TOLERANCE = 1e-12
"""A certificate ``||grad||^2 / (2 s) <= TOLERANCE f(0)``, rounding of the gradient included, counts; no wider one.

It is compared with f at zero, not with f at the minimum: where the data can be fitted that is 0, which no rounding is
small against.
"""


class StronglyConvex(Protocol):
    """What Newton's method and the certificate need to know of a function f >= 0."""

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (m, n) of W."""

    @property
    def strong_convexity(self) -> float:
        """A proved modulus s > 0 of strong convexity."""

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """f and its gradient."""

    def hessian(self, W: Array, /) -> Callable[[Array], Array]:
        """The Hessian at W, (m, n), as a linear map of (m, n) matrices."""

    def rounding(self, W: Array, /) -> float:
        """A bound on the rounding error of the value at W, in the units of f, > 0."""

    def gradient_rounding(self, W: Array, /) -> float:
        """A bound on the norm of the rounding error of the gradient at W."""


UNATTAINED = Minimum(None, math.nan, math.nan, "nan: without l2 the infimum need not be attained; losses are >= 0")
"""What is known of a loss without a regulariser."""


def minimise(problem: StronglyConvex, *, max_steps: int = 100) -> Minimum:
    r"""Minimise f >= 0 with Newton-CG, from zero, until the gradient says that only rounding is left to gain.

    If f is s-strongly convex, :math:`f^\star \ge f(W) - \|\nabla f(W)\|^2 / (2s)` at every W. The value is widened by
    the rounding error of f, and the norm of the gradient by that of the gradient. The latter, about ``eps sqrt(L)``,
    enters squared, as ``eps^2 L/s``: nothing, unless s is so tiny that there is no certificate.

    Each step halves its length until the norm of the gradient falls. In a direction V with
    ``||grad^2 f V + grad f|| < ||grad f||``, which is what CG returns, a short enough step always does, and the norm,
    unlike f, can be compared down to the last digits (Dembo, Eisenstat & Steihaug 1982, *Inexact Newton methods*).
    """
    W = np.zeros(problem.shape)
    value, G = problem.value_and_gradient(W)
    at_zero = float(value)
    first = size = float(np.linalg.norm(G))
    for _ in range(max_steps):
        if _slack(size, problem) <= EPS * value:
            break
        V = _newton_direction(problem.hessian(W), G, min(0.1, math.sqrt(size / first)))
        if not np.isfinite(V).all():  # CG broke down: the Hessian is singular in floating point
            break
        step = 1.0
        while step > 1e-9:
            candidate, candidate_G = problem.value_and_gradient(W + step * V)
            if np.linalg.norm(candidate_G) <= (1 - 1e-2 * step) * size:
                break
            step /= 2
        else:  # the gradient is at its own rounding error
            break
        W, value, G = W + step * V, candidate, candidate_G
        size = float(np.linalg.norm(G))
    return _certified(problem, W, float(value), _slack(size + problem.gradient_rounding(W), problem), at_zero)


def _slack(size: float, problem: StronglyConvex) -> float:
    """How far f can be above its infimum where its gradient has norm ``size``."""
    return size**2 / (2 * problem.strong_convexity)


def _newton_direction(hessian: Callable[[Array], Array], G: Array, rtol: float) -> Array:
    """Solve ``hessian(V) = -G`` by conjugate gradients until the residual is ``rtol`` times ``||G||``."""

    def matvec(v: Array) -> Array:
        return hessian(v.reshape(G.shape)).ravel()

    operator = LinearOperator((G.size, G.size), matvec=matvec, dtype=np.float64)
    with np.errstate(all="ignore"):  # a breakdown shows in the direction
        direction, _ = cg(operator, -G.ravel(), rtol=rtol)
    return np.asarray(direction).reshape(G.shape)


def _certified(problem: StronglyConvex, W: Array, value: float, slack: float, at_zero: float) -> Minimum:
    """The interval that ``slack`` and rounding leave; its lower end is never below 0, as f is not."""
    W.flags.writeable = False
    if slack > TOLERANCE * at_zero:
        left = f"nan: Newton's method left ||grad||^2/(2 s) = {slack:.1e}, rounding included"
        return Minimum(W, math.nan, math.nan, left)
    rounding = problem.rounding(W)
    f_star, width = value + rounding, slack + 2 * rounding
    return Minimum(W, f_star, min(f_star, width), "Newton-CG, certified by ||grad||^2/(2 s) and rounding")
