"""Exact expectations of forward differences against sampling, and rates an evaluation against closed forms."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, FiniteDifferences, RACLoRA, exact_rate, expected, simulate
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.runs.expectations.fastest import CURRENCIES, query_rates
from rac_theory.runs.expectations.moment_map import Unsupported
from rac_theory.sketches import Coordinate, CountSketch, Haar, Rademacher
from tests.refused import refused

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
