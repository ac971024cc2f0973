"""The budget of seconds of a file of tests: who exceeds it is named, and nobody else."""

from types import SimpleNamespace

import pytest


@pytest.fixture
def budget(request):
    """The conftest that is in force: pytest holds it by its path."""
    path = str(request.config.rootpath / "tests" / "conftest.py")
    return request.config.pluginmanager.get_plugin(path)


def test_files_over_their_budget_are_named_the_slowest_first(budget, monkeypatch):
    """Would catch a budget that is compared the wrong way, and seconds of one test in the place of their sum."""
    monkeypatch.setattr(budget, "_seconds", budget.Counter())
    monkeypatch.setattr(budget, "BUDGET", 3.0)
    monkeypatch.setattr(budget, "LARGER", {"test_large.py": 9.0})
    for file, taken in (("a/test_a.py", 2.0), ("a/test_a.py", 2.0), ("b/test_b.py", 3.0), ("test_large.py", 8.0)):
        budget.pytest_runtest_logreport(SimpleNamespace(nodeid=f"{file}::test_it", duration=taken))
    lines = []
    reporter = SimpleNamespace(section=lines.append, line=lines.append)
    budget.pytest_terminal_summary(reporter)
    assert lines[1:] == ["a/test_a.py took 4.0 s, may take 3 s"]
    budget.pytest_runtest_logreport(SimpleNamespace(nodeid="test_large.py::test_it", duration=2.0))
    budget.pytest_terminal_summary(reporter)
    assert lines[3:] == ["test_large.py took 10.0 s, may take 9 s", "a/test_a.py took 4.0 s, may take 3 s"]
