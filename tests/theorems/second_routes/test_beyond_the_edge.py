"""Beyond the longest step most claims are false: a twentieth will do, with expectations that are exact.

Where nothing is false there, the edge is that of the proof, and ``test_every_edge`` holds it: the simple constants of
T7 and T8, T3 and T3_isotropic, which are loose by two, the horizon of T5_step, and where rho passes 1.
"""

from dataclasses import replace

import numpy as np

from rac_theory import theorems
from rac_theory.algebra import text
from tests.as_one_test import as_one_test

from .exact import BLANK, START, L, attained
from .reach import Point, is_met, relations

ONE, TWO = 1.05 / L, 2.1 / L
ON_ONE = [START, 0.0]
HALF = replace(BLANK, lambda_min=0.5, lambda_max=0.5, A=0.0, beta=1.0, C=0.0, inner_steps=1)


def line(gamma, shift=0.0, start=START):
    """L x^2/2, one step with probability one half, and noise of two values."""
    c = replace(HALF, gamma=gamma, C=(shift / gamma) ** 2, gap0=L / 2 * start**2, gap0_upper=L / 2 * start**2)
    return attained("line", c, [(0.25, 1 - gamma * L, sign * shift) for sign in (1, -1)], (400,), x=start)


def steep(gamma):
    """A quarter of L on another axis, which is where PL is tight, and a start on the steep one."""
    c, curvatures = replace(HALF, gamma=gamma, mu=L / 4, lambda_min=1.0, lambda_max=1.0), L * np.array([1, 0.25])
    return attained("steep", c, [(1.0, np.diag(1 - gamma * curvatures), 0.0)], (30,), np.diag(curvatures), ON_ONE)


def frequent(gamma):
    """A start on the axis that is drawn more often than the other."""
    c = replace(HALF, gamma=gamma, lambda_min=0.2, lambda_max=0.8)
    maps = [(0.8, np.diag([1 - gamma * L, 1.0]), 0.0), (0.2, np.diag([1.0, 1 - gamma * L]), 0.0)]
    return attained("frequent", c, maps, (30,), L * np.eye(2), ON_ONE)


def two_plain_steps(longest):
    """T12 with two steps before the merge: a draw that is too long undoes in the second more than the first gains."""
    nu = 0.5 * (2 * longest - longest**2) / L + 0.5 / L
    c = replace(HALF, nu=nu, longest_step=longest, inner_steps=2)
    return attained("two steps", c, [(0.5, (1 - longest) ** 2, 0.0), (0.5, 0.0, 0.0)], (30,))


FALSE = [
    *((id, "gamma L <= 1", line(ONE)) for id in ("T1", "T2")),
    *((id, "eta N L <= 1", line(ONE)) for id in ("T7d_sharp", "T8d_sharp")),
    *((id, "eta K L <= 1", line(ONE)) for id in theorems.ALL if id.startswith(("T9", "T10"))),
    *((id, "0 < gamma L < 2", line(TWO)) for id in ("T1_sharp", "T3_sharp")),
    *((id, "0 < gamma L < 2", steep(TWO)) for id in ("T2_sharp", "T2_tight")),
    ("T1_tight", "0 < gamma L < 2", frequent(TWO)),
    ("T5", "gamma L beta < 2", line(TWO)),
    ("T5_step", "gamma L beta <= 1", line(ONE, shift=1.0, start=1e-3)),
    *((id, "max lambda(M Q) < 2", two_plain_steps(2.1)) for id in ("T12_nonconvex", "T12_pl")),
]


@as_one_test(("id", "edge", "case"), FALSE, ids=[f"{id}, {edge}" for id, edge, _ in FALSE])
def test_a_twentieth_beyond_its_edge_the_claim_is_false(id, edge, case):
    """All else is assumed rightly. Would catch an edge that is no edge, as one that was made narrower."""
    theorem = theorems.ALL[id]
    unmet = [text(each) for each in relations(theorem) if not is_met(each, Point(case.c, 400))]
    assert unmet == [edge]
    left = theorem.metric.measure(case.curves, case.c)[0]
    right = theorem.bound(case.c, len(left) - 1)
    assert (left[1:] > right[1:] * (1 + 1e-6) + 1e-12).any()
