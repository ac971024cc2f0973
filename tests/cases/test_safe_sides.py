"""Which way constants are rounded: to the side on which a theorem stays true, by exact arithmetic on what is stored.

Each test names the direction that it would catch.
"""

import math
from dataclasses import replace
from fractions import Fraction
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rac_theory import GD, Case, Constants, RACLoRA, Status, sketches, spectrum, verify
from rac_theory.cases.case import _check_gradient_at, check_gradient
from rac_theory.numerics.rational import projection
from rac_theory.problems import FromFunctions, LeastSquares, Quadratic
from rac_theory.statements.metric import gap, mean_squared_gradient, squared_distance
from tests.as_one_test import as_one_test
from tests.problems.exact import exact, is_above_all_eigenvalues, is_below_all_eigenvalues

floats = st.floats(1e-3, 1e3)
BOWL = Quadratic.left(np.eye(4), np.ones((4, 1)))


@given(floats, floats, st.integers(1, 9), st.integers(1, 5), floats)
@settings(max_examples=150)
def test_nu_of_gaussian_sketches_is_rounded_down(gamma, L, d, r, lora_alpha):
    """Also where its two terms nearly cancel. Catches nu rounded up, or rounded relative to itself."""
    r = min(r, d)
    problem = Quadratic.left(L * np.eye(d), np.ones((d, 1)))
    algorithm = RACLoRA(sketches.Gaussian(d, r), gamma, lora_alpha=lora_alpha)
    c = Constants.of(Case(algorithm, problem, steps=1))
    tau, smooth = Fraction(gamma * (lora_alpha / r) ** 2), Fraction(problem.L)
    exact = 2 * r * tau - smooth * r * (d + r + 1) * tau**2
    assert Fraction(c.nu) <= exact
    assert float(exact - Fraction(c.nu)) <= 1e-15 * abs(float(exact)) + 1e-300


@pytest.mark.parametrize("near", [0.3, 1.0, 1.9, 2 - 1e-9, 2 + 1e-9])
def test_nu_is_rounded_down_for_other_sketches(near):
    """Orthonormal columns, and a support that is enumerated: against sums in Fractions."""
    problem = Quadratic.left(np.eye(3), np.ones((3, 1)))
    haar = Constants.of(Case(RACLoRA(sketches.Haar(3, 1), near, lora_alpha=1.0), problem, steps=1))
    tau = Fraction(near)
    assert Fraction(haar.nu) <= (2 * tau - tau**2) * Fraction(1, 3)
    assert Fraction(haar.longest_step) >= tau
    quarter = Constants.of(Case(RACLoRA(sketches.Haar(4, 1), near, lora_alpha=1.0), BOWL, steps=1))  # 1/4 is a float
    assert Fraction(quarter.nu) <= (2 * tau - tau**2) / 4
    assert quarter.nu == pytest.approx(float((2 * tau - tau**2) / 4), rel=1e-15)
    rng = np.random.default_rng(0)
    for _ in range(20):
        B, p = rng.standard_normal((4, 3, 2)), rng.dirichlet(np.ones(4))
        c = Constants.of(Case(RACLoRA(sketches.FiniteSupport(B, p), near / 40, lora_alpha=2.0), problem, steps=1))
        tau, M = Fraction(near / 40), [b @ b.T for b in exact(B)]
        mean = sum(share * (2 * tau * m - tau**2 * (m @ m)) for share, m in zip(exact(p), M, strict=True))
        assert is_below_all_eigenvalues(c.nu, mean)
        assert c.longest_step >= near / 40 * max(np.linalg.norm(draw, 2) ** 2 for draw in B)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-6, 1.0, 1e7]))
@settings(max_examples=60)
def test_the_distance_from_a_minimiser_is_rounded_up(seed, scale):
    """T3 and T4 start from it. Catches it rounded to nearest, and down."""
    rng = np.random.default_rng(seed)
    problem = Quadratic.left(np.diag([1.0, 2.0, 3.0]), scale * rng.standard_normal((3, 4)))
    start = scale * rng.standard_normal((3, 4))
    c = Constants.of(Case(GD(0.1), problem, start, steps=1))
    exact = sum(
        (Fraction(a) - Fraction(b)) ** 2 for a, b in zip(start.ravel(), problem.W_star.ravel().tolist(), strict=True)
    )
    assert Fraction(c.distance0) ** 2 >= exact
    assert float(Fraction(c.distance0) ** 2 / exact) <= 1 + 1e-11


@pytest.mark.parametrize("offset", [-3e7, 2.0, 5e9])
def test_an_infimum_is_not_known_better_than_to_its_rounding(offset):
    """f = offset + x^2/2 at an equality of T2: digits of f - f* that f does not have refute nothing.

    Catches f_star_error without 8 roundings of f_star: the last gaps are then rounding far above their bounds.
    """
    known = {"L": 1.0, "mu": 1.0, "f_star": offset, "start": np.full((1, 1), 1e3)}
    problem = FromFunctions((1, 1), lambda W: offset + float(W[0, 0] ** 2) / 2, lambda W: W, **known)
    c = Constants.of(Case(GD(0.25), problem, steps=1))
    assert c.f_star_error >= 8 * np.finfo(float).eps * abs(offset)
    verdict = verify("T2_sharp", Case(GD(0.25), problem, steps=120))
    assert verdict.status is not Status.VIOLATED
    resolved = verify("T2_sharp", Case(GD(0.25), problem, steps=3))
    assert resolved.status in (Status.HOLDS, Status.UNDECIDED)


def test_an_enumerated_mean_is_rounded_outwards():
    rng = np.random.default_rng(1)
    for _ in range(10):
        B, weights = rng.integers(-3, 4, size=(3, 3, 2)).astype(float), rng.dirichlet(np.ones(3))
        known = spectrum(sketches.FiniteSupport(B, weights))
        H = np.array([projection(draw.tolist()) for draw in exact(B)])
        mean = sum(share * h for share, h in zip(exact(weights), H, strict=True))
        assert is_below_all_eigenvalues(known.lambda_min, mean)
        assert is_above_all_eigenvalues(known.lambda_max, mean)


@pytest.mark.parametrize("size", [1.0, 1e4])
def test_the_tolerance_is_relative_to_the_whole_gradient(size):
    """Of 100 entries, beside a value that is larger. Catches twice the tolerance, and steps of another scale."""

    def off_by(factor):
        return FromFunctions((10, 10), lambda W: 1e3 * size**2 + np.sum(W**2) / 2, lambda W: factor * W, L=1.0)

    for factor in (1.0015, 0.9985):
        with pytest.raises(ValueError, match="must be the gradient of FromFunctions"):
            check_gradient(off_by(factor), np.full((10, 10), size))
    check_gradient(off_by(1.0005), np.full((10, 10), size))
    steep = FromFunctions((1, 1), lambda W: np.sin(100 * W[0, 0]), lambda W: 100 * np.cos(100 * W))
    check_gradient(steep, np.zeros((1, 1)))  # which the wider step shows wrong by a part in a thousand
    small = FromFunctions(
        (1, 1), lambda W: 1e-10 * np.sin(1e4 * W[0, 0]), lambda W: 1.0015e-6 * np.cos(1e4 * W), L=0.01
    )
    with pytest.raises(ValueError, match="must be the gradient of FromFunctions"):
        check_gradient(small, np.zeros((1, 1)))
    near = FromFunctions((1, 1), lambda W: (W[0, 0] - 1) ** 2 / 2, lambda W: 1.0015 * (W - 1), L=1.0)
    with pytest.raises(ValueError, match="must be the gradient of FromFunctions"):  # near a minimum that is far from 0
        _check_gradient_at(near, np.full((1, 1), 1.001), np.ones((1, 1, 1)))


@pytest.mark.parametrize("scale", [0.0, 1e-3])
def test_where_a_gradient_is_short_or_values_are_lost_it_is_looked_at_along_itself(scale):
    """Doubled along itself alone, where no random direction looks; zero is no error, nor what 1e16 swallows."""
    slope = partial(FromFunctions, (2, 1), lambda W: scale * W[0, 0])
    along, across = scale * np.array([[1.0], [0.0]]), np.array([[[0.0], [1.0]]])
    if scale:
        with pytest.raises(ValueError, match="must be the gradient of FromFunctions"):
            _check_gradient_at(slope(lambda W: W * 0 + 2 * along), np.ones((2, 1)), across)
    check_gradient(slope(lambda W: W * 0 + along), np.ones((2, 1)))
    check_gradient(FromFunctions((2, 1), lambda W: 1e16 + W[0, 0], lambda W: W * 0 + along), np.ones((2, 1)))


def test_ceilings_are_attained():
    """On ``(s/2) ||W||^2`` the ceilings are the metrics at the start. Catches half of one, and twice."""
    problem = Quadratic.left(2.0 * np.eye(3), np.ones((3, 2)))
    c = Constants.of(Case(GD(0.1), problem, steps=1))
    W = np.zeros((1, 3, 2))
    assert gap.ceiling(c) == pytest.approx(float(problem.value(W)[0]))
    assert mean_squared_gradient.ceiling(c) == pytest.approx(float(np.sum(problem.gradient(W) ** 2)))
    assert squared_distance.ceiling(c) == pytest.approx(float(np.sum(problem.W_star**2)))
    assert squared_distance.ceiling(replace(c, strong_convexity=0.0)) == math.inf


def test_gaps_start_from_the_upper_end_of_f_star_and_gradients_from_the_lower():
    """Catches the ends exchanged, and f_lower in the place of f_star."""
    problem = LeastSquares(np.eye(3), np.ones((3, 1)), l2=0.5)
    c = Constants.of(Case(GD(0.1), problem, steps=1))
    f0 = float(problem.value(np.zeros((1, 3, 1)))[0])
    assert Fraction(c.gap0) >= Fraction(f0) - Fraction(problem.f_star)
    assert Fraction(c.gap0_upper) >= Fraction(f0) - Fraction(problem.f_lower)
    assert (c.gap0, c.gap0_upper) == pytest.approx((f0 - problem.f_star, f0 - problem.f_lower), rel=1e-15)
    assert c.gap0_upper >= c.gap0


def test_a_lower_end_that_nobody_gives_is_rounded_down():
    """``f_star - f_star_error`` where f_lower is nan. Catches the nearest float, which is above it now and then."""

    class WithoutLowerEnd:
        f_lower, f_star_error = math.nan, 0.1

        def __init__(self, f_star):
            self.f_star = f_star

        def __getattr__(self, name):
            return getattr(BOWL, name)

    for f_star in np.random.default_rng(0).uniform(0.2, 1, 20).tolist():
        c = Constants.of(Case(GD(0.1), WithoutLowerEnd(f_star), steps=1))
        f0 = Fraction(float(BOWL.value(np.zeros((1, 4, 1)))[0]))
        assert Fraction(c.gap0_upper) >= f0 - (Fraction(f_star) - Fraction(0.1))


@as_one_test("missing", ["L", "mu", "strong_convexity", "convex", "f_star", "f_lower"])
def test_a_problem_without_one_of_its_constants_is_told_which(missing):
    members = {"shape", "value", "gradient", "L", "mu", "strong_convexity", "convex", "f_star", "f_lower"} - {missing}
    problem = SimpleNamespace(**{name: getattr(BOWL, name) for name in members})
    with pytest.raises(ValueError, match=f"problem must be a problem.*, got .* without '{missing}'"):
        Constants.of(Case(GD(0.1), problem, steps=1))
