"""Several steps under one sketch, with the drift as the proofs have it: sharper than the simple constants, and longer.

An epoch of N reshuffled steps, or a round of K local ones, is one step of the total length ``Gamma`` along a gradient
that is off by at most ``s^2 ||HG||^2`` and v times the spread of the gradients. The four theorems differ in v alone:
``s r`` for an epoch, ``s^2`` for a round. Both are 0 for a single step, where the theorems are T1 and T2.
"""

from typing import NamedTuple

import numpy as np

from problems.checks import Array
from rac_theory.cases.constants import Constants
from rac_theory.numerics.sums import mean_drift, spread, sum_of_powers, sum_of_weights
from rac_theory.theorems.assumptions import (
    bounded_below,
    certified_minimum,
    contracting,
    epoch_step,
    fed_rac_lora,
    known_client_heterogeneity,
    known_heterogeneity,
    known_largest_projection,
    local_step,
    polyak_lojasiewicz,
    positive_projection,
    rac_lora_reshuffled,
    smooth_components,
)
from rac_theory.theorems.metric import gap, weighted_squared_gradient
from rac_theory.theorems.theorem import theorem


class Drift(NamedTuple):
    """A total step with its s and v, and what both make of a bound."""

    total: float
    s: float
    v: float

    def growth(self, c: Constants) -> float:
        """``q = Gamma v lambda_max L``."""
        return self.total * self.v * c.lambda_max * c.L_max

    def factor(self, c: Constants) -> float:
        """``rho = 1 - (1 - s^2 + v) Gamma mu lambda_min + q``."""
        return 1 - (1 - self.s**2 + self.v) * self.total * c.mu * c.lambda_min + self.growth(c)

    def noise(self, c: Constants) -> float:
        """``v lambda_max D``; without drift nothing, whatever D."""
        return self.v * c.lambda_max * c.D if self.v > 0 else 0.0

    def of_gradients(self, c: Constants, t: Array) -> Array:
        """Bound their weighted average."""
        start = 2 * c.gap0_upper / (self.total * c.lambda_min * sum_of_weights(self.growth(c), t))
        return np.asarray((start + self.noise(c) / c.lambda_min) / (1 - self.s**2 + self.v))

    def of_gap(self, c: Constants, t: Array) -> Array:
        """Bound the gap."""
        rho = self.factor(c)
        return np.asarray(rho**t * c.gap0 + sum_of_powers(rho, t) * self.total / 2 * self.noise(c))


def of_epoch(c: Constants) -> Drift:
    """The drift of N reshuffled steps."""
    total = c.gamma * c.inner_steps
    s = mean_drift(c.inner_steps, total * c.L_max)
    return Drift(total, s, s * spread(c.inner_steps, total * c.L_max))


def of_round(c: Constants) -> Drift:
    """The drift of K local steps."""
    total = c.gamma * c.inner_steps
    s = mean_drift(c.inner_steps, total * c.L_max)
    return Drift(total, s, s**2)


_COMMON = (smooth_components, positive_projection, known_largest_projection)
_EPOCH = (rac_lora_reshuffled, epoch_step, *_COMMON, known_heterogeneity)
_ROUND = (fed_rac_lora, local_step, *_COMMON, known_client_heterogeneity)
_PL = (certified_minimum, polyak_lojasiewicz)
_OF_EPOCH = "derived from the drift of a reshuffled epoch in the range of the sketch, without estimates of the sums"
_OF_ROUND = "derived from the drift of K local steps in the range of the shared sketch, without splitting the variance"


@theorem(
    id="T7d_sharp",
    source=_OF_EPOCH,
    mark="derived",
    metric=weighted_squared_gradient(lambda c: of_epoch(c).growth(c)),
    rate="sublinear",
    assumes=(*_EPOCH, bounded_below),
    tightest=(1.0, "N = 1, where it is T1; identical components x^2/2 at eta = 1/(2L) for N = 2"),
)
def rac_lora_rr_nonconvex_sharp(c: Constants, t: Array) -> Array:
    r"""sum_{t<T} w_t E||grad f(W^t)||^2 / sum_{t<T} w_t <= [2 (f(W^0) - f*) / (eta N lambda_min W_T) + s r (lambda_max
    / lambda_min) D] / (1 - s^2 + s r), w_t = (1 + q)^{-t}, W_T = sum_{t<T} w_{t+1}, q = eta N s r lambda_max L, s =
    (1/N) sum_{k<N} ((1 + eta L)^k - 1), r = eta L / (N (N - 1)) sum_{k<N} k (1 + eta L)^{k-1}.
    """
    return of_epoch(c).of_gradients(c, t)


@theorem(
    id="T8d_sharp",
    source=_OF_EPOCH,
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=(*_EPOCH, *_PL, contracting(lambda c: of_epoch(c).factor(c))),
    tightest=(1.0, "(x - 1)^2/2 and (x + 1)^2/2 at eta = 1/2, any sketch: an equality at every T"),
)
def rac_lora_rr_pl_sharp(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= rho^T (f(W^0) - f*) + (1 + rho + ... + rho^{T-1}) (eta N / 2) s r lambda_max D, rho = 1 - (1 -
    s^2 + s r) eta N mu lambda_min + q, q = eta N s r lambda_max L, s = (1/N) sum_{k<N} ((1 + eta L)^k - 1), r = eta L /
    (N (N - 1)) sum_{k<N} k (1 + eta L)^{k-1}.
    """
    return of_epoch(c).of_gap(c, t)


@theorem(
    id="T9d_sharp",
    source=_OF_ROUND,
    mark="derived",
    metric=weighted_squared_gradient(lambda c: of_round(c).growth(c)),
    rate="sublinear",
    assumes=(*_ROUND, bounded_below),
    tightest=(1.0, "K = 1, where it is T1; identical clients x^2/2 at gamma L = 1 for K = 2"),
)
def fed_rac_lora_nonconvex_sharp(c: Constants, t: Array) -> Array:
    r"""sum_{t<T} w_t E||grad f(W^t)||^2 / sum_{t<T} w_t <= 2 (f(W^0) - f*) / (Gamma lambda_min W_T) + s^2 (lambda_max /
    lambda_min) D, w_t = (1 + q)^{-t}, W_T = sum_{t<T} w_{t+1}, q = Gamma s^2 lambda_max L, s = (1/K) sum_{k<K} ((1 +
    eta L)^k - 1).
    """
    return of_round(c).of_gradients(c, t)


@theorem(
    id="T10d_sharp",
    source=_OF_ROUND,
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=(*_ROUND, *_PL, contracting(lambda c: of_round(c).factor(c))),
    tightest=(1.0, "K = 1, where it is T2; identical clients x^2/2 at gamma L = 1 for K = 2: an equality at every T"),
)
def fed_rac_lora_pl_sharp(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= rho^T (f(W^0) - f*) + (1 + rho + ... + rho^{T-1}) (Gamma / 2) s^2 lambda_max D, rho = 1 -
    Gamma mu lambda_min + Gamma s^2 lambda_max L, s = (1/K) sum_{k<K} ((1 + eta L)^k - 1).
    """
    return of_round(c).of_gap(c, t)
