"""RAC-LoRA with one stochastic gradient a sketch, under structured noise (A, beta, C)."""

import numpy as np

from problems.checks import Array
from rac_theory.cases.constants import Constants
from rac_theory.numerics.sums import sum_of_powers, sum_of_weights
from rac_theory.theorems.assumptions import (
    bounded_below,
    certified_minimum,
    contracting,
    horizon_step,
    known_largest_projection,
    known_noise,
    noisy_step,
    polyak_lojasiewicz,
    positive_projection,
    rac_lora_stochastic,
    smooth,
)
from rac_theory.theorems.metric import gap, weighted_squared_gradient
from rac_theory.theorems.theorem import theorem

_NOISY = (rac_lora_stochastic, smooth, known_noise, noisy_step, positive_projection, known_largest_projection)
_SOURCE = "derived from the descent lemma and the inequality of structured noise"


def growth(c: Constants) -> float:
    """The factor by which noise that grows with the gap lets the gap grow: ``q = L A gamma^2 lambda_max``."""
    return c.L * c.A * c.gamma**2 * c.lambda_max


def factor(c: Constants) -> float:
    """The factor of T6."""
    return 1 - 2 * c.gamma * c.mu * c.lambda_min * (1 - c.L * c.gamma * c.beta / 2) + growth(c)


@theorem(
    id="T5",
    source=_SOURCE,
    mark="derived",
    metric=weighted_squared_gradient(growth),
    rate="sublinear",
    assumes=(*_NOISY, bounded_below),
    tightest=(1.0, "x^2/2, gamma = 1, x^0 = 1, noise +-1: 1 against 1 + 1/T"),
)
def rac_lora_sgd_nonconvex(c: Constants, t: Array) -> Array:
    r"""sum_{t<T} w_t E||grad f(W^t)||^2 / sum_{t<T} w_t <= [(f(W^0) - f*) / (gamma lambda_min W_T) + L gamma C
    lambda_max / (2 lambda_min)] / (1 - L gamma beta / 2), w_t = (1 + q)^{-t}, W_T = sum_{t<T} w_{t+1}, q = L A gamma^2
    lambda_max.
    """
    floor = c.L * c.gamma * c.C * c.lambda_max / (2 * c.lambda_min)
    start = c.gap0_upper / (c.gamma * c.lambda_min * sum_of_weights(growth(c), t))
    return np.asarray((start + floor) / (1 - c.L * c.gamma * c.beta / 2))


@theorem(
    id="T5_step",
    source=_SOURCE,
    mark="derived",
    metric=weighted_squared_gradient(growth),
    rate="sublinear",
    assumes=(*_NOISY, horizon_step, bounded_below),
    tightest=(1.0, "as T5; with C = 0 the largest is 63/74, at T = 3 for noise +-x/sqrt(3)"),
)
def rac_lora_sgd_nonconvex_step(c: Constants, t: Array) -> Array:
    r"""sum_{t<T} w_t E||grad f(W^t)||^2 / sum_{t<T} w_t <= 4 (f(W^0) - f*) / (gamma lambda_min T) + L gamma C
    lambda_max / lambda_min, with 2 for 4 where A = 0.
    """
    start = (4 if c.A > 0 else 2) * c.gap0_upper / (c.gamma * c.lambda_min * t)
    return np.asarray(start + c.L * c.gamma * c.C * c.lambda_max / c.lambda_min)


@theorem(
    id="T6",
    source=_SOURCE,
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=(*_NOISY, certified_minimum, polyak_lojasiewicz, contracting(factor)),
    tightest=(1.0, "a multiple of the identity, isotropic sketch, additive noise: an equality at every T"),
)
def rac_lora_sgd_pl(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= rho^T (f(W^0) - f*) + (1 + rho + ... + rho^{T-1}) L gamma^2 lambda_max C / 2, rho = 1 - 2
    gamma mu lambda_min (1 - L gamma beta / 2) + L gamma^2 lambda_max A.
    """
    rho = factor(c)
    return np.asarray(rho**t * c.gap0 + sum_of_powers(rho, t) * c.L * c.gamma**2 * c.lambda_max * c.C / 2)
