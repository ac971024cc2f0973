"""Whether value, gradient and their companions say the same about one function."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.failures import Refuted
from rac_theory.testing.probe import EPS, Probe, agree

_PLACES = 10  # at which slopes are tried
_STEPS = 10.0 ** -np.arange(1, 12)  # relative to the entries of W


def check_derivatives(probe: Probe) -> None:
    """Raise ``Refuted`` if value, gradient, value_and_gradient, hessian, eigenbasis or single_precision disagree."""
    _check_slopes(probe)
    _check_fused(probe)
    _check_hessian(probe)
    _check_eigenbasis(probe)
    _check_single_precision(probe)


def _check_slopes(probe: Probe) -> None:
    """The gradient along random directions, and its own, against differences of the value."""
    problem, rng = probe.problem, probe.rng(12)
    places = np.concatenate([probe.landmarks, rng.permutation(probe.places)[:_PLACES]])
    for W, gradient in zip(places, np.asarray(problem.gradient(places)), strict=True):
        for D in rng.standard_normal((2, *W.shape)):
            if gradient.any() and rng.random() < 0.5:
                D = gradient
            D = D / np.linalg.norm(D)
            slope, quotient, wrong = _derivative(problem.value, partial(_slope, problem, D), W, D, scale=0.0)
            if wrong:
                raise Refuted(
                    f"{probe.name}.gradient must be the gradient of value: along D it says {slope[0]:.6g}, differences "
                    f"of value say {quotient[0]:.6g}",
                    W=W,
                    D=D,
                )


def _slope(problem: Problem, D: Array, W: Array) -> Array:
    return np.asarray(np.sum(np.asarray(problem.gradient(W)) * D, axis=(1, 2)))


def _products(hessian: Any, D: Array, W: Array) -> Array:
    return np.stack([hessian(V)(D) for V in W])


def _derivative(
    function: Callable[[Array], Array], derivative: Callable[[Array], Array], W: Array, D: Array, scale: float
) -> tuple[Array, Array, bool]:
    """What is said and what is seen of the derivative at W along D, (q,), and whether they contradict each other.

    A difference quotient is the mean of the derivative over its segment, which Simpson's rule makes of three values.
    Both are maps (k, m, n) to (k, ...). The step is the one at which the derivative bends least and the mismatch is
    most stable: where a step is too long for a function that turns sharply, the derivative itself shows it.
    """
    h = (1 + float(np.abs(W).max())) / float(np.linalg.norm(D)) * _STEPS
    moves = h[:, None, None] * D
    ahead, behind = _rows(function(W + moves)), _rows(function(W - moves))
    before, middle, after = (_rows(derivative(V)) for V in (W - moves, W[None], W + moves))
    quotient = (ahead - behind) / (2 * h[:, None])
    mismatch = quotient - (before + 4 * middle + after) / 6
    change = np.linalg.norm(np.diff(mismatch, axis=0), axis=1)
    size = np.linalg.norm(ahead, axis=1) + np.linalg.norm(behind, axis=1) + scale
    error = np.maximum(change[:-1], change[1:]) + (np.linalg.norm(before - 2 * middle + after, axis=1))[1:-1]
    error = np.nan_to_num(error + (64 * EPS * size / h)[1:-1], nan=math.inf)
    i = int(error.argmin()) + 1
    tolerance = 10 * error[i - 1] + 1e-6 * (np.linalg.norm(middle) + np.linalg.norm(quotient[i]))
    return middle[0], quotient[i], bool(np.linalg.norm(mismatch[i]) > tolerance)


def _rows(values: Array) -> Array:
    return np.asarray(values, dtype=float).reshape(len(values), -1)


def _check_fused(probe: Probe) -> None:
    fused: Any = getattr(probe.problem, "value_and_gradient", None)
    if fused is None:
        return
    W = probe.places
    value, G = probe.problem.value(W), probe.problem.gradient(W)
    values, slopes = fused(W)
    if np.shape(values) != value.shape or not (np.abs(values - value) <= 1e-9 * np.abs(value) + probe.resolution).all():
        raise Refuted(f"{probe.name}.value_and_gradient must return value(W) first, and does not")
    if np.shape(slopes) != G.shape or not agree(slopes, G, np.sqrt(squared_norms(G)) + probe.gradient_scale, 1e-9):
        raise Refuted(f"{probe.name}.value_and_gradient must return gradient(W) second, and does not")


def _check_hessian(probe: Probe) -> None:
    """A member ``hessian``, a linear map at one W, against differences of the gradient."""
    hessian: Any = getattr(probe.problem, "hessian", None)
    if hessian is None:
        return

    rng = probe.rng(13)
    for W in np.concatenate([probe.landmarks, rng.permutation(probe.trajectory)[:4]]):
        D = rng.standard_normal(W.shape)
        if np.shape(hessian(W)(D)) != W.shape:
            raise Refuted(f"{probe.name}.hessian(W)(D) must have the shape of D, it has {np.shape(hessian(W)(D))}")
        products = partial(_products, hessian, D)
        product, quotient, wrong = _derivative(probe.problem.gradient, products, W, D, scale=probe.gradient_scale)
        if wrong:
            raise Refuted(
                f"{probe.name}.hessian(W)(D) must be the derivative of the gradient along D: it has norm "
                f"{np.linalg.norm(product):.6g}, differences of the gradient {np.linalg.norm(quotient):.6g}, and they "
                f"are {np.linalg.norm(product - quotient):.3g} apart",
                W=W,
                D=D,
            )


def _check_eigenbasis(probe: Probe) -> None:
    basis: Any = getattr(probe.problem, "eigenbasis", None)
    if basis is None:
        return
    W = probe.places
    E = basis.coordinates(W)
    scale = np.sqrt(squared_norms(W)) + np.linalg.norm(basis.centre)
    if not agree(basis.matrices(E), W, scale, 1e-9):
        raise Refuted(f"{probe.name}.eigenbasis must have orthogonal left and right: coordinates do not lead back")
    sums = basis.floor + np.sum(basis.curvatures * E**2, axis=(1, 2)) / 2
    value, G = probe.problem.value(W), probe.problem.gradient(W)
    size = float(np.max(basis.curvatures)) * squared_norms(E) + np.abs(value) + probe.resolution
    if (wrong := np.flatnonzero(~(np.abs(sums - value) <= 1e-9 * size))).size:
        i = wrong[0]
        raise Refuted(
            f"{probe.name}.eigenbasis must give f as floor + sum curvatures E^2 / 2: it gives {sums[i]:.6g}, value "
            f"gives {value[i]:.6g}",
            W=W[i],
        )
    turned = basis.curvatures * E
    turned = turned if basis.left is None else basis.left @ turned
    turned = turned if basis.right is None else turned @ basis.right.T
    if not agree(turned, G, np.sqrt(squared_norms(G)) + np.max(basis.curvatures) * scale, 1e-9):
        raise Refuted(f"{probe.name}.eigenbasis must give the gradient as curvatures E: it gives another one")


def _check_single_precision(probe: Probe) -> None:
    single: Any = getattr(probe.problem, "single_precision", None)
    if single is None:
        return
    W = np.concatenate([probe.landmarks, probe.rng(14).standard_normal((4, *probe.problem.shape))])
    value, G = np.asarray(probe.problem.value(W)), np.asarray(probe.problem.gradient(W))
    narrow = W.astype(np.float32)
    low_value, low_G = single.value(narrow), single.gradient(narrow)
    if low_value.dtype != np.float32 or low_G.dtype != np.float32:
        raise Refuted(f"{probe.name}.single_precision must return float32, got {low_value.dtype} and {low_G.dtype}")
    near = np.abs(low_value - value) <= 1e-4 * (np.abs(value) + np.abs(value).max())
    if not near.all() or not agree(low_G, G, np.sqrt(squared_norms(G)) + probe.gradient_scale, 1e-4):
        raise Refuted(f"{probe.name}.single_precision must be the same function to 1e-4, and is not")
