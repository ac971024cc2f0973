"""Linear least squares, with an optional ridge penalty: convex, and PL even where it is not strongly convex.

Its minimiser is the solution of least norm.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import ClassVar, Self

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import lsmr

from rac_theory.base import Array, Value, in_chunks, matrices, squared_norms
from rac_theory.base.checks import array, moderate, moderate_size, weight
from rac_theory.numerics import EPS
from rac_theory.problems import datasets
from rac_theory.problems.datasets import short_name
from rac_theory.problems.features import (
    Features,
    adjoint,
    adjoint_rounding,
    features,
    rank_bound,
    rank_tolerance,
    score_errors,
    scores,
    singular_values,
    squared_row_norms,
    triangular_factor,
)
from rac_theory.problems.finite_sum import Indices, ridge_infima
from rac_theory.problems.linear_model import RidgeModel
from rac_theory.problems.problem import Certified, Eigenbasis, Minimum, OnePass

_WIDE = 1024  # columns of a sparse X beyond which its singular vectors, which are dense, cost more than they save
UNDECIDED = "nan: the numerical rank is undecided, LAPACK cannot tell the smallest positive singular value from zero"


@dataclass(frozen=True, eq=False, repr=False)
class LeastSquares(Certified, RidgeModel, OnePass, Value):
    r"""Half the mean squared residual, plus a penalty: :math:`\frac{1}{2N} \|XW - Y\|^2 + \frac{l2}{2} \|W\|^2`.

    The constants come from the singular values of X, rounded outwards, and not from X'X. ``mu`` is the smallest
    curvature that is not zero: f is constant along the null space of X when ``l2 = 0``, which PL allows. If neither
    LAPACK nor the rank (see ``problems.features.rank_bound``) tells which that is, ``mu`` and ``f_star`` are nan.

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

    Examples
    --------
    >>> from rac_theory.problems import LeastSquares
    >>> flat = LeastSquares([[1.0, 1.0], [1.0, 1.0]], Y=[0.0, 2.0])  # PL, though X is singular
    >>> [f"{f.L / f.mu:.4g}" for f in (flat, LeastSquares.diabetes(), LeastSquares.linnerud())]
    ['1', '470.1', '8.958']
    """

    X: Features
    Y: Array
    l2: float = 0.0
    name: str = field(default="", kw_only=True)

    convex: ClassVar[bool] = True
    targets_field: ClassVar[str] = "Y"
    loss_curvature: ClassVar[float] = 1.0
    smoothness_formula: ClassVar[str] = "(X'X/N + l2 I) (x) I, the Hessian"

    def __post_init__(self) -> None:
        X, Y = features("X", self.X), array("Y", self.Y)
        Y = array("Y", Y[:, None]) if Y.ndim == 1 else Y
        if Y.ndim != 2:
            raise ValueError(f"Y must have 1 or 2 axes, got shape {Y.shape}")
        if len(Y) != X.shape[0]:
            raise ValueError(f"Y must have one row for each of the {X.shape[0]} rows of X, got {len(Y)}")
        moderate_size("Y", float(np.square(moderate("Y", Y)).sum()) / len(Y), "a mean square")
        vars(self).update(X=X, Y=Y, l2=weight("l2", self.l2))

    def __repr__(self) -> str:
        return short_name(self, self.name, (*self.X.shape, self.Y.shape[1]), self.X, self.Y, l2=self.l2)

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

    @cached_property
    def component_infima(self) -> Array:
        """The infimum of each component, (N,), rounded down: 0 without a penalty, unless x_i = 0."""
        squares = np.square(self.Y).sum(axis=1) * (1 - (self.Y.shape[1] + 2) * EPS)
        return ridge_infima(squared_row_norms(self.X), squares, self.l2)

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        mu = "the smallest positive s^2/N + l2, s the singular values of X and 0 for its null space, rounded down"
        return {
            "L": "s^2/N + l2, s the largest singular value of X, rounded up",
            "mu": UNDECIDED if math.isnan(self.mu) else mu,
            "f_star": self.minimum.provenance,
            "smoothness": self._smoothness_source,
        }

    def value(self, W: Array, /) -> Array:
        """f at each matrix of a batch: (..., d, k) to (...)."""
        W = matrices(W, self.shape)
        return self._value(W, self._residuals(W))

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data."""
        return in_chunks(self._value_and_gradient, matrices(W, self.shape), self.Y.size)

    def _value_and_gradient(self, W: Array) -> tuple[Array, Array]:
        residuals = self._residuals(W)
        return self._value(W, residuals), adjoint(self.X, residuals) / len(self.Y) + self.l2 * W

    def hessian(self, W: Array, /) -> Callable[[Array], Array]:
        """The Hessian, which is the same at every W, as a linear map: ``V -> X' X V / N + l2 V``."""
        return lambda V: adjoint(self.X, scores(self.X, V)) / len(self.Y) + self.l2 * V

    def rounding(self, W: Array, /) -> float:
        """A bound on the rounding error of the value at one W."""
        norm, error = float(np.linalg.norm(self._residuals(W))), self._residual_error(W)
        return (norm * error + error**2 / 2) / len(self.Y) + 64 * EPS * float(self.value(W))

    def gradient_rounding(self, W: Array, /) -> float:
        """A bound on the norm of the rounding error of the gradient at one W."""
        N = len(self.Y)
        bound = math.sqrt(self.L / N) * self._residual_error(W) + adjoint_rounding(self.X, self._residuals(W)) / N
        return bound + 8 * EPS * self.l2 * float(np.linalg.norm(W))

    def _residual_error(self, W: Array) -> float:
        """A bound on the norm of the rounding errors of the residuals at one W."""
        return float(np.linalg.norm(score_errors(self.X, W) + 2 * EPS * np.abs(self.Y.T)))

    def _loss_slopes(self, Z: Array, indices: Indices) -> Array:
        return np.asarray(Z - self.Y[indices])

    def _residuals(self, W: Array) -> Array:
        """``XW - Y``, class first: (..., k, N)."""
        residuals = scores(self.X, W)
        residuals -= self.Y.T
        return residuals

    def _value(self, W: Array, residuals: Array) -> Array:
        return squared_norms(residuals) / (2 * len(self.Y)) + self.l2 / 2 * squared_norms(W)

    @cached_property
    def eigenbasis(self) -> Eigenbasis | None:
        """Coordinates in which f is a weighted sum of squares; None if the rank is undecided or X sparse and wide."""
        W_star, d = self.W_star, self.X.shape[1]
        if W_star is None or (isinstance(self.X, csr_array) and d > _WIDE):
            return None
        _, s, Vt = np.linalg.svd(triangular_factor(self.X))
        s[s <= rank_tolerance(self.X, s)] = 0.0  # as the rank is decided, these are zeros that LAPACK could not see
        curvatures = np.full((d, 1), self.l2)
        curvatures[: len(s), 0] += s**2 / len(self.Y)
        return Eigenbasis(curvatures, W_star, Vt.T, floor=float(self.value(W_star)))

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
    def minimum(self) -> Minimum:
        """The minimiser of least norm, (d, k), and its certificate; nan if the rank is undecided."""
        if math.isnan(self.mu):
            return Minimum(None, math.nan, math.nan, UNDECIDED)
        W = least_norm_solution(self.X, self.Y, len(self.Y) * self.l2)
        W.flags.writeable = False
        rounding = self.rounding(W)
        f_star = float(self.value(W)) + rounding
        gradient = float(np.linalg.norm(self.gradient(W))) + self.gradient_rounding(W)
        width = min(f_star, float(gradient**2 / (2 * self.mu)) + 2 * rounding)
        return Minimum(W, f_star, width, "least squares solution, certified by ||grad||^2/(2 mu) and rounding")


def least_norm_solution(X: Features, Y: Array, ridge: float) -> Array:
    """Minimise ``||XW - Y||^2 + ridge ||W||^2``: from the SVD, or by LSMR, which works on a sparse X as it is."""
    if isinstance(X, csr_array):
        unit = 2.0 ** round(math.log2(float(abs(X).max())))  # LSMR takes a small X for one without a condition number
        damp, X = math.sqrt(ridge) / unit, csr_array(X.multiply(1 / unit))
        solve = partial(lsmr, X, damp=damp, atol=EPS, btol=EPS, conlim=0.0, maxiter=10_000)
        return np.stack([solve(y)[0] for y in Y.T], axis=1) / unit
    U, s, Vt = np.linalg.svd(np.asarray(X), full_matrices=False)
    positive = s > rank_tolerance(X, s)
    U, s, Vt = U[:, positive], s[positive], Vt[positive]
    return np.asarray(Vt.T @ ((s / (s**2 + ridge))[:, None] * (U.T @ Y)))
