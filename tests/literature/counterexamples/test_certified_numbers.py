"""Numbers that counterexamples certify, by a second route each: none may be on the wrong side."""

import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import Case, ChainOfLoRA, Initialisation, simulate
from rac_theory.literature import C4
from rac_theory.literature.counterexamples import averaged_factors, factors_at_a_solution, momentum, restarts
from rac_theory.literature.counterexamples.counterexample import exact
from rac_theory.literature.counterexamples.factor_loss import FactorLoss
from rac_theory.literature.counterexamples.loss_of_smoothness import logistic_ceiling, paper_quadratic
from rac_theory.literature.counterexamples.low_rank import floor
from rac_theory.literature.counterexamples.noisy_subspace import GAMMA, MU, SIGMA, STEPS, smallest_noise_entry
from rac_theory.literature.counterexamples.restarts import exact_link, proved_step
from rac_theory.literature.counterexamples.stuck_subspace import frozen_limit, run, still_offered
from rac_theory.problems import LogisticRegression, Quadratic
from rac_theory.sketches import Frozen

EPS = np.finfo(float).eps


def test_the_smallest_noisy_entry_is_that_of_coins_that_all_fall_alike():
    """Then w = (sigma/mu) (1 - (1 - gamma mu)^T), solved by hand. Catches half of a kick, and a sign."""
    assert smallest_noise_entry() == SIGMA * (1 - GAMMA * MU) ** STEPS > 1


def test_an_exact_link_is_that_of_the_method():
    """From factors that see a gradient. Catches a factor whose gradient is that of the other, and half of it."""
    V, a, gamma = [[1, 2, -1], [0, 3, 1], [2, -1, 1]], [2, -1, 1], Fraction(1, 200)
    fixed = ChainOfLoRA(Initialisation(A=Frozen(np.array([a], dtype=float).T)), float(gamma), 3, "fixed")
    ran = simulate(Case(fixed, paper_quadratic(np.zeros((3, 3))), np.array(V, dtype=float), steps=3)).W[0]
    ours = exact_link(exact(V), exact(a), gamma, 3)
    np.testing.assert_allclose(ran, np.array(ours, dtype=float), rtol=1e-12)
    assert np.abs(ran - V).max() > 0.1


def test_a_floor_has_what_is_uncertain_taken_off():
    """The root of 2 error / s, and 8 roundings a side of the largest singular value. Catches other shares."""
    problem = Quadratic.left(np.eye(3) / 2, np.diag([3.0, 2.0, 1.0]))
    for error in (0.0, 1e-6):
        known = SimpleNamespace(shape=(3, 3), strong_convexity=0.5, W_star=problem.W_star, f_star_error=error)
        distance = math.sqrt(5) - (math.sqrt(2 * error / 0.5) + 8 * 6 * EPS * 3)
        assert floor(known, np.zeros((3, 3)), 1) == pytest.approx(distance**2 / 4 * (1 - 4 * EPS), rel=EPS, abs=0)
    known.f_star_error = 2.0
    assert floor(known, np.zeros((3, 3)), 1) == 0


@pytest.mark.parametrize("steps", [1, 10, 100])
@pytest.mark.parametrize(("gap0", "L", "rank"), [(7.0, 20.0, 1), (1e-3, 1.0, 3), (400.0, 0.1, 2)])
def test_the_proved_step_keeps_its_inequality(gap0, L, rank, steps):
    """In Fractions, with a g whose square is more than 2 L gap0. Catches a smaller exponent and overflow."""
    gamma = Fraction(proved_step(gap0, L, steps, rank))
    g = Fraction(float(np.sqrt(2 * L * gap0))) * (1 + Fraction(1, 10**15))

    def squared(gamma):
        return 32 * (gamma * (Fraction(L) * rank * (1 + gamma * g) ** (2 * steps) + g)) ** 2

    assert squared(gamma) <= 1 + Fraction(1, 10**13)
    assert squared(gamma * (1 + Fraction(1, 10**9))) > 1


def test_a_promise_that_a_link_does_not_keep_is_seen(monkeypatch):
    """With half of what is proved of the last step alone. Catches a check of some steps, or of the first."""
    proved = restarts._proved
    monkeypatch.setattr(restarts, "_proved", lambda *of: proved(*of) * np.append(np.ones(500), 0.5))
    assert not restarts._links_of_one_step(C4).holds
    monkeypatch.setattr(restarts, "_proved", lambda *of: proved(*of) * 0.98)
    assert not restarts._never_rises(C4, 1).holds


def test_a_point_attracts_whose_factor_is_below_one(monkeypatch):
    """Catches an edge at two, and a factor that one link does not have."""
    for factor, seen, told in (
        (1.5, 1.5, [False, True]),
        (-0.5, -0.5, [True, False]),
        (-0.5, -0.500008, [True, False]),
        (1.5, 1.501, [False] * 2),
        (-0.5, -0.501, [False] * 2),
    ):
        monkeypatch.setattr(restarts, "multiplier", lambda *of, factor=factor: factor)
        monkeypatch.setattr(restarts, "measured_multiplier", lambda *of, seen=seen: seen)
        assert [check.holds for check in restarts._attraction()] == told


def offered(problem, F, steps):
    """After so many steps: the bound of what may be gained, that of the gap, f, and what the subspace really has."""
    W = run(problem, F, "left", steps).W[0]
    lowest = problem.value(frozen_limit(problem, np.zeros(problem.shape), F))
    return *still_offered(problem, W, F), float(problem.value(W)), float(lowest)


@pytest.mark.parametrize("steps", [1, 3, 10])
def test_what_subspaces_still_offer_is_bounded_from_both_sides(steps):
    """After few steps, where both are far from zero. Where the frozen factor is the flattest direction the slack is
    attained. Catches L and s exchanged in either."""
    problem = Quadratic.left(np.diag([10.0, 1.0, 1.0]), np.array([[1.0, 2, 0], [0, 1, -1], [1, 0, 1]]))
    slack, gap, value, lowest = offered(problem, np.array([[1.0], [1.0], [0.0]]), steps)
    assert lowest >= value - slack * (1 + 1e-12)
    assert gap <= value * (1 + 1e-12)
    axis = np.array([[0.0], [1.0]])
    slack, gap, value, _ = offered(Quadratic.left(np.diag([10.0, 0.5]), axis), axis, steps=2)
    assert (slack, gap) == pytest.approx((value, value / 20), rel=1e-12)


def test_the_ceiling_of_logistic_losses_is_three_fifths_met():
    """One sample twice, factors of different size, the scale of the largest curvature. Catches half the ceiling."""
    problem = LogisticRegression([[1.0], [-1.0]], [1, 0])
    B, A = np.array([[10.0]]), np.array([[0.1]])
    loss, ceiling = FactorLoss(problem, np.zeros((1, 1))), logistic_ceiling(problem, B, A)
    met = max(loss.lipschitz(s * B, s * A) for s in np.linspace(1, 1.5, 51))
    assert 0.58 * ceiling < met <= ceiling
    for b, a in ((2.0, 3.0), (3.0, 2.0)):
        assert logistic_ceiling(problem, np.array([[b]]), np.array([[a]])) == pytest.approx(13 / (6 * np.e) + 1)


def test_what_a_counterexample_says_is_refused_where_it_is_not_so(monkeypatch):
    """A mean that one factor keeps, a gap that moves at one step, more than all of a bound: each under its check."""
    left = averaged_factors.stacked([(averaged_factors.B, averaged_factors.A)])
    monkeypatch.setattr(averaged_factors, "stacked", lambda clients: (left[0], 0 * left[1]))
    monkeypatch.setattr(averaged_factors, "gap_of_means", lambda clients: Fraction(1, 2))
    assert not averaged_factors._that_agree()[0].holds
    assert not factors_at_a_solution._stays(np.array([0.5, 0.6]), np.array([0.5])).holds
    monkeypatch.setattr(momentum, "ratios", lambda beta, steps: [Fraction(3, 2)] * steps)
    assert not momentum.gather_beyond(momentum.C26).checks[0].holds
