"""Runs that are read in parts: in constant memory, and ``runs="until decided"``, no more of them than it takes.

What is kept says the same as the runs themselves, and what stops has the level and the verdict of so many runs.
"""

import contextlib
import math
import tracemalloc
from dataclasses import replace
from functools import partial, reduce
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, Status, simulate, sketches, theorems, verify
from rac_theory.numerics.evidence import confirmed, log_evidence_against, log_wealth
from rac_theory.numerics.limits import lower_mean
from rac_theory.numerics.randomness import RUNS, child, seed_sequence
from rac_theory.problems import Quadratic
from rac_theory.theorems import E, squared_distance
from rac_theory.verdicts.verification import decision
from rac_theory.verdicts.verification.evidence_of_runs import Part, Pilot, group_means
from rac_theory.verdicts.verification.judged_claim import Question
from rac_theory.verdicts.verification.reading import groupings, part_size
from rac_theory.verdicts.verification.verify import judge

PROBLEM = Quadratic.left(np.eye(4), np.ones((4, 1)))
CASE = Case(RACLoRA(sketches.Haar(4, 1), 1.0), PROBLEM, steps=5)
TRUE = Constants.of(CASE)  # T2 is an equality
LOOSE, FALSE = replace(TRUE, lambda_min=0.2), replace(TRUE, gap0=0.95 * TRUE.gap0)
RUN = {"alpha": 1e-3, "seed": np.random.SeedSequence(0), "evidence": "sampled"}

sampled = partial(verify, theorems.T2, CASE, rng=0, evidence="sampled")
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
    assert verify(theorems.T2, CASE, runs="until decided").evidence == "exact"


def test_many_runs_are_kept_as_means_and_the_bits_do_not_depend_on_workers():
    """Nine thousand runs in at most 4,096 rows: two halvings. Catches rows that stand for unequal numbers of runs."""
    one, two = (until_decided(constants=TRUE, most_runs=9_000, n_jobs=n) for n in (1, 2))
    assert one.runs == 9_000
    assert [groupings(most, 4_096) for most in (1, 4_096, 4_097, 8_192, 8_193, 9_000)] == [1, 1, 2, 2, 3, 3]
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


def test_reading_goes_on_until_all_claims_are_decided():
    """T2 alone takes 512 runs, and T1, which is decided after 256, ends nothing. Catches ``any`` for ``all``."""
    (alone,) = judge([theorems.T1], CASE, LOOSE, runs=2_048, until_decided=True, **RUN)
    _, verdict = judge([theorems.T1, theorems.T2], CASE, LOOSE, runs=2_048, until_decided=True, **RUN)
    assert (alone.runs, verdict.runs, verdict.status) == (256, 512, Status.HOLDS)


@pytest.mark.parametrize("until", [False, True])
def test_distances_are_kept_where_any_claim_is_of_them(until):
    """Over several parts, of either kind of reading. Catches ``all`` for ``any``."""
    far = replace(theorems.T2, id="far", given=(), claim=E(squared_distance) <= (lambda c, t: 3.9 + 0 * t))
    gap, distance = judge([theorems.T2, far], CASE, TRUE, runs=5_000, until_decided=until, **RUN)
    assert gap.runs == distance.runs == 5_000
    np.testing.assert_allclose(distance.mean, 2 * gap.mean, rtol=1e-12)


def split(X, question, size):
    """What ``verify`` makes of runs that come in parts."""
    first, *rest = (X[i : i + size] for i in range(0, len(X), size))
    pilot = Pilot.of(first, question)
    parts = [Part.of(first, question), *(Part.of(part, question, pilot) for part in rest)]
    return reduce(Part.then, parts)


def test_one_part_is_what_the_runs_say_by_themselves():
    """And parts lose little: a claim that is false by 30% is refuted by 20 of 64 runs about as surely as by all."""
    X = np.random.default_rng(1).uniform(size=(200, 4))
    question = Question(np.array([0.4, 0.5, 0.6, 1.0]), 1.0)
    sample = Part.of(X, question)
    assert sample.best_against == pytest.approx(log_evidence_against(X, question.bound), rel=1e-12)
    assert ((sample.confirmation(question) >= math.log(1e3)) == confirmed(X, question.bound, 1.0, 1e-3)).all()
    assert sample.bounded
    assert not Part.of(2 * X, question).bounded
    X = np.random.default_rng(2).exponential(1.3, size=(1280, 3))
    question = Question(np.ones(3), math.inf)
    whole, parts = split(X, question, 1280).best_against, split(X, question, 64).best_against
    assert whole > 20
    assert parts > 0.7 * whole


def test_group_means():
    X = np.arange(10.0).reshape(5, 2)
    np.testing.assert_array_equal(group_means(X, 1), X)
    np.testing.assert_array_equal(group_means(X, 2), [[1, 2], [5, 6], [8, 9]])


LONG = replace(CASE, steps=20)
MANY = 2 * part_size(20) + 700
"""More runs than are held at once, and a number that no part divides."""


def test_a_true_claim_and_false_ones_over_several_parts():
    """T2 is an equality; a bound that is 2% too small from t = 1 on is refuted, and a loose one confirmed."""
    tried, constants = partial(verify, theorems.T2, evidence="sampled", runs=MANY, rng=0), Constants.of(LONG)
    true = tried(LONG)
    assert (true.status, true.runs) == (Status.CONSISTENT, MANY)
    false, loose = replace(constants, gap0=0.95 * constants.gap0), replace(constants, lambda_min=0.1)
    assert tried(replace(LONG, steps=5), constants=false).status is Status.VIOLATED
    assert tried(LONG, constants=loose).status is Status.HOLDS


@pytest.mark.long
def test_numbers_are_those_of_the_whole_ensemble():
    """The same runs as ``simulate`` gives, the same bits for any number of workers."""
    case = Case(RACLoRA(sketches.Gaussian(4, 2), 0.7), PROBLEM, steps=20)
    one, two = (verify(theorems.T2, case, runs=MANY, rng=3, n_jobs=n, evidence="sampled") for n in (1, 2))
    ran = simulate(case, runs=MANY, rng=child(seed_sequence(3), RUNS))
    # Rows of what is kept weigh the same, the last one too, which stands for fewer runs.
    np.testing.assert_allclose(one.mean, ran.gaps.mean(axis=0), rtol=0.01)
    np.testing.assert_array_equal(one.sample, ran.gaps[:10])
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.detectable, two.detectable)
    assert one.log_evidence == two.log_evidence


def test_progress_counts_runs(monkeypatch):
    """Part by part, and all of them at the end."""
    reached = []
    counted = contextlib.nullcontext(SimpleNamespace(reach=reached.append))
    monkeypatch.setattr("rac_theory.verdicts.verification.reading.task", lambda *_: counted)
    verify(theorems.T2, LONG, runs=MANY, rng=0, evidence="sampled")
    assert reached == [2 * part_size(20), MANY]


@pytest.mark.long
def test_memory_does_not_grow_with_runs():
    """Four times the runs, the same peak: catches a part that keeps a view of its runs alive."""
    problem = Quadratic.left(np.diag([0.5, 0.7, 1.0]), np.ones((3, 3)))
    case, peaks = Case(RACLoRA(sketches.Gaussian(3, 1), 1.0), problem, steps=40), []
    for runs in (8_192, 32_768):
        tracemalloc.start()
        verify(theorems.T2, case, runs=runs, rng=0, evidence="sampled")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
