"""What proofs take for granted, and what they compute from it on a single step, is true in worlds that are drawn."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
import pytest

from rac_theory import theorems
from rac_theory.algebra import Ratio
from rac_theory.algebra.polynomials import Polynomial
from rac_theory.proofs.available import available
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import assumed
from rac_theory.statements import assumptions as known
from rac_theory.theorems.ours import STORED
from tests.as_one_test import as_one_test

from .worlds import worlds
from .worlds.points import ALLOWED, PARTS, all_granted, columns_of, key, leaves, ordered, points, relative, some_of_them

FEWEST = 25
"""Worlds that a fact is tested in, at least."""


@pytest.mark.long
@pytest.mark.parametrize("part", PARTS)
def test_each_fact_is_true_at_each_point_of_each_world_that_meets_what_it_rests_on(part):
    """A wrong sign, factor, or letter is seen, and an assumption that a fact needs and does not name."""
    for name, fact in some_of_them(part).items():
        at, count = points(columns_of(fact.said), fact.by, worlds())
        slack = at.slack
        if key(fact) == "A sum of powers; 0 for N = 1: 0 <= r":  # where N = 1 it is 0 / 0, and only s r has a value
            slack = slack[next(n for one, n in at.numbers.items() if one.name == "N") > 1]
        assert count >= FEWEST, name
        assert np.min(slack) >= -ALLOWED, name
        assert not fact.strict or np.all(at.terms.sum(axis=1)[np.isfinite(at.slack)] > 0), name


@as_one_test("id", theorems.ALL)
def test_a_theorem_rests_on_these_facts_alone(id):
    """What is written down or looked for, from facts that are averaged and multiplied: none is granted elsewhere."""
    at_hand = [*available(theorems.ALL[id]), *STORED[id]()]
    found = {key(leaf) for fact in at_hand for leaf in leaves(fact, set()) if leaf.said is not None}
    assert found
    assert found <= set(map(key, all_granted().values()))


@pytest.mark.parametrize("assumption", [known.polyak_lojasiewicz, known.structured_noise])
def test_worlds_meet_what_they_say_they_do(assumption):
    """A world that is mistaken about itself would excuse a fact that is false."""
    for fact in assumed(assumption):
        at, count = points(columns_of(fact.said), fact.by, worlds())
        assert count >= FEWEST
        assert np.min(at.slack) >= -ALLOWED


def computed(facts: Iterable[Fact], seen: set[Fact]) -> Iterator[Fact]:
    """Yield what follows from other facts, sums without a name too, each once."""
    for fact in facts:
        if fact.of and fact not in seen:
            seen.add(fact)
            yield fact
            yield from computed(chain(*fact.of), seen)


def slack_of(fact: Fact) -> np.ndarray:
    """How far a fact is from false in each world that has its letters and meets what it rests on; without points at
    which its normal form is 0 / 0, as that of a sum of powers is where they are all 1."""
    columns = [Ratio(Polynomial(frozenset({term}))).expression for term in ordered(fact.value)]
    at, _ = points([*columns, Ratio(fact.value.denominator).expression], fact.by, worlds())
    *terms, below = at.terms.T
    has_value = np.isfinite(at.terms).all(axis=1) & (below != 0)
    return relative((np.array(terms)[:, has_value] / below[has_value]).T)


@pytest.mark.long
@pytest.mark.parametrize("id", STORED)
def test_what_is_computed_of_one_step_is_true(id):
    """A sum, product, quotient, mean, case or instance that is wrong would be seen: each fact it is of is true."""
    found = [slack_of(fact) for fact in computed(STORED[id](), set())]
    assert max(map(len, found)) >= FEWEST
    assert all(np.min(each) >= -ALLOWED for each in found if each.size)
