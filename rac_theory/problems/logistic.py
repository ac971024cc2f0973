"""Logistic regression without intercept: with an optional ridge penalty, or with one that is bounded and not convex."""

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.special import expit

from rac_theory.base import Array, Value, in_chunks, listed, matrices, sorted_classes, squared_norms
from rac_theory.base.checks import finite, moderate_size, weight
from rac_theory.numerics import largest_logarithm, rounded, sum_of_logarithms
from rac_theory.problems import datasets
from rac_theory.problems.cross_entropy import RegularisedLoss
from rac_theory.problems.datasets import short_name
from rac_theory.problems.features import Features, adjoint, features, largest_gram_eigenvalue, scores, squared_row_norms
from rac_theory.problems.finite_sum import Indices
from rac_theory.problems.linear_model import LinearModel
from rac_theory.problems.problem import OnePass, Uncertified


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
        """The features ``-y_i x_i``, whose scores are the log odds of the wrong labels."""
        flipped = -self.y[:, None].astype(self.X.dtype)
        return csr_array(self.X.multiply(flipped)) if isinstance(self.X, csr_array) else self.X * flipped

    def _loss_slopes(self, Z: Array, indices: Indices) -> Array:
        y = self.y[indices][..., None]
        return np.asarray(-y * expit(-y * Z))  # of log(1 + exp(-y z))


def signs(y: ArrayLike, rows: int) -> Array:
    """Map two distinct labels to -1 and +1 in sorted order, (N,)."""
    classes, positions = sorted_classes("y", y, rows)
    if len(classes) != 2:
        raise ValueError(f"y must have exactly two distinct labels, got {len(classes)}: {listed(classes)}")
    result = np.where(positions == 1, 1.0, -1.0)
    result.flags.writeable = False
    return result


def loss_and_gradient(X: Features, W: Array) -> tuple[Array, Array]:
    """``(1/N) sum log(1 + exp z_i)`` of the scores z of features, and its gradient.

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


def curvatures(X: Features, y: Array, W: Array) -> Array:
    """The second derivatives of the terms of the mean, (1, N): the Hessian at W, (d, 1), is ``X' diag X``."""
    E = np.exp(-np.abs(y * scores(X, W)))
    return np.asarray(E / (1.0 + E) ** 2 / len(y))


@dataclass(frozen=True, eq=False, repr=False)
class LogisticRegression(LogisticModel, RegularisedLoss, Value):
    r"""Mean logistic loss: :math:`\frac1N \sum_i \log(1 + \exp(-y_i x_i^\top w)) + \frac{l2}{2} \|w\|^2`.

    Parameters
    ----------
    X : (N, d)
        Features, dense or SciPy sparse, one sample a row; there is no intercept. Not zero.
    y : (N,)
        Two distinct labels of any kind; they are stored as -1 and +1, in sorted order.
    l2 : float
        Weight of the penalty, >= 0, in units of the loss per squared unit of w.
    name : str
        How the data were made, such as ``breast_cancer()``, for the repr.

    Notes
    -----
    With ``l2 > 0`` the minimum is found and certified when ``f_star``, ``W_star`` or ``f_lower`` is first read.

    Without it f has no PL constant. Its gradient is bounded, by the mean of ``||x_i||``. f is not: if ``x_i != 0``, the
    i-th loss grows without limit along ``w = -t y_i x_i`` and no other is negative. So
    ``||grad f||^2 >= 2 mu (f - inf f)`` fails far out, whatever mu > 0.

    Examples
    --------
    >>> from rac_theory.problems import LogisticRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "yes", "no", "yes"]
    >>> problem = LogisticRegression(X, y, l2=0.1)
    >>> print(f"L = {problem.L:.4f}, mu = {problem.mu:.4f}, f_star = {problem.f_star:.4f}")
    L = 0.9750, mu = 0.1000, f_star = 0.6605
    >>> LogisticRegression(X, y).mu  # without l2 there is none
    0.0
    """

    X: Features
    y: Array
    l2: float = 0.0
    name: str = field(default="", kw_only=True)

    smoothness_formula: ClassVar[str] = "X'X/(4N) + l2 I: the logistic loss has second derivative at most 1/4"

    def __post_init__(self) -> None:
        self._check_data()
        vars(self).update(l2=weight("l2", self.l2))

    def __repr__(self) -> str:
        return short_name(self, self.name, self.X.shape, self.X, self.y, l2=self.l2)

    @classmethod
    def breast_cancer(cls, l2: float = 0.0) -> Self:
        """The Wisconsin breast cancer data of scikit-learn, 569 x 30, features standardised.

        Examples
        --------
        >>> from rac_theory.problems import LogisticRegression
        >>> problem = LogisticRegression.breast_cancer(l2=0.1)
        >>> print(f"{problem.shape}, {problem.n_components} rows, L = {problem.L:.4f}")
        (30, 1), 569 rows, L = 3.4204
        """
        X, y = datasets.bundled("breast_cancer")
        return cls(X, y, l2, name="breast_cancer()")

    @classmethod
    def svmlight(cls, path: str | Path, l2: float = 0.0) -> Self:
        r"""An svmlight file with two distinct labels; features as they are, sparse.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from rac_theory.problems import LogisticRegression
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "data.svm")
        ...     _ = file.write_text("+1 1:0.5 3:2.0\n-1 2:1.0\n")
        ...     problem = LogisticRegression.svmlight(file, l2=0.1)
        >>> problem.shape, problem.y.tolist()
        ((3, 1), [1.0, -1.0])
        """
        X, y = datasets.svmlight(path)
        return cls(X, y, l2, name=f"svmlight({Path(path).name!r})")

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        return self._provenance(
            "lambda_max(X'X)/(4N) + l2, rounded up: the logistic loss has second derivative at most 1/4"
        )

    def _penalty(self, W: Array) -> Array:
        return np.asarray(self.l2 / 2 * squared_norms(W))

    def certified_step(self, W: Array, G: Array, /) -> Array:
        """``1 / min(L, max ||x_i||^2 f(W) + l2)`` at each W of a batch, rounded down: (..., d, 1) to (...).

        A loss is never less than its second derivative in the score, p (1 - p) where p is the probability given to the
        wrong label: it is ``-log(1 - p) >= p``. So where f is no larger than at W it is curved by no more than this.
        A step that goes downhill at first stays there as long as it is no longer than the inverse of that.
        """
        f, eps = self.value(W), float(np.finfo(W.dtype).eps)
        # What ``rounding`` says, whatever the scores: those are off by at most s = (d + 2) eps ||x_i|| ||W||, and so a
        # loss by a factor of e^s, as its slope is no more than itself. Far out that is large.
        d, longest = self.shape[0], self._longest_row
        off = (1500 + d) * eps * (1 + f)
        with np.errstate(over="ignore"):
            more = np.exp(2 * (d + 2) * eps * np.sqrt(longest * squared_norms(W)))
            return np.asarray((1 - 8 * eps) / np.fmin(self.L, longest * more * (f + off) + self.l2))

    @cached_property
    def _longest_row(self) -> float:
        return float(squared_row_norms(self.X).max())

    @property
    def _classes_and_stretch(self) -> tuple[int, float]:
        return 2, 1.0

    def hessian(self, W: Array, /) -> Callable[[Array], Array]:
        """The Hessian at one W, (d, 1), as a linear map: ``V -> X' D X V + l2 V``."""
        D = curvatures(self.X, self.y, matrices(W, self.shape))
        return lambda V: adjoint(self.X, D * scores(self.X, V)) + self.l2 * V


@dataclass(frozen=True, eq=False, repr=False)
class NonconvexLogistic(Uncertified, LogisticModel, Value):
    r"""Mean logistic loss plus :math:`lam \sum_j w_j^2 / (1 + w_j^2)`.

    Parameters
    ----------
    X : (N, d)
        Features, dense or SciPy sparse, one sample a row; there is no intercept. Not zero.
    y : (N,)
        Two distinct labels of any kind; they are stored as -1 and +1, in sorted order.
    lam : float
        Weight of the penalty, > 0, in units of the loss.
    name : str
        How the data were made, such as ``breast_cancer()``, for the repr.

    Notes
    -----
    f has no PL constant: the gradient of the penalty is bounded and so is the penalty itself, while the logistic loss
    has a bounded gradient and is unbounded (see ``LogisticRegression``).

    Examples
    --------
    >>> from rac_theory.problems import NonconvexLogistic
    >>> problem = NonconvexLogistic([[1.0], [2.0]], y=[0, 1], lam=0.1)
    >>> print(f"L = {problem.L:g}, convex: {problem.convex}, mu = {problem.mu}")  # for T1, not for T2
    L = 0.825, convex: False, mu = 0.0
    """

    X: Features
    y: Array
    lam: float
    name: str = field(default="", kw_only=True)

    mu: ClassVar[float] = 0.0  # there is none
    strong_convexity: ClassVar[float] = 0.0  # there is none, as it would be a PL constant
    smoothness_formula: ClassVar[str] = "X'X/(4N) + 2 lam I: the penalty has second derivatives in [-lam/2, 2 lam]"

    def __post_init__(self) -> None:
        self._check_data()
        vars(self).update(lam=moderate_size("lam", finite("lam", self.lam, above=0)))

    def __repr__(self) -> str:
        return short_name(self, self.name, self.X.shape, self.X, self.y, lam=self.lam)

    @classmethod
    def breast_cancer(cls, lam: float) -> Self:
        """The Wisconsin breast cancer data of scikit-learn, 569 x 30, features standardised.

        Examples
        --------
        >>> from rac_theory.problems import NonconvexLogistic
        >>> problem = NonconvexLogistic.breast_cancer(lam=0.01)
        >>> print(f"{problem.shape}, {problem.n_components} rows, L = {problem.L:.4f}")
        (30, 1), 569 rows, L = 3.3404
        """
        X, y = datasets.bundled("breast_cancer")
        return cls(X, y, lam, name="breast_cancer()")

    @classmethod
    def svmlight(cls, path: str | Path, lam: float) -> Self:
        r"""An svmlight file with two distinct labels; features as they are, sparse.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from rac_theory.problems import NonconvexLogistic
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "data.svm")
        ...     _ = file.write_text("+1 1:0.5 3:2.0\n-1 2:1.0\n")
        ...     problem = NonconvexLogistic.svmlight(file, lam=0.1)
        >>> problem.shape, problem.y.tolist()
        ((3, 1), [1.0, -1.0])
        """
        X, y = datasets.svmlight(path)
        return cls(X, y, lam, name=f"svmlight({Path(path).name!r})")

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        return {
            "L": "lambda_max(X'X)/(4N) + 2 lam, rounded up: the penalty has second derivatives in [-lam/2, 2 lam]",
            "mu": "0: bounded gradient, unbounded f",
            "f_star": "nan: no certificate of a global minimum; no term is negative",
            "smoothness": self._smoothness_source,
        }

    def _penalty(self, W: Array) -> Array:
        squares = W * W
        shrunk = 1 / (1 + squares)
        shares = np.where(shrunk > 0, squares * shrunk, 1.0)  # not 1 - shrunk, of which nothing is left near zero
        return np.asarray(self.lam * shares.sum(axis=(-2, -1)))

    @property
    def _penalty_curvature(self) -> float:
        """Times lam, ``(2 - 6w^2) / (1 + w^2)^3`` lies in [-1/2, 2]."""
        return 2 * self.lam

    def _penalty_gradient(self, W: Array) -> Array:
        shrunk = 1 / (1 + W * W)
        return 2 * self.lam * W * shrunk * shrunk
