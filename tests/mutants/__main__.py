"""Run the mutants of source lines, each in a copy of the tree, and then the bank: ``python -m tests.mutants``."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from .lines import LINES, ROOT, Line

FOLDERS = ("rac_theory", "tests", "docs", "notebooks")
FILES = ("pyproject.toml", "README.md", "CHANGELOG.md")
BUILT = shutil.ignore_patterns("_build", "generated")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "")  # those that are long, too
PASSED, FAILED = 0, 1  # of the exit statuses of pytest: others say that tests could not be run
LONGEST = 600  # seconds
PASSED_OVER = ("mutants", "fuzz", "processes", "browser", "coq")  # when a test is looked for, as they are slow


def copied_to(folder: str) -> Path:
    """Copy what tests need into a folder, with compiled files: these go by times, so not for what is written anew."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, Path(folder, name), ignore=BUILT)
    for name in FILES:
        shutil.copy2(ROOT / name, folder)
    return Path(folder)


def run_tests(root: Path, tests: Sequence[str]) -> tuple[int | None, str]:
    """Run tests in a tree that comes before any installed one; return status and output, None if they do not end."""
    env = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [*PYTEST, "-x", "-n", "0", *tests]
    try:
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return None, f"no end after {LONGEST} s"
    return done.returncode, done.stdout + done.stderr


def tests_of(line: Line) -> list[str]:
    """Return the test that kills a mutant; where none is named yet, the tests of its room, of its users, and others."""
    if line.killed_by:
        return [line.killed_by]
    module = line.file.removesuffix(".py").replace("/", ".")
    users = [file for file in sorted(ROOT.glob("rac_theory/*/**/*.py")) if module in file.read_text("utf-8")]
    rooms = [Path(line.file).parts[1], *(file.relative_to(ROOT).parts[1] for file in users)]
    every = sorted(folder.name for folder in (ROOT / "tests").iterdir() if any(folder.glob("test_*.py")))
    return [f"tests/{room}" for room in dict.fromkeys([*rooms, *every]) if room in every and room not in PASSED_OVER]


def tried(line: Line) -> tuple[bool, str]:
    """Run tests with a mutant; return whether one failed, and what to say."""
    begin = time.perf_counter()
    status: int | None = None
    try:
        with TemporaryDirectory() as folder:
            file = copied_to(folder) / line.file
            file.write_text(line.mutated(file.read_text("utf-8")), "utf-8")
            for tests in tests_of(line):
                status, output = run_tests(Path(folder), [tests])
                if status != PASSED:
                    break
    except (OSError, ValueError) as error:
        output = str(error)
    summary = [one.partition(" ")[2] for one in output.splitlines() if one.startswith(("FAILED ", "ERROR "))]
    failed = [one.split(" - ")[0] for one in summary if "::" in one]  # not a file that could not be read
    killed = status == FAILED and bool(failed)
    word = "killed" if killed else "SURVIVED" if status == PASSED else "NOT TRIED"
    rest = ", ".join(failed) if killed else "" if status == PASSED else output.strip()[-800:]
    seconds = time.perf_counter() - begin
    return killed, f"{word:9} {seconds:5.1f} s  {line.file}: {line.why} [{line.changed}] {rest}".rstrip()


def pass_without(lines: Sequence[Line]) -> bool:
    """Say whether the tests that are named pass where nothing is mutated: else their failing would say nothing."""
    named = sorted({line.killed_by for line in lines if line.killed_by})
    if not named:
        return True
    with TemporaryDirectory() as folder:
        status, output = run_tests(copied_to(folder), named)
    print(f"{len(named)} tests pass without a mutant" if status == PASSED else output, flush=True)
    return status == PASSED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; the status is 1 if a mutant survives or cannot be tried, or if the bank fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("where", nargs="*", help="files or folders whose mutants are run; by default all, and the bank")
    places = [os.path.relpath(Path(place).resolve(), ROOT) for place in parser.parse_args(arguments).where]
    lines = [line for line in LINES if not places or any(Path(line.file).is_relative_to(place) for place in places)]
    killed = 0
    if sound := pass_without(lines):
        with ThreadPoolExecutor(2) as pool:
            for is_killed, words in pool.map(tried, lines):
                print(words, flush=True)
                killed += is_killed
        print(f"{killed} of {len(lines)} mutants of source lines were killed", flush=True)
    bank = 0 if places else subprocess.call([*PYTEST, "-m", "mutants", "tests/mutants"], cwd=ROOT)
    return 0 if sound and killed == len(lines) and bank == PASSED else 1


if __name__ == "__main__":
    sys.exit(main())
