"""Links of momentum, kept coordinates, and blocks that take turns: exact moments against paths, all orders and runs."""

from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import pairwise, permutations

import numpy as np
import pytest

from rac_theory import Case, CyclicRACLoRA, Local, RACLoRA, Unsupported, exact_rate, expected, fastest_letters, simulate
from rac_theory.algorithms import HEAVY_BALL, MOMENTUM, KeptCoordinates, MomentumInLinks
from rac_theory.problems import FromFunctions, LeastSquares, Quadratic
from rac_theory.runs.expectations.expectation import by_moments
from rac_theory.sketches import BlockPartition, Coordinate, FiniteSupport, Gaussian, Haar
from rac_theory.testing import check_algorithm
from tests.refused import refused, refuses

FLAT = Quadratic.left(np.eye(4), W_star=np.ones((4, 2)))
CURVED = Quadratic.left(np.array([[1.0, 0.25, 0.0], [0.25, 0.5, 0.0], [0.0, 0.0, 0.25]]), np.ones((3, 1)))


def by_all_paths(links, problem, steps):
    """E f - f* and E||W - W*||^2, over every sequence of draws of a coordinate, in fractions."""
    Q = [[Fraction(x) for x in row] for row in problem.S.tolist()]
    d, gamma, beta = len(Q), Fraction(links.gamma), Fraction(links.beta)
    law, found = [(Fraction(1), [Fraction(-1)] * d, [Fraction(0)] * d)], []
    for _ in range(steps + 1):
        losses = [(c, sum(x[i] * Q[i][j] * x[j] for i in range(d) for j in range(d)) / 2) for c, x, _ in law]
        found.append((sum(c * f for c, f in losses), sum(c * sum(e * e for e in x) for c, x, _ in law)))
        after = []
        for chance, start, kept in law:
            for i in range(d):
                x, m = list(start), list(kept) if links.carried else [Fraction(0)] * d
                for _ in range(links.inner_steps):
                    slope = sum(Q[i][j] * x[j] for j in range(d))
                    m = [beta * each + (slope if j == i else 0) for j, each in enumerate(m)]
                    x = [e - gamma * each for e, each in zip(x, m, strict=True)]
                after.append((chance / d, x, m))
        law = after
    return np.array([[float(each) for each in pair] for pair in found]).T


@pytest.mark.parametrize("carried", [True, False])
@pytest.mark.parametrize(("gamma", "beta", "K"), [(0.5, 0.5, 1), (0.25, 0.75, 3), (1.0, 0.25, 2), (0.5, 0.0, 4)])
def test_moments_of_links_are_those_of_every_path(gamma, beta, K, carried):
    """Of curvatures that differ and are turned, all sequences of five draws. Catches a momentum that is projected, and
    one that is reset at the wrong end."""
    links = MomentumInLinks(Coordinate(3, 1), gamma, beta, K, carried)
    gap, distance = by_all_paths(links, CURVED, 5)
    told = expected(Case(links, CURVED, steps=5))
    np.testing.assert_allclose(told.gap, gap, rtol=1e-11)
    np.testing.assert_allclose(told.squared_distance, distance, rtol=1e-11)
    assert not told.on_trust


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("carried", [True, False])
def test_sums_of_squares_are_those_of_a_listed_support(carried, side):
    """Equal curvatures, where sums over coordinates are followed, against all draws at once: another formula."""
    sketch = Coordinate(4 if side == "left" else 2, 1)
    listed = FiniteSupport(*sketch.support())
    almost = Quadratic.left(np.diag([1.0, 1.0, 1.0, 1.0 + 1e-9]), FLAT.W_star)
    links = MomentumInLinks(sketch, 0.125, 0.75, 3, carried, side)
    told = expected(Case(links, FLAT, steps=9))
    other = expected(Case(replace(links, sketch=listed), FLAT if side == "right" else almost, steps=9))
    np.testing.assert_allclose(told.gap, other.gap, rtol=1e-7)


@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize("problem", [FLAT, CURVED])
def test_without_momentum_links_are_local_steps(problem, K):
    """And with K = 1 they are heavy ball. Two maps that exist already."""
    dim = problem.shape[0]
    links = Case(MomentumInLinks(Coordinate(dim, 1), 0.5, 0.0, K), problem, steps=7)
    local = Case(RACLoRA(Coordinate(dim, 1), 0.5, gradients=Local(K)), problem, steps=7)
    np.testing.assert_allclose(expected(links).gap, expected(local).gap, rtol=1e-11)
    assert exact_rate(links) == pytest.approx(exact_rate(local), rel=1e-9)
    single = Case(MomentumInLinks(Coordinate(dim, 1), 0.5, 0.5, 1), problem, steps=7)
    heavy = Case(HEAVY_BALL(Coordinate(dim, 1), gamma=0.5, beta=0.5), problem, steps=7)
    np.testing.assert_allclose(expected(single).gap, expected(heavy).gap, rtol=1e-11)
    assert exact_rate(single) == pytest.approx(exact_rate(heavy), rel=1e-9)


def test_columns_of_other_curvatures_have_the_rate_of_the_slowest():
    """Each of them by itself. Catches the fastest of them, and one that is left out."""
    links = MomentumInLinks(Haar(4, 2), 0.5, 0.5, 3)
    flat = [Quadratic.left(c * np.eye(4), np.ones((4, 1))) for c in (0.25, 1.0, 0.5)]
    rates = [exact_rate(Case(links, each)) for each in flat]
    together = Quadratic.kronecker(np.eye(4), np.diag([0.25, 1.0, 0.0, 0.5]), np.ones((4, 4)))  # one of none
    assert exact_rate(Case(links, together)) == pytest.approx(rates[1], rel=1e-9)
    assert rates[1] == max(rates) > min(rates) + 0.01


def off(gaps, mean):
    """By how many standard errors the mean gap of runs is off, at most: below 4 with alpha 6e-5 a step."""
    return (np.abs(gaps.mean(axis=0) - mean)[1:] / (gaps.std(axis=0)[1:] / len(gaps) ** 0.5)).max()


@pytest.mark.parametrize("carried", [True, False])
def test_runs_of_links(carried):
    """Uniform ranges, momentum of 15/16. A reset in the other case is 50 standard errors off after two links."""
    links = MomentumInLinks(Haar(32, 2), 1 / 32, 15 / 16, 12, carried)
    problem = Quadratic.left(np.eye(32), np.full((32, 1), 32**-0.5))
    case = Case(links, problem, steps=6)
    gaps = simulate(case, runs=2000, rng=4).gaps
    assert off(gaps, expected(case).gap) < 4
    wrong = expected(replace(case, algorithm=replace(links, carried=not carried))).gap
    assert off(gaps[:, [0, 2]], wrong[[0, 2]]) > 20


@pytest.mark.parametrize(
    ("dim", "rank", "beta", "gamma", "K", "carried", "told"),
    [
        (32, 2, Fraction(15, 16), Fraction(1, 2), 12, True, 3.93e6),
        (32, 2, Fraction(15, 16), Fraction(1, 2), 12, False, 8.72e-5),
        (32, 2, Fraction(15, 16), Fraction(1, 2), 1, True, 2.40e-3),
        (64, 1, Fraction(9, 10), Fraction(9, 10), 4, True, 83.7),
        (64, 1, Fraction(9, 10), Fraction(9, 10), 4, False, 0.100),
        (64, 1, Fraction(9, 10), Fraction(9, 10), 1, True, 0.101),
    ],
)
def test_carried_momentum_diverges_where_a_redraw_at_every_step_is_safe(dim, rank, beta, gamma, K, carried, told):
    """After 160 links, from a unit start; the step is (1 - beta) gamma. Catches K that is one less, and a momentum that
    is reset where it is carried, by orders of magnitude."""
    lr = gamma * (1 - beta)
    problem = Quadratic.left(np.eye(dim), np.full((dim, 1), dim**-0.5))
    links = MomentumInLinks(Haar(dim, rank), float(lr), float(beta), K, carried)
    square = expected(Case(links, problem, np.zeros((dim, 1)), steps=160)).squared_distance[-1]
    assert square == pytest.approx(told, rel=5e-3)
    rate = exact_rate(Case(links, problem))
    assert (rate > 1) == (K > 1 and carried)
    assert square ** (1 / 160) == pytest.approx(rate, rel=0.05)


def test_a_redraw_at_every_step_is_what_the_theorem_admits():
    """Lambda = p/(1 - beta) is 1 in the first case, and gamma L = 1/2: momentum at the shifted point keeps T1."""
    problem = Quadratic.left(np.eye(32), np.full((32, 1), 32**-0.5))
    case = Case(MOMENTUM(Haar(32, 2), gamma=0.5, b=15 / 16), problem, steps=160)
    links = Case(MomentumInLinks(Haar(32, 2), 1 / 32, 15 / 16, 1), problem, steps=160)
    assert exact_rate(case) == pytest.approx(exact_rate(links), rel=1e-9)
    assert expected(case).squared_gradient.mean() <= 2 * 0.5 / (1 / 16 * 0.5 * 161)


def test_a_reset_momentum_never_leaves_f_higher():
    """Draw by draw, up to gamma L = 2 (1 - beta), in links of any length; one that is carried does, at that step."""
    for carried in (False, True):
        rises = False
        for K in (1, 2, 3, 5, 9):
            links = MomentumInLinks(Haar(3, 1), 2 * 0.25 / CURVED.L, 0.75, K, carried)
            gaps = simulate(Case(links, CURVED, steps=20), runs=200, rng=K).gaps
            rises |= bool((np.diff(gaps, axis=1) > 1e-12 * gaps[:, :-1]).any())
        assert rises == carried


def test_what_every_algorithm_promises():
    """New blocks, and as many draws whatever W is."""
    for algorithm in (
        MomentumInLinks(Haar(1, 1), 0.1, 0.5, 3, side="right"),
        KeptCoordinates(Haar(3, 2), 0.1, 0.5),
    ):
        check_algorithm(Case(algorithm, CURVED))


def test_what_links_have_no_moments_for():
    tall = Quadratic.left(np.eye(12), np.ones((12, 1)))
    bare = FromFunctions(tall.shape, tall.value, tall.gradient, L=1.0)
    cases = (
        (MomentumInLinks(Haar(3, 1), 0.1, 0.5, 2), CURVED, "the steps of a link have moments where all curvatures"),
        (KeptCoordinates(Coordinate(3, 1), 0.1, 0.5), CURVED, "momentum that keeps its coordinates has moments"),
        (MomentumInLinks(Haar(12, 1), 0.1, 0.5, 2), bare, "only quadratics with a known minimiser"),
    )
    for links, problem, words in cases:
        refuses(expected, {Case(links, problem, np.zeros(problem.shape), steps=2): words}, error=Unsupported)


def test_bad_arguments_are_refused():
    refused(
        (lambda: MomentumInLinks(Haar(3, 1), 0.0, 0.5, 2), "gamma must be"),
        (lambda: MomentumInLinks(Haar(3, 1), 0.1, 1.0, 2), "beta must be a finite number >= 0 and < 1, got 1"),
        (lambda: MomentumInLinks(Haar(3, 1), 0.1, 0.5, 0), "inner_steps must be"),
        (lambda: MomentumInLinks(Haar(3, 1), 0.1, 0.5, 2, "no"), "carried must be"),
        (lambda: MomentumInLinks(Haar(3, 1), 0.1, 0.5, 2, side="up"), "side must be one of"),
        (lambda: KeptCoordinates(Gaussian(3, 1), 0.1, 0.5), "sketch must have orthonormal columns, as Haar"),
        (lambda: KeptCoordinates(Haar(3, 1), 0.1, -0.5), "beta must be a finite number >= 0 and < 1"),
        (lambda: Case(KeptCoordinates(Haar(4, 1), 0.1, 0.5), CURVED), "sketch.dim must be m=3"),
        (lambda: Case(MomentumInLinks(Haar(4, 1), 0.1, 0.5, 2), CURVED), "sketch.dim must be m=3"),
    )


@pytest.mark.parametrize(("rank", "side"), [(1, "left"), (2, "right")])
def test_runs_of_kept_coordinates(rank, side):
    """Three curvatures, two columns, beta 3/4. A buffer that follows its basis, heavy ball, is 15 errors off."""
    W_star = np.array([[1.0, -1.0, 2.0], [0.5, 1.0, 0.0]]).T
    problem = Quadratic.left(np.diag([1.0, 0.5, 0.1]), W_star)
    if side == "right":
        problem = Quadratic.kronecker(np.eye(2), np.diag([1.0, 0.5, 0.1]), W_star.T)
    kept = KeptCoordinates(Haar(3, rank), 0.4, 0.75, side)
    case = Case(kept, problem, steps=12)
    gaps = simulate(case, runs=8000, rng=7).gaps
    assert off(gaps, expected(case).gap) < 4
    heavy = replace(case, algorithm=HEAVY_BALL(Haar(3, rank), gamma=0.4, beta=0.75, side=side))
    assert off(gaps, expected(heavy).gap) > 15


def test_without_momentum_nothing_is_kept():
    """The map of RAC-LoRA, in another form."""
    two = RACLoRA(Haar(3, 1), 0.4), KeptCoordinates(Haar(3, 1), 0.4, 0.0)
    plain, kept = (Case(each, CURVED, steps=20) for each in two)
    np.testing.assert_allclose(expected(kept).gap, expected(plain).gap, rtol=1e-11)
    assert exact_rate(kept) == pytest.approx(exact_rate(plain), rel=1e-9)
    assert expected(kept).squared_gradient[0] == pytest.approx(np.sum((CURVED.S @ np.ones(3)) ** 2))


def test_what_a_kept_buffer_costs():
    """Condition 100, geometric, 32 coordinates: at its best step momentum .9 takes 5.0 times the steps at rank 1, 2.9
    at rank 16; and any momentum that is tried takes more than none. Catches a buffer of another size."""
    problem = Quadratic.left(np.diag(np.geomspace(1, 0.01, 32)), np.ones((32, 1)))
    for rank, told in ((1, 5.0), (16, 2.9)):
        logs = []
        for beta in (0.0, 0.05, 0.3, 0.9):
            case = Case(KeptCoordinates(Haar(32, rank), 1.0, beta), problem)
            logs.append(np.log(fastest_letters(case, "gamma", starts=1).rate))
        assert logs == sorted(logs)
        assert logs[0] / logs[-1] == pytest.approx(told, abs=0.05)


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
