"""What simulate keeps of every step on request: it is the run that is made without, for every kernel."""

import tracemalloc
from functools import partial
from itertools import islice

import numpy as np
import pytest

from rac_theory import AsymmetricLoRA, Bernoulli, Case, ChainOfLoRA, Initialisation, LoRA, RACLoRA, simulate, sketches
from rac_theory.algorithms import GD, Factored, GaLore
from rac_theory.algorithms.gradients import Minibatch, Noisy
from rac_theory.problems import LeastSquares, LogisticRegression, Quadratic, SoftmaxRegression
from rac_theory.runs.simulation.kernels.runs_last import RunsLast
from rac_theory.runs.simulation.kernels.stepping import Stepping
from rac_theory.runs.simulation.kernels.thin_products import ThinProducts
from tests.refused import refused


def quadratic(m, n, full=False):
    rng = np.random.default_rng(0)
    R, W_star = rng.standard_normal((m, m)), rng.standard_normal((m, n))
    S = R @ R.T / m + np.eye(m)
    return Quadratic.kronecker(S, np.diag(rng.uniform(1, 2, n)), W_star) if full else Quadratic.left(S, W_star)


RNG = np.random.default_rng(1)
LOGISTIC = LogisticRegression(RNG.standard_normal((20, 4)), np.arange(20) % 2, l2=0.1)
SOFTMAX = SoftmaxRegression(RNG.standard_normal((50, 64)), np.arange(50) % 5, l2=0.1)
SQUARES = LeastSquares(RNG.standard_normal((12, 4)), RNG.standard_normal((12, 3)))
USUAL = Initialisation.kaiming((4, 3), 2)
CASES = [
    (quadratic(3, 3), RACLoRA(sketches.Haar(3, 1), 0.1), RunsLast),
    (quadratic(3, 3), RACLoRA(sketches.Coordinate(3, 2), 0.1, "right"), RunsLast),
    (quadratic(64, 10), RACLoRA(sketches.Haar(64, 1), 0.1), ThinProducts),
    (quadratic(64, 10), RACLoRA(sketches.Coordinate(10, 1), 0.1, "right"), ThinProducts),
    (quadratic(64, 10, full=True), RACLoRA(sketches.Gaussian(10, 2), 0.1, "right"), ThinProducts),
    (LOGISTIC, RACLoRA(sketches.Haar(4, 2), 0.1), Stepping),
    (SOFTMAX, RACLoRA(sketches.Coordinate(64, 2), 0.1), Stepping),
    (SQUARES, Bernoulli(sketches.Haar(4, 1), sketches.Haar(3, 1), 0.1), Stepping),
    (SQUARES, GD(0.1), Stepping),
    (SQUARES, GaLore(1, 0.1), Stepping),
    (SQUARES, LoRA(USUAL, 0.1), Stepping),
    (SQUARES, ChainOfLoRA(USUAL, 0.1, 3, lora_alpha=0.5), Stepping),
    (SQUARES, LoRA(USUAL, 0.1, Minibatch(3)), Stepping),
    (SQUARES, ChainOfLoRA(USUAL, 0.1, 3, gradients=Noisy(0.5)), Stepping),
    (SQUARES, AsymmetricLoRA(sketches.Gaussian(3, 2), 0.1, "right", lora_alpha=1.0), Stepping),
    (SQUARES, AsymmetricLoRA(sketches.Gaussian(4, 2), 0.1), Stepping),
]


@pytest.mark.parametrize(("problem", "algorithm", "kernel"), CASES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("runs", [1, 300])
def test_keeping_changes_no_run(problem, algorithm, kernel, runs):
    """The same bits, and iterates at which f is what was recorded; runs of the second block are its own. Would catch a
    history that is off by one step, of another run or block, drawn anew, or not turned back."""
    kept = ("W", "factors") if hasattr(algorithm, "factored") else ("W",)
    with_history = simulate(Case(algorithm, problem, steps=11), runs=runs, rng=5, record=kept)
    without = simulate(Case(algorithm, problem, steps=11), runs=runs, rng=5)
    assert type(without.kernel) is kernel
    np.testing.assert_array_equal(with_history.values, without.values)
    np.testing.assert_array_equal(with_history.W, without.W)
    W = with_history.iterates
    assert W.shape == (runs, 12, *problem.shape)
    np.testing.assert_allclose(W[:, -1], without.W, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(problem.value(W), without.values, rtol=1e-9, atol=1e-12)
    assert without.iterates is without.B is without.A is None
    assert not W.flags.writeable
    if len(kept) == 1:
        return
    B, A = with_history.B, with_history.A
    assert B.shape == (runs, 12, problem.shape[0], 2)
    assert A.shape == (runs, 12, 2, problem.shape[1])
    moved = np.diff(W - algorithm.scale * (B @ A), axis=1)
    merged = [2, 5, 8] if isinstance(algorithm, ChainOfLoRA) else []
    assert list(np.flatnonzero(np.linalg.norm(moved, axis=(2, 3)).max(axis=0) > 1e-9)) == merged


@pytest.mark.parametrize(("problem", "algorithm", "kernel"), CASES[5:7], ids=["vectors", "matrices"])
def test_one_run_is_kept_without_its_block(problem, algorithm, kernel):
    """Catches pages that are views, each of which holds the iterates of a whole block: a third of these are too many.
    What else a run needs of memory is taken off, and a run before has imported what it imports."""

    def peak(record, steps=100):
        tracemalloc.start()
        ran = simulate(Case(algorithm, problem, steps=steps), rng=0, record=record)
        seen = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return ran, seen

    peak([], steps=1)
    _, without = peak([])
    kept, together = peak(["W"])
    assert type(kept.kernel) is kernel
    assert kept.kernel.block > 20
    assert together - without < kept.kernel.block * kept.iterates.nbytes / 3


@pytest.mark.long
def test_factors_alone_and_in_any_number_of_workers():
    """Precision and distances go with them."""
    alone = simulate(Case(LoRA(USUAL, 0.1), SQUARES, steps=4), runs=600, rng=1, record=["factors"])
    both = simulate(Case(LoRA(USUAL, 0.1), SQUARES, steps=4), runs=600, rng=1, n_jobs=2, record=["W", "factors"])
    assert alone.iterates is None
    np.testing.assert_array_equal(alone.B, both.B)
    np.testing.assert_array_equal(alone.A, both.A)
    case = Case(LoRA(USUAL, 0.1), quadratic(4, 3), steps=4)
    ran = simulate(case, runs=2, rng=1, record=["W", "factors", "distances"])
    expected = np.square(ran.iterates - case.problem.W_star).sum(axis=(2, 3))
    np.testing.assert_allclose(ran.squared_distances, expected)
    single = Case(RACLoRA(sketches.Haar(3, 1), 0.1), quadratic(3, 3), steps=4)
    assert simulate(single, rng=1, dtype=np.float32, record=["W"]).iterates.dtype == np.float32


def test_what_cannot_be_recorded_is_refused():
    """Errors name the algorithm, and not what keeps it."""

    class Short(GaLore):
        def iterates(self, problem, W, rng):
            yield W[:, :1]

    def run(algorithm, *record):
        return simulate(Case(algorithm, SQUARES, steps=2), record=record)

    without = r"record must not have 'factors' for an algorithm without them.*got it for GD"
    refused(
        (lambda: run(GD(0.1), "W", "factors"), without),
        (lambda: run(LoRA(USUAL, 0.1), "factor"), r"record must be one of .*'factor'.*did you mean 'factors'"),
        (lambda: run(Short(1, 0.1), "W"), r"Short\.iterates must yield arrays"),
    )


class Counted:
    """A problem that counts how often its gradient is computed in a run."""

    def __init__(self, problem):
        self.problem, self.calls = problem, 0

    def __getattr__(self, name):
        of = getattr(self.problem, name)
        return partial(self.counting, of) if name in ("gradient", "value_and_gradient") else of

    def counting(self, of, W):
        self.calls += len(W) > 1  # the check at the door asks at single matrices
        return of(W)


class Changed(LoRA):
    """LoRA whose ``factored`` is changed, while its iterates are those of LoRA."""

    def factored(self, problem, W, rng):
        return self.change(super().factored(problem, W, rng))

    def iterates(self, problem, W, rng):
        return LoRA(self.initialisation, self.gamma).iterates(problem, W, rng)


def ends(states):
    yield from islice(states, 2)


def begins_late(states):
    next(states)
    return states


def with_other(**change):
    """From t = 1 on."""

    def changed(states):
        yield next(states)
        for state in states:
            yield state._replace(**{name: new(getattr(state, name)) for name, new in change.items()})

    return changed


WRONG = {
    "ends": (ends, r"at t=2 must yield Factored\(W, B, A\) without end, got nothing more"),
    "late": (
        begins_late,
        r"at t=0 must yield the weights that iterates yields, to the last bit, got some that are off",
    ),
    "one bit": (with_other(W=lambda W: np.nextafter(W, 9)), r"at t=1 must yield the weights.* as LoRA does$"),
    "nan": (with_other(W=lambda W: W * np.nan), "at t=1 must yield the weights .* off by nan;"),
    "other rank": (
        with_other(B=lambda B: B[..., :1], A=lambda A: A[:, :1]),
        r"at t=1 .* with r=2, got .*\(256, 4, 1\)",
    ),
    "transposed": (
        with_other(A=lambda A: A.swapaxes(1, 2)),
        r"at t=1 .* A \(runs, r, n\) with r=2, got .*\(256, 3, 2\)$",
    ),
    "single": (with_other(B=lambda B: B.astype(np.float32)), "at t=1 must yield W float64 .*, got .*, float32"),
    "no array": (with_other(B=lambda B: None), "at t=1 must .*, got .*, NoneType, float64"),
    "a matrix": (lambda states: (state.W for state in states), r"at t=0 must .*, got NoneType, NoneType, NoneType"),
    "no generator": (lambda states: 7, "at t=0 must .*, got NoneType"),
    "no yield": (lambda states: None, "at t=0 must yield .* got nothing more, or no yield"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("record", [["factors"], ["W", "factors"]])
def test_factors_of_other_iterates_are_refused(change, message, record):
    """Each ran before, or broke inside of NumPy; one that ended went on from W0 with the iterates."""
    algorithm = Changed(USUAL, 0.1)
    object.__setattr__(algorithm, "change", change)
    assert simulate(Case(algorithm, SQUARES, steps=4), runs=3, rng=0).values.shape == (3, 5)
    with pytest.raises(ValueError, match=rf"Changed\.factored {message}"):
        simulate(Case(algorithm, SQUARES, steps=4), runs=3, rng=0, record=record)


def test_iterates_run_and_not_factored():
    """A subclass with other iterates, and a diverging run, whose last iterates are nan on both sides."""

    class Half(AsymmetricLoRA):
        def iterates(self, problem, W, rng):
            for after in super().iterates(problem, W, rng):
                yield after / 2

    half = Half(sketches.Haar(4, 2), 0.1)
    with pytest.raises(ValueError, match=r"Half\.factored at t=1 must yield the weights that iterates yields"):
        simulate(Case(half, SQUARES, steps=3), rng=0, record=["factors"])
    with pytest.warns(UserWarning, match=r"gamma is 1e\+09"):
        ran = simulate(Case(LoRA(USUAL, 1e9), SQUARES, steps=40), rng=0, record=["W", "factors"])
    assert np.isnan(ran.iterates[0, -1]).all()


def test_an_algorithm_may_write_to_the_gradient_that_it_was_given():
    """Both of its generators see the gradient as the problem computed it."""

    class InPlace(LoRA):
        def factored(self, problem, W, rng):
            B, A = self.initialisation.draw(rng, W)
            while True:
                yield Factored(W, B, A)
                G = problem.gradient(W)
                G *= self.gamma
                W = W + (B - G @ A.swapaxes(1, 2)) @ A - B @ A
                B = B - G @ A.swapaxes(1, 2)

    case = Case(InPlace(USUAL, 0.1), SQUARES, steps=5)
    kept, plain = (simulate(case, runs=2, rng=0, record=record) for record in (["factors"], []))
    np.testing.assert_array_equal(kept.values, plain.values)
    assert kept.values[0, -1] < kept.values[0, 0]


def test_recording_factors_computes_no_gradient_twice():
    problem = Counted(SQUARES)
    for algorithm in (LoRA(USUAL, 0.1), ChainOfLoRA(USUAL, 0.1, 3), AsymmetricLoRA(sketches.Haar(3, 2), 0.1, "right")):
        problem.calls = 0
        simulate(Case(algorithm, problem, steps=10), record=["W", "factors"])
        assert problem.calls == 11
