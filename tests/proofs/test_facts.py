"""What proofs take for granted is true in worlds that are drawn, and as near to false as it can be."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory import theorems
from rac_theory.proofs.available import available
from rac_theory.proofs.fact import Fact, granted
from rac_theory.proofs.facts import assumed
from rac_theory.proofs.quantities import E, G, V, gap, gap_next
from rac_theory.statements import assumptions as known
from rac_theory.statements.symbols import L, gamma, lambda_max, lambda_min
from rac_theory.theorems.ours import STORED
from rac_theory.theorems.shared import known as known_facts

from .worlds import worlds
from .worlds.points import ALLOWED, columns_of, facts_that_are_granted, key, leaves, points
from .worlds.stronger import is_refuted

FACTS = facts_that_are_granted()
FEWEST = 25
"""Worlds that a fact is tested in, at least."""


@pytest.mark.long
@pytest.mark.parametrize("name", FACTS)
def test_each_fact_is_true_at_each_point_of_each_world_that_meets_what_it_rests_on(name):
    """A wrong sign, factor, or letter is seen, and an assumption that a fact needs and does not name."""
    fact = FACTS[name]
    at, count = points(columns_of(fact.said), fact.by, worlds())
    slack = at.slack
    if key(fact) == "A sum of powers; 0 for N = 1: 0 <= r":  # where N = 1 it is 0 / 0, and only s r has a value
        slack = slack[next(n for one, n in at.numbers.items() if one.name == "N") > 1]
    assert count >= FEWEST
    assert np.min(slack) >= -ALLOWED
    assert not fact.strict or np.all(at.terms.sum(axis=1)[np.isfinite(at.slack)] > 0)


@pytest.mark.parametrize("id", theorems.ALL)
def test_a_theorem_rests_on_these_facts_alone(id):
    """What is written down or looked for, from facts that are averaged and multiplied: none is granted elsewhere."""
    at_hand = [*available(theorems.ALL[id]), *STORED[id]()]
    found = {key(leaf) for fact in at_hand for leaf in leaves(fact, set()) if leaf.said is not None}
    assert found
    assert found <= set(map(key, FACTS.values()))


@pytest.mark.parametrize("assumption", [known.polyak_lojasiewicz, known.structured_noise])
def test_worlds_meet_what_they_say_they_do(assumption):
    """A world that is mistaken about itself would excuse a fact that is false."""
    for fact in assumed(assumption):
        at, count = points(columns_of(fact.said), fact.by, worlds())
        assert count >= FEWEST
        assert np.min(at.slack) >= -ALLOWED


def _is_false(fact: Fact) -> bool:
    return is_refuted(points(columns_of(fact.said), fact.by, worlds())[0].terms)


def test_a_step_of_more_than_2_over_L_may_rise():
    """``gamma L <= 2.05`` for 2 would be caught."""

    def fall(most):
        return granted("No step rises", gap_next <= gap, known.smooth, known.rac_lora_exact, gamma * L <= most)

    assert not _is_false(fall(2))
    assert _is_false(fall(Fraction(205, 100)))


@pytest.mark.parametrize("v", [G, V, V - G * gamma], ids=["G", "V", "V - gamma G"])
def test_the_smallest_eigenvalue_is_not_the_largest(v):
    """lambda_max for lambda_min would be caught, and lambda_min for lambda_max."""
    from rac_theory.proofs.drawn import H

    seen, whole = E(v @ H(v)), v @ v
    assert not _is_false(granted("", lambda_min * whole <= seen))
    assert _is_false(granted("", lambda_max * whole <= seen))
    assert not _is_false(granted("", seen <= lambda_max * whole))
    assert _is_false(granted("", seen <= lambda_min * whole))


def test_convexity_alone_does_not_bound_the_gradient():
    """As |x| shows: what is granted of convex functions that are smooth would be caught without smoothness."""
    assert not _is_false(known_facts.cocoercive)
    assert _is_false(granted("", known_facts.cocoercive.said, known.convex, known.known_minimiser))
    assert _is_false(granted("", known_facts.cocoercive.said, known.smooth, known.known_minimiser))
