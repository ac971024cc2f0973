r"""An upper bound of the largest eigenvalue of a large symmetric matrix, proved at the price of one Cholesky factor.

A few products with vectors find the largest eigenvalue, but prove nothing. If Cholesky's method runs through on
:math:`A = c I - S`, the factor that it found has :math:`R^\top R = A + E` with
:math:`|E_{ij}| \le g \sqrt{a_{ii} a_{jj}}`, :math:`g = \gamma_{n+1} / (1 - \gamma_{n+1})`, in whatever order it adds
up. So :math:`A \ge -g\, \mathrm{tr}(A)\, I`, and :math:`\lambda_{\max}(S) \le c + g\, \mathrm{tr}(A)`. All eigenvalues
take several times as long.

References
----------
S. M. Rump, *Verification of positive definiteness*, BIT 46 (2006).
"""

import numpy as np
from scipy.linalg.lapack import dpotrf

from rac_theory.base.checks import Array
from rac_theory.numerics.eigenvalues import extreme_eigenvalues
from rac_theory.numerics.factors import diagonal_of

LARGE = 512
"""The size above which the factor is the quicker way."""

_EPS = float(np.finfo(float).eps)
_MARGINS = (1e-6, 1e-4, 1e-2)  # relative, above what the products with vectors found


def largest_eigenvalue(S: Array) -> float:
    """Return an upper bound of the largest eigenvalue of S, (d, d), symmetric: within 0.01 of it where d is large.

    A diagonal S may be given as its diagonal, (d,).

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.largest_eigenvalue import largest_eigenvalue
    >>> largest_eigenvalue(np.diag([3.0, 1.0]))
    3.0
    """
    d = len(S)
    if d <= LARGE or diagonal_of(S) is not None:
        return extreme_eigenvalues(S)[1]
    found = _found(S)
    for margin in _MARGINS:
        bound = proved_bound(S, found + margin * abs(found))
        if bound is not None:
            return bound
    return extreme_eigenvalues(S)[1]


def _found(S: Array) -> float:
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh  # slow to import, and needed for large ones only

    start = np.random.default_rng(0).standard_normal(len(S))
    try:
        return float(eigsh(S, k=1, which="LA", v0=start, tol=1e-5, return_eigenvectors=False)[0])
    except ArpackNoConvergence:
        return float(np.abs(S).sum(axis=1).max())


def proved_bound(S: Array, c: float) -> float | None:
    """Return a bound of the largest eigenvalue a little above c, or None if c is not shown to be one."""
    d = len(S)
    A = np.negative(S, order="C").T  # S is symmetric, and LAPACK wants columns
    A[np.diag_indices(d)] += c
    # Each entry of the diagonal is off by a rounding of the sum.
    largest = float(np.abs(np.diagonal(A)).max())
    _, failed = dpotrf(A, overwrite_a=1, clean=0)
    if failed:
        return None
    gamma = (d + 1) * _EPS / (1 - (d + 1) * _EPS)
    return c + (gamma / (1 - gamma) * d + 2 * _EPS) * max(largest, abs(c)) * (1 + 1e-9)
