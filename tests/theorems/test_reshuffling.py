"""T7 and T8 with their forms: RAC-LoRA with one reshuffled epoch a sketch, every permutation enumerated."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, Reshuffled, Status, sketches, theorems
from rac_theory.problems import LeastSquares, Quadratic

T7, T7d, T7d_sharp = theorems.T7, theorems.T7d, theorems.T7d_sharp
T8, T8d, T8d_sharp = theorems.T8, theorems.T8d, theorems.T8d_sharp
ALL = [T7, T7d, T7d_sharp, T8, T8d, T8d_sharp]
GOOD = (Status.HOLDS, Status.CONSISTENT)
c = Constants(
    gamma=0.1, inner_steps=2, L_max=2.0, mu=0.5, lambda_min=0.25, lambda_max=0.5, D=5.0, f_star=0.0, gap0=3.0,
    gap0_upper=3.5,
)  # fmt: skip


@pytest.mark.parametrize("N", [2, 3, 20])
def test_the_sharp_forms_are_sharper(N):
    """Wherever both apply; the noise of T7d is larger by 16 (N + 1)/7 at small steps and N = 2, and more for others."""
    for share in (0.01, 0.3, 1.0):
        at = replace(c, gamma=share / (2 * N * c.L_max), inner_steps=N)
        for simple, sharp in ((T7d, T7d_sharp), (T8d, T8d_sharp)):
            assert (sharp.bound(at, 50)[1:] < simple.bound(at, 50)[1:]).all()


def epochs(slopes, shifts, eta, p=1.0):
    """The maps of one epoch on f_i = slope x^2/2 + shift x under H = 1 with probability p, else 0."""
    maps = [(1 - p, 1.0, 0.0)]
    orders = list(itertools.permutations(range(len(slopes))))
    for order in orders:
        A, b = 1.0, 0.0
        for i in order:
            A, b = (1 - eta * slopes[i]) * A, (1 - eta * slopes[i]) * b - eta * shifts[i]
        maps.append((p / len(orders), A, b))
    return maps


def identical(N, eta, p=1.0):
    """N components x^2/2, x^0 = 1: one map, whatever the order."""
    constants = Constants(
        gamma=eta,
        inner_steps=N,
        L_max=1.0,
        mu=1.0,
        lambda_min=p,
        lambda_max=p,
        sigma_squared=0.0,
        D=0.0,
        f_star=0.0,
        gap0=0.5,
        gap0_upper=0.5,
    )
    return constants, [(1 - p, 1.0, 0.0), (p, (1 - eta) ** N, 0.0)]


@pytest.mark.parametrize(("N", "T7_ratio", "T7d_ratio"), [(2, 0.569, 0.536), (3, 0.585, 0.564), (200, 0.615, 0.614)])
def test_how_tight_the_first_term_is(exact_over_bound, N, T7_ratio, T7d_ratio):
    """7/18 / (1 - (1 - 1/2N)^2N) is the limit of T7; the numbers of ``tightest``, which a factor beyond refutes."""
    constants, maps = identical(N, 1 / (2 * N))
    ratio = exact_over_bound(T7, constants, maps, 1.0, 1.0, 60)
    assert ratio[-1] == pytest.approx(7 / 18 / (1 - (1 - 1 / (2 * N)) ** (2 * N)), rel=1e-6)
    assert ratio.max() == pytest.approx(T7_ratio, abs=1e-3)
    assert exact_over_bound(T7d, constants, maps, 1.0, 1.0, 60).max() == pytest.approx(T7d_ratio, abs=2e-3)
    for t in (T7, T7d):
        assert abs(t.tightest.ratio - 0.615) < 1e-9
        false = replace(constants, gap0_upper=0.5 * 0.99 * T7d_ratio)
        assert exact_over_bound(t, false, maps, 1.0, 1.0, 60).max() > 1


def test_the_sharp_first_term_is_attained(exact_over_bound):
    """N = 2 at eta = 1/(2L), twice the step of T7: 1 - 17^-T by hand, as an epoch quarters x and q = 1/16."""
    constants, maps = identical(2, 0.5)
    ratio = exact_over_bound(T7d_sharp, constants, maps, 1.0, 1.0, 8)
    np.testing.assert_allclose(ratio, [1 - 17.0**-t for t in range(1, 9)], rtol=1e-12)
    assert T7d_sharp.tightest.ratio == 1.0
    rare, maps = identical(2, 0.5, 1e-3)
    np.testing.assert_allclose(exact_over_bound(T8d_sharp, rare, maps, 1.0, 1.0, 2000), 1.0, rtol=1e-9)


@pytest.mark.parametrize(("N", "T8_ratio", "T8d_ratio"), [(2, 0.591, 0.510), (3, 0.611, 0.563), (200, 0.648, 0.648)])
def test_how_tight_the_rate_is(exact_over_bound, N, T8_ratio, T8d_ratio):
    """Where the bound has halved, under a sketch that hardly ever moves."""
    constants, maps = identical(N, 1 / (2 * N), 1e-3)
    for t, expected in ((T8, T8_ratio), (T8d, T8d_ratio)):
        bound = t.bound(constants, 3000)[1:]
        ratio = exact_over_bound(t, constants, maps, 1.0, 1.0, 3000)[bound <= 0.25]
        assert ratio[0] == pytest.approx(expected, abs=2e-3)
        assert t.tightest.ratio == 0.648
        false = replace(constants, mu=2.0)  # the true factor is 1 - p (1 - e^-1), 1.63 times as far from one as T8's
        assert exact_over_bound(t, false, maps, 1.0, 1.0, 3000).max() > 1


def cancelling(eta, eps):
    """f = +-(x^2/2 + x), with eps x^2/2 added to the second, started where the mean iterate rests.

    sigma^2 is its value there, a lower end of what T7 asks for; the second term of the bound is the smaller.
    """
    slopes, shifts = np.array([1.0, eps - 1.0]), np.array([1.0, -1.0])
    maps = epochs(slopes, shifts, eta)
    A, b = maps[1][1], (maps[1][2] + maps[2][2]) / 2
    rest = b / (1 - A)
    constants = Constants(
        gamma=eta,
        inner_steps=2,
        L_max=1.0,
        mu=eps / 2,
        lambda_min=1.0,
        lambda_max=1.0,
        sigma_squared=float(np.var(slopes * rest + shifts)),
        f_star=0.0,
        gap0=eps / 4 * rest**2,
        gap0_upper=eps / 4 * rest**2,
    )
    return constants, maps, eps / 2, rest


def test_how_tight_the_second_term_is(exact_over_bound):
    """7/(16 (N + 1)) = 7/48 of the noise alone at small steps; beyond that, or with another power of eta, false."""
    constants, maps, Q, rest = cancelling(0.01, 2e-4)
    at_rest = replace(constants, gap0=0.0, gap0_upper=0.0)
    for t in (T7, T8):
        assert exact_over_bound(t, at_rest, maps, Q, rest, 30).max() == pytest.approx(7 / 48, rel=0.02)
        for factor in (0.9 * 7 / 48, constants.gamma):
            false = replace(at_rest, sigma_squared=at_rest.sigma_squared * factor)
            assert exact_over_bound(t, false, maps, Q, rest, 30).min() > 1


@pytest.mark.parametrize("t", [T7, T8])
def test_the_constant_of_f_itself_is_not_enough(exact_over_bound, t):
    """L_f = eps/2 while the slopes are +-1: with it for max L_i the noise term is too small, start and all."""
    constants, maps, Q, rest = cancelling(0.05, 0.05)
    constants = replace(constants, sigma_squared=2 * constants.sigma_squared)
    assert exact_over_bound(t, constants, maps, Q, rest, 6000).max() <= 1
    for false in ({"L_max": Q}, {"sigma_squared": 0.0}):
        assert exact_over_bound(t, replace(constants, **false), maps, Q, rest, 6000)[-1] > 1.5


def two_targets(p=0.3, eta=0.5):
    """(x -+ 1)^2/2 by the library: L_max = 1, D = 1, f* = 1/2; the maps by hand, x from the minimiser 0."""
    problem = LeastSquares(np.ones((2, 1)), np.array([1.0, -1.0]))
    sketch = sketches.FiniteSupport(np.array([[[1.0]], [[0.0]]]), [p, 1 - p])
    case = Case(RACLoRA(sketch, eta, gradients=Reshuffled()), problem, np.array([[3.0]]), steps=200)
    return case, replace(Constants.of(case), f_star=0.0), epochs([1.0, 1.0], [1.0, -1.0], eta, p)


@pytest.mark.parametrize("p", [1.0, 0.3, 0.01])
def test_the_sharp_T8d_is_an_equality_at_every_T(exact_over_bound, p):
    """At eta = 1/2 = 1/(LN), any p, with the constants of the library."""
    case, true, maps = two_targets(p)
    assert T8d_sharp.unmet(case, true) == ()
    assert pytest.approx(1.0) == true.D
    np.testing.assert_allclose(exact_over_bound(T8d_sharp, true, maps, 1.0, 3.0, 200), 1.0, rtol=1e-9)
    assert T8d_sharp.tightest.ratio == 1.0


@pytest.mark.parametrize("t", [T7d, T7d_sharp, T8d, T8d_sharp])
def test_noise_that_is_dropped_shows_at_large_T(exact_over_bound, t):
    """At eta = 1/4 the gap tends to 1/350, as x^2 becomes 81/256 x^2 + 1/256; upper bounds for f_i* make D zero."""
    _, true, maps = two_targets(1.0, 0.25)
    far = replace(true, gap0=0.005, gap0_upper=0.005)
    assert exact_over_bound(t, far, maps, 1.0, 0.1, 300).max() <= 1
    assert exact_over_bound(t, replace(far, D=0.0), maps, 1.0, 0.1, 300)[-1] > 1


def test_the_limit_of_T8d(exact_over_bound):
    """1/21 of the noise term at eta = 1/4."""
    _, true, maps = two_targets(0.3, 0.25)
    assert exact_over_bound(T8d, true, maps, 1.0, 3.0, 4000)[-1] == pytest.approx(1 / 21, rel=1e-6)


@pytest.mark.parametrize("t", ALL)
def test_lambda_max_for_lambda_min_is_refuted(exact_over_bound, t):
    """All error on an axis of probability 1/20; no noise."""
    rare, often, eta = 0.05, 0.95, 0.25
    constants, _ = identical(2, eta)
    constants = replace(constants, lambda_min=rare, lambda_max=often)
    maps = [(rare, np.diag([(1 - eta) ** 2, 1.0]), np.zeros(2)), (often, np.diag([1.0, (1 - eta) ** 2]), np.zeros(2))]
    assert exact_over_bound(t, constants, maps, np.eye(2), [1.0, 0.0], 60).max() <= 1
    false = replace(constants, lambda_min=often)
    assert exact_over_bound(t, false, maps, np.eye(2), [1.0, 0.0], 60).max() > 1


@pytest.mark.long
def test_they_hold(kind, tried):
    """Four batches, in the order of the data; sigma^2 is measured on other runs."""
    for verdict in tried(ALL, kind, "reshuffled"):
        assert verdict.status in GOOD, verdict
        assert verdict.informative_from is not None
        assert verdict.constants.D > 0
        assert ("measured, not proved" in verdict.reason) == (verdict.theorem in (T7, T8))


def a_case():
    """At a quarter of 1/(N L_max)."""
    problem = LeastSquares(np.random.default_rng(0).standard_normal((4, 3)), np.arange(8.0).reshape(4, 2), l2=2.0)
    sketch = sketches.WeightedCoordinate(3, 1, [2, 2, 3])
    gamma = 1 / (4 * 4 * problem.L_max)
    return Case(RACLoRA(sketch, gamma, gradients=Reshuffled()), problem, steps=50)


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
        ({"sigma_squared": math.nan}, "sigma^2 must be known, sigma_squared is nan", [T7, T8]),
        ({"D": math.nan}, "D must be known, it is nan", [T7d, T7d_sharp, T8d, T8d_sharp]),
        ({"D": math.inf}, "D must be known, it is inf", [T7d, T7d_sharp, T8d, T8d_sharp]),
        ({"gap0_upper": math.nan}, "f(W^0) - f* must be known, gap0_upper is nan", [T7, T7d, T7d_sharp]),
        ({"gap0": math.nan}, "f(W^0) - f* must be known, gap0 is nan", [T8, T8d, T8d_sharp]),
        ({"mu": 0.0}, "Polyak-Lojasiewicz inequality needs a known mu > 0: mu is 0", [T8, T8d, T8d_sharp]),
    ],
)
def test_each_assumption(t, change, sentence, about):
    case = a_case()
    true = replace(Constants.of(case), sigma_squared=1.0)
    assert t.unmet(case, true) == ()
    unmet = t.unmet(case, replace(true, **change))
    assert any(words.startswith(sentence) for words in unmet) == (t in about)


@pytest.mark.parametrize("t", ALL)
def test_the_algorithm_is_named_first(t):
    """Reshuffled epochs alone, of a finite sum."""
    exact = replace(a_case(), algorithm=RACLoRA(sketches.Haar(3, 1), 0.1))
    (unmet,) = t.unmet(exact, Constants.of(exact))
    assert unmet == "gradients must be those of a reshuffled epoch, they come from Exact"
    with pytest.raises(ValueError, match="problem must be a finite sum"):
        replace(a_case(), problem=Quadratic.left(np.eye(3), np.ones((3, 2))))
