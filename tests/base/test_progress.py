"""Progress: a bar where somebody waits, that ends where the work ends, and not a letter anywhere else."""

import os
import subprocess
import sys
import threading
from itertools import pairwise
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from digits import softmax_task
from finetuning import Schedule, compare

from rac_theory import Case, Grid, RACLoRA, hardest_case, simulate, sketches, spectrum, sweep, tightness, verify
from rac_theory.base import progress
from rac_theory.commands.cli import main
from rac_theory.problems import Quadratic, SoftmaxRegression

QUADRATIC = Case(RACLoRA(sketches.Haar(4, 1), 0.5), Quadratic(np.diag([0.5, 0.6, 0.8, 1.0]), np.eye(4)), steps=30)
RNG = np.random.default_rng(0)
NINE = SoftmaxRegression(RNG.normal(size=(9, 3)), np.arange(9) % 3, l2=0.1)
SOFTMAX = Case(RACLoRA(sketches.Gaussian(3, 1), 0.5), NINE, steps=9)
CELLS = Grid(claims=("T2",), problems=("quadratic",), sketches=("haar", "gaussian"), ranks=(1, 2), sides=("left",))


class Seen:
    """A screen that keeps what it was shown."""

    def __init__(self):
        self.shown, self.closed = [], 0

    def show(self, share, words):
        self.shown.append((share, words))

    def close(self):
        self.closed += 1


@pytest.fixture
def screens(monkeypatch):
    """The screens that were asked for; each sees every step."""
    made = []
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    monkeypatch.setattr(progress, "screen", lambda: made.append(Seen()) or made[-1])
    return made


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda folder: simulate(SOFTMAX, runs=20, rng=0), "of 20 runs"),
        (lambda folder: simulate(SOFTMAX, runs=900, rng=0, n_jobs=2), "of 900 runs"),
        (lambda folder: verify("T2", SOFTMAX, runs=5000, rng=0), "of 5,000 runs"),
        (lambda folder: verify("T2", SOFTMAX, runs="until decided", most_runs=512, rng=0), "of 512 runs"),
        (lambda folder: tightness("T2", QUADRATIC), "of 30 steps"),
        (lambda folder: hardest_case("T12_gaussian", budget=60, rng=0), "of 60 cases"),
        (lambda folder: spectrum(sketches.Uniform(3, 2), draws=5000, rng=0), "of 5,000 draws"),
        (lambda folder: compare(softmax_task(), 1, Schedule(steps=2, link=1), runs=1), "methods"),
        (lambda folder: sweep(CELLS, folder / "cells.sqlite", n_jobs=1), "of 4 cells"),
    ],
)
def test_what_takes_long_has_one_bar_that_arrives(screens, tmp_path, work, said):
    """A bar for each part, one that runs backwards, is full at once, or stops at a half; one that stays behind."""
    work(tmp_path)
    (seen,) = screens
    shares = [share for share, _ in seen.shown]
    assert all(0 <= before <= after <= 1 for before, after in pairwise(shares))
    assert shares[0] < 0.5
    assert shares[-1] > 0.49 if "512" in said else shares[-1] > 0.8  # decided sooner, or fewer than the budget
    assert all(said in words for _, words in seen.shown)
    assert seen.closed == 1


def test_the_time_that_is_left_is_told(screens, monkeypatch):
    """As long for each part that is left as for those that are done; by a clock that is set by hand."""
    clock = [7.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    with progress.task("runs", 4):
        for seconds in (33, 66, 101, 0):
            clock[0] += seconds
            progress.advance()
    with progress.task("runs", 0):
        progress.advance(0)
    assert screens[0].shown == [
        (0.25, "25% of 4 runs, about 99 s left"),
        (0.5, "50% of 4 runs, about 99 s left"),
        (0.75, "75% of 4 runs, about 67 s left"),
        (1.0, "100% of 4 runs, about 0 s left"),
    ]
    assert screens[1].shown == [(1.0, "100% of 0 runs, about 0 s left")]
    assert [progress._seconds(left) for left in (99.4, 100.0, 200.0)] == ["99 s", "2 min", "3 min"]


def test_a_part_adds_to_the_whole_and_something_else_does_not(screens):
    """Steps counted as cases: a bar that is full at once; a part of what is waited for is no bar of its own."""
    with progress.task("cases", 100) as whole:
        with progress.task("steps", 7):
            for _ in range(7):
                progress.advance()
        with progress.task("cases", 40) as part:
            progress.advance(40)
        assert part is whole
        assert whole.done == 40
        whole.reach(30)
        assert whole.done == 40  # at least so much
        whole.advance()
        assert whole.done == 41
    assert len(screens) == 1


def test_what_ends_soon_shows_nothing(screens, monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 60.0)
    simulate(SOFTMAX, runs=20, rng=0)
    assert screens == []
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 60.0)  # nor does it draw what nobody could follow
    simulate(SOFTMAX, runs=20, rng=0)
    assert len(screens[0].shown) == 1


def test_a_sweep_that_is_watched_and_a_command_have_no_second_bar(screens, tmp_path, capsys):
    """Two bars write over each other."""
    told = []
    sweep(CELLS, tmp_path / "cells.sqlite", n_jobs=1, watch=told.append)
    assert told
    quick = ["--problem", "quadratic", "--rank", "1", "--side", "left", "--runs", "32", "--steps", "8", "--jobs", "1"]
    assert main(["verify", *quick, "--sketch", "haar", "--out", str(tmp_path)]) == 0
    assert screens == []
    assert "%" not in capsys.readouterr().err


def test_an_error_takes_the_bar_away(screens):
    with pytest.raises(KeyboardInterrupt), progress.task("runs", 2):  # noqa: PT012
        progress.advance()
        raise KeyboardInterrupt
    assert screens[0].closed == 1
    assert progress._current.get() is None


def test_nobody_waits_in_a_thread_or_without_a_terminal(monkeypatch):
    """A log, a test, a worker in a thread: not a letter."""
    assert progress.screen() is None  # pytest has taken stderr
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: True))
    found = []
    thread = threading.Thread(target=lambda: found.append(progress.screen()))
    thread.start()
    thread.join()
    assert found == [None]
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    assert progress.screen() is None


def test_a_notebook_shows_an_element_that_is_updated_and_emptied(monkeypatch):
    """A line for each update; a bar that stays; words that are run."""
    shown = []

    def display(given, raw, display_id=True):
        assert raw
        assert display_id
        shown.append(given)
        return SimpleNamespace(update=display)

    module = ModuleType("IPython.display")
    module.display = display
    kernel = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    with progress.task("<b>", 2):
        progress.advance()
    bar, empty = shown
    assert list(bar) == list(empty) == ["text/html"]
    assert bar["text/html"].startswith("<pre ")
    assert bar["text/html"].count("\N{BOX DRAWINGS HEAVY HORIZONTAL}") == 20  # half of forty
    assert "50% of 2 &lt;b&gt;" in bar["text/html"]
    assert empty["text/html"] == ""


def test_a_terminal_has_a_bar_of_that_share_which_goes():
    shown = progress._Terminal()
    shown.show(0.75, "[bold]words")
    assert shown._bar.columns[1].render(shown._bar.tasks[0]).plain == "[bold]words"
    shown.close()
    assert shown._bar.tasks[0].percentage == 75
    assert shown._bar.live.transient


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="it needs a terminal")
def test_a_terminal_shows_a_bar_and_a_pipe_nothing():
    """Looked at from outside: a process whose standard error is a terminal, and one whose is not."""
    code = (
        "from rac_theory.base import progress; progress.DELAY = progress._EVERY = 0.0\n"
        "with progress.task('runs', 4):\n    [progress.advance() for _ in range(3)]\n"
    )
    ours, theirs = os.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    done = subprocess.run([sys.executable, "-c", code], stderr=theirs, stdout=subprocess.PIPE, env=environment)
    os.close(theirs)
    written = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0
    assert done.stdout == b""
    assert "75% of 4 runs" in written
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert (piped.returncode, piped.stdout, piped.stderr) == (0, b"", b"")
