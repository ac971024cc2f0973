"""The settings of all tests: budgets of seconds, which tests take most, and which files may hold long ones."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

MARK = "mark." + "long"  # not to be a file with such a test


@pytest.fixture
def budget(request):
    """The conftest that is in force: pytest holds it by its path."""
    path = str(request.config.rootpath / "tests" / "conftest.py")
    return request.config.pluginmanager.get_plugin(path)


def test_files_over_their_budget_are_named_the_slowest_first(budget, monkeypatch):
    """Would catch a budget that is compared the wrong way, and seconds of one test in the place of their sum."""
    monkeypatch.setattr(budget, "_seconds", budget.Counter())
    monkeypatch.setattr(budget, "_of_processors", budget.Counter())
    monkeypatch.setattr(budget, "BUDGET", 3.0)
    monkeypatch.setattr(budget, "LARGER", {"test_large.py": 9.0})
    for file, taken in (("a/test_a.py", 2.0), ("a/test_a.py", 2.0), ("b/test_b.py", 3.0), ("test_large.py", 8.0)):
        budget.pytest_runtest_logreport(SimpleNamespace(nodeid=f"{file}::test_it", duration=taken, processors=taken))
    lines = []
    reporter = SimpleNamespace(section=lines.append, line=lines.append)
    budget.pytest_terminal_summary(reporter)
    assert lines[1:] == ["a/test_a.py took 4.0 s, may take 3 s"]
    budget.pytest_runtest_logreport(SimpleNamespace(nodeid="test_large.py::test_it", duration=2.0, processors=2.0))
    budget.pytest_terminal_summary(reporter)
    assert lines[3:] == ["test_large.py took 10.0 s, may take 9 s", "a/test_a.py took 4.0 s, may take 3 s"]


def test_the_slowest_hundredth_is_written_by_processor_time(budget, monkeypatch, tmp_path):
    """Would catch the fastest, one of too few, what was waited for, and a phase in the place of a whole test."""
    monkeypatch.setattr(budget, "_seconds", budget.Counter())
    monkeypatch.setattr(budget, "_of_processors", budget.Counter())
    monkeypatch.setattr(budget, "DURATIONS", tmp_path / "durations.txt")
    for number in range(101):
        taken = {7: 4.0, 9: 3.0}.get(number, 0.5)
        for _ in ("setup", "call"):
            report = SimpleNamespace(nodeid=f"a.py::test_{number}", duration=20.0 - taken, processors=taken)
            budget.pytest_runtest_logreport(report)
    config = SimpleNamespace(option=SimpleNamespace(write_durations=True))
    budget.pytest_sessionfinish(SimpleNamespace(config=config))
    head, *lines = budget.DURATIONS.read_text(encoding="utf-8").splitlines()
    assert head == "113 s of processor time for 101 tests; 1% of them take 12%"
    assert [line.split() for line in lines] == [["8.00", "a.py::test_7"], ["6.00", "a.py::test_9"]]


def test_what_a_process_took_that_was_waited_for_is_counted(budget):
    """Would catch the seconds that this process took alone: many tests start another."""
    wrapper = budget.pytest_runtest_makereport
    item = SimpleNamespace(config=SimpleNamespace(stash=pytest.Stash()))

    def reported():
        phase = wrapper(item, None)
        next(phase)
        with pytest.raises(StopIteration) as end:
            phase.send(SimpleNamespace())
        return end.value.value.processors

    assert reported() == 0.0
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.2: pass"], check=True)
    assert 0.15 < reported() < 0.5  # in hundredths
    assert reported() < 0.1


def test_files_without_the_mark_are_left_out_where_long_tests_alone_are_asked_for(budget, tmp_path):
    marked, plain = tmp_path / "test_marked.py", tmp_path / "test_plain.py"
    marked.write_text(f"pytestmark = pytest.{MARK}\n", encoding="utf-8")
    plain.write_text("", encoding="utf-8")
    left_out = {
        expression: [
            path.name
            for path in (tmp_path, marked, plain)
            if budget.pytest_ignore_collect(path, SimpleNamespace(option=SimpleNamespace(markexpr=expression)))
        ]
        for expression in ("long", "not long", "", "long or mutants")
    }
    assert left_out == {"long": ["test_plain.py"], "not long": [], "": [], "long or mutants": []}


def test_a_mark_under_another_name_is_refused(budget, tmp_path):
    plain = tmp_path / "test_plain.py"
    plain.write_text("from elsewhere import LONG as pytestmark\n", encoding="utf-8")
    marks = {"long": True}
    budget.pytest_collection_modifyitems([SimpleNamespace(path=plain, get_closest_marker={}.get)])
    with pytest.raises(pytest.UsageError, match=r"write pytest\.mark\.long, .* in .*test_plain\.py$"):
        budget.pytest_collection_modifyitems([SimpleNamespace(path=plain, get_closest_marker=marks.get)])
