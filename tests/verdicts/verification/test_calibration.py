"""Error rates and power, at full size where that is cheap; the rest by ``python tests/benchmarks/calibration.py``.

Enumeration leaves no chance: for Bernoulli runs the probability of every sequence is known, so means and error
rates are computed, not estimated.
"""

import math

import numpy as np
import pytest
from scipy.stats import binom

from rac_theory import Status
from rac_theory.numerics import evidence
from rac_theory.numerics.confidence import empirical_bernstein_lower, empirical_bernstein_upper, kl_lower, kl_upper
from rac_theory.numerics.limits import lower_mean, upper_mean
from rac_theory.verdicts.verification.decision import sampled_decision
from rac_theory.verdicts.verification.evidence_of_runs import Part, Pilot
from rac_theory.verdicts.verification.judged_claim import Question
from tests.benchmarks import calibration

LAWS = sorted(calibration.LAWS)


def sequences(p, n=12):
    """Every Bernoulli sequence, (n, 2^n), and its probability, (2^n,)."""
    X = ((np.arange(2**n) >> np.arange(n)[:, None]) & 1).astype(float)
    return X, p ** X.sum(axis=0) * (1 - p) ** (n - X.sum(axis=0))


@pytest.mark.parametrize("law", LAWS)
def test_the_mean_e_value_is_one_and_peeking_shows(law):
    """20,000 ensembles of 32 runs, within 4 standard errors (alpha 6e-5); a process that peeks is above by more."""
    law = calibration.LAWS[law]
    honest, peeking = (calibration.e_values(law, 20_000, np.random.default_rng(0), peeking=p) for p in (False, True))
    assert honest.error < 0.02  # or the test could not tell 1 from what is not
    assert abs(honest.off) <= 4
    assert peeking.off > 4


@pytest.mark.long
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("T", "ensembles"), [(1, 1_000), (10, 1_000), (1000, 100)])
def test_crossings_at_equality(law, T, ensembles):
    """At most alpha at every single t, and for the curve: the rates are below half of it, so chance has room."""
    found = calibration.crossings(calibration.LAWS[law], T, ensembles, np.random.default_rng(T))
    assert found.worst <= 0.05
    assert found.curve <= 0.05


@pytest.mark.long
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("T", "runs", "ensembles"), [(1, 1_000, 100), (50, 500, 40)])
def test_violations_are_caught_as_promised(law, T, runs, ensembles):
    """By 2, 5, 10, 20%, and by what is ``detectable``: no less often than true ensembles say, up to chance.

    The difference of two shares of n ensembles has a standard deviation of at most sqrt(1/2n): 4 of them are allowed.
    Catches a ``detectable`` at another level than the test's, or one that forgets the runs' own scale.
    """
    median, rows = calibration.power(calibration.LAWS[law], T, runs, ensembles, np.random.default_rng(0))
    assert 0.01 < median < 0.2
    for row in rows:
        assert row.caught >= row.promised - 4 * math.sqrt(0.5 / ensembles)
    assert rows[-1].caught >= 0.85  # one and a half times what is detectable


@pytest.mark.long
def test_what_would_show_at_reach_does():
    """Gaps over 60 steps, 128 runs, 240 ensembles: half of the violations that they name are caught, where reach is
    long as elsewhere; at least 0.3 of some 60, a binomial at one half has p < 2e-3.

    With all runs naming both it is a fifth where reach is long, and below that.
    """
    law = calibration.LAWS["gaps"]
    mended, same = (calibration.reach(law, 60, 128, 240, np.random.default_rng(1), halves=h) for h in (True, False))
    assert mended.caught >= 0.38
    assert mended.caught_where_long >= 0.3
    assert same.caught_where_long < 0.3


@pytest.mark.parametrize("small", list(calibration.small_cases()), ids=lambda small: small.name)
def test_true_theorems_are_not_refuted(small):
    """About 12 verifications of each case at alpha = 1e-3: two refutations have p < 1e-4."""
    refuted, _ = calibration.refutations(small, 12, 0)
    assert refuted <= 1


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("cap", [0.5, evidence.CAP])
def test_wealth_by_enumeration(p, cap):
    """At equality the mean wealth is 1 in the last digit, and 20 is ever passed with probability at most 1/20.

    Catches a bet that knows its own run by a single float, and wealth that is not stopped where it is read.
    """
    X, probability = sequences(p)
    for Z, worst in ((X / p - 1, 1.0), (1 - X / p, 1 / p - 1)):
        wealth = evidence.log_wealth(Z, worst, cap=cap)
        assert probability @ np.exp(wealth[-1]) == pytest.approx(1, abs=1e-12)
        assert probability @ (wealth.max(axis=0) >= math.log(20)) <= 0.05
        share = Z / worst
        bets = np.clip(np.cumsum(share, axis=0) / (0.25 + np.cumsum(share**2, axis=0)), 0, cap)
        assert probability @ np.prod(1 + bets * share, axis=0) > 1.1


def test_wealth_of_parts_by_enumeration():
    """A pilot from earlier parts keeps the mean at 1, part after part; one that saw the part itself does not."""
    p, question = 0.5, Question(np.full(1, 0.5), 1.0)
    X, probability = sequences(p, 9)
    honest, cheating = np.zeros((2, X.shape[1]))
    for j, runs in enumerate(X.T[:, :, None]):
        first, second, third = runs[:3], runs[3:6], runs[6:]
        pilot = Pilot.of(first, question)
        whole = Part.of(first, question).then(Part.of(second, question, pilot))
        honest[j] = whole.then(Part.of(third, question, pilot.then(second, question))).against[0]
        cheating[j] = whole.then(Part.of(third, question, Pilot.of(runs, question))).against[0]
    assert probability @ np.exp(honest) == pytest.approx(1, abs=1e-12)
    assert probability @ np.exp(cheating) > 1.01


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.8])
def test_confidence_bounds_by_enumeration(p):
    """Each bound misses the mean of Bernoulli runs with probability at most alpha = 0.05, exactly."""
    X, probability = sequences(p)
    assert probability @ (upper_mean(X, 1.0, 0.05) < p) <= 0.05
    assert probability @ (lower_mean(X, 0.05) > p) <= 0.05
    assert probability @ (empirical_bernstein_lower(X, 0.05) > p) <= 0.05
    assert probability @ (empirical_bernstein_upper(X, 0.05) < p) <= 0.05
    k = np.arange(13)
    weights = binom.pmf(k, 12, p)
    assert weights @ [kl_lower(i / 12, 12, 0.05) > p for i in k] <= 0.05
    assert weights @ [kl_upper(i / 12, 12, 0.05) < p for i in k] <= 0.05


def test_thresholds_are_compared_exactly():
    """An e-value of 1/alpha decides, the float below does not: for refuting, for confirming, and for stopping."""
    threshold, question, nothing = math.log(1 / 0.05), Question(np.full(1, 0.6), 1.0), np.zeros(1)
    below = math.nextafter(threshold, 0)
    for against, confirming, status in (
        (threshold, 0.0, Status.VIOLATED),
        (below, threshold, Status.HOLDS),
        (0.0, threshold, Status.HOLDS),
        (below, below, Status.CONSISTENT),
    ):
        part = Part(50, nothing, against, nothing, np.array([confirming]), True)
        found = sampled_decision(part, np.full((50, 1), 0.5), question, np.array([1]), 0.05)
        assert found.status is status
        assert part.decides(question, 0.05) == (status is not Status.CONSISTENT)
