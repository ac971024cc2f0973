"""A smooth two-layer network of which both matrices are trained: packed into one column, with proved constants."""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, Value, in_chunks, matrices, squared_norms
from rac_theory.base.checks import array, count, finite, integer, weight
from rac_theory.numerics import EPS, rounded
from rac_theory.problems import datasets
from rac_theory.problems.cross_entropy import CrossEntropyOfNetwork, losses_and_slopes, score_slopes
from rac_theory.problems.datasets import short_name
from rac_theory.problems.features import (
    Features,
    adjoint,
    gathered,
    largest_gram_eigenvalue,
    scores,
    squared_row_norms,
)
from rac_theory.problems.finite_sum import Indices
from rac_theory.problems.layers import Layers
from rac_theory.problems.tanh_curvature import curvature_in_both_layers, of_capped_head
from rac_theory.problems.two_layer_certificate import Neighbourhood, certified_steps, measured

_CACHED = 1 << 16  # numbers


@dataclass(frozen=True, eq=False, repr=False)
class TwoLayerNetwork(CrossEntropyOfNetwork, Value):
    r"""Mean cross-entropy of :math:`\mathrm{softmax}(\tanh(x_i^\top W_1) V / \sqrt h)`, both matrices trained.

    They are packed into one column W, and :math:`\frac{l2}{2} \|W\|^2` is added. The head is capped, :math:`V = c
    \tanh(W_2 / c)` entry by entry, and so f is smooth, with a constant L that follows from the data. Without a cap it
    has none: only ``certified_step`` says then how far a step may go.

    Parameters
    ----------
    X : (N, d)
        Features, dense or SciPy sparse, one sample a row. Not zero.
    labels : (N,)
        Class labels of any kind, k >= 2 distinct ones; column j of the head belongs to the j-th in sorted order.
    hidden : int
        The number h of hidden units.
    cap : float
        The c that no entry of V exceeds, in 1e-12..1e12, so that no score exceeds c sqrt h; ``math.inf`` for V = W2.
    l2 : float
        Weight of the penalty, >= 0, in units of the loss per squared unit of W.
    seed : int
        The seed of the start, in 0..2**32 - 1.
    name : str
        How the data were made, such as ``digits()``, for the repr.

    Notes
    -----
    Nothing is known of a PL constant or of the minimum; no loss is negative, so ``f_lower`` is 0. W = 0 is stationary.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from rac_theory.problems import TwoLayerNetwork
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> problem = TwoLayerNetwork(X, labels=["ant", "bee"], hidden=3)
    >>> problem.layers, problem.shape, problem.mu
    (Layers(hidden 2x3, head 3x2), (12, 1), nan)
    >>> print(f"L = {problem.L:.4f}")
    L = 1.6781
    >>> W = problem.start
    >>> bool(problem.certified_step(W, problem.gradient(W)) > 1 / problem.L)
    True
    >>> TwoLayerNetwork(X, ["ant", "bee"], 3, cap=math.inf).L
    nan
    """

    X: Features
    labels: NDArray[Any]
    hidden: int
    cap: float = 1.0
    l2: float = 0.0
    seed: int = 0
    name: str = field(default="", kw_only=True)
    classes: NDArray[Any] = field(init=False)

    def __post_init__(self) -> None:
        self._check_samples()
        cap = math.inf if isinstance(self.cap, float) and self.cap == math.inf else finite("cap", self.cap, above=0)
        if not (1e-12 <= cap <= 1e12 or cap == math.inf):
            raise ValueError(f"cap must be math.inf or of size 1e-12..1e12, got {cap:.3g} (other units?)")
        hidden = count("hidden", self.hidden)
        count("hidden (d + k)", hidden * (self.X.shape[1] + len(self.classes)))
        integers = {"hidden": hidden, "cap": cap, "seed": integer("seed", self.seed, 0, 2**32 - 1)}
        vars(self).update(l2=weight("l2", self.l2), **integers)

    def __repr__(self) -> str:
        parameters = {"hidden": self.hidden, "cap": self.cap, "l2": self.l2, "seed": self.seed}
        return short_name(self, self.name, self.X.shape, self.X, self.labels, **parameters)

    @classmethod
    def digits(cls, hidden: int, cap: float = 1.0, l2: float = 0.0, seed: int = 0) -> Self:
        """The handwritten digits of scikit-learn, 1,797 x 64, ten classes, features standardised.

        Examples
        --------
        >>> from rac_theory.problems import TwoLayerNetwork
        >>> problem = TwoLayerNetwork.digits(hidden=32)
        >>> problem.layers, problem.n_components
        (Layers(hidden 64x32, head 32x10), 1797)
        """
        X, labels = datasets.bundled("digits")
        return cls(X, labels, hidden, cap, l2, seed, name="digits()")

    @cached_property
    def layers(self) -> Layers:
        """The two matrices, (d, h) and (h, k), that are packed into one column."""
        k = len(self.classes)
        return Layers(((self.X.shape[1], self.hidden), (self.hidden, k)), ("hidden", "head"))

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the column, (d h + h k, 1)."""
        return self.layers.shape

    @cached_property
    def start(self) -> Array:
        """Gaussian: hidden scores of variance 1 in the mean over samples, a head of variance 1, or cap^2 if less."""
        rng, (hidden, head) = np.random.default_rng(self.seed), self.layers.shapes
        drawn = [rng.standard_normal(hidden) / self._row_norm, min(self.cap, 1.0) * rng.standard_normal(head)]
        return array("start", self.layers.pack(drawn))

    @cached_property
    def L(self) -> float:
        """The largest curvature in both layers, from ``lambda_max(X'X)/N``, h and the cap, plus l2, rounded up."""
        return self._curvature(self._gram)

    @cached_property
    def L_max(self) -> float:
        """The L of a single sample: that of all, with the largest ``||x_i||^2`` for ``lambda_max(X'X)/N``."""
        return self._curvature(Fraction(float(squared_row_norms(self.X).max())))

    def _curvature(self, gram: Fraction) -> float:
        if self.cap == math.inf:
            return math.nan
        curvature = curvature_in_both_layers(of_capped_head(gram, Fraction(self.cap), self.hidden))
        return rounded(Fraction(curvature) + Fraction(self.l2), math.inf)

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        proved = "largest curvature of both layers for lambda_max(X'X)/N, h and the cap, plus l2, rounded up"
        return {
            "L": proved if self.cap < math.inf else "nan: without a cap f is not smooth",
            "mu": "nan: no PL constant is known",
            "f_star": "nan: no certificate of a global minimum; no term is negative",
        }

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data."""
        return in_chunks(self._value_and_gradient, matrices(W, self.shape), self._numbers)

    def component_gradient(self, W: Array, indices: Indices, /) -> Array:
        """The mean gradient of the listed components of each run: (runs, size, 1), (runs, b) to (runs, size, 1)."""
        W = matrices(W, self.shape)
        W1, W2 = self.layers.views(W)
        rows, (V, slope) = gathered(self.X, indices), self._head(W2)
        A = np.tanh(rows @ W1)  # (runs, b, h)
        P = score_slopes(A @ V / math.sqrt(self.hidden), self._positions[indices])
        P /= math.sqrt(self.hidden) * indices.shape[-1]
        back = (P @ V.mT) * (1 - A * A)
        parts = [rows.mT @ back, slope * (A.mT @ P)]
        return np.asarray(self.layers.pack(parts) + self.l2 * W)

    def predict(self, W: Array, X: Array) -> NDArray[Any]:
        """Return the most likely class of each row of X, (N', d), for each column of a batch: (..., N')."""
        W1, W2 = self.layers.views(matrices(W, self.shape))
        return np.asarray(self.classes[np.argmax(np.tanh(X @ W1) @ self._head(W2)[0], axis=-1)])

    def certified_step(self, W: Array, G: Array, /) -> Array:
        """Return the longest gamma that is proved here for a step from W along -G: (..., size, 1) twice to (...).

        For every block diagonal orthogonal projection H, one that acts in each layer by itself, no second derivative of
        f on the way from W to W - gamma H G exceeds 1/gamma. So if G is the gradient, ``f(W - gamma H G)`` is at most
        ``f(W) - gamma ||H G||^2 / 2``. It depends on W and G alone, and is never less than 1/L; where there is no L, it
        is 0 for what is not finite.
        """
        W, G = np.broadcast_arrays(*(np.float64(matrices(M, self.shape, name)) for M, name in ((W, "W"), (G, "G"))))
        runs, gram = W.reshape(-1, *self.shape), rounded(self._gram, math.inf)
        finite, lost = np.isfinite(runs).all(axis=(-2, -1)), (self.X.shape[1] + 2) * EPS * self._row_norm
        rows = np.full((4, len(runs)), math.nan)
        with np.errstate(invalid="ignore", over="ignore"):
            for some in np.array_split(np.flatnonzero(finite), 1 + len(runs) * self._numbers // _CACHED):
                W1, W2 = self.layers.views(runs[some])
                A, V, _, _, R = self._forward(W1, W2)
                rows[:, some] = measured(A, V, R, lost * np.linalg.norm(W1, axis=(-2, -1)))
            x, y = (np.linalg.norm(of_layer, axis=(-2, -1)).ravel() for of_layer in self.layers.views(G))
        floor = 0.0 if math.isnan(self.L) else rounded(1 / Fraction(self.L), -math.inf)
        near, up = Neighbourhood(gram, self.cap, self.hidden, *rows), 1 + self.shape[0] * EPS
        return certified_steps(near, up * x, up * y, self.l2, floor).reshape(W.shape[:-2])

    def _value_and_gradient(self, W: Array) -> tuple[Array, Array]:
        A, V, slope, losses, P = self._forward(*self.layers.views(W))
        P /= math.sqrt(self.hidden) * self.n_components
        gradient = self.l2 * W
        of_hidden, of_head = self.layers.views(gradient)
        of_head += slope * (A @ P.mT)
        back = V @ P
        back *= 1 - A * A
        of_hidden += adjoint(self.X, back)
        return losses.sum(axis=-1) / self.n_components + self.l2 / 2 * squared_norms(W), gradient

    def _forward(self, W1: Array, W2: Array) -> tuple[Array, Array, Any, Array, Array]:
        """Hidden units (..., h, N), the head and its slope (..., h, k), losses (..., N), their slopes (..., k, N)."""
        V, slope = self._head(W2)
        A = np.tanh(scores(self.X, W1))
        Z = V.mT @ A
        Z /= math.sqrt(self.hidden)
        return A, V, slope, *losses_and_slopes(Z, self._is_label)

    def _head(self, W2: Array) -> tuple[Array, Any]:
        if self.cap == math.inf:
            return W2, 1.0
        t = np.tanh(W2 / self.cap)
        return self.cap * t, 1 - t * t

    @property
    def _numbers(self) -> int:
        return self.n_components * (self.hidden + len(self.classes))  # in the arrays of a run

    @cached_property
    def _row_norm(self) -> float:
        """The root of the mean of ``||x_i||^2``, rounded up."""
        return math.sqrt(float(squared_row_norms(self.X).mean()) * (1 + self.n_components * EPS))

    @cached_property
    def _gram(self) -> Fraction:
        return Fraction(largest_gram_eigenvalue(self.X)) / self.n_components
