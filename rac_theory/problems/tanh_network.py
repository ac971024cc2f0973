"""A smooth two-layer network whose first matrix is trained and whose head is frozen: one matrix, proved constants."""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rac_theory.base import Array, Value, in_chunks, matrices, squared_norms
from rac_theory.base.checks import array, weight
from rac_theory.numerics import EPS, rounded
from rac_theory.problems import datasets
from rac_theory.problems.cross_entropy import CrossEntropyOfNetwork, losses_and_slopes, score_slopes
from rac_theory.problems.datasets import short_name
from rac_theory.problems.features import Features, adjoint, features, largest_gram_eigenvalue, scores
from rac_theory.problems.finite_sum import Indices
from rac_theory.problems.linear_model import RidgeModel
from rac_theory.problems.tanh_curvature import largest_curvature, squared_distance_of_columns


@dataclass(frozen=True, eq=False, repr=False)
class TanhNetwork(CrossEntropyOfNetwork, RidgeModel, Value):
    r"""Mean cross-entropy of :math:`\mathrm{softmax}(\tanh(x_i^\top W) V)`, plus :math:`\frac{l2}{2} \|W\|^2`.

    A network of two layers as a function of its first matrix: smooth, not convex, and all that T1 asks for is known.

    Parameters
    ----------
    X : (N, d)
        Features, dense or SciPy sparse, one sample a row. Not zero.
    labels : (N,)
        Class labels of any kind, k >= 2 distinct ones; column j of V belongs to the j-th in sorted order.
    V : (h, k)
        The head, which is not trained: from h hidden units to k scores. Not zero.
    l2 : float
        Weight of the penalty, >= 0, in units of the loss per squared unit of W.
    name : str
        How the data were made, such as ``digits()``, for the repr.

    Notes
    -----
    Nothing is known of a PL constant or of the minimum; no loss is negative, so ``f_lower`` is 0. W = 0 is a poor
    start: there all hidden units are zero.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import TanhNetwork
    >>> X, head = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, -1.0]])
    >>> problem = TanhNetwork(X, labels=["ant", "bee"], V=head)
    >>> problem.shape, problem.mu, problem.f_lower
    ((2, 1), nan, 0.0)
    >>> print(f"L = {problem.L:.4f}")
    L = 1.0361
    """

    X: Features
    labels: NDArray[Any]
    V: Array
    l2: float = 0.0
    name: str = field(default="", kw_only=True)
    classes: NDArray[Any] = field(init=False)

    smoothness_formula: ClassVar[str] = "X'X/N (x) diag(c) + l2 I, c_j the largest curvature of the losses along unit j"

    def __post_init__(self) -> None:
        self._check_samples()
        V = array("V", self.V, ndim=2)
        if V.shape[1] != len(self.classes):
            raise ValueError(f"V must have a column for each of the {len(self.classes)} classes, got shape {V.shape}")
        if not V.any():
            raise ValueError(f"V must not be zero, or f would be constant, got a zero matrix of shape {V.shape}")
        vars(self).update(V=features("V", V), l2=weight("l2", self.l2))

    def __repr__(self) -> str:
        return short_name(self, self.name, self.X.shape, self.X, self.labels, self.V, units=len(self.V), l2=self.l2)

    @classmethod
    def digits(cls, V: ArrayLike, l2: float = 0.0) -> Self:
        """The handwritten digits of scikit-learn, 1,797 x 64, ten classes, features standardised; V is (h, 10).

        Examples
        --------
        >>> import numpy as np
        >>> from rac_theory.problems import TanhNetwork
        >>> head = np.random.default_rng(0).standard_normal((32, 10)) / 32**0.5
        >>> problem = TanhNetwork.digits(head)
        >>> problem.shape, problem.n_components
        ((64, 32), 1797)
        """
        X, labels = datasets.bundled("digits")
        return cls(X, labels, V, l2, name="digits()")  # type: ignore[arg-type]

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (d, h) of W."""
        return self.X.shape[1], len(self.V)

    @cached_property
    def loss_curvature(self) -> float:  # type: ignore[override]
        """No loss has a second derivative beyond this, up or down, along a unit direction of the hidden scores."""
        return float(self._unit_curvatures.max())

    @cached_property
    def L(self) -> float:
        """``lambda_max(X'X)/N`` times the largest curvature of a loss along a hidden unit, plus l2, rounded up."""
        gram = Fraction(largest_gram_eigenvalue(self.X)) / self.n_components
        return rounded(gram * Fraction(self.loss_curvature) + Fraction(self.l2), math.inf)

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        return {
            "L": "lambda_max(X'X)/N max_j max_t (c^2 (1 - t^2)^2/4 + 2 range(V_j) t (1 - t^2)) + l2, rounded up; c is "
            "the largest distance of two columns of V",
            "mu": "nan: no PL constant is known",
            "f_star": "nan: no certificate of a global minimum; no term is negative",
            "smoothness": self._smoothness_source,
        }

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data."""
        return in_chunks(self._value_and_gradient, matrices(W, self.shape), self.n_components * sum(self.V.shape))

    def predict(self, W: Array, X: Array) -> NDArray[Any]:
        """Return the most likely class of each row of X, (N', d), for each matrix of a batch: (..., N')."""
        return np.asarray(self.classes[np.argmax(np.tanh(X @ W) @ self.V, axis=-1)])

    def _value_and_gradient(self, W: Array) -> tuple[Array, Array]:
        hidden = np.tanh(scores(self.X, W))  # (runs, h, N), as all that follows
        losses, slopes = losses_and_slopes(self.V.T @ hidden, self._is_label)
        back = self.V @ slopes
        back *= 1 - hidden * hidden
        loss = losses.sum(axis=-1) / self.n_components
        return loss + self.l2 / 2 * squared_norms(W), adjoint(self.X, back) / self.n_components + self.l2 * W

    def _loss_slopes(self, Z: Array, indices: Indices) -> Array:
        hidden = np.tanh(Z)  # (runs, b, h)
        P = score_slopes(hidden @ self.V, self._positions[indices])
        return np.asarray((P @ self.V.T) * (1 - hidden * hidden))

    @cached_property
    def single_precision(self) -> Self:
        """The same problem computed in float32, at a matrix in float32; for runs, not for constants."""
        single: Self = super().single_precision
        vars(single).update(V=self.V.astype(np.float32))
        return single

    @cached_property
    def _unit_curvatures(self) -> Array:
        """An upper bound of the curvature of every loss along each hidden score, (h,), off the diagonal counted in."""
        reach = Fraction(float(squared_distance_of_columns(self.V))) / 2
        ranges = [Fraction(float(row.max())) - Fraction(float(row.min())) for row in self.V]
        return np.array([largest_curvature(reach, spread) for spread in ranges])

    @property
    def _class_curvature(self) -> Array:
        """``diag(c) / max c``, raised by what the division may have lost."""
        return np.diag(self._unit_curvatures / self.loss_curvature * (1 + 2 * EPS))
