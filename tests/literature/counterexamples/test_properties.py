"""Properties over dimensions, ranks, spectra and starts: floors, limits, rises, fixed points, guaranteed steps."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rac_theory import Case, simulate
from rac_theory.algorithms import AsymmetricLoRA, ChainOfLoRA, Initialisation, LoRA
from rac_theory.literature.counterexamples import factor_loss, shrinking_step
from rac_theory.literature.counterexamples.factor_loss import FactorLoss, FollowedRun, Moves, hessian_action
from rac_theory.literature.counterexamples.loss_of_smoothness import lipschitz_along, slope
from rac_theory.literature.counterexamples.low_rank import C2, floor, lowest
from rac_theory.literature.counterexamples.restarts import measured_multiplier, multiplier, proved_step
from rac_theory.literature.counterexamples.stuck_subspace import frozen_limit
from rac_theory.problems import LeastSquares, LogisticRegression, Quadratic, SoftmaxRegression
from rac_theory.sketches import Frozen, Gaussian, Haar
from rac_theory.testing import check_problem
from tests.refused import refused

quick = settings(max_examples=25)
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 5)


@st.composite
def quadratics(draw, condition=20.0):
    """A strongly convex quadratic of any of the three kinds, with a random start that is not a minimiser."""
    m, n, rng = draw(sizes), draw(sizes), np.random.default_rng(draw(seeds))

    def positive(d):
        Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
        return Q @ np.diag(rng.uniform(1 / condition, 1, d)) @ Q.T

    W_star = rng.standard_normal((m, n)) * 10.0 ** draw(st.integers(-2, 2))
    kind, sides = draw(st.sampled_from([("left", [m]), ("kronecker", [m, n]), ("full", [m * n])]))
    problem = getattr(Quadratic, kind)(*map(positive, sides), W_star)
    return problem, rng.standard_normal((m, n)), rng


@pytest.mark.long
@quick
@given(quadratics(), st.integers(1, 3))
def test_the_floor_is_never_beaten(case, rank):
    """By L-BFGS, nor by LoRA. Would catch L in the place of mu, r - 1 in that of r, and a norm in that of a square."""
    problem, W0, rng = case
    rank = min(rank, *problem.shape)
    bound = floor(problem, W0, rank)
    assert 0 <= bound <= problem.value(W0[None])[0]
    assert lowest(problem, W0, rank, starts=3, rng=rng) >= bound
    case = Case(LoRA(Initialisation.kaiming(problem.shape, rank), 0.1 / problem.L), problem, W0, steps=50)
    assert not (simulate(case, runs=4, rng=int(rng.integers(1000))).values < bound).any()


@pytest.mark.long
@settings(max_examples=12)
@given(st.integers(2, 5), st.integers(2, 5), seeds, st.floats(0.1, 10))
def test_the_floor_is_attained_on_a_squared_distance(m, n, seed, curvature):
    """As an equality. Would catch any constant that is too small."""
    rng = np.random.default_rng(seed)
    problem = Quadratic.left(curvature * np.eye(m), rng.standard_normal((m, n)))
    W0 = rng.standard_normal((m, n))
    for rank in range(1, min(m, n) + 1):
        bound = floor(problem, W0, rank)
        assert lowest(problem, W0, rank, starts=4, rng=rng) == pytest.approx(bound, rel=1e-6, abs=1e-9)


def test_the_floor_of_c2_is_the_one_that_it_says():
    """Catches another share of s, a rank that counts, singular values that are not squared, and f for f - f*."""
    said = re.fullmatch(
        r"With LoRA of rank r f - f\* is never below \(s/(\d+)\) sum_\{i>r\} sigma_i\(W\* - W0\)\^(\d+), .*",
        C2.statement,
    )
    share, power = map(int, said.groups())
    sigma = np.linalg.svd(C2.problem.W_star - C2.start)[1]
    for rank in (1, 2):
        claimed = C2.problem.mu / share * (sigma[rank:] ** power).sum()
        assert floor(C2.problem, C2.start, rank) == pytest.approx(claimed, rel=1e-9)


def test_the_floor_needs_strong_convexity():
    """PL is not enough: here the nearest minimiser has rank two, and another one is in reach of rank one."""
    flat, round_ = Quadratic.left(np.diag([1.0, 0.0]), np.eye(2)), Quadratic.left(np.eye(2), np.eye(2))
    assert np.linalg.matrix_rank(flat.W_star) == 2
    assert lowest(flat, np.zeros((2, 2)), 1, starts=3, rng=np.random.default_rng(0)) < 1e-12
    problem = LeastSquares(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]]))
    W0 = np.array([[0.0, 1.0], [0.0, 0.0]])  # W_star - W0 = [[1, -1], [0, 0]]
    refused(
        (lambda: floor(problem, np.zeros((2, 2)), 1), "strongly convex with a known W_star, got strong_convexity=0"),
        (lambda: floor(flat, W0, 1), "strong_convexity=0"),
        (lambda: floor(round_, W0, 0), "rank must be >= 1, got 0"),
    )


@pytest.mark.long
@quick
@given(quadratics(condition=4.0), st.integers(1, 3), st.sampled_from(["left", "right"]), st.booleans())
def test_the_limit_of_a_frozen_factor_is_met(case, rank, side, plain):
    """Within 1e-9 of the gap, to which 750 steps lead at condition 4 * 3^2. Catches the wrong side, and no Hessian."""
    problem, W0, rng = case
    dim = problem.shape[0 if side == "left" else 1]
    F = rng.standard_normal((dim, min(rank, dim)))
    gamma = 1 / (problem.L * np.linalg.norm(F, 2) ** 2) if plain else 1 / problem.L
    method = AsymmetricLoRA(Frozen(F), gamma, side, lora_alpha=float(F.shape[1]) if plain else None)
    limit = frozen_limit(problem, W0, F, side)
    assume(np.linalg.cond(F) < 3)
    run = simulate(Case(method, problem, W0, steps=900))
    scale = float(np.linalg.norm(W0 - problem.W_star))
    np.testing.assert_allclose(run.W[0], limit, atol=1e-9 * scale)
    assert run.values[0].min() >= problem.value(limit[None])[0] - 1e-12 * run.values[0, 0]


def test_the_limit_of_least_norm_where_there_are_many():
    """X has rank 2 of 4, so that the minimisers over the subspace are many. Would catch an inverse without a cut."""
    rng = np.random.default_rng(0)
    problem = LeastSquares(rng.standard_normal((10, 2)) @ rng.standard_normal((2, 4)), rng.standard_normal((10, 3)))
    F = np.linalg.qr(rng.standard_normal((4, 3)))[0]
    run = simulate(Case(AsymmetricLoRA(Frozen(F), 1 / problem.L), problem, steps=5000))
    np.testing.assert_allclose(run.W[0], frozen_limit(problem, np.zeros((4, 3)), F), atol=1e-9)


def problems_for_hessians():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((12, 4))
    yield Quadratic.kronecker(np.diag([1.0, 2.0, 3.0, 4.0]), np.diag([1.0, 0.5, 2.0]), rng.standard_normal((4, 3)))
    yield LeastSquares(X, rng.standard_normal((12, 3)))
    yield LogisticRegression(X, X[:, 0] > 0, l2=0.1)
    yield SoftmaxRegression(X, np.arange(12) % 3, l2=0.1)


def bare(problem):
    """The problem without its Hessian."""
    return SimpleNamespace(value=problem.value, gradient=problem.gradient, shape=problem.shape)


@pytest.mark.parametrize(("problem", "scale"), [*zip(problems_for_hessians(), [1.0, 0.5] * 2, strict=True)])
def test_the_hessian_of_the_factors(problem, scale):
    """Against differences of the gradient. Would catch a missing cross term, a scale that is not squared."""
    rng = np.random.default_rng(2)
    (m, n), r = problem.shape, 2
    W0, B, A = rng.standard_normal((m, n)), rng.standard_normal((m, r)), rng.standard_normal((r, n))
    loss = FactorLoss(problem, W0, scale)

    def gradient(z):
        parts = loss.gradient(z[: m * r].reshape(m, r), z[m * r :].reshape(r, n))
        return np.concatenate([part.ravel() for part in parts])

    z, h = np.concatenate([B.ravel(), A.ravel()]), 1e-5
    seen = np.array([(gradient(z + h * e) - gradient(z - h * e)) / (2 * h) for e in np.eye(z.size)])
    np.testing.assert_allclose(loss.hessian(B, A), seen, atol=1e-7)
    D = rng.standard_normal((3, m, n))
    for W in (W0, 0 * W0):  # at zero a spacing in proportion to W would be none
        np.testing.assert_allclose(hessian_action(bare(problem), W)(D), hessian_action(problem, W)(D), atol=1e-6)
    far = bare(Quadratic.left([[1.0]], W_star=[[0.0]]))  # from here a spacing that does not grow is none
    np.testing.assert_allclose(hessian_action(far, np.array([[1e12]]))(np.ones((1, 1, 1))), 1)
    assert loss.sharpness(B, A) == pytest.approx(np.linalg.eigvalsh(seen)[-1], rel=1e-5)
    assert loss.lipschitz(B, A) == pytest.approx(np.abs(np.linalg.eigvalsh(seen)).max(), rel=1e-5)


@quick
@given(quadratics(), st.integers(1, 2), st.floats(0.1, 3), st.floats(0.05, 4))
def test_every_rise_is_explained(case, rank, size, share):
    """The sharpest point on the way has gamma times sharpness above 2, by eigenvalues of the Hessian there. Would catch
    a bound of 1/gamma or 4/gamma: a step that only just rises has met hardly more than 2/gamma."""
    problem, W0, rng = case
    rank = min(rank, *problem.shape)
    gamma = share / problem.L
    method = LoRA(Initialisation(A=Gaussian(problem.shape[1], rank), scale=size), gamma)
    seed = int(rng.integers(2**32))
    run = FollowedRun.of(simulate(Case(method, problem, W0, steps=15), rng=seed, record=("W", "factors")))
    moves, loss = Moves.of(run, problem), FactorLoss(problem, W0)
    for t in np.flatnonzero(moves.rises & (moves.length < 1e8 * (1 + np.linalg.norm(W0)))):
        assert gamma * moves.curvature[t] > 2
        assert factor_loss.sharpest_on_segment(loss, run.B[t], run.A[t], gamma) >= moves.curvature[t] * (1 - 1e-3)


def test_the_sharpest_point_of_a_step_of_two_numbers():
    """On (ab)^2/2 a step from (1, 2) at gamma = 1 leads to (-3, 0), where the Hessian is diag(0, 9), and at gamma = 1/8
    to (1/2, 7/4), less sharp than its start, (5 + sqrt 73)/2. Catches a step that is half as long, or another way."""
    loss, one = FactorLoss(Quadratic.left(np.eye(1), np.zeros((1, 1))), np.zeros((1, 1))), np.ones((1, 1))
    for gamma, sharpest in ((1.0, 9.0), (0.125, (5 + 73**0.5) / 2)):
        assert factor_loss.sharpest_on_segment(loss, one, 2 * one, gamma) == pytest.approx(sharpest, rel=1e-12)


@quick
@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.01, 10))
def test_the_curvature_met_is_that_of_a_parabola(a, b, length):
    """On a x^2/2 + b x it is a, wherever the step goes. Would catch a missing 2."""
    rise = a * length**2 / 2 + b * length
    met = factor_loss.curvature_met(np.array(rise), np.array(b * length), np.array(length**2))
    assert met == pytest.approx(a, abs=1e-9 * (1 + abs(b) / length))


@quick
@given(quadratics(), st.integers(1, 2))
def test_the_loss_of_smoothness(case, rank):
    """Slope 2 along (sB, A/s) and (sB, sA). Would catch a path on which nothing happens."""
    problem, W0, rng = case
    m, n = problem.shape
    B, A = rng.standard_normal((m, rank)), rng.standard_normal((rank, n))
    assert slope(lipschitz_along(problem, W0, B, A, -1)) == pytest.approx(2, abs=0.02)
    assert slope(lipschitz_along(problem, W0, B, A, 1)) == pytest.approx(2, abs=0.02)


class Determinant:
    """det W on 2 x 2 matrices."""

    shape, f_lower = (2, 2), -np.inf

    def value(self, W):
        return W[..., 0, 0] * W[..., 1, 1] - W[..., 0, 1] * W[..., 1, 0]

    def gradient(self, W):
        return np.flip(W, axis=(-2, -1)) * np.array([[1.0, -1.0], [-1.0, 1.0]])

    def hessian(self, W):
        return self.gradient


class SquaredDeterminant(Determinant):
    """(det W)^2 exp(-||W||^2)."""

    def value(self, W):
        return super().value(W) ** 2 * np.exp(-(W**2).sum(axis=(-2, -1)))

    def gradient(self, W):
        det = super().value(W)[..., None, None]
        return 2 * det * (super().gradient(W) - det * W) * np.exp(-(W**2).sum(axis=(-2, -1)))[..., None, None]

    def hessian(self, W):
        det, C, one = Determinant.value(self, W), Determinant.gradient(self, W), Determinant.gradient

        def action(V):
            turn, shrink = np.sum(C * V), np.sum(W * V)
            moved = turn * (C - det * W) + det * (one(self, V) - turn * W - det * V) - 2 * shrink * det * (C - det * W)
            return 2 * moved * np.exp(-np.sum(W**2))

        return action


@pytest.mark.parametrize(
    ("problem", "W0", "rank", "lost"),
    [
        (Determinant(), np.eye(2), 1, False),
        (SquaredDeterminant(), np.zeros((2, 2)), 1, False),
        (Determinant(), np.eye(2), 2, True),
        (SquaredDeterminant(), np.eye(2), 1, True),
    ],
)
def test_smoothness_is_not_lost_wherever_a_hessian_is_not_zero(problem, W0, rank, lost):
    """Two exceptions, on which the constant along (sB, A/s) does not grow, and two that are none, by rank or start. In
    all four cases the Hessian of f at W is not zero. Would catch the claim for every quadratic, or for every f with a
    Hessian that is not zero in reach."""
    B, A = np.array([[1.0, 0.5], [0.5, -1.0]])[:, :rank], np.array([[0.5, -0.5], [1.0, 1.0]])[:rank]
    units = np.eye(4).reshape(4, 2, 2)
    there = hessian_action(problem, W0 + B @ A)(units)
    assert np.abs(there).max() > 0.1
    np.testing.assert_allclose(there, hessian_action(bare(problem), W0 + B @ A)(units), atol=1e-6)
    along = lipschitz_along(problem, W0, B, A, -1)
    if lost:
        assert slope(along) == pytest.approx(2, abs=0.02)
    else:
        np.testing.assert_allclose(along, along[0], rtol=1e-9, atol=1e-9)


@quick
@given(st.integers(1, 3), st.integers(1, 3), seeds)
def test_a_convex_form_that_vanishes_at_rank_one_is_zero(m, n, seed):
    """Of a positive semidefinite Q with one direction, <X, QX> at a random X of rank one is not zero. So every convex
    quadratic that is not affine meets C1's condition. Would catch one that asks for a Hessian of full rank."""
    rng = np.random.default_rng(seed)
    q = rng.standard_normal((m, n))
    B, A = rng.standard_normal((m, 1)), rng.standard_normal((1, n))
    problem = Quadratic.full(np.outer(q, q), np.zeros((m, n)))
    assert np.sum(q * (B @ A)) ** 2 > 0
    assert slope(lipschitz_along(problem, np.zeros((m, n)), B, A, -1)) == pytest.approx(2, abs=0.02)


@quick
@given(quadratics(), st.integers(1, 8), st.floats(0.05, 2))
def test_a_fixed_restart_stays_where_its_factor_sees_no_gradient(case, steps, share):
    """Where G a' = 0, whatever the step and the length of the links. Would catch a restart that is not (0, a)."""
    problem, _, rng = case
    n = problem.shape[1]
    assume(n >= 2)
    a = rng.standard_normal((n, 1))
    V = rng.standard_normal(problem.shape)
    G = V - (V @ a) @ a.T / np.sum(a * a)  # a gradient that a does not see, and the W that has it
    W = problem.W_star + np.linalg.solve(_hessian(problem), G.ravel()).reshape(problem.shape)
    method = ChainOfLoRA(Initialisation(A=Frozen(a)), share / (problem.L * np.sum(a * a)), steps, "fixed")
    run = simulate(Case(method, problem, W, steps=3))
    np.testing.assert_allclose(run.values[0], run.values[0, 0], rtol=1e-8)
    assert run.values[0, 0] > 0


def _hessian(problem):
    units = np.eye(problem.W_star.size).reshape(-1, *problem.shape)
    return problem.hessian_product(units).reshape(len(units), -1)


@quick
@given(st.floats(0.1, 3), st.floats(0.01, 0.3), st.integers(1, 25), st.floats(0.25, 4))
def test_how_a_link_moves_away_from_a_spurious_point(sigma, gamma, steps, alpha):
    """The closed form against one link, and against the linear steps of both factors for a start of any length. Would
    catch a wrong eigenvalue of the saddle, and the length of the start where its square belongs."""
    told = multiplier(1.0, sigma, gamma, steps)
    assume(abs(told) < 1e3)
    assert measured_multiplier(sigma, gamma, steps) == pytest.approx(told, abs=1e-5 * (1 + abs(told)))
    b = a = 0.0
    for _ in range(steps):
        b, a = b - gamma * (1 + alpha * b + sigma * a), a - gamma * sigma * b
    assert multiplier(alpha, sigma, gamma, steps) == pytest.approx(1 + alpha * b, rel=1e-9, abs=1e-9)


@quick
@given(quadratics(), st.integers(1, 3), st.integers(-3, 3))
def test_guaranteed_steps_descend_by_their_share(case, rank, power):
    """At least .907 eta ||grad J||^2 at every scale of the factors. Would catch 2 or 3 in the place of 4 sqrt 2."""
    problem, W0, rng = case
    m, n = problem.shape
    B, A = 10.0**power * rng.standard_normal((m, rank)), rng.standard_normal((rank, n))
    loss = FactorLoss(problem, W0)
    shares = shrinking_step.descend(problem, W0, B, A, 1).shares
    dB, dA = loss.gradient(B, A)
    assume(np.sum(dB**2) + np.sum(dA**2) > 0)
    assert shares[0] >= shrinking_step.SHARE - 1e-6


@pytest.mark.parametrize(("B", "A"), [(0.0, 0.0), (1.0, 1.0)])
def test_guaranteed_steps_from_a_zero_gradient_stay(B, A):
    """No factor moves, nothing falls, and no share is told, without a warning: 0/0 from a start at the minimum. From B
    = A = 0 the step itself was 1/0."""
    problem = Quadratic.left(np.eye(1), np.array([[B * A]]))
    done = shrinking_step.descend(problem, np.zeros((1, 1)), np.array([[B]]), np.array([[A]]), 3)
    assert (done.falls == 0).all()
    assert (done.squares == 0).all()
    assert np.isnan(done.shares).all()
    assert (done.etas == shrinking_step.guaranteed_step(1.0, B**2 + A**2, 0.0)).all()
    assert shrinking_step.guaranteed_step(1.0, 0.0, 0.0) == 1.0


def test_the_share_is_nearly_attained():
    """A step as long as it may be on f = L w^2/2 falls by little more than is proved. With a = b -> 0 only ``eta
    ||G||`` counts, and the share is 1 - 1/(8 sqrt 2) = .9116: no share above it is true."""
    problem = Quadratic.left(np.eye(1) * 1e-3, np.array([[-1e6]]))
    shares = shrinking_step.descend(problem, np.zeros((1, 1)), np.array([[1e-3]]), np.array([[1e-3]]), 1).shares
    assert shares[0] == pytest.approx(1 - 1 / (8 * np.sqrt(2)), abs=5e-4)


@quick
@given(quadratics(), st.integers(1, 3), st.integers(-2, 2), st.integers(1, 60))
def test_the_rate_of_lora(case, rank, power, steps):
    """The sum of guaranteed steps, and the smallest gradient. Would catch a path of length D S in that of sqrt(D S)."""
    problem, W0, rng = case
    m, n = problem.shape
    B, A = 10.0**power * rng.standard_normal((m, rank)), rng.standard_normal((rank, n))
    done, factors = shrinking_step.descend(problem, W0, B, A, steps), float(np.sqrt(np.sum(B**2) + np.sum(A**2)))
    gap = float(problem.value((W0 + B @ A)[None])[0])
    assert done.etas.sum() >= shrinking_step.promised_sum(steps, problem.L, gap, factors)
    assert done.squares.min() <= shrinking_step.promised_gradient(steps, problem.L, gap, factors)


def test_the_promised_sum_solves_its_equation():
    """By numerical integration, and in the limit. Would catch a wrong coefficient in the integral."""
    L, gap, v, T = 2.0, 3.0, 1.5, 10_000
    S, D = shrinking_step.promised_sum(T, L, gap, v), gap / shrinking_step.SHARE
    x = (np.arange(100_000) + 0.5) * S / 100_000
    steps = 1 + 4 * np.sqrt(2) * (L * (v + np.sqrt(D * x)) ** 2 + np.sqrt(2 * L * gap))
    assert steps.mean() * S == pytest.approx(T, rel=1e-6)
    limit = np.sqrt(2 * np.sqrt(2) * L * D**3 / 1e16)
    assert shrinking_step.promised_gradient(10**16, L, gap, v) == pytest.approx(limit, rel=1e-2)


def test_the_rate_is_met_on_slopes():
    """More than .65 of the bound at 1000 and at 10,000 steps: half of it, or any order below 1/sqrt(T), is not true.
    Would catch a bound that is too large by a half, and a slope that the run leaves too early."""
    ends = {steps: shrinking_step.smallest_on_slope(steps) for steps in (1000, 10_000)}
    for smallest, bound, total in ends.values():
        assert 0.65 * bound < smallest <= bound
        assert 0.98 < total * smallest < 1  # steps of eta epsilon, over a length of 1/epsilon
    ratio = ends[1000][0] / ends[10_000][0]
    assert ratio == pytest.approx(10**0.5, rel=0.15)


def test_a_promise_is_kept_by_every_run_or_not(monkeypatch):
    """Met exactly it is kept. And half of the bound is met by no slope, while all of it may be. Catches the best run
    for the worst, a promise that may be missed by half, and a gradient above its bound or at half of it."""
    for sums, gradient, kept in (((1.0, 1.0), 1.0, True), ((0.5, 1.1), 1.0, False), ((1.0, 1.0), 1.1, False)):
        assert shrinking_step._promises_kept([(each, gradient) for each in sums]).holds == kept
        assert shrinking_step._promises_kept([(1.0, 0.5), (1.0, gradient)]).holds == (gradient <= 1)
    for share, met in ((0.5, False), (0.51, True), (1.0, True), (1.01, False)):
        monkeypatch.setattr(shrinking_step, "smallest_on_slope", lambda steps, share=share: (share, 1.0, 1.0))
        assert shrinking_step._order_is_met().holds == met


def test_a_slope_is_convex_smooth_and_straight_for_the_factors():
    """Gradient against value, the derivative between 0 and L, and ||grad J|| = epsilon on the way; the shape too."""
    problem = shrinking_step.Slope(0.1, 8.0, L=2.0)
    check_problem(problem)
    ends = (problem.first**2 / 2, (problem.first + 8) ** 2 / 2)
    w = np.sort([*np.linspace(-1.0, 60.0, 20_001), *ends])[:, None, None]
    G, h = problem.gradient(w)[:, 0, 0], 1e-6
    np.testing.assert_allclose((problem.value(w + h) - problem.value(w - h)) / (2 * h), G, atol=1e-6)
    bends = np.diff(G) / np.diff(w[:, 0, 0])
    assert bends.min() >= -1e-12
    assert bends.max() <= 2.0 * (1 + 1e-9)
    assert bends[np.searchsorted(w[:, 0, 0], ends[0])] == pytest.approx(2.0, rel=0.05)  # as it bends where it begins
    v = np.linspace(problem.first, problem.first + 8, 50)
    np.testing.assert_allclose(v * np.abs(problem.gradient((v**2 / 2)[:, None, None])[:, 0, 0]), 0.1)
    assert problem.value(np.array([[1e3]])) == 0 == problem.f_lower


@pytest.mark.parametrize(("side", "steps", "rank"), [("A", 1, 1), ("B", 5, 1), ("A", 20, 1), ("B", 5, 2), ("A", 20, 3)])
def test_links_at_the_proved_step_never_raise_f(steps, rank, side):
    """From orthonormal rows or columns, and links gain what is proved, on average. Would catch a bound of the factors
    that forgets that they grow, or their rank. The mean of 1024 runs after six links is held against the bound of (2)
    at three standard errors: alpha = .0013 for each of the five."""
    m, n = 3, 4
    problem = Quadratic.left(np.diag([10.0, 1.0, 0.5]), np.random.default_rng(3).standard_normal((m, n)))
    gap0 = float(problem.value(np.zeros((1, m, n)))[0])
    gamma = proved_step(gap0, problem.L, steps, rank)
    d = n if side == "A" else m
    method = ChainOfLoRA(Initialisation(**{side: Haar(d, rank)}), gamma, steps)
    values = simulate(Case(method, problem, steps=6 * steps), runs=1024, rng=0).values
    assert (np.diff(values, axis=1) <= 1e-14 * gap0).all()
    assert 0 < gamma * problem.L < 1 / (4 * np.sqrt(2) * rank)
    rho = 1 - gamma * (2 - gamma * problem.L) * problem.mu * rank / d
    error = values[:, -1].std() / 32
    assert values[:, -1].mean() <= gap0 * rho**6 + 3 * error
