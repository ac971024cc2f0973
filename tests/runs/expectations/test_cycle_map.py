"""Expectations of blocks that take turns: against all orders one by one, in fractions, and against runs."""

from fractions import Fraction
from functools import reduce
from itertools import pairwise, permutations

import numpy as np
import pytest

from rac_theory import Case, CyclicRACLoRA, RACLoRA, Unsupported, exact_rate, expected
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.runs.expectations.expectation import by_moments
from rac_theory.sketches import BlockPartition, Coordinate

RNG = np.random.default_rng(3)
FACTOR = RNG.standard_normal((4, 4))
PROBLEMS = [
    Quadratic.left(FACTOR @ FACTOR.T, RNG.standard_normal((4, 2))),
    Quadratic.left(FACTOR[:, :3] @ FACTOR[:, :3].T, RNG.standard_normal((4, 2))),  # with a flat direction
    Quadratic.full(np.diag(np.arange(1.0, 9)) + 0.5, RNG.standard_normal((4, 2))),
    Quadratic.kronecker(FACTOR @ FACTOR.T, np.array([[2.0, 0.5], [0.5, 1.0]]), RNG.standard_normal((4, 2))),
    LeastSquares(RNG.standard_normal((9, 4)), RNG.standard_normal((9, 2)), l2=0.1),
]


def hessian(problem):
    """Of 8 numbers, row by row, from gradients."""
    units = np.eye(8).reshape(8, 4, 2)
    return (problem.gradient(units) - problem.gradient(0 * units)).reshape(8, 8)


def blocks_of(sketch, side):
    size = -(-sketch.dim // sketch.rank)
    for i in range(size):
        inside = np.diag((np.arange(sketch.dim) // sketch.rank == i) * 1.0)
        yield np.kron(inside, np.eye(2)) if side == "left" else np.kron(np.eye(4), inside)


def cycles(problem, algorithm):
    """I - gamma H Q for each order, multiplied out."""
    Q = hessian(problem)
    turns = [np.eye(8) - algorithm.gamma * H @ Q for H in blocks_of(algorithm.sketch, algorithm.side)]
    orders = list(permutations(turns)) if algorithm.order == "shuffled" else [turns]
    return Q, [reduce(np.matmul, order[::-1]) for order in orders]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: repr(problem)[:24])
@pytest.mark.parametrize("order", ["shuffled", "cyclic"])
@pytest.mark.parametrize(("sketch", "side"), [(Coordinate(4, 1), "left"), (BlockPartition(2, 1), "right")])
def test_against_all_orders(problem, order, sketch, side):
    """24 orders, and the matrix of M -> E[P M P'] as a whole. Catches an order that is left out or counted twice."""
    algorithm = CyclicRACLoRA(sketch, 0.6 / problem.L, side, order)
    case = Case(algorithm, problem, steps=3)
    Q, every = cycles(problem, algorithm)
    W_star = np.linalg.lstsq(Q, -problem.gradient(np.zeros((1, 4, 2))).ravel(), rcond=None)[0]
    v = -W_star
    C, gaps = np.outer(v, v), []
    for _ in range(4):
        gaps.append(np.trace(Q @ C) / 2)
        C = sum(P @ C @ P.T for P in every) / len(every)
    np.testing.assert_allclose([expected(case).gap, by_moments(case).gap], [gaps] * 2, rtol=1e-9)  # of one run, too
    factors = np.abs(np.linalg.eigvals(sum(np.kron(P, P) for P in every) / len(every)))
    if not problem.mu > 0:
        with pytest.raises(Unsupported, match="the rank of the Hessian must be known"):
            exact_rate(case)
    else:
        assert exact_rate(case) == pytest.approx(factors.max(), rel=1e-9)


@pytest.mark.parametrize("order", ["shuffled", "cyclic"])
def test_in_fractions(order):
    """The same curves from the data alone, without an eigenvalue."""
    case = Case(CyclicRACLoRA(Coordinate(4, 1), 0.125, order=order), PROBLEMS[0], steps=3)
    exact = expected(case, exact=True)
    assert all(isinstance(gap, Fraction) for gap in exact.gap)
    for name in ("gap", "squared_gradient", "squared_distance"):
        np.testing.assert_allclose(getattr(expected(case), name), getattr(exact, name).astype(float), rtol=1e-10)


def test_two_turns_by_hand():
    """x^2/2 + y^2/2 + x y c at step 1: the second turn leaves y = -c x, so that each cycle is a factor c^4."""
    c = Fraction(1, 2)
    problem = Quadratic.left([[1.0, 0.5], [0.5, 1.0]], np.zeros((2, 1)))
    case = Case(CyclicRACLoRA(Coordinate(2, 1), 1.0, order="cyclic"), problem, np.array([[0.0], [1.0]]), steps=3)
    gaps = expected(case, exact=True).gap
    assert [after / before for before, after in pairwise(gaps[1:])] == [c**4, c**4]
    for scale in (1e-4, 1.0, 1e4):  # which decides about no direction
        scaled = Quadratic.left(scale * problem.S, np.zeros((2, 1)))
        rate = exact_rate(Case(CyclicRACLoRA(Coordinate(2, 1), 1 / scale, order="cyclic"), scaled))
        assert rate == pytest.approx(float(c**4), rel=1e-12)


def test_a_fixed_order_can_be_slower_than_fresh_draws_and_what_is_promised_of_them():
    """Ten coordinates at 1/L_H: 0.956 a cycle, where T13 promises fresh draws 0.9^(1/10) a step."""
    problem = Quadratic.left(0.1 * np.eye(10) + 0.9, np.ones((10, 1)))
    fresh = exact_rate(Case(RACLoRA(Coordinate(10, 1), 1.0), problem)) ** 10
    cyclic = exact_rate(Case(CyclicRACLoRA(Coordinate(10, 1), 1.0, order="cyclic"), problem))
    assert fresh < (1 - 0.1 / 10) ** 10 < cyclic
    small = Quadratic.left(0.1 * np.eye(3) + 0.9, np.ones((3, 1)))
    fresh = exact_rate(Case(RACLoRA(Coordinate(3, 1), 1.0), small)) ** 3
    assert exact_rate(Case(CyclicRACLoRA(Coordinate(3, 1), 1.0, order="cyclic"), small)) < fresh


def test_too_many_orders():
    problem = Quadratic.left(np.eye(24), np.ones((24, 1)))
    with pytest.raises(Unsupported, match="the second moments of all sets of blocks must be at most"):
        expected(Case(CyclicRACLoRA(Coordinate(24, 1), 0.1), problem, steps=2))
