"""The pytest plugin of rac-theory: seeded generators, the level of assertions, and a summary of the claims they tried.

It is loaded in every test session of an environment that has rac-theory, also in those of projects that do not use it.
So it stands beside the rooms and imports none of them, nor NumPy, only pytest and the standard library, until a fixture
is used: it costs next to nothing. Assertions find the test that they are in by ``running``.
"""

import argparse
import json
import shlex
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    import numpy as np

    from rac_theory import RunsVerdict

ALL_SEEDS = range(100)
"""What ``--rac-seed all`` sweeps."""

_CLAIM, _UNTRIED = "rac_claim", "rac_untried"  # names of the user properties that reports carry, between workers too


@dataclass
class Running:
    """A test that is running: what assertions ask it, and what they tell it."""

    alpha: float | None
    claims: list[dict[str, Any]] = field(default_factory=list)
    seed: int | None = None  # of rac_rng, once it was used


_STACK: list[Running] = []  # a test may run pytest itself


def running() -> Running | None:
    """Return the test that is running, None outside of tests."""
    return _STACK[-1] if _STACK else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command line."""
    group = parser.getgroup("rac-theory")
    group.addoption(
        "--rac-alpha",
        type=_level,
        metavar="LEVEL",
        help="significance level of each assertion that names none (1e-6)",
    )
    group.addoption(
        "--rac-seed",
        type=_seed,
        default=0,
        metavar="N",
        help=f"seed of the fixture rac_rng (0), or 'all' to run each test that uses it with {len(ALL_SEEDS)} seeds",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and the summary."""
    config.addinivalue_line("markers", "rate: a test that asserts a rate; select such tests with -m rate")
    config.pluginmanager.register(_Summary(), "rac-theory-summary")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each seed of a sweep."""
    if "rac_rng" in metafunc.fixturenames and metafunc.config.getoption("rac_seed") == "all":
        metafunc.parametrize("rac_rng", ALL_SEEDS, indirect=True, ids=lambda seed: f"seed={seed}")


@pytest.fixture
def rac_rng(request: pytest.FixtureRequest) -> "np.random.Generator":
    """Return a generator seeded by ``--rac-seed``, the same in any order of tests; a failure prints the seed."""
    import numpy as np

    chosen = request.config.getoption("rac_seed")
    seed = getattr(request, "param", 0 if chosen == "all" else chosen)
    if (test := running()) is not None:
        test.seed = seed
    return np.random.default_rng(seed)


@pytest.fixture
def rac_mean_below() -> "Callable[..., RunsVerdict]":
    """Return ``assert_mean_below``: runs of any origin, a bound on their mean, and the level of ``--rac-alpha``."""
    from rac_theory.testing import assert_mean_below

    return assert_mean_below


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let assertions know which test they are in."""
    _STACK.append(Running(item.config.getoption("rac_alpha")))
    try:
        return (yield)
    finally:
        _STACK.pop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the claims that were tried into the report, and the seed into that of a failure."""
    test = running()
    if test is None:
        return (yield)
    item.user_properties += [(_CLAIM, json.dumps(claim)) for claim in test.claims]
    test.claims.clear()
    report = yield
    if report.failed and test.seed is not None:
        report.sections.append(("rac_rng", f"seed {test.seed}; again: {_again(item)}"))
    tried = any(name == _CLAIM for name, _ in item.user_properties)
    if report.when == "call" and report.passed and not tried and item.get_closest_marker("rate") is not None:
        item.user_properties.append((_UNTRIED, "marked rate, asserted none"))
    return report


def _again(item: pytest.Item) -> str:
    """The command that runs a test again, with the same seed and level."""
    seed, alpha = item.config.getoption("rac_seed"), item.config.getoption("rac_alpha")
    level = [] if alpha is None else ["--rac-alpha", f"{alpha!r}"]
    return shlex.join(["pytest", item.nodeid, "--rac-seed", str(seed), *level])


class _Summary:
    """Collects the claims of all reports, which also workers send, and shows them at the end."""

    def __init__(self) -> None:
        self.claims: list[tuple[str, dict[str, Any]]] = []
        self.untried: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Read the last report of each test: it has the properties of all its phases."""
        if report.when != "teardown":
            return
        for name, value in report.user_properties:
            if name == _CLAIM:
                self.claims.append((report.nodeid, json.loads(str(value))))
            elif name == _UNTRIED:
                self.untried.append(report.nodeid)

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Say what came of the claims, and how likely it is that any of these answers is false."""
        if not self.claims and not self.untried:
            return
        terminalreporter.section("rac-theory")
        if terminalreporter.config.get_verbosity() > 0:
            for node, claim in sorted(self.claims, key=lambda entry: entry[0]):
                level = f"alpha={claim['alpha']:g}" if claim["alpha"] else "exact"
                terminalreporter.line(f"{claim['status']:14} {claim['claim']}, {level}, {node}")
        for node in sorted(self.untried):
            terminalreporter.line(f"marked rate, but no rate was asserted: {node}")
        terminalreporter.line(_outcome([claim for _, claim in self.claims]))


def _outcome(claims: list[dict[str, Any]]) -> str:
    counts = Counter(claim["status"] for claim in claims)
    counted = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none"
    error = min(1.0, sum(claim["alpha"] for claim in claims))
    wrong = (
        f"one or more false answers with probability at most {error:.3g}, the sum of their alphas (union bound)"
        if error
        else "no answer was left to chance"
    )
    return f"claims tried: {counted}" + (f"; {wrong}" if claims else "")


def _level(text: str) -> float:
    try:
        level = float(text) if "_" not in text and text.isascii() else -1.0
    except ValueError:
        level = -1.0
    if not 0 < level < 1:
        raise argparse.ArgumentTypeError(f"must be a number > 0 and < 1, got {text!r}")
    return level


def _seed(text: str) -> int | Literal["all"]:
    if text == "all":
        return "all"
    if not (text.isascii() and text.isdecimal() and len(text) < 100):
        raise argparse.ArgumentTypeError(f"must be an integer >= 0 or 'all', got {text!r}")
    return int(text)
