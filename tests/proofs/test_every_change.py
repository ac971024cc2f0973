"""A proof that is written down is one of its theorem alone: of none in which a number, a sign or an exponent moved."""

import os
from dataclasses import replace
from functools import cache
from itertools import islice

import pytest

from rac_theory import theorems
from rac_theory.algebra import Relation
from rac_theory.proofs import Missing, Proof
from rac_theory.proofs.fact import letters_in, read
from rac_theory.statements.about import bernoulli_lora
from rac_theory.statements.assumption import Condition, KnownConstant
from rac_theory.theorems.ours import STORED
from tests.theorems.second_routes.changed import changed_claims, changed_relations
from tests.theorems.second_routes.same import same

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
