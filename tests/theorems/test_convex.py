"""T3, T3_sharp, T3_isotropic and T4: RAC-LoRA with exact gradients on convex and strongly convex functions."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, RACLoRA, Status, theorems, verify
from rac_theory.problems import FromFunctions, Quadratic
from rac_theory.sketches import WeightedCoordinate

from .small_cases import LINE, exact_over_bound

T3, T3_sharp, T3_isotropic, T4 = theorems.T3, theorems.T3_sharp, theorems.T3_isotropic, theorems.T4


def test_T4_needs_lambda_max():
    """The page's case: weights (.05, .95), curvatures .02 and 1 along (1, 1) and (1, -1): the distance expands."""
    Q = np.array([[1.02, -0.98], [-0.98, 1.02]]) / 2
    algorithm = RACLoRA(WeightedCoordinate(2, 1, [0.05, 0.95]), 1.9)
    case = Case(algorithm, Quadratic.left(Q, np.zeros((2, 1))), [[1.0], [0.0]], steps=3)
    verdict = verify(T4, case)
    assert verdict.status is Status.NOT_APPLICABLE
    assert "rho < 1 is not met: rho = 1.82917" in verdict.reason
    false = replace(verdict.constants, lambda_max=verdict.constants.lambda_min)
    verdict = verify(T4, case, constants=false)
    assert (verdict.status, verdict.evidence) == (Status.VIOLATED, "exact")
    # T4's own words at t = 1: 1 - .05 + .05 (1 - .51 gamma)^2 + .95 (.49 gamma)^2 for gamma = 1.9.
    assert verdict.mean[1] == pytest.approx(0.95 + 0.05 * (1 - 0.51 * 1.9) ** 2 + 0.95 * (0.49 * 1.9) ** 2)


def huber(eta):
    """x^2/2 up to eta, then linear; GD with step 1 moves by eta a step."""

    def value(W):
        return float(np.where(abs(W) > eta, eta * abs(W) - eta**2 / 2, W**2 / 2).sum())

    known = {"L": 1.0, "convex": True, "f_star": 0.0, "W_star": [[0.0]], "start": [[1.0]]}
    return FromFunctions((1, 1), value, lambda W: np.clip(W, -eta, eta), **known)


@pytest.mark.parametrize("T", [1, 5, 40])
def test_how_tight_T3_is_on_the_function_of_Huber(T):
    """T/(2T + 1) of T3_isotropic and n(n + 1) / (2 (n^2 + 2n - 1)) of T3, n = 2T + 1: both tend to their 1/2."""
    n, problem = 2 * T + 1, huber(1 / (2 * T + 1))
    plain, isotropic, sharp = (verify(t, Case(GD(1.0), problem, steps=T)) for t in (T3, T3_isotropic, T3_sharp))
    assert {verdict.status for verdict in (plain, isotropic)} <= {Status.HOLDS, Status.UNDECIDED}  # vacuous at T = 1
    assert plain.mean[T] / plain.bound[T] == pytest.approx(n * (n + 1) / (2 * (n * n + 2 * n - 1)))
    assert isotropic.mean[T] / isotropic.bound[T] == pytest.approx(T / n)
    np.testing.assert_array_equal(sharp.bound, plain.bound)


def test_how_tight_T3_is_for_a_sketch_that_hardly_ever_moves():
    """Half of (1 + pT)(1 - p)^T, whatever the step: 1/2 for small p."""
    p = 1e-4
    idle = Constants(gamma=1.0, L=1.0, lambda_min=p, lambda_max=p, f_star=0.0, gap0=0.5, distance0=1.0)
    ratio = exact_over_bound(T3, idle, [(p, 0.0, 0.0), (1 - p, 1.0, 0.0)], 1.0, 1.0, 5)
    np.testing.assert_allclose(ratio, [(1 + p * t) * (1 - p) ** t / 2 for t in range(1, 6)])


def test_how_tight_T3_is_on_a_slow_direction_of_many_coordinates():
    """The limit of k coordinates and T = tau k steps: m' = (1 - w - w tau)^2 - m; w and tau by a search.

    tests/verdicts/sharpness/test_examples.py has exact values for finite k, which are below. Half of T3 is false by it.
    """

    def ratio(w, tau):
        b, s = 1 - w, 1 - w * tau
        m = (b - w * tau) ** 2 + 2 * w * (b - w * tau) + 2 * w**2
        m += (1 - b**2 - 2 * w * b - 2 * w**2) * np.exp(-tau)
        return (w * s - w**2 / 2 + (m - s**2) / 2) * (1 + tau) / (w - w**2 / 2 + 0.5)

    w, tau = np.meshgrid(np.linspace(0.25, 0.35, 101), np.linspace(1, 1.6, 101))
    assert ratio(w, tau).max() == pytest.approx(T3.tightest.ratio, rel=2e-4)
    assert T3.tightest.ratio < ratio(0.2964, 1.276) < 0.52037
    assert T3_isotropic.tightest.ratio == 0.5


def test_how_tight_T3_sharp_is_near_the_longest_step():
    """gamma = 1.98 and p T = 0.55: by hand exp(-0.55 * 1.98 * 0.02) against (1 + 0.02/1.98) / (1 + 0.02 * 0.55).

    The bound has just fallen below the start there; at gamma = 1/L it is T3, with its 1/2.
    """
    p, T = 1e-4, 5500
    idle = Constants(gamma=1.98, L=1.0, lambda_min=p, lambda_max=p, f_star=0.0, gap0=0.5, distance0=1.0)
    ratio = exact_over_bound(T3_sharp, idle, [(p, 1 - 1.98, 0.0), (1 - p, 1.0, 0.0)], 1.0, 1.0, T)
    assert T3_sharp.bound(idle, T)[T] < 0.5
    assert ratio[-1] == pytest.approx(math.exp(-0.55 * 1.98 * 0.02) * 1.011 / (1 + 0.02 / 1.98), rel=1e-4)
    assert 0.97 < ratio[-1] < T3_sharp.tightest.ratio == 1.0
    assert exact_over_bound(T3_sharp, replace(idle, gap0=0.485), [(1.0, 1.0, 0.0)], 1.0, 1.0, T)[-1] > 1


def test_the_plain_form_is_false_for_longer_steps():
    """At gamma = 1.9/L on x^2/2 the gap falls by 0.81 a step: 2 - gamma L = 0.1 is what T3 lacks."""
    case = Case(GD(1.9), LINE, [[1.0]], steps=30)
    assert verify(T3, case).status is Status.NOT_APPLICABLE
    assert verify(replace(T3, given=()), replace(case, steps=6)).status is Status.VIOLATED
    assert verify(T3_sharp, case).status is Status.HOLDS
