"""Ensembles: the same bits however they are run, and the algorithm that the paper means; how workers share them."""

import math
import pickle
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config

from rac_theory import GD, Case, RACLoRA, empirical_rate, simulate, sketches
from rac_theory.problems import FromFunctions, LogisticRegression, Quadratic
from rac_theory.runs.simulation.kernels.choice import kernel_for
from rac_theory.runs.simulation.simulate import _Work
from tests.refused import refused, refuses

seeds = st.integers(0, 2**32 - 1)


def a_quadratic(m=5, n=3):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2 * m, m))
    return Quadratic.left(X.T @ X / (2 * m), rng.standard_normal((m, n)))


def test_seeds_and_generators():
    """A seed repeats itself; a generator gives fresh numbers each time; different seeds differ."""
    problem = a_quadratic()
    algorithm = RACLoRA(sketches.Haar(5, 1), 1 / problem.L)

    def last(rng):
        return simulate(Case(algorithm, problem, steps=4), runs=2, rng=rng).values[:, -1].tolist()

    assert last(7) == last(7) == last(np.random.SeedSequence(7)) != last(8)
    generator = np.random.default_rng(7)
    assert last(generator) != last(generator)
    assert last(np.random.default_rng(7)) == last(np.random.default_rng(7))
    assert last(None) != last(None)
    with pytest.raises(ValueError, match="rng must be a seed >= 0"):
        last(-1)


@given(seeds, st.sampled_from(["gaussian", "haar", "coordinate", "weighted_coordinate"]))
@settings(max_examples=20)
def test_the_right_step_is_the_transposed_left_step(seed, name):
    """On f(W') the other side does the same thing, transposed."""
    rng = np.random.default_rng(seed)
    S = np.diag(rng.uniform(0.5, 2.0, 4))
    W_star = rng.standard_normal((4, 3))
    right = Quadratic.kronecker(S, np.eye(3), W_star)
    left = Quadratic.kronecker(np.eye(3), S, W_star.T)
    sketch = sketches.named_sketch(name, 3, 2)
    sides = (right, "right"), (left, "left")
    ran = [simulate(Case(RACLoRA(sketch, 0.4, side), problem, steps=5), runs=2, rng=seed) for problem, side in sides]
    np.testing.assert_allclose(ran[0].values, ran[1].values, rtol=1e-12)
    np.testing.assert_allclose(ran[0].W, np.swapaxes(ran[1].W, 1, 2), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "side"), [("gaussian", "left"), ("coordinate", "right"), ("frozen", "left")])
def test_full_rank_is_gradient_descent(name, side):
    problem = a_quadratic()
    dim = problem.shape[0 if side == "left" else 1]
    algorithm = RACLoRA(sketches.named_sketch(name, dim, dim), 0.3, side=side)
    full = simulate(Case(algorithm, problem, steps=20), runs=3, rng=0)
    plain = simulate(Case(GD(0.3), problem, steps=20))
    np.testing.assert_allclose(full.values, np.repeat(plain.values, 3, axis=0), rtol=1e-12)


def test_gradient_descent_follows_its_closed_form():
    """On S = diag(l) the error of row i is (1 - gamma l_i)^t: catches a step of the wrong sign or size."""
    l = np.array([0.5, 1.0, 1.5])
    problem = Quadratic.left(np.diag(l), np.ones((3, 2)))
    t = np.arange(11)[:, None]
    expected = (0.5 * l * (1 - 0.8 * l) ** (2 * t) * 2).sum(axis=1)
    np.testing.assert_allclose(simulate(Case(GD(0.8), problem, steps=10)).values[0], expected, rtol=1e-12)


def test_a_diverging_run_ends_in_infinity_with_a_warning_that_names_the_step():
    problem = Quadratic.left(np.eye(2), np.ones((2, 1)))
    with pytest.warns(UserWarning, match="floating point: gamma is 10, and 2 / L is 2") as warned:
        ran = simulate(Case(GD(10.0), problem, steps=400))
    assert warned[0].filename == __file__  # where the step was chosen, and not where it was taken
    assert not np.isfinite(ran.values[0, -1])
    assert ran.values[0, 0] == 1.0
    ours = {"__name__": "rac_theory.literature", "simulate": simulate, "case": ran.case}  # shows what diverges
    with warnings.catch_warnings(action="error"):
        exec("simulate(case)", ours)
    steep = FromFunctions((1, 1), lambda W: -float((W**4).sum()), lambda W: -4 * W**3, L=0.0, start=np.ones((1, 1)))
    with pytest.warns(UserWarning, match="gamma is 1$"), np.errstate(all="ignore"):  # there is no 2 / L
        simulate(Case(GD(1.0), steep, steps=20))


def test_the_gradient_is_computed_once_a_step():
    """Recording a run must not double its cost."""

    class Counted:
        value_and_gradient = None  # no fused route

        def __init__(self, problem):
            self.problem, self.calls = problem, 0

        def __getattr__(self, name):
            return getattr(self.problem, name)

        def gradient(self, W):
            self.calls += 1
            return self.problem.gradient(W)

    problem = Counted(a_quadratic())
    simulate(Case(GD(0.1), problem, steps=10))
    assert problem.calls == 11 + 2  # two by the check at the door


def test_what_does_not_fit_is_refused():
    def run(algorithm=None, W0=None, steps=1, runs=1):
        return simulate(Case(algorithm or GD(0.1), a_quadratic(), W0, steps=steps), runs=runs)

    refused(
        (lambda: run(steps=0), "steps must be >= 1, got 0"),
        (lambda: run(runs=0), "runs must be >= 1, got 0"),
        (lambda: run(W0=np.zeros((3, 5))), r"W0 must have shape \(5, 3\), got \(3, 5\)"),
        (lambda: run(W0=np.full((5, 3), np.inf)), "W0 must be finite"),
        (lambda: run(RACLoRA(sketches.Haar(3, 1), 0.1)), r"sketch\.dim must be m=5 .* did you mean side='right'\?"),
        (lambda: run(RACLoRA(sketches.Haar(4, 1), 0.1)), r"sketch\.dim must be m=5 .*, got 4$"),
    )
    refuses(GD, dict.fromkeys((0.0, -1.0, math.nan, math.inf, "fast"), "gamma must be a finite number > 0"))


def test_empirical_rate_of_a_known_factor():
    """GD on c I has factor (1 - gamma c)^2 exactly, and one run no interval. Without a minimum it is a power: the
    average of squared gradients of a converging run goes like 1/t."""
    problem = Quadratic.left(0.5 * np.eye(3), np.ones((3, 2)))
    rate = empirical_rate(simulate(Case(GD(0.4), problem, steps=30)))
    assert rate.kind == "linear"
    assert rate.value == pytest.approx(0.8**2, rel=1e-9)
    assert rate.low == rate.value == rate.high
    problem = Quadratic.left(np.eye(3), np.ones((3, 1)))
    rate = empirical_rate(simulate(Case(GD(0.9), problem, steps=200)), "sublinear")
    assert rate.value == pytest.approx(-1.0, abs=0.01)
    with pytest.raises(ValueError, match="kind must be one of linear, sublinear, got 'log'"):
        empirical_rate(simulate(Case(GD(0.9), problem, steps=20)), "log")


@pytest.mark.long
def test_empirical_rate_covers_the_exact_factor():
    """Haar on the identity with gamma = 1: E gap falls by 1 - r/d exactly; 95% intervals, 200 ensembles of 200 runs. At
    least 175 of 200 cover: a 95% interval does less with probability 3e-5. Intervals of half the width cover 67%."""
    problem = Quadratic.left(np.eye(6), np.ones((6, 4)))
    algorithm = RACLoRA(sketches.Haar(6, 2), 1.0)
    rates = [empirical_rate(simulate(Case(algorithm, problem, steps=8), runs=200, rng=seed)) for seed in range(200)]
    assert sum(rate.low <= 1 - 2 / 6 <= rate.high for rate in rates) >= 175
    half = [(rate.low + rate.value) / 2 <= 1 - 2 / 6 <= (rate.high + rate.value) / 2 for rate in rates]
    assert sum(half) < 175


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("in place", "read-only"),
        ("the same", r"User\.iterates must yield a new array each step, got the last one again"),
        ("no yield", r"User\.iterates must yield arrays float64 \(1, 3, 1\) without end, got NoneType"),
        ("exhausted", r"User\.iterates must yield .* got NoneType .nothing more"),
        ("transposed", r"User\.iterates must yield .* got float64 \(1, 1, 3\)"),
        ("a list", r"User\.iterates must yield .* got list"),
    ],
)
def test_what_an_algorithm_may_not_yield(kind, message):
    @dataclass(frozen=True)
    class User:
        gamma: float = 0.1
        deterministic: bool = True

        def check(self, problem):
            pass

        def iterates(self, problem, W, rng):
            return None if kind == "no yield" else self.generator(problem, W)

        def generator(self, problem, W):
            if kind == "in place":
                W -= self.gamma * problem.gradient(W)
            while kind == "the same":
                yield W
            if kind == "transposed":
                yield np.swapaxes(W, 1, 2)
            if kind == "a list":
                yield W.tolist()

    with pytest.raises(ValueError, match=message):
        simulate(Case(User(), Quadratic.left(np.eye(3), np.ones((3, 1))), steps=2))


@pytest.mark.parametrize("f_star", [0.0, math.nan])
def test_what_is_known_of_runs_is_shown(f_star):
    """Gaps where there is a minimum to have one from, else gradients. By hand: f = x^2 / 2 from 1 by 1/2 to 1/4."""
    more = {"L": 1.0, "f_star": f_star, "start": np.ones((1, 1))}
    half = FromFunctions((1, 1), lambda W: float((W**2).sum() / 2), lambda W: W, **more)
    words = "mean gap 0.5 to 0.03125" if f_star == 0 else "mean ||grad f||^2 1 to 0.0625"
    assert words in repr(simulate(Case(GD(0.5), half, steps=2), runs=1, rng=0))


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
