"""Linear least squares, with an optional ridge penalty: convex, and PL even where it is not strongly convex."""

import math
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import ClassVar, Self

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import lsmr

from problems import datasets
from problems.batch import matrices, squared_norms
from problems.checks import Array, array, finite
from problems.features import (
    EPS,
    Features,
    adjoint,
    adjoint_rounding,
    features,
    rank_tolerance,
    score_errors,
    scores,
    singular_values,
)
from problems.naming import short_name
from problems.rank import rank_bound

UNDECIDED = "nan: the numerical rank is undecided, LAPACK cannot tell the smallest positive singular value from zero"


@dataclass(frozen=True, eq=False, repr=False)
class LeastSquares:
    r"""Half the mean squared residual, plus a penalty: :math:`\frac{1}{2N} \|XW - Y\|^2 + \frac{l2}{2} \|W\|^2`.

    Parameters
    ----------
    X : (N, d)
        Features, dense or SciPy sparse, one sample a row; there is no intercept. Not zero.
    Y : (N, k) or (N,)
        Targets, one sample a row; k = 1 for a vector.
    l2 : float
        Weight of the penalty, >= 0, in squared units of Y per squared unit of W.
    name : str
        How the data were made, such as ``diabetes()``, for the repr.

    Notes
    -----
    The constants come from the singular values of X, rounded outwards, and not from X'X. ``mu`` is the smallest
    curvature that is not zero: f is constant along the null space of X when ``l2 = 0``, which PL allows.

    Singular values that LAPACK cannot tell from zero are zeros if the rank says so (see ``problems.rank``). If it does
    not and ``l2 = 0``, the smallest positive one is unknown: ``mu`` and ``f_star`` are nan.
    """

    X: Features
    Y: Array
    l2: float = 0.0
    name: str = field(default="", kw_only=True)

    convex: ClassVar[bool] = True

    def __post_init__(self) -> None:
        X, Y = features("X", self.X), array("Y", self.Y)
        if Y.ndim == 1:
            Y = array("Y", Y[:, None])
        if Y.ndim != 2:
            raise ValueError(f"Y must have 1 or 2 axes, got shape {Y.shape}")
        if len(Y) != X.shape[0]:
            raise ValueError(f"Y must have one row for each of the {X.shape[0]} rows of X, got {len(Y)}")
        vars(self).update(X=X, Y=Y, l2=finite("l2", self.l2, at_least=0))

    def __repr__(self) -> str:
        return short_name(self, self.name, (*self.X.shape, self.Y.shape[1]), l2=self.l2)

    @classmethod
    def diabetes(cls, l2: float = 0.0) -> Self:
        """The diabetes data of scikit-learn, 442 x 10 and one target, features and target standardised."""
        X, y = datasets.bundled("diabetes")
        return cls(X, datasets.standardised(y), l2, name="diabetes()")

    @classmethod
    def linnerud(cls, l2: float = 0.0) -> Self:
        """The Linnerud exercise data of scikit-learn, 20 x 3 and three targets, features and targets standardised."""
        X, Y = datasets.bundled("linnerud")
        return cls(X, datasets.standardised(Y), l2, name="linnerud()")

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (d, k) of W."""
        return (self.X.shape[1], self.Y.shape[1])

    @property
    def L(self) -> float:
        """``lambda_max(X'X) / N + l2``, rounded up."""
        return self._curvatures[2]

    @property
    def mu(self) -> float:
        """The smallest positive eigenvalue of ``X'X / N + l2 I``, rounded down; nan if the rank is undecided."""
        return self._curvatures[1]

    @property
    def strong_convexity(self) -> float:
        """The smallest eigenvalue of ``X'X / N + l2 I``, rounded down; nan as ``mu``, but 0 where it is known to be."""
        return self._curvatures[0]

    @property
    def W_star(self) -> Array | None:
        """The minimiser of least norm, (d, k), as near as ``f_star_error`` says; None if the rank is undecided."""
        return self._minimum[0]

    @property
    def f_star(self) -> float:
        """Upper end of the certified interval: the value at ``W_star``, rounded up; nan if the rank is undecided."""
        return self._minimum[1]

    @property
    def f_star_error(self) -> float:
        """Width of the certified interval."""
        return self._minimum[2]

    @property
    def f_lower(self) -> float:
        """Lower end of the certified interval, not below 0; 0 if the rank is undecided."""
        return 0.0 if math.isnan(self.f_star) else self.f_star - self.f_star_error

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        mu = "the smallest positive s^2/N + l2, s the singular values of X and 0 for its null space, rounded down"
        f_star = "least squares solution, certified by ||grad||^2/(2 mu) and rounding"
        undecided = math.isnan(self.mu)
        return {
            "L": "s^2/N + l2, s the largest singular value of X, rounded up",
            "mu": UNDECIDED if undecided else mu,
            "f_star": UNDECIDED if undecided else f_star,
        }

    def value(self, W: Array, /) -> Array:
        """f at each matrix of a batch: (..., d, k) to (...)."""
        W = matrices(W, self.shape)
        return self._value(W, self._residuals(W))

    def gradient(self, W: Array, /) -> Array:
        """The gradient at each matrix of a batch: (..., d, k) to (..., d, k)."""
        return self.value_and_gradient(W)[1]

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data."""
        W = matrices(W, self.shape)
        residuals = self._residuals(W)
        return self._value(W, residuals), adjoint(self.X, residuals) / len(self.Y) + self.l2 * W

    def _residuals(self, W: Array) -> Array:
        """``XW - Y``, class first: (..., k, N)."""
        residuals = scores(self.X, W)
        residuals -= self.Y.T
        return residuals

    def _value(self, W: Array, residuals: Array) -> Array:
        return squared_norms(residuals) / (2 * len(self.Y)) + self.l2 / 2 * squared_norms(W)

    @cached_property
    def _curvatures(self) -> tuple[float, float, float]:
        """``strong_convexity, mu, L``: the extreme eigenvalues of ``X'X / N + l2 I``, rounded outwards."""
        N, d = self.X.shape
        s = singular_values(self.X)
        error = rank_tolerance(self.X, s)
        s = s[s > error]
        low, high = float(s[-1] - error) ** 2 / N, float(s[0] + error) ** 2 / N
        down, up = 1 - 8 * EPS, 1 + 8 * EPS  # for the rounding of these lines themselves
        L = (high + self.l2) * up
        if len(s) == d:
            return (low + self.l2) * down, (low + self.l2) * down, L
        if self.l2 > 0:
            return self.l2, self.l2, L
        highest_rank = N if len(s) == N else rank_bound(self.X)
        mu = low * down if len(s) == highest_rank else math.nan
        return (mu if highest_rank == d else 0.0), mu, L

    @cached_property
    def _minimum(self) -> tuple[Array | None, float, float]:
        """``W_star, f_star, f_star_error``."""
        if math.isnan(self.mu):
            return None, math.nan, math.nan
        W = self._solve()
        W.flags.writeable = False
        N = len(self.Y)
        residuals = self._residuals(W)
        value = float(self._value(W, residuals))
        norm = float(np.linalg.norm(residuals))
        error = float(np.linalg.norm(score_errors(self.X, W) + 2 * EPS * np.abs(self.Y.T)))  # of the residuals
        rounding = (norm * error + error**2 / 2) / N + 64 * EPS * value
        gradient = float(np.linalg.norm(self.gradient(W))) + math.sqrt(self.L / N) * error
        gradient += adjoint_rounding(self.X, residuals) / N + 8 * EPS * self.l2 * float(np.linalg.norm(W))
        f_star = value + rounding
        return W, f_star, min(f_star, float(gradient**2 / (2 * self.mu)) + 2 * rounding)

    def _solve(self) -> Array:
        """The minimiser of least norm: from the SVD, or by LSMR, which works on a sparse X without squaring it."""
        ridge = len(self.Y) * self.l2
        if isinstance(self.X, csr_array):
            solve = partial(lsmr, self.X, damp=math.sqrt(ridge), atol=EPS, btol=EPS, conlim=0.0, maxiter=10_000)
            return np.stack([solve(y)[0] for y in self.Y.T], axis=1)
        U, s, Vt = np.linalg.svd(np.asarray(self.X), full_matrices=False)
        kept = s > rank_tolerance(self.X, s)
        U, s, Vt = U[:, kept], s[kept], Vt[kept]
        return np.asarray(Vt.T @ ((s / (s**2 + ridge))[:, None] * (U.T @ self.Y)))
