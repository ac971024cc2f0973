"""Drawings are the same each time, and their text is text."""

import re

import numpy as np

from rac_theory.drawing import chart, plot, svg


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
