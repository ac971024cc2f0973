"""Run the mutants of source lines, each in a copy of the tree, and then the bank: ``python -m tests.mutants``.

``python -m tests.mutants --draw 200 --seed 7 rac_theory/numerics`` draws from the source instead.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from . import drawn
from .lines import LINES, ROOT, Line

FOLDERS = ("rac_theory", "tests", "docs", "notebooks")
FILES = ("pyproject.toml", "README.md", "CHANGELOG.md")
BUILT = shutil.ignore_patterns("_build", "generated")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m")
PASSED, EMPTY = 0, 5  # of the exit statuses of pytest: others say that tests could not be run
SHORT = "not long and not full"
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
    """Run tests in a tree that comes before any installed one; return status and output, None if they do not end.

    ``tests`` are arguments of pytest, the first of them a marker or an empty string.
    """
    env = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [*PYTEST, *tests, "-n", "0"]
    try:
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return None, f"no end after {LONGEST} s"
    return done.returncode, done.stdout + done.stderr


def room_of(file: str) -> str:
    """Return the folder of tests of a source file: that of its room, or of the notebooks."""
    top, inside, *_ = Path(file).parts
    return inside if top == "rac_theory" else top


def tests_of(line: Line) -> list[list[str]]:
    """Return the test that kills a mutant; where none is named yet, the tests of its room, of its users, and others."""
    if line.killed_by:
        return [["", "-x", line.killed_by]]
    module = line.file.removesuffix(".py").replace("/", ".")
    users = [file for file in sorted(ROOT.glob("rac_theory/*/**/*.py")) if module in file.read_text("utf-8")]
    rooms = [room_of(line.file), *(room_of(file.relative_to(ROOT).as_posix()) for file in users)]
    every = sorted(folder.name for folder in (ROOT / "tests").iterdir() if any(folder.glob("test_*.py")))
    wanted = [room for room in dict.fromkeys([*rooms, *every]) if room in every and room not in PASSED_OVER]
    return [["", "-x", f"tests/{room}"] for room in wanted]


def tests_of_drawn(line: Line) -> list[list[str]]:
    """Return the tests of the room of a mutant, and then all but those of other rooms that are long."""
    room = f"tests/{room_of(line.file)}"
    of_room = [[SHORT, "-x", room], ["long or full", "-x", room]] if (ROOT / room).is_dir() else []
    return [*of_room, [SHORT, "-x", "tests"]]


def tried(line: Line, suites: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], str]:
    """Run tests with a mutant, until some fail; return these, and what to say."""
    begin = time.perf_counter()
    status: int | None = None
    try:
        with TemporaryDirectory() as folder:
            file = copied_to(folder) / line.file
            file.write_text(line.mutated(file.read_text("utf-8")), "utf-8")
            for tests in suites:
                status, output = run_tests(Path(folder), tests)
                if status not in (PASSED, EMPTY):
                    break
    except (OSError, ValueError) as error:
        output = str(error)
    failed = failures(output)
    if not failed and status not in (PASSED, EMPTY, None):  # these tests were read before, and now they cannot be
        failed = ("what cannot be imported",)
    killed = bool(failed)
    word = "killed" if killed else "SURVIVED" if status in (PASSED, EMPTY) else "NOT TRIED"
    rest = ", ".join(failed) if killed else "" if word == "SURVIVED" else output.strip()[-800:]
    seconds = time.perf_counter() - begin
    words = f"{word:9} {seconds:5.1f} s  {line.file}: {line.why} [{line.changed}] {rest}".rstrip()
    return failed, words


def failures(output: str) -> tuple[str, ...]:
    """Return the tests that pytest says have failed; not a file that could not be read."""
    summary = [row.partition(" ")[2] for row in output.splitlines() if row.startswith(("FAILED ", "ERROR "))]
    return tuple(row.split(" - ")[0] for row in summary if "::" in row)


def pass_without(lines: Sequence[Line]) -> bool:
    """Say whether the tests that are named pass where nothing is mutated: else their failing would say nothing."""
    named = sorted({line.killed_by for line in lines if line.killed_by})
    if not named:
        return True
    with TemporaryDirectory() as folder:
        status, output = run_tests(copied_to(folder), ["", "-x", *named])
    print(f"{len(named)} tests pass without a mutant" if status == PASSED else output, flush=True)
    return status == PASSED


def try_drawn(lines: Sequence[Line], whole: bool) -> int:
    """Run the tests with what was drawn; return how many live, of those that may change a result."""
    equal = [line for line in lines if drawn.is_equivalent(line)]
    for line in equal:
        print(f"the same   {line.file}: {line.why} [{line.changed}] {drawn.is_equivalent(line)}", flush=True)

    sound: set[str] = set()  # tests that have failed with a mutant, and pass without
    broken: set[str] = set()  # those that fail without one, too

    def suites(line: Line) -> Iterator[list[str]]:
        for marker, first, tests in tests_of_drawn(line):
            yield [marker, *([] if whole else [first]), tests, *(f"--deselect={test}" for test in broken)]

    def outcome(line: Line) -> tuple[tuple[str, ...], str]:
        while True:
            killers, words = tried(line, suites(line))
            with lock:
                if asked := {test for test in killers if "::" in test} - sound - broken:
                    with TemporaryDirectory() as folder:
                        fails = set(failures(run_tests(copied_to(folder), ["", *sorted(asked)])[1]))
                    sound.update(asked - fails)
                    broken.update(fails)
            if not broken.intersection(killers):
                return killers or (words,) * words.startswith("NOT TRIED"), words  # no end is seen by anybody

    lock = Lock()
    killers = []
    with ThreadPoolExecutor(2) as pool:
        for tests, words in pool.map(outcome, [line for line in lines if line not in equal]):
            print(words, flush=True)
            killers.append(tests)
    lived = killers.count(())
    if whole:
        print(*drawn.matrix(killers), sep="\n")
    print(
        f"{len(killers) - lived} of {len(killers)} drawn mutants were killed, {len(equal)} more give the same",
        flush=True,
    )
    return lived


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; the status is 1 if a mutant survives or cannot be tried, or if the bank fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("where", nargs="*", help="files or folders whose mutants are run; by default all, and the bank")
    parser.add_argument("--draw", type=int, metavar="N", help="draw N mutants of the source in place of those chosen")
    parser.add_argument("--seed", type=int, help="of the draw; one that was not used before")
    parser.add_argument(
        "--matrix", action="store_true", help="run all tests of a room and say which kill what is drawn"
    )
    options = parser.parse_args(arguments)
    places = [os.path.relpath(Path(place).resolve(), ROOT) for place in options.where]
    if options.draw is not None:
        if options.seed is None:
            parser.error("--draw wants a --seed, and not one that was used before")
        return 1 if try_drawn(drawn.draw(options.draw, options.seed, places), options.matrix) else 0
    lines = [line for line in LINES if not places or any(Path(line.file).is_relative_to(place) for place in places)]
    killed = 0
    if sound := pass_without(lines):
        with ThreadPoolExecutor(2) as pool:
            for tests, words in pool.map(lambda line: tried(line, tests_of(line)), lines):
                print(words, flush=True)
                killed += bool(tests)
        print(f"{killed} of {len(lines)} mutants of source lines were killed", flush=True)
    bank = 0 if places else subprocess.call([*PYTEST, "mutants", "tests/mutants"], cwd=ROOT)
    return 0 if sound and killed == len(lines) and bank == PASSED else 1


if __name__ == "__main__":
    sys.exit(main())
