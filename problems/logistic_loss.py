"""The mean logistic loss of a linear model: what LogisticRegression and NonconvexLogistic have in common."""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from problems.checks import Array
from problems.features import Features, adjoint, largest_gram_eigenvalue, scores
from problems.labels import listed, sorted_classes
from problems.rounding import rounded


def signs(y: ArrayLike, rows: int) -> Array:
    """Map two distinct labels to -1 and +1 in sorted order, (N,)."""
    classes, positions = sorted_classes("y", y, rows)
    if len(classes) != 2:
        raise ValueError(f"y must have exactly two distinct labels, got {len(classes)}: {listed(classes)}")
    result = np.where(positions == 1, 1.0, -1.0)
    result.flags.writeable = False
    return result


def loss_and_gradient(X: Features, y: Array, W: Array) -> tuple[Array, Array]:
    """``(1/N) sum log(1 + exp(-z_i))``, ``z_i = y_i x_i'w``, and its gradient: (..., d, 1) to (...), (..., d, 1).

    Only ``exp(-|z|)``, which cannot overflow, is ever computed. The logarithm of a rounded ``1 + exp(-|z|)`` is within
    one eps of the true one, which is all that the mean of the losses is good for, and several times faster than log1p.
    """
    Z = scores(X, W)
    Z *= y
    E = np.abs(Z)
    E *= -1
    np.exp(E, out=E)
    total, wrong = 1 + E, Z <= 0
    losses = np.log(total)
    losses -= np.minimum(Z, 0.0, out=Z)
    np.copyto(E, 1.0, where=wrong)
    E /= total  # the probability given to the wrong label
    E *= y / -len(y)
    return np.asarray(losses.mean(axis=(-2, -1))), adjoint(X, E)


def loss_slopes(y: Array, Z: Array) -> Array:
    """The derivatives of ``log(1 + exp(-y z))`` in the scores z, entry by entry."""
    return -y * expit(-y * Z)


def curvatures(X: Features, y: Array, W: Array) -> Array:
    """The second derivatives of the terms of the mean, (1, N): the Hessian at W, (d, 1), is ``X' diag X``."""
    E = np.exp(-np.abs(y * scores(X, W)))
    return np.asarray(E / (1.0 + E) ** 2 / len(y))


def smoothness(X: Features, penalty: float) -> float:
    """``lambda_max(X'X) / (4N) + penalty``, rounded up: L, as the logistic loss has second derivative at most 1/4."""
    return rounded(Fraction(largest_gram_eigenvalue(X)) / (4 * X.shape[0]) + Fraction(penalty), math.inf)
