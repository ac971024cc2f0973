"""RAC-LoRA with exact gradients on convex and on strongly convex functions."""

import numpy as np

from problems.checks import Array
from rac_theory.cases.constants import Constants
from rac_theory.theorems.assumptions import (
    certified_minimum,
    contracting,
    convex,
    isotropic,
    known_largest_projection,
    known_minimiser,
    positive_projection,
    rac_lora_exact,
    small_step,
    smooth,
    stable_step,
    strongly_convex,
)
from rac_theory.theorems.metric import gap, squared_distance
from rac_theory.theorems.theorem import theorem

_CONVEX = (convex, certified_minimum, known_minimiser, positive_projection)


def factor(c: Constants) -> float:
    """The factor of T4."""
    slow, fast = (1 - c.gamma * c.strong_convexity) ** 2, (1 - c.gamma * c.L) ** 2
    return float(1 - c.lambda_min + c.lambda_max * np.maximum(slow, fast))  # Python's max would pass over a nan


_POTENTIAL = "derived from a potential of the gap and the distance in the norm of E[H]^-1"


@theorem(
    id="T3",
    source=_POTENTIAL,
    mark="derived",
    metric=gap,
    rate="sublinear",
    assumes=(rac_lora_exact, smooth, small_step, *_CONVEX),
    descends=True,
    tightest=(0.5, "Huber's function with eta = 1/(2T + 1) under GD, T to infinity; a sketch that hardly ever moves"),
)
def rac_lora_gd_convex(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= (f(W^0) - f* + ||W^0 - W*||^2 / (2 gamma)) / (1 + lambda_min T)."""
    return (c.gap0 + c.distance0**2 / (2 * c.gamma)) / (1 + c.lambda_min * t)


@theorem(
    id="T3_sharp",
    source=_POTENTIAL,
    mark="derived",
    metric=gap,
    rate="sublinear",
    assumes=(rac_lora_exact, smooth, stable_step, *_CONVEX),
    descends=True,
    tightest=(1.0, "x^2/2, gamma to 2/L, a sketch that hardly ever moves, where the bound is the start; else as T3"),
)
def rac_lora_gd_convex_sharp(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= (f(W^0) - f* + (2 - gamma L) ||W^0 - W*||^2 / (2 gamma)) / (1 + (2 - gamma L) lambda_min
    T).
    """
    k = 2 - c.gamma * c.L
    return (c.gap0 + k * c.distance0**2 / (2 * c.gamma)) / (1 + k * c.lambda_min * t)


@theorem(
    id="T3_isotropic",
    source="derived from the distance to a minimiser and the gap, where E[H] is a multiple of the identity",
    mark="derived",
    metric=gap,
    rate="sublinear",
    assumes=(rac_lora_exact, smooth, small_step, *_CONVEX, isotropic),
    descends=True,
    tightest=(0.5, "Huber's function with eta = 1/(2T + 1) under GD: T/(2T + 1)"),
)
def rac_lora_gd_convex_isotropic(c: Constants, t: Array) -> Array:
    r"""E[f(W^T)] - f* <= ||W^0 - W*||^2 / (2 gamma lambda_min T)."""
    return np.asarray(c.distance0**2 / (2 * c.gamma * c.lambda_min * t))


@theorem(
    id="T4",
    source="derived from the orthogonal sum W^{t+1} - W* = (I - H)(W - W*) + H(W - W* - gamma grad f)",
    mark="derived",
    metric=squared_distance,
    rate="linear",
    assumes=(
        rac_lora_exact,
        smooth,
        stable_step,
        strongly_convex,
        known_minimiser,
        positive_projection,
        known_largest_projection,
        contracting(factor),
    ),
    tightest=(1.0, "(s x^2 + L y^2)/2, one coordinate at random, a start on an axis: an equality at every T"),
)
def rac_lora_gd_strongly_convex(c: Constants, t: Array) -> Array:
    r"""E||W^T - W*||^2 <= (1 - lambda_min + lambda_max max{(1 - gamma s)^2, (1 - gamma L)^2})^T ||W^0 - W*||^2."""
    return np.asarray(c.distance0**2 * factor(c) ** t)
