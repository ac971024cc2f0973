"""A plugin of pytest that notes which test runs which line, and for how long: ``-p tests.mutants.recording``."""

import json
import math
import os
import sys
from collections import Counter
from collections.abc import Mapping
from functools import _lru_cache_wrapper, cache, cached_property
from pathlib import Path

import pytest
from coverage import Coverage

_seconds: Counter[str] = Counter()


@cache
def _kept_by(kind: type) -> frozenset[str]:
    """The properties of a class that are computed once."""
    parts = [part for holder in kind.__mro__ for part in vars(holder).items()]
    return frozenset(name for name, part in parts if isinstance(part, cached_property))


def forget() -> None:
    """Empty what functions and values of the library have cached, or only the first file of tests would run their
    lines: of values those that stand in modules and classes, or in a mapping there."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "rac_theory":
            classes = [value for value in vars(module).values() if isinstance(value, type)]
            for value in [value for holder in (module, *classes) for value in vars(holder).values()]:
                if isinstance(value, _lru_cache_wrapper):
                    value.cache_clear()
                for one in value.values() if isinstance(value, Mapping) else (value,):
                    for kept in _kept_by(type(one)):
                        vars(one).pop(kept, None)


class Recording:
    """The lines of a process: its tests are contexts of coverage.py."""

    def __init__(self, folder: Path):
        self.folder, self.file = folder, Path()
        data = folder / f"lines.{os.getpid()}"
        self.coverage = Coverage(data_file=data, config_file=False, include=["*/rac_theory/*"])
        self.coverage.set_option("run:relative_files", True)
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> object:
        """Give each test its context."""
        if item.path != self.file:
            self.file = item.path
            forget()
        self.coverage.switch_context(item.nodeid)
        done = yield
        self.coverage.switch_context("")
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up the phases of a test; one that fails without a mutant says nothing with one."""
        _seconds[report.nodeid] += math.inf if report.failed else report.duration

    def pytest_unconfigure(self) -> None:
        """Write lines and seconds beside those of other processes."""
        self.coverage.stop()
        self.coverage.save()
        passed = {test: seconds for test, seconds in _seconds.items() if math.isfinite(seconds)}
        Path(self.folder, f"seconds.{os.getpid()}").write_text(json.dumps(passed), "utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Record in the processes that run tests."""
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(Recording(Path(os.environ["RECORDING"])))
