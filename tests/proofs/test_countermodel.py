"""Numbers at which facts hold and a goal is negative: never for what has a proof, nearly always for what is false."""

from fractions import Fraction
from math import prod
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog

from rac_theory.algebra.division import simplified
from rac_theory.algebra.expression import lifted
from rac_theory.proofs.available import available
from rac_theory.proofs.columns import Facts, divisor
from rac_theory.proofs.countermodel import _allowed, _hold, _in_drawn, _is_negative, _lowest, _values, refuted
from rac_theory.proofs.drawn import Drawn
from rac_theory.proofs.fact import granted, read
from rac_theory.proofs.prove import _cases
from rac_theory.proofs.quantities import NUMBERS
from rac_theory.proofs.schemas import grant
from rac_theory.proofs.shape import shapes
from rac_theory.theorems import ALL
from rac_theory.theorems.gain import drifts
from rac_theory.theorems.ours import LEMMAS
from rac_theory.theorems.shared import axioms as cycles
from tests.as_one_test import as_one_test

WITH_A_SHAPE = sorted(ALL.keys() - {"T1_tight", "T2_tight", "T5_step", "T19", "T19_pl"})
BESIDE = {"T3", "T3_sharp", "T21", "T21_H", "T22", "T22_pl", "T22_H", "T25", "T27", "T27_pl"}
"""Their step rests on another goal as well, or a potential falls and not the gap."""
TENTH = read(lifted(Fraction(1, 10)))


def over_orders(fact):
    """Return the mean of what is true of each order, where a product of lengths that are drawn has a letter of its own.

    Facts of the library know means of what is linear alone. The step of T18 takes products in each order.
    """

    def mean_of(monomial):
        drawn = [(one, power) for one, power in monomial if isinstance(one, Drawn) and one.over]
        if len(drawn) == 1 and drawn[0][1] == 1:
            return drawn[0][0].mean("H")
        return Drawn(f"E{sorted((one.name, power) for one, power in drawn)}") if drawn else lifted(1)

    def constant(monomial):
        return prod(one**power for one, power in monomial if not (isinstance(one, Drawn) and one.over))

    terms = (times * mean_of(monomial) * constant(monomial) for monomial, times in fact.value.numerator.terms)
    return granted("Mean over orders", lifted(0) <= sum(terms))


_used, _missed = (grant("size", NUMBERS[name]) for name in ("used", "missed"))
_close = cycles.lipschitz
_OF_EACH_ORDER = [cycles.turns, cycles.parts, _close * _used, _close * _missed, _used * _used, _missed * _missed]
IN_EACH_ORDER = dict.fromkeys(("T18", "T18_pl"), (drifts, *map(over_orders, _OF_EACH_ORDER)))
"""What else is known where the step is proved of each order, and only then averaged."""


def goals(id):
    """The steps that the proof of a theorem asks for, each with what is known."""
    facts = (*available(ALL[id], LEMMAS), *IN_EACH_ORDER.get(id, ()))
    for shape in shapes(ALL[id]):
        value = read(shape.goals["step"])
        yield from ((value, read(shape.stretch), known) for known in _cases(value, facts))


def is_refuted(value, facts):
    times = divisor(value, facts)
    whole = value
    for fact in times:
        whole = simplified(whole * fact.value)
    known = Facts(facts, whole)
    return refuted(known.terms(whole.numerator), known)


@pytest.mark.long
@pytest.mark.parametrize("id", sorted({*WITH_A_SHAPE} - BESIDE))
def test_no_step_of_a_theorem_is_refuted(id):
    """They have proofs. Catches a fact that is left out, or read with the wrong sign: then a true goal is negative."""
    found = list(goals(id))
    assert found
    assert not any(is_refuted(value, facts) for value, _, facts in found)


@pytest.mark.parametrize(
    "id", ["T1", "T2", "T2_sharp", "T6", "T9rr", "T12_pl", "T13_pl", "T15", "T10d_sharp", "T18_pl"]
)
def test_a_tenth_more_is_refuted(id):
    """All of these are equalities somewhere. Catches a search for numbers that finds none, and does nothing."""
    for value, way, facts in goals(id):
        assert is_refuted(value + way * TENTH, facts)


def test_programs_beside_each_other_have_the_least_of_each():
    """Second route: each by itself. Some have no solution, which must not be told of those beside them."""
    rng = np.random.default_rng(0)
    c, A, b = rng.standard_normal((60, 3)), rng.standard_normal((60, 4, 3)), rng.standard_normal((60, 4)) - 0.5
    alone = [linprog(c[i], A_ub=A[i], b_ub=b[i], bounds=(-1, 1)) for i in range(60)]
    least = np.array([np.nan if found.fun is None else found.fun for found in alone])
    assert 10 < np.isnan(least).sum() < 50
    assert_allclose(list(_lowest(c, A, b)), least, rtol=0, atol=1e-9)


def test_values_are_those_of_polynomials():
    """By hand, also where a part of the letters is drawn; what is strict is so by more than rounding."""
    X = np.array([[2.0, 7.0]])
    assert _values({(2, 1): Fraction(3), (0, 0): Fraction(-1)}, X).tolist() == [83]
    form = _in_drawn({(1, 2): Fraction(3), (0, 2): Fraction(4), (2, 0): Fraction(5)}, X, [False, True])
    assert {name: value.tolist() for name, value in form.items()} == {(0, 2): [10], (0, 0): [20]}
    X, line = np.array([[-1e-12], [0.0], [1e-9], [2e-9]]), {(1,): Fraction(1)}
    assert _hold([(line, False)], X).tolist() == [False, True, True, True]
    assert _hold([(line, True), (line, False)], X).tolist() == [False, False, False, True]


def test_numbers_for_constants_meet_all_facts_and_many_are_at_an_edge():
    """``a b <= 1``, which is met at the edge by no random numbers: a third of them comes within a step of it.

    Catches steps that leave what is allowed, and pushes to one side alone.
    """
    slack = SimpleNamespace(value=SimpleNamespace(numerator={(0, 0): Fraction(1), (1, 1): Fraction(-1)}), strict=False)
    known = SimpleNamespace(slacks=[slack], letters=["a", "b"], terms=lambda terms: terms)
    X = _allowed(known)
    product = X.prod(axis=1)
    assert X.shape == (300, 2)
    assert (product <= 1).all()
    assert ((X[:100] >= 0.01) & (X[:100] <= 4)).all()
    assert X[:100].min() < 0.02
    assert X[:100].max() > 2
    ends = product[100:200] > 50 ** (-1 / 199)
    assert (ends | np.isclose(product[100:200] / product[:100], 50)).all()
    assert ends.any()
    assert (np.isclose(X[:100] / X[200:], 50).sum(axis=1) == 1).all()
    assert np.isclose(X[:100], X[200:]).sum(axis=0).min() > 30
    assert np.isclose(X[:100], X[200:]).sum() == 100
    slack.value.numerator = {(0, 0): Fraction(-1), (1, 1): Fraction(1)}
    assert (_allowed(known).prod(axis=1)[200:] < 50 ** (1 / 199)).any()
    slack.value.numerator = {(0, 0): Fraction(-1)}
    assert _allowed(known).shape == (0, 2)


def form(of_x, constant, n=1):
    return {(1,): np.full(n, of_x), (0,): np.full(n, constant)}


@as_one_test(
    ("goal", "facts", "is_negative"),
    [
        ({(0,): np.zeros(2)}, [], False),
        ({(0,): np.array([1.0, -1.0])}, [], True),
        (form(1.0, 2.0), [], False),
        (form(1.0, 0.5), [], True),
        (form(1.0, 0.5), [form(1.0, 0.0)], False),
        (form(-1.0, -0.5), [form(1.0, 0.0)], True),
        (form(1.0, 0.25 - 0.6e-4), [form(1e6, 0.25e6)], False),
        (form(1.0, 0.25 - 1.6e-4), [form(1e6, 0.25e6)], True),
        (form(1.0, 0.25 - 1.6e-4), [form(1e6, 0.25e6), form(1.0, 0.2)], False),
        ({(1,): np.array([1.0, 1.0]), (0,): np.array([2.0, 0.5])}, [form(1.0, 0.75, n=2)], True),
    ],
)
def test_a_form_is_negative_where_it_is_so_clearly(goal, facts, is_negative):
    """By hand: ``x + c`` where x >= -1/4 is known, in any unit, is clearly negative from c = 1/4 - 5/4 10^-4 on."""
    assert _is_negative(goal, facts, len(next(iter(goal.values())))) is is_negative
