"""Of changed claims: what is written down proves none of them, and nothing that says more is proved by a search."""

import os
import random
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import islice

import numpy as np
import pytest

from rac_theory import theorems
from rac_theory.algebra import Relation, identical, number, symbols_of, truth
from rac_theory.proofs import Missing, Proof
from rac_theory.proofs.fact import letters_in, read
from rac_theory.statements import symbols
from rac_theory.statements.about import bernoulli_lora
from rac_theory.statements.assumption import Condition, KnownConstant, relations_in
from rac_theory.statements.symbols import L, T, delta, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu
from rac_theory.theorems import E, prove
from rac_theory.theorems.federated import W_T, Gamma, a
from rac_theory.theorems.ours import STORED
from rac_theory.theorems.proving import searched
from tests.theorems.second_routes.changed import changed_claims, changed_relations
from tests.theorems.second_routes.exact import EXACT
from tests.theorems.second_routes.same import NAMES, same

ALL = "EVERY_CHANGE" in os.environ
MOST = None if ALL else 1
"""How many changes of a relation that is assumed are tried."""
made = cache(lambda id: STORED[id]())


def stands(theorem, id):
    """Whether what is written down for a theorem proves another."""
    try:
        Proof(theorem, *made(id))
    except (Missing, ZeroDivisionError):
        return False
    except ValueError as error:  # as Missing is one, too
        if "an exponent must be a whole number" not in str(error):
            raise
        return False
    return True


def can_be_read(theorem):
    """Whether its exponents are whole, which is asked of what is proved."""
    try:
        read(theorem.claim.bound - theorem.metric.expected)
    except ValueError:
        return False
    return True


def has_other_sums(theorem, changed):
    """Whether a sum that facts are about by its name is written in another way, so that it is another to them."""
    return bool({*theorem.claim.definitions} & {*letters_in(theorem.claim.relation)} - {*changed.claim.definitions})


SLOW = (
    *("T2_tight", "T4", "T5", "T5_step", "T7d", "T7d_sharp", "T8d_sharp"),
    *("T9d", "T9d_sharp", "T9rr", "T10d", "T10d_sharp"),
)
"""Theorems of which a comparison takes up to a second, as their sums of powers have no common denominator."""


def tried(theorem):
    """Check changed claims of a theorem: return how many are refused, and how many proved."""
    refused = kept = 0
    changes = list(changed_claims(theorem))
    few = [changes[len(changes) // 2]] if theorem.id in SLOW else changes[::60]
    for changed in changes if ALL else few:
        if stands(changed, theorem.id):
            assert same(theorem, changed), changed.statement
            kept += 1
        else:
            assert not same(theorem, changed) or not can_be_read(changed) or has_other_sums(theorem, changed)
            refused += 1
    return refused, kept


@pytest.mark.long
@pytest.mark.parametrize("id", STORED)
def test_no_changed_claim_has_the_proof_of_the_right_one(id):
    """Each number, sign, exponent, term, factor and limit moved in turn; what says the same is still proved.

    Would catch a proof that is not compared with the claim, or compared up to a factor, or at one T. All changes of all
    theorems: ``EVERY_CHANGE=1 python -m pytest tests/proofs/test_every_change.py``.
    """
    refused, kept = tried(theorems.ALL[id])
    assert refused > (30 if ALL else 0)
    assert kept < 30


def looser(assumption):
    """Yield what may stand in its place and is another assumption."""
    match assumption:
        case Relation():
            yield from islice(changed_relations(assumption), MOST)
        case KnownConstant(symbol, unless):
            yield KnownConstant(symbol, unless=theorems.symbols.T <= 1 if unless is None else None)
        case Condition(inequality=inequality, requirements=known):
            yield from (replace(assumption, inequality=other) for other in islice(changed_relations(inequality), MOST))
            yield replace(assumption, requirements=(*known, known[0]))


@pytest.mark.parametrize("id", STORED)
def test_what_a_proof_needs_must_be_given(id):
    """Each assumption left out, or another in its place: then there is no proof if it is needed, else there still is.

    Would catch a proof that does not look at what it rests on, and an assumption that is said to be unused and is not.
    """
    theorem = theorems.ALL[id]
    proof = Proof(theorem, *made(id))
    assert {*proof.needs, *proof.unused} == {theorem.about, *theorem.given}
    assert theorem.about in proof.needs
    assert not stands(replace(theorem, about=bernoulli_lora), id)
    for i, one in enumerate(theorem.given):
        before, after = theorem.given[:i], theorem.given[i + 1 :]
        assert stands(replace(theorem, given=before + after), id) == (one in proof.unused), one
        for other in looser(one):
            changed = replace(theorem, given=(*before, other, *after))
            assert stands(changed, id) == (one in proof.unused), (one, other)


def test_what_is_given_may_be_more_and_in_another_order():
    """A proof rests on what it uses, and not on how it is listed."""
    T2 = theorems.T2
    assert stands(replace(T2, given=(*T2.given[::-1], theorems.symbols.mu < 1)), "T2")


LESS, MORE = Fraction(99, 100), Fraction(101, 100)
slope = lambda_min * gamma

STRONGER = {
    "T1: a hundredth less": ("T1", LESS * 2 * gap0_upper / (slope * T)),
    "T1: a hundredth of a step more": ("T1", 2 * gap0_upper / (slope * (T + Fraction(1, 100)))),
    "T2: a rate of a hundredth more": ("T2", (1 - MORE * gamma * mu * lambda_min) ** T * gap0),
    "T2: a hundredth less": ("T2", LESS * (1 - gamma * mu * lambda_min) ** T * gap0),
    "T16: a hundredth less": ("T16", LESS * 2 * gap0_upper / (lambda_min * T)),
    "T16: lambda_max for lambda_min": ("T16", 2 * gap0_upper / (lambda_max * T)),
    "T20: no floor": ("T20", 2 * gap0_upper / (slope * T)),
    "T20: half of it": ("T20", 2 * gap0_upper / (slope * T) + symbols.bias_squared / (2 * lambda_min)),
    "T17: a hundredth less": ("T17", LESS * 2 * gap0_upper / (delta * gamma * (2 - gamma * L) * T)),
    "T17_pl: 1 for delta": ("T17_pl", (1 - gamma * (2 - gamma * L) * mu) ** T * gap0),
    "T2_sharp: 2.01 for 2": ("T2_sharp", (1 - gamma * (Fraction(201, 100) - gamma * L) * mu * lambda_min) ** T * gap0),
}


@pytest.mark.parametrize("name", STRONGER)
def test_a_claim_that_is_a_hundredth_stronger_has_no_proof(name):
    """The theorems are equalities somewhere, so each of these is false: a search that proves too much would be seen."""
    id, bound = STRONGER[name]
    ours = theorems.ALL[id]
    assert ours.tightest.ratio == 1
    assert searched(replace(ours, id=name, claim=E(ours.metric) <= bound, descends=False)) is None


FOLLOWS = {"T9d": 2 * gap0_upper / (Gamma * lambda_min * W_T) + a * (lambda_max / lambda_min) * symbols.D}
"""What is more than ours and has a proof, with a page that says so: the sharp form of T9d, with the weights of T9d."""


@pytest.mark.long
@pytest.mark.parametrize("id", sorted(theorems.ALL) if ALL else ["T1", "T2"])
def test_no_changed_claim_that_says_more_has_a_proof(id):
    """Each number, sign, exponent, term and factor moved in turn: none where the bound is below ours somewhere.

    Nor where an exact value exceeds it. Ours are the bounds of all theorems whose assumptions are met, as T10d_sharp
    says more than T10d. Would catch a search that proves too much, and a theorem of ours that can be sharpened in one
    place.
    """
    ours = theorems.ALL[id]
    cases = [(case, least(ours, case)) for case in allowed(ours)]
    stronger = [changed for changed in changed_claims(ours) if says_more(changed, ours, cases)]
    assert len(stronger) > 5
    found = [changed for changed in stronger[:: 1 if ALL else 8] if searched(changed) is not None]
    assert [one.statement for one in found if id not in FOLLOWS or not identical(one.claim.bound, FOLLOWS[id])] == []


def says_more(changed, ours, cases):
    """Whether a claim is exceeded by exact values, or its bound is below all of ours at some numbers.

    Averages with weights that fall faster are bounded as well, so that another left side is no matter of bounds.
    """
    if any(is_exceeded(changed, equality) for equality in EXACT.get(ours.id, ())):
        return True
    same = changed.metric.expected == ours.metric.expected
    return same and any(of(changed, case) < bound * (1 - 1e-9) for case, bound in cases)


def is_exceeded(theorem, equality):
    """Whether what is known of a run is above what is said of it."""
    times = np.array(equality.times)
    with np.errstate(all="ignore"):  # a changed bound may be no number, and says nothing then
        left = theorem.metric.measure(equality.curves, equality.c)[0][times]
        return bool((left > theorem.claim.at(equality.c, times.astype(float)) * (1 + 1e-6)).any())


def allowed(theorem):
    """Yield numbers that a theorem allows."""
    rng = random.Random(25)
    for _ in range(1000):
        case = drawn(rng)
        if all(is_met(one, case) for one in relations_in(*theorem.given)) and of(theorem, case) >= 0:
            yield case


def drawn(rng):
    """Return numbers, often the largest and the smallest that are possible."""
    part = rng.random
    numbers = {name: part() for name in NAMES}
    numbers |= {name: rng.choice([0, part()]) for name in ("A", "C", "D", "sigma^2", "zeta^2")}
    numbers["beta"], numbers["L"] = rng.choice([0, 1, part()]), rng.choice([0.5, 1, 2])
    numbers |= {name: numbers["L"] * rng.choice([1, part()]) for name in ("mu", "s")}
    numbers["lambda_max"] = rng.choice([1, part()])
    numbers["lambda_min"] = numbers["lambda_max"] * rng.choice([1, part(), part()])
    # What is always true of a gain and of L_H: f does not fall below its infimum.
    numbers["nu"] = rng.choice([1, part()]) / numbers["L"]
    numbers["L_H"] = max(numbers["mu"] * numbers["lambda_min"], rng.choice([1, part()]) * numbers["L"])
    numbers["T"], numbers["N"] = rng.choice([1, 2, 5, 20]), rng.choice([1, 1, 2, 3])
    numbers["K"] = numbers["N"]
    numbers["gamma"] = rng.choice([1, part(), 2 * part()]) / numbers["L"]
    numbers["eta"] = rng.choice([1, part()]) / numbers["L"] / numbers["N"]
    return numbers


def is_met(relation, case):
    """Whether numbers meet a relation; what is said of other numbers, or that two are equal, is left aside."""
    try:
        return "=" in relation.signs or bool(truth(relation, case))
    except KeyError:
        return True


def of(theorem, case):
    return float(number(theorem.claim.bound, case))


def least(theorem, case):
    """Return the least of our bounds of the same number that rest on no more, or on what these numbers meet."""
    given = {theorem.about, *theorem.given}
    same = [one for one in theorems.ALL.values() if one.metric.expected == theorem.metric.expected]
    return min(of(one, case) for one in same if all(need in given or met(need, case) for need in prove(one).needs))


def met(need, case):
    """Whether numbers meet a need that is about numbers, all of which are known."""
    return isinstance(need, Relation) and {one.name for one in symbols_of(need)} <= case.keys() and is_met(need, case)
