"""The learning rate with the best exact rate, by a grid and by hand; rates of queries; forward differences by runs."""

import math
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import (
    Case,
    RACLoRA,
    exact_rate,
    expected,
    fastest_learning_rate,
    fastest_letters,
    learning_rate,
    simulate,
)
from rac_theory.algorithms.gradients import FiniteDifferences
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.runs.expectations.fastest import CURRENCIES, query_rates
from rac_theory.runs.expectations.moment_map import Unsupported
from rac_theory.sketches import Coordinate, CountSketch, FiniteSupport, Frozen, Gaussian, Haar, Rademacher, Uniform
from tests.algorithms.methods import HEAVY_BALL, LONGER
from tests.refused import refused

CURVED = Quadratic.left(np.diag([4.0, 1.0, 1.0, 0.5, 0.25]), np.ones((5, 2)))
OBLIQUE = FiniteSupport(np.random.default_rng(1).standard_normal((6, 5, 2)), [0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
CHOICES = {
    "gradient descent": (None, None),
    "gaussian": (Gaussian(5, 2), 3.0),
    "gaussian of rank one": (Gaussian(5, 1), 0.1),
    "haar": (Haar(5, 2), None),
    "haar, plain": (Haar(5, 1), 7.0),
    "coordinate": (Coordinate(5, 2), None),
    "count sketch, plain": (CountSketch(5, 1), 2.0),
    "oblique": (OBLIQUE, None),
    "oblique, plain": (OBLIQUE, 2.0),
}


def both(sketch, lora_alpha):
    """What is guaranteed, and what is found."""
    return (find(CURVED, sketch, lora_alpha=lora_alpha) for find in (learning_rate, fastest_learning_rate))


def rate(problem, sketch, lora_alpha, eta, side="left"):
    return exact_rate(Case(RACLoRA(sketch, eta, side, lora_alpha=lora_alpha), problem))


@pytest.mark.long
@pytest.mark.parametrize(("sketch", "lora_alpha"), CHOICES.values(), ids=CHOICES)
def test_it_is_that_of_a_grid_search_to_a_hundredth(sketch, lora_alpha):
    """Over exact rates, by steps of one in a hundred from a fifth of what is guaranteed to beyond what converges.
    Catches a search that stops at the guarantee, in a part of the range, and tau for eta. The rates on the grid are
    convex, as it is derived, and cross one at ``longest``."""
    guaranteed, found = both(sketch, lora_alpha)
    etas = guaranteed.best / 5 * 1.01 ** np.arange(330)
    rates = np.array([rate(CURVED, sketch, lora_alpha, eta) for eta in etas])
    assert found.best == pytest.approx(etas[rates.argmin()], rel=0.0101)
    assert rates.min() * (1 - 1e-3) <= found.rate <= rates.min() * (1 + 1e-12)
    assert found.rate == rate(CURVED, sketch, lora_alpha, found.best)
    slopes = np.diff(rates) / np.diff(etas)
    assert (np.diff(slopes) >= -1e-9 * np.abs(slopes).max()).all()
    assert etas[-1] > found.longest
    assert found.longest == pytest.approx(etas[rates < 1][-1], rel=0.0101)


@pytest.mark.parametrize(("sketch", "lora_alpha"), CHOICES.values(), ids=CHOICES)
def test_what_is_guaranteed_is_no_better(sketch, lora_alpha):
    """1 - mu nu is at least the exact rate at the same learning rate, and that one at least the best exact rate. And
    what is longest by the guarantee still converges. Catches a gain or an end that is too large."""
    known, found = both(sketch, lora_alpha)
    at_best = rate(CURVED, sketch, lora_alpha, known.best)
    assert found.rate <= at_best * (1 + 1e-9) <= (1 - CURVED.mu * known.nu) * (1 + 1e-9)
    assert known.longest <= found.longest * (1 + 1e-4)


@pytest.mark.parametrize("unit", [1.0, 1e6])
def test_of_gradient_descent_it_is_the_textbook_one(unit):
    """2/(L + mu), ((L - mu)/(L + mu))^2 and 2/L, where 1/L is promised, in any unit: catches a tolerance in one."""
    found = fastest_learning_rate(Quadratic.left(unit * CURVED.S, CURVED.W_star), None)
    assert found.best * unit == pytest.approx(2 / 4.25, rel=1e-5)
    assert found.rate == pytest.approx((3.75 / 4.25) ** 2, rel=1e-5)
    assert found.longest * unit == pytest.approx(0.5, rel=1e-5)


def test_where_all_curvatures_are_equal_the_guarantee_is_exact():
    """Gaussian entries and Q = L I: eta = r^2 / (a^2 L (d + r + 1)), rate 1 - r / (d + r + 1), on either side."""
    problem = Quadratic.left(3.0 * np.eye(4), np.ones((4, 6)))
    for side, d in (("left", 4), ("right", 6)):
        found = fastest_learning_rate(problem, Gaussian(d, 2), lora_alpha=5.0, side=side)
        assert found.best == pytest.approx(4 / (25 * 3 * (d + 3)), rel=1e-5)
        assert found.rate == pytest.approx(1 - 2 / (d + 3), rel=1e-9)


def test_what_does_not_converge_has_none():
    frozen = fastest_learning_rate(CURVED, Frozen(np.ones((5, 1))))
    assert math.isnan(frozen.best)
    assert math.isnan(frozen.longest)
    assert frozen.rate == 1
    with pytest.raises(Unsupported, match="the sketch must have invariants"):
        fastest_learning_rate(CURVED, Uniform(5, 2))


def test_letters_are_searched_together():
    """Heavy ball with H = I has its classical optimum; one letter alone is the search for a learning rate."""
    problem = Quadratic.left(np.diag([1.0, 0.04, 0.5]), np.ones((3, 1)))
    found = fastest_letters(Case(HEAVY_BALL(None, gamma=1.0, beta=0.5), problem), "gamma", "beta")
    assert found.rate == pytest.approx((4 / 6) ** 2, rel=1e-5)
    assert found.letters["beta"] == pytest.approx((4 / 6) ** 2, rel=1e-5)
    assert exact_rate(found.case) == found.rate
    sketch = Haar(3, 1)
    best = fastest_learning_rate(problem, sketch)
    for algorithm, times in ((LONGER(sketch, gamma=0.3), 2), (RACLoRA(sketch, 0.3), 1)):
        alone = fastest_letters(Case(algorithm, problem), "gamma", starts=1)
        assert alone.rate == pytest.approx(best.rate, rel=1e-9)
        assert times * alone.letters["gamma"] == pytest.approx(best.best, rel=1e-3)


def test_a_letter_that_cannot_be_searched_is_refused():
    case = Case(HEAVY_BALL(None, gamma=1.0, beta=0.0), Quadratic.left(np.eye(2), np.ones((2, 1))))
    with pytest.raises(ValueError, match="names must be one of beta, gamma, got 'alpha'"):
        fastest_letters(case, "alpha")
    with pytest.raises(ValueError, match="beta must be a finite number > 0, got 0"):
        fastest_letters(case, "beta")


S, R = np.array([[2, 0.3], [0.3, 1]]), np.array([[1, 0.3, 0], [0.3, 0.5, 0.2], [0, 0.2, 1.2]])
RNG = np.random.default_rng(21)
PROBLEMS = {
    "left": Quadratic.left(S, np.ones((2, 3))),
    "kronecker": Quadratic.kronecker(S, R, np.ones((2, 3))),
    "full": Quadratic.full(np.diag([1, 2, 0.5, 1.5, 1, 0.7]) + 0.2, np.ones((2, 3))),
    "least squares": LeastSquares(RNG.normal(size=(9, 2)), RNG.normal(size=(9, 3))),
}
SKETCHES = {
    "coordinate": lambda g: RACLoRA(Coordinate(2, 1), 0.3, gradients=g),
    "count": lambda g: RACLoRA(CountSketch(2, 1), 0.3, gradients=g),
    "right": lambda g: RACLoRA(Rademacher(3, 1), 0.3, "right", gradients=g),
    "plain": lambda g: RACLoRA(Rademacher(2, 2), 0.2, gradients=g, lora_alpha=1.0),
}


@pytest.mark.parametrize(
    ("sketch", "problem"),
    [
        *(("coordinate", "left"), ("count", "least squares"), ("right", "kronecker"), ("plain", "full")),
        *(("right", "full"), ("plain", "kronecker")),
    ],
)
def test_forward_differences_have_the_expectation_of_runs(problem, sketch):
    """4096 runs of 8 steps, within 4.5 standard errors: a false alarm has probability 7e-6 in each of 6. A bias that is
    left out is off by 10 to 40 of them. Catches h for h/2, a basis of the other side that is not turned."""
    case = Case(SKETCHES[sketch](FiniteDifferences(0.3)), PROBLEMS[problem], steps=8)
    exact, seen = expected(case), simulate(case, runs=4096, rng=0).gaps[:, 8]
    assert exact.how == "recursion"
    assert abs(seen.mean() - exact.gap[8]) < 4.5 * seen.std() / 64
    without = expected(Case(SKETCHES[sketch](FiniteDifferences(0.3, central=True)), PROBLEMS[problem], steps=8))
    assert abs(without.gap[8] / exact.gap[8] - 1) > 1e-3


def test_the_floor_of_forward_differences_is_that_of_t20():
    """x^2/2 at 1/L: h^2/8 from the first step on, the floor of T20_pl. Catches h^2/2 and h^2/4."""
    problem = Quadratic.left([[1.0]], [[1.0]])
    found = expected(Case(RACLoRA(Coordinate(1, 1), 1.0, gradients=FiniteDifferences(0.4)), problem, steps=3))
    np.testing.assert_allclose(found.gap[1:], 0.4**2 / 8)


def test_rates_of_queries_have_closed_forms_where_nothing_is_steep():
    """1 - q/d aligned, 1 - q/(q + d + 1) on average, whichever step is taken. Catches an alpha or step of another q."""
    problem = Quadratic.left(2 * np.eye(5), np.ones((5, 1)))
    for best in (False, True):
        aligned = query_rates(problem, (1, 2, 4), best=best)
        averaged = query_rates(problem, (1, 2, 4), aligned=False, best=best)
        np.testing.assert_allclose([one.rate for one in aligned], [1 - q / 5 for q in (1, 2, 4)], atol=1e-8)
        np.testing.assert_allclose([one.rate for one in averaged], [1 - q / (q + 6) for q in (1, 2, 4)], atol=1e-8)
        assert [one.evaluations for one in aligned] == [2, 3, 5]


@pytest.mark.parametrize("d", [3, 6])
def test_in_the_limit_of_flat_directions_speeds_are_those_of_the_longest_steps(d):
    """A query is worth (d + 2)/(q + 2) of one of the full subspace: the longest step is 2 (d + 2)/(q + 2) over L."""
    problem = Quadratic.left(np.diag([1.0] + [1e-4] * (d - 1)), np.ones((d, 1)))
    found = query_rates(problem, (1, 2, d), currency="derivatives")
    for one in found:
        assert one.step == pytest.approx(2 * (d + 2) / (one.queries + 2), rel=0.02)
        assert one.speed / found[-1].speed == pytest.approx((d + 2) / (one.queries + 2), rel=0.02)


def test_currencies():
    """And what has no rate of queries, or no list of draws, and so no expectation."""
    assert [[cost(q) for cost in CURRENCIES.values()] for q in (1, 3)] == [[1, 2, 2], [3, 4, 6]]
    column = Quadratic.left(S, np.ones((2, 1)))
    unlisted = RACLoRA(Haar(2, 1), 0.3, gradients=FiniteDifferences(0.3))
    refused(
        (lambda: query_rates(PROBLEMS["left"], (1,)), "problem must be over a column"),
        (lambda: query_rates(column, (1,), currency="euro"), "currency must be one of"),
        (lambda: query_rates(column, (3,)), r"queries must be in 1..d=2, got 3"),
    )
    refused((lambda: expected(Case(unlisted, PROBLEMS["left"], steps=2)), "listed support"), error=Unsupported)


def test_aligned_queries_are_rac_lora():
    """And the last speed is infinite where a step arrives."""
    problem = Quadratic.left(S, np.ones((2, 1)))
    (one,) = query_rates(problem, (1,), best=False)
    assert one.rate == exact_rate(Case(RACLoRA(Haar(2, 1), 1 / problem.L), problem))
    assert Fraction(1, 2) < one.rate < 1
    (all_of_them,) = query_rates(Quadratic.left(np.eye(2), np.ones((2, 1))), (2,), best=False)
    assert (all_of_them.rate, all_of_them.speed) == (0, np.inf)
