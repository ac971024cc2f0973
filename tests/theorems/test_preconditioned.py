"""The step of T26: a bounded preconditioner on the factor, by hand, and its exact expectations by all draws."""

import numpy as np
import pytest

from rac_theory import Case, Constants, Unsupported, expected, simulate
from rac_theory.algorithms import NormalisedStep, Preconditioned, RACLoRA
from rac_theory.sketches import Coordinate, FiniteSupport, Gaussian, Haar, Mixture, Moments, WeightedCoordinate

from .second_routes.moments import enumerated
from .small_cases import SKEW


def test_a_step_is_what_is_seen_times_weights():
    """One known draw: W - gamma B D B' G; catches weights of other directions, and a root of them."""
    algorithm = Preconditioned(Coordinate(4, 4), 0.5, [0.5, 1.0, 2.0, 4.0])
    iterates = algorithm.iterates(SKEW, np.zeros((1, 4, 2)), np.random.default_rng(0))
    G = SKEW.gradient(np.zeros((1, 4, 2)))[0]
    weights = -next(iterates)[0] / (0.5 * G)
    assert sorted(weights[:, 0].round(12)) == [0.5, 1.0, 2.0, 4.0]
    np.testing.assert_allclose(weights[:, 0], weights[:, 1])
    assert not algorithm.weights.flags.writeable


def test_the_constants_are_the_smallest_and_the_largest_weight():
    c = Constants.of(Case(Preconditioned(Haar(4, 3), 0.5, [1.5, 0.5, 4.0]), SKEW))
    assert (c.letters["a"], c.letters["A"]) == (0.5, 4.0)


RNG = np.random.default_rng(26)
OF_SKEW = {
    "listed": Preconditioned(FiniteSupport(RNG.standard_normal((3, 4, 2)), [0.5, 0.3, 0.2]), 0.4, [0.5, 2.0]),
    "axes": Preconditioned(Coordinate(4, 3), 0.4, [2.0, 0.5, 1.0]),
    "from the right": Preconditioned(Coordinate(2, 2), 0.4, [2.0, 0.5], side="right"),
    "equal weights": Preconditioned(WeightedCoordinate(4, 1, [0.4, 0.3, 0.2, 0.1]), 0.4, [1.5]),
}


@pytest.mark.parametrize("name", OF_SKEW)
def test_exact_expectations_are_those_of_every_draw(name):
    """Gaps and squared gradients of 4 steps; catches weights of other columns, and draws that are not orthonormal."""
    algorithm, start = OF_SKEW[name], np.array([[1.0, -2.0], [0.5, 1.0], [2.0, 0.0], [-1.0, 3.0]])
    B, chances = Moments(algorithm.sketch).support or (np.eye(4)[:, :, None], np.array(algorithm.sketch.weights))
    bases = [np.linalg.qr(S)[0] for S in B]
    draws = [(float(p), (Q * algorithm.weights) @ Q.T) for p, Q in zip(chances, bases, strict=True)]

    def step(P, W):
        G = SKEW.gradient(W)
        return (W - algorithm.gamma * (P @ G if algorithm.side == "left" else G @ P),)

    exact, curves = expected(Case(algorithm, SKEW, start, steps=4)), enumerated(SKEW, step, draws, (start,), 4)
    np.testing.assert_allclose(exact.gap, curves.values[0], rtol=1e-12)
    np.testing.assert_allclose(exact.squared_gradient, curves.squared_gradients[0], rtol=1e-12)


@pytest.mark.parametrize("sketch", [Haar(4, 3), Gaussian(4, 2)])
def test_exact_expectations_of_uniform_columns_are_means_of_runs(sketch):
    """Within 4 standard errors of 20,000 runs at 6 steps, by chance once in 1,000; catches tr D for tr D^2, by 28."""
    case = Case(Preconditioned(sketch, 0.4, [0.2, 2.0, 1.0][: sketch.rank]), SKEW, steps=6)
    exact, runs = expected(case), simulate(case, runs=20_000, rng=26)
    for curve, of_runs in ((exact.gap, runs.gaps), (exact.squared_gradient, runs.squared_gradients)):
        assert np.all(np.abs(of_runs.mean(axis=0) - curve)[1:] <= 4 * of_runs.std(axis=0)[1:] / 20_000**0.5)


def test_what_has_no_exact_expectation_says_why():
    sketch = Mixture([Coordinate(4, 2), Haar(4, 2)], [0.5, 0.5])
    with pytest.raises(Unsupported, match="weights that differ must have Haar or Gaussian columns or a listed support"):
        expected(Case(Preconditioned(sketch, 0.1, [1.0, 2.0]), SKEW, steps=1))
    with pytest.raises(Unsupported, match="must be linear in the gradient: of signs and norms no second moments close"):
        expected(Case(NormalisedStep(RACLoRA(Haar(4, 2), 0.1)), SKEW, steps=1))


@pytest.mark.parametrize("weights", [[0.0, 1.0], [1.0], [1.0, -1.0], [1.0, np.inf]])
def test_weights_are_positive_numbers_one_for_each_column(weights):
    with pytest.raises(ValueError, match="weights must be positive numbers, one for each of 2 columns"):
        Preconditioned(Haar(4, 2), 0.5, weights)
