"""The evidence itself: calibrated at equality, powerful against what is false, and unmasking a test that peeks."""

import math

import numpy as np
import pytest
from scipy.special import betainc

from rac_theory.numerics import evidence
from rac_theory.numerics.confidence import empirical_bernstein_lower, empirical_bernstein_upper, kl_upper

ALPHA = 1e-3


def equality(rng, runs, steps):
    """The hardest true claim: products of independent factors of mean one, as gaps are, with heavy tails late on."""
    factors = 6 * rng.beta(1, 5, size=(runs, steps))
    return np.cumprod(factors, axis=1), np.ones(steps)


def test_calibration_at_exact_equality():
    """Over 2,000 ensembles of 32 runs at E X = bound the mean e-value is 1 within 4 standard errors (alpha 6e-5).

    A process that may see its own run before it bets earns from nothing: with the same bets it is far above 1.
    """
    rng = np.random.default_rng(0)
    honest, peeking = [], []
    for _ in range(2_000):
        X, bound = equality(rng, 32, 3)
        Z = X / bound - 1
        honest.append(np.exp(evidence.log_wealth(Z, cap=0.5)[-1]).mean())
        # The bet on a run, computed with that run already in the sums.
        first, second = np.cumsum(Z, axis=0), 0.25 + np.cumsum(Z**2, axis=0)
        bets = np.clip(first / second, 0, 0.5)
        peeking.append(np.exp(np.log1p(bets * Z).sum(axis=0)).mean())
    error = np.std(honest) / math.sqrt(len(honest))
    assert error < 0.05  # or the test could not tell 1 from 1.2
    assert abs(np.mean(honest) - 1) <= 4 * error
    assert np.mean(peeking) > 1.5
    assert abs(np.mean(peeking) - 1) > 4 * np.std(peeking) / math.sqrt(len(peeking))


def test_true_claims_are_rarely_refuted():
    """1,000 ensembles at equality, level 0.05: Ville allows 50 refutations, a binomial exceeds 75 with p < 4e-4."""
    rng = np.random.default_rng(1)
    refuted = sum(evidence.log_evidence_against(*equality(rng, 64, 5)) >= math.log(1 / 0.05) for _ in range(1_000))
    assert refuted <= 75


def test_a_claim_at_equality_is_rarely_confirmed():
    """Bounded runs whose mean equals the bound: at each t a confirmation at level 0.05 is an error."""
    rng = np.random.default_rng(2)
    wrong = np.zeros(4)
    for _ in range(1_000):
        X = rng.beta(0.5, 1.5, size=(64, 4))
        wrong += evidence.confirmed(X, np.full(4, 0.25), 1.0, 0.05)
    assert wrong.max() <= 75


@pytest.mark.parametrize("ceiling", [1.0, 100.0])
def test_a_claim_below_its_mean_is_never_confirmed_and_one_far_above_always(ceiling):
    X = np.random.default_rng(3).uniform(0.2, 0.3, size=(400, 2)) * ceiling
    assert evidence.confirmed(X, np.array([0.2, 0.5]) * ceiling, ceiling, ALPHA).tolist() == [False, True]


@pytest.mark.parametrize("delta", [0.05, 0.2, 1.0])
def test_detectable_is_what_the_test_detects(delta):
    """At each t: runs rescaled just above ``detectable`` are rejected by the test, just below they are not."""
    X, _ = equality(np.random.default_rng(4), 300, 4)
    found = evidence.detectable(X, ALPHA)
    assert (found > 0).all()
    threshold = -np.log(ALPHA * evidence.shares(4))
    for t in range(4):
        for factor, rejected in ((1.02, True), (0.98, False)):
            rescaled = X[:, t] / X[:, t].mean() * (1 + factor * found[t])
            assert (evidence.log_wealth(rescaled[:, None] - 1).max() >= threshold[t]) == rejected
    # More runs see less: four times as many about half, for a light tail.
    light = np.random.default_rng(5).uniform(0, 2, size=(4_000, 1))
    few, many = (evidence.detectable(light[:n], ALPHA)[0] for n in (1_000, 4_000))
    assert few / many == pytest.approx(2, rel=0.35)


def test_detectable_of_runs_that_are_all_zero_is_infinite():
    """Zeros say nothing about rare large values, so no violation would have been seen."""
    assert np.isinf(evidence.detectable(np.zeros((50, 1)), ALPHA)).all()


def test_power_against_a_small_violation():
    """Mean 5% above the bound, standard deviation 0.2, 2,000 runs: z = 11, so every one of 50 ensembles is refuted."""
    rng = np.random.default_rng(8)
    for _ in range(50):
        X = rng.gamma(25, 1.05 / 25, size=(2_000, 3))
        assert evidence.log_evidence_against(X, np.ones(3)) >= math.log(1 / ALPHA)


def test_what_left_the_range_of_floating_point_is_no_evidence():
    """Infinite and nan runs count as zero: near the edge a run that converges overflows like one that diverges.

    Catches them counted as large, which refutes, and left out, which makes the other runs look too large.
    """
    X = np.full((30, 2), np.inf)
    X[::2, 1] = np.nan
    assert evidence.log_evidence_against(X, np.ones(2)) == 0.0
    half = np.where(np.arange(200)[:, None] % 2, 1.9, np.inf)
    assert evidence.log_evidence_against(half, np.ones(1)) == evidence.log_evidence_against(
        np.where(np.isfinite(half), half, 0.0), np.ones(1)
    )


def test_wealth_is_never_negative_and_starts_at_one():
    """Even a run of zero, the worst loss, leaves a tenth of the wealth at the largest bet."""
    Z = np.array([*[0.9] * 50, -1.0])[:, None]
    wealth = evidence.log_wealth(Z)
    assert wealth[0, 0] == 0.0  # nothing is known before the first run, so nothing is bet on it
    assert wealth[-1, 0] - wealth[-2, 0] == pytest.approx(math.log(0.1))


def test_runs_to_detect_is_of_the_right_order():
    """Constant runs 50% above the bound: log(1.45) a run, so 19 runs reach log(1000)."""
    assert evidence.runs_to_detect(np.ones(5), 0.5, math.log(1000)) == math.ceil(math.log(1000) / math.log(1.45))


DRAWS = ((np.arange(1, 101) * 0.618033988749895) % 1.0) ** 3
"""A hundred fixed numbers in [0, 1], of mean 0.25."""


@pytest.mark.parametrize(("alpha", "lower"), [(0.05, 0.15740306465341758), (0.001, 0.07916478680647701)])
def test_empirical_bernstein_against_the_authors_code(alpha, lower):
    """Values of ``predmix_lower_cs`` in confseq (commit 70b1ef3), the package of the authors, for the same weights."""
    assert empirical_bernstein_lower(DRAWS, alpha) == pytest.approx(lower, rel=1e-13)
    assert empirical_bernstein_upper(1 - DRAWS, alpha) == pytest.approx(1 - lower, rel=1e-13)


def test_wealth_against_the_authors_code():
    """Logarithms of what ``betting_mart`` in confseq (commit 70b1ef3) comes to with these bets, against and for."""
    assert evidence.log_wealth(DRAWS / 0.1 - 1)[-1] == pytest.approx(14.007270226422524, rel=1e-12)
    confirming = evidence.log_wealth(1 - DRAWS / 0.4, worst=1 / 0.4 - 1)
    assert confirming[-1] == pytest.approx(9.32318863374075, rel=1e-12)
    # To confirm that a mean is below 0.4 is to refute that of the mirrored runs is at most 0.6.
    np.testing.assert_allclose(confirming, evidence.log_wealth((1 - DRAWS) / 0.6 - 1), rtol=1e-12, atol=1e-12)


def test_empirical_bernstein_in_closed_form():
    """One draw x = 1/2 has xi = 0 and weight 1/2, for alpha so small that it is cut: 1/2 - 2 log(1/alpha) < 0.

    Half ones in turn: the weights are all cut at 1/2 if n is small, and the bound is worked out by hand.
    """
    assert empirical_bernstein_lower(np.full(1, 0.5), 0.5) == 0.0
    X = np.ones(20)
    xi = 0.5 / np.arange(1, 21)  # 1 - (1/2 + i) / (1 + i)
    by_hand = (10 - (math.log(2) - 0.5) * (xi**2).sum() - math.log(20)) / 10
    assert empirical_bernstein_lower(X, 0.05) == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 1e-6])
@pytest.mark.parametrize("n", [1, 10, 1_000])
def test_limits_from_the_mean_alone(n, alpha):
    """Without a success the limit is exact, 1 - alpha^(1/n); else it is outside the exact one of Clopper and Pearson.

    And not far outside: the exact tail at the limit is at least alpha / (4 sqrt n).
    """
    assert kl_upper(0.0, n, alpha) == pytest.approx(1 - alpha ** (1 / n), abs=2e-11)
    for k in {n // 3, n // 2}:
        upper = kl_upper(k / n, n, alpha)
        assert betainc(k + 1, n - k, upper) >= 1 - alpha  # P(more than k successes), so k or fewer have alpha at most
        assert 1 - betainc(k + 1, n - k, upper) >= alpha / (4 * math.sqrt(n))


def test_the_union_over_the_curve_wastes_little():
    """False by a factor at every t, gaps of T = 1000 steps: an e-value worth more than one averaged equally.

    And never by more than a factor of 2 less. Catches shares that follow the wrong axis or do not sum to one.
    """
    rng = np.random.default_rng(10)
    X = np.cumprod(rng.beta(2, 1, size=(512, 1_000)) * 1.5, axis=1)
    wealth = evidence.log_wealth(evidence.excess(X, np.full(1_000, 1 / 1.1)))
    equal = float(np.log(np.exp(wealth).mean(axis=1)).max())
    assert evidence.log_average(wealth) > equal + 2
    late = np.zeros_like(wealth)
    late[:, -1] = 50.0
    assert 50 - math.log(1_000) - math.log(2) < evidence.log_average(late) < 50 - math.log(1_000)
