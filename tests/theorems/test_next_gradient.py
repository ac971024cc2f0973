"""T2_tight: the best b by search, its rate by hand and by decimals, and attacks."""

import itertools
import math
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import eigvalsh
from scipy.optimize import minimize_scalar

from rac_theory import Constants, theorems
from rac_theory.algebra import fraction, identical
from rac_theory.problems import PLSine
from rac_theory.theorems import rac_lora_gd
from tests.as_one_test import as_one_test

GRID = list(itertools.product([1e-6, 0.01, 0.1, 0.5, 0.9, 1.0], [1e-6, 1 / 16, 0.25, 0.5, 0.9, 1.0]))
SMALL = [1e-3, 1e-9, 1e-17, 1e-100]


def rate(kappa, e, theorem=theorems.T2_tight):
    """The factor of the gap in one step, for L = gamma = 1, where e is lambda_min."""
    return theorem.bound(Constants(gamma=1.0, L=1.0, mu=kappa, lambda_min=e, gap0=1.0), 1)[1]


def factor(b, kappa, e):
    """F(b) of the page: what both ends of a step and a Young parameter give."""
    return (2 - kappa * (1 + e) + kappa * (1 - e) / b) / (2 + kappa - kappa * b)


@as_one_test(("kappa", "e"), GRID)
def test_the_rate_is_the_smallest_factor(kappa, e):
    """The page's F(b) on (0, 1], by search: its minimum is where both coefficients are positive, as the page says.

    Catches a wrong square, root or weight in the closed form, and a best b at which PL may not be used.
    """
    found = minimize_scalar(factor, bounds=(1e-9, 1.0), args=(kappa, e), method="bounded", options={"xatol": 1e-12})
    smallest = min(found.fun, factor(1.0, kappa, e))
    assert rate(kappa, e) == pytest.approx(smallest, rel=1e-8)
    best = math.sqrt((1 - e) / rate(kappa, e)) if e < 1 else 0.0
    assert (1 - e) / (1 + e) <= best * (1 + 1e-12)
    assert best <= 1 + 1e-12
    if e < 1:
        assert factor(best, kappa, e) == pytest.approx(rate(kappa, e), rel=1e-12)


def test_rates_by_hand():
    """kappa = 2/7 and e = 3/4 have roots 1/2 and 13/14, whose mean is 7/8: 49/64, where T2_sharp has 11/14."""
    at = {"gamma": Fraction(1, 2), "L": Fraction(3, 2), "mu": Fraction(3, 7), "lambda_min": Fraction(4, 5)}
    assert fraction(rac_lora_gd.rho_tight, at) == Fraction(49, 64)
    assert fraction(theorems.T2_sharp.claim.bound, {**at, "f(W^0) - f*": 1, "T": 1}) == Fraction(11, 14)
    full = rac_lora_gd.rho_tight.at({rac_lora_gd.e: 1})
    assert identical(full, (2 - 2 * rac_lora_gd.kappa) / (2 + rac_lora_gd.kappa))
    assert not identical(full, (2 - rac_lora_gd.kappa) / (2 + rac_lora_gd.kappa))


def test_what_it_gains_over_the_sharp_form():
    """In the exponent. Catches a gain that is said of small ranks, where there is hardly any."""
    for kappa, e, gain in ((0.1, 1.0, 1.4631), (0.1, 0.25, 1.0297), (0.1, 1 / 16, 1.0066), (0.5, 1.0, 1.3219)):
        assert math.log(rate(kappa, e)) / math.log(rate(kappa, e, theorems.T2_sharp)) == pytest.approx(gain, rel=1e-4)


@pytest.mark.parametrize(("kappa", "e"), [(0.3, x) for x in SMALL] + [(x, 0.3) for x in SMALL])
def test_a_rate_that_rounds_to_one(kappa, e):
    """By 400 digits, once nearly everything is gone. The mean of the roots in plain arithmetic has lost it all."""
    with localcontext() as context:
        context.prec = 400
        k, g, half = Decimal(kappa), Decimal(e), Decimal(1) / 2
        x = (k * (1 - g).sqrt() + 2 * (1 - g * k * (1 + k) * half).sqrt()) / (2 + k)
        steps = (3 / (k * g)).to_integral_value()
        expected = float((2 * steps * x.ln()).exp())
    c = Constants(gamma=1.0, L=1.0, mu=kappa, lambda_min=e, gap0=1.0)
    assert theorems.T2_tight.claim.at(c, np.array([float(steps)]))[0] == pytest.approx(expected, rel=1e-12)


def random_case(rng):
    """A quadratic with L = 1, draws of projections of any rank with weights, a step, and the constants."""
    d = int(rng.integers(1, 5))
    curvatures = rng.uniform(0.05, 1.0, d) if rng.random() < 0.7 else np.ones(d)
    curvatures /= curvatures.max()
    U, _ = np.linalg.qr(rng.standard_normal((d, d)))
    A = (U * curvatures) @ U.T
    weights = rng.dirichlet(np.ones(int(rng.integers(1, 5))))
    bases = [np.linalg.qr(rng.standard_normal((d, rng.integers(1, d + 1))))[0] for _ in weights]
    draws = [(p, Q @ Q.T) for p, Q in zip(weights, bases, strict=True)]
    low = max(0.0, np.linalg.eigvalsh(sum(p * H for p, H in draws))[0])
    c = Constants(gamma=rng.uniform(0.02, 1.98), L=1.0, mu=float(curvatures.min()), lambda_min=low, gap0=1.0)
    return (A + A.T) / 2, draws, c


def test_random_quadratics_from_their_hardest_starts():
    """300 of them, exactly, any draws: none is above the bound, and of those with mu = L some refute one that is 1%
    better in either constant, the 24th first. Catches lambda_max in the place of lambda_min, and a rate that is only
    right for H = I.
    """
    rng, better = np.random.default_rng(4), 0.0
    for _ in range(300):
        A, draws, c = random_case(rng)
        steps = [(p, np.eye(len(A)) - c.gamma * H @ A) for p, H in draws]
        left = eigvalsh(sum(p * M.T @ A @ M for p, M in steps), A)[-1]  # of the expected gap, at most
        assert left <= theorems.T2_tight.bound(c, 1)[1] * (1 + 1e-10)
        if c.mu > 1 - 1e-9 and 0.1 < c.lambda_min < 0.9:
            better = max(better, left / theorems.T2_tight.bound(replace(c, lambda_min=1.01 * c.lambda_min), 1)[1])
    assert better > 1.001


@pytest.mark.parametrize(("gamma_L", "room"), [(0.1, 1.1), (1.0, 2.0), (1.6, 6.0)])
def test_a_function_that_is_no_quadratic(gamma_L, room):
    """x^2 + 3 sin(x)^2 in two entries of which one is drawn: all 2^4 runs from each start, exactly.

    In the exponent the slowest start, near where PL is tight, falls as fast as is promised or faster, by so much for
    short steps that no tenth could be added to the rate.
    """
    problem = PLSine((2, 1))
    gamma = gamma_L / problem.L
    c = Constants(gamma=gamma, L=problem.L, mu=problem.mu, lambda_min=0.5, gap0=1.0)
    starts = np.stack(np.meshgrid(np.linspace(-6, 6, 121), np.linspace(-6, 6, 121)), axis=-1).reshape(-1, 2, 1)
    starts = starts[problem.value(starts) > 1e-6]
    runs, bound, slowest = [starts], theorems.T2_tight.bound(c, 4), []
    for t in range(1, 5):
        runs = [W - gamma * problem.gradient(W) * np.eye(2)[i][:, None] for W in runs for i in (0, 1)]
        left = np.mean([problem.value(W) for W in runs], axis=0) / problem.value(starts)
        slowest.append(np.log(left).max() / np.log(bound[t]))
    assert 1 <= min(slowest) < room
