"""Sums of facts that are a goal, and numbers at which facts hold and a goal is negative: never for what has a proof."""

from fractions import Fraction
from functools import reduce
from itertools import product as cartesian
from math import prod
from operator import add, contains, mul, sub, truediv
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog

from rac_theory.algebra.division import simplified
from rac_theory.algebra.expression import lifted
from rac_theory.proofs.available import available
from rac_theory.proofs.columns import Column, Facts, Product, divisor, packed, unpacked
from rac_theory.proofs.combination import _costs, _exactly, _solve, combined
from rac_theory.proofs.countermodel import _allowed, _hold, _in_drawn, _is_negative, _lowest, _values, refuted
from rac_theory.proofs.drawn import Drawn
from rac_theory.proofs.fact import granted, proved, read
from rac_theory.proofs.facts import nothing
from rac_theory.proofs.prove import _cases
from rac_theory.proofs.quantities import NUMBERS
from rac_theory.proofs.schemas import grant
from rac_theory.proofs.shape import shapes
from rac_theory.statements.symbols import L, gamma, lambda_min, mu
from rac_theory.theorems import ALL, T2
from rac_theory.theorems.gain import drifts
from rac_theory.theorems.ours import LEMMAS
from rac_theory.theorems.shared import axioms as cycles
from tests.as_one_test import as_one_test
from tests.refused import wrong

RNG = np.random.default_rng(5)
POSITIVE = [granted(f"{one} > 0", lifted(0) < one) for one in (gamma, mu, L)]
BOUNDED = [*POSITIVE, granted("short", gamma * L <= 1), granted("order", mu <= L), granted("both", lifted(0) < L + mu)]


def some(*numbers):
    return {i: Fraction(number) for i, number in enumerate(numbers) if number}


def column(*numbers):
    return Column(Product((), some(*numbers)), 0, list(some(*numbers)))


@as_one_test("columns", [1, 2, 4])
def test_what_was_put_in_comes_out(columns):
    """Catches an elimination that forgets a row, or a pivot that is not in its place."""
    for _ in range(20):
        A = RNG.integers(-3, 4, (columns + 2, columns))
        if np.linalg.matrix_rank(A) < columns:
            continue
        wanted = [Fraction(int(a), int(b)) for a, b in RNG.integers(1, 9, (columns, 2))]
        parts = [some(*map(int, column)) for column in A.T]
        goal = some(*(sum(int(a) * x for a, x in zip(row, wanted, strict=True)) for row in A))
        assert _exactly(parts, goal) == wanted
        assert _exactly([*parts, parts[0]], goal) is None
        assert _exactly(parts, goal | {99: Fraction(1)}) is None
    assert _exactly([some(0, 2), some(2, 2)], some(1, 2)) == [Fraction(1, 2)] * 2


def test_the_cheapest_sum_is_taken_none_below_zero():
    assert _solve([column(1), column(1)], some(3), [2.0, 1.0]) == {1: Fraction(3)}
    assert _solve([column(1), column(1)], some(3), [1.0, 2.0]) == {0: Fraction(3)}
    assert _solve([column(3, 1), column(0, 1)], some(1, 1), [1.0, 1.0]) == {0: Fraction(1, 3), 1: Fraction(2, 3)}
    assert _solve([column(1)], some(-1), [1.0]) is None
    assert _solve([column(1)], some(0, 1), [1.0]) is None
    assert _solve([], some(1), []) is None


def test_what_is_short_and_strict_costs_least():
    """A tenth for each power, of whatever sign, and a hundredth less for what is strict throughout."""
    known = Facts(BOUNDED, read(gamma * L))
    columns = known.columns([known.terms(read(gamma * L - gamma**2 * L**2).numerator)], 1, 2, 2)
    assert columns
    for (product, ratio, _), cost in zip(columns, _costs(columns, known), strict=True):
        powers, strict = unpacked([ratio], len(known.letters)), all(fact.strict for fact in product.facts)
        assert cost == pytest.approx(len(product.facts) + np.sum(np.abs(powers)) / 10 - 0.01 * strict)


@as_one_test(
    ("goal", "follows"),
    [
        (gamma * (2 - gamma * L) - gamma, True),
        (gamma * (2 - gamma * L) - Fraction(21, 20) * gamma, False),
        (1 - gamma * mu, True),
        (1 - gamma**2 * mu * L, True),
        (1 - 2 * gamma * mu, False),
        ((1 - gamma * mu) / (gamma * L), True),
        (L**2 - mu**2, True),
        ((1 - gamma * mu) / (L + mu), True),
        ((1 - 2 * gamma * mu) / (L + mu), False),
        ((1 - gamma * mu) / lambda_min, False),
    ],
)
def test_what_follows_from_short_steps_is_found(goal, follows):
    """From positive numbers, gamma L <= 1 and mu <= L; nothing is known of lambda_min, not even its sign."""
    found = combined(read(goal), BOUNDED)
    assert (found is not None) is follows
    if found is not None:
        assert (found.value - read(goal)).is_zero
    assert combined(read(goal - goal), BOUNDED) is nothing


def test_a_sum_assumes_the_least_that_makes_it_strict():
    """Of gamma > 0 under an assumption and gamma >= 0 under none: the first where the goal is strict by it alone."""
    assumed = T2.assumptions[0]
    signs = [granted("gamma > 0", lifted(0) < gamma, assumed), granted("gamma >= 0", lifted(0) <= gamma)]
    facts = [*signs, *BOUNDED[1:]]
    product, difference = (combined(read(goal), facts) for goal in (gamma * mu, gamma - gamma**2 * L))
    assert (product.strict, product.by) == (True, {assumed})
    assert (difference.strict, difference.by) == (False, frozenset())


def test_products_stay_near_a_goal():
    """By hand, of a letter that may be divided by and one that may not: 2 below and 2 above what the goal has."""
    signs = SimpleNamespace(signs={"a": SimpleNamespace(strict=True), "b": SimpleNamespace(strict=False)})
    terms = {(1, 2): Fraction(1), (3, 0): Fraction(-1)}
    assert Facts._range(signs, terms, [(2, 1), (0, 4)], 2) == [range(-3, 2), range(5)]
    assert Facts._range(signs, terms, [(-3, 1), (-1, -4)], 1) == [range(-5, 0), range(2)]
    assert Facts._range(signs, {(1, 9): Fraction(1)}, [(2, 1), (0, 4)], 2) is None


def test_powers_are_one_number_that_adds_up():
    """Catches digits that are too narrow, or in another order, and a sign that is lost."""
    one, other = (3, -99, 0, 7), (-5, 98, 1, -7)
    places = [next(iter(packed({powers: Fraction(1)}))) for powers in (one, other)]
    assert unpacked([*places, sum(places)], 4).tolist() == [[*one], [*other], [-2, -1, 1, 0]]
    assert packed({(0, 0, 1): Fraction(2)}) == {1: 2}


@pytest.mark.parametrize("rounds", [1, 3])
def test_a_column_is_the_product_that_it_says_it_is(rounds):
    """Its terms are those of its facts times its powers; in the first round each makes up a part of the goal."""
    ends = [granted(f"power {n}", gamma**n * mu <= 1) for n in (3, 4)]  # times gamma, of which the second is too far
    known = Facts([*BOUNDED, *ends], read(gamma * mu * L))
    goal = known.terms(read(gamma - gamma**2 * mu).numerator)
    columns = known.columns([goal], 1, rounds, 0)
    assert len({(product.facts, ratio) for product, ratio, _ in columns}) == len(columns) > 2

    def term(powers, times):
        return reduce(mul, (read(x) ** p for x, p in zip(known.letters, powers, strict=True)), times)

    for column in columns:
        value = known.fact(column, strictly=True).value
        places = unpacked([column.powers, *column.terms], len(known.letters)).tolist()
        said = term(places[0], reduce(mul, (fact.value for fact in column.product.facts)))
        terms = zip(places[1:], map(read, map(lifted, column.terms.values())), strict=True)
        assert (value - said).is_zero
        assert (value - reduce(add, (term(*each) for each in terms))).is_zero
    if rounds == 1:
        found = {(product.facts, *unpacked([ratio], len(known.letters)).tolist()[0]) for product, ratio, _ in columns}
        assert found == set(makes_up(goal, known, below=0))


def makes_up(goal, known, below):
    """Facts and powers, one by one, by which a term of their product is a term of the goal, as far as may be."""
    for facts, terms in (product for count in (0, 1) for product in known.products(count)):
        allowed = known._range(terms, list(goal), below)
        for (powers, times), (target, wanted) in cartesian(terms.items(), goal.items()):
            ratio = tuple(map(sub, target, powers))
            if times * wanted > 0 and allowed and not any(ratio[len(allowed) :]) and all(map(contains, allowed, ratio)):
                yield (facts, *ratio)


def test_factors_stand_in_one_order_whatever_was_made_first():
    """Catches an order of making: the same proof was another file for Coq where others had been proved before."""
    written = []
    for letters in ((gamma, mu, L), (L, mu, gamma)):
        made = {letter: granted(f"{letter} > 0", lifted(0) < letter) for letter in letters}
        (factors,) = (made[L] * made[gamma] * made[mu]).of
        written.append([fact.name for fact in factors])
    assert written[0] == written[1]


def test_only_a_named_fact_that_is_strict_is_divided_by():
    """Catches either being enough: what may be zero is no divisor, nor what is only said not to be negative."""
    letter, one = gamma, granted("one", lifted(1) > 0)
    said = proved("said", letter >= 0, granted("x", letter > 0))
    for below in (granted("x", letter >= 0), granted("x", letter > 0) * 2, said):
        wrong("only a named fact that is strict can be divided by", truediv, one, below)
    assert repr(one / granted("x", letter > 0)) == "0 < 1/gamma"


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
