"""Methods with a memory by name: they are what is written a second time in ``methods``, and what is said of them."""

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from rac_theory import Case, Noisy, RACLoRA, algorithms, exact_rate, expected, simulate
from rac_theory.algorithms import DECAY, DECAY_INSIDE, EF21, FEEDBACK, FULL_MOMENTUM, HEAVY_BALL, MOMENTUM, state
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate, FiniteSupport, Gaussian, Haar

from . import methods

LINE = Quadratic.left([[1.0]], [[1.0]])
THREE = Quadratic.left(np.diag([1.0, 0.5, 0.2]), np.ones((3, 1)))


def all_or_nothing(p, d=1):
    """H is I with probability p and 0 else."""
    return FiniteSupport(np.stack([np.eye(d), np.zeros((d, d))]), np.array([p, 1 - p]))


@pytest.mark.parametrize("name", ["HEAVY_BALL", "FULL_MOMENTUM", "PROJECTED_MOMENTUM", "ACCELERATED", "FEEDBACK"])
def test_named_methods_are_those_that_are_written_again(name):
    """Catches any sign or letter that is another."""
    ours, again = getattr(algorithms, name), getattr(methods, name)
    assert ours.is_like(again)
    assert ours.report == again.report or ours.reporting(ours.report).is_like(again)
    assert not HEAVY_BALL.is_like(algorithms.PROJECTED_MOMENTUM)
    assert not FEEDBACK.reporting(state("X")).is_like(FEEDBACK)


def test_EF21_is_one_step_ahead_of_the_gradient_at_the_next_point():
    """Written as in its paper, M takes the gradient where W has moved to; from M = 0 the first step stands still.
    Catches a step along what was kept before."""
    ours, again = (expected(Case(method(Haar(3, 1), gamma=0.2), THREE, steps=9)).gap for method in (EF21, methods.EF21))
    np.testing.assert_allclose(again[1:], ours[:-1], rtol=1e-12)
    assert ours[1] < 0.95 * ours[0]


def test_momentum_is_heavy_ball_with_a_step_less_what_is_kept():
    """Draw by draw, and its reported point moves by gamma H g. Catches 1 - beta for beta, and a shift the other way."""
    gamma, beta, sketch = 0.4, 0.75, Haar(3, 1)
    both = MOMENTUM(sketch, gamma=gamma, b=beta), HEAVY_BALL(sketch, gamma=gamma * (1 - beta), beta=beta)
    paths = [one.states(THREE, np.zeros((64, 3, 1)), np.random.default_rng(1)) for one in both]
    before = None
    for (X, M, shifted), (W, same, _) in islice(zip(*paths, strict=False), 9):
        np.testing.assert_allclose([X, M], [W, same], atol=1e-14)
        if before is not None:  # H g is what M has gained
            np.testing.assert_allclose(shifted - before[0], -gamma * (M - beta * before[1]), atol=1e-14)
        before = shifted, M


@pytest.mark.parametrize("seed", range(6))
def test_momentum_of_full_gradients_has_the_rate_of_what_h_leaves(seed):
    """On random quadratics, sketches, steps and momenta, stable or not; so do error feedback and EF21. Catches a method
    whose momentum is projected again, which has another rate."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 5))
    Q = rng.standard_normal((d, d))
    problem = Quadratic.left(Q @ Q.T + 0.1 * np.eye(d), np.ones((d, 1)))
    sketch = [Haar, Gaussian, Coordinate][seed % 3](d, int(rng.integers(1, d)))
    letters = {"gamma": rng.uniform(0.05, 1.5) / problem.L, "beta": rng.uniform(0.1, 0.95)}
    kinds = HEAVY_BALL, FULL_MOMENTUM, algorithms.PROJECTED_MOMENTUM
    ball, full, again = (exact_rate(Case(method(sketch, **letters), problem)) for method in kinds)
    assert full == pytest.approx(ball, rel=1e-8)
    assert abs(again - ball) > 1e-6
    gamma = 0.2 * letters["gamma"]
    kept, followed = (exact_rate(Case(method(sketch, gamma=gamma), problem)) for method in (FEEDBACK, EF21))
    assert followed == pytest.approx(kept, rel=1e-8)


def floor_over_plain(method, p, beta, gamma):
    """The floor of a method over that of a plain step of gamma / (1 - beta), unit noise, H all or nothing."""
    sketch, long = all_or_nothing(p), int(6 / (gamma * p))
    noisy = Case(method(sketch, gamma=gamma * (1 - beta), beta=beta, gradients=Noisy(1.0)), LINE, steps=long)
    plain = Case(RACLoRA(sketch, gamma, gradients=Noisy(1.0)), LINE, steps=long)
    return expected(noisy).gap[-1] / expected(plain).gap[-1]


@pytest.mark.parametrize(("p", "beta"), [(1 / 16, 0.9), (1 / 4, 0.9), (1 / 4, 0.5)])
def test_floors_of_momentum_against_the_formula(p, beta):
    """(1 - b + 2 b p)/(1 + b) for momentum of full gradients, in the limit of small steps, .112 at 1/16 and .9; one for
    what H leaves. A formula without the 2, or with p for 1 - p, is off by a tenth at least."""
    full, ball = (floor_over_plain(method, p, beta, 0.02) for method in (FULL_MOMENTUM, HEAVY_BALL))
    assert full == pytest.approx((1 - beta + 2 * beta * p) / (1 + beta), rel=0.02)
    assert ball == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize(("p", "beta"), [(1 / 4, 0.9), (1 / 16, 0.9), (1 / 512, 0.9), (1 / 2, 0.3)])
def test_where_the_step_of_pytorch_is_stable(p, beta):
    """gamma q < 2 (1 + b)/(1 + b - 2 b p), gamma being lr/(1 - b): an edge between rates below and above one, for
    momentum of either kind. Plain descent's lr = 1/(2L) means gamma L = 5, beyond it."""
    edge = 2 * (1 + beta) / (1 + beta - 2 * beta * p)
    lrs = [(1 - beta) * edge * (1 + off) for off in (-1e-6, 1e-6)]
    for method in (HEAVY_BALL, FULL_MOMENTUM):
        cases = (Case(method(all_or_nothing(p), gamma=lr, beta=beta), LINE) for lr in (*lrs, 0.5))
        below, above, kept = map(exact_rate, cases)
        assert below < 1 < above
        assert (kept > 1) == ((1 - beta) * edge < 0.5)


@pytest.mark.parametrize(
    ("method", "omega", "point"), [(DECAY, 0.1, 5 / 7), (DECAY, 0.025, 10 / 11), (DECAY_INSIDE, 0.1, 10 / 11)]
)
def test_means_of_decay_by_runs(method, omega, point):
    """The mean of 4000 runs within 4 standard errors (alpha 6e-5); 5/7 and 10/11 are 25 of them apart."""
    case = Case(method(all_or_nothing(0.25), gamma=0.5, omega=omega), LINE, np.array([[point]]), steps=60)
    ends = simulate(case, runs=4000, rng=3, record=["W"]).iterates[:, -1, 0, 0]
    assert abs(ends.mean() - point) <= 4 * ends.std() / 4000**0.5 + 1e-12
    assert isinstance(case.algorithm, algorithms.MethodDescent)


def test_exact_gaps_of_decay_are_those_of_all_paths():
    """In fractions: the second moment by enumeration. Catches a decay that is not multiplied by the step."""
    gamma, omega = 0.5, 0.125
    case = Case(DECAY(all_or_nothing(0.25), gamma=gamma, omega=omega), LINE, np.array([[0.5]]), steps=5)
    p, g, w = Fraction(1, 4), Fraction(1, 2), Fraction(1, 8)
    law = {Fraction(1, 2): Fraction(1)}
    for told in expected(case, exact=True).gap:
        assert told == sum((x - 1) ** 2 * chance for x, chance in law.items()) / 2
        after = {}
        for x, chance in law.items():
            for h, probability in ((1, p), (0, 1 - p)):
                y = (1 - g * w) * x - g * h * (x - 1)
                after[y] = after.get(y, Fraction(0)) + chance * probability
        law = after


@pytest.mark.parametrize("point", [None, state("X")])
def test_floors_of_error_feedback(point):
    """At no less speed, p = 1/16: 1/289 against 1/19 of the plain step, at either of its points. Closed forms:
    gamma/(2 - gamma) of the plain step is 1/19; a floor that is higher by a thousandth is seen."""
    p, noise = 1 / 16, Noisy(1.0)
    feedback = FEEDBACK if point is None else FEEDBACK.reporting(point)
    kept = Case(feedback(all_or_nothing(p), gamma=0.1 * p, gradients=noise), LINE, steps=2000)
    plain = Case(RACLoRA(all_or_nothing(p), 0.1, gradients=noise), LINE, steps=2000)
    assert [1 / (2 * expected(case).gap[-1]) for case in (plain, kept)] == pytest.approx([19, 289], rel=1e-6)
    assert exact_rate(kept) < exact_rate(plain)


def own_rate(step, curvatures, p):
    """The radius of second moments, written anew: each curvature has A, b, c of ``s -> A s + b (H c's)``."""
    radii = []
    for q in curvatures:
        A, out, seen = (np.array(each, dtype=float) for each in step(q))
        moved = np.outer(out, seen)
        whole = np.kron(A, A) + p * (np.kron(A, moved) + np.kron(moved, A) + np.kron(moved, moved))
        radii.append(np.abs(np.linalg.eigvals(whole)).max())
    return max(radii)


def heavy_ball_step(gamma, beta):
    return lambda q: ([[1, -gamma * beta], [0, beta]], [-gamma, 1], [q, 0])


@pytest.mark.parametrize(
    ("p", "gamma", "beta", "times"),
    [
        (1, 3.305785, 0.669421, 10.03),
        (1 / 2, 0.603391, 0.804096, 1.67),
        (1 / 4, 0.520691, 0.784446, 1.25),
        (1 / 16, 0.670303, 0.676520, 1.05),
        (1 / 64, 0.702116, 0.649307, 1.01),
    ],
)
def test_times_as_fast_on_a_spread(p, gamma, beta, times):
    """By matrices of our own, over plain steps at their best, 1 - p (1 - ((L - mu)/(L + mu))^2), in closed form; and no
    neighbour is better. Catches a table of another share, and one of the rate where the exponent is meant."""
    plain = 1 - p * (1 - (0.99 / 1.01) ** 2)

    def speed(g, b):
        return np.log(own_rate(heavy_ball_step(g, b), (1.0, 0.01), p)) / np.log(plain)

    assert speed(gamma, beta) == pytest.approx(times, abs=0.006 * times)
    around = [(g, b) for g in (0.9, 0.97, 1.03, 1.1) for b in (0.9, 0.97, 1.0, 1.03, 1.1)]
    assert max(speed(gamma * g, beta * b) for g, b in around) < speed(gamma, beta) * 1.002
    problem = Quadratic.left(np.diag([1.0, 0.01]), np.ones((2, 1)))
    case = Case(HEAVY_BALL(None if p == 1 else all_or_nothing(p, 2), gamma=gamma, beta=beta), problem)
    assert exact_rate(case) == pytest.approx(own_rate(heavy_ball_step(gamma, beta), (1.0, 0.01), p), abs=1e-7)
