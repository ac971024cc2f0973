"""A two-layer ReLU network whose two matrices are trained together, packed into one column."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rac_theory.base import Array, Value, checks, digest, matrices
from rac_theory.problems.cross_entropy import losses_and_slopes, one_hot
from rac_theory.problems.finite_sum import Indices
from rac_theory.problems.layers import Layers
from rac_theory.problems.problem import OnePass, Uncertified


@dataclass(frozen=True, eq=False, repr=False)
class ReLUNetwork(Uncertified, OnePass, Value):
    r"""Mean cross-entropy of :math:`\mathrm{softmax}(\max(x_i^\top W_1, 0)\, W_2)`, as a function of both matrices.

    No constant of it is known that a theorem could use: the gradient is not even continuous. It is for experiments.

    Parameters
    ----------
    X : (N, d)
        Features.
    labels : (N,)
        Integers in 0..k - 1.
    hidden : int
        The number h of hidden units, >= 1.
    classes : int
        The number k of classes, >= 1; some may have no sample, as on a client that has seen few of them.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems.relu_network import ReLUNetwork
    >>> network = ReLUNetwork(np.eye(4), labels=[0, 1, 2, 2], hidden=3, classes=3)
    >>> network.layers
    Layers(W1 4x3, W2 3x3)
    >>> f"{network.value(np.zeros(network.shape)):.4f}"  # log 3: it knows nothing yet
    '1.0986'
    """

    X: Array
    labels: NDArray[Any]
    hidden: int
    classes: int

    L: ClassVar[float] = float("nan")
    L_max: ClassVar[float] = float("nan")
    mu: ClassVar[float] = float("nan")
    strong_convexity: ClassVar[float] = 0.0
    smoothness: ClassVar[None] = None

    def __post_init__(self) -> None:
        X, labels = checks.array("X", self.X, ndim=2), np.asarray(self.labels)
        hidden, classes = checks.integer("hidden", self.hidden, 1), checks.integer("classes", self.classes, 1)
        if labels.shape != (len(X),):
            raise ValueError(f"labels must have one entry for each of the {len(X)} rows of X, got {labels.shape}")
        if labels.min() < 0 or labels.max() >= classes:
            raise ValueError(f"labels must be in 0..{classes - 1}, got {labels.min()}..{labels.max()}")
        vars(self).update(X=X, labels=labels.astype(np.int64), hidden=hidden, classes=classes)

    def __repr__(self) -> str:
        shapes = f"{len(self.X)}x{self.X.shape[1]}, {self.hidden} hidden, {self.classes} classes"
        return f"{type(self).__name__}({shapes} {digest(self.X, self.labels)})"

    @cached_property
    def layers(self) -> Layers:
        """W1, d x h, and W2, h x k."""
        return Layers(((self.X.shape[1], self.hidden), (self.hidden, self.classes)))

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the column that both are packed into."""
        return self.layers.shape

    @property
    def n_components(self) -> int:
        """The number N of samples."""
        return len(self.X)

    @property
    def targets(self) -> NDArray[np.int64]:
        """The labels, (N,)."""
        return self.labels

    def subset(self, rows: ArrayLike) -> Self:
        """The same network on some of the samples."""
        numbers = np.asarray(rows)
        return type(self)(self.X[numbers], self.labels[numbers], self.hidden, self.classes)

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data; at a kink the gradient is that of the flat side."""
        W = matrices(W, self.shape)
        values, gradients = np.empty(W.shape[:-2]), np.empty(W.shape)
        views, into = self.layers.views(W), self.layers.views(gradients)
        for run in np.ndindex(values.shape):  # one after the other: the hidden units of a few fill the cache
            values[run], *of_layers = _pass(self.X, self.labels, *(view[run] for view in views))
            for view, gradient in zip(into, of_layers, strict=True):
                view[run] = gradient
        return values, gradients

    def component_gradient(self, W: Array, indices: Indices, /) -> Array:
        """The mean gradient of the listed samples of each run: (runs, size, 1), (runs, b) to (runs, size, 1)."""
        views = self.layers.views(matrices(W, self.shape))
        return self.layers.pack(_pass(self.X[indices], self.labels[indices], *views)[1:])

    def predict(self, W: Array, X: Array) -> NDArray[np.int64]:
        """Return the most likely class of each row of X, (N', d), for each column of a batch: (..., N')."""
        W1, W2 = self.layers.views(W)
        return np.asarray(np.argmax(np.maximum(X @ W1, 0.0) @ W2, axis=-1))


def _pass(X: Array, labels: NDArray[np.int64], W1: Array, W2: Array) -> Sequence[Array]:
    """Return the mean loss of the samples, (..., N, d), and its gradients in both matrices."""
    hidden = np.maximum(X @ W1, 0.0)
    losses, slopes = losses_and_slopes(hidden @ W2, one_hot(labels, W2.shape[-1]), axis=-1)
    slopes /= X.shape[-2]
    back = (slopes @ W2.mT) * (hidden > 0)
    return losses.mean(axis=-1), X.mT @ back, hidden.mT @ slopes
