"""Which tests run a line: recorded by coverage.py, and recorded again where what they run has changed."""

import ast
import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from coverage import CoverageData

from .lines import ROOT, Line
from .trees import APART, QUOTING, run_tests

RECORD = ROOT / ".mutants"
HOUR = 3600.0


def _digests() -> dict[str, str]:
    """The content of each file of the library and the tests."""
    files = [file for folder in ("rac_theory", "tests") for file in sorted((ROOT / folder).rglob("*.py"))]
    return {file.relative_to(ROOT).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _stale(changed: set[str], data: CoverageData) -> list[str]:
    """The files of tests that have changed, or run what has: a module of the library, or one of their own folder."""
    stale = {file for file in changed if (ROOT / file).exists() and Path(file).name.startswith("test_")}
    for file in changed & data.measured_files():
        stale.update(name.partition("::")[0] for names in data.contexts_by_lineno(file).values() for name in names)
    for folder in {Path(file).parent for file in changed - stale if file.startswith("tests/")} - {
        Path("tests/mutants")
    }:
        stale.update(file.relative_to(ROOT).as_posix() for file in (ROOT / folder).rglob("test_*.py"))
    return sorted(file for file in stale - set(QUOTING) if (ROOT / file).is_file() and Path(file).parts[1] not in APART)


class Reach:
    """Which tests run which line, and how many seconds each takes; what is not recorded yet is recorded."""

    def __init__(self) -> None:
        RECORD.mkdir(exist_ok=True)
        state = RECORD / "state.json"
        before = json.loads(state.read_text("utf-8")) if state.exists() else {"files": {}, "seconds": {}}
        self.data = CoverageData(RECORD / "lines")
        self.data.read()
        files = _digests()
        changed = {file for file in files | before["files"] if files.get(file) != before["files"].get(file)}
        stale = _stale(changed, self.data)
        self.seconds: dict[str, float] = {
            test: seconds
            for test, seconds in before["seconds"].items()
            if (file := test.partition("::")[0]) in files and file not in stale
        }
        if stale:
            print(f"the lines of {len(stale)} files of tests are recorded", flush=True)
            self._record(stale, changed)
        state.write_text(json.dumps({"files": files, "seconds": self.seconds}), "utf-8")

    def _record(self, stale: list[str], changed: set[str]) -> None:
        """Run files of tests, and put what is recorded in the place of what is known of changed files."""
        with TemporaryDirectory() as folder:
            how = {"RECORDING": folder, "PYTEST_PLUGINS": "tests.mutants.recording"}
            print(run_tests([], ["--dist=loadfile", *stale], HOUR, **how)[1][-2000:], flush=True)
            if not [*Path(folder).iterdir()]:
                raise RuntimeError("nothing was recorded of the tests above")
            if known := changed & self.data.measured_files():  # nothing can be purged where nothing is recorded yet
                self.data.purge_files(sorted(known))
            for file in Path(folder).glob("lines.*"):
                part = CoverageData(file)
                part.read()
                self.data.update(part)
            for file in Path(folder).glob("seconds.*"):
                self.seconds.update(json.loads(file.read_text("utf-8")))

    def tests(self, line: Line) -> tuple[list[str], bool]:
        """Return the tests that run the statement which a mutant changes, the fastest first.

        What runs as its file is imported no test runs for itself: then it is the tests that run anything of the file,
        and the second value says that others may depend on it.
        """
        numbers, inside = statement((ROOT / line.file).read_text("utf-8"), line)
        contexts = self.data.contexts_by_lineno(line.file)
        some = {test for number in (numbers if inside else contexts) for test in contexts.get(number, ())}
        return sorted(some & self.seconds.keys(), key=self.seconds.__getitem__), not inside


def statement(source: str, line: Line) -> tuple[set[int], bool]:
    """Return the numbers of the lines of the statement that a mutant changes, and whether a function runs it."""
    number = source.count("\n", 0, source.index(line.text) + len(line.parts[0])) + 1
    numbers, inside = {number}, False
    for node in ast.walk(ast.parse(source)):  # what holds a statement comes before it
        if isinstance(node, ast.stmt) and node.lineno <= number <= node.end_lineno:
            last = node.end_lineno
            if body := getattr(node, "body", None):
                last = max(node.lineno, body[0].lineno - 1)
                inside = inside or (isinstance(node, ast.FunctionDef) and number > last)
            numbers = {number, *range(node.lineno, last + 1)}
    return numbers, inside
