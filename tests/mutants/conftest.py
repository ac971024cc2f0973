"""After ``pytest -m mutants``: which mutants were caught and which were missed, and by which detector."""

from . import bank

_seen: dict[str, tuple[str, ...]] = {}


def pytest_runtest_logreport(report):
    """Read what a test has recorded; reports also come from workers."""
    if report.when == "call":
        _seen.update({value[0]: tuple(value[1:]) for name, value in report.user_properties if name == "mutant"})


def pytest_terminal_summary(terminalreporter, config):
    """Print the score, and the table where the bank was asked for by its marker or with ``-v``."""
    if not _seen:
        return
    terminalreporter.section("mutants")
    if "mutants" in config.getoption("markexpr") or config.get_verbosity() > 0:
        for line in bank.table(_seen):
            terminalreporter.line(line)
    terminalreporter.line(bank.score(_seen))
