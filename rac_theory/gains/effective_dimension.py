r"""The effective dimension of one side of Q: its trace over its largest eigenvalue, between 1 and the length d.

It decides what a random direction of that side sees of the curvature: for Gaussian entries
:math:`E[BB'QBB'] \le L\, (r + 1 + \rho)\, E[BB']`, and for a uniform range of rank one
:math:`L_H = L\, (2 + \rho) / (d + 2)`.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple
from weakref import WeakKeyDictionary

from rac_theory.algorithms import Side
from rac_theory.base import checks
from rac_theory.gains.common_basis import in_common_basis, terms_of_side
from rac_theory.gains.one_side import exact_trace
from rac_theory.numerics import largest_eigenvalue, rounded
from rac_theory.problems import Smoothness


class Ends(NamedTuple):
    """The largest eigenvalue and the trace of a matrix of one side, both rounded up."""

    largest: Fraction
    trace: Fraction


_ends: WeakKeyDictionary[Smoothness, dict[Side, Sequence[Ends] | None]] = WeakKeyDictionary()


def ends_of_side(Q: Smoothness, side: Side) -> Sequence[Ends] | None:
    """Return the ends of the matrices of one side into which Q is split; None where the other has no common basis.

    They are found once for each Q, as every rank asks for them and an eigenvalue of a large matrix takes long.
    """
    checks.one_of("side", side, ("left", "right"))
    by_side = _ends.setdefault(Q, {})
    if side not in by_side:
        by_side[side] = _ends_of_parts(Q, side)
    return by_side[side]


def _ends_of_parts(Q: Smoothness, side: Side) -> Sequence[Ends] | None:
    parts = in_common_basis(terms_of_side(Q, side))
    if parts is None:
        return None
    stretch = Fraction(parts.stretch)
    return [
        Ends(
            (Fraction(largest_eigenvalue(S)) + Fraction(off)) * stretch,
            (exact_trace(S) + len(S) * Fraction(off)) * stretch,
        )
        for S, off in parts.parts
    ]


def effective_dimension(Q: Smoothness, side: Side) -> float:
    r"""Return the effective rank :math:`\rho = \mathrm{tr}(S) / \lambda_{\max}(S)` of curvature on a side, rounded up.

    It decides how the learning rate of Gaussian entries depends on the rank. Of a sum of Kronecker products it is the
    largest trace over all directions of the other side, divided by L; and d where these have no common basis.

    Parameters
    ----------
    Q : Smoothness
    side : Side
        The side whose dimension is returned.

    Returns
    -------
    float
        Between 1 and the length of the side; nan where Q is zero.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Smoothness
    >>> from rac_theory.gains.effective_dimension import effective_dimension
    >>> Q = Smoothness([(np.diag([4.0, 1.0, 1.0]), np.eye(5))])
    >>> effective_dimension(Q, "left"), effective_dimension(Q, "right")
    (1.5, 5.0)
    """
    ends, d = ends_of_side(Q, side), float(Q.shape[0 if side == "left" else 1])
    if Q.largest == 0:
        return math.nan
    return d if ends is None else min(d, rounded(max(end.trace for end in ends) / Fraction(Q.largest), math.inf))
