"""Logistic regression with a bounded, nonconvex penalty: the usual smooth nonconvex test problem on real data."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from rac_theory.base import Array, Value, short_name
from rac_theory.base.checks import array, finite, moderate_size
from rac_theory.problems import datasets
from rac_theory.problems.features import Features
from rac_theory.problems.logistic_loss import LogisticModel


@dataclass(frozen=True, eq=False, repr=False)
class NonconvexLogistic(LogisticModel, Value):
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
    convex: ClassVar[bool] = False
    f_star: ClassVar[float] = math.nan  # there is no certificate of a global minimum
    f_star_error: ClassVar[float] = math.nan
    f_lower: ClassVar[float] = 0.0  # no term is negative
    W_star: ClassVar[None] = None  # no minimiser is known
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

    @cached_property
    def component_infima(self) -> Array:
        """0 for each component, (N,): neither a loss nor the penalty is negative. The infima may be larger."""
        return array("component_infima", np.zeros(self.n_components))

    @property
    def _penalty_curvature(self) -> float:
        """Times lam, ``(2 - 6w^2) / (1 + w^2)^3`` lies in [-1/2, 2]."""
        return 2 * self.lam

    def _penalty_gradient(self, W: Array) -> Array:
        shrunk = 1 / (1 + W * W)
        return 2 * self.lam * W * shrunk * shrunk
