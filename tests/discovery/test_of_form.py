"""What is found where the form of a claim is given: the best constant in it, which may depend on others.

That a claim with a constant a hundredth better has no proof is asked in ``tests/proofs/test_every_change.py``.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rac_theory import Case, RACLoRA, theorems, verify
from rac_theory.algebra import Relation, identical, number, symbols_of, truth
from rac_theory.algorithms import PLAIN
from rac_theory.discovery import discover
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate
from rac_theory.statements import E, gap, mean_squared_gradient, squared_distance
from rac_theory.statements.assumptions import smooth, strongly_convex
from rac_theory.statements.symbols import L, T, distance0, gamma, gap0, gap0_upper, lambda_max, lambda_min, s
from rac_theory.theorems import T1, T2, T4, T1_sharp, T9d, T9d_sharp

SHARPER = {
    "T1": ("T1_sharp",),
    "T2": ("T2_sharp",),
    **dict.fromkeys(("T4_gap", "T7", "T7d", "T7d_sharp", "T8", "T8d", "T8d_sharp", "T9", "T9d", "T9d_sharp"), ()),
    **dict.fromkeys(("T10", "T10d", "T10d_sharp"), ()),
}
"""Those of ours in whose form more is found, with which of ours that is: their constants are numbers."""
BY_CASES = ("T4",)
OTHER_FORMS = (
    *("T1_tight", "T2_tight", "T5_step", "T18", "T18_pl", "T19", "T19_pl", "T21", "T21_H"),
    *("T22", "T22_H", "T22_pl", "T25", "T27", "T27_pl"),
)
"""With a polynomial in T, roots, sums over orders, potentials that are not in the claim: see their pages."""
BEST = sorted(theorems.ALL.keys() - {*SHARPER, *BY_CASES, *OTHER_FORMS})
QUICK = ("T2_sharp", "T3", "T16", "T20_pl", "T26", "T1", "T2", "T4_gap", "T9d_sharp", "T10", "T10d_sharp")


@cache
def found(id):
    """What is found of the form of one of ours."""
    return discover(theorems.ALL[id])


def marked(ids, quick):
    """The quick ones by default; the others ask the same of other theorems, in full."""
    return [pytest.param(id, marks=[] if id in quick else [pytest.mark.full]) for id in ids]


@pytest.mark.parametrize("id", marked(BEST, QUICK))
def test_the_constant_of_a_claim_is_the_best_that_is_found(id):
    """With the constant left open the search comes back with ours: none of these is weaker than what can be proved."""
    ours = theorems.ALL[id]
    assert discover(ours).theorems[0].claim.bound is ours.claim.bound


@pytest.mark.parametrize("id", marked(SHARPER, QUICK))
def test_where_more_is_found_nothing_more_is_given(id):
    """The bound is below ours at all constants that ours allows, and what is asked besides is met there.

    Catches a direction that is turned, and a condition that excludes what ours does not.
    """
    ours, answer = theorems.ALL[id], found(id)
    theorem = answer.theorems[0]
    assert answer.same["found_1"] == SHARPER[id]
    assert all(truth(relation, at) for relation in theorem.relations for at in allowed(ours))
    bounds = np.array([[number(each.claim.bound, at) for each in (ours, theorem)] for at in allowed(ours)])
    assert (bounds[:, 1] <= bounds[:, 0] * (1 + 1e-9)).all()
    assert (bounds[:, 1] < bounds[:, 0] * (1 - 1e-3)).any()


def allowed(theorem, count=40):
    """Constants that a theorem allows, with T, by name."""
    rng = np.random.default_rng(2410)
    symbols = symbols_of(theorem.claim.bound, *theorem.relations)
    cases = []
    while len(cases) < count:
        at = {symbol.name: rng.uniform(0.01, 1) for symbol in symbols}
        at |= {name: float(rng.integers(2, 5)) for name in ("T", "N", "K")}
        at |= {name: at.get(name, 1) * at.get("L", 1) for name in ("mu", "s")}
        at["lambda_min"] = at["lambda_min"] * at.get("lambda_max", 1)
        if all(truth(relation, at) for relation in theorem.relations):
            cases.append(at)
    return cases


@pytest.mark.long
def test_a_better_constant_than_ours():
    """By hand: T9d_sharp may be divided by 1 - s^2 + s^2 lambda_max / lambda_min, T9d by that in place of 1 - a."""
    sharp, plain = (found(each).theorems[0].claim.bound for each in ("T9d_sharp", "T9d"))
    for at in allowed(T9d):
        k = (1 + at["eta"] * at["L"]) ** np.arange(at["K"]) - 1
        s, a, spread = np.mean(k), np.mean(k**2), at["lambda_max"] / at["lambda_min"]
        ours, coarse = (number(each.claim.bound, at) for each in (T9d_sharp, T9d))
        assert number(sharp, at) == pytest.approx(ours / (1 - s**2 + s**2 * spread))
        assert number(plain, at) == pytest.approx(coarse * (1 - a) / (1 - s**2 + a * spread))


@pytest.mark.parametrize("bound", [3 * gap0_upper / (gamma * lambda_min * T), gap0_upper / (gamma * lambda_max * T)])
def test_a_claim_that_says_less_or_more_leads_to_the_same(bound):
    """Half as much more than T1, or lambda_max in the place of lambda_min, which is false: both lead to T1_sharp."""
    answer = discover(replace(T1, id="mine", claim=E(T1.metric) <= bound))
    assert answer.same == {"found_1": ("T1_sharp",)}
    assert identical(answer.theorems[0].claim.bound, T1_sharp.claim.bound)


def test_what_is_given_besides_is_used():
    """T1 without its conditions, and others beside it: the claim is that of T1_sharp, and nothing else is asked."""
    (theorem,) = discover(replace(T1, given=T1.given[:1]), given=(2 * gamma * L <= 1, lambda_min > 0)).theorems
    assert {*theorem.relations} == {2 * gamma * L <= 1, lambda_min > 0}
    assert identical(theorem.claim.bound, T1_sharp.claim.bound)


def test_of_what_does_not_follow_nothing_is_found():
    """Without smoothness nothing is left of T1, and a third power of T follows from no step."""
    rough = replace(T1, id="rough", given=tuple(each for each in T1.given if each not in (smooth, gamma * L <= 1)))
    answer = discover(rough)
    assert answer.proofs == ()
    assert "nothing follows from" in str(answer)
    cubic = discover(replace(T2, id="cubic", claim=E(gap) <= gap0 / (T + 1) ** 3))
    assert str(cubic) == "its claim has no form that follows from what one step does"


@pytest.mark.parametrize("id", marked(OTHER_FORMS, ("T1_tight", "T18", "T22_pl")))
def test_of_other_forms_no_best_constant_is_known(id):
    assert discover(theorems.ALL[id]).proofs == ()


@pytest.mark.long
def test_a_maximum_is_found_by_its_cases():
    """T4 in two: where gamma (L + s) <= 2 the smaller curvature counts. Names are written out in what is given."""
    short, long = discover(T4).theorems
    rate = {each: 1 - lambda_min + lambda_max * (1 - gamma * each) ** 2 for each in (s, L)}
    for theorem, curvature in ((short, s), (long, L)):
        assert identical(theorem.claim.bound, rate[curvature] ** T * distance0**2)
    assert {*short.relations} - {*long.relations} != set()
    assert "rho" not in str(short.relations)


def test_a_rate_of_distances_is_found_from_the_step():
    """Both cases of T4; with the fourth power of 1 - gamma s for its square the exact expectation is above it."""
    answer = discover(PLAIN, given=(smooth, strongly_convex), metric=squared_distance)
    short = next(each for each in answer.theorems if s in symbols_of(each.claim.bound))
    assert identical(short.claim.bound, (1 - lambda_min + lambda_max * (1 - gamma * s) ** 2) ** T * distance0**2)
    problem = Quadratic.left(np.diag([0.5, 1.0]), np.ones((2, 1)))
    case = Case(RACLoRA(Coordinate(2, 1), gamma=0.7), problem, steps=10)
    assert verify(short, case).status.name == "HOLDS"
    claim = E(squared_distance) <= (1 - lambda_min * (1 - (1 - gamma * s) ** 4)) ** T * distance0**2
    assert verify(replace(short, id="false", claim=claim), case).status.name == "VIOLATED"


def from_the_step(ours):
    """What is found of the step of one of ours, with what it gives but for relations between constants."""
    given = tuple(each for each in ours.given if not isinstance(each, Relation))
    metrics = (gap, mean_squared_gradient, squared_distance)
    metric = next((each for each in metrics if each.expected == ours.metric.expected), mean_squared_gradient)
    return discover(ours.about, given=given, metric=metric)


@pytest.mark.long
@pytest.mark.parametrize("id", ["T10rr", "T12_gaussian", "T20", "T20_pl", "T26", "T26_pl"])
def test_other_steps_of_ours_are_found_from_the_step(id):
    """Clients, bias and fixed weights: facts with other letters, and names of which facts are granted."""
    assert (id,) in from_the_step(theorems.ALL[id]).same.values()


ROUNDS = ("T7", "T8", "T9", "T10")


@pytest.mark.parametrize("id", marked(ROUNDS, ("T9", "T10")))
def test_rates_of_rounds_are_found_from_the_step(id):
    """With the errors of an epoch, whose names keep what is known of them: at most the bound of ours, where that is."""
    ours = theorems.ALL[id]
    (theorem,) = from_the_step(ours).theorems
    bounds = np.array([[number(each.claim.bound, at) for each in (theorem, ours)] for at in allowed(ours)])
    assert (bounds[:, 0] <= bounds[:, 1] * (1 + 1e-9)).all()
    assert (bounds[:, 0] < bounds[:, 1] * (1 - 1e-6)).any()
    assert all(truth(relation, at) for relation in theorem.relations for at in allowed(ours))
