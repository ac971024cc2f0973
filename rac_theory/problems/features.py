"""The feature matrix X of a data set, dense or sparse: the two products every loss needs, and what bounds them.

Runs are folded into columns, so that a batch costs one matrix product, and a sparse X stays sparse. Scores are laid
out class first, (..., k, N): sums over classes are then sums of long rows, several times faster than the other way.

The samples of such a data set are the components of a mean, of which there are parts, and one in single precision.
"""

from abc import ABCMeta
from dataclasses import fields
from functools import cache, cached_property
from itertools import pairwise
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array, issparse

from rac_theory.base import Array, NoMember, NotReal, as_array, printable, shown
from rac_theory.base.checks import array, moderate, moderate_size
from rac_theory.numerics import EPS, extreme_eigenvalues, lapack_rounding
from rac_theory.problems.datasets import BUNDLED

Features = Array | csr_array
"""An N x d matrix of features, one sample a row."""


def features(name: str, X: ArrayLike | Features) -> Features:
    """Accept a finite, non-zero N x d matrix in moderate units as a read-only copy; every sparse format becomes CSR.

    Its mean squared row norm is a curvature: between the largest eigenvalue of ``X'X / N`` and min(N, d) times that.
    """
    result = _csr(name, X) if issparse(X) else array(name, X, ndim=2)
    entries = moderate(name, result.data if isinstance(result, csr_array) else result)
    if not entries.any():
        raise ValueError(f"{name} must not be zero, got a zero matrix of shape {result.shape}")
    moderate_size(name, float(np.square(entries).sum()) / result.shape[0], "a mean squared norm of its rows")
    return result


def _csr(name: str, X: Any) -> csr_array:
    """A canonical, read-only CSR copy of a sparse matrix, float64; entries that are listed twice add up.

    Not those of integers, which would add up in their own type, and so wrap around, wherever SciPy has met them.
    """
    if X.ndim != 2:
        raise ValueError(f"{name} must have 2 axes, got shape {X.shape}")
    listed = _coordinates(name, X)
    data = array(name, listed.data) if listed.nnz else np.zeros(0)
    result: csr_array = csr_array(coo_array((data, listed.coords), shape=X.shape))  # which adds up
    if result.nnz < len(data) and X.dtype.kind != "f":
        raise ValueError(
            f"{name} must list each entry once, as {X.dtype} may wrap around, got {len(data) - result.nnz} entries too "
            "many (make it a matrix of floats first)"
        )
    result.sort_indices()
    if result.nnz:
        result.data = array(name, result.data)
    for part in (result.data, result.indices, result.indptr):
        part.flags.writeable = False
    return result


def _coordinates(name: str, X: Any) -> coo_array:
    """The entries of a sparse matrix as they are listed; a ``ValueError`` if an index leads out of it."""
    try:
        if hasattr(X, "check_format"):
            X.check_format(full_check=True)
        return coo_array(X)
    except (ValueError, IndexError, TypeError) as error:
        raise ValueError(f"{name} must be a sparse matrix that SciPy can read, got {printable(str(error))}") from None


def scores(X: Features, W: Array) -> Array:
    """``X W``, class first: (..., d, k) to a new array (..., k, N).

    Its rows are contiguous, as NumPy adds pairwise only along those; other sums over N would lose four more digits.
    """
    *batch, d, k = W.shape
    columns = W.mT.reshape(-1, d)
    Z = (X @ columns.T).T if isinstance(X, csr_array) else columns @ X.T
    return np.ascontiguousarray(Z).reshape(*batch, k, X.shape[0])


def adjoint(X: Features, Z: Array) -> Array:
    """``X' Z'``, the adjoint of ``scores``: (..., k, N) to a new array (..., d, k)."""
    *batch, k, N = Z.shape
    columns = Z.reshape(-1, N)
    G = (X.T @ columns.T).T if isinstance(X, csr_array) else columns @ X
    return np.asarray(G).reshape(*batch, k, X.shape[1]).mT


def gathered(X: Features, indices: NDArray[np.intp]) -> Array:
    """The listed rows of X, dense: (..., b) to (..., b, d). Of a sparse X only these are ever dense."""
    if isinstance(X, csr_array):
        return np.asarray(X[indices.ravel()].toarray()).reshape(*indices.shape, X.shape[1])
    return X[indices]


def squared_row_norms(X: Features) -> Array:
    """Upper bounds of ``||x_i||^2``, (N,), near to rounding; 0 where the row is.

    Sums of d squares, off by ``d eps`` of themselves, and by what is lost where squares underflow.
    """
    A = _absolute(X)
    norms = np.asarray((A * A).sum(axis=1))
    positive = np.asarray((A > 0).sum(axis=1)) > 0
    return np.where(positive, norms * (1 + (X.shape[1] + 4) * EPS) + 1e-300, 0.0)


def gram(X: Features) -> tuple[Array, float]:
    """The smaller of X'X and XX', dense, and a bound on the spectral norm of its rounding error."""
    N, d = X.shape
    return gram_of_columns(X if d <= N else csr_array(X.T) if isinstance(X, csr_array) else X.T)


def gram_of_columns(X: Features) -> tuple[Array, float]:
    """X'X, (d, d), dense, and a bound on the spectral norm of its rounding error.

    Each entry is a sum of at most ``max(N, d)`` products, so the error is at most ``max(N, d) eps ||X||^2`` in norm;
    the bound has four more eps, for the division and the sums that turn it into a constant.
    """
    product = X.T @ X
    G: Array = np.asarray(product.toarray() if issparse(product) else product)
    return G, (max(X.shape) + 4) * EPS * float(np.trace(G))


def largest_gram_eigenvalue(X: Features) -> float:
    """An upper bound of ``lambda_max(X'X)``, tight up to rounding."""
    G, error = gram(X)
    return extreme_eigenvalues(G)[1] + error


def singular_values(X: Features, block: int = 4096) -> Array:
    """The singular values of X in falling order, (min(N, d),), to within ``rank_tolerance``, small ones included."""
    if isinstance(X, csr_array):
        X = triangular_factor(X if X.shape[0] >= X.shape[1] else csr_array(X.T), block)
    return np.asarray(np.linalg.svd(X, compute_uv=False))


def triangular_factor(X: Features, block: int = 4096) -> Array:
    """R with at most d rows and ``R'R = X'X``, by QR of a block of rows at a time, so that only one block is dense.

    X'X itself would lose every singular value below ``sqrt(eps)`` times the largest.
    """
    R = np.empty((0, X.shape[1]))
    for first in range(0, X.shape[0], block):
        rows = X[first : first + block]
        rows = rows.toarray() if isinstance(rows, csr_array) else rows
        R = np.asarray(np.linalg.qr(np.vstack([R, rows]), mode="r"))
    return R


def rank_tolerance(X: Features, s: Array) -> float:
    """How far off LAPACK's singular values s of X can be; it cannot tell smaller ones from zeros."""
    return lapack_rounding(max(X.shape)) * float(s.max())


def score_errors(X: Features, W: Array) -> Array:
    """Bounds on the rounding errors of ``scores(X, W)``: sums of d products, so ``(d + 2) eps |X| |W|``.

    A rounding is half of eps, so they are large enough for the difference of two columns of W, and its scores, too.
    """
    d = X.shape[1]
    return np.asarray((d + 2) * EPS * scores(_absolute(X), np.abs(W)))


def _absolute(X: Features) -> Features:
    return csr_array(abs(X)) if isinstance(X, csr_array) else np.abs(X)


def loss_rounding(X: Features, W: Array, value: float) -> float:
    """A bound on the rounding error of a mean cross-entropy of ``scores(X, W)`` whose computed value is ``value``.

    If a loss is ``-log p``, errors e of its scores, counted from those of one class or not, move it by at most ``2 (1 -
    p) max|e| <= 2 (-log p) max|e|``. A sum over k classes, and then its logarithm, cost k roundings. Where a score is
    taken off that logarithm, each costs as many roundings as it is large: twice the largest score z, as scores are
    counted from those of one class, or a ``moderate_score``, as larger ones are shifted. With all other operations, a
    pairwise mean and products of sums among them, it is less than ``64 + k + 4 |z|`` roundings of numbers of size ``1 +
    value``.
    """
    largest = min(float(np.abs(scores(X, W)).max()), moderate_score(np.dtype(np.float64)))
    *_, k = W.shape
    roundings = float(64 + k + 4 * largest)
    return 2 * float(score_errors(X, W).max()) * value + roundings * EPS * (1 + value)


@cache
def moderate_score(dtype: np.dtype[Any]) -> float:
    """A score up to which exponentials, their sums and their quotients are far from overflow and underflow."""
    return float(np.log(np.finfo(dtype).max)) / 2


def adjoint_rounding(X: Features, Z: Array) -> float:
    """A bound on the norm of the rounding error of ``adjoint(X, Z)``, Z (k, N): ``(2N + 32) eps || |X|' |Z|' ||``.

    Sums of N products have errors up to half of ``N eps |X|' |Z|'``. The rest leaves room for entries of Z that are
    off by N roundings themselves and for a few operations more.
    """
    N: int = X.shape[0]
    return (2 * N + 32) * EPS * float(np.linalg.norm(adjoint(_absolute(X), np.abs(Z))))


def gradient_rounding(X: Features, W: Array, l2: float, L: float) -> float:
    r"""A bound on the norm of the rounding error of the gradient of a mean cross-entropy plus ``l2/2 ||W||^2``.

    The gradient is ``X' (P - Y) / N + l2 W``, with P the probabilities that the scores give, and Y those of the labels,
    0 and 1. Three things are rounded:

    * The scores, by e. As the derivative of P in them is at most 1/2 (softmax) or 1/4 (logistic), this moves the
      gradient by at most ``||X|| ||e|| / (2N)`` or half of that. By the L of each loss, ``||X||^2 / (2N)`` or half
      of that, plus l2, both are at most ``sqrt(L/N) ||e||``.
    * The probabilities, by a sum over ``k <= N`` classes and less than 32 other operations.
    * The sums over N samples, of P and of Y. The rows of P and of Y add up to 1, so that ``|| |X|' P ||`` and
      ``|| |X|' Y ||`` are at most ``|| |X|' 1 ||``. ``adjoint_rounding`` covers both, and the probabilities.
    """
    N: int = X.shape[0]
    sums = adjoint_rounding(X, np.ones((1, N))) / N + 32 * EPS * l2 * float(np.linalg.norm(W))
    return sums + float(np.sqrt(L / N) * np.linalg.norm(score_errors(X, W)))


ELIMINATION_LIMIT = 200_000
"""The largest ``N d min(N, d)`` for which elimination is tried; it then takes half a second at most."""


def rank_bound(X: Features) -> int:
    """An upper bound of the rank: the rank of a small matrix, otherwise its count of distinct, non-zero lines.

    A computed singular value below the error of LAPACK may stand for zero or for a tiny number; those above it bound
    the rank from below. Where the two bounds meet, the rank is known, and so is the smallest positive singular value.
    """
    core = csr_array(X, copy=True)
    core.eliminate_zeros()
    core = core[_distinct_rows(core)]
    core = core[:, _distinct_rows(csr_array(core.T))]
    N, d = core.shape
    return _exact_rank(core.toarray()) if N * d * min(N, d) <= ELIMINATION_LIMIT else min(N, d)


def _distinct_rows(X: csr_array) -> list[int]:
    """The first of each set of equal rows, without zero rows."""
    first: dict[tuple[bytes, bytes], int] = {}
    for row, (start, stop) in enumerate(pairwise(X.indptr)):
        if start < stop:
            first.setdefault((X.indices[start:stop].tobytes(), X.data[start:stop].tobytes()), row)
    return list(first.values())


def _exact_rank(X: Array) -> int:
    """The rank by fraction-free elimination (Bareiss 1968): each quotient is a minor of X, hence an integer."""
    tall = X if X.shape[0] >= X.shape[1] else X.T
    rows = [_integers(row) for row in tall.tolist()]
    rank, divisor = 0, 1
    for column in range(tall.shape[1]):
        pivot = next((row for row in rows if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        top = pivot[column]
        rows = [[(top * x - row[column] * p) // divisor for x, p in zip(row, pivot, strict=True)] for row in rows]
        rank, divisor = rank + 1, top
    return rank


def _integers(row: list[float]) -> list[int]:
    """A multiple of a row of floats: their denominators are powers of two, so the largest is a common one."""
    ratios = [x.as_integer_ratio() for x in row]
    common = max(denominator for _, denominator in ratios)
    return [numerator * (common // denominator) for numerator, denominator in ratios]


def row_numbers(name: str, rows: ArrayLike, kind: Literal["a list", "a non-empty list"]) -> NDArray[np.intp]:
    """Accept a list of integers, (k,)."""
    try:
        given = as_array(rows)
    except NotReal as error:
        raise ValueError(f"{name} must be {kind} of row numbers, got {error}") from None
    if given.ndim != 1 or (given.dtype.kind not in "iu" if given.size else kind == "a non-empty list"):
        raise ValueError(f"{name} must be {kind} of row numbers, got {shown(rows)}")
    return given.astype(np.intp)


def listed_rows(rows: ArrayLike, N: int) -> NDArray[np.intp]:
    """Accept a list of some of the rows 0, ..., N - 1, (k,)."""
    listed = row_numbers("rows", rows, "a non-empty list")
    if listed.min() < 0 or listed.max() >= N:
        raise ValueError(f"rows must be in 0..{N - 1}, got {listed.min()}..{listed.max()}")
    return listed


class WithDataSets(ABCMeta):
    """Classes whose class methods load data sets, and which say which these are where another is asked for."""

    def __getattr__(cls, name: str) -> Any:
        loaders = () if name.startswith("_") else {*BUNDLED, "svmlight"}.intersection(dir(cls))
        if not loaders:
            raise NoMember(cls, name)
        raise AttributeError(
            f"{cls.__name__} has no {name!r}: its data sets are {', '.join(sorted(loaders))}; yours are arguments"
        )


class Samples(metaclass=WithDataSets):
    """The mean of a function for each row of X and its target: a frozen dataclass that has both as fields."""

    X: Features

    targets_field: ClassVar[str]  # the field that holds one target a row of X

    @property
    def n_components(self) -> int:
        """The number N of samples."""
        return int(self.X.shape[0])

    @property
    def targets(self) -> NDArray[np.generic]:
        """The label or target of each sample, (N,) or (N, k)."""
        return np.asarray(getattr(self, self.targets_field))

    def subset(self, rows: ArrayLike, /) -> Self:
        """The mean of the listed components, a problem of the same kind: the labels known stay those of the whole.

        Raises
        ------
        ValueError
            If a row is not one of ``0..N-1``, if there is none, or if the features of all of them are zero.
        """
        listed = listed_rows(rows, self.n_components)
        return self._with_data(features("X", self.X[listed]), self.targets[listed], name="")

    @cached_property
    def single_precision(self) -> Self:
        """The same problem computed in float32, at a matrix in float32; for runs, not for constants."""
        targets = self.targets.astype(np.float32) if self.targets.dtype.kind == "f" else self.targets
        return self._with_data(self.X.astype(np.float32), targets)

    def _with_data(self, X: Features, targets: NDArray[Any], **changes: Any) -> Self:
        """Return a copy with other data that have been checked."""
        part: Self = object.__new__(type(self))
        unchanged: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        targets.flags.writeable = False
        vars(part).update(unchanged | {"X": X, self.targets_field: targets} | changes)
        return part
