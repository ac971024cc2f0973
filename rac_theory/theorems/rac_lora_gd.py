"""RAC-LoRA with exact gradients: the paper's two main theorems, and what their proofs give for longer steps."""

import numpy as np

from problems.checks import Array
from rac_theory.cases.constants import Constants
from rac_theory.numerics.sums import sum_of_powers
from rac_theory.theorems.assumptions import (
    bounded_below,
    certified_minimum,
    polyak_lojasiewicz,
    positive_projection,
    rac_lora_exact,
    small_step,
    smooth,
    stable_step,
)
from rac_theory.theorems.metric import gap, mean_squared_gradient
from rac_theory.theorems.theorem import theorem

_NON_CONVEX = (bounded_below, positive_projection)
_PL = (certified_minimum, polyak_lojasiewicz, positive_projection)


@theorem(
    id="T1",
    source="arXiv:2410.08305v1, Theorem 5.3",
    mark="paper",
    metric=mean_squared_gradient,
    rate="sublinear",
    assumes=(rac_lora_exact, smooth, small_step, *_NON_CONVEX),
    descends=True,
    tightest=(1.0, "GD on a multiple of the identity at gamma = 1/L: an equality at every T"),
)
def rac_lora_gd_nonconvex(c: Constants, t: Array) -> Array:
    r"""(1/T) sum_{t<T} E||grad f(W^t)||^2 <= 2 (f(W^0) - f*) / (lambda_min gamma T)."""
    return 2 * c.gap0_upper / (c.lambda_min * c.gamma * t)


@theorem(
    id="T2",
    source="arXiv:2410.08305v1, Theorem 5.5",
    mark="paper",
    metric=gap,
    rate="linear",
    assumes=(rac_lora_exact, smooth, small_step, *_PL),
    descends=True,
    tightest=(1.0, "a multiple of the identity, isotropic sketch, gamma = 1/L: an equality at every T"),
)
def rac_lora_gd_pl(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^T (f(W^0) - f*)."""
    return c.gap0 * (1 - c.gamma * c.mu * c.lambda_min) ** t


@theorem(
    id="T1_sharp",
    source="derived from the descent lemma with <G, HG> = ||HG||^2",
    mark="derived",
    metric=mean_squared_gradient,
    rate="sublinear",
    assumes=(rac_lora_exact, smooth, stable_step, *_NON_CONVEX),
    descends=True,
    tightest=(1.0, "GD on a multiple of the identity at gamma = 1/L: an equality at every T"),
)
def rac_lora_gd_nonconvex_sharp(c: Constants, t: Array) -> Array:
    r"""(1/T) sum_{t<T} E||grad f(W^t)||^2 <= 2 (f(W^0) - f*) / (lambda_min gamma (2 - gamma L) T)."""
    return 2 * c.gap0_upper / (c.lambda_min * c.gamma * (2 - c.gamma * c.L) * t)


@theorem(
    id="T1_tight",
    source="derived from the descent lemma and ||grad f||^2 <= 2 L (f - f*) at every step",
    mark="derived",
    metric=mean_squared_gradient,
    rate="sublinear",
    assumes=(rac_lora_exact, smooth, stable_step, *_NON_CONVEX),
    descends=True,
    tightest=(1.0, "any isotropic sketch on a multiple of the identity: an equality at every T and step"),
)
def rac_lora_gd_nonconvex_tight(c: Constants, t: Array) -> Array:
    r"""(1/T) sum_{t<T} E||grad f(W^t)||^2 <= (2 L / T) (1 + rho + ... + rho^{T-1}) (f(W^0) - f*),
    rho = 1 - gamma L (2 - gamma L) lambda_min.
    """
    rho = 1 - c.gamma * c.L * (2 - c.gamma * c.L) * c.lambda_min
    return np.asarray(2 * c.L * c.gap0_upper * sum_of_powers(rho, t) / t)


@theorem(
    id="T2_sharp",
    source="derived from the descent lemma with <G, HG> = ||HG||^2",
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=(rac_lora_exact, smooth, stable_step, *_PL),
    descends=True,
    tightest=(1.0, "a multiple of the identity, isotropic sketch, any step: an equality at every T"),
)
def rac_lora_gd_pl_sharp(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= (1 - gamma (2 - gamma L) mu lambda_min)^T (f(W^0) - f*)."""
    return c.gap0 * (1 - c.gamma * (2 - c.gamma * c.L) * c.mu * c.lambda_min) ** t
