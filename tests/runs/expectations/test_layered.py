"""Expectations on several layers: against every path of draws, in rational arithmetic, and against runs."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.linalg import block_diag

from rac_theory import Case, LayeredRACLoRA, Unsupported, exact_rate, expected, simulate, tightness
from rac_theory.algorithms.gradients import Local, Minibatch, Noisy
from rac_theory.numerics.linalg import projection
from rac_theory.problems import Layers, LeastSquares, Quadratic
from rac_theory.sketches import Coordinate, CountSketch, Gaussian, Haar, Uniform, WeightedCoordinate
from tests.refused import refused, refuses

LAYERS = Layers([(2, 3), (2, 2)])


def coupled(size=10):
    rng = np.random.default_rng(0)
    A = rng.standard_normal((size, size))
    return Quadratic.full(A @ A.T / size, rng.standard_normal((size, 1)), layers=LAYERS)


def draws_of(algorithm):
    """Every H on the column with its probability, by Kronecker products."""
    each = []
    for layer, (m, n) in zip(algorithm.of_layers, algorithm.layers.shapes, strict=True):
        matrices, weights = layer.sketch.support()
        projections = (projection(np.asarray(B, dtype=float)) for B in matrices)
        H = [np.kron(P, np.eye(n)) if layer.side == "left" else np.kron(np.eye(m), P) for P in projections]
        each.append([*zip(map(float, weights), H, strict=True)])
    for (p, H), (q, K) in product(*each):
        yield p * q, block_diag(H, K)


def enumerated(algorithm, problem, steps, inner=1):
    """The mean of f over every path of draws: the route that needs no second moment."""
    states, found = [(1.0, -problem.W_star)], [problem.value(np.zeros((10, 1)))]
    of_draws = [
        (p, np.linalg.matrix_power(np.eye(10) - algorithm.gamma * H @ problem.Q, inner)) for p, H in draws_of(algorithm)
    ]
    for _ in range(steps):
        states = [(weight * p, P @ v) for (weight, v), (p, P) in product(states, of_draws)]
        found.append(sum(weight * (v.T @ problem.Q @ v).item() / 2 for weight, v in states))
    return np.array(found)


@pytest.mark.parametrize("sides", [("left", "left"), ("left", "right"), ("right", "left")])
def test_every_path_of_draws_is_counted(sides):
    """Catches a second moment in the place of a product of means between layers, and one side for the other."""
    problem = coupled()
    dims = [m if side == "left" else n for (m, n), side in zip(LAYERS.shapes, sides, strict=True)]
    algorithm = LayeredRACLoRA(LAYERS, [Coordinate(dims[0], 1), CountSketch(dims[1], 1)], 0.8 / problem.L, sides)
    case = Case(algorithm, problem, steps=3)
    truth = enumerated(algorithm, problem, 3)
    np.testing.assert_allclose(expected(case).gap, truth, rtol=1e-12)
    exact = expected(case, exact=True).gap
    assert all(isinstance(gap, Fraction) for gap in exact)
    np.testing.assert_allclose(exact.astype(float), truth, rtol=1e-12)


def test_several_steps_under_one_draw_are_enumerated():
    problem = coupled()
    sketches = [WeightedCoordinate(2, 1, [1, 4]), CountSketch(2, 1)]
    algorithm = LayeredRACLoRA(LAYERS, sketches, 0.5 / problem.L, ("left", "right"), Local(3))
    found = expected(Case(algorithm, problem, steps=2)).gap
    np.testing.assert_allclose(found, enumerated(algorithm, problem, 2, inner=3), rtol=1e-12)


@pytest.mark.parametrize("source", [Minibatch(3), Noisy(0.3)])
def test_noise_is_that_of_runs(source):
    """20,000 runs within five standard errors, at each of three steps: alpha is 2e-6."""
    rng = np.random.default_rng(0)
    problem = LeastSquares(rng.standard_normal((12, 10)), rng.standard_normal(12), l2=0.1)
    sketches = [Haar(2, 1), Gaussian(2, 1)]
    algorithm = LayeredRACLoRA(LAYERS, sketches, 0.5 / problem.L, ("left", "right"), source)
    case = Case(algorithm, problem, steps=3)
    gaps = simulate(case, runs=20_000, rng=1).gaps
    errors = gaps.std(axis=0) / 20_000**0.5
    assert (np.abs(gaps.mean(axis=0) - expected(case).gap)[1:] <= 5 * errors[1:]).all()


def test_a_layer_without_a_sketch_is_one_of_full_rank():
    problem = coupled()
    two = (LayeredRACLoRA(LAYERS, [Haar(2, 1), second], 0.8 / problem.L) for second in (None, Haar(2, 2)))
    whole, full = (expected(Case(one, problem, steps=6)).gap for one in two)
    np.testing.assert_allclose(whole, full, rtol=1e-11)


@pytest.mark.long
def test_the_rate_is_that_of_a_long_run_and_below_the_bound():
    problem = Quadratic.full(coupled().Q + 0.2 * np.eye(10), np.ones((10, 1)), layers=LAYERS)
    case = Case(LayeredRACLoRA(LAYERS, [Haar(2, 1), Haar(2, 1)], 1 / problem.L), problem, steps=4000)
    gap = expected(case).gap
    assert exact_rate(case) == pytest.approx(gap[-1] / gap[-2], rel=1e-4)
    assert exact_rate(case) <= 1 - problem.mu / problem.L / 2
    assert np.nanmin(tightness("T2", case)) >= 1 - 1e-12


def test_what_has_no_route_says_why():
    """What is as large as may be has one: a quarter of twelve numbers and a half of four are met, on the identity."""

    def case(shapes, *of, steps=2):
        layers = Layers(shapes)
        size = sum(m * n for m, n in shapes)
        problem = Quadratic.full(np.eye(size), np.ones((size, 1)), layers=layers)
        return Case(LayeredRACLoRA(layers, of, 1.0), problem, steps=steps)

    most = case([(4, 3), (2, 2)], Coordinate(4, 1), Coordinate(2, 1), steps=1)
    assert expected(most, exact=True).gap[1] == Fraction(12, 2) * Fraction(3, 4) + 1
    large, unknown = case([(8, 8), (2, 2)], Haar(8, 1), Haar(2, 1)), case([(4, 2), (2, 1)], Uniform(4, 2), Haar(2, 1))
    wide = case([(5, 3), (2, 2)], Haar(5, 1), Haar(2, 1))
    moments = "invariants, a second moment in closed form, or a listed support"
    refuses(expected, {large: "must be of size m n <= 64, got 68", unknown: moments}, error=Unsupported)
    refused((lambda: expected(wide, exact=True), "at most 16 entries, got 19 of all layers"), error=Unsupported)
