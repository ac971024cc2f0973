"""A hundred or two of each; thousands by ``python -m tests.fuzz lines`` and ``python -m tests.fuzz files``.

What they catch is any end but a documented status with one sentence: a traceback, a warning, a silent or a false
success, a name that steers the terminal, a command that hangs. Reading a file without its types left 38 kinds of
traceback of results.json, 24 of counterexamples.json, 39 of stores and 5 of specs.
"""

import argparse
import random
import warnings
from itertools import islice

import pytest

from rac_theory.commands import cli

from . import files, outcome
from .command_line import command_lines

LINES = {"count": 130, "seed": 4063}  # by which every option is typed, in little time
FILES = {"count": 100, "seed": 81}


@pytest.mark.long
@pytest.mark.parametrize(("cases", "size"), [(command_lines, LINES), (files.commands_on_tampered_files, FILES)])
def test_whatever_is_typed_or_found_ends_with_a_status_and_a_sentence(cases, size):
    assert outcome.bad_ends(cases, **size) == []


def test_every_option_of_every_command_is_typed():
    """So few lines would say little of the others; what ``repeat`` is to trust does not come up."""
    lines = islice(command_lines(random.Random(LINES["seed"])), LINES["count"])
    typed = {(line[0], word) for line, _ in lines for word in line}
    (commands,) = (a for a in cli._parser()._actions if isinstance(a, argparse._SubParsersAction))
    known = {(name, name) for name in commands.choices}
    for name, parser in commands.choices.items():
        known |= {(name, action.option_strings[-1]) for action in parser._actions if action.option_strings}
    assert {one for one in known - typed if one[1] != "--help"} == {("repeat", "--trust")}


def test_every_way_to_edit_a_file_is_tried():
    """An editor that leaves most files as they are would find nothing."""
    chance, content = random.Random(0), {"rows": [{"slack": {"t": 1, "value": 2.5}, "name": "T2"}], "format": 1}
    edited = [files.edited(content, chance) for _ in range(500)]
    assert sum(one != content for one in edited) > 450
    for key in ("rows", "slack", "t", "name"):
        assert any(f"'{key}'" not in repr(one) for one in edited), key


def test_a_complaint_is_made_of_whatever_is_no_sentence(monkeypatch, capsys):
    """An inspector that is content with everything would find nothing either."""

    def of(end):
        monkeypatch.setattr(outcome, "main", end)
        return outcome.complaint([], seconds=0.2)

    assert of(lambda argv: 0) is None
    assert "status 70" in of(lambda argv: 70)
    assert "status KeyError" in of(lambda argv: {}["x"])
    assert "status 2 with 0 sentence(s)" in of(lambda argv: 2)
    assert "warning" in of(lambda argv: warnings.warn("beware", stacklevel=1) or 0)
    assert "is printed" in of(lambda argv: print("\x1b[31m") or 0)
    assert "TooSlow" in of(lambda argv: [None for _ in iter(int, 1)])
