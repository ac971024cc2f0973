"""The spectral radius of a linear map that takes positive semidefinite matrices to such."""

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

from rac_theory.base.checks import Array
from rac_theory.runs.expectations.moment_map import Unsupported

_DENSE = 16  # the side up to which the matrix of a map is formed


def spectral_radius(step: Callable[[Array], Array], size: int) -> float:
    """Return the spectral radius of M -> step(M), (size, size) to (size, size), not symmetric in general.

    It is an eigenvalue, and belongs to a positive semidefinite matrix (Krein and Rutman).
    """

    def apply(x: Array) -> Array:
        M = x.reshape(size, size)
        return np.asarray(step((M + M.T) / 2).ravel())

    if size <= _DENSE:
        matrix = np.stack([apply(unit) for unit in np.eye(size * size)])
        return float(np.abs(np.linalg.eigvals(matrix)).max())
    operator = LinearOperator((size * size, size * size), matvec=apply, dtype=np.float64)
    try:
        values = eigs(operator, k=1, which="LM", v0=np.eye(size).ravel(), return_eigenvectors=False)
    except ArpackError as error:
        raise Unsupported(f"the spectral radius of the second moment recursion was not found: {error}") from error
    return float(np.abs(values[0]))
