"""What a metric can be at most, and what rounding and an uncertain infimum hide of it: by functions that attain it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Constants
from rac_theory.algebra import identical, total
from rac_theory.statements import squared_gradient_and_beside
from rac_theory.statements.metric import SQUARED_GRADIENT_AT_ITERATE, Curves
from rac_theory.statements.symbols import T, gamma, t
from rac_theory.theorems import gap, mean_norm, mean_scaled_squared_gradient, mean_squared_gradient, squared_distance

EPS = 2.0**-52
L, S, ERROR = 3.0, 0.5, 0.02
C = Constants(
    gamma=1 / L, L=L, strong_convexity=S, gap0=2.0, gap0_upper=2.5, distance0=1.5, f_star=0.0, f_star_error=ERROR
)
BLANK = Curves(np.zeros((1, 5)), np.zeros((1, 5)))
STEPS = BLANK._replace(step_sizes=np.array([[2.0, 1 / L, np.nan, np.inf, 0.0]]))
METRICS = (gap, mean_squared_gradient, squared_distance, mean_scaled_squared_gradient)


def test_the_largest_of_a_run_that_descends():
    """L x^2/2 has the steepest gradient of all at its gap, and s x^2/2 the farthest point. Catches half of either."""
    x, y = math.sqrt(2 * C.gap0_upper / L), math.sqrt(2 * C.gap0_upper / S)
    steepest = (L * x) ** 2
    found = [metric.ceiling(C) for metric in METRICS]
    assert found == pytest.approx([2.0, steepest, y * y, steepest / L], rel=1e-15)
    assert squared_distance.ceiling(replace(C, strong_convexity=0.0)) == math.inf


def test_at_both_points_all_is_twice_as_large_and_a_norm_is_that_of_its_share():
    """Of a direction of squared length 4 that sees half of a norm, that is at most four times Frobenius'."""
    steepest, bound = math.sqrt(2 * L * C.gap0_upper), np.array([0.7])
    both = squared_gradient_and_beside(1 / (1 + gamma))
    beside = total(t, T, SQUARED_GRADIENT_AT_ITERATE / (1 + gamma)) / T
    assert identical(both.expected, mean_squared_gradient.expected + beside)
    assert both.ceiling(C) == pytest.approx(2 * steepest**2, rel=1e-15)
    assert both.rounding(BLANK, C, bound, 0.1) == 2 * mean_squared_gradient.rounding(BLANK, C, bound, 0.1)
    assert mean_norm.ceiling(replace(C, span=4.0, norm_share=0.5)) == pytest.approx(4 * steepest, rel=1e-15)
    with pytest.raises(ValueError, match="at the iterate must have been recorded"):
        both.measure(BLANK, C)


@pytest.mark.parametrize("shift", [0.0, 1e-3, 0.4])
@pytest.mark.parametrize("x", [0.0, 0.7, 1.5])
def test_rounding_is_what_a_shift_makes_of_the_metric(x, shift):
    """On L x^2/2, from x to x + shift, and 64 roundings of the largest value. Catches each factor, sign and power.

    Steps were shortest where f is steepest, which is what a shift changes most. Of a gap half of the curvature is given
    away; a bound F distance0^2 on a distance moves as well, most at F = 1.
    """
    square = (x + shift) ** 2 - x**2
    moved = [L / 2 * square + L / 2 * shift**2, L**2 * square, 0.0, L * square]
    at = [L / 2 * x**2, (L * x) ** 2, x**2, L * x**2]
    sizes = [2.0, 2 * L * 2.5, 1.5**2, 2 * 2.5]
    for metric, change, bound, size in zip(METRICS, moved, at, sizes, strict=True):
        allowed = float(np.ravel(metric.rounding(STEPS, C, np.array([bound]), shift))[0])
        if metric is squared_distance:
            assert allowed >= (x + shift * (1 + x / C.distance0)) ** 2 - x**2
            change = (C.distance0 + 2 * shift) ** 2 - C.distance0**2 if x == C.distance0 else allowed - 64 * EPS * size
        assert allowed == pytest.approx(change + 64 * EPS * size, rel=1e-12, abs=0)


def test_what_an_uncertain_infimum_hides():
    """A gap is off by the error itself, a gradient by nothing, a minimiser of s x^2/2 by what has that value."""
    bound = np.array([C.distance0**2])
    away = math.sqrt(2 * ERROR / S)
    found = [float(np.ravel(metric.doubt(C, bound))[0]) for metric in METRICS]
    assert found == pytest.approx([ERROR, 0.0, (C.distance0 + 2 * away) ** 2 - C.distance0**2, 0.0], rel=1e-14)
    assert squared_distance.doubt(replace(C, strong_convexity=0.0), bound) == math.inf
    assert squared_distance.doubt(replace(C, f_star_error=0.0, strong_convexity=0.0), bound) == 0


def test_what_was_not_recorded_is_not_measured():
    """Catches runs that record what nobody reads, and a metric that takes gamma for steps that were not recorded."""
    assert [metric.of_distances for metric in METRICS] == [False, False, True, False]
    for metric, name in (
        (squared_distance, "squared_distances"),
        (mean_scaled_squared_gradient, "step_sizes"),
        (mean_norm, "gradient_norms"),
    ):
        with pytest.raises(ValueError, match=f"{name} must have been recorded"):
            metric.measure(BLANK, C)
    from_minimum = Curves(np.array([[3.0, 2.0]]), np.zeros((1, 2)), minimum=1.5)
    assert gap.measure(from_minimum, replace(C, f_star=2.0)).tolist() == [[2.5, 1.5]]
