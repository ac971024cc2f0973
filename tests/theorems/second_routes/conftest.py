"""After the tests of this folder: how many changed claims, and changed assumptions, were refuted."""

_seen: dict[str, list] = {}


def pytest_runtest_logreport(report):
    """Read what a test has recorded; reports also come from workers."""
    if report.when == "call":
        for name, value in report.user_properties:
            if name.startswith("changed "):
                _seen.setdefault(name, []).append(value)


def pytest_terminal_summary(terminalreporter):
    """Print the score."""
    if _seen:
        terminalreporter.section("second routes")
    for name, rows in _seen.items():
        refuted, the_same = (sum(row[i] for row in rows) for i in (1, 2))
        terminalreporter.line(
            f"{refuted} {name} of {len(rows)} theorems refuted, {the_same} say the same, none survives"
        )
