"""Settings for every test, a budget of seconds for each file of tests, and which tests take most."""

import gc
import os
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

# Tests run in two processes, and so with one thread of BLAS each. NumPy has not been imported yet.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What commands print is captured, and no terminal, whatever a CI says. Some hundred processes are started, each of
# which would compile the library again if it might not keep what it compiles.
for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS", "PYTHONDONTWRITEBYTECODE"):
    os.environ.pop(name, None)

# Hypothesis is derandomised, so that a failure here is a failure everywhere.
settings.register_profile("reproducible", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("reproducible")

# Not 1e-12: what is as small would be equal to anything, and mutants lived of what is added for rounding.
type(pytest.approx(1.0)).DEFAULT_ABSOLUTE_TOLERANCE = 0.0

gc.disable()  # until all tests are collected: a seventh of that time went into searches for garbage where there is none

BUDGET = 12.0
"""Seconds that the tests of a file may take, on a core of their own."""

LARGER = {
    "test_bank.py": 30.0,
    "test_check_sketch.py": 25.0,
    "test_check_algorithm_iterates.py": 20.0,
    "test_report_in_chromium.py": 45.0,
    "test_coq_decides.py": 90.0,
    "test_discover.py": 30.0,
    "test_best_rate.py": 15.0,
    "test_facts.py": 25.0,
    "test_proof_files.py": 30.0,
    "test_executed.py": 30.0,
}
"""The files that may take longer."""

APART = ("long", "full")
"""The marks of tests that run where they are asked for."""

DURATIONS = Path(__file__).parent / "durations.txt"
"""What ``--write-durations`` writes: the slowest hundredth of all tests, in seconds of processor time."""

_seconds: Counter[str] = Counter()
_of_processors: Counter[str] = Counter()


@pytest.fixture
def covered():
    """Return a function that lists what the legend of axes covers, single runs apart, by the paths that are drawn."""

    def labels(ax):
        ax.get_figure(root=True).draw_without_rendering()
        box = ax.get_legend().get_window_extent()
        drawn = [(line, line.get_path(), False) for line in ax.get_lines() if line.get_linewidth() > 1]
        drawn += [(area, path, True) for area in ax.collections for path in area.get_paths()]
        placed = ((one.get_label(), path.transformed(one.get_transform()), filled) for one, path, filled in drawn)
        return [label for label, path, filled in placed if path.intersects_bbox(box, filled)]

    return labels


def pytest_ignore_collect(collection_path, config):
    """Import for ``-m long`` the files alone that name the mark: the others take a third of the time of collecting."""
    mark = config.option.markexpr
    return True if mark in APART and not may_have(mark, collection_path) else None


def pytest_collection_modifyitems(items):
    """Refuse a mark under another name, whose test would run nowhere."""
    for mark in APART:
        files = {item.path for item in items if item.get_closest_marker(mark)}
        if hidden := sorted(str(path) for path in files if not may_have(mark, path)):
            raise pytest.UsageError(f"write pytest.mark.{mark}, by which files are chosen, in {', '.join(hidden)}")


@cache
def may_have(mark, path):
    """Whether a file, or one in a folder, may hold a test with a mark."""
    return path.suffix != ".py" or f"mark.{mark}" in path.read_text(encoding="utf-8")


def pytest_collection_finish():
    """Leave the thousands of tests that were collected, which all stay, out of every search for garbage."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_addoption(parser):
    """Ask for ``tests/durations.txt``, which a run of all tests writes."""
    parser.addoption("--write-durations", action="store_true", help=f"write the slowest 1%% of tests to {DURATIONS}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Note what a phase of a test took of processors, that of processes which it waited for included."""
    taken = sum(os.times()[:4])
    report = yield
    report.processors = taken - item.config.stash.get(_so_far, taken)
    item.config.stash[_so_far] = taken
    return report


_so_far = pytest.StashKey[float]()


def pytest_runtest_logreport(report):
    """Add up what a file takes, and a test; reports of workers come here, too."""
    _seconds[report.nodeid.split("::")[0]] += report.duration
    _of_processors[report.nodeid] += report.processors


def pytest_sessionfinish(session):
    """Write the slowest hundredth, by which one sees where time can be saved: none of it depends on other load."""
    if session.config.option.write_durations and not hasattr(session.config, "workerinput"):
        tests, total = len(_of_processors), _of_processors.total()
        slowest = _of_processors.most_common(-(-tests // 100))
        share = sum(taken for _, taken in slowest) / total
        head = f"{total:.0f} s of processor time for {tests:,} tests; 1% of them take {share:.0%}"
        lines = [f"{taken:6.2f}  {test}" for test, taken in slowest]
        DURATIONS.write_text("\n".join([head, *lines, ""]), encoding="utf-8")


def pytest_terminal_summary(terminalreporter):
    """Say which files took more than they may."""
    every = ((file, taken, LARGER.get(Path(file).name, BUDGET)) for file, taken in _seconds.most_common())
    if over := [each for each in every if each[1] > each[2]]:
        terminalreporter.section("over budget: compute less or share, see CONTRIBUTING.md")
        for file, taken, allowed in over:
            terminalreporter.line(f"{file} took {taken:.1f} s, may take {allowed:g} s")
