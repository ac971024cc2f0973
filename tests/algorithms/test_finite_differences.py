"""Finite differences: along the directions of each kind of step, their errors, their cost, and what they refuse."""

from fractions import Fraction
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import SGD, Bernoulli, Case, Exact, FiniteDifferences, RACLoRA, Status, simulate, verify
from rac_theory.problems import FromFunctions, LeastSquares, Quadratic, SoftmaxRegression
from rac_theory.sketches import Coordinate, CoordinateWithReplacement, Gaussian, Haar

RNG = np.random.default_rng(20)
Q = Quadratic.full(np.diag(np.arange(1.0, 13)) + 0.3, np.ones((4, 3)))
SOFTMAX = SoftmaxRegression(RNG.normal(size=(20, 4)), np.arange(20) % 3, l2=0.1)
STEPS = {
    "left": lambda g: RACLoRA(Gaussian(4, 2), 0.02, gradients=g),
    "right": lambda g: RACLoRA(Gaussian(3, 2), 0.02, "right", gradients=g),
    "rank is lost": lambda g: RACLoRA(CoordinateWithReplacement(4, 3), 0.02, gradients=g),
    "plain": lambda g: RACLoRA(Gaussian(4, 3), 0.002, gradients=g, lora_alpha=2.0),
    "plain, right": lambda g: RACLoRA(Gaussian(3, 1), 0.002, "right", gradients=g, lora_alpha=2.0),
    "full": lambda g: SGD(0.02, g),
    "full rank": lambda g: RACLoRA(Coordinate(4, 4), 0.02, gradients=g),
}


@pytest.mark.parametrize("name", STEPS)
def test_central_differences_are_exact_on_quadratics(name):
    """Whatever h is: the runs of the gradient. Catches a factor of h, a wrong side, and a scale of the plain step."""
    sources = Exact(), FiniteDifferences(0.5, central=True)
    exact, found = (simulate(Case(STEPS[name](one), Q, steps=5), runs=16, rng=0).values for one in sources)
    np.testing.assert_allclose(found, exact, rtol=1e-9)


def seen_by(problem, algorithm, W):
    """The derivatives that a step should see and those that it moves by, each (runs, r, columns)."""
    step = next(algorithm.low_rank_steps(np.random.default_rng(1), W))
    source = algorithm.gradients
    moved = step.turned(source.descend(problem, W, step, np.random.default_rng(0)) - W)
    U = np.swapaxes(step.directions, 1, 2)
    return U @ step.turned(problem.gradient(W)), -(U @ moved) / algorithm.gamma


@pytest.mark.parametrize(
    ("problem", "name", "central"),
    [(Q, "left", False), (Q, "right", True), (SOFTMAX, "left", True), (SOFTMAX, "right", False)],
)
def test_an_error_is_at_most_half_of_h_times_l(problem, name, central):
    """Of 64 runs of several derivatives; their squares sum to bias_squared at most. Catches h L for h L/2, halved."""
    h = 0.3
    algorithm = STEPS[name](FiniteDifferences(h, central))
    W = RNG.normal(size=(64, *problem.shape))
    true, estimated = seen_by(problem, algorithm, W)
    errors = estimated - true
    assert np.abs(errors).max() <= h * problem.L / 2 * (1 + 1e-9)
    most = algorithm.gradients.bias_squared(problem, algorithm.directions(problem.shape))
    assert np.square(errors).sum(axis=(1, 2)).max() <= most * (1 + 1e-9)
    if problem is Q and not central:
        assert np.abs(errors).max() > 0.4 * h * problem.L  # half of h L is nearly attained


def test_the_error_is_attained_on_a_multiple_of_a_square():
    """h L/2 for each derivative, to the last digits. Catches any smaller constant."""
    problem, algorithm = Quadratic.left(2 * np.eye(4), np.ones((4, 3))), STEPS["left"](FiniteDifferences(0.25))
    true, estimated = seen_by(problem, algorithm, RNG.normal(size=(8, 4, 3)))
    np.testing.assert_allclose(estimated - true, 0.25, rtol=1e-9)
    assert algorithm.directions((4, 3)) == 6
    assert algorithm.gradients.bias_squared(problem, 6) == 6 / 16
    exact = 6 * (Fraction(0.1) * Fraction(problem.L) / 2) ** 2
    assert 0 < Fraction(FiniteDifferences(0.1).bias_squared(problem, 6)) - exact < Fraction(1, 10**16)  # rounded up


def test_what_a_step_costs():
    """q + 1 or 2 q, counted by a problem that is asked. Catches a value at W for each direction, and none at all."""
    asked, W = [], np.zeros((2, 4, 3))
    counting = SimpleNamespace(value=lambda W: asked.append(W) or Q.value(W))
    for (name, q), central in product({"left": 6, "right": 8, "plain": 9, "full": 12}.items(), (False, True)):
        algorithm = STEPS[name](FiniteDifferences(0.1, central))
        step = next(algorithm.low_rank_steps(np.random.default_rng(0), W))
        asked.clear()
        algorithm.gradients.descend(counting, W, step, np.random.default_rng(0))
        assert algorithm.directions(W.shape[1:]) == q
        assert len(asked) == algorithm.gradients.evaluations(q) == (2 * q if central else q + 1)
    # Columns beyond the rows are no more directions of a projected step.
    assert RACLoRA(Haar(3, 3), 0.1).directions((3, 2)) == 6
    assert RACLoRA(Haar(2, 1), 0.1, "right").directions((3, 2)) == 3


def test_what_it_refuses():
    with pytest.raises(ValueError, match=r"h must be at least .* lest differences of f be rounding, got 1e-09"):
        Case(STEPS["left"](FiniteDifferences(1e-9)), Q)
    coin = Bernoulli(Haar(4, 1), Haar(3, 1), 0.1, gradients=FiniteDifferences(0.1))
    with pytest.raises(ValueError, match="must go into steps that show their directions, as those of RACLoRA do"):
        simulate(Case(coin, Q, steps=1), runs=2, rng=0)
    with pytest.raises(ValueError, match="h must be a finite number > 0"):
        FiniteDifferences(0.0)
    problem = LeastSquares(RNG.normal(size=(9, 4)), RNG.normal(size=(9, 3)))
    W, algorithm = np.zeros((2, 4, 3), np.float32), STEPS["left"](FiniteDifferences(0.1))
    step = next(algorithm.low_rank_steps(np.random.default_rng(0), W))
    with pytest.raises(ValueError, match="W must be in float64 for differences of f, got float32"):
        algorithm.gradients.descend(problem, W, step, np.random.default_rng(0))


def half_square(centre):
    """||W - centre||^2 / 2 from functions, of which exact expectations are runs."""
    known = {"L": 1.0, "mu": 1.0, "f_star": 0.0}
    return FromFunctions((2, 1), lambda W: np.sum((W - centre) ** 2) / 2, lambda W: W - centre, **known)


@pytest.mark.parametrize(("centre", "start", "h"), [(0, 1, 1e-12), (0, 1e6, 1e-3), (1e8, 1, 1e-3)])
def test_rounding_is_looked_at_where_the_case_starts(centre, start, h):
    """Not at zero, where f may be zero; and that of W too. T20_pl is attained here: rounding would refute it."""
    W = centre + np.array([[start], [0.75 * start]])
    with pytest.raises(ValueError, match="h must be at least"):
        Case(SGD(1.0, FiniteDifferences(h)), half_square(centre), W)
    case = Case(SGD(1.0, FiniteDifferences(1e-3)), half_square(0), np.array([[1.0], [0.75]]), steps=60)
    assert verify("T20_pl", case).status is Status.HOLDS


@pytest.mark.parametrize("W", [[[3.0], [0.5]], [[2e9], [1e6]]], ids=["f is rounded", "W is rounded"])
def test_the_least_h_is_its_formula(W):
    """One per cent to either side. Catches another number, the smallest entry, and 1/L where f is known to be flat."""
    W = np.array(W)
    centre = W - [[2.0], [1.0]] if W.max() < 9 else W
    problem = FromFunctions((2, 1), lambda V: np.sum((V - centre) ** 2), lambda V: 2 * (V - centre), L=2.0, f_star=0.0)
    G = 2 * (W - centre)
    size = np.sum((W - centre) ** 2) + np.linalg.norm(G) * np.linalg.norm(W)
    least = max(np.sqrt(16 * 2.0**-52 * size / (1e-6 * 2)), 2.0**-52 * W.max() / 1e-6)
    Case(SGD(1.0, FiniteDifferences(1.01 * least)), problem, W)
    with pytest.raises(ValueError, match="h must be at least"):
        Case(SGD(1.0, FiniteDifferences(0.99 * least)), problem, W)
    FiniteDifferences(1e-30).check_start(FromFunctions((2, 1), lambda V: 1.0, np.zeros_like, L=0.0), W)


@pytest.mark.parametrize(
    ("off", "refused", "taken"),
    [(0.0, 3e-4, 1e-3), (1.0, 1e-2, 1.0)],
    ids=["rounding of W + h U alone", "what rounding of W moves f by"],
)
def test_each_part_of_the_least_h_counts(off, refused, taken):
    """At entries of 2e6: 4.4e-4 by these alone where f and G are zero; 0.12 by |G| |W| where f and G are about one.
    Catches either part left out, and the root of the second."""
    centre = 1e6
    W = np.full((2, 1), 2 * centre)
    problem = half_square(2 * centre - off)
    with pytest.raises(ValueError, match="h must be at least"):
        Case(SGD(1.0, FiniteDifferences(refused)), problem, W)
    Case(SGD(1.0, FiniteDifferences(taken)), problem, W)
