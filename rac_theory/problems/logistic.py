"""Logistic regression without intercept, with an optional ridge penalty."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from rac_theory.base import Array, Value, matrices, short_name, squared_norms
from rac_theory.base.checks import weight
from rac_theory.problems import datasets
from rac_theory.problems.features import Features, adjoint, scores, squared_row_norms
from rac_theory.problems.logistic_loss import LogisticModel, curvatures
from rac_theory.problems.regularised_loss import RegularisedLoss


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
