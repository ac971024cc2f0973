"""The best rate that is proved at given constants, beside exact rates of quadratics, which none may be above."""

import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from rac_theory import Case, Constants, exact_rate
from rac_theory.algorithms import FEEDBACK, MOMENTUM, PLAIN
from rac_theory.base.extras import MissingExtra
from rac_theory.discovery import best_rate
from rac_theory.discovery.best_rate import Form, _less
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate
from rac_theory.theorems import T2_sharp, T2_tight, T22_pl
from tests.as_one_test import as_one_test

CASES = {"plain": (PLAIN, 1.0, {}), "momentum": (MOMENTUM, 0.4, {"b": 0.3})}


def constants(method, gamma, letters, mu=0.1):
    """A case of four directions of which one is drawn, and its constants."""
    problem = Quadratic.left(np.diag(np.geomspace(mu, 1, 4)), np.ones((4, 1)))
    case = Case(method(Coordinate(4, 1), gamma=gamma, **letters), problem, steps=1)
    return case, Constants.of(case)


@cache
def found(name):
    method, gamma, letters = CASES[name]
    return best_rate(method, constants(method, gamma, letters)[1])


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_what_is_proved_is_between_the_exact_rate_and_our_theorem(name):
    """An upper end that is not checked, or a lower one of another law than H = I or 0, would leave this interval."""
    assert repr(found("plain")) == f"<BestRate: at most {float(found('plain').upper):.6f}, at least 0.952500>"
    method, gamma, letters = CASES[name]
    case, known = constants(method, gamma, letters)
    rate = found(name)
    assert rate.check()
    assert exact_rate(case) <= rate.lower + 1e-6 < rate.upper
    theorem = T2_sharp if name == "plain" else T22_pl
    assert theorem.unmet(case, known) == ()
    assert rate.upper < theorem.bound(known, 1)[1] / known.gap0


@pytest.mark.parametrize("mu", [0.1, 0.38])
def test_it_finds_the_number_of_our_tight_theorem_again(mu):
    """By the same inequalities, at gamma = 1/L: at most 1e-5 more is to be had from them. At the other mu it is just
    above 0.9; catches a search that begins above."""
    _, known = constants(*CASES["plain"], mu=mu)
    ours = T2_tight.bound(known, 1)[1] / known.gap0
    rate = found("plain") if mu == 0.1 else best_rate(PLAIN, known)
    assert ours - 2e-5 < rate.upper < ours + 2e-6
    assert mu == 0.1 or 0.9 < ours < 0.909


@pytest.mark.parametrize("seed", range(2))
def test_no_exact_rate_is_above_what_is_proved(seed):
    rng = np.random.default_rng(seed)
    letters = {"b": float(rng.uniform(0, 0.4))}
    case, known = constants(MOMENTUM, float(rng.uniform(0.1, 0.5)), letters, mu=float(rng.uniform(0.05, 0.5)))
    rate = best_rate(MOMENTUM, known)
    assert exact_rate(case) < rate.upper < 1
    assert rate.lower < rate.upper


@as_one_test("name", CASES)
def test_a_certificate_that_says_more_is_refused(name):
    """Nor is a gradient used that is drawn, in either part, and be it so little that all matrices stay positive."""
    rate = found(name)
    assert not replace(rate, upper=rate.upper - Fraction(1, 1000)).check()
    assert not replace(rate, multipliers=(*rate.multipliers[:-1], Fraction(-1))).check()
    assert not replace(rate, step=rate.step._replace(length=rate.step.length * 3)).check()
    twice = tuple(tuple(2 * x for x in row) for row in rate.least)  # more of E[H] than is left of the step
    assert not replace(rate, least=twice).check()
    drawn = tuple((*row[:3], Fraction(1)) for row in rate.least)  # E[H] says nothing of a gradient drawn with H
    assert not replace(rate, least=drawn).check()
    assert not replace(rate, most=tuple(tuple(-x for x in row) for row in rate.most)).check()
    for part, rows in (("least", rate.least), ("most", rate.most)) if name == "plain" else ():
        drawn = (*rows[:3], (*rows[3][:3], Fraction(1, 10**12)))
        assert not replace(rate, **{part: drawn}).check()


def test_of_E_H_no_more_is_used_than_is_known():
    """Where E[H] is as small, or as large, as it may be, nothing is gained; where H = I something is lost of the least.

    Catches lambda_min on one side alone, or for lambda_max, or a quotient by it: the solver finds the same, but more
    would be accepted.
    """
    step, one, none = (
        found("plain").step._replace(lambda_max=Fraction(2, 3)),
        np.eye(3, dtype=int),
        np.zeros((3, 3), int),
    )
    nothing = Form(none, none, none)
    for share, sign, matrices in ((step.lambda_min, -1, (one, none)), (step.lambda_max, 1, (none, one))):
        inside, outside = _less(step, nothing, *matrices)
        assert not (inside * share + outside * (1 - share)).any()
        assert sign * inside[0, 0] > 0


@as_one_test(
    ("method", "changed", "message"),
    [
        (PLAIN, {"mu": np.nan}, "mu must be known and positive, it is nan"),
        (PLAIN, {"mu": 0.0}, "mu must be known and positive, it is 0"),
        (PLAIN, {"L": np.inf}, "L must be known and positive, it is inf"),
        (MOMENTUM, {"letters": {}}, "b must be known, the constants have numbers for gamma"),
        (MOMENTUM, {"letters": {"b": np.inf}}, "b must be known, the constants have numbers for b, gamma"),
        (PLAIN, {"gamma": 3.0}, "nothing below 1 - 1e-6 is proved of"),
        (PLAIN, {"gamma": 5e-5, "mu": 0.05}, "nothing below 1 - 1e-6 is proved of"),  # as it is below 1 - 1e-7 alone
        (FEEDBACK, {}, "method must move along H of a gradient, error feedback moves along all of it"),
    ],
)
def test_what_is_not_known_is_said(method, changed, message):
    _, known = constants(*CASES["momentum"])
    with pytest.raises(ValueError, match=message):
        best_rate(method, replace(known, **changed))


def test_without_the_extra_a_sentence_says_which(monkeypatch):
    _, known = constants(*CASES["plain"])
    monkeypatch.setitem(sys.modules, "cvxpy", None)
    with pytest.raises(MissingExtra, match="cvxpy is not installed: it needs the extra 'pep'"):
        best_rate(PLAIN, known)
