"""The mean logistic loss of a linear model and a penalty: the base of LogisticRegression and NonconvexLogistic."""

import math
from abc import abstractmethod
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.special import expit

from rac_theory.base import Array, in_chunks, listed, matrices, sorted_classes
from rac_theory.numerics import largest_logarithm, rounded, sum_of_logarithms
from rac_theory.problems.features import Features, adjoint, features, largest_gram_eigenvalue, scores
from rac_theory.problems.finite_sum import Indices
from rac_theory.problems.linear_model import LinearModel
from rac_theory.problems.problem import OnePass


class LogisticModel(LinearModel, OnePass):
    """Features and signs of the labels, the loss with its gradient, and slopes of components.

    A subclass is a frozen dataclass with the fields X and y, and says what its penalty is.
    """

    y: Array

    targets_field: ClassVar[str] = "y"
    loss_curvature: ClassVar[float] = 0.25

    @abstractmethod
    def _penalty(self, W: Array) -> Array:
        """The penalty: (..., d, 1) to (...)."""

    def _check_data(self) -> None:
        X = features("X", self.X)
        vars(self).update(X=X, y=signs(self.y, X.shape[0]))

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (d, 1) of W."""
        return (self.X.shape[1], 1)

    @cached_property
    def L(self) -> float:
        """``lambda_max(X'X) / (4N)`` and the curvature of the penalty, rounded up: the loss curves by at most 1/4."""
        curvature = Fraction(largest_gram_eigenvalue(self.X)) / (4 * self.X.shape[0])
        return rounded(curvature + Fraction(self._penalty_curvature), math.inf)

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data."""
        return in_chunks(self._value_and_gradient, matrices(W, self.shape), len(self.y))

    def _value_and_gradient(self, W: Array) -> tuple[Array, Array]:
        loss, gradient = loss_and_gradient(self._wrong_way, W)
        return loss + self._penalty(W), gradient + self._penalty_gradient(W)

    @cached_property
    def _wrong_way(self) -> Features:
        return wrong_way(self.X, self.y)

    def _loss_slopes(self, Z: Array, indices: Indices) -> Array:
        return loss_slopes(self.y[indices][..., None], Z)


def signs(y: ArrayLike, rows: int) -> Array:
    """Map two distinct labels to -1 and +1 in sorted order, (N,)."""
    classes, positions = sorted_classes("y", y, rows)
    if len(classes) != 2:
        raise ValueError(f"y must have exactly two distinct labels, got {len(classes)}: {listed(classes)}")
    result = np.where(positions == 1, 1.0, -1.0)
    result.flags.writeable = False
    return result


def wrong_way(X: Features, y: Array) -> Features:
    """Return the features ``-y_i x_i``, whose scores are the log odds of the wrong labels."""
    flipped = -y[:, None].astype(X.dtype)
    return csr_array(X.multiply(flipped)) if isinstance(X, csr_array) else X * flipped


def loss_and_gradient(X: Features, W: Array) -> tuple[Array, Array]:
    """``(1/N) sum log(1 + exp z_i)`` of the scores z of features the ``wrong_way``, and its gradient.

    Beyond the ``largest_logarithm`` a loss is its score, as far as digits go, and so what is beyond is added afterwards
    and nothing overflows. The logarithm of a rounded sum is within one eps of the true one and one of itself, which is
    all that the mean of the losses is good for, and several times faster than log1p.

    Parameters
    ----------
    X : (N, d)
    W : (..., d, 1)

    Returns
    -------
    (...), (..., d, 1)
    """
    Z = scores(X, W)
    beyond = None
    if not Z.max(initial=0.0) < (largest := largest_logarithm(Z.dtype)):  # also where some are nan
        beyond = np.maximum(Z - largest, 0.0)
        np.minimum(Z, largest, out=Z)
    odds = np.exp(Z, out=Z)
    total = 1 + odds
    odds /= total  # the probability given to the wrong label
    loss = sum_of_logarithms(total)
    if beyond is not None:
        loss += beyond.sum(axis=-1)
    return loss.sum(axis=-1) / X.shape[0], adjoint(X, odds) / X.shape[0]


def loss_slopes(y: Array, Z: Array) -> Array:
    """The derivatives of ``log(1 + exp(-y z))`` in the scores z, entry by entry."""
    return -y * expit(-y * Z)


def curvatures(X: Features, y: Array, W: Array) -> Array:
    """The second derivatives of the terms of the mean, (1, N): the Hessian at W, (d, 1), is ``X' diag X``."""
    E = np.exp(-np.abs(y * scores(X, W)))
    return np.asarray(E / (1.0 + E) ** 2 / len(y))
