"""Sums of logarithms, one for several numbers: NumPy takes them one by one where there is no AVX-512."""

from functools import cache
from typing import Any

import numpy as np

from rac_theory.base.checks import Array

_TOGETHER = 4  # numbers whose product has one logarithm


def sum_of_logarithms(numbers: Array) -> Array:
    """Add up ``log x`` along the last axis, (..., N) to (...), of numbers x from 1 to e to the ``largest_logarithm``.

    Products of four are off by three roundings at most, and so are their logarithms: by less than what four logarithms
    are off by because the numbers themselves are rounded.
    """
    *batch, N = numbers.shape
    products = N // _TOGETHER
    whole, rest = numbers[..., : _TOGETHER * products], numbers[..., _TOGETHER * products :]
    logarithms = np.log(whole.reshape(*batch, _TOGETHER, products).prod(axis=-2))
    return np.asarray(logarithms.sum(axis=-1) + np.log(rest).sum(axis=-1))


@cache
def largest_logarithm(dtype: np.dtype[Any]) -> float:
    """Return how large a logarithm may be so that no product overflows, nor would with one number more of this size.

    It is so large that ``exp(-z)`` of it is less than a rounding of one.
    """
    return float(np.log(np.finfo(dtype).max)) / (_TOGETHER + 1)
