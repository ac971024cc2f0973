"""The horizon that a theorem promises, against a search through all steps and against formulas solved by hand."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import SGD, Case, Constants, Decreasing, Minibatch, RACLoRA, sketches, theorems
from rac_theory.algebra.expression import lifted
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.statements.claim import smallest_horizon
from rac_theory.statements.symbols import T, gamma, gap0
from rac_theory.theorems import E, gap
from tests.as_one_test import as_one_test

c = Constants(gamma=0.2, L=2.0, mu=0.5, lambda_min=0.25, lambda_max=0.5, f_star=1.0, gap0=3.0, gap0_upper=3.5)
FOUR = (theorems.T1, theorems.T2, theorems.T1_sharp, theorems.T2_sharp)


@pytest.mark.parametrize("t", FOUR)
def test_the_smallest_horizon_by_looking_at_all(t):
    """A bisection that ends one step early or late, or has < for <=, differs here (3.0 is T2's bound at 0)."""
    bound = t.bound(c, 150_000)
    for epsilon in (1e-3, 0.0371, 1.0, 2.9, 3.0, 50.0, 1e9):
        assert t.steps_to(epsilon, c) == np.flatnonzero(bound <= epsilon)[0]


@as_one_test("t", theorems.ALL.values(), ids=list(theorems.ALL))
def test_every_theorem_has_a_horizon_or_says_why_not(t):
    """Whatever the formula is made of: as a search finds it; inf where it does not, nan where a constant is unknown."""
    bound = t.bound(c, 20_000)
    for epsilon in (0.01, 0.5, 1e3):
        (reached,) = np.nonzero(bound <= epsilon)
        horizon = t.steps_to(epsilon, c)
        if reached.size:
            assert horizon == reached[0]
        else:
            assert horizon > 20_000 or np.isnan(bound[1:]).all()


def test_horizons_solved_by_hand():
    """T1: T = 2 gap0 / (lambda gamma epsilon). T2: T = log(gap0 / epsilon) / -log(1 - gamma mu lambda).

    Also beyond any search: doubling that stopped at 2^31 or 2^53 would say inf.
    """
    assert theorems.T1.steps_to(2.0, c) == 2 * 3.5 / (0.25 * 0.2 * 2.0)
    assert theorems.T2.steps_to(1e-9, c) == math.ceil(math.log(3.0 / 1e-9) / -math.log(1 - 0.2 * 0.5 * 0.25))
    assert theorems.T1.steps_to(1e-30, c) == pytest.approx(2 * 3.5 / (0.25 * 0.2) * 1e30, rel=1e-12)


def test_the_accuracy_is_absolute():
    """In units a thousand times smaller the same number asks for more; relative to the ceiling nothing changes."""
    large = replace(c, gap0=3000.0, gap0_upper=3500.0)
    for t in FOUR:
        assert t.steps_to(0.3, large) > t.steps_to(0.3, c)
        relative = [t.steps_to(0.01 * t.metric.ceiling(one), one) for one in (c, large)]
        assert relative[0] == relative[1]


def test_never_is_inf_and_unknown_is_nan():
    floor = replace(theorems.T2, claim=E(gap) <= gap0 * lifted(Fraction(9, 10)) ** T + Fraction(1, 10))
    assert floor.steps_to(0.1001, c) == np.flatnonzero(3 * 0.9 ** np.arange(200.0) + 0.1 <= 0.1001)[0]
    assert floor.steps_to(0.0999, c) == math.inf
    # A start below a floor of noise.
    rising = replace(theorems.T2, claim=E(gap) <= (lambda c, t: 2 - 0.5**t), falls="linear")
    assert rising.steps_to(1.0, c) == 0
    assert rising.steps_to(0.9, c) == math.inf
    for t in FOUR:
        assert t.steps_to(0.1, replace(c, lambda_min=0.0)) == math.inf
        assert math.isnan(t.steps_to(0.1, replace(c, lambda_min=math.nan)))
    assert math.isnan(theorems.T2.steps_to(0.1, replace(c, mu=math.nan)))


def test_no_horizon_is_promised_where_what_is_given_of_T_is_not_true():
    """T19 with A > 0: beyond Q = 1 its formula is negative, which is below any epsilon, and says nothing."""
    rows = LeastSquares([[1.0], [2.0], [1.0]], Y=[0.0, 1.0, -1.0])
    noisy = Constants.of(Case(Decreasing(SGD(0.2, Minibatch(1)), 1.0, power=0.5), rows, np.full((1, 1), 5.0)))
    formula, bound = theorems.T19.claim.at(noisy, np.arange(2001.0)), theorems.T19.bound(noisy, 2000)
    Q = noisy.L * noisy.A * 0.2**2 * np.cumsum(1 / np.arange(1.0, 2001.0))
    last = np.flatnonzero(Q < 1)[-1] + 1
    assert 2 < last < 100
    assert (formula[last + 1 :] < 0).all()
    assert np.isnan(bound[last + 1 :]).all()
    np.testing.assert_array_equal(bound[1 : last + 1], formula[1 : last + 1])
    least = np.nanmin(bound)
    for share in (1.0, 1.001, 1.1, 2.0):  # at the first of these the bound is at one T, which is no power of two
        assert theorems.T19.steps_to(share * least, noisy) == np.flatnonzero(bound <= share * least)[0]
    assert theorems.T19.steps_to(0.999 * least, noisy) == math.inf
    assert math.isnan(theorems.T5_step.bound(replace(noisy, gamma=0.1), 1000)[-1])  # gamma^2 L A T <= 1 at T = 1000


def test_a_bound_that_says_nothing_for_a_while_or_from_the_second_step_on():
    """Catches a horizon of nan where the first step is not looked at."""
    late = replace(theorems.T1, claim=E(gap) <= (lambda c, t: np.where(t < 1000, np.nan, 1e6 / t**2)))
    assert late.steps_to(0.5, c) == math.ceil(math.sqrt(2e6))
    assert late.steps_to(5.0, c) == 1000
    assert smallest_horizon(theorems.T1.claim, 0.5, lambda steps: np.where(steps == 1, 0.5, np.nan)) == 1


@pytest.mark.parametrize("epsilon", [0.0, -1.0, math.nan, math.inf, "small"])
def test_bad_accuracies(epsilon):
    with pytest.raises(ValueError, match="epsilon must be a finite number > 0"):
        theorems.T2.steps_to(epsilon, c)


def a_case(sketch, gamma=0.5):
    return Case(RACLoRA(sketch, gamma), Quadratic.left(np.diag([0.5, 1.0, 1.5, 2.0]), np.ones((4, 2))), steps=5)


def test_a_case_stands_for_its_constants_and_must_meet_the_assumptions():
    case = a_case(sketches.Haar(4, 2))
    assert theorems.T2.steps_to(0.1, case) == theorems.T2.steps_to(0.1, Constants.of(case))
    with pytest.raises(ValueError, match="must meet the assumptions of T2: lambda_min > 0 is not met: lambda_min is 0"):
        theorems.T2.steps_to(0.1, a_case(sketches.Frozen(np.eye(4)[:, :1])))
    with pytest.raises(ValueError, match=r"^case .* gamma L <= 1 is not met: gamma L = 1\.8 for gamma=0\.9, L=2"):
        theorems.T1.steps_to(0.1, a_case(sketches.Haar(4, 2), gamma=0.9))


def test_no_horizon_is_promised_beyond_what_is_given_of_it():
    """T5_step asks for gamma^2 L A lambda_max T <= 1, here T <= 50: its bound comes down to 0.05 at T = 40, and to 0.01
    only at T = 200, of which it says nothing: the bound of T5 has a floor, and so has the average itself, on x^2/2 with
    noise +-x/sqrt(50).
    Catches a horizon of the bound alone, and one that is refused since the case itself is to run for longer.
    """
    known = {"gamma": 1.0, "L": 1.0, "A": 1 / 50, "beta": 1.0, "C": 0.0, "lambda_min": 1.0, "lambda_max": 1.0}
    c = Constants(**known, gap0_upper=0.5)
    t5, t5_step = theorems.T5, theorems.T5_step
    assert t5_step.steps_to(0.05, c) == 40
    assert t5_step.steps_to(0.01, c) == t5.steps_to(0.01, c) == math.inf
    assert np.isnan(t5_step.steps_to(0.01, replace(c, gap0_upper=math.nan)))


@pytest.mark.parametrize("first", [1, 6, 12, 13, 40])
def test_a_theorem_may_be_about_all_steps_from_some_on(first):
    """T2 has come down at T = 12. Catches that nothing is promised, as what is given is not true at T = 0."""
    c = Constants(gamma=0.5, L=1.0, mu=1.0, lambda_min=0.5, gap0=3.0)
    assert theorems.T2.steps_to(0.1, c) == 12
    assert replace(theorems.T2, given=(*theorems.T2.given, T - first >= 0)).steps_to(0.1, c) == max(first, 12)
    assert replace(theorems.T2, given=(*theorems.T2.given, T + first <= 0)).steps_to(0.1, c) == math.inf


def test_the_steps_of_a_case_do_not_matter():
    """Not where a theorem is given a relation with T, either. Catches one that is asked of the steps of the case."""
    case = a_case(sketches.Haar(4, 2))
    short = replace(theorems.T2, id="short", given=(*theorems.T2.given, gamma * T <= 20))
    horizons = [short.steps_to(0.1, replace(case, steps=steps)) for steps in (5, 10**6)]
    assert horizons == [theorems.T2.steps_to(0.1, case)] * 2
    assert horizons[0] <= 40
    assert short.steps_to(1e-9, case) == math.inf
