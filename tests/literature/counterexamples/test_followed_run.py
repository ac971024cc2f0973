"""One run of a recorded ensemble, and what its steps are said to have done."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import AsymmetricLoRA, Case, ChainOfLoRA, Initialisation, LoRA, RACLoRA, diagnose, simulate, sketches
from rac_theory.algorithms import GD
from rac_theory.literature.counterexamples.diagnosis import Cause
from rac_theory.literature.counterexamples.factor_loss import FollowedRun, Moves, merges
from rac_theory.problems import Layers, LeastSquares, Quadratic
from tests.refused import refused

RNG = np.random.default_rng(0)
PROBLEM = LeastSquares(RNG.standard_normal((12, 4)), RNG.standard_normal((12, 3)))
FIXED = Initialisation(A=sketches.Frozen(np.array([[1.0], [0.5], [-1.0]])))


def follow(algorithm, problem=PROBLEM, *, steps, rng=None):
    kept = ("W", "factors") if hasattr(algorithm, "factored") else ("W",)
    return FollowedRun.of(simulate(Case(algorithm, problem, steps=steps), rng=rng, record=kept))


def test_a_run_is_taken_out_of_its_ensemble():
    """Would catch the first run for each of them, and gradients of another run."""
    case = Case(LoRA(Initialisation.kaiming((4, 3), 2), 0.1), PROBLEM, steps=5)
    runs = simulate(case, runs=3, rng=0, record=("W", "factors"))
    for i in range(3):
        run = FollowedRun.of(runs, i)
        np.testing.assert_array_equal(run.values, runs.values[i])
        np.testing.assert_array_equal(run.gradients, PROBLEM.gradient(runs.iterates[i]))
        np.testing.assert_array_equal(run.B, runs.B[i])
        np.testing.assert_allclose(run.W - run.W[0], run.B @ run.A, atol=1e-14)
    assert follow(GD(0.1), steps=3).B is None


def test_what_was_not_recorded_or_is_no_run_cannot_be_followed():
    """And of a followed run it has to be told what it is of."""
    for record, algorithm in (((), GD(0.1)), ((), LoRA(FIXED, 0.1)), (("W",), LoRA(FIXED, 0.1))):
        needed = r'\("W", "factors"\)' if isinstance(algorithm, LoRA) else r'\("W",\)'
        with pytest.raises(ValueError, match=f"trajectory must have been recorded with record={needed}"):
            diagnose(simulate(Case(algorithm, PROBLEM, steps=2), record=record), PROBLEM)
    one = simulate(Case(GD(0.1), PROBLEM, steps=2), record=("W",))
    quadratic = Quadratic.left(np.eye(3), np.ones((3, 3)))
    single = simulate(Case(RACLoRA(sketches.Haar(3, 1), 0.1), quadratic, steps=2), dtype=np.float32, record=("W",))

    def followed(*shape, gamma=0.1, dtype=np.float64):
        return FollowedRun.of_iterates(np.zeros(shape, dtype), PROBLEM, gamma=gamma)

    refused(
        (lambda: FollowedRun.of(one, 1), r"run must be in 0..runs - 1=0, got 1"),
        (lambda: diagnose(single), "trajectory must be in float64 to follow a run, got float32"),
        (lambda: followed(3, 3, 4), r"W must have shape \(..., 4, 3\), got \(3, 3, 4\)"),
        (lambda: followed(4, 3), r"W must have shape \(steps \+ 1, m, n\), in float64, got float64 \(4, 3\)"),
        (lambda: followed(1, 4, 3), r"W must have shape \(steps \+ 1, m, n\), in float64, got float64 \(1, 4, 3\)"),
        (lambda: followed(2, 4, 3, dtype=np.float32), r"in float64, got float32 \(2, 4, 3\)"),
        (lambda: followed(2, 4, 3, gamma=0.0), "gamma must be a finite number > 0, got 0"),
        (
            lambda: diagnose(followed(2, 4, 3)),
            "problem must be given beside a FollowedRun, which does not know it, got None",
        ),
    )


def test_a_run_that_something_else_made_is_followed():
    """The same as from its trajectory, layers included, and the same diagnosis. Catches values of other iterates."""
    runs = simulate(Case(RACLoRA(sketches.Haar(4, 2), 0.1), PROBLEM, steps=5), rng=0, record=("W",))
    of, along = FollowedRun.of(runs), FollowedRun.of_iterates(runs.iterates[0], PROBLEM, gamma=0.1)
    for name in ("W", "values", "gradients", "gamma", "scale", "layers", "factors"):
        np.testing.assert_array_equal(getattr(along, name), getattr(of, name))
    assert diagnose(along, PROBLEM) == diagnose(runs)
    layered = Quadratic.full(np.eye(10), np.ones((10, 1)), layers=Layers([(3, 2), (2, 2)]))
    assert FollowedRun.of_iterates(np.zeros((2, 10, 1)), layered, gamma=0.1).layers is layered.layers


@pytest.mark.long
def test_every_run_has_its_diagnosis():
    """Half of the starts are too large: would catch one answer for all, and answers in another order."""
    problem = Quadratic.left(np.diag([1.0, 2.0, 4.0]), np.random.default_rng(0).standard_normal((3, 3)))
    method = LoRA(Initialisation(A=sketches.Gaussian(3, 1), scale=2.0), 0.3 / problem.L)
    runs = simulate(Case(method, problem, steps=1500), runs=20, rng=0, record=("W", "factors"))
    told = [one.cause for one in diagnose(runs, problem)]
    rose = ~(runs.values[:, -1] <= runs.values[:, 0])
    assert 3 < rose.sum() < 17
    assert [cause is Cause.INSTABILITY for cause in told] == list(rose)
    assert set(told) <= {Cause.INSTABILITY, Cause.FLOOR, Cause.SPURIOUS}
    assert told == [one.cause for one in diagnose(runs)]


def test_merges_are_found():
    """After every third step of a chain, and nowhere in LoRA. Would catch a merge taken for a long step."""
    chain = ChainOfLoRA(Initialisation.kaiming((4, 3), 2), 0.1, 3)
    for algorithm, at in ((chain, [2, 5, 8]), (LoRA(FIXED, 0.1), []), (AsymmetricLoRA(sketches.Haar(4, 2), 0.1), [])):
        assert list(np.flatnonzero(merges(follow(algorithm, steps=11, rng=0)))) == at
    assert not merges(follow(GD(0.1), steps=11)).any()


@pytest.mark.parametrize(
    "algorithm",
    [
        GD(0.1),
        LoRA(FIXED, 0.1),
        ChainOfLoRA(FIXED, 0.1, 1),
        ChainOfLoRA(FIXED, 0.1, 4, lora_alpha=2.0),
        AsymmetricLoRA(sketches.Frozen(np.ones((4, 1))), 0.1, lora_alpha=0.3),
        AsymmetricLoRA(sketches.Frozen(np.ones((3, 1))), 0.1, "right"),
        RACLoRA(sketches.Haar(4, 1), 0.1),
    ],
    ids=repr,
)
def test_steps_are_gradient_steps(algorithm):
    """In their own space each has ``slope = -length^2 / gamma``, so that a rise means a curvature above 2/gamma. Would
    catch the length of a move of W in the place of one of the factors, and a forgotten scale."""
    moves = Moves.of(follow(algorithm, steps=10, rng=1), PROBLEM)
    # curvature = 2 (rise - slope) / length^2 with that slope, up to the rounding of the rise.
    told = 2 * moves.rise / moves.length**2 + 2 / algorithm.gamma
    np.testing.assert_allclose(moves.curvature, told, rtol=1e-6, atol=1e-6 / algorithm.gamma)


@pytest.mark.parametrize(("value", "lower"), [(1.0, 0.0), (8.0, 8.0), (0.0, -1.0), (1.0, math.nan)])
def test_a_rise_is_more_than_rounding(value, lower):
    """Of f, or of what it is above its lower bound, whichever is larger. Catches the smaller, and half of 64."""
    for roundings, rises in ((60, False), (70, True)):
        run = FollowedRun(
            np.zeros((2, 1, 1)), np.array([value, value + roundings * 2**-52 * max(value, 1)]), np.zeros((2, 1, 1)), 1.0
        )
        assert Moves.of(run, SimpleNamespace(f_lower=lower)).rises.tolist() == [rises]


def test_the_curvature_of_gradient_descent_is_a_rayleigh_quotient():
    problem = Quadratic.left(np.diag([3.0, 1.0]), np.ones((2, 2)))
    run = follow(GD(0.2), problem, steps=5)
    move = np.diff(run.W, axis=0)
    quotient = (move * problem.hessian_product(move)).sum((1, 2)) / (move**2).sum((1, 2))
    np.testing.assert_allclose(Moves.of(run, problem).curvature, quotient, rtol=1e-9)


@pytest.mark.long
def test_a_diagnosis_gives_its_numbers():
    """A scalar run whose numbers are known: gamma s^2 = 9/4 and a = b meet the curvature of one exact step."""
    problem = Quadratic.left(np.eye(1), np.zeros((1, 1)))
    one = sketches.Frozen(np.ones((1, 1)))
    method = LoRA(Initialisation(B=one, A=one, scale=1.5), 1.0)
    (told,) = diagnose(simulate(Case(method, problem, np.array([[2.25]]), steps=1), record=("W", "factors")), problem)
    assert told.cause is Cause.INSTABILITY
    s, after = 1.5, 1.5 * (1 - 2.25)
    met = 2 * (after**4 / 2 - s**4 / 2 + 2 * s**6) / (2 * s**6)
    assert told.numbers["sharpest"] == pytest.approx(met)
    assert told.numbers["first_rise"] == 0
    assert str(told).startswith("step-size instability: f goes from 2.531 to 6.18")
    two = Quadratic.left(np.eye(2), np.diag([2.0, 1.0]))
    method = LoRA(Initialisation.kaiming((2, 2), 1), 0.2)
    (floor,) = diagnose(simulate(Case(method, two, steps=3000), rng=0, record=("W", "factors")), two)
    assert floor.numbers["floor"] == pytest.approx(0.5)
    assert floor.numbers["lowest"] == pytest.approx(0.5, abs=1e-9)
