"""What is granted is true in worlds that are drawn; what says more, or is said of less, is false in one of them."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from itertools import chain, product

import numpy as np
import pytest

from rac_theory import theorems
from rac_theory.algebra import Ratio, equal, symbols_of
from rac_theory.algebra.polynomials import Polynomial
from rac_theory.proofs.available import available
from rac_theory.proofs.drawn import H, drawn_in
from rac_theory.proofs.fact import Fact, granted
from rac_theory.proofs.facts import assumed, even, high, low
from rac_theory.proofs.quantities import E, G, V, g, gap, gbar
from rac_theory.proofs.schemas import grant
from rac_theory.statements import About
from rac_theory.statements import assumptions as known
from rac_theory.statements.assumption import Assumption, KnownConstant
from rac_theory.statements.symbols import K, L, N, gamma, lambda_min, mu
from rac_theory.theorems import T2_tight
from rac_theory.theorems.ours import STORED
from rac_theory.theorems.rac_lora_gd import Q, R, e, kappa, x
from rac_theory.theorems.reshuffling import r, s
from rac_theory.theorems.shared import axioms as granted_facts
from tests.as_one_test import as_one_test
from tests.refused import wrong

from .worlds import odd, worlds
from .worlds import points as table
from .worlds.odd import worlds_and_mistakes
from .worlds.points import PARTS, columns_of, is_refuted, key, points, short, some_of_them, stored, stronger

pytestmark = pytest.mark.long  # the worlds alone take four seconds

FEWEST = 25
"""Worlds that a fact is tested in, at least."""


@pytest.mark.parametrize("part", PARTS)
def test_each_fact_is_true_at_each_point_of_each_world_that_meets_what_it_rests_on(part):
    """A wrong sign, factor, or letter is seen, and an assumption that a fact needs and does not name."""
    for name, fact in some_of_them(part).items():
        at, count = points(columns_of(fact.said), fact.by, worlds())
        slack = at.slack
        if key(fact) == "A sum of powers; 0 for N = 1: 0 <= r":  # where N = 1 it is 0 / 0, and only s r has a value
            slack = slack[next(n for one, n in at.numbers.items() if one.name == "N") > 1]
        assert count >= FEWEST, name
        assert np.min(slack) >= -table.ALLOWED, name
        assert not fact.strict or np.all(at.terms.sum(axis=1)[np.isfinite(at.slack)] > 0), name


@as_one_test("id", theorems.ALL)
def test_a_theorem_rests_on_these_facts_alone(id):
    """What is written down or looked for, from facts that are averaged and multiplied: none is granted elsewhere."""
    at_hand = [*available(theorems.ALL[id]), *stored(id)]
    found = {key(leaf) for fact in at_hand for leaf in table.leaves(fact, set()) if leaf.said is not None}
    assert found
    assert found <= set(map(key, table.all_granted().values()))


@pytest.mark.parametrize("assumption", [known.polyak_lojasiewicz, known.structured_noise])
def test_worlds_meet_what_they_say_they_do(assumption):
    """A world that is mistaken about itself would excuse a fact that is false."""
    for fact in assumed(assumption):
        at, count = points(columns_of(fact.said), fact.by, worlds())
        assert count >= FEWEST
        assert np.min(at.slack) >= -table.ALLOWED


def computed(facts: Iterable[Fact], seen: set[Fact]) -> Iterator[Fact]:
    """Yield what follows from other facts, sums without a name too, each once."""
    for fact in facts:
        if fact.of and fact not in seen:
            seen.add(fact)
            yield fact
            yield from computed(chain(*fact.of), seen)


@cache
def slack_of(above: Polynomial, below: Polynomial, by: frozenset[Assumption]) -> np.ndarray:
    """How far a quotient is from negative in each world that has its letters and meets what it rests on; without points
    at which it is 0 / 0, as a sum of powers is where they are all 1. Theorems have near half of their facts in common.
    """
    columns = [Ratio(Polynomial(frozenset({term}))).expression for term in table.ordered(Ratio(above))]
    at, _ = points([*columns, Ratio(below).expression], by, worlds())
    *terms, divisor = at.terms.T
    has_value = np.isfinite(at.terms).all(axis=1) & (divisor != 0)
    return table.relative((np.array(terms)[:, has_value] / divisor[has_value]).T)


@pytest.mark.parametrize("id", STORED)
def test_what_is_computed_of_one_step_is_true(id):
    """A sum, product, quotient, mean, case or instance that is wrong would be seen: each fact it is of is true."""
    facts = computed(stored(id), set())
    found = [slack_of(fact.value.numerator, fact.value.denominator, fact.by) for fact in facts]
    assert max(map(len, found)) >= FEWEST
    assert all(np.min(each) >= -table.ALLOWED for each in found if each.size)


NOT_ATTAINED = {
    "s <= e - 2: s < 1": (0.717, "s is at most e - 2 = 0.718"),
    "s by binomials: s^2 <= (8/9) (eta N L)^2": (0.397, "s is at most 0.594 eta N L there, at eta N L = 1/2"),
    "s r by binomials: s r <= (4/9) eta^2 L^2 (N + 1)": (0.938, "terms of higher order were added up generously"),
    "A mean of powers below an integral: a < 1": (0.755, "at K = 1000; a is at most (e - 1) (e - 3)/2 + 1 = 0.758"),
    "Jensen's inequality, over steps: s^2 <= a": (0.737, "an equality for K = 1 alone; else at most 3/4, in the limit"),
}
"""How near the smaller side comes to the larger, which may be said to be smaller, and why it is no nearer."""

_LINK = (
    "Heavy ball does not raise f and gamma b/2 of M squared: "
    "f(W+) - f* <= f(W) - f* - (1/2) gamma (2 - (b + gamma L)) ||HG||^2"
)


def _less_of(*terms):
    return {f"{term}: {what}" for term in terms for what in ("5% less", "left out")}


TRUE_AS_WELL = {
    "A number: 0 < 1": {"at least 1/20"},
    "A count: 0 < T": {"at least 1/20"},
    "A count: 0 <= T": {"at least 1/20"},
    "A count: 0 < N": {"at least 1/20"},
    "A count: 0 < K": {"at least 1/20"},
    "H is a projection: lambda_min <= 1": {"-lambda_min: lambda_max for lambda_min"},  # which is at most 1 too
    # What the first block sees it does not miss, so that both lists are parallel only where nothing is missed.
    "The blocks hold every direction once; triangle inequality: ||G||^2 <= (||{H_i G_i}|| + ||{H_i (G - G_i)}||)^2": {
        "||{H_i (G - G_i)}||^2: 5% less",
        "||{H_i (G - G_i)}||^2: power 1.9 of ||{H_i (G - G_i)}||",
        "||{H_i (G - G_i)}||^2: power 2.1 of ||{H_i (G - G_i)}||",
    },
    # Less of <G,V> is more if it is negative, and that it is at least -L ||V||^2 is a fact of its own.
    "Its gradient is Lipschitz: <G,V> - s ||V||^2 <= (L - s) ||V||^2": _less_of("-<G,V>"),
    "A count and an offset: 0 < t + t_0": _less_of("t", "t_0"),  # a sign
    # Squares alone are not negative either, nor is anything between.
    "A square: 0 <= -2 <Vz,Zy> + ||Vz||^2 + ||Zy||^2": _less_of("-2 <Vz,Zy>"),
    "A square: 0 <= -2 <Vz,Hbar^-1 Zy> + ||Vz||*^2 + ||Zy||*^2": _less_of("-2 <Vz,Hbar^-1 Zy>"),
    "A square: 0 <= ||Gx||^2 - <Gx,M> lambda_min + lambda_min^2 ||M||^2 / 4": _less_of("-<Gx,M> lambda_min"),
    "A square: 0 <= 2 <G,He> + ||HG||^2 + ||He||^2": _less_of("2 <G,He>"),
    # With one step momentum costs nothing yet, and with more of them more is gained.
    _LINK: {"b gamma ||HG||^2 / 2: 5% less"},
}
"""What may be said instead, and is as true."""

_AN_EQUALITY = "Eigenvalues: lambda_min <= lambda_max"  # with one in the place of the other

DEFINITIONS = {one for one in vars(known).values() if isinstance(one, About)} - {known.fresh_projection}
DEFINITIONS |= {lambda_min > 0}
"""What says which step a letter is of, or that a norm is one: without it there is nothing to compare with."""

TOO_CAREFUL = {
    ("Triangle inequality", known.smooth_components),
    ("The weights of short steps, as (1 + 1/T)^T >= 2", known.smooth),
    ("The weights of short steps, as (1 + 1/T)^T >= 2", known.structured_noise),
    ("s E[H] <= E[H Q H]", known.fresh_projection),  # any H that is not 0 will do
    # That L is not negative, which no world has otherwise.
    *((f"A {of}", known.smooth_components) for of in ("mean of powers", "mean of powers below an integral")),
    *((f"A sum of powers{end}", known.smooth_components) for end in ("", "; 0 for N = 1")),
    *((f"s{end}", known.smooth_components) for end in (" <= e - 2", " by binomials", " r by binomials")),
    ("r <= s, term by term", known.smooth_components),
}
"""Assumptions that are only there to say that a constant has a sign, or for company."""


_OF_GAUSSIAN = "Curvature of f at most Q, and the gain of a plain Gaussian step"
NEARLY_EQUAL = {f"A step does not fall below f*: mu nu <= 1 [{_OF_GAUSSIAN}, Polyak-Lojasiewicz inequality]": 1e-3}
"""What is an equality in a limit alone, from which r = 1000 is so far away."""
_A_SIGN = "A count and an offset: 0 < t + t_0"


@pytest.mark.parametrize("part", PARTS)
def test_a_fact_that_says_more_is_false_somewhere(part):
    """Each number 5% larger or smaller, each term left out, lambda_max for lambda_min: whatever asks for more is
    refuted, or is listed as what these worlds cannot refute. And but for signs, and facts that are not attained, each
    is an equality to the ninth digit somewhere, where its terms are not tiny."""
    for name, fact in some_of_them(part).items():
        at, _ = points(columns_of(fact.said), fact.by, worlds())
        standing = [what for what, terms in stronger(fact.said, at) if not is_refuted(terms)]
        if key(fact) in NOT_ATTAINED:
            assert standing, name
        elif key(fact) == _AN_EQUALITY:
            assert all(" for lambda_m" in what for what in standing), name
        else:
            assert set(standing) == TRUE_AS_WELL.get(key(fact), set()), name
        size = np.sum(abs(at.terms), axis=1)
        if at.terms.shape[1] > 1 and size.any() and key(fact) not in {*NOT_ATTAINED, _A_SIGN}:
            nearest = np.min(at.terms[size > 0.01].sum(axis=1) / size[size > 0.01])
            assert nearest <= NEARLY_EQUAL.get(name, 1e-9), name


def test_facts_that_are_not_attained_come_as_near_as_is_said():
    """A number in the list that is no longer true, or a fact that has become one that is attained, would be seen."""
    by_key = {key(fact): fact for fact in table.all_granted().values()}
    for wording, (nearest, _) in NOT_ATTAINED.items():
        fact = by_key[wording]
        at, _ = points(list(fact.said.terms), fact.by, worlds())
        left, right = at.terms[at.numbers[K] > 1].T if K in at.numbers else at.terms.T
        assert np.max(left / right) == pytest.approx(nearest, abs=1e-3), wording


def _is_of_norm(name):
    """Whether a letter is of the inverse of E[H], which is that of a fresh draw: of others it says nothing."""
    return "Hbar^-1" in name or "*^2" in name


def _without_one(part):
    for name, fact in some_of_them(part).items():
        is_sign = len(symbols_of(fact.said)) == 1 and not drawn_in(fact.value)
        for one in [] if is_sign else sorted(fact.by, key=short):
            is_of_norm = one == known.fresh_projection and any(_is_of_norm(each.name) for each in drawn_in(fact.value))
            if not isinstance(one, KnownConstant) and one not in DEFINITIONS and not is_of_norm:
                yield f"{name} without {short(one)}", fact, one


@pytest.mark.parametrize("part", PARTS)
def test_a_fact_is_false_somewhere_without_one_of_its_assumptions(part):
    """So the worlds are such that an assumption that is forgotten is seen: smoothness, convexity, a short step."""
    for name, fact, one in _without_one(part):
        at, _ = points(columns_of(fact.said), fact.by - {one}, worlds_and_mistakes())
        is_false = is_refuted(at.terms) or (fact.strict and bool(np.any(at.terms.sum(axis=1) <= 0)))
        assert is_false != ((fact.name, one) in TOO_CAREFUL), name


def test_lists_have_nothing_in_them_that_is_granted_no_more():
    """What a list excuses would be excused for good, if a fact of another wording came to have its name."""
    granted = table.all_granted().values()
    assert {*NOT_ATTAINED, *TRUE_AS_WELL, _AN_EQUALITY} <= set(map(key, granted))
    assert {(fact.name, one) for fact in granted for one in fact.by} >= TOO_CAREFUL


def is_false(said, by, *more):
    return is_refuted(points(columns_of(said), by, (*worlds(), *more))[0].terms)


def test_mu_is_at_most_L_unless_f_is_constant():
    """A constant is smooth with L = 1 and PL with mu = 5: what is true of it too is that ``mu gap <= L gap``."""
    by = known.smooth, known.polyak_lojasiewicz
    assert not is_false(mu <= L, by)
    assert is_false(mu <= L, by, odd.constant())
    assert not is_false(mu * gap <= L * gap, by, odd.constant())
    assert is_false(mu * gap <= G @ G / 3, by, odd.constant())


def test_the_gain_of_a_gaussian_sketch_is_that_of_no_other():
    """That nu is the number of its formula says nothing of a sketch that has heavier tails."""
    said = granted_facts.gain_gaussian.said
    assert not is_false(said, [known.positive_gaussian_gain, known.plain_gaussian_rac_lora], odd.heavy_tailed())
    assert is_false(said, [known.positive_gaussian_gain, known.plain_or_fitted], odd.heavy_tailed())


@pytest.mark.parametrize(
    ("fact", "name"), [(granted_facts.sigma_known, "sigma_squared"), (granted_facts.zeta_known, "zeta_squared")]
)
def test_a_bound_on_a_mean_variance_is_one_on_average(fact, name):
    """T7 to T10 ask for no more than a mean over iterates: so it is no bound at each W, and one on average."""
    at, _ = points(columns_of(fact.said), fact.by, odd.around_a_mean(worlds(), name))
    assert is_refuted(at.terms)
    assert abs(np.mean(at.terms.sum(axis=1))) <= table.ALLOWED


def test_a_vector_that_depends_on_a_draw_may_be_missed_by_it():
    """The eigenvalues of E[H] say nothing of <v, Hv> if v depends on H, neither at a draw nor on average; so what is
    granted of them is refused of such a vector, or ``low(gbar)`` would be granted, which is false.
    """
    seen = E(gbar @ H(gbar))
    assert not is_false(lambda_min * (G @ G) <= E(G @ H(G)), [])
    assert is_false(lambda_min * (gbar @ gbar) <= seen, [])
    assert is_false(lambda_min * E(gbar @ gbar) <= seen, [])
    for fact, v in product((low, high, even), (gbar, H(G), g, V - H(G) * gamma, gbar * 2)):
        wrong("v must be a vector that is not drawn with H", fact, v)


def test_Q_has_no_value_where_mu_is_too_large_and_a_value_in_all_worlds_of_its_theorem():
    """``0 <= Q`` says nothing where 1 is less than ``e kappa (1 + kappa) / 2``, which mu <= L and e <= 1 exclude."""
    anywhere, _ = points([Q, e * kappa * (1 + kappa) / 2], [], worlds_and_mistakes())
    root, lacks = anywhere.terms.T
    assert np.array_equal(np.isnan(root), lacks > 1)
    assert np.isnan(root).any()
    own = [one for one in (T2_tight.about, *T2_tight.given) if one != (lambda_min > 0)]
    at, count = points([Q, R, x], own, worlds())
    assert count > 100
    assert np.all(at.terms >= 0)


def test_a_vector_that_is_0_where_e_is_1_is_not_where_e_is_almost_1():
    """``e >= 24/25`` for ``e >= 1`` would be caught, and so would ``gamma L = 1`` without H = I."""
    assert not is_false(grant("stays", letters=(e,)).said, [e >= 1])
    assert is_false(grant("stays", letters=(e,)).said, [e >= Fraction(24, 25)], *odd.almost_at_once())
    assert is_false(grant("stays", letters=(e,)).said, [equal(gamma * L, 1)])


def test_r_has_no_value_where_there_is_one_step():
    """``0 <= r`` says nothing there, and ``0 <= s r`` does."""
    alone, both = (points(columns_of(granted("", each >= 0).said), [], worlds())[0] for each in (r, s * r))
    is_single = alone.numbers[N] == 1
    assert np.array_equal(np.isnan(alone.slack), is_single)
    assert is_single.any()
    assert np.all(both.slack >= 0)
