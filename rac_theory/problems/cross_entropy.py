"""The cross-entropy of the softmax of scores and its slopes: of linear models with a ridge penalty, and of networks."""

import math
from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, sealed, sorted_classes
from rac_theory.problems.features import Samples, features, gradient_rounding, loss_rounding, squared_row_norms
from rac_theory.problems.finite_sum import cross_entropy_infima
from rac_theory.problems.linear_model import RidgeModel
from rac_theory.problems.minimise import UNATTAINED, minimise
from rac_theory.problems.problem import Certified, Minimum, OnePass, Uncertified


class Labelled(Samples):
    """Samples of classes: a label for each row of X. A subclass has these fields and checks them before others."""

    labels: NDArray[Any]
    classes: NDArray[Any]

    targets_field: ClassVar[str] = "labels"

    def _check_samples(self) -> None:
        X = features("X", self.X)
        classes, positions = sorted_classes("labels", self.labels, X.shape[0])
        vars(self).update(X=X, labels=sealed(classes[positions]), classes=classes)

    @cached_property
    def _positions(self) -> NDArray[np.intp]:
        """The class of each sample, counted from 0, (N,)."""
        return np.searchsorted(self.classes, self.labels)


class CrossEntropyOfNetwork(Uncertified, Labelled, OnePass):
    """What a subclass need not say: it has no loss below 0, and no constant beyond L.

    It says how value and gradient are computed.
    """

    mu: ClassVar[float] = math.nan
    strong_convexity: ClassVar[float] = math.nan

    @cached_property
    def _is_label(self) -> NDArray[np.bool_]:
        """Whether a class is that of a sample, (k, N)."""
        return np.ascontiguousarray(one_hot(self._positions, len(self.classes)).T)


def losses_and_slopes(Z: Array, labels: NDArray[np.bool_], axis: int = -2) -> tuple[Array, Array]:
    """Return the losses of all samples, (..., N), from scores Z, (..., k, N), and their slopes in the place of Z.

    Parameters
    ----------
    Z : (..., k, N)
        The scores.
    labels : (k, N)
        Whether a class is that of a sample.
    axis : int
        The axis of classes, in both.
    """
    Z -= Z.max(axis=axis, keepdims=True)
    of_labels = np.where(labels, Z, 0.0).sum(axis=axis)
    np.exp(Z, out=Z)
    total = Z.sum(axis=axis, keepdims=True)
    Z /= total
    Z -= labels
    return np.log(total.squeeze(axis)) - of_labels, Z


def score_slopes(Z: Array, labels: NDArray[np.intp]) -> Array:
    """Return the slopes of the losses in scores Z, (..., b, k), in the place of Z, for ``labels``, (..., b)."""
    Z -= Z.max(axis=-1, keepdims=True)
    np.exp(Z, out=Z)
    Z /= Z.sum(axis=-1, keepdims=True)
    Z -= one_hot(labels, Z.shape[-1])
    return Z


def one_hot(labels: NDArray[Any], k: int) -> NDArray[np.bool_]:
    """Return whether each of k classes is that of a sample: (..., N) to (..., N, k)."""
    return np.asarray(labels[..., None] == np.arange(k))


class RegularisedLoss(Certified, RidgeModel, OnePass):
    """The constants that follow from l2, and the certified minimum: a subclass has the fields X and l2."""

    convex: ClassVar[bool] = True

    @property
    @abstractmethod
    def _classes_and_stretch(self) -> tuple[int, float]:
        """What ``cross_entropy_infima`` asks for: the number of classes, and how much the penalty is stretched."""

    @abstractmethod
    def hessian(self, W: Array, /) -> Callable[[Array], Array]:
        """The Hessian at one W as a linear map."""

    @property
    def mu(self) -> float:
        """``l2``; 0, which says that there is none, without a penalty."""
        return self.l2

    @property
    def strong_convexity(self) -> float:
        """``l2``: no more, as the loss itself flattens far out."""
        return self.l2

    @cached_property
    def minimum(self) -> Minimum:
        """The minimiser and its certificate; costs one run of Newton's method."""
        return minimise(self) if self.l2 > 0 else UNATTAINED

    @cached_property
    def component_infima(self) -> Array:
        """The infimum of each component, (N,), rounded down: 0 without a penalty, unless x_i = 0."""
        return cross_entropy_infima(squared_row_norms(self.X), self.l2, *self._classes_and_stretch)

    def rounding(self, W: Array, /) -> float:
        """A bound on the rounding error of the value at one W."""
        return loss_rounding(self.X, W, float(self.value(W)))

    def gradient_rounding(self, W: Array, /) -> float:
        """A bound on the norm of the rounding error of the gradient at one W."""
        return gradient_rounding(self.X, W, self.l2, self.L)

    def _provenance(self, L: str) -> dict[str, str]:
        """Where each constant comes from; that of L depends on the loss."""
        mu = "l2, the modulus of strong convexity" if self.l2 > 0 else "0: bounded gradient, unbounded f"
        return {"L": L, "mu": mu, "f_star": self.minimum.provenance, "smoothness": self._smoothness_source}
