"""T9 and T10 with their forms: M clients take K full gradient steps under one sketch, and the server averages."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Case, Clients, Constants, Local, Status, theorems, verify
from rac_theory.algorithms import SGD
from rac_theory.problems import Federated, LeastSquares

T9, T9d, T9d_sharp = theorems.T9, theorems.T9d, theorems.T9d_sharp
T10, T10d, T10d_sharp = theorems.T10, theorems.T10d, theorems.T10d_sharp
ALL = [T9, T9d, T9d_sharp, T10, T10d, T10d_sharp]
c = Constants(
    gamma=0.1, inner_steps=2, L_max=2.0, mu=0.5, lambda_min=0.25, lambda_max=0.5, f_star=0.0, gap0=3.0, gap0_upper=3.5
)


def test_without_drift_nothing_needs_to_be_known_of_the_clients():
    """K = 1: zeta and D may be nan or infinite, and 0 times that must not spoil the bound."""
    for unknown in (math.nan, math.inf):
        one = replace(c, inner_steps=1, zeta_squared=unknown, D=unknown)
        for t in ALL:
            assert np.isfinite(t.bound(one, 3)[1:]).all()


def same_clients(K, gamma, gradients=None):
    """Two clients x^2/2 by the library, from x = 1, without a sketch: deterministic, one run decides."""
    problem = Federated(LeastSquares(np.ones((2, 1)), np.zeros(2)), 2)
    return SGD(gamma / K, gradients or Clients(Local(K))), problem, np.ones((1, 1))


@pytest.mark.parametrize(
    ("t", "K", "gamma", "expected"),
    [
        (T9, 1, 1.0, 1.0),
        (T9, 2, 1.0, 0.933),
        (T9, 5, 0.76, 0.755),
        (T9d, 2, 1.0, 0.824),
        (T9d, 5, 0.56, 0.674),
        (T9d_sharp, 2, 1.0, 1.0),
        (T9d_sharp, 5, 1.0, 0.884),
    ],
)
def test_how_tight_the_first_term_is(t, K, gamma, expected):
    """The numbers of the pages and of ``tightest``, exactly; a start smaller by more than that is refuted."""
    algorithm, problem, W0 = same_clients(K, gamma)
    verdict = verify(t, Case(algorithm, problem, W0, steps=60))
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
    assert verdict.constants.D == 0
    ratio = verdict.mean[1:] / verdict.bound[1:]
    assert ratio.max() == pytest.approx(expected, abs=1e-3)
    assert ratio.max() <= 1 + 1e-12
    assert t.tightest.ratio == 1.0
    assert verdict.constants.measured == frozenset()  # the clients agree along the only run
    false = replace(verdict.constants, gap0_upper=verdict.constants.gap0_upper * ratio.max() * 0.99)
    assert verify(t, Case(algorithm, problem, W0, steps=60), constants=false).status is Status.VIOLATED


def rounds(slopes, shifts, eta, K, p=1.0):
    """The maps of one round on f_m = slope x^2/2 + shift x under H = 1 with probability p, else 0."""
    A, b = np.ones(len(slopes)), np.zeros(len(slopes))
    for _ in range(K):
        A, b = (1 - eta * np.array(slopes)) * A, (1 - eta * np.array(slopes)) * b - eta * np.array(shifts)
    return [(1 - p, 1.0, 0.0), (p, A.mean(), b.mean())]


def constants_of_slopes(slopes, eta, K, p=1.0, **more):
    blank = Constants(gamma=eta, inner_steps=K, L_max=max(map(abs, slopes)), lambda_min=p, lambda_max=p, f_star=0.0)
    return replace(blank, **({"zeta_squared": 0.0, "D": 0.0, "mu": 1.0, "gap0": 0.5, "gap0_upper": 0.5} | more))


@pytest.mark.parametrize(
    ("t", "K", "gamma", "expected"),
    [(T10, 2, 1.0, 0.952), (T10, 5, 0.76, 0.798), (T10d, 2, 1.0, 0.840), (T10d, 5, 0.5, 0.689)],
)
def test_how_tight_the_rate_is(exact_over_bound, t, K, gamma, expected):
    """Identical clients under a sketch that hardly ever moves, where the bound has halved."""
    constants, maps = constants_of_slopes([1.0], gamma / K, K, 1e-3), rounds([1.0], [0.0], gamma / K, K, 1e-3)
    bound = t.bound(constants, 4000)[1:]
    ratio = exact_over_bound(t, constants, maps, 1.0, 1.0, 4000)
    assert ratio[bound <= 0.25][0] == pytest.approx(expected, abs=1e-3)
    assert ratio.max() <= 1
    false = replace(constants, mu=2.0)
    assert exact_over_bound(t, false, maps, 1.0, 1.0, 4000).max() > 1


@pytest.mark.parametrize("delta", [1.0, 0.2, 0.05])
def test_T9_and_T10_need_kappa(exact_over_bound, delta):
    """The page's case, K = 2: all three draws leave one point alone, and ||G||^2 = (1 + 2/delta^2) s^2 zeta^2 there.

    That is a quarter of kappa_H at least, and s^2 = a/2: a ninth of kappa_H in its place is false.
    """
    eta, eps, identity = 1e-6, 1e-2, np.eye(3)
    S, c = np.diag([-1.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0]) / 2**0.5
    hessians, shifts = (S, eps * identity - S), (c, -c)
    draws = [identity[0], identity[1], np.array([1, -1, delta]) / (2 + delta**2) ** 0.5]
    maps = []
    for v in draws:
        H, client_maps = np.outer(v, v), []
        for hessian, shift in zip(hessians, shifts, strict=True):
            step = identity - eta * H @ hessian
            client_maps.append((step @ step, -(step @ (eta * H @ shift)) - eta * H @ shift))
        maps.append((1 / 3, sum(A for A, _ in client_maps) / 2, sum(b for _, b in client_maps) / 2))
    rows = [v @ (identity - A) for v, (_, A, _) in zip(draws, maps, strict=True)]
    rest = np.linalg.solve(rows, [v @ b for v, (_, _, b) in zip(draws, maps, strict=True)])
    for _, A, b in maps:
        np.testing.assert_allclose(A @ rest + b, rest, atol=1e-15 * np.linalg.norm(rest))
    gradients = np.array([hessian @ rest + shift for hessian, shift in zip(hessians, shifts, strict=True)])
    zeta_squared = float(((gradients - gradients.mean(axis=0)) ** 2).sum(axis=1).mean())
    low, _, high = np.linalg.eigvalsh(sum(np.outer(v, v) for v in draws) / 3)
    more = {"zeta_squared": zeta_squared, "mu": eps / 2, "gap0": 0.0, "gap0_upper": 0.0, "lambda_max": high}
    constants = replace(constants_of_slopes([1.0], eta, 2, low), **more)
    for t in (T9, T10):
        ratio = exact_over_bound(t, constants, maps, eps / 2 * identity, rest, 5)
        assert ratio.max() == pytest.approx((1 + 2 / delta**2) * low / high / 2, rel=0.01)
        assert 1 / 8 <= ratio.max() < 1
        false = replace(constants, lambda_max=high / 9)
        assert exact_over_bound(t, false, maps, eps / 2 * identity, rest, 5).min() > 1.1
