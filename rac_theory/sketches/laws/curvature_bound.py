"""Smoothness along a sketch whose second moment is only known between bounds."""

from typing import NamedTuple

from rac_theory.base.checks import Array


class CurvatureBound(NamedTuple):
    r"""For a positive semidefinite S: :math:`L_H \le \lambda_{\max}(M) + o`, the smallest with E[HSH] <= L_H E[H].

    Attributes
    ----------
    matrix : (d, d)
        M, symmetric, which stands for :math:`E[H]^{-1/2} E[HSH] E[H]^{-1/2}` in some orthonormal basis.
    off : float
        o, in the units of S.
    slack : float
        By how much the bound may be above :math:`L_H`, at most; in the units of S.
    """

    matrix: Array
    off: float
    slack: float
