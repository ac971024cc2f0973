"""The screen: no word is broken, no column goes missing in silence, and a pipe gets whole lines of text alone."""

import contextlib
import io
import os
import pty
import subprocess
import sys
from itertools import product

import pytest
from rich.console import Console
from rich.table import Table

from rac_theory.commands.cli import main
from rac_theory.commands.screen import bar, screen, show_table, tell

PROSE = "a sentence of words that goes on and on, " * 5
SLACK = r"slack \[interval]"  # as rich escapes it


def a_table():
    table = Table(box=None, pad_edge=False)
    for name, no_wrap in (("claim", True), ("case", False), (SLACK, True), ("time", True)):
        table.add_column(name, no_wrap=no_wrap)
    table.add_row("T2_sharp", "breast_cancer weighted_coordinate r4", "1.33 [1.21, 1.44]", "0.25s")
    return table


def printed(width, function, *arguments):
    """What a function prints on a terminal of that width."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, highlight=False)
    function(console, *arguments)
    return console.file.getvalue().splitlines()


def test_columns_are_spared_in_their_order_and_named():
    """Catches one that goes in silence, and a table that loses a column for which there is room.

    What is too wide still is wrapped between words: catches 'weighted_coordi-', or '1.33 [1...', another number; and a
    table that is as wide as its lines where words have room.
    """
    lines = printed(80, show_table, a_table(), ["time", "slack [interval]"])
    assert [line.split()[-1] for line in lines] == ["time", "0.25s"]
    lines = printed(70, show_table, a_table(), ["time", "slack [interval]"])
    assert "1.33 [1.21, 1.44]" in lines[1]
    assert lines[2:] == ["(no room for time)"]
    lines = printed(50, show_table, a_table(), ["time", "slack [interval]"])
    assert [line.rstrip() for line in lines] == [
        "claim     case",
        "T2_sharp  breast_cancer weighted_coordinate r4",
        "(no room for time, slack [interval])",
    ]
    for width in (20, 35, 40):
        lines = printed(width, show_table, a_table(), ["time"])
        assert max(map(len, lines)) == len("T2_sharp  weighted_coordinate  1.33 [1.21, 1.44]")
        words = " ".join(" ".join(lines).split())
        for word in ("T2_sharp", "breast_cancer", "weighted_coordinate", "1.33 [1.21, 1.44]"):
            assert word in words


def test_prose_is_as_wide_as_the_terminal_and_no_wider_than_prose():
    """It hangs below its label, and paths are whole."""
    for width, widest in ((60, 60), (80, 80), (120, 100), (165, 100)):
        lines = printed(width, tell, PROSE)
        assert widest - 12 < max(map(len, lines)) <= widest
        assert " ".join(lines) == PROSE.strip()
    path = "/a/path/that/is/" + "long/" * 20
    lines = printed(40, tell, f"    figure  {path} and some words after that path, and more", 8)
    assert path in " ".join(lines)
    assert {line[: len(line) - len(line.lstrip())] for line in lines[1:]} == {" " * 12}
    assert printed(40, tell, "one\n\ntwo") == ["one", "", "two"]


def test_a_bar_goes_when_it_ends():
    """What is found stays on the screen, and not how long it took to look."""
    assert bar().live.transient


def test_a_pipe_gets_whole_lines():
    """Of a table as wide as it is, whatever COLUMNS says; prose in one line; no colour."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        console = screen()
        show_table(console, a_table(), ["time", "slack [interval]"])
        tell(console, PROSE)
    lines = out.getvalue().splitlines()
    assert lines[1].rstrip().endswith("0.25s")
    assert lines[2] == PROSE
    assert "\x1b" not in out.getvalue()


FAST = "--side left right --steps 6 --jobs 1"
FEW = f"verify {FAST} --claim T2 --problem quadratic --rank 1 --rows"
WITH_TABLES = [
    f"verify {FAST} --claim T1 T2 --problem quadratic linnerud --sketch haar weighted_coordinate",
    "sketch --all --dim 6 --rank 2",
    "advise 16x12 --rank 1 2 --learning-rate",
]
WITHOUT = [
    *("sketch haar --dim 6 --rank 2", "explain T8d", "explain C4", "prove T2 T8", "list --setting federated"),
    *("discover rac_lora --given along pl", "counterexamples C6 C8"),
]


@pytest.mark.parametrize(
    ("width", "typed"), [*product([80], [FEW, *WITH_TABLES, *WITHOUT]), *product([120], WITH_TABLES)]
)
def test_every_command_fits_a_terminal(output_of, monkeypatch, typed, width):
    """The lines of tables; of prose those without a word that is longer."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    lines = output_of(*typed.split()).replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)


@pytest.mark.long
def test_nothing_but_text_where_no_terminal_is(folder, monkeypatch, capfd):
    """Neither bar nor colour in a pipe; and on standard error nothing at all, as nothing is wrong.

    Not even where a notebook's kernel says that colours are to be forced, as it does to all that is started in it.
    """
    monkeypatch.setenv("FORCE_COLOR", "1")
    for i, typed in enumerate(WITH_TABLES):
        assert main([*typed.split(), "--out", f"pipe{i}"]) == 0
        told, error = capfd.readouterr()
        assert not {"\x1b", "\r"} & {*told}
        assert error == "", typed


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="it has no pseudo-terminals")
def test_a_terminal_gets_colour_and_a_bar(folder):
    """A pseudo-terminal, the real thing: what fits a fake one must fit it as well."""
    leader, follower = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "rac_theory", *FEW.split()],
        cwd=folder,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm-256color"},
    )
    os.close(follower)
    told = b""
    with contextlib.suppress(OSError):  # which ends it on Linux
        while piece := os.read(leader, 65536):
            told += piece
    os.close(leader)
    assert done.wait(60) == 0
    assert b"\x1b[32mHOLDS" in told
    assert b"\x1b[?25l" in told  # a bar hides the cursor
