"""What is drawn with matplotlib stands where its numbers say: bars, whiskers, levels, ticks and words along a level."""

import re

import numpy as np
import pytest

from rac_theory.drawing import plot
from rac_theory.drawing.chart import ENDS, Layer, _chart, with_margin
from rac_theory.drawing.chart_svg import _axis_label, _tick_places, _title
from rac_theory.drawing.words import _drawn, name_level


def test_a_bar_ends_at_the_lower_bound_and_its_whisker_at_the_upper_one():
    """The first on top, from zero on. Catches a whisker around another middle, and one where nothing is uncertain."""
    ax = plot.intervals(["a", "b", "c"], [(0.25, 0.75), (0.5, 0.5), (0.375, 1.0)], xlabel="x", title="t")
    bars, whiskers = ax.containers
    places = [(bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in bars]
    assert places == [(0, 0.25, 2), (0, 0.5, 1), (0, 0.375, 0)]
    (lines,) = whiskers.lines[2]
    assert [segment.tolist() for segment in lines.get_segments()] == [[[0.25, 2], [0.75, 2]], [[0.375, 0], [1, 0]]]
    assert ax.get_xlim()[0] == 0
    assert ax.get_legend() is not None
    assert plot.intervals(["b"], [(0.5, 0.5)]).get_legend() is None


@pytest.mark.parametrize(("interval", "label"), [((0.25, 0.25), "0.25"), ((0.2, 0.3), "0.2 to 0.3")])
def test_eigenvalues_are_counted_from_one_with_the_largest_first(interval, label):
    ax = plot.eigenvalues(np.array([0.25, 1.0, 0.5]), interval)
    marks, level = ax.get_lines()
    assert np.transpose(marks.get_data()).tolist() == [[1, 1.0], [2, 0.5], [3, 0.25]]
    assert (level.get_ydata()[0], level.get_label()) == (interval[0], rf"$\lambda_{{\min}}$: {label}")
    assert ax.get_ylim() == (0, 1.05)
    assert plot.eigenvalues(np.zeros(2), (0.0, 0.0)).get_ylim() == (0, 1e-3)


def test_a_tick_is_a_decimal_or_a_power_and_an_axis_has_powers_where_two_are_and_one_is_long():
    """Catches 1e-3 and 1e4 as powers, which are short enough, and powers on an axis of less than two decades."""
    decimals = {1e-3: "0.001", 1e-4: "10⁻⁴", 5e-4: "0.0005", 1e4: "10000", 1e5: "10⁵"}
    assert {x: plot.tick_label(x, as_power=False) for x in decimals} == decimals
    powers = {0.0: "0", 1e-3: "10⁻³", 10.0: "10¹", 20.0: "20"}
    assert {x: plot.tick_label(x, as_power=True) for x in powers} == powers

    assert all(plot.has_powers(low, high) for low, high in ((1e-4, 1), (1e-4, 0.01), (1, 1e5)))
    assert not any(plot.has_powers(low, high) for low, high in ((5e-4, 1), (1e-4, 9e-3), (1, 9e4)))


def test_ticks_are_at_both_ends_and_between_powers_within_two_decades():
    """As shares of the axis, with what stands there. Catches an end that is left out."""
    assert _tick_places("linear", 0.0, 10.0)[1] == ["0", "2", "4", "6", "8", "10"]
    assert _tick_places("log", 1.0, 10.0)[1] == ["1", "2", "5", "10"]
    assert _tick_places("log", 1.0, 100.0)[1] == ["1", "10", "100"]
    assert _tick_places("log", 1.0, 100.0)[0].tolist() == [0, 0.5, 1]


def test_a_layer_is_a_point_where_one_step_alone_has_a_number():
    """In any of its curves. Catches a step that all must have."""
    one, two, none = [[1, np.nan], [np.nan, np.nan]], [[1, np.nan], [np.nan, 1]], [[np.nan, np.nan]]
    points = [Layer(np.arange(2), np.array(curves), "C0", "").is_point for curves in (one, two, none)]
    assert points == [True, False, False]


def test_the_name_of_an_axis_stands_where_it_is_asked_for():
    """Catches a place that is counted from the other end."""
    x, y = map(float, re.findall(r' [xy]="([\d.]+)"', _axis_label("x", 10.0, 20.0, upright=True)))
    assert x == pytest.approx(10, abs=1)
    assert 20 < y < 25


def test_an_axis_is_wider_by_a_twentieth_on_both_sides_and_holds_lines_with_gaps():
    """Of its length, or of its powers, as far as axes go. Catches an end inside of what is drawn, and a line that is
    left out as a step of it has no number.
    """
    assert with_margin(20.0, 120.0, "linear") == (15, 125)
    assert with_margin(1.0, 1e20, "log") == pytest.approx((0.1, 1e21))
    assert with_margin(ENDS[0], ENDS[1], "log") == ENDS

    layers = [Layer(np.arange(3), np.array([curve]), "C0", "") for curve in ([1.0, np.nan, 1e-4], [1.0, 0.5, 0.5])]
    low, high = _chart(tuple(layers), 2, "linear", "y", "t").ylim
    assert low < 1e-4 < 1 < high


def test_a_title_breaks_where_the_axes_end():
    """A letter is 4.5 wide at least, and the axes are 330. Catches lines as long as the figure, and longer."""
    title = "T2 HOLDS: RACLoRA(Haar(dim=4, rank=1), gamma=0.5) on a problem " * 2
    lines = re.findall(r">([^<]+)</text>", _title(title))
    assert len(lines) > 1
    assert 4.5 * max(map(len, lines)) < 330


def test_the_box_of_words_is_a_rectangle():
    """Its area by its corners is that of the words. Catches corners in an order that crosses."""
    ax = plot.figure().subplots()
    box = ax.text(0.5, 0.5, "words").get_window_extent().transformed(ax.transAxes.inverted())
    ((x, y),) = _drawn(ax, faint=False)
    assert abs(x[:-1] @ y[1:] - x[1:] @ y[:-1]) / 2 == pytest.approx(box.width * box.height)
    assert (x[0], y[0]) == (x[-1], y[-1])


@pytest.mark.parametrize(("place", "side"), [((0.7, 1.0), "right"), ((0.35, 0.65), "center"), ((0.0, 0.3), "left")])
@pytest.mark.parametrize("up", [True, False])
def test_words_are_written_along_a_level_where_nothing_is_drawn(place, side, up):
    """Above it or below; at an end of the axis on the side that is left. Catches words over curves or off the axes."""
    ax = plot.figure().subplots()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    free = np.linspace(0, 1, 400)
    other = np.where((free > place[0]) & (free < place[1]), np.nan, 0.5)
    for shift in (0.01, 0.02, 0.03):
        ax.plot(free, (other + shift) if up else 0.5 + shift + 0 * free)
        ax.plot(free, (other - shift) if not up else 0.5 - shift + 0 * free)
    name_level(ax, 0.5, "level")
    (text,) = ax.texts
    assert (text.get_ha(), text.get_va()) == (side, "bottom" if up else "top")
    for level, va in ((0.999, "top"), (0.001, "bottom")):
        name_level(ax, level, "level")
        assert (ax.texts[-1].get_ha(), ax.texts[-1].get_va()) == ("right", va)
