"""A two-layer ReLU network whose first matrix is adapted and whose second stays frozen: one matrix, so a problem."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rac_theory.problems import checks
from rac_theory.problems.batch import in_chunks, matrices
from rac_theory.problems.checks import Array
from rac_theory.problems.digest import digest
from rac_theory.problems.value import Value


@dataclass(frozen=True, eq=False, repr=False)
class ReLUNetwork(Value):
    r"""Mean cross-entropy of :math:`\mathrm{softmax}(\max(x_i^\top W, 0)\, V)`, as a function of W alone.

    No constant of it is known that a theorem could use: the gradient is not even continuous. It is for experiments.

    Parameters
    ----------
    X : (N, d)
        Features.
    labels : (N,)
        Integers in 0..k - 1.
    V : (h, k)
        The second matrix, frozen.
    """

    X: Array
    labels: NDArray[Any]
    V: Array

    L: ClassVar[float] = float("nan")
    mu: ClassVar[float] = float("nan")
    strong_convexity: ClassVar[float] = float("nan")
    convex: ClassVar[bool] = False
    f_star: ClassVar[float] = float("nan")
    f_lower: ClassVar[float] = 0.0
    smoothness: ClassVar[None] = None

    def __post_init__(self) -> None:
        X, V, labels = checks.array("X", self.X, ndim=2), checks.array("V", self.V, ndim=2), np.asarray(self.labels)
        if labels.shape != (len(X),):
            raise ValueError(f"labels must have one entry for each of the {len(X)} rows of X, got {labels.shape}")
        if labels.min() < 0 or labels.max() >= V.shape[1]:
            raise ValueError(f"labels must be in 0..{V.shape[1] - 1}, got {labels.min()}..{labels.max()}")
        vars(self).update(X=X, V=V, labels=labels.astype(np.int64))

    def __repr__(self) -> str:
        shapes = f"{len(self.X)}x{self.X.shape[1]}, {self.V.shape[0]} hidden, {self.V.shape[1]} classes"
        return f"{type(self).__name__}({shapes} {digest(self.X, self.labels, self.V)})"

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (d, h) of W."""
        return self.X.shape[1], len(self.V)

    def value(self, W: Array, /) -> Array:
        """f at each matrix of a batch: (..., d, h) to (...)."""
        return self.value_and_gradient(W)[0]

    def gradient(self, W: Array, /) -> Array:
        """The gradient at each matrix of a batch: (..., d, h) to (..., d, h); at a kink that of the flat side."""
        return self.value_and_gradient(W)[1]

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data."""
        return in_chunks(self._value_and_gradient, matrices(W, self.shape), self.X.shape[0] * len(self.V))

    def predict(self, W: Array, X: Array) -> NDArray[np.int64]:
        """Return the most likely class of each row of X, (N', d), for each matrix of a batch: (..., N')."""
        return np.asarray(np.argmax(np.maximum(X @ W, 0.0) @ self.V, axis=-1))

    def _value_and_gradient(self, W: Array) -> tuple[Array, Array]:
        hidden = np.maximum(self.X @ W, 0.0)
        scores = hidden @ self.V
        scores -= scores.max(axis=-1, keepdims=True)
        rows = np.arange(len(self.X))
        own = scores[:, rows, self.labels]
        np.exp(scores, out=scores)
        sums = scores.sum(axis=-1, keepdims=True)
        loss = (np.log(sums[..., 0]) - own).mean(axis=-1)
        scores /= sums
        scores[:, rows, self.labels] -= 1.0
        back = (scores @ self.V.T) * (hidden > 0)
        return loss, self.X.T @ (back / len(self.X))
