"""Lower bounds of single losses are below their infima, by little: in Fractions, and by their duals in 60 digits."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from rac_theory.problems import LeastSquares
from rac_theory.problems.finite_sum import cross_entropy_infima, ridge_infima


def test_ridge_infima_are_below_the_infima_at_every_scale():
    """Catches the last roundings dropped or turned, and a share that underflows: its digits are no bound."""
    rng = np.random.default_rng(0)
    zeros = 0
    for _ in range(4000):
        norm, target = (10.0 ** rng.uniform(-200, 200, 2)).tolist()
        l2 = float(10.0 ** rng.uniform(-300, 300))
        found = float(ridge_infima(np.array([norm]), np.array([target]), l2)[0])
        infimum = Fraction(target) * Fraction(l2) / (2 * (Fraction(norm) + Fraction(l2)))
        assert Fraction(found) <= infimum
        zeros += found == 0
        assert found == 0 or infimum <= Fraction(found) * (1 + Fraction(1, 10**14))
    assert zeros < 2000
    assert ridge_infima(np.ones(1), np.full(1, 4.0), 1.0) == 1 - 8 * 2.0**-52  # what is left for rounding


def test_targets_are_squared_from_below():
    """A one, and many squares that a sum rounds up to eps each. Catches sums to nearest, or up."""
    Y = np.full((2, 200), 1.06e-8)
    Y[:, 0] = 1.0
    for order in "CF":  # the sum goes one by one where columns are contiguous
        problem = LeastSquares(np.ones((2, 1)), np.array(Y, order=order), 1e20)  # whose share is 1, to rounding
        infimum = sum(Fraction(y) ** 2 for y in Y[0].tolist()) * Fraction(10**20, 2 * (10**20 + 1))
        assert Fraction(float(problem.component_infima[0])) <= infimum


def dual(q, classes):
    """The largest ``h(s) + s log(k - 1) - q s^2 / 2``, by bisection of its slope: concave in s."""
    gain, low, high = Decimal(classes - 1).ln(), Decimal("1e-60"), 1 - Decimal("1e-50")
    while high / low > 1 + Decimal("1e-28"):
        middle = (low * high).sqrt()
        rises = ((1 - middle) / middle).ln() + gain > q * middle
        low, high = (middle, high) if rises else (low, middle)
    return -low * low.ln() - (1 - low) * (1 - low).ln() + low * gain - q * low * low / 2


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_cross_entropy_infima_are_below_the_infima(classes):
    """Catches the roundings dropped or turned, a class too many, and a penalty that is stretched too little."""
    rng = np.random.default_rng(classes)
    with localcontext() as context:
        context.prec = 60
        for _ in range(25):
            norm, l2 = float(10.0 ** rng.uniform(-3, 3)), float(10.0 ** rng.uniform(-12, 12))
            stretch = Fraction(1) if classes == 2 else Fraction(classes, classes - 1)
            found = float(cross_entropy_infima(np.array([norm]), l2, classes, float(stretch))[0])
            q = stretch * Fraction(norm) / Fraction(l2)
            infimum = dual(Decimal(q.numerator) / Decimal(q.denominator), classes)
            assert Decimal(found) <= infimum <= Decimal(found) * (1 + Decimal("1e-13"))


def test_what_cancels_leaves_more_for_rounding():
    """Of a steep loss the two terms are three times their difference. Catches an allowance for the difference alone."""
    with localcontext() as context:
        context.prec = 60
        found = float(cross_entropy_infima(np.array([1e6]), 1e-6, 2, 1.0)[0])
        assert Decimal("1.4e-14") < dual(Decimal(10) ** 12, 2) / Decimal(found) - 1 < Decimal("3e-14")
