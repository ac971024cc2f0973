"""What proofs compute from facts is true in worlds that are drawn: a second route to each line on a single step."""

from collections.abc import Iterator

import numpy as np
import pytest

from rac_theory.algebra import Ratio
from rac_theory.algebra.polynomials import Polynomial
from rac_theory.proofs.fact import Fact, granted
from rac_theory.proofs.quantities import E, G, gap, gap_next
from rac_theory.statements.symbols import L, gamma, lambda_min
from rac_theory.theorems.ours import STORED
from rac_theory.theorems.shared import exact

from .worlds import worlds
from .worlds.points import ALLOWED, ordered, points, relative

FEWEST = 25
"""Worlds that a line is tested in, at least, of each theorem."""


def computed(*facts: Fact) -> Iterator[Fact]:
    """Yield what follows from other facts, sums without a name too, each once."""
    todo, seen = list(facts), set()
    while todo:
        fact = todo.pop()
        if fact not in seen:
            seen.add(fact)
            todo += [each for product in fact.of for each in product]
            if fact.of:
                yield fact


def slack(fact: Fact) -> np.ndarray:
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
    found = [slack(fact) for fact in computed(*STORED[id]())]
    assert max(map(len, found)) >= FEWEST
    assert all(np.min(each) >= -ALLOWED for each in found if each.size)


def test_a_mean_of_the_wrong_side_would_be_seen():
    """As would twice a fact that is taken once, in a step that is true with one of them."""
    step = E(gap_next) <= gap - gamma * (1 - gamma * L / 2) * lambda_min * (G @ G)
    true = granted("", step, *exact.by, gamma * L <= 1)
    twice = granted("", step.at({lambda_min: 2 * lambda_min}), *true.by)
    assert np.min(slack(true)) >= -ALLOWED
    assert np.min(slack(twice)) < -0.01
