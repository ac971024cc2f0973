"""PLSine: the constant in its docstring, claim by claim, and against searches that do not know the proof."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from rac_theory.problems import PLSine

SCALAR = PLSine((1, 1))


def h(x):
    """The local PL constant ``f'^2 / (2f)``, at any array of points."""
    W = np.asarray(x, dtype=float)[..., None, None]
    return SCALAR.gradient(W)[..., 0, 0] ** 2 / (2 * SCALAR.value(W))


def p(x):
    f = x**2 + 3 * np.sin(x) ** 2
    return 2 * f * (2 + 6 * np.cos(2 * x)) - (2 * x + 3 * np.sin(2 * x)) ** 2


def x0():
    return brentq(p, np.pi / 2, np.pi, xtol=1e-15)


def test_the_constant_is_attained_at_x0():
    """An equality, so that a constant 1e-12 larger, or one for another function, fails."""
    assert h(x0()) * (1 - 1e-13) <= SCALAR.mu <= h(x0())
    assert SCALAR.start.item() == 3 > x0()
    assert SCALAR.mu == pytest.approx(2 + 6 * math.cos(2 * x0()), rel=1e-12)
    assert SCALAR.mu == pytest.approx(0.17553098588, abs=1e-11)


def test_the_claims_of_the_proof():
    falling, rising = np.linspace(1e-4, np.pi / 2, 10_001), np.linspace(np.pi / 2, np.pi, 10_001)
    assert (np.diff(p(falling)) < 0).all()
    assert p(falling).max() < 0
    assert (np.diff(p(rising)) > 0).all()
    assert p(np.pi) == pytest.approx(12 * np.pi**2)
    assert (np.diff(h(falling)) < 0).all()

    beyond = np.linspace(np.pi, 100, 100_001)
    bound = (2 * beyond - 3) ** 2 / (2 * (beyond**2 + 3))
    assert (h(beyond) >= bound).all()
    assert (np.diff(bound) > 0).all()
    assert bound[0] == pytest.approx(0.4188, abs=1e-4)

    x = np.linspace(1e-6, 100, 100_001)[:, None, None]
    assert (SCALAR.gradient(x) > 0).all()  # so that 0 is the only stationary point


def test_the_minimum_where_L_is_attained_the_start_and_the_shape():
    problem = PLSine((2, 3))
    assert problem.value(problem.W_star) == problem.f_star == problem.f_lower == 0
    assert SCALAR.gradient(np.full((1, 1), 1e-6)) / 1e-6 == pytest.approx(SCALAR.L, rel=1e-9)
    assert problem.start.shape == (2, 3)
    assert (problem.start > x0()).all()
    for shape, rule in (((2, 1.5), r"shape\[1\] must be an integer"), (3, r"shape must be a pair \(m, n\), got 3")):
        with pytest.raises(ValueError, match=rule):
            PLSine(shape)


def test_the_tangent_stands_for_the_sines():
    """From 1e-8 to 1e8 and beside the poles of the tangent; catches a wrong factor, and digits lost to a pole."""
    poles = np.pi / 2 * np.arange(-7, 8)
    many = np.geomspace(1e-8, 1e8, 500)
    W = np.concatenate([poles, np.nextafter(poles, 9), poles + 1e-9, many, -many])
    value, gradient = SCALAR.value_and_gradient(W[:, None, None])
    np.testing.assert_allclose(value, W**2 + 3 * np.sin(W) ** 2, rtol=4e-15)
    np.testing.assert_allclose(gradient[:, 0, 0], 2 * W + 3 * np.sin(2 * W), rtol=4e-15, atol=4e-15)
