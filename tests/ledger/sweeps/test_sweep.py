"""Sweeps: killed at random moments, short of disk, with cells that raise, nothing is lost and nothing is twice."""

import csv
import io
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import CancelledError
from contextlib import closing
from dataclasses import replace
from threading import Thread

import pytest
from joblib.externals.loky import get_reusable_executor
from rich.console import Console

from rac_theory import Grid, Sweep, sweep
from rac_theory.commands import cli
from rac_theory.ledger import running
from rac_theory.ledger.sweeps import store, sweeping
from rac_theory.ledger.table import ledger_table, remarks

GRID = Grid(
    claims=("T1", "T2", "T2_sharp"),
    problems=("quadratic", "pl_sine"),
    sketches=("haar", "coordinate", "frozen"),
    ranks=(1, 2),
    sides=("left",),
    step_sizes=(0.5, 2.5),
    seeds=(0, 1),
    runs=16,
    steps=10,
)
SPEC = "\n".join(f"{name} = {value!r}" for name, value in GRID.to_json().items())
FEW = Grid(claims=("T2",), problems=("quadratic",), sketches=("haar",), ranks=(1,), sides=("left",), seeds=range(4))

PLUG_IN = """
import os, signal
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from rac_theory.sketches import Haar

class Deadly(Haar):
    def __post_init__(self):  # once, and in a worker only
        if parent_process() is not None and Path("armed").exists():
            Path("armed").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        super().__post_init__()

class Broken(Haar):
    def __post_init__(self):
        if self.rank == 2:
            raise RuntimeError("no such luck")
        super().__post_init__()
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The exports of a sweep that nothing disturbed, CSV and Parquet."""
    folder = tmp_path_factory.mktemp("whole")
    return exports(sweep(GRID, folder / "s.sqlite", n_jobs=1), folder)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder with a plug-in, and no pilots; workers that know another folder are sent home."""
    (tmp_path / "sketches_of_a_sweep_test.py").write_text(PLUG_IN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sweeping, "_PILOT_SECONDS", 0.0)
    get_reusable_executor().shutdown(wait=True)
    yield tmp_path
    get_reusable_executor().shutdown(wait=True)
    sys.modules.pop("sketches_of_a_sweep_test", None)


def exports(found, folder):
    for name in ("e.csv", "e.parquet"):
        found.export(folder / name)
    return [(folder / name).read_bytes() for name in ("e.csv", "e.parquet")]


def cells_in(path):
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        return connection.execute("SELECT count(*) FROM cells").fetchone()[0]


KILLED = """
import os, random, signal, sqlite3, threading
from rac_theory import Grid, sweep
from rac_theory.ledger.sweeps import store, sweeping

sweeping._PILOT_SECONDS = 0.0
chance, grid = random.Random(1), Grid(**{grid})

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def at_call(number, usual, dies):
    calls = []
    def call(*arguments):
        calls.append(arguments)
        return dies(usual, *arguments) if len(calls) == number else usual(*arguments)
    return call

def in_the_middle(usual, row):
    die()

def soon_after(usual, self, finished):
    usual(self, finished)
    threading.Timer(chance.random() / 100, die).start()

def kill(where, name, number, dies):
    if (child := os.fork()) == 0:
        setattr(where, name, at_call(number, getattr(where, name), dies))
        sweep(grid, "s.sqlite", n_jobs=1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    connection = sqlite3.connect("s.sqlite")
    print(number, *connection.execute("SELECT count(*) FROM cells").fetchone(), end=" ")
    print(*connection.execute("PRAGMA integrity_check").fetchone())
    connection.close()

for _ in range(3):
    kill(store.Store, "add", chance.randint(1, 9), soon_after)
kill(store, "_to_columns", 20, in_the_middle)
"""
"""Three kills at random moments, and one after a cell is inserted and before all its rows are."""


@pytest.mark.long
def test_kills_change_no_byte(tmp_path, whole):
    """Catches a cell that is marked as finished before its rows are written, and rows that are written twice.

    Without one transaction for a cell and its rows, those of the last kill would be lost for good.
    """
    code = KILLED.format(grid=GRID.to_json())
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kills = [line.split() for line in done.stdout.splitlines()]
    there = 0
    for number, cells, soundness in kills[:3]:
        assert there + int(number) <= int(cells) < len(GRID.cells)
        assert soundness == "ok"
        there = int(cells)
    assert kills[3:] == [["20", f"{there + 19 // 3}", "ok"]]
    ran = []
    found = sweep(GRID, tmp_path / "s.sqlite", n_jobs=1, watch=lambda now: ran.append(now.done))
    assert exports(found, tmp_path) == whole
    assert ran[-1] == len(GRID.cells) == found.finished


@pytest.mark.long
def test_two_processes_change_no_byte_and_a_cell_is_run_once(tmp_path, whole, monkeypatch):
    monkeypatch.setattr(sweeping, "_PILOT_SECONDS", 0.0)
    assert exports(sweep(GRID, tmp_path / "s.sqlite", n_jobs=2), tmp_path) == whole
    monkeypatch.setattr(sweeping, "run_cell", lambda cell, level: pytest.fail("a finished cell is run again"))
    assert exports(sweep(GRID, tmp_path / "s.sqlite"), tmp_path) == whole


@pytest.mark.long
def test_a_lost_worker_ends_with_a_sentence_and_the_next_start_continues(here):
    grid = replace(GRID, sketches=("haar", "sketches_of_a_sweep_test:Deadly"), step_sizes=(1.0,))
    undisturbed = exports(sweep(grid, here / "whole.sqlite", n_jobs=1), here)
    (here / "armed").touch()
    with pytest.raises(ChildProcessError, match=r"a worker process was lost with \d+ cells to go"):
        sweep(grid, here / "s.sqlite", n_jobs=2)
    assert not (here / "armed").exists()
    assert cells_in(here / "s.sqlite") < len(grid.cells)
    assert exports(sweep(grid, here / "s.sqlite", n_jobs=1), here) == undisturbed


def test_a_cell_that_raises_is_a_row_with_its_error(here, capsys):
    sketches = ("haar", "sketches_of_a_sweep_test:Broken")
    grid = replace(GRID, claims=("T1", "T2", "T5"), sketches=sketches, step_sizes=(1.0,), settings=("noisy",))
    (here / "spec.toml").write_text("\n".join(f"{name} = {value!r}" for name, value in grid.to_json().items() if value))
    assert cli.main(["sweep", "spec.toml", "--export", "e.csv", "--trust", "--jobs", "1"]) == 2
    told, error = capsys.readouterr()
    assert "error: 12 of 48 row(s) failed" in error
    assert "FAILED x 12: ValueError: sketch sketches_of_a_sweep_test:Broken must accept" in told
    assert "got RuntimeError: no such luck" in told
    rows = Sweep.load(here / "spec.sqlite").rows
    failed = [row for row in rows if row.status == running.FAILED]
    assert {(row.steps, row.runs, row.evidence) for row in failed} == {(GRID.steps, GRID.runs, "none")}
    assert {(row.sketch.split(":")[-1], row.rank) for row in failed} == {("Broken", 2)}
    drawn = io.StringIO()
    Console(width=300, file=drawn).print(ledger_table([replace(row, seconds=None) for row in failed]))  # not timed
    assert drawn.getvalue().count(" FAILED ") == len(failed) == 12
    assert told.count("FAILED x 12: ") == 1
    assert remarks(rows)[-1].endswith("12 FAILED")
    assert {row.status for row in rows if row not in failed} <= {"HOLDS", "CONSISTENT", "UNDECIDED"}
    assert len(rows) == sum(len(cell.claims) for cell in grid.cells)
    with open("e.csv", encoding="utf-8", newline="") as stream:
        assert [int(record["number"]) for record in csv.DictReader(stream)] == [row.number for row in rows]


@pytest.mark.long
def test_the_command_of_a_row_gives_its_numbers_again(here, capsys):
    """Of every setting and status: catches step sizes that only a sweep knows, and steps that nothing has found."""
    grid = replace(
        GRID,
        claims=("T1", "T2_sharp", "T5"),
        problems=("linnerud",),
        sketches=("haar", "sketches_of_a_sweep_test:Broken"),
        settings=("minibatch",),
        seeds=(1,),
        steps=None,
    )
    found = sweep(grid, here / "s.sqlite", n_jobs=1)
    assert {row.setting for row in found.rows} == {"minibatch", "0.5/L", "2.5/L"}
    for row in found.rows:
        failed = row.status == running.FAILED
        assert cli.main(["repeat", "s.sqlite", "--trust", str(row.number)]) == (2 if failed else 0)
        told = capsys.readouterr()
        assert "got RuntimeError: no such luck" in told.err if failed else f"as row {row.number}" in told.out
    assert cli.main(["repeat", "s.sqlite", "0"]) == 2
    with closing(sqlite3.connect("s.sqlite")) as connection, connection:
        connection.execute("UPDATE rows SET reach = 1 WHERE number = 1")
    assert cli.main(["repeat", "s.sqlite", "1"]) == 1
    assert "not the same numbers in: reach" in capsys.readouterr().out


@pytest.mark.long
def test_a_full_disk_ends_with_a_sentence_and_an_intact_store(tmp_path, monkeypatch, whole):
    """SQLite itself refuses the page: what it says must not pass for a row, nor end in a traceback."""
    usual = store.Store.add

    def add(self, finished):
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        self._connection.execute(f"PRAGMA max_page_count = {min(pages + 100, 20)}")
        usual(self, finished)

    monkeypatch.setattr(store.Store, "add", add)
    with pytest.raises(OSError, match="database or disk is full; the cells that are in it are safe"):
        sweep(GRID, tmp_path / "s.sqlite", n_jobs=1)
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert 0 < cells_in(tmp_path / "s.sqlite") < len(GRID.cells)
    with pytest.raises(ValueError, match=r"a sweep must be finished to be exported, got \d+ of 48 cells"):
        Sweep.load(tmp_path / "s.sqlite").export(tmp_path / "e.csv")
    monkeypatch.undo()
    assert exports(sweep(GRID, tmp_path / "s.sqlite", n_jobs=1), tmp_path) == whole


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path, monkeypatch, capsys, whole):
    usual, left = store.Store.add, iter(range(5))

    def add(self, finished):
        if next(left, None) is None:
            raise KeyboardInterrupt
        usual(self, finished)

    monkeypatch.setattr(store.Store, "add", add)
    (tmp_path / "spec.toml").write_text(SPEC)
    assert cli.main(["sweep", str(tmp_path / "spec.toml"), "--jobs", "1"]) == 130
    assert "spec.sqlite; the same command continues" in capsys.readouterr().err
    assert cells_in(tmp_path / "spec.sqlite") == 5
    monkeypatch.undo()
    assert exports(sweep(GRID, tmp_path / "spec.sqlite", n_jobs=1), tmp_path) == whole


def test_a_store_of_another_spec_or_version_is_refused_and_left_alone(tmp_path, monkeypatch):
    grid = replace(GRID, step_sizes=(1.0,), sketches=("haar",))
    path = tmp_path / "s.sqlite"
    sweep(grid, path, n_jobs=1)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"the same spec, got .* with runs = 16, now 17: name another"):
        sweep(replace(grid, runs=17), path)
    there = store.versions()
    monkeypatch.setattr(store, "versions", lambda: there | {"numpy": "0.1"})
    with pytest.raises(ValueError, match=r"the same versions, got .* with numpy = .*, now 0.1"):
        sweep(grid, path)
    assert path.read_bytes() == before
    assert Sweep.load(path).finished == len(grid.cells) == 8


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path):
    words, table = tmp_path / "words", tmp_path / "table"
    words.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    with closing(sqlite3.connect(table)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    for path in (words, table):
        before = path.read_bytes()
        with pytest.raises(ValueError, match="store must be a file written by sweep"):
            sweep(GRID, path)
        assert path.read_bytes() == before
    with pytest.raises(ValueError, match="store must be a file written by sweep, got"):
        Sweep.load(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()
    with pytest.raises(OSError, match="cannot be written: unable to open"):
        sweep(GRID, tmp_path / "no" / "s.sqlite")


def test_a_pipe_is_not_waited_for(tmp_path):
    """``repeat pipe`` used to wait for ever. In a thread that nobody waits for in the end."""
    os.mkfifo(tmp_path / "pipe")
    answers = []
    asking = Thread(target=lambda: answers.append(store.is_store(tmp_path / "pipe")), daemon=True)
    asking.start()
    asking.join(20)
    assert answers == [False]


def test_a_scheduler_that_dies_is_a_sentence(tmp_path, monkeypatch):
    """Dask cancels what was asked of it, with a traceback of its own; what was finished is kept."""

    def dies(function, tasks, jobs):
        yield function(*next(iter(tasks)))
        raise CancelledError("scheduler-connection-lost")

    monkeypatch.setattr(sweeping, "_PILOT_SECONDS", 0.0)
    monkeypatch.setattr(sweeping, "as_they_finish", dies)
    with pytest.raises(ChildProcessError, match="the scheduler of the workers was lost with 2 cells to go"):
        sweep(FEW, tmp_path / "s.sqlite")
    assert Sweep.load(tmp_path / "s.sqlite").finished == 2


def test_rows_that_share_constants_share_what_is_read(tmp_path):
    """Reading 20,000 cells again took six seconds; and a part that is wrong is still named by its row."""
    path = tmp_path / "s.sqlite"
    rows = sweep(FEW, path).rows
    again = Sweep.load(path).rows
    assert [row.to_json() for row in again] == [row.to_json() for row in rows]
    assert again[0].constants is again[1].constants
    with closing(sqlite3.connect(path)) as damaged, damaged:
        damaged.execute("UPDATE rows SET slack = '{\"t\": 1}' WHERE number = 2")
    with pytest.raises(ValueError, match=r"rows\[2\].slack.low must be there, got nothing"):
        Sweep.load(path)
