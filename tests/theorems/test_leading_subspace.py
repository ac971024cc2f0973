"""T17: GaLore with exact gradients, against runs in fractions, and each assumption broken in turn."""

import math
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, Constants, GaLore, Local, Status, simulate, theorems, verify
from rac_theory.problems import FromFunctions, LeastSquares, Quadratic
from tests.as_one_test import as_one_test

HALF = Fraction(1, 2)
EVEN = Quadratic.left(2 * np.eye(4), np.eye(4))


def shrunk(count, rank, x, steps):
    """The diagonal of W - W* in fractions, from ``count`` ones: the largest r are multiplied by x = 1 - gamma L."""
    entries = [Fraction(1)] * count
    for _ in range(steps + 1):
        yield sum((e * e for e in entries), Fraction(0))
        entries.sort(key=abs, reverse=True)
        entries = [x * e for e in entries[:rank]] + entries[rank:]


@pytest.mark.parametrize(("rank", "x"), [(1, Fraction(0)), (1, HALF), (2, Fraction(-3, 4)), (4, HALF)])
def test_runs_are_those_in_fractions_and_below_the_bounds(rank, x):
    """Catches a subspace of the least singular vectors, one that is not found anew, and a share of 2r/d."""
    steps = 12
    exact = list(shrunk(4, rank, x, steps))
    case = Case(GaLore(rank, float(1 - x) / 2), EVEN, steps=steps)
    told = {id: verify(id, case) for id in ("T17", "T17_pl")}
    np.testing.assert_allclose(told["T17_pl"].mean, [float(e) for e in exact], rtol=1e-12, atol=1e-14)
    share, e = Fraction(rank, 4), 1 - x * x
    for T in range(1, steps + 1):
        assert exact[T] <= (1 - e * share) ** T * 4
        mean = 4 * sum(exact[:T]) / T
        assert mean <= 2 * 2 * 4 / (share * e * T)
        assert told["T17"].mean[T] == pytest.approx(float(mean))
        assert told["T17"].bound[T] == pytest.approx(float(16 / (share * e * T)))
    assert exact[1] == (1 - e * share) * 4  # T17_pl is an equality at T = 1
    assert all(verdict.status is Status.HOLDS and verdict.evidence == "exact" for verdict in told.values())
    assert theorems.T17_pl.tightest.ratio == 1


@as_one_test(("count", "rank", "x"), [(2, 1, Fraction(0)), (4, 1, Fraction(1, 10)), (4, 2, HALF), (3, 3, HALF)])
def test_in_the_long_run_it_is_as_near_as_is_said(count, rank, x):
    """1 - (1 - delta) e / 2 of the bound, exactly: by whole sweeps, whose sums are a geometric series."""
    k, e = count // rank, 1 - x * x
    squares = list(shrunk(count, rank, x, k))
    assert squares[k] == x * x * squares[0]
    total = sum(squares[:k], Fraction(0)) / e
    bound = Fraction(count) * k / e  # 2 gap0 / (delta gamma (2 - gamma L)), with L = 1
    assert total / bound == 1 - (1 - Fraction(1, k)) * e / 2


@pytest.mark.parametrize(("K", "shape"), [(1, (3, 3)), (2, (3, 5)), (7, (5, 3))])
def test_a_period_of_any_length_gains_what_one_step_does(K, shape):
    """At 1/L on a multiple of the identity the gap of a period is 1 - r/min(m, n), and no less. Catches r/max(m, n), a
    subspace that is found in each step, and one on the longer side, which is another from the second step on."""
    problem = Quadratic.left(2 * np.eye(shape[0]), np.eye(*shape))
    case = Case(GaLore(1, 0.5, Local(K)), problem, steps=2)
    np.testing.assert_allclose(simulate(case).gaps[0], [3, 2, 1], rtol=1e-12)
    assert Constants.of(case).leading_share == pytest.approx(1 / 3)
    assert verify("T17_pl", case).status is Status.HOLDS


def test_the_side_is_the_shorter_one():
    """Of 2 x 3 with rank one: after the first step in a subspace the gradient turns, and the others stay in the span of
    a column. Catches rows there, and a subspace that is found in each step."""
    rng = np.random.default_rng(0)
    for shape in ((2, 3), (3, 2)):
        problem = LeastSquares(rng.standard_normal((9, shape[0])), rng.standard_normal((9, shape[1])))
        ran = simulate(Case(GaLore(1, 0.3 / problem.L, Local(6)), problem, steps=1), record=["W"])
        move = ran.iterates[0, 1] - ran.iterates[0, 0]
        G = problem.gradient(ran.iterates[0, :1])[0]
        U, _, V = np.linalg.svd(G)
        left = move - U[:, :1] @ U[:, :1].T @ move if shape[0] < shape[1] else move - move @ V[:1].T @ V[:1]
        assert np.linalg.norm(left) < 1e-12 * np.linalg.norm(move)
        assert np.linalg.matrix_rank(move, tol=1e-10) == 1


def test_a_gradient_that_has_diverged_has_no_leading_part():
    """Runs whose steps are too long end in nan, without a warning."""
    cubic = FromFunctions((2, 2), lambda W: (W**4).sum((-2, -1)), lambda W: 4 * W**3, L=1.0, f_star=0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        ran = simulate(Case(GaLore(1, 1.0, Local(2)), cubic, 100 * np.eye(2), steps=8))
    assert not np.isfinite(ran.values[0, -1])


def test_the_share_is_rounded_down():
    """Catches a third of floats where it is more than a third: 1/49 is, and 5/49."""
    problem = Quadratic.left(np.eye(49), np.ones((49, 49)))
    for rank in (1, 3, 5):
        kept = Constants.of(Case(GaLore(rank, 1.0), problem)).leading_share
        assert Fraction(kept) <= Fraction(rank, 49) < Fraction(math.nextafter(kept, 1.0))
