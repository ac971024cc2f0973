"""Softmax regression (multinomial logistic regression) without intercept, with an optional ridge penalty."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, Value, in_chunks, matrices, squared_norms
from rac_theory.base.checks import weight
from rac_theory.numerics import EPS, raised, rounded
from rac_theory.problems import datasets
from rac_theory.problems.cross_entropy import Labelled, RegularisedLoss, score_slopes
from rac_theory.problems.datasets import short_name
from rac_theory.problems.features import (
    Features,
    adjoint,
    largest_gram_eigenvalue,
    moderate_score,
    scores,
    squared_row_norms,
)
from rac_theory.problems.finite_sum import Indices

_ROWS = 900  # samples of a block: few enough for their scores in a chunk of runs to stay in the cache


@dataclass(frozen=True, eq=False, repr=False)
class SoftmaxRegression(Labelled, RegularisedLoss, Value):
    r"""Mean cross-entropy of :math:`\mathrm{softmax}(x_i^\top W)`, plus :math:`\frac{l2}{2} \|W\|^2`.

    Parameters
    ----------
    X : (N, d)
        Features, dense or SciPy sparse, one sample a row; there is no intercept. Not zero.
    labels : (N,)
        Class labels of any kind, k >= 2 distinct ones; column j of W belongs to the j-th in sorted order.
    l2 : float
        Weight of the penalty, >= 0, in units of the loss per squared unit of W.
    name : str
        How the data were made, such as ``digits()``, for the repr.

    Notes
    -----
    With ``l2 > 0`` the minimum is found and certified when ``f_star``, ``W_star`` or ``f_lower`` is first read.

    Without it f has no PL constant, for the reason that ``LogisticRegression`` gives: the gradient is bounded, and f is
    not, as the loss of a sample ``x_i != 0`` grows without limit when a wrong column of W is ``t x_i``.

    References
    ----------
    D. Böhning, *Multinomial logistic regression algorithm*, Ann. Inst. Statist. Math. 44 (1992): the Hessian of the
    cross-entropy in the scores, ``diag(p) - p p'``, is at most ``(I - 11'/k) / 2``, hence L.

    Examples
    --------
    >>> from rac_theory.problems import SoftmaxRegression
    >>> problem = SoftmaxRegression([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], labels=["ant", "bee", "cat"])
    >>> problem.shape, problem.classes.tolist()  # a column of W for each class
    ((2, 3), ['ant', 'bee', 'cat'])
    >>> print(f"{problem.value([[0.0] * 3] * 2):.4f}")  # log 3: without weights every class is as likely
    1.0986
    >>> SoftmaxRegression.digits(l2=0.1).shape, SoftmaxRegression.wine(l2=0.1).shape
    ((64, 10), (13, 3))
    """

    X: Features
    labels: NDArray[Any]
    l2: float = 0.0
    name: str = field(default="", kw_only=True)
    classes: NDArray[Any] = field(init=False)

    loss_curvature: ClassVar[float] = 0.5
    smoothness_formula: ClassVar[str] = "X'X/N (x) (I - 11'/k)/2 + l2 I (Böhning 1992)"

    def __post_init__(self) -> None:
        self._check_samples()
        vars(self).update(l2=weight("l2", self.l2))

    def __repr__(self) -> str:
        return short_name(self, self.name, self.X.shape, self.X, self.labels, l2=self.l2)

    @classmethod
    def digits(cls, l2: float = 0.0) -> Self:
        """The handwritten digits of scikit-learn, 1,797 x 64, ten classes, features standardised."""
        X, labels = datasets.bundled("digits")
        return cls(X, labels, l2, name="digits()")

    @classmethod
    def wine(cls, l2: float = 0.0) -> Self:
        """The wine recognition data of scikit-learn, 178 x 13, three classes, features standardised."""
        X, labels = datasets.bundled("wine")
        return cls(X, labels, l2, name="wine()")

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (d, k) of W."""
        return (self.X.shape[1], len(self.classes))

    @cached_property
    def L(self) -> float:
        """Böhning's bound ``lambda_max(X'X) / (2N) + l2``, rounded up."""
        return rounded(Fraction(largest_gram_eigenvalue(self.X)) / (2 * len(self.labels)) + Fraction(self.l2), math.inf)

    @property
    def _class_curvature(self) -> Array:
        """``I - 11'/k``, raised: its rounding is at most an eps and a half in norm."""
        k = len(self.classes)
        return raised(np.eye(k) - 1 / k, 2 * EPS)

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        return self._provenance("lambda_max(X'X)/(2N) + l2, rounded up (Böhning 1992)")

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data."""
        return in_chunks(
            self._value_and_gradient, matrices(W, self.shape), min(_ROWS, len(self.labels)) * (self.shape[1] - 1)
        )

    def _value_and_gradient(self, W: Array) -> tuple[Array, Array]:
        """Both at W, (runs, d, k), from scores less that of the last class, which so costs no product."""
        N = len(self.labels)
        blocks = [slice(first, first + _ROWS) for first in range(0, N, _ROWS)]
        transposed = np.ascontiguousarray(W.mT)  # class first in memory, as all that follows
        D = (transposed[:, :-1] - transposed[:, -1:]).mT
        squares = squared_norms(W)
        near = self._reach * math.sqrt(squares.max(initial=0.0)) < moderate_score(W.dtype)  # so that no score is large
        losses = np.empty((len(W), len(blocks)), W.dtype)  # by blocks, along which NumPy adds pairwise
        gradient = self.l2 * transposed
        slopes = np.repeat(-self._own_features.T[None, :-1], len(W), axis=0)
        for block, samples in enumerate(blocks):
            losses[:, block], P = self._losses_and_shares(scores(self.X[samples], D), samples, near)
            slopes += adjoint(self.X[samples], P).mT
        gradient[:, :-1] += slopes
        gradient[:, -1] -= slopes.sum(axis=1)  # probabilities add up to one
        return losses.sum(axis=1) / N + self.l2 / 2 * squares, gradient.mT

    def _losses_and_shares(self, Z: Array, samples: slice, near: bool) -> tuple[Array, Array]:
        """The sum of the losses of a block of samples, (runs,), and their probabilities over N, in the place of Z.

        Only where a score is large are those of its sample shifted, so that nothing overflows.
        """
        moderate = moderate_score(Z.dtype)
        label_scores = np.take(Z.reshape(len(Z), -1), self._own_scores[samples], axis=1)
        label_scores *= self._own_counts[samples]
        last: Array | float = 1.0
        if not (near or Z.max(initial=0.0) < moderate):  # also where some are nan
            peaks = Z.max(axis=1, initial=0.0)
            peaks[peaks < moderate] = 0.0  # no run depends on those beside it
            Z -= peaks[:, None]
            label_scores -= peaks
            last = np.exp(-peaks)
        P = np.exp(Z, out=Z)
        total = P.sum(axis=1)
        total += last
        losses = np.maximum(np.log(total) - label_scores, 0.0).sum(axis=1)
        total *= len(self.labels)
        P *= (1 / total)[:, None]
        return losses, P

    @cached_property
    def _reach(self) -> float:
        """No score, less that of the last class, is larger than this times ``||W||``: sqrt(2) for the two columns."""
        return math.sqrt(2 * squared_row_norms(self.X).max())

    @cached_property
    def _own_scores(self) -> NDArray[np.intp]:
        """Where the score for its own label stands among those of the samples of its block, class first, (N,).

        Anywhere for the last class, whose score is zero.
        """
        N = len(self.labels)
        sample = np.arange(N)
        rows = np.minimum(_ROWS, N - sample // _ROWS * _ROWS)
        return np.minimum(self._positions, len(self.classes) - 2) * rows + sample % _ROWS

    @cached_property
    def _own_counts(self) -> Array:
        """1 where the score of a sample's own label counts, and 0 where it is that of the last class, (N,)."""
        return np.asarray(self._positions < len(self.classes) - 1, dtype=self.X.dtype)

    @cached_property
    def _own_features(self) -> Array:
        """What each sample contributes to the gradient through its own label: ``(1/N) sum x_i e_i'``, (d, k)."""
        is_label = self._positions == np.arange(len(self.classes))[:, None]
        return adjoint(self.X, is_label / len(self.labels))

    def _loss_slopes(self, Z: Array, indices: Indices) -> Array:
        return score_slopes(Z, self._positions[indices])

    @property
    def _classes_and_stretch(self) -> tuple[int, float]:
        k = len(self.classes)
        return k, k / (k - 1)

    def hessian(self, W: Array, /) -> Callable[[Array], Array]:
        """The Hessian at one W, (d, k), as a linear map: ``diag(p) - p p'`` in the scores of each sample, plus l2."""
        Z = scores(self.X, matrices(W, self.shape))
        P = np.exp(Z - Z.max(axis=0))
        P /= P.sum(axis=0)

        def product(V: Array) -> Array:
            U = scores(self.X, V)
            U -= (P * U).sum(axis=0)
            return adjoint(self.X, P * U) / len(self.labels) + self.l2 * V

        return product
