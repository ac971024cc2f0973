"""The move of every step on quadratics: thin products are subtracted from the errors, in one pass where that pays."""

import numpy as np
from scipy.linalg.blas import get_blas_funcs

from problems.checks import Array

_LARGE = (
    1 << 12
)  # numbers of a matrix from which a call of BLAS for each, with its fixed cost, saves more than it costs


def subtract_products(scale: float, A: Array, B: Array, E: Array) -> None:
    """Subtract ``scale A' B`` from E in place: A (runs, p, d), B (runs, p, q), and E (runs, d, q), contiguous.

    For a large E, BLAS adds the product to it as it goes, where NumPy would write the product to memory first.
    """
    if E[0].size < _LARGE:
        E -= np.swapaxes(A, 1, 2) @ (scale * B)
        return
    assert E.flags.c_contiguous  # of another E, BLAS would be given a copy
    add_product = get_blas_funcs("gemm", (E,))
    for a, b, e in zip(A, B, E, strict=True):  # BLAS counts by columns: what it is given is all transposed
        add_product(-scale, b.T, a.T, beta=1.0, c=e.T, trans_b=1, overwrite_c=1)
