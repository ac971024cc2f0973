"""Figures as readers see them: what they are of, a legend that covers nothing, and curves that differ in grey, too."""

from collections import Counter
from functools import cache
from itertools import combinations

import matplotlib.style
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rac_theory import Case, RACLoRA, counterexamples, judge_runs, simulate, sketches, spectrum, verify
from rac_theory.advice import Curvature, advise, frontier_plot
from rac_theory.drawing import plot, words
from rac_theory.ledger.sweeps.found import verdicts_over_steps
from rac_theory.literature.counterexamples.counterexample import Lines, Outcomes
from rac_theory.problems import Quadratic
from rac_theory.sketches.all_spectra import comparison_plot

answer = cache(lambda id: counterexamples.ALL[id].verdict())
verdict = cache(lambda id, evidence: verify(id, CASE, runs=64, rng=0, evidence=evidence))

CASE = Case(RACLoRA(sketches.Haar(4, 1), 0.5), Quadratic(np.diag([0.5, 0.6, 0.8, 1.0]), np.eye(4)), steps=30)
COUNTS = {0.5: Counter(HOLDS=3, VIOLATED=1), 1.0: Counter(HOLDS=1, VIOLATED=3), 2.0: Counter(VIOLATED=2, CONSISTENT=2)}
SIDES = advise([(768, 3072)], curvature=Curvature.of_rho(50.0)).options
DRAWN = {
    "sampled": lambda ax: verdict("T2", "sampled").plot(ax),
    "exact": lambda ax: verdict("T2", "exact").plot(ax),
    "powers": lambda ax: verdict("T1", "sampled").plot(ax),
    "runs": lambda ax: judge_runs(np.geomspace(1, 0.01, 60) * np.ones((20, 1)), 1.0).plot(ax),
    "trajectory": lambda ax: simulate(CASE, runs=20, rng=0).plot(ax),
    "spectrum": lambda ax: spectrum(sketches.Haar(8, 2)).plot(ax),
    "sampled spectrum": lambda ax: spectrum(sketches.Uniform(4, 2), draws=4000, rng=0).plot(ax),
    "advice": lambda ax: frontier_plot(SIDES, ax),
    "sweep": lambda ax: verdicts_over_steps(COUNTS, title="T2 on 12 cases", ax=ax),
    **{id: lambda ax, id=id: answer(id).plot(ax) for id in ("C2", "C5", "C6", "C7")},
}
NAMES = ("good", "fair", "bad")
COLUMN = (3.5, 2.8)  # inches: a column of a journal


@pytest.mark.parametrize("size", [None, COLUMN], ids=["figure", "column"])
@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_can_be_read(name, size, covered):
    """No title or name of an axis; a legend on a curve, or wider than a column; curves that differ in colour only."""
    ax = DRAWN[name](None if size is None else Figure(figsize=size, layout="constrained").subplots())
    assert ax.get_title()
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert covered(ax) == []
    figure = ax.get_figure(root=True)
    for shown in (ax.get_legend(), ax.title):
        box = shown.get_window_extent()
        assert box.x0 >= 0, shown
        assert box.x1 <= figure.bbox.width, shown
        assert box.y1 <= figure.bbox.height + 1, shown
    styles = {line.get_label(): style(line) for line in ax.get_lines() if not line.get_label().startswith("_")}
    alike = [pair for pair in combinations(styles, 2) if styles[pair[0]] == styles[pair[1]]]
    assert alike == []


def test_cells_that_failed_at_a_step_of_any_size_are_drawn():
    """Matplotlib would look for limits beyond 1e308: catches axes that are scaled when their lines are drawn."""
    counts = {1e-308: Counter(FAILED=1), 1.0: Counter(HOLDS=3, FAILED=1), 1e308: Counter(FAILED=1)}
    ax = verdicts_over_steps(counts, ax=verdicts_over_steps(COUNTS))
    ax.get_figure(root=True).draw_without_rendering()
    assert ax.get_xlim()[0] <= 1e-308 < 1e308 < ax.get_xlim()[1] < np.inf


def style(line):
    """What of a line is seen in grey."""
    return line.get_linestyle(), line.get_marker(), line.get_linewidth() if line.get_alpha() else None


def test_titles_name_the_case():
    """A figure in a paper, far from the code: which sketch, which step, which problem."""
    words = DRAWN["exact"](None).get_title().replace("\n", " ")
    assert words.startswith("T2 HOLDS: RACLoRA(Haar(dim=4, rank=1), gamma=0.5, side='left') on Quadratic(4x4")
    assert "rank 1 to 16" in DRAWN["advice"](None).get_title()
    assert DRAWN["sampled spectrum"](None).get_title() == "E[H], 4x4, sampled from 4000 draws"
    known = {"haar": spectrum(sketches.Haar(8, 2)), "uniform": spectrum(sketches.Uniform(8, 2), draws=4000, rng=0)}
    assert comparison_plot(known).get_title() == "E[H], 8x8"


def test_the_limits_of_c5_are_told_apart_without_colour():
    """Both were the same dashed line; each now has its name on it, near it, and dashes of its own."""
    ax = DRAWN["C5"](None)
    ax.get_figure(root=True).draw_without_rendering()
    levels = [line for line in ax.get_lines() if len(set(line.get_ydata())) == 1 and line.get_label().startswith("_")]
    assert len({line.get_linestyle() for line in levels}) == len(levels) == 2
    for line in levels:
        height = ax.transData.transform((0, line.get_ydata()[0]))[1]
        (name,) = (text for text in ax.texts if abs(np.mean(text.get_window_extent().intervaly) - height) < 12)
        assert name.get_text().startswith("limit, ")
    assert len({text.get_text() for text in ax.texts}) == 2


def test_no_two_curves_look_alike():
    """The seventh curve of C7 had the colour of the first; the eighth has the marker of the first and other dashes."""
    x = np.arange(1.0, 5.0)
    ax = Lines({str(i): (x, x + i) for i in range(14)}, {}, "x", "y").draw()
    assert len({(line.get_marker(), line.get_linestyle()) for line in ax.get_lines()}) == 14


def test_the_style_for_curves_of_ones_own_differs_in_grey():
    """A file that is not packed, or that a matplotlib reads otherwise; six colours and one kind of line."""
    with matplotlib.style.context("rac_theory.drawing.journal"):
        lines = [Figure().subplots().plot([0, 1], **style)[0] for style in matplotlib.rcParams["axes.prop_cycle"]]
        assert matplotlib.rcParams["axes.spines.top"] is False
    assert len({line.get_linestyle() + str(line._dash_pattern) for line in lines}) == len(lines) == 6
    assert len({line.get_color() for line in lines}) == 6


def test_outcomes_have_a_key_of_as_many_colours():
    """A continuous bar for three outcomes; colours whose order is lost in grey."""
    classes = np.array([[0, 1], [2, 2]])
    ax = Outcomes(np.array([1.0, 2]), np.array([1.0, 2]), classes, NAMES, "x", "y").draw(title="a map")
    (mesh,) = ax.collections
    assert mesh.cmap.N == mesh.norm.Ncmap == 3
    greys = mesh.cmap(range(3))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(greys) < -0.15).all()
    key = ax.get_figure(root=True).axes[1]
    figure = key.get_figure(root=True)
    figure.draw_without_rendering()
    assert max(text.get_window_extent().x1 for text in key.get_yticklabels()) < figure.bbox.x1
    assert [text.get_text() for text in key.get_yticklabels()] == list(NAMES)
    np.testing.assert_array_equal(np.asarray(mesh.get_array()), classes)
    assert [float(place) for place in key.get_yticks()] == [0, 1, 2]


def test_a_title_of_three_lines_is_on_the_figure():
    """Its top is within the figure, which saves no more than that; axes of others keep their places."""
    ax = plot.figure().subplots()
    ax.plot([1, 2], [1, 2])
    for lines in (1, 2, 3):
        words.titled(ax, "\n".join(["a title"] * lines))
        figure = ax.get_figure()
        renderer = FigureCanvasAgg(figure).get_renderer()
        assert ax.title.get_window_extent(renderer).y1 <= figure.bbox.y1
    two = plot.figure()
    first, _ = two.subplots(1, 2)
    top = two.subplotpars.top
    words.titled(first, "a\nb\nc")
    assert two.subplotpars.top == top
