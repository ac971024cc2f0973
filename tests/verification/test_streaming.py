"""Any number of runs in constant memory: what is kept of parts says the same as the runs themselves."""

import math
import tracemalloc
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rac_theory import Case, Constants, RACLoRA, Status, simulate, sketches, theorems, verify
from rac_theory.numerics.evidence import Past, log_wealth
from rac_theory.numerics.randomness import RUNS, child, seed_sequence
from rac_theory.problems import Quadratic
from rac_theory.verification.evidence_of_runs import Part, Pilot, Sample, group_means
from rac_theory.verification.fixed_ensemble import part_size
from rac_theory.verification.question import Question

sampled = partial(verify, evidence="sampled")


def identity(d=4):
    """T2 with a Haar sketch and gamma = 1 is an equality here."""
    return Quadratic.left(np.eye(d), np.ones((d, 1)))


def split(X, question, size, group=1):
    """What ``verify`` makes of runs that come in parts."""
    first, *rest = (X[i : i + size] for i in range(0, len(X), size))
    pilot = Pilot.of(first, question)
    parts = [Part.of(first, question), *(Part.of(part, question, pilot) for part in rest)]
    return Sample.of(parts, group_means(X, group), question)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=30)
def test_bets_that_know_a_past_go_on_where_it_ended(seed, before, after):
    """The wealth of runs is that of the first ones times that of the others with their past."""
    Z = np.random.default_rng(seed).exponential(size=(before + after, 3)) - 1
    together = log_wealth(Z)
    past = Past().then(Z[:before])
    apart = log_wealth(Z[before:], past=past)
    np.testing.assert_allclose(together[-1], together[before - 1] + apart[-1], rtol=1e-9, atol=1e-12)


def test_parts_of_a_true_claim_have_wealth_one_on_average():
    """At equality the mean e-value of five parts is 1, whatever the pilot taught: within 4 standard errors.

    1,500 ensembles of 5 x 16 exponential runs. A pilot that saw the runs it bets on would be far above, and is.
    """
    rng = np.random.default_rng(0)
    question = Question(np.ones(1), math.inf)
    honest, cheating = [], []
    for _ in range(1_500):
        X = np.minimum(rng.exponential(size=(80, 1)), 3.0) / (1 - math.exp(-3.0))
        parts = [X[i : i + 16] for i in range(0, 80, 16)]
        pilot = Pilot.of(parts[0], question)
        honest.append(sum(Part.of(part, question, pilot).against[0] for part in parts[1:]))
        cheating.append(sum(Part.of(part, question, Pilot.of(part, question)).against[0] for part in parts[1:]))
    e = np.minimum(np.exp(honest), 100)
    assert e.mean() < 1 + 4 * e.std() / math.sqrt(len(e))
    cheat = np.minimum(np.exp(cheating), 100)
    assert cheat.mean() > 1 + 4 * cheat.std() / math.sqrt(len(cheat))


def test_one_part_is_what_the_runs_say_by_themselves():
    from rac_theory.numerics.evidence import confirmed, log_evidence_against

    X = np.random.default_rng(1).uniform(size=(200, 4))
    question = Question(np.array([0.4, 0.5, 0.6, 1.0]), 1.0)
    sample = split(X, question, 200)
    assert sample.log_evidence == pytest.approx(log_evidence_against(X, question.bound), rel=1e-12)
    assert ((sample.confirmation >= math.log(1e3)) == confirmed(X, question.bound, 1.0, 1e-3)).all()
    assert sample.bounded
    assert not Sample.of([Part.of(2 * X, question)], X, question).bounded


def test_parts_lose_little_evidence():
    """A claim that is false by 30% is refuted by 20 parts of 64 runs about as surely as by all runs at once."""
    X = np.random.default_rng(2).exponential(1.3, size=(1280, 3))
    question = Question(np.ones(3), math.inf)
    whole, parts = split(X, question, 1280).log_evidence, split(X, question, 64).log_evidence
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
    algorithm = RACLoRA(sketches.Haar(4, 1), 1.0)
    assert many > part_size(20)
    constants = Constants.of(Case(algorithm, identity(), steps=20))
    true = sampled(theorems.T2, Case(algorithm, identity(), steps=20), runs=many, rng=0)
    assert (true.status, true.runs) == (Status.CONSISTENT, many)
    false = replace(constants, gap0=0.95 * constants.gap0)
    assert sampled(theorems.T2, Case(algorithm, identity(), steps=5), runs=many, rng=0, constants=false).status is (
        Status.VIOLATED
    )
    loose = replace(constants, lambda_min=0.1)
    assert sampled(theorems.T2, Case(algorithm, identity(), steps=20), runs=many, rng=0, constants=loose).status is (
        Status.HOLDS
    )


def test_numbers_are_those_of_the_whole_ensemble(many):
    """The same runs as ``simulate`` gives, the same bits for any number of workers."""
    algorithm = RACLoRA(sketches.Gaussian(4, 2), 0.7)
    one, two = (sampled(theorems.T2, Case(algorithm, identity(), steps=20), runs=many, rng=3, n_jobs=n) for n in (1, 2))
    ran = simulate(Case(algorithm, identity(), steps=20), runs=many, rng=child(seed_sequence(3), RUNS))
    # Rows of what is kept weigh the same, the last one too, which stands for fewer runs.
    np.testing.assert_allclose(one.mean, ran.gaps.mean(axis=0), rtol=0.01)
    np.testing.assert_array_equal(one.sample, ran.gaps[:10])
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.detectable, two.detectable)
    assert one.log_evidence == two.log_evidence


def test_memory_does_not_grow_with_runs():
    """Ten times the runs, the same peak: catches a part that keeps a view of its runs alive."""
    algorithm, problem = (
        RACLoRA(sketches.Gaussian(3, 1), 1.0),
        Quadratic.left(np.diag([0.5, 0.7, 1.0]), np.ones((3, 3))),
    )
    peaks = []
    for runs in (8_192, 81_920):
        tracemalloc.start()
        sampled(theorems.T2, Case(algorithm, problem, steps=40), runs=runs, rng=0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
