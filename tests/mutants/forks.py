"""A plugin of pytest that tries mutants in forks of a process that has collected all tests: ``-p tests.mutants.forks``.

A fork has other code in the functions that a mutant changes, and runs tests until one fails: a tenth of a second, where
a tree of files, which must be imported and collected, takes five to ten.
"""

import gc
import json
import os
import signal
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from _pytest.runner import runtestprotocol

from .lines import ROOT, Line
from .recording import forget

AT_ONCE = 2
Functions = Mapping[tuple[str, CodeType], Sequence[FunctionType]]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code and all that stand in it, in their order."""
    yield code
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _codes(value)


def functions() -> Functions:
    """All functions of the library that there are, by their file and code."""
    gc.unfreeze()
    some = defaultdict(list)
    for value in gc.get_objects():
        if isinstance(value, FunctionType) and value.__code__.co_filename.startswith(str(ROOT / "rac_theory")):
            some[value.__code__.co_filename, value.__code__].append(value)
    return some


def changed(line: Line, known: Functions) -> int:
    """Give functions the code that a mutant has; return how many there are: none where modules alone run it."""
    file = ROOT / line.file
    source = file.read_text("utf-8")
    before, after = ([*_codes(compile(text, str(file), "exec"))] for text in (source, line.mutated(source)))
    count = 0
    for old, new in zip(before, after, strict=True):
        if old != new:
            for function in known.get((str(file), old), ()):
                function.__code__ = new
                count += 1
    return count


def _tried(tests: Sequence[pytest.Item], *, whole: bool) -> Iterator[str]:
    """Yield the tests that fail: the first alone, or all."""
    for test, following in pairwise([*tests, None]):
        if any(report.failed for report in runtestprotocol(test, nextitem=following, log=False)):
            yield test.nodeid
            if not whole:
                return


def _forked(
    line: Line, tests: Sequence[pytest.Item], longest: int, known: Functions, *, whole: bool
) -> tuple[int, int]:
    """Try a mutant in a fork; return its process, and where it writes which tests fail, or null if it is for none."""
    end, begin = os.pipe()
    if process := os.fork():
        os.close(begin)
        return process, end
    try:
        signal.alarm(longest)  # which ends the fork
        forget()
        said = [*_tried(tests, whole=whole)] if changed(line, known) else None
        os.write(begin, json.dumps(said).encode())
    finally:
        os._exit(0)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try each mutant of a plan, and write which tests failed: null where it is not for a fork."""
    folder = Path(os.environ["PLAN"])
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    tests = {test.nodeid: test for test in session.items}
    known, running, killers = functions(), {}, {}

    def ended() -> None:
        process, status = os.wait()
        number, end = running.pop(process)
        with os.fdopen(end) as pipe:
            said = pipe.read()
        killers[number] = json.loads(said) if said else [f"ends with {status}"]

    for number, (fields, names, longest) in enumerate(plan["mutants"]):
        if len(running) == AT_ONCE:
            ended()
        chosen = [tests[name] for name in names if name in tests]
        process, end = _forked(Line(**fields), chosen, longest, known, whole=plan["whole"])
        running[process] = number, end
    while running:
        ended()
    (folder / "killers.json").write_text(json.dumps([killers[number] for number in range(len(killers))]), "utf-8")
    return True
