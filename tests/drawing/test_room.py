"""Room for a box on axes: the least growth with which it is clear of all lines, found by looking."""

import numpy as np
import pytest

from rac_theory.drawing.room import CORNERS, _between, covered, filled_in, place, rooms

RISING = np.array([0.0, 1.0]), np.array([0.2, 1.2])
STEEP = np.array([0.0, 0.1]), np.array([0.95, -0.3])


def is_clear(lines, corner, growth, width, height):
    """Whether a box of a share of the grown axes, in a corner of them, has no point of a line in it."""
    low, high = (-growth, 1.0) if "lower" in corner else (0.0, 1.0 + growth)
    tall = height * (high - low)
    bottom = low if "lower" in corner else high - tall
    left = 1 - width if "right" in corner else 0.0
    for x, y in lines:
        x, y = np.linspace(x[0], x[1], 4001), np.linspace(y[0], y[1], 4001)
        inside = (left <= x) & (x <= left + width) & (bottom + 1e-2 < y) & (y < bottom + tall - 1e-2)
        beyond = y < low if "lower" in corner else y > high
        if inside.any() or ((left <= x) & (x <= left + width) & beyond).any():
            return False
    return True


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("lines", [[RISING], [STEEP], [RISING, STEEP]], ids=["rising", "steep", "both"])
def test_axes_grow_by_what_is_needed_and_no_more(lines, corner):
    """Also where the box is said to be taller than what it may have, 0.6."""
    for height in (0.3, 0.6, 0.9):
        growth = rooms(lines, 0.4, height)[corner]
        assert is_clear(lines, corner, growth, 0.4, min(height, 0.6))
        assert growth == 0 or not is_clear(lines, corner, 0.9 * growth - 0.02, 0.4, min(height, 0.6))


def test_what_is_just_beside_the_axes_counts_and_what_is_far_does_not():
    for x, needed in ((1.005, True), (1.02, False), (-0.005, False), (-0.02, False)):
        assert (rooms([(np.array([x]), np.array([0.9]))], 0.4, 0.5)["upper right"] > 0) is needed
        assert (rooms([(np.array([x]), np.array([0.9]))], 0.4, 0.5)["upper left"] > 0) is (x == -0.005)
    assert set(rooms([], 0.4, 0.5).values()) == {0.0}


def flat(level):
    return np.array([0.0, 1.0]), np.array([level, level])


def test_a_corner_is_the_one_that_costs_least_and_the_preferred_one_where_it_is_as_good():
    """Faint lines count up to six tenths of the axes, and no axes grow by more than 1.5."""
    assert place([], [], 0.4, 0.5) == ("upper right", 0.0)
    assert place([], [], 0.4, 0.5, "lower right") == ("lower right", 0.0)
    assert place([flat(0.1)], [], 0.4, 0.5, "lower right") == ("upper right", 0.0)
    assert place([flat(0.1)], [flat(0.7)], 0.4, 0.5) == ("upper right", pytest.approx(0.4))
    assert place([flat(0.1)], [flat(0.7), flat(0.3)], 0.4, 0.5, "upper left") == ("upper left", pytest.approx(0.4))
    assert place([flat(0.1)], [flat(0.9)], 0.4, 0.5, "upper left") == ("upper left", 0.0)
    assert place([flat(9.0), flat(-9.0)], [], 0.4, 0.5) == ("upper right", 1.5)


def test_points_between_points_are_on_the_line():
    """At least 256 of them, the given ones among them, none beside a gap; what a box covers is counted by them."""
    x, y = np.array([0.0, 1.0, 3.0, 4.0, 5.0]), np.array([[0.0, 2.0, 0.0, 1.0, 7.0], [5.0, np.nan, 1.0, 1.0, 1.0]])
    u, v = filled_in(x, y)
    left, right, share = _between(5)
    assert len(left) == 259
    assert {0.0, 1.0, 2.0, 3.0, 4.0} <= {*(left + share)}
    assert (right == np.minimum(left + 1, 4)).all()
    first = u[: len(left)], v[: len(left)]
    np.testing.assert_allclose(first[1], np.interp(first[0], x, y[0]), atol=1e-12)
    np.testing.assert_allclose(v[len(left) :][1:], 1.0)
    assert u[len(left) :][1:].min() == 3
    assert covered([(x, y[0])], 0.0, 1.0, 0.0, 2.0) == np.count_nonzero(left + share <= 1)
    assert covered([(x, y[0])], 3.0, 3.0, 0.0, 0.0) == covered([(x, y[0])], 1.0, 1.0, 2.0, 2.0) == 1
    long = np.arange(256.0)
    assert filled_in(long, long)[0].tolist() == long.tolist()
    assert filled_in(np.empty(0), np.empty((1, 0)))[0].size == 0
