"""The extreme eigenvalues of a symmetric matrix, rounded outwards so that they are bounds."""

import numpy as np

from problems.checks import Array


def extreme_eigenvalues(S: Array) -> tuple[float, float]:
    r"""Return bounds ``(low, high)`` with ``low <= lambda_min(S)`` and ``lambda_max(S) <= high``.

    The eigenvalues of a diagonal matrix are its entries, exactly. Otherwise LAPACK's are those of a matrix within
    about ``eps d ||S||`` of S, so by Weyl's inequality moving them outwards by that much gives bounds.

    Parameters
    ----------
    S : (d, d)
        Symmetric, in any unit; the results are in the same unit.
    """
    diagonal = np.diagonal(S)
    if np.count_nonzero(S) == np.count_nonzero(diagonal):
        return float(diagonal.min()), float(diagonal.max())
    eigenvalues = np.linalg.eigvalsh(S)
    slop = len(S) * np.finfo(float).eps * float(np.abs(eigenvalues).max())
    return float(eigenvalues[0]) - slop, float(eigenvalues[-1]) + slop
