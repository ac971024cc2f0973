"""What a followed run records, and what its steps are said to have done."""

import numpy as np
import pytest

from problems import LeastSquares, Quadratic
from rac_theory import AsymmetricLoRA, ChainOfLoRA, Initialisation, LoRA, RACLoRA, diagnose, follow, simulate, sketches
from rac_theory.algorithms import GD
from rac_theory.diagnosis import Cause
from rac_theory.factor_moves import Moves, merges


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    return LeastSquares(rng.standard_normal((12, 4)), rng.standard_normal((12, 3)))


FIXED = Initialisation(A=sketches.Frozen(np.array([[1.0], [0.5], [-1.0]])))


@pytest.mark.parametrize("algorithm", [GD(0.1), LoRA(FIXED, 0.1), ChainOfLoRA(FIXED, 0.1, 3, lora_alpha=0.5)], ids=repr)
def test_it_is_the_run_of_simulate(problem, algorithm):
    """For deterministic methods, to rounding. Would catch a recording that is off by one step."""
    run = follow(algorithm, problem, steps=20)
    there = simulate(algorithm, problem, steps=20)
    np.testing.assert_allclose(run.values, there.values[0], rtol=1e-11)
    np.testing.assert_allclose(run.W[-1], there.W[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(run.gradients, problem.gradient(run.W))
    assert run.W.shape == (21, 4, 3)


def test_factors_are_kept_where_there_are_some(problem):
    assert follow(GD(0.1), problem, steps=3).B is None
    run = follow(LoRA(FIXED, 0.1), problem, steps=3)
    assert run.B.shape == (4, 4, 1)
    assert run.A.shape == (4, 1, 3)
    np.testing.assert_allclose(run.W - run.W[0], run.B @ run.A, atol=1e-14)


def test_merges_are_found(problem):
    """After every third step of a chain, and nowhere in LoRA. Would catch a merge taken for a long step."""
    chain = ChainOfLoRA(Initialisation.kaiming((4, 3), 2), 0.1, 3)
    assert list(np.flatnonzero(merges(follow(chain, problem, steps=11, rng=0)))) == [2, 5, 8]
    assert not merges(follow(LoRA(FIXED, 0.1), problem, steps=11)).any()
    assert not merges(follow(AsymmetricLoRA(sketches.Haar(4, 2), 0.1), problem, steps=11, rng=0)).any()
    assert not merges(follow(GD(0.1), problem, steps=11)).any()


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
def test_steps_are_gradient_steps(problem, algorithm):
    """In their own space each has ``slope = -length^2 / gamma``, so that a rise means a curvature above 2/gamma.

    Would catch the length of a move of W in the place of one of the factors, and a forgotten scale.
    """
    moves = Moves.of(follow(algorithm, problem, steps=10, rng=1), problem)
    # curvature = 2 (rise - slope) / length^2 with that slope, up to the rounding of the rise.
    told = 2 * moves.rise / moves.length**2 + 2 / algorithm.gamma
    np.testing.assert_allclose(moves.curvature, told, rtol=1e-6, atol=1e-6 / algorithm.gamma)


def test_the_curvature_of_gradient_descent_is_a_rayleigh_quotient():
    problem = Quadratic.left(np.diag([3.0, 1.0]), np.ones((2, 2)))
    run = follow(GD(0.2), problem, steps=5)
    move = np.diff(run.W, axis=0)
    quotient = (move * problem.hessian_product(move)).sum((1, 2)) / (move**2).sum((1, 2))
    np.testing.assert_allclose(Moves.of(run, problem).curvature, quotient, rtol=1e-9)


def test_a_diagnosis_gives_its_numbers():
    """A scalar run whose numbers are known: gamma s^2 = 9/4 and a = b meet the curvature of one exact step."""
    problem = Quadratic.left(np.eye(1), np.zeros((1, 1)))
    one = sketches.Frozen(np.ones((1, 1)))
    run = follow(LoRA(Initialisation(B=one, A=one, scale=1.5), 1.0), problem, np.array([[2.25]]), steps=1)
    told = diagnose(run, problem)
    assert told.cause is Cause.INSTABILITY
    s, after = 1.5, 1.5 * (1 - 2.25)
    met = 2 * (after**4 / 2 - s**4 / 2 + 2 * s**6) / (2 * s**6)
    assert told.numbers["sharpest"] == pytest.approx(met)
    assert told.numbers["first_rise"] == 0
    assert str(told).startswith("step-size instability: f goes from 2.531 to 6.18")
    floor = diagnose(
        follow(
            LoRA(Initialisation.kaiming((2, 2), 1), 0.2),
            Quadratic.left(np.eye(2), np.diag([2.0, 1.0])),
            steps=3000,
            rng=0,
        ),
        Quadratic.left(np.eye(2), np.diag([2.0, 1.0])),
    )
    assert floor.numbers["floor"] == pytest.approx(0.5)
    assert floor.numbers["lowest"] == pytest.approx(0.5, abs=1e-9)
