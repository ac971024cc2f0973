"""Each number in what theorems ask, changed in turn: they apply where their proofs go through, and only there."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rac_theory import Constants, theorems
from rac_theory.algebra import definitions_in, text, truth
from rac_theory.statements import assumptions
from rac_theory.statements.symbols import read
from rac_theory.theorems import federated
from tests.as_one_test import as_one_test

from .changed import changed_relations
from .reach import REACH, Point, is_met, own_relations, points, relations, with_constant
from .steps import drift_of_round


def changed_relations_of(theorem):
    """Yield the place of the relation that is changed, or left out, and what is asked in its place."""
    for i, relation in enumerate(relations(theorem)):
        yield from ((i, (other,)) for other in changed_relations(relation))
        if relation in own_relations(theorem):
            yield i, ()


def possible_constants():
    """Yield random numbers for all symbols, 200 at a time; a step and L come one by one, as sums over steps ask for."""
    rng, of_memory = np.random.default_rng(24), np.random.default_rng(25)
    for length in np.linspace(0.02, 2.6, 65):  # 0.04 apart, as edges are moved by a tenth
        for steps in (1, 3):
            L = 10 ** rng.uniform(-1, 1)
            names = ("A", "beta", "C", "nu", "omega", "max lambda(M Q)")
            some = {name: 10 ** rng.uniform(-2, 1, 200) for name in names}
            some["b"] = some["a"] = of_memory.random(200)
            some["alpha"] = of_memory.random(200) ** 4
            some["A"] = np.where(of_memory.random(200) < 0.5, 0.0, some["A"])  # T22 asks for none
            some["t_0"] = 10 ** rng.uniform(0, 4, 200)
            some |= {name: L * rng.random(200) ** 2 for name in ("mu", "s")}
            high = rng.random(200)
            step = length / L / steps
            some |= {"delta": rng.random(200), "ell": 3 * rng.random(200)}
            some["s_0"] = some["s"] * of_memory.random(200) ** 0.2 * 1.1
            some["lambda_0"] = high * of_memory.random(200) ** 0.2
            some |= {"c": of_memory.random(200), "R": 5 * of_memory.random(200)}
            yield some | {
                "L": L, "L_H": L, "gamma": step, "eta": step, "N": steps, "K": steps, "T": rng.integers(1, 9, 200),
                "lambda_max": high, "lambda_min": high * (1 - rng.random(200) ** 3),
            }  # fmt: skip


BLOCKS = list(possible_constants())


@cache
def true_at_random(relation):
    """Where a relation is true, among possible constants."""
    return np.concatenate([truth(relation, block) & np.ones(200, bool) for block in BLOCKS])


@pytest.mark.long
@pytest.mark.parametrize("id", theorems.ALL)
def test_a_theorem_applies_where_its_proof_goes_through(id):
    """Two hundredths within every edge, two hundredths beyond it, and far away."""
    asked, sound, found = relations(theorems.ALL[id]), REACH[id].sound, points(theorems.ALL[id])
    assert [p for p in found if all(is_met(relation, p) for relation in asked) != sound(p)] == []
    assert {sound(p) for p in found} == {True, False}


@pytest.mark.long
@pytest.mark.parametrize("id", theorems.ALL)
def test_no_changed_assumption_survives(id):
    """A looser one applies where the proof does not, a stricter one does not where it does.

    What survives must be implied: all assumptions together are met by the same of 26 000 random constants.
    """
    theorem, refuted, implied, surviving = theorems.ALL[id], 0, [], []
    asked, found = relations(theorem), points(theorem)
    broken = [{i for i, relation in enumerate(asked) if not is_met(relation, p)} for p in found]
    at_random = [true_at_random(relation) for relation in asked]
    assert np.sum(np.logical_and.reduce(at_random)) > 100
    for i, others in changed_relations_of(theorem):
        assert [text(other) for other in others] != [text(asked[i])]
        decided = ((p, not wrong) for p, wrong in zip(found, broken, strict=True) if wrong <= {i})
        if any(all(is_met(other, p) for other in others) != before for p, before in decided):
            refuted += 1
            continue
        true = np.logical_and.reduce([*at_random[:i], *map(true_at_random, others), *at_random[i + 1 :]])
        same = (true == np.logical_and.reduce(at_random)).all()
        (implied if same else surviving).append((asked[i], others))
    assert surviving == []


@as_one_test("id", theorems.ALL)
def test_a_name_stands_for_one_thing(id):
    """In the claim and in what is given: otherwise the bound has one rho, and the assumption another."""
    theorem = theorems.ALL[id]
    names = {}
    for let in definitions_in(theorem.claim.relation, *relations(theorem)):
        assert names.setdefault(let.name, let) == let


@pytest.mark.parametrize("known", [assumptions.known_client_heterogeneity, assumptions.known_client_variance])
def test_what_clients_differ_by_is_not_needed_where_they_do_not_drift(known):
    """K = 1, by the drift itself. Would catch another number of steps in ``unless``."""
    rounds = [Point(Constants(gamma=0.1, inner_steps=K)) for K in (1, 2, 3)]
    calm = [drift_of_round(p.c.inner_steps, 0.1) == (0, 0) for p in rounds]
    assert [is_met(known.unless, p) for p in rounds] == calm == [True, False, False]
    for other in changed_relations(known.unless):
        assert [is_met(other, p) for p in rounds] != calm or text(other) in ("K^{11/10} = 1", "K^{9/10} = 1", "K^2 = 1")


@pytest.mark.long
@as_one_test("id", [id for id, theorem in theorems.ALL.items() if theorem.lemmas])
def test_lemmas_are_true_on_both_sides_of_all_edges(id):
    """What is known of a name from elsewhere: its range, of which most is met, or a fifth, and its way with symbols.

    Catches an end that values go beyond, one that is far from all of them, and a way that is the other one.
    """
    theorem = theorems.ALL[id]

    def met(point):
        c = point.c
        possible = not (c.lambda_min > 1 or c.lambda_max > 1 or c.mu > c.L or c.mu * c.lambda_min > c.L_H)
        return possible and all(is_met(relation, point) for relation in relations(theorem))

    inside = [point for point in points(theorem) if met(point)]
    for name, (relation, lemma) in theorem.lemmas.items():
        assert relation in theorem.relations  # or it would never be used
        values = [read(name, point.c, T=point.T) for point in inside]
        low, high = lemma.range
        assert low <= min(values) < max(values) <= high
        assert high == math.inf or max(values) > high * (0.2 if name is federated.a else 0.55)
        for symbol, way in lemma.ways.items():
            changes = []
            for point in inside[::5]:
                for by in (0.99, 1.01):
                    value = getattr(point.c, symbol.constant) * by
                    other = replace(point, c=with_constant(point.c, symbol.constant, value))
                    if met(other):
                        change = read(name, other.c, T=point.T) - read(name, point.c, T=point.T)
                        changes.append(change if by > 1 else -change)
            assert max(changes, key=abs) * {"up": 1, "down": -1}[way] > 0, symbol
            assert min(change * {"up": 1, "down": -1}[way] for change in changes) >= -1e-12 * max(map(abs, values))
