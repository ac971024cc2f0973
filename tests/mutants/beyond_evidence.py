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
from .theorems import at_huber, mutants
from .theorems_rounds import ONE, epoch, equal


def beyond(id, case, *faults, steps, W0=None):
    """Its room is the largest exact / bound that is known, that of ``tightest``."""
    for wrong in mutants(id, case, *faults, steps=steps, W0=W0):
        yield replace(wrong, caught_by=(), room=theorems.ALL[id].tightest.ratio)


def of_epoch(id, *fault):
    return beyond(id, epoch(0.025, equal(20)), fault, steps=60, W0=ONE)


def scaled(factor):
    return lambda bound: factor * bound


OF_START = {start: Fraction(7, 9) * start for start in (gap0, gap0_upper)}

BANK = [
    *beyond(
        "T3",
        at_huber(),
        ("0.6 of the distance term", "the potential has 1 / (2 gamma)", {distance0: sqrt(distance0**2 * 3 / 5)}),
        ("f(W0) - f* is missing", "the potential has the gap too", {gap0: 0}),
        steps=20,
    ),
    *beyond(
        "T3_isotropic",
        at_huber(),
        ("1/(3 gamma) for 1/(2 gamma)", "the potential has 1 / (2 gamma)", scaled(Fraction(2, 3))),
        steps=20,
    ),
    *of_epoch("T7", "2 for 18/7", "the constant of T1 alone", OF_START),
    *of_epoch("T7d", "2 for 18/7", "the constant of T1 alone", OF_START),
    *of_epoch("T8", "0.8 of the bound", "2/7 comes of the lemma on an epoch", scaled(Fraction(4, 5))),
    *of_epoch("T8d", "0.7 of the bound", "2/9 comes of the lemma on an epoch", scaled(Fraction(7, 10))),
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
