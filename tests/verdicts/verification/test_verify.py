"""verify: the five answers, each where it is due, and none where it is not."""

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, Minibatch, RACLoRA, Status, simulate, sketches, theorems, verify
from rac_theory.algorithms import FEEDBACK
from rac_theory.numerics.randomness import RUNS, child, seed_sequence
from rac_theory.problems import LeastSquares, LogisticRegression, NonconvexLogistic, Quadratic
from rac_theory.theorems import E, gap
from rac_theory.verdicts.verification.judged_claim import exact_recording
from tests.as_one_test import as_one_test

sampled = partial(verify, evidence="sampled")


def identity(d, n=1, mu=1.0):
    """mu times the identity, where T2 with a Haar sketch and gamma = 1/mu is an equality."""
    return Quadratic.left(mu * np.eye(d), np.ones((d, n)))


@pytest.mark.parametrize(("d", "rank", "n", "mu"), [(8, 2, 3, 0.5), (64, 1, 2, 2.0)])
def test_equality_is_consistent_with_slack_one(d, rank, n, mu):
    """T2 is an equality here: nothing can confirm it, nothing refutes it, and 1 lies in the interval of the slack."""
    algorithm = RACLoRA(sketches.Haar(d, rank), 1 / mu)
    verdict = sampled(theorems.T2, Case(algorithm, identity(d, n, mu), steps=10), runs=2_000, rng=0)
    assert verdict.status is Status.CONSISTENT
    assert verdict.evidence == "sampled"
    for t in range(1, verdict.reach + 1):
        slack = verdict.slack_at(t)
        assert slack.low <= 1 <= slack.high
    assert verdict.slack.value == pytest.approx(1, abs=0.05)
    assert verdict.fitted.low <= verdict.promised.value <= verdict.fitted.high
    assert "Informative" not in str(verdict)  # as it is from t = 1 on


@pytest.mark.parametrize(("d", "rank"), [(64, 1), (2, 1)])
def test_ten_per_cent_more_mu_is_refuted(d, rank):
    """2,000 runs of ten steps, r/d down to 1/64: mu inflated by a tenth is false, and so is lambda_min."""
    case = Case(RACLoRA(sketches.Haar(d, rank), 1.0), identity(d), steps=10)
    true = Constants.of(case)
    for false in (replace(true, mu=1.1 * true.mu), replace(true, lambda_min=1.1 * true.lambda_min)):
        verdict = verify(theorems.T2, case, runs=2_000, rng=1, constants=false)
        assert verdict.status is Status.VIOLATED
        assert 1 <= verdict.violated_at <= 10
        assert f"t={verdict.violated_at}" in verdict.reason
        assert verdict.log_evidence >= math.log(1e3)


def test_a_loose_bound_is_confirmed_and_the_confirmation_needs_the_ceiling():
    """With condition number 5 the runs are far below T2: confirmed for the whole curve, unless descent is denied."""
    problem = Quadratic.left(np.diag(np.linspace(0.2, 1.0, 5)), np.ones((5, 2)))
    case = Case(RACLoRA(sketches.Haar(5, 2), 1.0), problem, steps=25)
    verdict = sampled(theorems.T2, case, rng=0)
    assert verdict.status is Status.HOLDS
    assert "confirmed at level 0.001" in verdict.reason
    assert (verdict.upper[1:] <= verdict.bound[1:] * 1.01).all()
    unbounded = sampled(replace(theorems.T2, descends=False), case, rng=0)
    assert unbounded.status is Status.CONSISTENT
    assert np.isinf(unbounded.upper[1:]).all()


def test_too_few_runs_decide_nothing_and_say_how_many_would():
    verdict = sampled(theorems.T2, Case(RACLoRA(sketches.Haar(8, 1), 1.0), identity(8), steps=100), runs=8, rng=0)
    assert verdict.status is Status.UNDECIDED
    assert "8 runs are too few" in verdict.reason
    assert "it takes" in verdict.reason


def test_gradient_descent_is_decided_exactly_by_one_run():
    verdict = verify(theorems.T2, Case(GD(0.5), identity(3), steps=20), runs=999)
    assert (verdict.status, verdict.evidence, verdict.runs) == (Status.HOLDS, "exact", 1)
    np.testing.assert_array_equal(verdict.lower[1:], verdict.mean[1:])
    assert verdict.slack.low == verdict.slack.value == verdict.slack.high
    assert verdict.fitted.value == pytest.approx(0.25)
    assert verdict.promised.value == pytest.approx(0.5)
    # At 1/L bound and gap are zero from t = 1 on: 0 <= 0 holds, without a warning.
    assert verify(theorems.T2, Case(GD(1.0), identity(3), steps=5)).status is Status.HOLDS


def test_exact_evidence_is_only_given_where_it_is_known():
    """On a quadratic the expectation is computed; on a logistic loss, and on a plug-in's own word, it is not."""
    exact = verify(theorems.T2, Case(RACLoRA(sketches.Haar(3, 1), 1.0), identity(3), steps=5))
    assert (exact.evidence, exact.runs, exact.status) == ("exact", 0, Status.HOLDS)
    np.testing.assert_allclose(exact.mean, exact.bound, rtol=1e-12)  # T2 is an equality on the identity
    logistic = LogisticRegression(np.eye(3), [0, 1, 0], l2=0.1)
    with pytest.raises(ValueError, match="evidence must be 'auto' or 'sampled' here, got 'exact'"):
        verify(theorems.T2, Case(RACLoRA(sketches.Haar(3, 1), 0.1), logistic, steps=2), evidence="exact")
    descent = Case(GD(0.5), identity(3), steps=5)
    for asked, told in (("auto", ("exact", 1)), ("sampled", ("sampled", 64))):
        verdict = verify(theorems.T2, descent, runs=64, evidence=asked)
        assert (verdict.evidence, verdict.runs) == told


def test_a_plug_in_is_not_judged_by_its_own_word():
    """A sketch that claims the moments of a uniform range, and never moves half of the rows: its runs are looked at."""

    @dataclass(frozen=True)
    class Boastful:
        dim: int = 4
        rank: int = 1

        def sample(self, rng, size):
            return np.eye(self.dim)[rng.integers(2, size=size)][:, :, None]

        def second_moment(self, M):
            return sketches.Haar(self.dim, self.rank).second_moment(M)

    verdict = verify(theorems.T2, Case(RACLoRA(Boastful(), 1.0), identity(4), steps=5), runs=64, rng=0)
    assert verdict.evidence == "sampled"
    assert verdict.constants.lambda_min == pytest.approx(1 / 4)  # its word
    assert verdict.refuted


@as_one_test(
    ("algorithm", "problem", "words"),
    [
        (RACLoRA(sketches.Frozen(np.eye(3)[:, :2]), 1.0), identity(3), ["lambda_min > 0 is not met: lambda_min is 0"]),
        (RACLoRA(sketches.Haar(3, 1), 1.2), identity(3), ["gamma L <= 1 is not met: gamma L = 1.2"]),
        (
            RACLoRA(sketches.Haar(3, 1), 0.1),
            NonconvexLogistic(np.random.default_rng(0).standard_normal((9, 3)), np.arange(9) % 2, 0.1),
            ["f(W^0) - f* must be known, gap0 is nan", "a known mu > 0: mu is 0"],
        ),
    ],
)
def test_not_applicable_names_each_unmet_assumption(algorithm, problem, words):
    verdict = verify(theorems.T2, Case(algorithm, problem, steps=5), rng=0)
    assert verdict.status is Status.NOT_APPLICABLE
    assert verdict.evidence == "none"
    assert len(verdict.unmet) >= 1
    for word in words:
        assert word in str(verdict)
    assert verdict.slack is verdict.reach is verdict.informative_from is verdict.violated_at is None
    assert (verdict.runs, verdict.log_evidence, dict(verdict.levels)) == (0, 0.0, {})
    for name in ("bound", "mean", "lower", "upper", "detectable", "sample"):
        assert getattr(verdict, name).shape == ((0, 0) if name == "sample" else (0,))


def test_no_metric_is_below_zero():
    """A gap of zero was HELD to be at most -1, as a bound below zero was taken for zero; by rounding it is, of any size
    of values."""
    case = Case(GD(1.0), identity(3), steps=5)
    claims = (lambda c, t: c.gap0 * (1 - t), lambda c, t: c.gap0 * np.where(t > 0, -1e-12, 1.0))
    below, rounded = (replace(theorems.T2, claim=E(gap) <= one, falls="linear") for one in claims)
    for evidence in ("exact", "sampled"):
        verdict = verify(below, case, evidence=evidence, rng=0)
        assert (verdict.status, verdict.violated_at) == (Status.VIOLATED, 2)
        assert verdict.reason == "at t=2 the bound is -1.5, and the gap is never negative."
    for size in (1.0, 1e4):
        assert verify(rounded, replace(case, W0=np.full((3, 1), 1 - size))).status is Status.UNDECIDED


def test_a_vacuous_bound_does_not_count_as_holding():
    """T1 says less than descent until t passes 1 / (lambda gamma L) = 8, and no more where it equals it but for
    rounding, at t = 1 of gradient descent. Catches a bound that counts as below it where 1/L is rounded up."""
    sketched = RACLoRA(sketches.Haar(8, 1), 0.5)
    short, long = (verify(theorems.T1, Case(sketched, identity(8), steps=steps)) for steps in (10, 40))
    assert (short.status, short.informative_from, long.informative_from) == (Status.UNDECIDED, None, 17)
    assert short.reason.endswith("take more steps.")
    for L in (1.0, 1.6, 7.2):
        problem = Quadratic.left([[L]], [[1.0]])
        one, five = (verify(theorems.T1, Case(GD(1 / problem.L), problem, steps=steps)) for steps in (1, 5))
        assert (one.informative_from, five.informative_from) == (None, 2)
        assert "Informative from t=2." in str(five)


@pytest.mark.parametrize(("share", "status"), [(1.0, Status.UNDECIDED), (0.99, Status.CONSISTENT)])
def test_nor_as_consistent(share, status):
    """80 noisy runs neither refute nor confirm a constant bound; one at gap0 is no news, so it earns nothing."""
    loose = replace(theorems.T6, claim=E(gap) <= (lambda c, t: np.where(t > 0, share, 1.0) * c.gap0), falls="linear")
    problem = LeastSquares.linnerud(l2=0.5)
    algorithm = RACLoRA(sketches.Haar(problem.shape[0], 1), 0.05 / problem.L, gradients=Minibatch(1))
    verdict = sampled(loose, Case(algorithm, problem, steps=5), runs=80, rng=0)
    assert verdict.status is status
    assert verdict.reason.endswith("take more steps, or shorter ones.") == (share == 1)  # a floor may be in the way


def test_the_bound_is_judged_only_while_f_star_resolves_it():
    """f_star known to 1e-3 of gap0: nothing below a tenth of gap0 is judged, and nothing is refuted by the error."""
    case = Case(RACLoRA(sketches.Haar(4, 2), 1.0), identity(4), steps=40)
    coarse = replace(Constants.of(case), f_star=-0.002, gap0=2.002, f_star_error=0.002)
    verdict = sampled(theorems.T2, case, runs=500, rng=0, constants=coarse)
    judged = np.flatnonzero(~np.isnan(verdict.detectable))
    assert verdict.bound[judged].min() >= 0.2 > verdict.bound[judged[-1] + 1]
    assert verdict.status is Status.CONSISTENT
    hopeless = replace(coarse, f_star_error=1.0)
    assert sampled(theorems.T2, replace(case, steps=4), rng=0, constants=hopeless).status is Status.UNDECIDED


@dataclass(frozen=True)
class SparseSigns:
    """A user's sketch: no closed form, so lambda_min is sampled and half of alpha goes to it."""

    dim: int
    rank: int

    def sample(self, rng, size):
        return rng.choice([-1.0, 0.0, 1.0], size=(size, self.dim, self.rank), p=[0.25, 0.5, 0.25])


def test_a_plug_in_works_from_the_first_day():
    case = Case(RACLoRA(SparseSigns(6, 2), 1.0), identity(6, 2), steps=10)
    verdict = verify(theorems.T2, case, rng=0)
    assert verdict.status is not Status.VIOLATED
    assert 0 < verdict.constants.lambda_min < 2 / 6
    assert verdict.constants.alpha_spent == 5e-4
    assert "Chernoff-Hoeffding" in verdict.constants.provenance["lambda_min"]
    with pytest.raises(ValueError, match=r"levels must add up to at most alpha=0\.0004, got 0\.0005 for sampled"):
        verify(theorems.T2, case, rng=0, alpha=4e-4, constants=verdict.constants)


def test_the_mean_is_that_of_the_runs():
    """verify looks at the same ensemble as simulate, shifted by f_star: a metric off by one step would show."""
    case = Case(RACLoRA(sketches.Haar(4, 1), 1.0), identity(4), steps=12)
    gradients, gaps = (sampled(claim, case, runs=70, rng=5) for claim in ("T1", "T2"))
    ran = simulate(case, runs=70, rng=child(seed_sequence(5), RUNS))
    averages = [ran.squared_gradients[:, :t].mean() for t in range(1, 13)]
    np.testing.assert_allclose(gradients.mean[1:], averages, rtol=1e-13)
    np.testing.assert_allclose(gaps.mean, ran.gaps.mean(axis=0), rtol=1e-13)
    assert gaps.seed == (5, ())
    assert set(gaps.versions) == {"rac_theory", "numpy", "scipy", "python"}


def test_a_verdict_draws_itself():
    """Bound, mean up to reach, band and at most ten runs, on logarithmic values; looked at as data, not as pixels."""
    verdict = sampled(theorems.T2, Case(RACLoRA(sketches.Haar(4, 1), 1.0), identity(4), steps=30), runs=100, rng=0)
    ax = verdict.plot()
    lines = {line.get_label().partition(",")[0]: line for line in ax.get_lines()}
    np.testing.assert_allclose(lines["bound"].get_ydata(), verdict.bound)
    np.testing.assert_allclose(lines["mean"].get_ydata(), verdict.mean[: verdict.reach + 1])
    assert f"fitted {verdict.fitted}" in lines["mean"].get_label()
    assert len(ax.get_lines()) == 12
    assert ax.get_yscale() == "log"
    assert verdict.theorem.metric.label == ax.get_ylabel()
    assert verdict.plot(ax) is ax
    for part in ("T2 UNDECIDED for RACLoRA(Haar(dim=4, rank=1)", "times the mean", "Fitted factor a step", "promised"):
        assert part in str(verdict)


def test_bad_cases():
    """Numbers of runs, evidence under no name, and a start where nothing is left to do; tests/test_arguments.py has
    others."""
    for change, message in (
        ({"runs": 0}, "runs must be >= 1"),
        ({"runs": "until decide"}, "runs must be one of until decided, got 'until decide'"),
        ({"runs": "until decided", "most_runs": -5}, r"most_runs must be in 1\.\.262144, got -5"),
        ({"runs": "until decided", "most_runs": 300_000}, r"most_runs must be in 1\.\.262144, got 300000"),
        ({"most_runs": -5}, r"most_runs must be None beside runs=256, got -5; it needs 'until decided'"),
        ({"evidence": "exct"}, "did you mean 'exact'"),
    ):
        with pytest.raises(ValueError, match=message):
            verify(theorems.T2, Case(GD(0.5), identity(3), steps=2), **change)
    with pytest.raises(ValueError, match="W0 must not be a minimiser"):
        verify(theorems.T2, Case(GD(0.5), identity(3), np.ones((3, 1)), steps=2))


def test_a_small_exact_gap_is_not_lost_in_a_difference():
    """T2_sharp on diabetes for 2,000 steps: f - f* underflows the digits of f; the slack stays positive and finite."""
    problem = LeastSquares.diabetes(l2=0.1)
    verdict = verify(theorems.T2_sharp, Case(RACLoRA(sketches.Haar(10, 4), 1.5 / problem.L), problem, steps=2000))
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
    assert verdict.slack is None or verdict.slack.value > 1
    assert (verdict.mean[verdict.mean < 0] > -problem.f_star_error).all()


def test_gradients_at_the_iterate_are_there_if_one_of_several_claims_is_about_them():
    """Catches an expectation without them, where another claim on the same case needs none."""
    case = Case(FEEDBACK(sketches.Coordinate(2, 1), gamma=0.1), identity(2), steps=3)
    metrics = [theorems.T1.metric, theorems.T25.metric]
    both = exact_recording(case, "exact", metrics).curves.squared_gradients_at_iterate
    np.testing.assert_array_equal(both, exact_recording(case, "exact", metrics[1:]).curves.squared_gradients_at_iterate)
    assert both is not None
    assert exact_recording(case, "exact", metrics[:1]).curves.squared_gradients_at_iterate is None
