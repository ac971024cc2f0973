"""The solution of least norm of a linear least squares problem, with an optional ridge penalty."""

import math
from functools import partial

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import lsmr

from rac_theory.base.checks import Array
from rac_theory.problems.features import EPS, Features, rank_tolerance


def least_norm_solution(X: Features, Y: Array, ridge: float) -> Array:
    """Minimise ``||XW - Y||^2 + ridge ||W||^2``: from the SVD, or by LSMR, which works on a sparse X as it is."""
    if isinstance(X, csr_array):
        solve = partial(lsmr, X, damp=math.sqrt(ridge), atol=EPS, btol=EPS, conlim=0.0, maxiter=10_000)
        return np.stack([solve(y)[0] for y in Y.T], axis=1)
    U, s, Vt = np.linalg.svd(np.asarray(X), full_matrices=False)
    kept = s > rank_tolerance(X, s)
    U, s, Vt = U[:, kept], s[kept], Vt[kept]
    return np.asarray(Vt.T @ ((s / (s**2 + ridge))[:, None] * (U.T @ Y)))
