"""Figures of curves: looked at as data, and drawn alike by matplotlib and as SVG."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from rac_theory import Case, RACLoRA, simulate, sketches, theorems, verify
from rac_theory.drawing import chart, chart_svg, plot, svg, words
from rac_theory.drawing.chart import MARGINS, SIZE
from rac_theory.ledger.results import save_figure, save_figure_as
from rac_theory.problems import Quadratic
from tests.as_one_test import as_one_test

SVG = "{http://www.w3.org/2000/svg}"
WIDTH, HEIGHT = 72 * SIZE[0], 72 * SIZE[1]
CASE = Case(RACLoRA(sketches.Haar(4, 1), 0.5), Quadratic(np.diag([0.5, 0.6, 0.8, 1.0]), np.eye(4)), steps=20)


def shown(*, steps=30, factor=0.8, reach=None, **rest):
    """A bound above a mean, both falling by a factor a step, with a band and three runs."""
    mean = factor ** np.arange(steps + 1.0)
    runs = np.array([mean / 3, mean, 3 * mean])
    return chart.bound_and_runs(2 * mean, mean, mean / 2, 1.5 * mean, runs, reach=reach, **rest)


def layer(some, word):
    return next(one for one in some.layers if one.label.startswith(word))


def elements(text, tag):
    return list(ElementTree.fromstring(text).iter(f"{SVG}{tag}"))


def paths(text, **attributes):
    """Paths of a drawing that have these attributes."""
    return [one for one in elements(text, "path") if attributes.items() <= one.attrib.items()]


def written(text):
    """The elements of a drawing that are words, by these."""
    return {"".join(one.itertext()): one for one in elements(text, "text")}


def corners(path):
    """The corners of a path of relative moves, in points."""
    start, _, moves = path.get("d").rstrip("z").partition("l")
    numbers = np.array([[float(n) for n in start[1:].split()], *np.array(moves.split(), float).reshape(-1, 2)])
    return np.cumsum(numbers, axis=0) / 10


def test_mean_and_band_end_where_the_runs_say_no_more():
    """A mean drawn beyond reach invites to read noise; the bound goes on."""
    some = shown(reach=12)
    for word in ("mean", "confidence"):
        assert layer(some, word).t.tolist() == list(range(13))
    assert layer(some, "bound").t.tolist() == list(range(31))
    assert "confidence band up to t = 12" in [one.label for one in some.legend]
    assert layer(shown(steps=5000, reach=4321), "mean").t[-1] == 4321  # among few steps that are drawn, too


def test_single_runs_do_not_squeeze_what_decides():
    """A run that reaches 1e-300 would leave the bound a flat line on top."""
    mean = 0.9 ** np.arange(20.0)
    some = chart.bound_and_runs(2 * mean, mean, mean, mean, np.array([mean * 1e-200, mean * 1e200]))
    assert mean[-1] / 30 < some.ylim[0] < mean[-1]
    assert 2 < some.ylim[1] < 4


def test_gaps_are_gaps_and_an_infinite_limit_is_not_one(monkeypatch):
    """Zero or nan cannot stand on a logarithmic axis; a band without upper end goes to the end of the axis.

    Catches a legend without room for the name of what has a gap.
    """
    room, share = [], chart.legend_share
    monkeypatch.setattr(chart, "legend_share", lambda named: room.append([one.label for one in named]) or share(named))
    mean = np.array([np.nan, 1.0, 0.5, 0.0, 0.1])
    nothing = np.full((0, 5), np.nan)
    some = chart.bound_and_runs(mean + 1, mean, 0 * mean, np.full(5, np.inf), nothing)
    assert np.isnan(layer(some, "mean").curves[0]).tolist() == [True, False, False, True, False]
    np.testing.assert_array_equal(layer(some, "confidence").curves[1], some.ylim[1])
    assert room == [[one.label for one in reversed(some.legend)]]
    assert "single runs" not in [one.label for one in some.layers]
    (path,) = [one.get("d") for one in paths(chart_svg.draw(some), stroke=chart.MEAN) if "M" in one.get("d")[1:]]
    assert [len(re.findall(r"[-\d]+", piece)) // 2 for piece in path[1:].split("M")] == [2, 1]
    every = chart.bound_and_runs(*np.full((4, 5), np.nan), nothing)
    assert every.layers == ()
    ElementTree.fromstring(chart_svg.draw(every))


@pytest.mark.parametrize("xscale", ["linear", "log"])
@pytest.mark.parametrize("factor", [0.999, 0.9, 0.3])
@pytest.mark.parametrize("steps", [1, 30, 3000])
@pytest.mark.parametrize("size", [SIZE, (3.5, 2.6)], ids=["figure", "column"])
def test_the_legend_covers_nothing(covered, xscale, factor, steps, size):
    """A flat curve crosses every corner, and so do two points far apart: the axes must then leave room."""
    some = shown(steps=steps, factor=factor, xscale=xscale, names=("bound, " + 15 * "x", "mean, " + 15 * "x"))
    empty = Figure(figsize=size)
    empty.subplots_adjust(**MARGINS)
    assert covered(plot.curves(some, empty.subplots())) == []


def test_an_area_without_an_end_is_not_covered(covered):
    """A band that goes to the end of the axis goes on when the axis grows."""
    mean = 0.95 ** np.arange(31.0)
    some = chart.bound_and_runs(2 * mean, mean, mean / 2, np.full(31, np.inf), np.empty((0, 31)))
    assert "lower" in some.corner
    assert covered(plot.curves(some)) == []


def test_both_drawers_show_the_same_in_the_same_colours():
    """Colour, width, dashes, or a point that is 0.1 of a point or more from its place, in one of them."""
    some = shown(reach=20, title="one\ntwo", ylabel="gap")
    ax, text = plot.curves(some), chart_svg.draw(some)
    to_points = ax.transData + ax.get_figure().dpi_scale_trans.inverted()
    assert 72 * to_points.transform((some.xlim[0], some.ylim[0]))[0] == pytest.approx(WIDTH * MARGINS["left"])
    for word in ("mean", "bound"):
        (line,) = (one for one in ax.get_lines() if one.get_label().startswith(word))
        assert to_hex(line.get_color()).upper() == layer(some, word).colour
        assert line.get_linewidth() == layer(some, word).width
        drawn, _ = paths(text, stroke=layer(some, word).colour)  # and its sample in the legend
        assert ("stroke-dasharray" in drawn.attrib) == (line.get_linestyle() == "--") == (word == "bound")
        assert float(drawn.get("stroke-width")) == 10 * line.get_linewidth()
        expected = 72 * to_points.transform(line.get_xydata())
        np.testing.assert_allclose(corners(drawn), np.stack([expected[:, 0], HEIGHT - expected[:, 1]], 1), atol=0.1)
    band = ax.collections[0]
    assert to_hex(band.get_facecolor()[0]).upper() == chart.MEAN
    assert band.get_alpha() == layer(some, "confidence").opacity
    area, _ = paths(text, fill=chart.MEAN)  # and its sample in the legend
    ends = layer(some, "confidence").curves
    for side, edge in zip(np.split(corners(area), 2), (ends[0], ends[1, ::-1]), strict=True):
        expected = HEIGHT - 72 * to_points.transform(np.stack([side[:, 0], edge], 1))[:, 1]
        np.testing.assert_allclose(side[:, 1], expected, atol=0.1)
    assert text.count("rotate(") == text.count("rotate(-90)") == 1  # what is written along the vertical axis
    for way, axis, ends in (("v", ax.xaxis, some.xlim), ("h-", ax.yaxis, some.ylim)):
        ticks = axis.get_major_locator().tick_values(*ends)
        marks = re.findall(rf"M[\d.]+ [\d.]+{way}3\.5", text)
        assert len(marks) == ((ticks >= ends[0]) & (ticks <= ends[1])).sum() > 1


def test_a_title_has_one_size_in_both_drawers_and_three_lines():
    """Catches an axis whose width one of them has wrong: then some title is larger there."""
    ax = plot.curves(shown())
    sizes = set()
    for title in ("x" * letters for letters in range(20, 90)):
        words.titled(ax, title)
        (size,) = set(re.findall(r'font-size="([^"]*)"', chart_svg._title(title)))
        assert float(size) == ax.title.get_fontsize()
        sizes.add(float(size))
    assert sizes == {words.TITLE, words.HEADLINE}
    # Of more than three lines the last says that it goes on: catches a fourth, and a third that ends as if it were all.
    assert words.title_lines("a\nb\nc", 300.0) == ["a", "b", "c"]
    assert words.title_lines("a\nb\nc\nd", 300.0) == ["a", "b", "c…"]
    whole = words.title_lines("x" * 8, 0.0)[0]  # as long as a line may be
    assert words.title_lines(f"a\nb\n{whole}\nd", 0.0)[-1] == f"{whole[:-1]}…"


def test_both_drawers_say_the_same():
    """A tick, a name in the legend, a line of the title or the label of an axis in one of them alone."""
    some = shown(xscale="log", ylabel=r"$f(W^t) - f^\star$", title="one\ntwo", names=("bound, promised $t^p$", "mean"))
    ax = plot.curves(some)
    ax.get_figure().canvas.draw()
    words = written(chart_svg.draw(some))
    for axis in (ax.xaxis, ax.yaxis):
        low, high = axis.get_view_interval()
        places = zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)
        ticks = [one.get_text() for one, at in places if low <= at <= high]
        assert len(ticks) >= 2
        assert set(ticks) <= set(words)
    names = [one.get_text() for one in ax.get_legend().get_texts()]
    assert names == ["bound, promised $t^p$", "mean", "confidence band", "single runs"]
    assert [word.replace("\u200b", "") for word in words if word.startswith("bound")] == ["bound, promised tp"]
    assert {"one", "two", *names[1:]} <= set(words)
    assert ax.get_ylabel() == some.ylabel
    assert any({"f", "W", "⋆"} <= set(word) for word in words)  # the label of the values


@as_one_test("corner", ("upper right", "upper left", "lower right", "lower left"))
def test_the_legend_stands_in_its_corner_a_line_below_another(corner):
    """Its box and its words. Catches another side, entries upon each other, and words beside the box."""
    text = chart_svg.draw(replace(shown(), corner=corner))
    (box,) = paths(text, **{"fill-opacity": ".8"})
    left, top, right, bottom = (float(one) for one in re.findall(r"[\d.]+", box.get("d"))[:4])
    axes = WIDTH * MARGINS["left"], WIDTH * MARGINS["right"], HEIGHT * (1 - MARGINS["top"])
    assert ("left" in corner, "upper" in corner) == (left - axes[0] < axes[1] - right, top - axes[2] < HEIGHT / 3)
    assert axes[0] < left < right < axes[1]
    entries = [written(text)[one.label] for one in shown().legend]
    lines = [float(one.get("y")) for one in entries]
    np.testing.assert_allclose(np.diff(lines), chart.LINE, atol=0.11)
    assert top < lines[0] - 5.8 < lines[-1] < bottom
    assert [float(one.get("x")) - left for one in entries] == pytest.approx([chart.HANDLE + 3] * 4, abs=0.11)
    legend = text[text.index('fill-opacity=".8"') :]
    samples = re.findall(r'<path d="M([\d.]+) ([\d.]+)(?:h([\d.]+)|H([\d.]+)V([\d.]+))', legend)
    for (x, y, wide, end, low), line in zip(samples, lines, strict=True):  # as wide as others, at half the height of x
        assert float(x) == pytest.approx(left + 3, abs=0.11)
        assert float(wide or float(end) - float(x)) == pytest.approx(chart.HANDLE - 6, abs=0.11)
        assert (float(y) + float(low or y)) / 2 == pytest.approx(line - 2.9, abs=0.11)
        assert float(low or y) - float(y) < 5.7  # as high as capitals of 8 points


def test_ticks_are_powers_of_ten_and_within_two_decades_twice_and_five_times_these():
    """By the digits of all that is found. Catches ticks that are moved with what is scaled for the largest floats, and
    ticks of losses below the frame: the least stands at the foot of the axis, and the largest at its head.
    """
    for low, first in ((1e-6, "1"), (0.03, "125")):
        found = [f"{tick:.3e}" for tick in plot.ticks("log", low, 1.0).tick_values(low, 1.0)]
        assert {tick[0] for tick in found} == {*first}
        assert {tick[1:5] for tick in found} == {".000"}

    ticks = re.findall(r"M[\d.]+ (-?[\d.]+)h", chart_svg._ticks("log", (1e-6, 1.0), is_x=False))
    low, high = (72 * SIZE[1] * (1 - MARGINS[side]) for side in ("bottom", "top"))
    assert (float(ticks[0]), float(ticks[-1])) == pytest.approx((low, high), abs=0.11)


def test_words_in_a_drawing_are_escaped():
    """The name of a user's sketch is in the title."""
    text = chart_svg.draw(shown(title='<script>alert("1")</script> & more'))
    assert "<script" not in text
    assert '<script>alert("1")</script> & more' in written(text)


def test_a_single_step_is_drawn():
    """A line needs two points: the mean of losses at one step was nowhere to be seen."""
    one = np.array([np.nan, 0.5])
    some = chart.bound_and_runs(np.full(2, 0.75), one, one / 2, 1.5 * one, one[None])
    ax = plot.curves(some)
    markers = {line.get_label(): line.get_marker() for line in ax.get_lines()}
    assert markers == {"bound": "None", "mean": "o", "single runs": "o"}
    text = chart_svg.draw(some)
    dot, _ = paths(text, stroke=chart.MEAN, **{"stroke-linecap": "round"})  # and its sample in the legend
    assert dot.get("d").endswith("h0")
    (bar,) = paths(text, stroke=chart.MEAN, **{"stroke-linecap": "butt"})
    assert corners(bar)[0, 0] == corners(bar)[1, 0]


def test_a_line_is_faint_where_it_is_pale_and_thin():
    """What a legend may rather cover. Catches a band of runs that is taken for a mean, and a thin mean for runs."""
    ax = plot.figure().subplots()
    for alpha, width in ((0.3, 0.5), (0.3, 2.0), (None, 0.5)):
        ax.plot([0, 1], [0, 1], alpha=alpha, linewidth=width)
    assert [len(list(words._drawn(ax, faint=faint))) for faint in (True, False)] == [1, 2]


def test_groups_that_coincide_can_all_be_seen():
    """Outlines are nested. Catches sizes that are all the least."""
    ax = plot.equal_budget({name: (np.ones(2), np.ones(2)) for name in "abcdefgh"}, 1.0)
    sizes = [line.get_markersize() for line in ax.get_lines()[:-1]]
    assert (np.diff(sizes)[:5] < 0).all()
    assert min(sizes) == sizes[-1] == 4


def test_a_drawing_is_small_and_the_same_each_time():
    """Thirty kilobytes a figure were 45 megabytes a report: points that nobody can see apart."""
    rng = np.random.default_rng(0)
    runs = np.exp(np.cumsum(rng.normal(-0.01, 0.1, (10, 5001)), axis=1))  # as rough as a run can be
    mean = runs.mean(axis=0)
    some = chart.bound_and_runs(2 * mean, mean, mean / 2, 2 * mean, runs)
    assert len(chart_svg.draw(some)) < 24_000
    assert len(chart_svg.draw(shown())) < 8_000
    assert chart_svg.draw(some) == chart_svg.draw(some)


def test_a_verdict_names_both_rates_and_an_exact_mean_has_no_band():
    """The fitted rate beside the promised one; a band around what is exact."""
    for claim, kind in ((theorems.T2, "a step"), (theorems.T1, "$t^p$")):
        verdict = verify(claim, replace(CASE, steps=40), runs=64, rng=0)
        bound, mean, *others = [one.label for one in verdict.chart.legend]
        assert bound.startswith("bound, promised ")
        assert ", fitted " in mean
        assert kind in bound
        assert kind in mean
        assert others == ([] if verdict.evidence == "exact" else ["confidence band", "single runs"])
        assert verdict.chart.xscale == ("linear" if claim is theorems.T2 else "log")


def test_a_trajectory_draws_itself():
    """The mean of all runs and ten of them; gaps where f_star is known."""
    ran = simulate(CASE, runs=30, rng=0)
    ax = ran.plot()
    lines = {line.get_label(): line for line in ax.get_lines()}
    np.testing.assert_allclose(lines["mean of 30 runs"].get_ydata(), ran.gaps.mean(axis=0))
    assert len(ax.get_lines()) == 11
    assert ran.plot(ax) is ax
    unknown = chart.ensemble(np.full_like(ran.gaps, np.nan), ran.squared_gradients)
    np.testing.assert_allclose(layer(unknown, "mean").curves[0], ran.squared_gradients.mean(axis=0))


def test_a_second_chart_widens_the_axes():
    """Two verdicts on one pair of axes: the first must not be cut off."""
    low, high = shown(), shown(steps=50, factor=0.99)
    ax = plot.curves(high, plot.curves(low))
    assert ax.get_ylim() == (min(low.ylim[0], high.ylim[0]), max(low.ylim[1], high.ylim[1]))
    assert ax.get_xlim()[1] == high.xlim[1]


@as_one_test("reach", (0, 1, 3))
def test_what_a_logarithmic_axis_cannot_show_is_left_out(reach):
    """With reach = 0 there is no mean to draw from t = 1 on: no warning, and no point at the logarithm of zero."""
    curve = np.geomspace(1, 0.1, 6)
    drawn = chart.bound_and_runs(2 * curve, curve, curve / 2, 2 * curve, curve[None], reach=reach, xscale="log")
    means = [one.t.tolist() for one in drawn.layers if one.label == "mean"]
    assert means == ([list(range(1, reach + 1))] if reach else [])
    assert chart_svg.draw(drawn)


def test_single_runs_are_seen_where_no_mean_is():
    """Far below a bound, where the sample says nothing of a mean: catches limits that are those of the bound alone."""
    bound, nothing = np.geomspace(100.0, 10.0, 20), np.full(20, np.nan)
    runs = np.full((3, 20), 0.01)
    shown = chart.bound_and_runs(bound, nothing, nothing, nothing, runs, reach=0)
    assert shown.ylim[0] < 0.01
    assert any(layer.label == "single runs" for layer in shown.legend)
    beside_a_band = chart.bound_and_runs(bound, nothing, bound * 1e-9, bound, runs)
    assert beside_a_band.ylim[0] > 1e-4  # an area decides no lower end


LARGEST, LEAST = 1.7976931348623157e308, 5e-324


@pytest.mark.long
@as_one_test(("bound", "mean"), [(1e308, 0.5), (LARGEST, LARGEST), (LARGEST, LEAST), (LEAST, LEAST)])
def test_what_is_as_large_or_as_small_as_floats_are_is_drawn(bound, mean):
    """Overflow is an error here. Matplotlib widens limits by a twentieth of all decades, and has ticks beyond them.

    Catches curves that are drawn before there are limits, ticks and legends that ask for an axis up to 10^350, an axis
    upside down where all is less than its least end, and an area up to a float that its logarithm does not give back.
    """
    bound, mean = np.full(3, float(bound)), np.full(3, float(mean))
    upper = np.minimum(mean, LARGEST / 2) * 2
    some = chart.bound_and_runs(bound, mean, mean / 2, upper, mean[None])
    low, high = some.ylim
    assert 0 < low < high < np.inf
    for value in (bound[0], mean[0]):
        assert low <= np.clip(value, 2.3e-308, 1.79e308) <= high
    assert ElementTree.fromstring(chart_svg.draw(some)) is not None
    bar = chart.bound_and_runs(bound[:2], mean[:2], mean[:2] / 2, upper[:2], mean[None, :2], xscale="log")
    for ax in (plot.curves(some), plot.curves(some, plot.curves(shown())), plot.curves(bar)):
        ax.get_figure(root=True).draw_without_rendering()
        low, high = ax.get_ylim()
        assert np.isfinite(ax.get_yticks()).all()
        assert ((ax.get_yticks() >= low) & (ax.get_yticks() <= high)).any()


def test_an_axis_grows_for_words_as_far_as_floats_go():
    """Where 600 decades are shown there are few to grow by: catches an end at infinity, which is an error."""
    ax = plot.figure().subplots()
    ax.set(yscale="log", ylim=(1e-300, 1e300))
    for level in (1e-200, 1.0, 1e200):
        ax.plot([0, 1], [level, level], label=f"{level:g}")
    plot.finished(ax, "")
    low, high = ax.get_ylim()
    assert 2.2e-308 < low < 1e-300 or 1e300 < high < LARGEST


def test_drawings_are_the_same_each_time_and_their_text_is_text(tmp_path):
    """Random ids, a date, or letters as paths; decimals that nobody can see."""
    x = np.geomspace(1, 1e-3, 9)
    for name in ("one.svg", "two.svg"):
        ax = plot.curves(chart.bound_and_runs(2 * x, x, x, x, np.array([x]), title="a title"))
        svg.save(ax.get_figure(root=True), tmp_path / name)
    one, two = ((tmp_path / name).read_text(encoding="utf-8") for name in ("one.svg", "two.svg"))
    assert one == two
    assert ">a title</text>" in one
    assert not re.search(r"\d\.\d{3,}[ \"]", one)
    assert save_figure_as(Figure().subfigures(1, 2)[0].subplots(), tmp_path / "all.png").exists()  # of the whole figure
    assert save_figure(Figure().subplots(), tmp_path / "of" / "some", "a b").name == "a-b.svg"  # folders are made
