"""RAC-LoRA as it is trained in practice: plain steps on one factor, merged; nu stands for gamma lambda_min."""

import numpy as np

from problems.checks import Array
from rac_theory.cases.constants import Constants
from rac_theory.theorems.assumptions import (
    bounded_below,
    bounded_plain_step,
    certified_minimum,
    plain_gaussian_rac_lora,
    plain_rac_lora,
    polyak_lojasiewicz,
    positive_gain,
    smooth,
)
from rac_theory.theorems.metric import gap, mean_squared_gradient
from rac_theory.theorems.theorem import theorem

_PLAIN = (plain_rac_lora, smooth, bounded_plain_step, positive_gain)
_SOURCE = "derived from the descent lemma with the matrix 2 tau B B' - L tau^2 (B B')^2"


@theorem(
    id="T12_nonconvex",
    source=_SOURCE,
    mark="derived",
    metric=mean_squared_gradient,
    rate="sublinear",
    assumes=(*_PLAIN, bounded_below),
    descends=True,
    tightest=(1.0, "orthonormal columns, where it is T1_sharp"),
)
def plain_rac_lora_nonconvex(c: Constants, t: Array) -> Array:
    r"""(1/T) sum_{t<T} E||grad f(W^t)||^2 <= 2 (f(W^0) - f*) / (nu T)."""
    return np.asarray(2 * c.gap0_upper / (c.nu * t))


@theorem(
    id="T12_pl",
    source=_SOURCE,
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=(*_PLAIN, certified_minimum, polyak_lojasiewicz),
    descends=True,
    tightest=(1.0, "a multiple of the identity, E[2 tau B B' - L tau^2 (B B')^2] too, K = 1: an equality at every T"),
)
def plain_rac_lora_pl(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= (1 - mu nu)^T (f(W^0) - f*)."""
    return np.asarray(c.gap0 * (1 - c.mu * c.nu) ** t)


@theorem(
    id="T12_gaussian",
    source=_SOURCE,
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=(plain_gaussian_rac_lora, smooth, positive_gain, certified_minimum, polyak_lojasiewicz),
    tightest=(1.0, "a multiple of the identity: an equality at every T"),
)
def plain_gaussian_rac_lora_pl(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= (1 - mu nu)^T (f(W^0) - f*), nu = 2 r tau - L r (d + r + 1) tau^2."""
    return np.asarray(c.gap0 * (1 - c.mu * c.nu) ** t)
