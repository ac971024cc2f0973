"""Constants composed of others are rounded to the side on which theorems stay true, by exact arithmetic.

Noise, the Kronecker sum of a Bernoulli mixture, certified eigenvalues, advice, floors. Each test names what it catches.
"""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import rac_theory.algorithms.layered
from rac_theory import Case, Constants, RACLoRA, Status, theorems, tightness
from rac_theory.advice import advise, promised_steps
from rac_theory.algorithms import AsymmetricLoRA, Bernoulli
from rac_theory.algorithms.gradients.noise import additive_noise, minibatch_noise
from rac_theory.literature.counterexamples.low_rank import floor
from rac_theory.literature.counterexamples.shrinking_step import SHARE, circulated_step_exceeds, guaranteed_step
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.problems.finite_sum import heterogeneity
from rac_theory.sketches import Coordinate, FiniteSupport, Haar, Rademacher
from rac_theory.sketches.spectra import Spectrum, spectrum
from rac_theory.testing.convergence import Share
from rac_theory.verdicts.sharpness.hardest_case import hardest_case
from tests.as_one_test import as_one_test

DIGITS = Fraction(1, 10**15)


@pytest.mark.parametrize("replacing", [False, True])
def test_noise_is_rounded_up(replacing):
    """Against s L_max, 1 - s, s D in Fractions. Catches each of them to nearest or down, and N in the place of N-1."""
    rng = np.random.default_rng(0)
    for N in (3, 6, 7, 11):
        problem = LeastSquares(rng.standard_normal((N, 2)), rng.standard_normal(N), 0.1)
        infima = [Fraction(x) for x in problem.component_infima.tolist()]
        D = 2 * Fraction(problem.L_max) * (Fraction(problem.f_star) - sum(infima) / N)
        assert D <= Fraction(heterogeneity(problem)) <= D * (1 + DIGITS)
        for b in range(1, N + 1):
            s = Fraction(1, b) if replacing else Fraction(N - b, b * (N - 1))
            noise = minibatch_noise(problem, b, replace=replacing)
            for found, true in (
                (noise.A, s * Fraction(problem.L_max)),
                (noise.beta, 1 - s),
                (noise.C, s * Fraction(heterogeneity(problem))),
            ):
                assert true <= Fraction(found) <= true * (1 + DIGITS)
    for sigma in rng.uniform(0.1, 1, 20).tolist():
        assert Fraction(additive_noise(sigma).C) >= Fraction(sigma) ** 2


OUTWARDS = {"lambda_min": 1, "lambda_max": -1, "lambda_min_upper": -1, "lambda_max_lower": 1}


def test_ends_of_a_kronecker_sum_are_rounded_outwards(monkeypatch):
    """Catches ends that are exchanged, sides that are, and each sum rounded to nearest or inwards."""
    rng = np.random.default_rng(1)
    known = {}
    monkeypatch.setattr(rac_theory.algorithms.layered, "spectrum", lambda sketch, **_: known[sketch.dim])
    for p in (rng.uniform(0, 1, 60) ** 4).tolist():  # 1 - p is no float then
        for dim in (2, 3):
            low, low_upper, high_lower, high = np.sort(rng.uniform(0, 1, 4)).tolist()
            known[dim] = Spectrum(low, high, low_upper, high_lower, np.empty((0, 0)), "closed form")
        found = Bernoulli(Coordinate(2, 1), Coordinate(3, 1), 0.1, p).projection(alpha=0.1, draws=1, rng=0)
        for name, sign in OUTWARDS.items():
            left, right = (Fraction(getattr(known[dim], name)) for dim in (2, 3))
            true, got = Fraction(p) * left + (1 - Fraction(p)) * right, getattr(found, name)
            assert sign * Fraction(got) <= sign * true
            assert got == pytest.approx(float(true), rel=1e-15)


def test_a_frozen_factor_promises_nothing():
    """Catches lambda_max below 1, for a frozen factor may be any, and full rank that is only likely."""
    for sketch in (Coordinate(3, 2), Haar(3, 1), Rademacher(2, 2)):
        known = AsymmetricLoRA(sketch, 0.1).projection(alpha=0.1, draws=100, rng=0)
        assert (known.lambda_min, known.lambda_max) == (0, 1)
    known = AsymmetricLoRA(Haar(3, 3), 0.1).projection(alpha=0.1, draws=100, rng=0)
    assert (known.lambda_min, known.lambda_max) == (1, 1)


def test_exact_spectra_are_bounds():
    """Three lines in the plane, with weights that are thirds: an irrational spectrum. Catches exchanged ends."""
    third = Fraction(1, 3)
    known = spectrum(FiniteSupport([[[1.0], [0]], [[1], [1]], [[1], [3]]], [third] * 3), exact=True)
    a, b, c = third * (1 + Fraction(1, 2) + Fraction(1, 10)), third * Fraction(8, 10), third * Fraction(14, 10)
    for sign, end in ((1, known.lambda_min), (-1, known.lambda_max)):
        assert sign * (a + c - 2 * end) > 0  # on the side of its own end
        assert 0 <= (a - end) * (c - end) - b * b <= Fraction(1, 10**14)


def test_advice_on_a_mixture_is_rounded_down():
    """Catches a mean to nearest, and p on the wrong side."""
    for p in np.random.default_rng(3).uniform(0.01, 0.99, 20).tolist():
        options, _ = advise([(7, 3)], ranks=[1], mixture=p)
        ends = {option.side: Fraction(option.lambda_min) for option in options}
        true = Fraction(p) * ends["left"] + (1 - Fraction(p)) * ends["right"]
        assert ends["mixture"] <= true <= ends["mixture"] * (1 + DIGITS)


@as_one_test(("epsilon", "nu"), [(0.3, 1.0), (0.3, 0.1), (0.01, 0.25), (1e-7, 1.0), (1e-7, 0.1)])
def test_promised_steps_are_enough_and_one_less_is_not(epsilon, nu):
    """By T15 1 / (nu epsilon), by T15_pl a power, in Fractions. Catches floors, and a loose tolerance."""
    slack = 1 + Fraction(1, 10**11)
    share = Fraction(nu) * Fraction(epsilon)
    T = promised_steps(theorems.T15, nu, epsilon=epsilon, condition=10)
    assert T * share * slack >= 1
    assert (T - 1) * share < 1
    T = promised_steps(theorems.T15_pl, nu, epsilon=epsilon, condition=10)
    rate = math.log1p(-nu / 10)
    assert T * rate <= math.log(epsilon) * (1 - 1e-9)
    assert (T - 1) * rate > math.log(epsilon)


@pytest.mark.long
def test_the_hardest_case_is_one_whose_bound_has_halved():
    """Before that every bound is nearly met. Catches bounds that have hardly fallen."""
    found = hardest_case("T1", 60, rng=0)
    constants = Constants.of(found.case)
    bound = found.theorem.bound(constants, found.t)
    assert bound[-1] <= 0.5 * np.nanmin([bound[0], found.theorem.metric.ceiling(constants)])


def test_a_ratio_beside_the_interval_of_f_star_is_not_told():
    """A bound at 99.5 times what f* leaves open tells nothing, one at 100.5 does. Catches any other factor."""
    problem = Quadratic.left(2.0 * np.eye(2), np.ones((2, 1)))
    case = Case(RACLoRA(Haar(2, 1), 0.25), problem, steps=1)
    constants = Constants.of(case)
    bound = theorems.T2.bound(constants, 1)
    for times, told in ((99.5, False), (100.5, True)):
        wide = replace(constants, f_star_error=float(bound[1]) / times)
        assert np.isfinite(tightness("T2", case, constants=wide)[1]) == told


def test_floors_are_below_the_truth():
    """Against a matrix of rank one that all but attains it. Catches the error of singular values left out, or added."""
    for seed in range(30):
        rng = np.random.default_rng(seed)
        left, right = (np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(2))
        W_star = left * [1e3, 1e-3 * seed, 1.0] @ right
        problem = Quadratic.left(np.eye(3) * 0.7, W_star)
        reached = (left[:, :1] * 1e3) @ right[:1]
        gap = squared(W_star, reached) * Fraction(problem.strong_convexity) / 2
        assert Fraction(floor(problem, np.zeros((3, 3)), 1)) <= gap


def squared(A, B):
    return sum((Fraction(a) - Fraction(b)) ** 2 for a, b in zip(A.ravel().tolist(), B.ravel().tolist(), strict=True))


def test_the_share_that_is_claimed_is_proved_and_no_more():
    """1 - x/2 - (y/2)(1 + x/2)^2 on x + y = 1/(4 sqrt 2), at many x. Catches a claim that the proof does not give."""
    c = Fraction(17677670, 10**8)  # a little more than 1/(4 sqrt 2)
    assert 32 * c**2 > 1
    least = min(1 - x / 2 - (c - x) / 2 * (1 + x / 2) ** 2 for x in (c * k / 1000 for k in range(1001)))
    assert Fraction(str(SHARE)) <= least < Fraction(str(SHARE)) + Fraction(1, 1000)


def test_guaranteed_steps_are_no_longer_than_guaranteed():
    """Catches the gradient left out, a factor of two, and a step above one."""
    for L, V, G in ((20.0, 3.0, 1.0), (0.5, 1e-3, 40.0), (1e-9, 1e-9, 1e-9)):
        eta = Fraction(guaranteed_step(L, V, G))
        assert eta <= 1
        assert 32 * (eta * (Fraction(L) * Fraction(V) + Fraction(G))) ** 2 <= 1 + DIGITS
        assert eta == 1 or 32 * (eta * (Fraction(L) * Fraction(V) + Fraction(G))) ** 2 >= 1 - DIGITS


def test_the_step_in_circulation_is_at_most_one():
    """With tiny L and G the step is 1, and eta G = G. Catches the minimum with one left out."""
    assert not circulated_step_exceeds(Fraction(1, 2), Fraction(1, 1000), Fraction(1, 4), Fraction(1, 10**6))


@as_one_test(("count", "claimed"), [(100, 0.9), (70, 0.8), (96, 0.9)])
def test_the_runs_that_are_asked_for_decide(count, claimed):
    """If the same share of them do it; half as many do not. Catches fewer than Chernoff's bound asks for."""
    share = Share(count, 100, claimed, 1e-12)
    assert share.status is Status.UNDECIDED
    runs = int(share.reason.split("it takes about ")[1].split()[0])
    many, few = (Share(round(count * n / 100), n, claimed, 1e-12) for n in (runs, runs // 2))
    assert many.status is (Status.HOLDS if count > 100 * claimed else Status.VIOLATED)
    assert few.status is Status.UNDECIDED
