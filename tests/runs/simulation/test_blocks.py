"""How an ensemble is shared among workers, and what they send."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import parallel_config

from rac_theory import Case, RACLoRA, simulate, sketches
from rac_theory.problems import LogisticRegression, Quadratic
from rac_theory.runs.simulation.kernels.choice import kernel_for
from rac_theory.runs.simulation.simulate import _Work


def a_case(kind):
    rng = np.random.default_rng(0)
    if kind == "data":
        return LogisticRegression(rng.standard_normal((30, 4)), np.arange(30) % 2, l2=0.1)
    m, n = {"small": (3, 3), "thin": (12, 40), "wide": (70, 70)}[kind]
    X = rng.standard_normal((2 * m, m))
    return Quadratic.left(X.T @ X / m, rng.standard_normal((m, n)))


@given(st.integers(0, 9), st.integers(1, 100_000))
def test_every_block_is_run_once(before, runs):
    """Those of the runs that are asked for, as many together as the kernel likes; catches one lost or run twice."""
    problem = a_case("small")
    kernel = kernel_for(RACLoRA(sketches.Haar(3, 1), 0.5), problem, np.zeros((3, 3)))
    first = before * kernel.block
    together = _Work(kernel, np.random.SeedSequence(0), first, runs, 1, (), keeps_last=False).groups
    blocks = [block for call in together for block in call]
    assert blocks == list(range(before, before + -(-runs // kernel.block)))
    assert all(len(call) == kernel.streams for call in together[:-1])


@pytest.mark.parametrize("kind", ["small", "thin", "wide", "data"])
def test_the_last_iterates_belong_to_the_runs(kind):
    """However many workers there were, and where they are computed again: f at W is the last recorded value. Catches
    another seed, another block, or a part left out in the second computation."""
    problem = a_case(kind)
    algorithm = RACLoRA(sketches.Gaussian(problem.shape[0], 1), 1 / problem.L)
    runs = kernel_for(algorithm, problem, np.zeros(problem.shape)).block * 3 + 1
    ran, shared = (simulate(Case(algorithm, problem, steps=11), runs=runs, rng=1, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert ran.W.shape == (runs, *problem.shape)
    np.testing.assert_allclose(problem.value(ran.W), ran.values[:, -1], rtol=1e-10)
    for name in ("W", "values", "squared_gradients", "norms"):
        np.testing.assert_array_equal(getattr(shared, name), getattr(ran, name))
    assert (ran.norms >= np.linalg.norm(ran.W, axis=(1, 2)) * (1 - 1e-12)).all()
    again = pickle.loads(pickle.dumps(shared))
    np.testing.assert_array_equal(again.W, ran.W)


RECORD = ["distances", "W"]


@pytest.fixture(scope="module", params=[30, 16_000], ids=["few", "many"])
def alone(request):
    """A case with so many samples, and an ensemble of it that was run without workers."""
    rng = np.random.default_rng(0)
    samples = request.param
    problem = LogisticRegression(rng.standard_normal((samples, 10)), np.arange(samples) % 2, l2=0.1)
    case = Case(RACLoRA(sketches.Haar(10, 1), 1 / problem.L), problem, steps=2)
    block = kernel_for(case.algorithm, problem, case.start).block
    return case, simulate(case, runs=3 * block + 1, rng=3, record=RECORD)


@pytest.mark.long
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_the_numbers_are_the_same_wherever_they_are_computed(backend, alone):
    """Also where data have more than a megabyte, which joblib maps into memory; catches parts in another order."""
    case, one = alone
    with parallel_config(backend):
        two = simulate(case, runs=one.runs, rng=3, n_jobs=2, record=RECORD)
    for name in ("values", "squared_gradients", "squared_distances", "norms", "W", "iterates"):
        np.testing.assert_array_equal(getattr(two, name), getattr(one, name))


def test_what_is_cheap_to_compute_again_is_not_held():
    """A thousand runs of 70 x 70 would be 39 MB of iterates; catches last iterates that are kept after all."""
    problem = a_case("wide")
    ran = simulate(Case(RACLoRA(sketches.Haar(70, 1), 1 / problem.L), problem, steps=2), runs=1000, rng=0)
    assert len(pickle.dumps(ran)) < 1_000_000
