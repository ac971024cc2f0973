"""A mean of losses of scores ``x_i' W`` plus a penalty: the components of every problem that is made of data."""

import math
from abc import ABC, abstractmethod
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

import numpy as np

from rac_theory.base import Array, matrices
from rac_theory.numerics import identity, raised, rounded
from rac_theory.problems.features import Samples, gathered, gram_of_columns, squared_row_norms
from rac_theory.problems.finite_sum import Indices
from rac_theory.problems.smoothness import LARGEST_SIDE, Smoothness


class LinearModel(Samples, ABC):
    """The finite sum of ``f_i(W) = loss_i(x_i' W) + penalty(W)``.

    A subclass is a frozen dataclass with a field X. It says how its losses slope and how they and its penalty curve.
    """

    loss_curvature: ClassVar[float]  # no loss has a larger second derivative in its scores; a float exactly
    smoothness_formula: ClassVar[str]  # what ``smoothness`` is

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """The shape of W."""

    @property
    @abstractmethod
    def L(self) -> float:
        """Lipschitz constant of the gradient, the penalty included, rounded up."""

    @property
    @abstractmethod
    def component_infima(self) -> Array:
        """A proved lower bound of each component, (N,)."""

    @property
    @abstractmethod
    def _penalty_curvature(self) -> float:
        """The largest second derivative of the penalty, exactly."""

    @abstractmethod
    def _penalty_gradient(self, W: Array) -> Array:
        """The gradient of the penalty: (..., m, n) to (..., m, n)."""

    @abstractmethod
    def _loss_slopes(self, Z: Array, indices: Indices) -> Array:
        """The derivatives of the losses ``indices``, (..., b), in their scores Z, (..., b, n), which it may destroy."""

    @cached_property
    def L_max(self) -> float:
        """The largest ``c ||x_i||^2`` plus the curvature of the penalty, rounded up; c is that of the loss."""
        largest = Fraction(float(squared_row_norms(self.X).max()))
        return rounded(Fraction(self.loss_curvature) * largest + Fraction(self._penalty_curvature), math.inf)

    @property
    def smoothness(self) -> Smoothness:
        """``c X'X/N (x) R + p I``, rounded up: c R bounds how losses curve in their scores, p is that of the penalty.

        Where W has a side longer than ``LARGEST_SIDE`` it is ``L I``, as X'X, which is dense, is not formed then. The
        rounding of X'X is allowed N eps of its trace. With millions of rows that can be more than a billionth of L, by
        which the smoothness of least squares may then exceed its L, as that comes from singular values.
        """
        return self._gram_smoothness if self._is_small else Smoothness.isotropic(self.L, self.shape)

    @cached_property
    def _gram_smoothness(self) -> Smoothness:
        (d, n), R, penalty = self.shape, self._class_curvature, self._penalty_curvature
        G, error = gram_of_columns(self.X)
        S, slack = G * (self.loss_curvature / self.n_components), error * self.loss_curvature / self.n_components
        if R is None:
            return Smoothness.of_terms([(raised(S, penalty + slack), identity(n))])
        return Smoothness.of_terms([(raised(S, slack), R), *[(identity(d, penalty), identity(n))] * (penalty > 0)])

    @property
    def _class_curvature(self) -> Array | None:
        """R (n, n) with ``loss_curvature R`` above the Hessian of each loss in its n scores, rounded up; None is I."""
        return None

    @property
    def _is_small(self) -> bool:
        return max(self.shape) <= LARGEST_SIDE

    @property
    def _smoothness_source(self) -> str:
        """Where ``smoothness`` comes from."""
        if self._is_small:
            return f"{self.smoothness_formula}, rounded up"
        return f"L I: W has a side longer than {LARGEST_SIDE}, for which no X'X is formed"

    def component_gradient(self, W: Array, indices: Indices, /) -> Array:
        """The mean gradient of the listed components of each run: (runs, m, n), (runs, b) to (runs, m, n)."""
        W = matrices(W, self.shape)
        rows = gathered(self.X, indices)
        slopes = self._loss_slopes(rows @ W, indices)
        return np.asarray(rows.mT @ slopes / indices.shape[-1] + self._penalty_gradient(W))


class RidgeModel(LinearModel):
    """The finite sum of ``loss_i(x_i' W) + l2/2 ||W||^2``."""

    l2: float

    @property
    def _penalty_curvature(self) -> float:
        return self.l2

    def _penalty_gradient(self, W: Array) -> Array:
        return self.l2 * W
