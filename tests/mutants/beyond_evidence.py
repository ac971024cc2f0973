"""Wrong theorems that no run can refute as far as is known: they change a bound by less than its slack.

Each is caught by its proof followed in numbers, of tests/theorems/second_routes, which leaves a bound no slack.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from rac_theory import Case, Constants, theorems
from rac_theory.algebra import sqrt
from rac_theory.statements.symbols import distance0, gap0, gap0_upper
from tests.theorems.second_routes.proofs import PROOFS

from .mutant import Mutant
from .theorems import bounded, changed, mutant
from .theorems_convex import at_huber
from .theorems_rounds import ONE, epoch, equal

T3, T3_isotropic = theorems.T3, theorems.T3_isotropic
T7, T7d, T8, T8d = theorems.T7, theorems.T7d, theorems.T8, theorems.T8d


def beyond(name, why, wrong, theorem, case, steps=60, W0=None, room=None):
    """``room`` is the largest exact / bound where it could be seen; that of ``tightest`` unless told otherwise."""
    found = mutant(name, why, wrong, theorem, case, steps, W0)
    return replace(found, caught_by=(), room=theorem.tightest.ratio if room is None else room)


def scaled(theorem, factor):
    return bounded(theorem, factor * theorem.claim.bound)


def smaller_start(theorem, factor):
    return changed(theorem, {gap0: factor * gap0, gap0_upper: factor * gap0_upper})


EPOCH = epoch(0.025, equal(20))

BANK = [
    beyond(
        "0.6 of the distance term",
        "the potential has 1 / (2 gamma)",
        changed(T3, {distance0: sqrt(distance0**2 * 3 / 5)}),
        T3,
        at_huber(),
        20,
    ),
    beyond(
        "f(W0) - f* is missing",
        "the potential has the gap too",
        changed(T3, {gap0: 0}),
        T3,
        at_huber(),
        20,
    ),
    beyond(
        "1/(3 gamma) for 1/(2 gamma)",
        "the potential has 1 / (2 gamma)",
        scaled(T3_isotropic, Fraction(2, 3)),
        T3_isotropic,
        at_huber(),
        20,
    ),
    beyond("2 for 18/7", "the constant of T1 alone", smaller_start(T7, Fraction(7, 9)), T7, EPOCH, W0=ONE),
    beyond("2 for 18/7", "the constant of T1 alone", smaller_start(T7d, Fraction(7, 9)), T7d, EPOCH, W0=ONE),
    beyond("0.8 of the bound", "2/7 comes of the lemma on an epoch", scaled(T8, Fraction(4, 5)), T8, EPOCH, W0=ONE),
    beyond(
        "0.7 of the bound",
        "2/9 comes of the lemma on an epoch",
        scaled(T8d, Fraction(7, 10)),
        T8d,
        EPOCH,
        W0=ONE,
    ),
]


def share(mutant: Mutant) -> float:
    """The smallest ratio of the wrong bound to the right one on its case."""
    wrong, right = mutant.wrong(), mutant.right()
    c = Constants.of(Case(right.algorithm, right.problem, right.W0, steps=right.steps))
    bounds = wrong.theorem.bound(c, wrong.steps)[1:], right.theorem.bound(c, right.steps)[1:]
    return float(np.min(bounds[0] / bounds[1]))


def proof_against(mutant: Mutant) -> str:
    """What of the proof has another value than the wrong bound, and that of the right one; empty if nothing has."""
    wrong, right = mutant.wrong().theorem, mutant.right().theorem
    found = [each.case for each in PROOFS[right.id] if each.agrees(right) and each.refutes(wrong)]
    return found[0] if found else ""
