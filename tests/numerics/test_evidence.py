"""The evidence itself: calibrated at equality, powerful against what is false, and unmasking a test that peeks.

And an account of significance: what is drawn adds up, and cannot be more than alpha.
"""

import math

import numpy as np
import pytest
from scipy.special import betainc

from rac_theory.numerics import evidence, log_wealth_without_range, symmetric_wealth
from rac_theory.numerics.bets import Bets, cosine, exchanged, overlap, repeats, symmetric_evidence, unfair
from rac_theory.numerics.confidence import empirical_bernstein_lower, empirical_bernstein_upper, kl_lower, kl_upper
from rac_theory.numerics.evidence import Account, for_constants, shortfall

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


def alpha_of(wealth, threshold=lambda alpha: math.log(1 / alpha)):
    """A level at which a log wealth is just enough, to the last bit."""
    near = math.exp(-wealth) * (1 + np.arange(-60, 61) * 2.0**-53)
    return next(float(alpha) for alpha in near if threshold(alpha) == wealth)


def test_a_claim_is_confirmed_at_the_level_that_it_says():
    """To the last bit: to confirm that a mean is below b is to refute that of the mirrored runs is at most 1 - b/c.

    Catches each level, loss or ceiling that is another, and a claim at the ceiling, which needs no run, among others.
    """
    X, bound = 2 * np.random.default_rng(3).beta(2, 6, size=(40, 3)), np.array([0.9, 1.2, 2.0])
    wealth = [evidence.log_wealth((1 - x / 2) / (1 - b / 2) - 1).max() for x, b in zip(X.T[:2], bound, strict=False)]
    confirmed = evidence.log_wealth(1 - X[:, :2] / bound[:2], worst=2 / bound[:2] - 1).max(axis=0)
    np.testing.assert_allclose(confirmed, wealth, rtol=1e-12)
    for t, enough in enumerate(confirmed.tolist()):
        alpha = alpha_of(enough)
        assert evidence.confirmed(X, bound, 2.0, alpha)[[t, 2]].all()
        assert not evidence.confirmed(X, bound, 2.0, alpha * (1 - 1e-9))[t]


@pytest.mark.parametrize("T", [1, 4])
def test_detectable_is_the_smallest_of_a_grid_that_the_test_rejects(T):
    """All 2^12 + 1 of them from 1e-4 to 1e3 are tried. Catches a search that goes wrong, and each end of it."""
    X, _ = equality(np.random.default_rng(4), 100, T)
    grid = np.geomspace(1e-4, 1e3, 2**12 + 1)
    found = evidence.detectable(X, ALPHA)
    for x, share, delta in zip(X.T, evidence.shares(T), found, strict=True):
        Z = (1 + grid) * (x / x.mean())[:, None]
        rejects = evidence.log_wealth(np.minimum(Z, 1e6) - 1).max(axis=0) >= math.log(1 / (ALPHA * share))
        assert delta == pytest.approx(grid[np.argmax(rejects)], rel=1e-9)
    assert evidence.detects(X, float(found.max()) * 1.02, ALPHA).all()
    assert not evidence.detects(X, float(found.min()) / 1.02, ALPHA).any()
    alpha = alpha_of(float(evidence.log_wealth(2 * X[:, :1] / X[:, :1].mean() - 1).max()), lambda a: -np.log(a))
    assert evidence.detects(X[:, :1], 1.0, alpha)
    assert (evidence.detectable(np.zeros((50, T)), ALPHA) == math.inf).all()  # zeros say nothing of rare large values


def test_runs_to_detect_by_the_best_of_ninety_bets():
    """Constant runs 50% above the bound: log(1.45) a run. Others by a plain loop; None, or 1e9, where nothing grows."""
    assert evidence.runs_to_detect(np.ones(5), 0.5, math.log(1000)) == math.ceil(math.log(1000) / math.log(1.45))
    X = 3 * np.random.default_rng(5).pareto(2.2, size=400)
    for delta in (0.02, 0.5, 3.0):
        growth = max(np.mean(np.log1p(k / 100 * ((1 + delta) * X / X.mean() - 1))) for k in range(1, 91))
        assert evidence.runs_to_detect(X, delta, 1e4) == math.ceil(1e4 / growth)
    assert evidence.runs_to_detect(X, -0.5, 1.0) == 10**9
    for nothing in (np.zeros(5), np.array([1, np.inf])):
        assert evidence.runs_to_detect(nothing, 0.5, 1.0) is None


@pytest.mark.parametrize("columns", [1, 3, 200])
def test_wealth_of_a_part_is_that_of_the_whole(columns):
    """Of runs that know the past; wide arrays are added up in another way. Catches each sum of a past left out.

    Nothing is bet before something was seen, and a run of zero leaves a tenth of the wealth at the largest bet.
    """
    Z, worst = np.random.default_rng(6).uniform(-2, 3, size=(30, columns)), np.linspace(2, 3, columns)
    whole = evidence.log_wealth(Z, worst)
    past = evidence.Past().then(Z[:8], worst).then(Z[8:11], worst)
    np.testing.assert_allclose(whole[10] + evidence.log_wealth(Z[11:], worst, past=past), whole[11:], rtol=1e-12)
    np.testing.assert_allclose(whole[:, -1], evidence.log_wealth(Z[:, -1] / worst[-1]), rtol=1e-12, atol=1e-15)
    assert not evidence.log_wealth(Z[:1]).any()
    assert evidence.Past().then(Z[:, 0]) == evidence.Past(Z[:, 0].sum(), np.square(Z[:, 0]).sum())
    wealth = evidence.log_wealth(np.array([*[0.9] * 50, -1.0]))
    assert wealth[-1] - wealth[-2] == pytest.approx(math.log(0.1))


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
    half, zeroed = (np.where(np.arange(200)[:, None] % 2, 1.9, other) for other in (np.inf, 0.0))
    assert evidence.log_evidence_against(half, np.ones(1)) == evidence.log_evidence_against(zeroed, np.ones(1))


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


@pytest.mark.parametrize(("n", "alpha"), [(20, 0.05), (3000, 0.05), (3000, 1e-6)])
def test_empirical_bernstein_run_by_run(n, alpha):
    """By a plain loop, where weights are cut at 1/2 and where they are not. Catches each count and power."""
    x = np.random.default_rng(n).beta(1, 3, size=n)
    first, square, wealth, stakes = 0.0, 0.0, -math.log(1 / alpha), 0.0
    for i, value in enumerate(x):
        weight = min(math.sqrt(2 * math.log(1 / alpha) / (n * (0.25 + square) / (i + 1))), 0.5)
        wealth += weight * value + (math.log(1 - weight) + weight) * (value - (0.5 + first) / (i + 1)) ** 2
        first, stakes = first + value, stakes + weight
        square += (value - (0.5 + first) / (i + 2)) ** 2
    assert empirical_bernstein_lower(x, alpha) == pytest.approx(max(wealth / stakes, 0.0), rel=1e-10)
    assert empirical_bernstein_lower(np.full(1, 0.5), 0.5) == 0.0


@pytest.mark.parametrize("alpha", [0.05, 1e-6])
@pytest.mark.parametrize("n", [1, 10, 1_000])
def test_limits_from_the_mean_alone(n, alpha):
    """Without a success the limit is exact, 1 - alpha^(1/n); else it is outside the exact one of Clopper and Pearson.

    And not far outside: the exact tail at the limit is at least alpha / (4 sqrt n).
    """
    margin = 1 - kl_lower(1.0, n, alpha) / alpha ** (1 / n)
    assert 0.8e-11 < margin < 1.2e-11  # five times what the search is off by
    assert (kl_lower(0.0, n, alpha), kl_upper(1.0, n, alpha)) == (0.0, 1.0)
    assert 0 <= kl_lower(1e-300, n, alpha) < 1e-300
    for k in {n // 3, n // 2}:
        upper = kl_upper(k / n, n, alpha)
        assert betainc(k + 1, n - k, upper) >= 1 - alpha  # P(more than k successes), so k or fewer have alpha at most
        assert 1 - betainc(k + 1, n - k, upper) >= alpha / (4 * math.sqrt(n))


def test_steps_share_the_wealth_half_alike_and_half_by_octaves():
    """Against sums by hand. Catches shares that follow the wrong axis or do not sum to one, and sums that overflow."""
    weights = [1 / 6 + 1 / (2 * t * (1 + 1 / 2 + 1 / 3)) for t in (1, 2, 3)]
    np.testing.assert_allclose(evidence.shares(3), weights)
    wealth = np.random.default_rng(10).normal(3, 2, size=(20, 3))
    assert evidence.log_average(wealth) == pytest.approx(np.log(np.exp(wealth) @ weights).max(), rel=1e-12)
    wealth[:, 1] += 5000.0
    assert evidence.log_average(wealth) == pytest.approx(wealth[:, 1].max() + math.log(weights[1]), rel=1e-12)
    assert evidence.log_average(np.full((2, 3), -1.0)) == 0.0
    assert evidence.excess(np.array([[2e6, 3.0]]), np.ones(2)).tolist() == [[1e6 - 1, 2.0]]


@pytest.mark.parametrize("k", range(10))
def test_each_of_ten_bets_is_the_best_somewhere(k):
    """Halved each time, from ``sqrt(2 / variance)`` or from 2 on. Catches another grid, and what a bet must pay for."""
    bet, many = 2.0**-k, 1000
    Z = np.full(many, 2 * bet)  # of variance 2
    expected = many * math.log((1 + 2 * bet**2 + 2 * bet**4) / (1 + bet**2))
    assert log_wealth_without_range(Z, 2.0) == pytest.approx(expected - math.log(10), rel=1e-12)
    of_symmetry = float(symmetric_wealth(np.array(2 * bet * 50), np.array(50.0)))
    assert of_symmetry == pytest.approx(50 * (2 * bet) ** 2 / 2 - math.log(10), rel=1e-12)
    of_each = symmetric_wealth(np.array([0.0, 2 * bet * 50, 0.0]), np.full(3, 50.0))  # not those of one for all
    assert of_each.tolist() == [float(symmetric_wealth(np.array(0.0), np.array(50.0))), of_symmetry, of_each[0]]


def test_what_there_is_to_bet_on_for_a_claim():
    """Nothing where the bound is zero, at the ceiling or beyond it, or no ceiling is known: then it is 0."""
    X, bounds = np.array([[0.5, 0.5, 3.0, 0.5, 0.5]]), np.array([1.0, 0.0, 1.0, 2.0, 3.0])
    found, worst = shortfall(X, bounds, 2.0)
    assert found.tolist() == [[0.5, 0, -1, 0, 0]]
    assert worst.tolist() == [1, 1, 1, 1, 1]
    assert shortfall(X[:, :1], bounds[:1], 4.0)[1].tolist() == [3]
    assert shortfall(X[:, :1], bounds[:1], math.inf)[0].tolist() == [[0]]
    assert evidence.excess(np.array([[3.0, math.nan, math.inf]]), np.full(3, 2.0)).tolist() == [[0.5, -1, -1]]


@pytest.mark.parametrize("more", [0, 2])
def test_columns_of_a_game_share_its_level(more):
    """Forty ones in the place of a fair coin, in two blocks, by Chernoff: 2^-40, both sides of both bets, each column.

    Catches a level that columns, sides or kinds of evidence do not share, means that are another, and a column that
    counts while it is not known.
    """
    for factor, refuted in ((1 - 1e-9, None), (1 + 1e-9, (0, 0.5, 1.0))):
        bets = Bets(fixed=1)
        for ones in (10, 30):
            x, claimed, high = np.ones((ones, 1 + more)), np.full(1 + more, 0.5), np.ones(1 + more)
            x[:, 1:] = claimed[1:] = high[1:] = 0.25
            bets.add(x, claimed, np.where(high == 1, 0.0, high), high)
        assert bets.refuted(4 * (1 + more) * 2.0**-40 * factor) == refuted
    bets = Bets(fixed=1)
    bets.add(np.ones((1, 1)), np.array([1e-6]), np.zeros(1), np.ones(1))
    assert bets.refuted(1e-4) == (0, 1e-6, 1.0)
    bets, half = Bets(), np.full(2, 0.5)
    bets.add(np.full((10, 2), 0.5), half, half, half)
    bets.add(np.repeat([[0.9, 0.2]], 400, axis=0), np.array([0.8, 0.2]), np.zeros(2), np.ones(2))
    assert bets.refuted(1e-3) == (0, pytest.approx(0.8), pytest.approx(0.9))
    bets = Bets()
    bets.add(np.full((9, 1), 0.75), np.array([0.5]), np.array([0.25]), np.ones(1))
    told = float(evidence.either_side(np.full(9, 0.25), 0.25, 0.5))
    assert bets.refuted(4 * math.exp(-told) * (1 - 1e-9)) is None
    assert bets.refuted(4 * math.exp(-told) * (1 + 1e-9)) is not None
    for sign in (-1, 1):  # a bet of nine tenths of what may be lost, from the second of equal draws on
        bets, alpha = Bets(), 4 * math.exp(-float(evidence.either_side(np.full(30, sign * 0.25), 0.5, 0.25)))
        bets.add(np.full((30, 1), 0.5 + sign * 0.25), np.array([0.5]), np.zeros(1), np.array([0.75]))
        assert bets.refuted(alpha * (1 - 1e-9)) is None
        assert bets.refuted(alpha * (1 + 1e-9)) == (0, 0.5, 0.5 + sign * 0.25)


def test_exchanged_draws_by_hand():
    """Angles and shares of ranges in the plane, repeats in groups, signs of coins; zero where there is no matrix."""
    e, f, both, nothing = np.eye(2)[:, :1], np.eye(2)[:, 1:], np.ones((2, 1)), np.zeros((2, 1))
    assert cosine(e, 3 * both) == pytest.approx(math.sqrt(0.5))
    assert overlap(e, -2 * both) == pytest.approx(0.5)
    assert [float(alike(e, none)) for alike in (cosine, overlap) for none in (f, nothing)] == [0, 0, 0, 0]
    many, one = np.stack([0.5 * np.eye(2), np.ones((2, 2)), np.diag([0.1, 0.0])]), np.diag([0.25, 0.0])
    assert cosine(many, one) == pytest.approx([math.sqrt(0.5), 0.5, 1])
    assert cosine(one, many) == pytest.approx([math.sqrt(0.5), 0.5, 1])
    assert overlap(np.stack([e, f]), both) == pytest.approx([0.5, 0.5])
    assert overlap(many, one) == pytest.approx([0.5, 0.25, 0.5])
    assert exchanged(e, f, e, f, cosine) == 2
    assert exchanged(e, f, f, e, cosine) == -2
    assert exchanged(e, f, e, both, cosine) == pytest.approx(1)
    assert repeats(np.array([3.0, 1, 3, 2, 2, 2, 5]), 3).tolist() == [1, 2]
    assert repeats(np.array([3.0, 1, 2, 5, 2, 9]), 3, apart=1.0).tolist() == [2, 0]
    ups = np.repeat([1.0, -1.0, 1e-10], [20, 0, 5])
    assert unfair(ups, 2.0**-19) == unfair(ups, 1e-3) == 1.0
    assert unfair(-ups, 2.0**-19) == 0.0
    assert unfair(ups, 2.0**-19 * (1 - 1e-9)) is unfair(ups[20:], 0.5) is None
    Z = np.array([[1.0, 0.0], [3.0, 0.0], [-1.0, 0.0]])
    assert symmetric_evidence(Z).tolist() == [pytest.approx(9 / 22), 0.0]


def test_parts_add_up_and_nothing_is_overdrawn():
    account = Account(0.01)
    assert account.draw("one", 0.004) == 0.004
    assert account.draw("one", 0.001) == 0.001
    assert account.left == pytest.approx(0.005)
    with pytest.raises(ValueError, match=r"must add up to at most alpha=0\.01, got 0\.0051 for two on top of one"):
        account.draw("two", 0.0051)
    assert account.rest("runs") == pytest.approx(0.005)
    assert account.spent == {"one": 0.005, "runs": pytest.approx(0.005)}
    assert account.left == 0.0
    with pytest.raises(ValueError, match=r"alpha=0\.01 must leave something for more"):
        account.rest("more")


def test_no_more_is_left_than_rounding():
    """A millionth of a millionth of alpha. Catches one that is larger, or not relative; nothing may be drawn, too.

    A hundred parts of a hundredth come to a hair more than all of it, which is no overdraft; one part more is.
    """
    assert Account(0.5).draw("all", 0.5 + 1e-12 * 0.5) > 0.5
    account = Account(0.1)
    for _ in range(100):
        account.draw("a look", 0.001)
    for of, level in ((Account(0.5), 0.5 + 1.1e-12 * 0.5), (account, 0.001)):
        with pytest.raises(ValueError, match="levels must add up"):
            of.draw("more", level)
    account = Account(0.5)
    assert account.draw("nothing", 0.0) == 0.0
    account.draw("most", 0.5 - 1e-12)
    assert account.rest("a hair") == pytest.approx(1e-12, rel=1e-3)
    assert Account(0.999).left == 0.999


def test_no_level_is_negative_or_unknown_and_what_was_spent_cannot_be_written_to():
    for level in (-1e-9, math.nan, 0.2):
        with pytest.raises(ValueError, match="levels must add up"):
            Account(0.1).draw("nothing", level)
    with pytest.raises(TypeError):
        Account(0.1).spent["runs"] = 0.0
    with pytest.raises(ValueError, match="alpha must be a finite number"):
        Account(1.0)


def test_rows_share_half_of_alpha():
    assert for_constants(0.01, 5) == 0.001
    assert for_constants(0.01, 0) == 0.005
