"""The page that draws the way of one call is true: its functions are called, in its order, from its files."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import rac_theory
from rac_theory import Case, RACLoRA, sketches, verify
from rac_theory.problems import Quadratic

HOUSE = Path(rac_theory.__file__).parent
BEFORE, EXACT, SAMPLED = (
    re.findall(r"^\| `([\w.]+)` \| `([\w/]+\.py)` \|", section, re.MULTILINE)
    for section in (HOUSE.parent / "docs" / "one_call.md").read_text("utf-8").split("\n## ")[1:]
)


def calls(evidence):
    """The functions of the house that one call enters, in order, each with its file."""
    entered = []

    def enters(frame, event, _):
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.is_relative_to(HOUSE):
            entered.append((frame.f_code.co_qualname, file.relative_to(HOUSE).as_posix()))

    before = sys.getprofile()
    sys.setprofile(enters)
    try:
        problem = Quadratic.left(np.diag([0.5, 1.0, 0.75]), np.ones((3, 2)))
        case = Case(RACLoRA(sketches.Haar(3, 1), gamma=0.9), problem, steps=7)
        verify("T2", case, runs=32, rng=0, evidence=evidence)
    finally:
        sys.setprofile(before)
    return entered


@pytest.mark.parametrize(("evidence", "way"), [("exact", EXACT), ("sampled", SAMPLED)])
def test_the_page_has_the_functions_of_a_call_in_their_order(evidence, way):
    """Catches a function that was renamed or moved to another file, and steps in another order."""
    left = iter(calls(evidence))
    assert len(way) > 5
    for step in (*BEFORE, *way):
        assert step in left, step  # reads on from the step before
