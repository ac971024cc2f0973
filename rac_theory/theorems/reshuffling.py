"""RAC-LoRA with one reshuffled epoch a sketch; L is the largest constant of a component, N their number."""

import numpy as np

from problems.checks import Array
from rac_theory.cases.constants import Constants
from rac_theory.numerics.sums import sum_of_powers, sum_of_weights
from rac_theory.theorems.assumptions import (
    bounded_below,
    certified_minimum,
    contracting,
    known_heterogeneity,
    known_largest_projection,
    known_variance,
    polyak_lojasiewicz,
    positive_projection,
    rac_lora_reshuffled,
    reshuffling_step,
    smooth_components,
)
from rac_theory.theorems.metric import gap, mean_squared_gradient, weighted_squared_gradient
from rac_theory.theorems.theorem import theorem

_EPOCH = (
    rac_lora_reshuffled,
    smooth_components,
    reshuffling_step,
    positive_projection,
    known_largest_projection,
)
_SOURCE = "derived from a lemma on one reshuffled epoch in the range of the sketch"


def drift(c: Constants) -> float:
    """``eta^2 L^2 (N + 1)``, what the order of an epoch costs."""
    return (c.gamma * c.L_max) ** 2 * (c.inner_steps + 1)


def growth(c: Constants) -> float:
    """``q = (4/9) eta^3 N (N + 1) L^3 lambda_max``."""
    return 4 / 9 * c.gamma * c.inner_steps * drift(c) * c.L_max * c.lambda_max


def factor(c: Constants) -> float:
    """The factor of T8d."""
    return 1 - 7 / 9 * c.gamma * c.inner_steps * c.mu * c.lambda_min + growth(c)


@theorem(
    id="T7",
    source=_SOURCE,
    mark="derived",
    metric=mean_squared_gradient,
    rate="sublinear",
    assumes=(*_EPOCH, bounded_below, known_variance),
    tightest=(0.615, "identical components x^2/2 at eta = 1/(2N), N and T to infinity; 0.569 for N = 2"),
)
def rac_lora_rr_nonconvex(c: Constants, t: Array) -> Array:
    r"""(1/T) sum_{t<T} E||grad f(W^t)||^2 <= (18/7) (f(W^0) - f*) / (eta N lambda_min T) + (4/7) eta^2 L^2 (N + 1)
    (lambda_max / lambda_min) sigma^2.
    """
    start = 18 / 7 * c.gap0_upper / (c.gamma * c.inner_steps * c.lambda_min * t)
    return np.asarray(start + 4 / 7 * drift(c) * c.lambda_max / c.lambda_min * c.sigma_squared)


@theorem(
    id="T7d",
    source=_SOURCE,
    mark="derived",
    metric=weighted_squared_gradient(growth),
    rate="sublinear",
    assumes=(*_EPOCH, bounded_below, known_heterogeneity),
    tightest=(0.615, "identical components x^2/2 at eta = 1/(2N), N and T to infinity; 0.536 for N = 2"),
)
def rac_lora_rr_nonconvex_data(c: Constants, t: Array) -> Array:
    r"""sum_{t<T} w_t E||grad f(W^t)||^2 / sum_{t<T} w_t <= (18/7) (f(W^0) - f*) / (eta N lambda_min W_T) + (4/7) eta^2
    L^2 (N + 1) (lambda_max / lambda_min) D, w_t = (1 + q)^{-t}, W_T = sum_{t<T} w_{t+1}, q = (4/9) eta^3 N (N + 1) L^3
    lambda_max.
    """
    start = 18 / 7 * c.gap0_upper / (c.gamma * c.inner_steps * c.lambda_min * sum_of_weights(growth(c), t))
    return np.asarray(start + 4 / 7 * drift(c) * c.lambda_max / c.lambda_min * c.D)


@theorem(
    id="T8",
    source=_SOURCE,
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=(*_EPOCH, certified_minimum, polyak_lojasiewicz, known_variance),
    tightest=(
        0.648,
        "identical components, a sketch that hardly ever moves, where the bound has halved; 0.591 for N = 2",
    ),
)
def rac_lora_rr_pl(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= (1 - (7/9) eta N mu lambda_min)^T (f(W^0) - f*) + (2/7) eta^2 L^2 (N + 1) (lambda_max /
    lambda_min) sigma^2 / mu.
    """
    rho = 1 - 7 / 9 * c.gamma * c.inner_steps * c.mu * c.lambda_min
    return np.asarray(rho**t * c.gap0 + 2 / 7 * drift(c) * c.lambda_max / c.lambda_min * c.sigma_squared / c.mu)


@theorem(
    id="T8d",
    source=_SOURCE,
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=(*_EPOCH, certified_minimum, polyak_lojasiewicz, known_heterogeneity, contracting(factor)),
    tightest=(
        0.648,
        "identical components, a sketch that hardly ever moves, where the bound has halved; 0.51 for N = 2",
    ),
)
def rac_lora_rr_pl_data(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= rho^T (f(W^0) - f*) + (1 + rho + ... + rho^{T-1}) (2/9) eta^3 N (N + 1) L^2 lambda_max D, rho
    = 1 - (7/9) eta N mu lambda_min + (4/9) eta^3 N (N + 1) L^3 lambda_max.
    """
    rho = factor(c)
    noise = 2 / 9 * c.gamma * c.inner_steps * drift(c) * c.lambda_max * c.D
    return np.asarray(rho**t * c.gap0 + sum_of_powers(rho, t) * noise)
