"""Second route of a check: every proof that is written down, computed again in fractions from what its leaves say."""

from dataclasses import replace
from functools import cache, reduce
from operator import add, mul

import pytest

from rac_theory import theorems
from rac_theory.algebra import Relation
from rac_theory.algebra.expression import lifted
from rac_theory.algebra.roots import without_squares
from rac_theory.proofs import Proof
from rac_theory.proofs.fact import read
from rac_theory.theorems.ours import STORED

from .recomputed import Numbers, Recomputed, key

SEEDS = ("a",)
made = cache(lambda id: Proof(theorems.ALL[id], *STORED[id]()))


@pytest.mark.long
@pytest.mark.parametrize("id", STORED)
def test_each_proof_is_what_it_says_at_random_numbers(id):
    """Would catch a sum, a product, a mean, a rule or a comparison that ``Polynomial`` gets wrong."""
    for seed in SEEDS:
        again = Recomputed(made(id), Numbers(f"{id} {seed}"))
        assert again.faults() == []
        assert again.missing() == 0


def is_off(again):
    """Whether anything is not what it is said to be: also a premise that is not what its rule asks for."""
    try:
        return again.missing() != 0 or bool(again.faults())
    except (AssertionError, ValueError):  # or a root of what is no square
        return True


@pytest.mark.long
@pytest.mark.parametrize("id", STORED)
def test_a_leaf_that_says_something_else_is_seen(id):
    """A hundredth more or less than each fact that is taken for granted: some sum above it is off then."""
    again = Recomputed(made(id), Numbers(f"{id} a"))
    for leaf in [one for one in again.facts if not one.of and one.said is not None and not one.value.is_zero]:
        left, right = leaf.said.terms
        other = replace(leaf, said=Relation((left, right + lifted(1) / 100), leaf.said.signs))
        known = {place: again.said(other, place) for place in ((0, 0), (0, 1), (1, 0), (1, 1))}
        again.known = {(key(leaf), place): value for place, value in known.items()}
        assert is_off(again), leaf


@pytest.mark.parametrize("id", STORED)
def test_no_fact_is_idle(id):
    """What each fact adds to each sum that it is in is not nothing, so that the sum without it is another number.

    Would catch a proof that claims to rest on what it does not use.
    """
    proof = made(id)
    for fact in Recomputed(proof, Numbers(id)).facts:
        if fact.rule or not fact.of or fact.name.startswith("1 / ("):
            continue
        sums = {p: times for p, times in fact.of.items() if not any(each.value.is_zero for each in p)}
        for one in {each for product in sums for each in product}:
            with_it = [_value(product) * read(lifted(times)) for product, times in sums.items() if one in product]
            assert not without_squares(reduce(add, with_it)).is_zero, (fact, one)


def _value(facts):
    return reduce(mul, (each.value for each in facts), read(lifted(1)))
