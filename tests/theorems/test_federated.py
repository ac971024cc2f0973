"""T9 and T10 with their forms: M clients take K full gradient steps under one sketch, and the server averages."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Case, Clients, Constants, Exact, Local, RACLoRA, Reshuffled, Status, sketches, theorems, verify
from rac_theory.algorithms import SGD
from rac_theory.problems import Federated, LeastSquares

T9, T9d, T9d_sharp = theorems.T9, theorems.T9d, theorems.T9d_sharp
T10, T10d, T10d_sharp = theorems.T10, theorems.T10d, theorems.T10d_sharp
ALL = [T9, T9d, T9d_sharp, T10, T10d, T10d_sharp]
GOOD = (Status.HOLDS, Status.CONSISTENT)
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


@pytest.mark.parametrize("p", [1.0, 0.3, 0.001])
def test_the_sharp_T10d_is_an_equality_for_two_steps(exact_over_bound, p):
    """Gamma L = 1 and identical clients: rho = 1 - p + p/16, exactly; half of the steps in s would give 1 - p."""
    constants, maps = constants_of_slopes([1.0], 0.5, 2, p), rounds([1.0], [0.0], 0.5, 2, p)
    np.testing.assert_allclose(exact_over_bound(T10d_sharp, constants, maps, 1.0, 1.0, 100), 1.0, rtol=1e-9)


def opposite(K, Gamma, eps):
    """f = +-(x^2/2 + x), with eps x^2/2 added to the second, started where a round leaves x alone."""
    slopes, shifts = [1.0, eps - 1.0], [1.0, -1.0]
    maps = rounds(slopes, shifts, Gamma / K, K)
    rest = maps[1][2] / (1 - maps[1][1])
    zeta_squared = float(np.var(np.array(slopes) * rest + shifts))
    gap0 = eps / 4 * rest**2
    more = {"zeta_squared": zeta_squared, "mu": eps / 2, "gap0": gap0, "gap0_upper": gap0}
    return constants_of_slopes([1.0], Gamma / K, K, **more), maps, eps / 2, rest


@pytest.mark.parametrize(("K", "expected"), [(2, 0.5), (5, 2 / 3), (50, 0.7424)])
def test_how_tight_the_second_term_is(exact_over_bound, K, expected):
    """s^2/a = 3(K - 1) / (2 (2K - 1)) of the noise at small steps; less, or another power of K or eta, is false."""
    constants, maps, Q, rest = opposite(K, 0.01, 2e-4)
    at_rest = replace(constants, gap0=0.0, gap0_upper=0.0)
    for t in (T9, T10):
        assert exact_over_bound(t, at_rest, maps, Q, rest, 20).max() == pytest.approx(expected, rel=0.02)
        for factor in (0.9 * expected, 0.01, *((1 / K,) if K > 2 else ())):
            false = replace(at_rest, zeta_squared=at_rest.zeta_squared * factor)
            assert exact_over_bound(t, false, maps, Q, rest, 20).min() > 1


@pytest.mark.parametrize("t", [T9, T10])
def test_the_constant_of_f_itself_is_not_enough(exact_over_bound, t):
    """L_f = eps/2 while the slopes are +-1; start and all, after enough rounds. So is noise that is dropped."""
    constants, maps, Q, rest = opposite(4, 0.2, 0.05)
    assert exact_over_bound(t, constants, maps, Q, rest, 5000).max() <= 1
    for false in ({"L_max": Q}, {"zeta_squared": 0.0}):
        assert exact_over_bound(t, replace(constants, **false), maps, Q, rest, 5000)[-1] > 1.5


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


@pytest.mark.parametrize("t", ALL)
def test_lambda_max_for_lambda_min_is_refuted(exact_over_bound, t):
    """All error on an axis of probability 1/20; no noise."""
    rare, often, eta = 0.05, 0.95, 0.1
    constants = replace(constants_of_slopes([1.0], eta, 2, rare), lambda_max=often)
    maps = [(rare, np.diag([(1 - eta) ** 2, 1.0]), np.zeros(2)), (often, np.diag([1.0, (1 - eta) ** 2]), np.zeros(2))]
    assert exact_over_bound(t, constants, maps, np.eye(2), [1.0, 0.0], 300).max() <= 1
    false = replace(constants, lambda_min=often)
    assert exact_over_bound(t, false, maps, np.eye(2), [1.0, 0.0], 300).max() > 1


@pytest.mark.parametrize("t", [T9d, T9d_sharp, T10d, T10d_sharp])
def test_the_noise_of_clients_that_curve_differently_is_no_free_lunch(t):
    """f_1 = 2 (x - 1)^2, f_2 = (x + 1)^2 / 2: local steps end off the minimiser, so D may not be dropped."""
    problem = Federated(LeastSquares(np.array([[2.0], [1.0]]), np.array([2.0, -1.0])), 2)
    W0, algorithm = problem.W_star + 0.01, SGD(0.02, Clients(Local(5)))
    verdict = verify(t, Case(algorithm, problem, W0, steps=600))
    assert verdict.evidence == "exact"
    assert verdict.status is not Status.VIOLATED
    assert verify(t, Case(algorithm, problem, W0, steps=600), constants=replace(verdict.constants, D=0.0)).status is (
        Status.VIOLATED
    )


@pytest.mark.long
def test_they_hold(kind, tried):
    """Four clients, rows at random, four local steps; zeta^2 is measured on other runs."""
    for verdict in tried(ALL, kind, "federated"):
        assert verdict.status in GOOD, verdict
        assert verdict.informative_from is not None
        assert verdict.constants.D > 0
        assert ("measured, not proved" in verdict.reason) == (verdict.theorem in (T9, T10))


def a_case(gradients=None):
    problem = LeastSquares(np.random.default_rng(0).standard_normal((12, 3)), np.arange(24.0).reshape(12, 2), l2=2.0)
    problem = Federated(problem, 3)
    sketch = sketches.WeightedCoordinate(3, 1, [2, 2, 3])
    algorithm = RACLoRA(sketch, 0.1 / (4 * problem.L_max), gradients=gradients or Clients(Local(4)))
    return Case(algorithm, problem, steps=50)


@pytest.mark.parametrize("t", ALL)
@pytest.mark.parametrize(
    ("change", "sentence", "about"),
    [
        (
            {"L_max": math.nan},
            "Lipschitz gradient of every component or client needs a known L > 0: L_max is unknown",
            ALL,
        ),
        ({"lambda_min": 0.0}, "lambda_min > 0 is not met: lambda_min is 0 (smallest eigenvalue of E[H], 0 if", ALL),
        ({"lambda_max": math.nan}, "lambda_max must be known, it is nan (largest eigenvalue of E[H])", ALL),
        ({"zeta_squared": math.nan}, "zeta^2 must be known, zeta_squared is nan", [T9, T10]),
        ({"D": math.nan}, "D must be known, it is nan", [T9d, T9d_sharp, T10d, T10d_sharp]),
        ({"gap0_upper": math.nan}, "f(W^0) - f* must be known, gap0_upper is nan", [T9, T9d, T9d_sharp]),
        ({"gap0": math.nan}, "f(W^0) - f* must be known, gap0 is nan", [T10, T10d, T10d_sharp]),
        ({"mu": 0.0}, "Polyak-Lojasiewicz inequality needs a known mu > 0: mu is 0", [T10, T10d, T10d_sharp]),
    ],
)
def test_each_assumption(t, change, sentence, about):
    case = a_case()
    true = replace(Constants.of(case), zeta_squared=1.0)
    assert t.unmet(case, true) == ()
    unmet = t.unmet(case, replace(true, **change))
    assert any(words.startswith(sentence) for words in unmet) == (t in about)
    # With one step a round, what clients disagree about does not matter.
    if change.keys() & {"zeta_squared", "D"}:
        assert t.unmet(case, replace(true, **change, inner_steps=1)) == ()


@pytest.mark.parametrize("t", ALL)
def test_the_algorithm_is_named_first(t):
    exact = a_case(gradients=Exact())
    (unmet,) = t.unmet(exact, Constants.of(exact))
    assert unmet == "gradients must be those of clients, they come from Exact"
    reshuffled = a_case(gradients=Clients(Reshuffled()))
    (unmet,) = t.unmet(reshuffled, Constants.of(reshuffled))
    assert unmet == "clients must take full gradient steps, theirs come from Reshuffled"
