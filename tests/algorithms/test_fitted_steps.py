"""StepPerDraw and InverseOnRange: each step against its formula on all entries, and what no step may do."""

from itertools import islice, product
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import Case, Constants, Status, exact_rate, expected, simulate, verify
from rac_theory.algorithms import InverseOnRange, StepPerDraw
from rac_theory.algorithms.fitted_steps import SeenCurvature
from rac_theory.problems import LeastSquares, LogisticRegression, Quadratic, SoftmaxRegression
from rac_theory.problems.smoothness import Smoothness
from rac_theory.runs.expectations.moment_map import Unsupported
from rac_theory.sketches import Coordinate, CountSketch, Gaussian, Haar, Rademacher
from rac_theory.testing import check_algorithm
from tests.as_one_test import as_one_test
from tests.refused import refused

RNG = np.random.default_rng(0)
KINDS = (StepPerDraw, InverseOnRange)
S, R = np.cov(RNG.standard_normal((4, 9))), np.cov(RNG.standard_normal((3, 8)))
PROBLEMS = {
    "rows": Quadratic.left(S, RNG.standard_normal((4, 3))),
    "rows and columns": Quadratic.kronecker(S, R, RNG.standard_normal((4, 3))),
    "all entries": Quadratic.full(np.cov(RNG.standard_normal((12, 20))), RNG.standard_normal((4, 3))),
    "least squares": LeastSquares(RNG.standard_normal((9, 4)), RNG.standard_normal((9, 3)), l2=0.1),
    "softmax": SoftmaxRegression(RNG.standard_normal((12, 4)), np.arange(12) % 3, l2=0.1),
}


def multiplier(kind, Q, U, shape, side):
    """M on all entries, by its definition: no blocks, no common basis."""
    m, n = shape
    H = U @ U.T
    H = np.kron(H, np.eye(n)) if side == "left" else np.kron(np.eye(m), H)
    if kind is InverseOnRange:
        return np.linalg.pinv(H @ Q @ H, rcond=1e-10)
    return H / np.linalg.eigvalsh(H @ Q @ H)[-1]


@as_one_test(("name", "kind", "side", "rank"), product(PROBLEMS, KINDS, ("left", "right"), (1, 2)))
def test_a_step_is_its_formula_on_all_entries(name, kind, side, rank):
    """Would catch a side, a basis of the other side that is not turned back, an eigenvalue that is not the largest."""
    problem = PROBLEMS[name]
    algorithm = kind(Haar(problem.shape[0 if side == "left" else 1], rank), 0.7, side)
    W = np.random.default_rng(1).standard_normal((3, *problem.shape))
    moves = W - next(algorithm.iterates(problem, W, np.random.default_rng(2)))
    Q = problem.smoothness.dense
    for move, G in zip(moves, problem.gradient(W), strict=True):
        # The range that was drawn is seen in the step, of as many columns or more.
        U = np.linalg.svd(move if side == "left" else move.T)[0][:, :rank]
        expected = 0.7 * multiplier(kind, Q, U, problem.shape, side) @ G.ravel()
        np.testing.assert_allclose(move.ravel(), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.long
@as_one_test(("name", "kind"), product(PROBLEMS, KINDS))
def test_no_draw_goes_uphill(name, kind):
    """Up to gamma = 2, from anywhere; and a tenth beyond it some do on a quadratic under a sketch of all of it."""
    problem = PROBLEMS[name]
    for gamma in (1.0, 1.99):
        algorithm = kind(Rademacher(4, 2), gamma)
        gaps = simulate(Case(algorithm, problem, 3 * np.ones(problem.shape), steps=20), runs=50, rng=3).values
        assert (np.diff(gaps, axis=1) <= 1e-12 * gaps[:, :1]).all()
    if isinstance(problem, Quadratic):
        gaps = simulate(Case(kind(Haar(4, 4), 2.2), problem, 3 * np.ones(problem.shape), steps=40), rng=3).gaps
        assert gaps[0, -1] > gaps[0, 0]


QUADRATICS = ("rows", "rows and columns", "all entries", "least squares")


@as_one_test(("name", "kind", "side"), product(QUADRATICS, KINDS, ("left", "right")))
def test_expectations_are_means_over_the_support(name, kind, side):
    """Two steps, every draw of both: (k^2) runs. Would catch E[M] in both places, and a factor that is lost."""
    problem = PROBLEMS[name]
    sketch = Coordinate(problem.shape[0 if side == "left" else 1], 2)
    if name == "all entries" and kind is InverseOnRange:
        sketch = CountSketch(sketch.dim, 2)
    case = Case(kind(sketch, 1.2, side), problem, steps=2)
    B, p = sketch.support()
    Q, shape = problem.smoothness.dense, problem.shape
    steps = [multiplier(kind, Q, np.linalg.svd(b)[0][:, : np.linalg.matrix_rank(b)], shape, side) for b in B]
    W, weights = case.start[None], np.ones(1)
    means = [float(weights @ (problem.value(W) - problem.f_star))]
    for _ in range(2):
        w, g = (X.reshape(len(W), -1) for X in (W, problem.gradient(W)))
        W = np.concatenate([(w - 1.2 * g @ M).reshape(-1, *shape) for M in steps])
        weights = np.concatenate([weights * chance for chance in p.astype(float)])
        means.append(float(weights @ (problem.value(W) - problem.f_star)))
    np.testing.assert_allclose(expected(case).gap, means, rtol=1e-8)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "side"), [("rows", "left"), ("least squares", "left")])
def test_expectations_along_uniform_lines(kind, name, side):
    """Against 40,000 runs, at every step (alpha = 1e-5 each); and in the plane the rate, from moments by the angle.
    Would catch 1 for the 3 of a fourth power, a gamma for its square, and a gain that is more than is gained."""
    problem = PROBLEMS[name]
    for gamma in (1.0, 1.6):
        case = Case(kind(Haar(4, 1), gamma, side), problem, steps=4)
        gaps, exact = simulate(case, runs=40_000, rng=5).gaps, expected(case)
        assert (np.abs(gaps.mean(axis=0) - exact.gap) <= 4.4 * gaps.std(axis=0) / 200 + 1e-12).all()
        assert exact_rate(case) <= 1 - problem.mu * Constants.of(case).nu + 1e-9
    angles = (np.arange(200_000) + 0.5) * np.pi / 200_000
    u, s = np.stack([np.cos(angles), np.sin(angles)]), np.array([3.0, 1.0])
    seen = s @ u**2
    A = np.eye(2) - 2 * np.diag((s[:, None] * u**2 / seen).mean(axis=1))
    A += (s[:, None] * s) * np.array([[(u[i] ** 2 * u[k] ** 2 / seen**2).mean() for k in (0, 1)] for i in (0, 1)])
    even = Case(kind(Haar(3, 1)), Quadratic.left(2 * np.eye(3), np.ones((3, 2))), steps=2)
    np.testing.assert_allclose(expected(even).gap, 6 * (2 / 3) ** np.arange(3), rtol=1e-9)
    plane = Quadratic.left(np.diag(s), np.ones((2, 3)))
    assert exact_rate(Case(kind(Gaussian(2, 1)), plane)) == pytest.approx(np.linalg.eigvalsh(A)[-1], rel=1e-9)


def test_where_only_L_is_known_lines_have_no_expectation():
    """Where only L is known steps are those of L I, and not of the Hessian. Would catch a curve that is no expectation
    of these runs; and what has none says why."""

    class Coarse(Quadratic):
        smoothness = property(lambda self: Smoothness.isotropic(self.L, self.shape))

    coarse = Coarse.left(np.diag([3.0, 1.0]), np.ones((2, 1)))
    case = Case(StepPerDraw(Coordinate(2, 1)), coarse, steps=1)
    assert expected(case).gap[1] == pytest.approx((0.5 * 0 + 0.5 * 1.5) + (0.5 * 0.5 + 0.5 * 0.5 * (2 / 3) ** 2))
    for algorithm, problem, words in (
        (StepPerDraw(Haar(2, 1)), coarse, "on a problem whose Q is its Hessian"),
        (StepPerDraw(Haar(4, 2)), PROBLEMS["rows"], r"a listed support at dim <= 32, or .* got Haar\(dim=4, rank=2\)"),
    ):
        with pytest.raises(Unsupported, match=words):
            expected(Case(algorithm, problem, steps=2))


def test_columns_without_curvature_are_left_alone():
    """A feature that is never there has no gradient: nothing is divided by zero, and its weight stays where it is."""
    X = np.array([[1.0, 0.0, 2.0], [0.5, 0.0, -1.0]])
    problem = LeastSquares(X, [1.0, -1.0])
    W0 = np.array([[1.0], [5.0], [-1.0]])
    for kind, sketch in product(KINDS, (Coordinate(3, 1), Haar(3, 2))):
        run = simulate(Case(kind(sketch), problem, W0, steps=60), runs=4, rng=0)
        assert np.isfinite(run.values).all()
        assert run.gaps[:, -1].max() < 0.1 * run.gaps[0, 0]
    last = list(islice(StepPerDraw(Coordinate(3, 1)).iterates(problem, W0[None], np.random.default_rng(0)), 30))[-1]
    assert last[0, 1, 0] == 5.0


def test_sums_without_a_common_basis_are_taken_by_what_is_above_them():
    """Q <= (sum lambda_max(R) S) (x) I, in the order of operators. Would catch the trace, or the first term alone."""
    rng = np.random.default_rng(5)
    terms = [tuple(np.cov(rng.standard_normal((d, 7))) for d in (4, 3)) for _ in range(2)]
    Q = Smoothness(terms)
    above = SeenCurvature.of(Q, "left")
    assert (above.V, above.D.shape, above.floor) == (None, (1, 1), 2.0**-40 * Q.largest)
    over = np.kron(above.S[0] + above.floor * np.eye(4), np.eye(3)) - Q.dense
    assert np.linalg.eigvalsh(over)[0] >= 0
    assert np.linalg.eigvalsh(above.S[0])[-1] <= sum(np.linalg.norm(A, 2) * np.linalg.norm(B, 2) for A, B in terms)


def test_what_a_draw_sees_is_symmetric_and_has_the_floor():
    """U' S_j U + floor, against products one by one; the highest is at least every one. Catches the lowest."""
    above = SeenCurvature.of(PROBLEMS["rows and columns"].smoothness, "left", floor=0.5)
    U = np.linalg.qr(np.random.default_rng(6).standard_normal((2, 4, 3)))[0]
    assert above.floor == pytest.approx(0.5 * np.linalg.norm(S, 2) * np.linalg.norm(R, 2), rel=1e-9)
    found, values = above.seen(U), np.diag(above.V.T @ R @ above.V)
    for run, j in product(range(2), range(3)):
        by_hand = U[run].T @ (values[j] * S) @ U[run] + above.floor * np.eye(3)
        np.testing.assert_allclose(found[run, j], by_hand, rtol=1e-9)
    np.testing.assert_array_equal(found, np.swapaxes(found, 2, 3))
    highest = above.highest
    assert (highest.D.shape, highest.floor) == ((1, 1), above.floor)
    np.testing.assert_allclose(highest.S[0], values.max() * S, rtol=1e-9)


@pytest.mark.parametrize("first", [[1.0, 2.0, 3.0], [2e9, 2e9, 1e9]])
def test_a_common_basis_is_not_missed(first):
    """Where two of one size add up to the identity, and where equal eigenvalues of a large one hide a small one's."""
    turn = np.linalg.qr(np.random.default_rng(7).standard_normal((3, 3)))[0]
    terms = [(np.eye(4), turn * values @ turn.T) for values in (first, [3.0, 2.0, 1.0])]
    assert SeenCurvature.of(Smoothness(terms), "left").V is not None


@pytest.mark.parametrize(("off", "commute"), [(0.9e-10, True), (1.1e-10, False)])
def test_what_a_common_basis_leaves_off_the_diagonal_is_added(off, commute):
    """Up to 1e-10 of R it is rounding. Catches twice that, and a floor that is lower for what is left off."""
    second = np.diag([3.0, 3.0, 1.0]) + 19**0.5 * off / 2**0.5 * (np.eye(3)[[1, 0, 2]] - np.diag([0, 0, 1.0]))
    terms = [(np.eye(4), np.diag([1.0, 2.0, 4.0])), (np.diag([1.0, 2, 3, 4]), second)]
    Q = Smoothness(terms)
    above = SeenCurvature.of(Q, "left")
    assert (above.V is not None) == commute
    if commute:
        turned = [(np.linalg.norm(A), above.V.T @ B @ above.V) for A, B in terms]
        left = sum(size * np.linalg.norm(T - np.diag(np.diag(T))) for size, T in turned)
        assert left > 1e-10
        assert above.floor == pytest.approx(2.0**-40 * Q.largest + left, rel=1e-4)


def test_runs_confirm_them_though_no_expectation_is_known():
    """T12, as no draw goes uphill: 1,000 runs of logistic regression under Gaussian sketches of rank one."""
    problem = LogisticRegression(RNG.standard_normal((20, 4)), RNG.integers(0, 2, 20), l2=1.0)
    for kind in KINDS:
        case = Case(kind(Gaussian(4, 1)), problem, np.full(problem.shape, 4.0), steps=30)
        verdict = verify("T12_nonconvex", case, runs=1000, rng=0)
        assert (verdict.status, verdict.evidence) == (Status.HOLDS, "sampled"), verdict


@pytest.mark.parametrize("kind", KINDS)
def test_they_pass_what_is_asked_of_algorithms(kind):
    check_algorithm(Case(kind(Haar(4, 2)), PROBLEMS["least squares"]))
    check_algorithm(Case(kind(Haar(3, 2), side="right"), PROBLEMS["softmax"]))


def test_what_they_refuse():
    draws = StepPerDraw(Haar(4, 1))
    refused(
        (
            lambda: draws.check(SimpleNamespace(shape=(4, 1), L=np.nan)),
            "problem must know its smoothness or its L, got L=nan",
        ),
        (lambda: draws.check(SimpleNamespace(shape=(4, 1), L=0.0)), "must be curved somewhere"),
        (lambda: InverseOnRange(Haar(3, 1)).check(PROBLEMS["rows"]), r"sketch\.dim must be m=4 for side='left'"),
        *((lambda gamma=gamma: InverseOnRange(Haar(3, 1), gamma), "gamma must be") for gamma in (0.0, -1.0, np.nan)),
    )
    draws.check(Quadratic.left(1e-9 * np.eye(4), np.ones((4, 1))))  # that is enough
    assert Constants.of(Case(StepPerDraw(Haar(4, 1), 2.5), PROBLEMS["rows"])).longest_step > 2
