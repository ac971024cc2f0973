"""A fact that is worded too strongly is refuted: by a number, a term, an eigenvalue, or for want of an assumption."""

import numpy as np
import pytest

from rac_theory.algebra import symbols_of
from rac_theory.proofs.drawn import drawn_in
from rac_theory.statements import About
from rac_theory.statements import assumptions as known
from rac_theory.statements.assumption import KnownConstant
from rac_theory.statements.symbols import K, lambda_min

from .worlds import worlds
from .worlds.mistaken import worlds_and_mistakes
from .worlds.points import PARTS, all_granted, columns_of, key, points, short, some_of_them
from .worlds.stronger import is_refuted, stronger

NOT_ATTAINED = {
    "s <= e - 2: s < 1": (0.717, "s is at most e - 2 = 0.718"),
    "s by binomials: s^2 <= (8/9) (eta N L)^2": (0.397, "s is at most 0.594 eta N L there, at eta N L = 1/2"),
    "s r by binomials: s r <= (4/9) eta^2 L^2 (N + 1)": (0.938, "terms of higher order were added up generously"),
    "A mean of powers below an integral: a < 1": (
        0.755,
        "at K = 1000; a is at most (e^2 - 1)/2 - 2 (e - 1) + 1 = 0.758",
    ),
    "Jensen's inequality, over steps: s^2 <= a": (0.737, "an equality for K = 1 alone; else at most 3/4, in the limit"),
}
"""How near the smaller side comes to the larger, which may be said to be smaller, and why it is no nearer."""

_LINK = (
    "Heavy ball does not raise f and gamma b/2 of M squared: "
    "f(W+) - f* <= f(W) - f* - (1/2) gamma (2 - (b + gamma L)) ||HG||^2"
)
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
    "Its gradient is Lipschitz: <G,V> - s ||V||^2 <= (L - s) ||V||^2": {"-<G,V>: 5% less", "-<G,V>: left out"},
    "A count and an offset: 0 < t + t_0": {"t: 5% less", "t: left out", "t_0: 5% less", "t_0: left out"},  # a sign
    # Squares alone are not negative either, nor is anything between.
    "A square: 0 <= -2 <Vz,Zy> + ||Vz||^2 + ||Zy||^2": {"-2 <Vz,Zy>: 5% less", "-2 <Vz,Zy>: left out"},
    "A square: 0 <= -2 <Vz,Hbar^-1 Zy> + ||Vz||*^2 + ||Zy||*^2": {
        "-2 <Vz,Hbar^-1 Zy>: 5% less",
        "-2 <Vz,Hbar^-1 Zy>: left out",
    },
    "A square: 0 <= ||Gx||^2 - <Gx,M> lambda_min + lambda_min^2 ||M||^2 / 4": {
        "-<Gx,M> lambda_min: 5% less",
        "-<Gx,M> lambda_min: left out",
    },
    "A square: 0 <= 2 <G,He> + ||HG||^2 + ||He||^2": {"2 <G,He>: 5% less", "2 <G,He>: left out"},
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
    by_key = {key(fact): fact for fact in all_granted().values()}
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


@pytest.mark.long
@pytest.mark.parametrize("part", PARTS)
def test_a_fact_is_false_somewhere_without_one_of_its_assumptions(part):
    """So the worlds are such that an assumption that is forgotten is seen: smoothness, convexity, a short step."""
    for name, fact, one in _without_one(part):
        at, _ = points(columns_of(fact.said), fact.by - {one}, worlds_and_mistakes())
        is_false = is_refuted(at.terms) or (fact.strict and bool(np.any(at.terms.sum(axis=1) <= 0)))
        assert is_false != ((fact.name, one) in TOO_CAREFUL), name


def test_lists_have_nothing_in_them_that_is_granted_no_more():
    """What a list excuses would be excused for good, if a fact of another wording came to have its name."""
    granted = all_granted().values()
    assert {*NOT_ATTAINED, *TRUE_AS_WELL, _AN_EQUALITY} <= set(map(key, granted))
    assert {(fact.name, one) for fact in granted for one in fact.by} >= TOO_CAREFUL
