"""Assertions about single runs: what passes, what fails, and the limits of a share against the binomial law itself."""

import re

import numpy as np
import pytest
from scipy.stats import binom, entropy

from rac_theory import GD, Case, RACLoRA, Status, sketches
from rac_theory.problems import Quadratic
from rac_theory.testing import Share, assert_converges_to, assert_does_not_converge
from rac_theory.testing.convergence import _described
from tests.testing.failing import FROZEN, PROBLEM, RAC, failure, repeated

UNIT = Quadratic.left(np.eye(1), np.ones((1, 1)))  # half a squared distance of 1 at the start


def test_runs_converge_to_the_minimum_and_to_the_minimiser():
    """Would catch the distance of values taken for that of matrices."""
    quadratic = Quadratic.left(np.diag([1.0, 2.0]), np.array([[3.0], [4.0]]))
    rac = RACLoRA(sketches.Coordinate(dim=2, rank=1), gamma=1 / quadratic.L)
    found = assert_converges_to(Case(rac, quadratic, steps=60), quadratic.W_star, tolerance=0.2, rng=0)
    assert found.status is Status.HOLDS
    assert_converges_to(Case(rac, quadratic, steps=60), quadratic.f_star, tolerance=0.2, rng=0)
    assert_converges_to(Case(GD(0.5), quadratic, steps=60), 0.0, tolerance=1e-6)
    names = {"case": Case(rac, quadratic, steps=60), "target": quadratic.W_star + 1}
    message = str(failure(assert_converges_to, *names.values(), tolerance=0.2, rng=0))
    assert message.startswith("converges to VIOLATED: 0 of 256 runs do")
    assert repeated(message, **names) == message


def test_too_few_runs_do_not_show_convergence():
    """One run fewer than 0.9^132 < 1e-6 asks for: all converge, and that is not enough."""
    case = Case(RACLoRA(sketches.Gaussian(dim=1, rank=1), gamma=0.5), UNIT, steps=30)
    given = {"tolerance": 0.1, "rng": 0}
    raised = failure(assert_converges_to, case, 0.0, runs=131, **given)
    assert raised.finding.status is Status.UNDECIDED
    assert "it takes about 132 runs to tell" in str(raised)
    assert assert_converges_to(case, 0.0, runs=132, **given).status is Status.HOLDS


def test_what_ends_at_the_tolerance_is_near_and_is_not_away():
    """A half of the distance is left after the last step, a quarter before none; each compared with its own number."""
    case = Case(GD(0.5), UNIT, steps=1)
    assert_converges_to(case, UNIT.W_star, tolerance=0.5)
    assert_converges_to(case, 0.0, tolerance=0.125)
    failure(assert_does_not_converge, case, tolerance=0.5)
    assert assert_does_not_converge(case, tolerance=0.49).runs == 1  # which decides
    assert _described(np.array([3.0, 1.0, np.nan, 2.0, 5.0])) == "over the runs 1, median 3, up to inf"


def test_a_frozen_sketch_does_not_converge_and_a_fresh_one_does():
    """Would catch the two assertions passing on the same runs."""
    raised = failure(assert_converges_to, FROZEN, PROBLEM.f_star, tolerance=1e-3)
    assert "the method is deterministic, and its run does not" in str(raised)
    assert_converges_to(Case(RAC, PROBLEM, steps=300), PROBLEM.f_star, tolerance=1e-3, rng=0)
    message = str(failure(assert_does_not_converge, Case(RAC, PROBLEM, steps=300), tolerance=1e-3, rng=0))
    assert message.startswith("does not converge VIOLATED: 0 of 256 runs do")
    assert repeated(message, case=Case(RAC, PROBLEM, steps=300)) == message


def test_a_run_that_diverges_converges_to_nothing():
    """Overflow makes infinities, then nan, which compare as neither near nor far."""
    for steps in (40, 300):
        case = Case(GD(1e6 / PROBLEM.L), PROBLEM, steps=steps)
        assert_does_not_converge(case, tolerance=1e-3)
        for target in (PROBLEM.f_star, PROBLEM.W_star):
            assert "up to inf" in str(failure(assert_converges_to, case, target, tolerance=0.1))


def test_a_start_at_the_target_tests_nothing():
    with pytest.raises(ValueError, match="W0 must be further from target than tolerance=1, got 1: nothing would be"):
        assert_converges_to(Case(GD(0.5), UNIT, steps=3), UNIT.W_star, tolerance=1.0)
    for target, shape in ((PROBLEM.W_star.T, "(2, 6)"), (PROBLEM.W_star[:, 0], "(6,)")):
        with pytest.raises(ValueError, match=re.escape(f"target must have shape (6, 2), got {shape}")):
            assert_converges_to(Case(RAC, PROBLEM, steps=3), target, tolerance=0.1)
    with pytest.raises(ValueError, match=r"share must be a finite number > 0 and < 1, got 1"):
        assert_does_not_converge(Case(RAC, PROBLEM, steps=3), tolerance=0.1, share=1)


# --- a share, by enumeration of every outcome ---


@pytest.mark.parametrize("runs", [1, 7, 40])
@pytest.mark.parametrize("alpha", [0.3, 0.01])
def test_limits_are_where_the_tails_of_the_binomial_are_alpha(runs, alpha):
    """The second route: SciPy's tails at the limits. Would catch counts that are off by one, and swapped tails."""
    for count in range(runs + 1):
        share = Share(count, runs, 0.5, alpha)
        if count > 0:
            assert binom.sf(count - 1, runs, share.low) == pytest.approx(alpha)
        if count < runs:
            assert binom.cdf(count, runs, share.high) == pytest.approx(alpha)
    assert Share(0, runs, 0.5, alpha).low == 0
    assert Share(runs, runs, 0.5, alpha).high == 1


def test_no_answer_is_false_more_often_than_alpha():
    """Every outcome of 30 runs, for many probabilities: exact error rates, no sampling."""
    alpha, runs, claimed = 0.05, 30, 0.6
    status = [Share(count, runs, claimed, alpha).status for count in range(runs + 1)]
    for p in np.linspace(0.01, 0.99, 99):
        law = binom.pmf(np.arange(runs + 1), runs, p)
        false = Status.VIOLATED if p >= claimed else Status.HOLDS
        assert sum(law[count] for count in range(runs + 1) if status[count] is false) <= alpha
    assert {*status} == {Status.VIOLATED, Status.UNDECIDED, Status.HOLDS}


def test_a_claim_that_is_a_limit_is_shown_below_it_and_not_refuted_above_it_and_a_deterministic_run_decides():
    assert [Share(count, 1, 0.9, 0.0).status for count in (0, 1)] == [Status.VIOLATED, Status.HOLDS]
    assert Share(20, 20, Share(20, 20, 0.5, 0.01).low, 0.01).status is Status.HOLDS
    assert Share(0, 20, Share(0, 20, 0.5, 0.01).high, 0.01).status is Status.UNDECIDED


def test_what_cannot_be_told_is_said():
    """A share that is the claimed one exactly: no number of runs would do."""
    assert "too close to tell" in Share(90, 100, 0.9, 1e-6).reason
    assert "it takes about 132 runs to tell" in Share(20, 20, 0.9, 1e-6).reason
    # By which the tail falls with each run; a hundred times as many are too many.
    rate = entropy([0.6, 0.4], [0.5, 0.5])
    assert "it takes about 9990 runs" in Share(60, 100, 0.5, np.exp(-9990 * rate * (1 - 1e-9))).reason
    assert "too close to tell" in Share(60, 100, 0.5, np.exp(-10050 * rate)).reason
