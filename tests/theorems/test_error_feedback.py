"""T25: error feedback, where it holds exactly at both points, is refuted, and is not applicable."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, Minibatch, Noisy, Status, expected, theorems, tightness, verify
from rac_theory.algorithms import EF21, FEEDBACK, H, Method, gradient, state
from rac_theory.problems import PLSine, Quadratic
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate
from rac_theory.statements import E, squared_gradient_and_beside
from rac_theory.statements.symbols import C, L, T, gamma, gap0_upper, lambda_min
from rac_theory.verdicts.verification.judged_claim import simulated

from .asked_of_each import holds_exactly, names_what_is_broken, refutes
from .second_routes.moments import check_below, enumerated, on_axes, squares
from .small_cases import LEAST, ROUND, SKEW, WEIGHTED

T25 = theorems.T25


def case(problem, sketch, gamma_L, steps=40, method=FEEDBACK, **more):
    return Case(method(sketch, gamma=gamma_L / problem.L, **more), problem, steps=steps)


EXACT = {
    "quadratic": case(SKEW, Coordinate(4, 1), 0.1),
    "weighted": case(SKEW, WEIGHTED, 0.04),
    "Haar": case(SKEW, Haar(4, 2), 0.2),
    "no sketch": case(LEAST, None, 0.9),
    "noise": case(SKEW, Coordinate(4, 1), 0.1, gradients=Noisy(0.3)),
    "noise, weighted": case(SKEW, WEIGHTED, 0.04, gradients=Noisy(1.0)),
}


test_it_holds_exactly = holds_exactly(["T25"], EXACT)


def test_what_is_judged_are_both_squared_gradients():
    """Their exact expectations, computed apart; catches theta of another step, and a gradient at W counted twice."""
    of = EXACT["noise, weighted"]
    at_W, at_X = expected(of).squared_gradient, expected(of.at_iterate).squared_gradient
    assert at_X[5] > 1.01 * at_W[5]
    x, low = 0.04, Fraction(1, 10)
    share = 1 - x - 2 * x**2 * float((2 - low - low**2) / low**2)
    both = np.cumsum(at_W + share * at_X)[:-1] / np.arange(1, 41)
    np.testing.assert_allclose(verify("T25", of).mean[1:], both, rtol=1e-10)
    beside = simulated([T25.metric], of, np.random.SeedSequence(25), 0, 4096).curves.squared_gradients_at_iterate
    assert np.all(np.abs(beside.mean(axis=0) - at_X) <= 5 * beside.std(axis=0) / 64 + 1e-12)  # by chance once in 40,000
    assert at_X[20] - at_W[20] > 10 * beside[:, 20].std() / 64  # so that runs at W would be seen
    runs = verify("T25", of, evidence="sampled", runs=4096, rng=25)
    assert np.all(runs.lower[1:] <= both)
    assert np.all(both <= runs.upper[1:])


@pytest.mark.parametrize(("gamma_L", "share"), [(0.25, 0.5), (0.13, 0.3), (0.02, 0.5)])
def test_it_holds_by_enumeration_where_f_is_not_quadratic(gamma_L, share):
    """All draws of 12 steps on a function that is not convex, H on one of two axes."""
    problem, start, steps = PLSine((2, 1)), np.array([[2.0], [-1.5]]), 12
    algorithm = FEEDBACK(WeightedCoordinate(2, 1, [share, 1 - share]), gamma=gamma_L / problem.L)
    c = Constants.of(Case(algorithm, problem, start, steps=steps))

    def step(P, W, D):
        G = problem.gradient(W + D)
        V = D + c.gamma * G
        return W - c.gamma * G, V - P @ V

    def at_X(W, D):
        return squares(problem.gradient(W + D))

    check_below(
        T25, enumerated(problem, step, on_axes(share), (start, 0 * start), steps, squared_gradients_at_iterate=at_X), c
    )


def test_where_it_is_attained():
    """H = I, where X is W: at gamma = 1/L an equality at every T, and for shorter steps in the long run."""
    line = Quadratic.left([[1.0]], W_star=[[0.0]])
    np.testing.assert_allclose(
        tightness("T25", Case(FEEDBACK(None, gamma=1.0), line, [[1.0]], steps=4))[1:], 1.0, rtol=1e-9
    )
    assert tightness("T25", Case(FEEDBACK(None, gamma=0.3), line, [[1.0]], steps=400))[-1] == pytest.approx(1, rel=1e-9)


def test_at_both_points_with_weight_one_it_is_false():
    """theta is there for a reason: on the line, with H = I, both squares are one, and their mean is twice the bound of
    one less gamma L."""
    line = Quadratic.left([[1.0]], W_star=[[0.0]])
    half = Case(FEEDBACK(None, gamma=0.5), line, [[1.0]], steps=200)
    whole = replace(T25, id="whole", claim=E(squared_gradient_and_beside(1 - 0 * gamma)) <= T25.claim.bound)
    assert verify(whole, half).status is Status.VIOLATED
    assert verify(T25, half).status is Status.HOLDS


_first, _floor = 2 * gap0_upper / (gamma * T), L * gamma * C
LONG = case(ROUND, Coordinate(4, 1), 0.1, 4000, gradients=Noisy(1.0))
ONCE = case(ROUND, None, 1.0, 40)
LOUD = case(ROUND, None, 1.0, 4000, gradients=Noisy(1.0))
REFUTED = {
    "no noise": ("T25", _first, LONG),
    "no first term": ("T25", _floor * (1 + 2 * gamma * L * (1 - lambda_min) / lambda_min), EXACT["quadratic"]),
    "T for gamma T": ("T25", 2 * gap0_upper / T, replace(EXACT["quadratic"], steps=400)),
    "T^2 for T": ("T25", 2 * gap0_upper / (gamma * T**2) + _floor, ONCE),
    "1.9 for 2": ("T25", Fraction(19, 10) * gap0_upper / (gamma * T) + _floor, ONCE),
    "nine tenths of the noise": ("T25", _first + Fraction(9, 10) * _floor, LOUD),
}


test_tampered_with_it_is_refuted = refutes(REFUTED)


X, D = state("X", "D")
V = D + gamma * gradient(X)
FORGETS = Method({X: X - H(V), D: V / 2 - H(V) / 2}, start={D: 0}, report=X - D)
NOT_APPLICABLE = {
    "the theorem is about error feedback at W = X - D, the algorithm is RACLoRA": Case(GD(0.04), SKEW, steps=3),
    "the algorithm is Method({X": case(SKEW, WEIGHTED, 0.04, method=FORGETS),
    "the algorithm is Method({W": case(SKEW, WEIGHTED, 0.04, method=EF21),
    "A = 0": case(LEAST, WEIGHTED, 0.04, gradients=Minibatch(2)),
    "theta >= 0": case(SKEW, WEIGHTED, 0.06),
    "lambda_min > 0": case(SKEW, WeightedCoordinate(4, 1, [0.5, 0.5, 0.0, 0.0]), 0.04),
}


test_each_assumption_that_is_broken_is_named = names_what_is_broken(["T25"], NOT_APPLICABLE)


def test_theta_is_at_least_a_half_for_short_steps():
    """gamma L <= lambda_min / 3: then half of what is bounded is about the model."""
    low = np.linspace(0.001, 1, 1000)
    x = low / 3
    assert np.all(1 - x - 2 * x**2 * (2 - low - low**2) / low**2 >= 0.5)
