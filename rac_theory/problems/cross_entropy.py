"""The cross-entropy of the softmax of scores, its slopes in them, and what is known of any network that it trains."""

import math
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array
from rac_theory.base.checks import array
from rac_theory.problems.problem import OnePass


class CrossEntropyOfNetwork(OnePass):
    """What a subclass need not say: it has labels, sorted classes, no loss below 0, and no constant beyond L.

    It says how value and gradient are computed.
    """

    labels: NDArray[Any]
    classes: NDArray[Any]

    mu: ClassVar[float] = math.nan
    strong_convexity: ClassVar[float] = math.nan
    convex: ClassVar[bool] = False
    f_star: ClassVar[float] = math.nan
    f_star_error: ClassVar[float] = math.nan
    f_lower: ClassVar[float] = 0.0
    W_star: ClassVar[None] = None
    targets_field: ClassVar[str] = "labels"

    @cached_property
    def component_infima(self) -> Array:
        """0 for each component, (N,): neither a loss nor the penalty is negative. The infima may be larger."""
        return array("component_infima", np.zeros(len(self.labels)))

    @cached_property
    def _positions(self) -> NDArray[np.intp]:
        """The class of each sample, counted from 0, (N,)."""
        return np.searchsorted(self.classes, self.labels)

    @cached_property
    def _own(self) -> NDArray[np.bool_]:
        """Whether a class is that of a sample, (k, N)."""
        return np.ascontiguousarray(_hot(self._positions, len(self.classes)).T)


def losses_and_slopes(Z: Array, labels: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the losses of all samples, (..., N), from scores Z, (..., k, N), and their slopes in the place of Z.

    Parameters
    ----------
    own : (k, N)
        Whether a class is that of a sample.
    """
    Z -= Z.max(axis=-2, keepdims=True)
    of_own = np.where(labels, Z, 0.0).sum(axis=-2)
    np.exp(Z, out=Z)
    total = Z.sum(axis=-2, keepdims=True)
    Z /= total
    Z -= labels
    return np.log(total[..., 0, :]) - of_own, Z


def score_slopes(Z: Array, labels: NDArray[np.intp]) -> Array:
    """Return the slopes of the losses in scores Z, (..., b, k), in their place, for the classes ``own``, (..., b)."""
    Z -= Z.max(axis=-1, keepdims=True)
    np.exp(Z, out=Z)
    Z /= Z.sum(axis=-1, keepdims=True)
    Z -= _hot(labels, Z.shape[-1])
    return Z


def _hot(labels: NDArray[np.intp], k: int) -> NDArray[np.bool_]:
    return np.asarray(labels[..., None] == np.arange(k))
