"""The limits of a share against the binomial law itself, by enumeration of every outcome."""

import numpy as np
import pytest
from scipy.stats import binom, entropy

from rac_theory import Status
from rac_theory.testing.convergence import Share


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


def test_a_claim_that_is_a_limit_is_shown_below_it_and_not_refuted_above_it():
    assert Share(20, 20, Share(20, 20, 0.5, 0.01).low, 0.01).status is Status.HOLDS
    assert Share(0, 20, Share(0, 20, 0.5, 0.01).high, 0.01).status is Status.UNDECIDED


def test_a_deterministic_run_decides():
    assert Share(1, 1, 0.9, 0.0).status is Status.HOLDS
    assert Share(0, 1, 0.9, 0.0).status is Status.VIOLATED


def test_what_cannot_be_told_is_said():
    """A share that is the claimed one exactly: no number of runs would do."""
    assert "too close to tell" in Share(90, 100, 0.9, 1e-6).reason
    assert "it takes about 132 runs to tell" in Share(20, 20, 0.9, 1e-6).reason
    rate = entropy(
        [0.6, 0.4], [0.5, 0.5]
    )  # by which the tail falls with each run; a hundred times as many are too many
    assert "it takes about 9990 runs" in Share(60, 100, 0.5, np.exp(-9990 * rate * (1 - 1e-9))).reason
    assert "too close to tell" in Share(60, 100, 0.5, np.exp(-10050 * rate)).reason
