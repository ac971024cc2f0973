"""``runs="until decided"``: no more runs than it takes, at the same level, and the same verdict as of so many runs."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, Status, sketches, theorems, verify
from rac_theory.numerics.evidence import log_wealth
from rac_theory.numerics.limits import lower_mean
from rac_theory.problems import Quadratic
from rac_theory.theorems import E, squared_distance
from rac_theory.verdicts.verification import decision
from rac_theory.verdicts.verification.evidence_of_runs import Part, Pilot
from rac_theory.verdicts.verification.judged_claim import Question
from rac_theory.verdicts.verification.reading import groupings
from rac_theory.verdicts.verification.verify import judge

PROBLEM = Quadratic.left(np.eye(4), np.ones((4, 1)))
ALGORITHM = RACLoRA(sketches.Haar(4, 1), 1.0)  # T2 is an equality
TRUE = Constants.of(Case(ALGORITHM, PROBLEM, steps=5))
LOOSE, FALSE = replace(TRUE, lambda_min=0.2), replace(TRUE, gap0=0.95 * TRUE.gap0)

sampled = partial(verify, theorems.T2, Case(ALGORITHM, PROBLEM, steps=5), rng=0, evidence="sampled")
until_decided = partial(sampled, runs="until decided")


@pytest.mark.parametrize(("constants", "status"), [(LOOSE, Status.HOLDS), (FALSE, Status.VIOLATED)])
def test_reading_stops_where_it_is_decided(constants, status):
    """The same runs read at once give the same status, wealth and mean; half of them do not decide."""
    verdict = until_decided(constants=constants)
    assert verdict.status is status
    assert 256 < verdict.runs < 5_000
    assert verdict.runs % 256 == 0
    assert f"{verdict.runs} runs" in verdict.reason
    again = sampled(constants=constants, runs=verdict.runs)
    assert again.status is status
    np.testing.assert_array_equal(again.mean, verdict.mean)
    assert again.log_evidence >= verdict.log_evidence - 1e-9  # which was looked at after every run
    assert sampled(constants=constants, runs=verdict.runs // 2).status is Status.CONSISTENT


def test_an_equality_goes_to_the_end_and_a_deterministic_method_needs_one_run():
    for most in (1_000, 4_096):
        verdict = until_decided(constants=TRUE, most_runs=most)
        assert (verdict.status, verdict.runs) == (Status.CONSISTENT, most)
        # One way to keep so few runs, so the limits are those of the same runs read at once.
        np.testing.assert_array_equal(verdict.lower, sampled(constants=TRUE, runs=most).lower)
    exact = verify(theorems.T2, Case(ALGORITHM, PROBLEM, steps=5), runs="until decided")
    assert exact.evidence == "exact"


def test_many_runs_are_kept_as_means_and_the_bits_do_not_depend_on_workers():
    """Nine thousand runs in at most 4,096 rows: two halvings. Catches rows that stand for unequal numbers of runs."""
    one, two = (until_decided(constants=TRUE, most_runs=9_000, n_jobs=n) for n in (1, 2))
    assert one.runs == 9_000
    assert groupings(9_000, 4_096) == 3
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.detectable, two.detectable)
    np.testing.assert_allclose(one.mean, sampled(constants=TRUE, runs=9_000).mean, rtol=1e-3)


def test_limits_share_alpha_among_the_ways_of_keeping_runs(monkeypatch):
    """Nine thousand runs may be kept in three ways: a third of alpha for each. Catches all of alpha for each."""
    levels = []

    def recorded(X, alpha):
        levels.append(float(np.sum(alpha)))
        return lower_mean(X, alpha)

    monkeypatch.setattr(decision, "lower_mean", recorded)
    until_decided(constants=TRUE, most_runs=9_000)
    sampled(constants=TRUE, runs=300)
    assert levels == pytest.approx([1e-3 / 3, 1e-3])


def test_groupings():
    assert [groupings(most, 1024) for most in (1, 1024, 1025, 2048, 2049, 65_536)] == [1, 1, 2, 2, 3, 7]


@pytest.mark.long
def test_looking_after_every_part_keeps_the_level():
    """500 ensembles at equality, 20 looks each, alpha = 0.05: a binomial exceeds 45 with p < 1e-4.

    The same looks are not free for one who reads each part by itself and stops at the first that passes 1/alpha.
    """
    rng = np.random.default_rng(0)
    question = Question(np.ones(1), math.inf)
    stopped = naive = 0
    for _ in range(500):
        X = np.minimum(rng.exponential(size=(20, 32, 1)), 3.0) / (1 - math.exp(-3.0))
        whole, pilot = Part.of(X[0], question), Pilot.of(X[0], question)
        for runs in X[1:]:
            if whole.decides(question, 0.05):
                break
            whole, pilot = whole.then(Part.of(runs, question, pilot)), pilot.then(runs, question)
        stopped += whole.decides(question, 0.05)
        naive += log_wealth(X[:, :, 0].T - 1).max() >= math.log(20)
    assert stopped <= 45
    assert naive > 45


def test_errors():
    with pytest.raises(ValueError, match="runs must be one of until decided, got 'until decide'"):
        sampled(runs="until decide")
    with pytest.raises(ValueError, match=r"most_runs must be in 1..262144, got 300000"):
        until_decided(most_runs=300_000)


def test_reading_goes_on_until_all_claims_are_decided():
    """T2 alone takes 512 runs, and T1, which is decided after 256, ends nothing. Catches ``any`` for ``all``."""
    case = Case(ALGORITHM, PROBLEM, steps=5)
    many = {"runs": 2_048, "alpha": 1e-3, "seed": np.random.SeedSequence(0), "evidence": "sampled"}
    (alone,) = judge([theorems.T1], case, LOOSE, until_decided=True, **many)
    _, verdict = judge([theorems.T1, theorems.T2], case, LOOSE, until_decided=True, **many)
    assert (alone.runs, verdict.runs, verdict.status) == (256, 512, Status.HOLDS)


@pytest.mark.parametrize("until", [False, True])
def test_distances_are_kept_where_any_claim_is_of_them(until):
    """Over several parts, of either kind of reading. Catches ``all`` for ``any``."""
    far = replace(theorems.T2, id="far", given=(), claim=E(squared_distance) <= (lambda c, t: 3.9 + 0 * t))
    run = {
        "runs": 5_000,
        "alpha": 1e-3,
        "seed": np.random.SeedSequence(0),
        "evidence": "sampled",
        "until_decided": until,
    }
    gap, distance = judge([theorems.T2, far], Case(ALGORITHM, PROBLEM, steps=5), TRUE, **run)
    assert gap.runs == distance.runs == 5_000
    np.testing.assert_allclose(distance.mean, 2 * gap.mean, rtol=1e-12)
