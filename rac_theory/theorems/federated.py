"""Fed-RAC-LoRA: M clients take K full gradient steps of size eta under one sketch, and the server averages.

L is the largest constant of a client, ``Gamma = eta K`` the total step, and ``a = c_K(Gamma L) (Gamma L)^2`` says how
far clients drift in a round; it is 0 for K = 1, and then nothing needs to be known of how clients differ.
"""

import numpy as np

from problems.checks import Array
from rac_theory.cases.constants import Constants
from rac_theory.numerics.sums import drift, sum_of_powers, sum_of_weights
from rac_theory.theorems.assumptions import (
    bounded_below,
    certified_minimum,
    contracting,
    fed_rac_lora,
    known_client_heterogeneity,
    known_client_variance,
    known_largest_projection,
    local_step,
    polyak_lojasiewicz,
    positive_projection,
    smooth_components,
)
from rac_theory.theorems.metric import gap, mean_squared_gradient, weighted_squared_gradient
from rac_theory.theorems.theorem import theorem

_ROUND = (fed_rac_lora, smooth_components, local_step, positive_projection, known_largest_projection)
_SOURCE = "derived from the drift of K local steps in the range of the shared sketch"


def total_step(c: Constants) -> float:
    """``Gamma = eta K``."""
    return c.gamma * c.inner_steps


def client_drift(c: Constants) -> float:
    """The number a."""
    return drift(c.inner_steps, total_step(c) * c.L_max)


def growth(c: Constants) -> float:
    """``q = Gamma a lambda_max L``."""
    return total_step(c) * client_drift(c) * c.lambda_max * c.L_max


def factor(c: Constants) -> float:
    """The factor of T10d."""
    return 1 - (1 - client_drift(c)) * total_step(c) * c.mu * c.lambda_min + growth(c)


def _noise(c: Constants, variance: float) -> float:
    """``a lambda_max variance``; without drift nothing, whatever the variance."""
    return client_drift(c) * c.lambda_max * variance if c.inner_steps > 1 else 0.0


@theorem(
    id="T9",
    source=_SOURCE,
    mark="derived",
    metric=mean_squared_gradient,
    rate="sublinear",
    assumes=(*_ROUND, bounded_below, known_client_variance),
    tightest=(1.0, "K = 1, where it is T1; 0.933 for K = 2 with identical clients x^2/2 at gamma L = 1"),
)
def fed_rac_lora_nonconvex(c: Constants, t: Array) -> Array:
    r"""(1/T) sum_{t<T} E||grad f(W^t)||^2 <= [2 (f(W^0) - f*) / (Gamma lambda_min T) + a (lambda_max / lambda_min)
    zeta^2] / (1 - a).
    """
    start = 2 * c.gap0_upper / (total_step(c) * c.lambda_min * t)
    return np.asarray((start + _noise(c, c.zeta_squared) / c.lambda_min) / (1 - client_drift(c)))


@theorem(
    id="T9d",
    source=_SOURCE,
    mark="derived",
    metric=weighted_squared_gradient(growth),
    rate="sublinear",
    assumes=(*_ROUND, bounded_below, known_client_heterogeneity),
    tightest=(1.0, "K = 1, where it is T1; 0.824 for K = 2 with identical clients"),
)
def fed_rac_lora_nonconvex_data(c: Constants, t: Array) -> Array:
    r"""sum_{t<T} w_t E||grad f(W^t)||^2 / sum_{t<T} w_t <= [2 (f(W^0) - f*) / (Gamma lambda_min W_T) + a (lambda_max /
    lambda_min) D] / (1 - a), w_t = (1 + q)^{-t}, W_T = sum_{t<T} w_{t+1}, q = Gamma a lambda_max L.
    """
    start = 2 * c.gap0_upper / (total_step(c) * c.lambda_min * sum_of_weights(growth(c), t))
    return np.asarray((start + _noise(c, c.D) / c.lambda_min) / (1 - client_drift(c)))


@theorem(
    id="T10",
    source=_SOURCE,
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=(*_ROUND, certified_minimum, polyak_lojasiewicz, known_client_variance),
    tightest=(1.0, "K = 1, where it is T2; 0.952 for K = 2 with identical clients and a sketch that hardly ever moves"),
)
def fed_rac_lora_pl(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= (1 - (1 - a) Gamma mu lambda_min)^T (f(W^0) - f*) + a (lambda_max / lambda_min) zeta^2 / (2 mu
    (1 - a)).
    """
    a = client_drift(c)
    rho = 1 - (1 - a) * total_step(c) * c.mu * c.lambda_min
    return np.asarray(rho**t * c.gap0 + _noise(c, c.zeta_squared) / c.lambda_min / (2 * c.mu * (1 - a)))


@theorem(
    id="T10d",
    source=_SOURCE,
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=(*_ROUND, certified_minimum, polyak_lojasiewicz, known_client_heterogeneity, contracting(factor)),
    tightest=(1.0, "K = 1, where it is T2; 0.84 for K = 2 with identical clients and a sketch that hardly ever moves"),
)
def fed_rac_lora_pl_data(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= rho^T (f(W^0) - f*) + (1 + rho + ... + rho^{T-1}) (Gamma / 2) a lambda_max D, rho = 1 - (1 -
    a) Gamma mu lambda_min + Gamma a lambda_max L.
    """
    rho = factor(c)
    return np.asarray(rho**t * c.gap0 + sum_of_powers(rho, t) * total_step(c) / 2 * _noise(c, c.D))
