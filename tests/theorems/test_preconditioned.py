"""T26: a bounded preconditioner on the factor, by all draws of a finite support, refuted, and not applicable."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, Status, Unsupported, expected, simulate, theorems, verify
from rac_theory.algorithms import NormalisedStep, Preconditioned, RACLoRA
from rac_theory.problems import PLSine, Quadratic
from rac_theory.sketches import Coordinate, FiniteSupport, Gaussian, Haar, Mixture, Moments, WeightedCoordinate
from rac_theory.statements.symbols import T, gamma, gap0, gap0_upper, lambda_min, largest_weight, least_weight, mu

from .asked_of_each import names_what_is_broken, refutes
from .second_routes.moments import check_below, enumerated, on_axes
from .small_cases import SKEW

T26, T26_pl = theorems.T26, theorems.T26_pl
CASE = Case(Preconditioned(Haar(4, 2), gamma=0.5, weights=[0.5, 2.0]), SKEW, steps=60)


@pytest.mark.parametrize("id", ["T26", "T26_pl"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_it_holds(id, side):
    problem = SKEW if side == "left" else Quadratic.left(np.diag([1.0, 0.3]), np.ones((2, 4)))
    verdict = verify(id, replace(CASE, algorithm=replace(CASE.algorithm, side=side), problem=problem, W0=None), rng=26)
    assert verdict.status in (Status.HOLDS, Status.CONSISTENT), verdict


def test_a_step_is_what_is_seen_times_weights():
    """One known draw: W - gamma B D B' G; catches weights of other directions, and a root of them."""
    algorithm = Preconditioned(Coordinate(4, 4), 0.5, [0.5, 1.0, 2.0, 4.0])
    iterates = algorithm.iterates(SKEW, np.zeros((1, 4, 2)), np.random.default_rng(0))
    G = SKEW.gradient(np.zeros((1, 4, 2)))[0]
    weights = -next(iterates)[0] / (0.5 * G)
    assert sorted(weights[:, 0].round(12)) == [0.5, 1.0, 2.0, 4.0]
    np.testing.assert_allclose(weights[:, 0], weights[:, 1])


def test_the_constants_are_the_smallest_and_the_largest_weight():
    c = Constants.of(replace(CASE, algorithm=Preconditioned(Haar(4, 3), 0.5, [1.5, 0.5, 4.0])))
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


def test_equal_weights_are_a_longer_step():
    W = np.ones((3, 4, 2)) / 3
    steps = (Preconditioned(Haar(4, 2), 0.25, [2.0, 2.0]), RACLoRA(Haar(4, 2), 0.5))
    ones, longer = (next(each.iterates(SKEW, W, np.random.default_rng(1))) for each in steps)
    np.testing.assert_allclose(ones, longer, rtol=1e-10)


@pytest.mark.parametrize(("weights", "gamma_L"), [((0.5, 2.0), 0.5), ((2.0, 0.5), 0.9), ((0.1, 1.0), 1.5)])
def test_it_holds_by_enumeration_also_where_weights_look_at_the_gradient(weights, gamma_L):
    problem, start, steps = PLSine((2, 1)), np.array([[2.0], [-1.5]]), 12
    algorithm = Preconditioned(WeightedCoordinate(2, 1, [0.3, 0.7]), gamma_L / problem.L, [1.0])
    c = replace(
        Constants.of(Case(algorithm, problem, start, steps=steps)), letters={"a": min(weights), "A": max(weights)}
    )

    def step(P, W):
        seen = P @ problem.gradient(W)
        return (W - c.gamma * np.where(np.abs(seen) > 0.5, *weights) * seen,)

    curves = enumerated(problem, step, on_axes(0.3), (start,), steps)
    for theorem in (T26, T26_pl):
        check_below(theorem, curves, c)


SLOW = Case(
    Preconditioned(Coordinate(4, 4), 1.0, [0.25, 1.0, 1.0, 1.0]),
    Quadratic.left(np.eye(4), np.ones((4, 1))),
    np.full((4, 1), 2.0),
    steps=60,
)
FALSE = {
    "A for a": ("T26_pl", (1 - gamma * largest_weight * mu * lambda_min) ** T * gap0, SLOW),
    "a (2 - gamma L a) squared": ("T26_pl", (1 - 2 * gamma * least_weight * mu * lambda_min) ** (2 * T) * gap0, SLOW),
    "T26, A for a": ("T26", 2 * gap0_upper / (gamma * largest_weight * lambda_min * T) / 4, SLOW),
}
test_tampered_with_it_is_refuted = refutes(FALSE)


NOT_APPLICABLE = {
    "the theorem is about preconditioned steps": Case(GD(0.5), SKEW, steps=3),
    "gamma L A < 2": replace(CASE, algorithm=replace(CASE.algorithm, gamma=1.0)),
    "lambda_min > 0": replace(
        CASE, algorithm=Preconditioned(WeightedCoordinate(4, 1, [0.5, 0.5, 0.0, 0.0]), 0.5, [1.0])
    ),
}


test_each_assumption_that_is_broken_is_named = names_what_is_broken(["T26", "T26_pl"], NOT_APPLICABLE)


@pytest.mark.parametrize("weights", [[0.0, 1.0], [1.0], [1.0, -1.0], [1.0, np.inf]])
def test_weights_are_positive_numbers_one_for_each_column(weights):
    with pytest.raises(ValueError, match="weights must be positive numbers, one for each of 2 columns"):
        Preconditioned(Haar(4, 2), 0.5, weights)


def test_random_weights_and_quadratics_are_below_the_bound():
    """Of each draw, not only on average: f(W+) <= f(W) - (1 - gamma L A / 2) <G, W - W+>, and a step is as long as A
    allows at most."""
    rng = np.random.default_rng(262)
    for _ in range(300):
        d = int(rng.integers(1, 5))
        r = int(rng.integers(1, d + 1))
        Q = rng.standard_normal((d, d))
        Q = Q @ Q.T
        problem = Quadratic.left(Q, rng.standard_normal((d, 1)))
        weights = 10 ** rng.uniform(-1, 1, r)
        step = rng.uniform(0.05, 1.95) / problem.L / weights.max()
        W = rng.standard_normal((1, d, 1))
        after = next(Preconditioned(Haar(d, r), step, weights).iterates(problem, W, np.random.default_rng(1)))
        moved, G, largest = (W - after)[0], problem.gradient(W)[0], weights.max()
        paid = step / 2 * (2 - step * problem.L * largest) * float((G * moved).sum()) / step
        assert problem.value(after)[0] <= problem.value(W)[0] - paid + 1e-9 * abs(problem.value(W)[0])
        assert float((moved**2).sum()) <= step * largest * float((G * moved).sum()) * (1 + 1e-9)
