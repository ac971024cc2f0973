"""Any number of runs in constant memory: what is kept of parts says the same as the runs themselves."""

import contextlib
import math
import tracemalloc
from dataclasses import replace
from functools import partial, reduce

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, Status, simulate, sketches, theorems, verify
from rac_theory.numerics.evidence import confirmed, log_evidence_against
from rac_theory.numerics.randomness import RUNS, child, seed_sequence
from rac_theory.problems import Quadratic
from rac_theory.verdicts.verification.evidence_of_runs import Part, Pilot, group_means
from rac_theory.verdicts.verification.judged_claim import Question
from rac_theory.verdicts.verification.reading import part_size

sampled = partial(verify, evidence="sampled")


def identity(d=4):
    """T2 with a Haar sketch and gamma = 1 is an equality here."""
    return Quadratic.left(np.eye(d), np.ones((d, 1)))


def split(X, question, size):
    """What ``verify`` makes of runs that come in parts."""
    first, *rest = (X[i : i + size] for i in range(0, len(X), size))
    pilot = Pilot.of(first, question)
    parts = [Part.of(first, question), *(Part.of(part, question, pilot) for part in rest)]
    return reduce(Part.then, parts)


def test_one_part_is_what_the_runs_say_by_themselves():
    X = np.random.default_rng(1).uniform(size=(200, 4))
    question = Question(np.array([0.4, 0.5, 0.6, 1.0]), 1.0)
    sample = split(X, question, 200)
    assert sample.best_against == pytest.approx(log_evidence_against(X, question.bound), rel=1e-12)
    assert ((sample.confirmation(question) >= math.log(1e3)) == confirmed(X, question.bound, 1.0, 1e-3)).all()
    assert sample.bounded
    assert not Part.of(2 * X, question).bounded


def test_parts_lose_little_evidence():
    """A claim that is false by 30% is refuted by 20 parts of 64 runs about as surely as by all runs at once."""
    X = np.random.default_rng(2).exponential(1.3, size=(1280, 3))
    question = Question(np.ones(3), math.inf)
    whole, parts = split(X, question, 1280).best_against, split(X, question, 64).best_against
    assert whole > 20
    assert parts > 0.7 * whole


def test_group_means():
    X = np.arange(10.0).reshape(5, 2)
    np.testing.assert_array_equal(group_means(X, 1), X)
    np.testing.assert_array_equal(group_means(X, 2), [[1, 2], [5, 6], [8, 9]])


@pytest.fixture(scope="module")
def many():
    """More runs than are held at once, and a number that no part divides."""
    return 2 * part_size(20) + 700


def test_a_true_claim_and_false_ones_over_several_parts(many):
    """T2 is an equality; a bound that is 2% too small from t = 1 on is refuted, and a loose one confirmed."""
    case = Case(RACLoRA(sketches.Haar(4, 1), 1.0), identity(), steps=20)
    tried, constants = partial(sampled, theorems.T2, runs=many, rng=0), Constants.of(case)
    true = tried(case)
    assert (true.status, true.runs) == (Status.CONSISTENT, many)
    false, loose = replace(constants, gap0=0.95 * constants.gap0), replace(constants, lambda_min=0.1)
    assert tried(replace(case, steps=5), constants=false).status is Status.VIOLATED
    assert tried(case, constants=loose).status is Status.HOLDS


def test_numbers_are_those_of_the_whole_ensemble(many):
    """The same runs as ``simulate`` gives, the same bits for any number of workers."""
    case = Case(RACLoRA(sketches.Gaussian(4, 2), 0.7), identity(), steps=20)
    one, two = (sampled(theorems.T2, case, runs=many, rng=3, n_jobs=n) for n in (1, 2))
    ran = simulate(case, runs=many, rng=child(seed_sequence(3), RUNS))
    # Rows of what is kept weigh the same, the last one too, which stands for fewer runs.
    np.testing.assert_allclose(one.mean, ran.gaps.mean(axis=0), rtol=0.01)
    np.testing.assert_array_equal(one.sample, ran.gaps[:10])
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.detectable, two.detectable)
    assert one.log_evidence == two.log_evidence


def test_progress_counts_runs(many, monkeypatch):
    """Part by part, and all of them at the end."""
    reached = []

    class Counted(contextlib.nullcontext):
        def __enter__(self):
            return self

        def reach(self, runs):
            reached.append(runs)

    monkeypatch.setattr("rac_theory.verdicts.verification.reading.task", lambda *_: Counted())
    sampled(theorems.T2, Case(RACLoRA(sketches.Haar(4, 1), 1.0), identity(), steps=20), runs=many, rng=0)
    assert reached == [2 * part_size(20), many]


def test_memory_does_not_grow_with_runs():
    """Four times the runs, the same peak: catches a part that keeps a view of its runs alive."""
    problem = Quadratic.left(np.diag([0.5, 0.7, 1.0]), np.ones((3, 3)))
    case, peaks = Case(RACLoRA(sketches.Gaussian(3, 1), 1.0), problem, steps=40), []
    for runs in (8_192, 32_768):
        tracemalloc.start()
        sampled(theorems.T2, case, runs=runs, rng=0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
