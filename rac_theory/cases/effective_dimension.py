r"""The effective dimension of one side of Q: its trace over its largest eigenvalue, between 1 and the length d.

It decides what a random direction of that side sees of the curvature: for Gaussian entries
:math:`E[BB'QBB'] \le L\, (r + 1 + \rho)\, E[BB']`, and for a uniform range of rank one
:math:`L_H = L\, (2 + \rho) / (d + 2)`.
"""

import math
from fractions import Fraction

from problems import checks
from problems.rounding import rounded
from problems.smoothness import Smoothness
from rac_theory.algorithms import Side
from rac_theory.cases.common_basis import in_common_basis, terms_of_side
from rac_theory.cases.one_side import exact_trace


def effective_dimension(Q: Smoothness, side: Side) -> float:
    r"""Return :math:`\rho` of a side, rounded up: the number with which the law of Gaussian entries holds.

    A sum has the largest trace over all directions of the other side, over L; d where these have no common basis.

    Examples
    --------
    >>> import numpy as np
    >>> from problems import Smoothness
    >>> from rac_theory.cases.effective_dimension import effective_dimension
    >>> Q = Smoothness([(np.diag([4.0, 1.0, 1.0]), np.eye(5))])
    >>> effective_dimension(Q, "left"), effective_dimension(Q, "right")
    (1.5, 5.0)
    """
    checks.one_of("side", side, ("left", "right"))
    d, L = Q.shape[0 if side == "left" else 1], Fraction(Q.largest)
    if L == 0:
        return math.nan
    parts = in_common_basis(terms_of_side(Q, side))
    if parts is None:
        return float(d)
    traces = (exact_trace(part.S) + d * Fraction(part.off) for part in parts.parts)
    return min(float(d), rounded(max(traces) * Fraction(parts.stretch) / L, math.inf))
