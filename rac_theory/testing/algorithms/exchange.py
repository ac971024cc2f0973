r"""Evidence against the claim that two things have one law: exchanged in pairs, their difference keeps its law.

If X and X' are independent draws of one law, and Z is a number that changes its sign when they are exchanged, then Z is
symmetric. Nothing else is needed: no variance, no range.
"""

import math

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array

SAME_DRAWS = 4
"""How many times the log evidence is asked for where both draw from the same seed: they are not independent then, but a
wrong step with the right draws stands out from the right one."""

_BETS = 2.0 ** -np.arange(-1.0, 9.0)


def log_evidence(Z: Array) -> Array:
    r"""Return the log evidence of independent Z, (runs, k), against symmetry: (k,).

    Given the sizes, signs are fair coins, so that by Hoeffding's inequality
    :math:`P(\sum Z \ge z \sqrt{\sum Z^2}) \le e^{-z^2 / 2}`. What is returned is :math:`z^2 / 2`, and passes
    :math:`\log(2 / \alpha)` with probability at most alpha.
    """
    total, square = Z.sum(axis=0), np.square(Z).sum(axis=0)
    return np.asarray(total**2 / (2 * np.maximum(square, 1e-300)))


def log_wealth(total: Array, square: Array) -> NDArray[np.float64]:
    r"""Return log e-values against symmetry given the past, from the sums of Z and of Z^2 over runs and steps.

    For Z that is symmetric given what was before, :math:`E \exp(l Z - l^2 Z^2 / 2) \le 1`, since
    :math:`\cosh x \le e^{x^2 / 2}`. So products over steps are e-processes, and some bets l share the wealth. The Z
    should be of the size of 1 at most.
    """
    bets = _BETS.reshape(-1, *[1] * np.ndim(total))
    wealth = bets * np.abs(total) - bets**2 * square / 2
    return np.asarray(wealth.max(axis=0) - math.log(len(_BETS)))
