"""Slides can be made of every notebook: a heading begins one, and a solution is a note that the class does not see."""

import re

import pytest

from tests.test_course import NOTEBOOKS, cells

nbconvert = pytest.importorskip("nbconvert", reason="slides are made with the extra docs")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_heading_begins_a_slide_and_solutions_are_notes(path):
    """Catches a cell that is not said to begin a slide, so that two headings would be on one."""
    slides, _ = nbconvert.SlidesExporter().from_filename(str(path))
    upright = re.split(r"<section>\s*<section>", slides)[1:]
    headings = [text for kind, text in cells(path) if kind == "markdown" and text.startswith("#")]
    assert len(upright) == len(headings)
    notes = re.findall(r'<aside class="notes">(.*?)</aside>', slides, re.DOTALL)
    assert [f"Solution of {path.stem[:2]}.{i}" in note for i, note in enumerate(notes, 1)] == [True, True]
    shown = re.sub(r'<aside class="notes">.*?</aside>', "", slides, flags=re.DOTALL)
    assert "Solution of" not in shown
