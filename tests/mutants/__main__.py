"""Run the mutants of source lines, each in a copy of the tree, and then the bank: ``python -m tests.mutants``.

``python -m tests.mutants --draw 200 --seed 7 rac_theory/numerics`` draws from the source instead.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from . import drawn
from .lines import LINES, ROOT, Line
from .reach import HOUR, Reach
from .trees import EMPTY, LONGEST, PASSED, PYTEST, QUOTING, failures, run_tests

FAILED, UNKNOWN = 1, 4  # of pytest's, the second where a test is not there, as with a mutant of what it is called by
ALONE = ("-n=0", "-m=")
FIRST = ("-x", *ALONE)
SHORT = "not long and not full"
EVERY = ("--continue-on-collection-errors", "-m=not full")


def room_of(file: str) -> str:
    """Return the room of a source file, or the folder at the root in which it is."""
    top, inside, *_ = Path(file).parts
    return inside if top == "rac_theory" else top


def marked(mark: str, line: Line) -> list[tuple[list[str], float]]:
    """Return the tests with a mark of the room of a mutant; none where it has no room."""
    room = f"tests/{room_of(line.file)}"
    return [([f"-m={mark}", room], LONGEST)] if (ROOT / room).is_dir() else []


def last(line: Line) -> list[tuple[list[str], float]]:
    """Return the tests that run last, as they take longest: those of its room in full, and those that ask Coq."""
    asks = line.file.startswith("rac_theory/proofs/coq/") and shutil.which("coqc")
    return [*marked("full", line), *([(["-m=", "tests/coq"], LONGEST)] if asks else [])]


def suites(line: Line, reach: Reach) -> Iterator[tuple[list[str], float]]:
    """Yield tests of its room that may kill a mutant, with the seconds that they may take; all where it has none."""
    tests, loose = reach.tests(line)
    in_room = marked(SHORT, line)
    if near := [test for test in tests if not in_room or test.startswith(f"tests/{room_of(line.file)}/")]:
        yield near, min(LONGEST, 90 + 10 * sum(map(reach.seconds.__getitem__, near)))
    if loose or not near:
        yield from in_room


def tried(
    line: Line, tests: Iterable[tuple[Sequence[str], float]], options: Sequence[str] = FIRST
) -> tuple[tuple[str, ...], str]:
    """Run tests with a mutant, until some fail; return these, and what to say."""
    begin = time.perf_counter()
    killers: tuple[str, ...] = ()
    try:
        for some, longest in tests:
            status, output = run_tests([line], [*options, *some], longest)
            if status == UNKNOWN:
                files = {test.partition("::")[0] for test in some}
                status, output = run_tests([line], [*options, *sorted(files)], longest)
            if status not in (PASSED, EMPTY):  # tests were read before, so what cannot be read now is the mutant's
                killers += failures(output) or (output.strip()[-200:] if status is None else "what cannot be read",)
                if "-x" in options:
                    break
    except (OSError, ValueError) as error:
        return (), f"NOT TRIED  {line}: {error}"
    return killers, said(line, killers, f"{time.perf_counter() - begin:5.1f} s")


def said(line: Line, killers: Sequence[str], where: str) -> str:
    """Return what to say of a mutant that was tried."""
    words = f"{'killed' if killers else 'SURVIVED':9} {where}  {line}"
    return " ".join([words, *killers[:1]])


def in_forks(lines: Sequence[Line], reach: Reach, *, whole: bool) -> dict[Line, tuple[str, ...]]:
    """Try mutants of functions with the tests that run their line, those of their room first, and of these what stands
    in one file with them; leave out all others.
    """
    mutants = []
    for line in lines:
        names = reach.tests(line)[0]
        room = [name for name in names if name.startswith(f"tests/{room_of(line.file)}/")]
        files = {name.partition("::")[0] for name in room}  # what a fixture runs is recorded for the first test alone
        beside = [name for name in reach.seconds if name.partition("::")[0] in files]
        names = [*dict.fromkeys((*room, *names, *beside))]
        mutants.append([asdict(line), names, int(min(LONGEST, 90 + 10 * sum(map(reach.seconds.__getitem__, names))))])
    files = sorted({name.partition("::")[0] for _, names, _ in mutants for name in names})
    with TemporaryDirectory() as folder:
        Path(folder, "plan.json").write_text(json.dumps({"whole": whole, "mutants": mutants}), "utf-8")
        arguments = ["-n=0", f"-m={SHORT}", "--assert=plain", *files]
        output = run_tests([], arguments, HOUR, PLAN=folder, PYTEST_PLUGINS="tests.mutants.forks")[1]
        ended = Path(folder, "killers.json")
        found = json.loads(ended.read_text("utf-8")) if ended.exists() else [None] * len(lines)
        if not ended.exists():
            print(output[-2000:], flush=True)
    killers = {line: tuple(tests) for line, tests in zip(lines, found, strict=True) if tests is not None}
    print(*(said(line, tests, " in a fork") for line, tests in killers.items()), sep="\n", flush=True)
    return killers


def broken(tests: Iterable[str]) -> set[str]:
    """Return which tests fail without a mutant, and say nothing of one; a ``RuntimeError`` where that is not known."""
    if not (asked := sorted(tests)):
        return set()
    status, output = run_tests([], [*ALONE, *asked], HOUR)
    if status == UNKNOWN:  # a mutant has changed what a test is called
        status, output = run_tests([], [*ALONE, *sorted({test.partition("::")[0] for test in asked})], HOUR)
    if status not in (PASSED, FAILED):
        raise RuntimeError(f"which tests fail without a mutant is not known: {output[-2000:]}")
    return {*failures(output)}


def each(lines: Sequence[Line], attempt: Callable[[Line], tuple[tuple[str, ...], str]]) -> dict[Line, tuple[str, ...]]:
    """Try mutants, two at a time, and say what became of each as it is known; return the tests that fail with it."""

    def printed(line: Line) -> tuple[str, ...]:
        tests, words = attempt(line)
        print(words, flush=True)
        return tests

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(lines, pool.map(printed, lines), strict=True))


def together(lines: Sequence[Line], reach: Reach) -> dict[Line, tuple[str, ...]]:
    """Run all tests with all mutants that live at once, and what fails then, and runs its line, with each alone."""
    killers: dict[Line, tuple[str, ...]] = dict.fromkeys(lines, ())
    groups: list[list[Line]] = []
    for line in lines:
        group = next((group for group in groups if drawn.fits(group, line)), None)
        groups.append([line]) if group is None else group.append(line)
    for group in groups:
        print(f"all tests run with {len(group)} that live, at once", flush=True)
        status, output = run_tests(group, [*EVERY, *(f"--ignore={file}" for file in QUOTING), "tests"], 6 * LONGEST)
        if status not in (PASSED, EMPTY):
            suspects = {*failures(output)} - broken(failures(output))
            print(f"{len(suspects)} fail: which of them with one alone?" if suspects else output[-2000:], flush=True)

            def alone(line: Line, suspects: set[str] = suspects) -> tuple[tuple[str, ...], str]:
                tests, loose = reach.tests(line)
                near = [test for test in tests if test in suspects]
                rest = sorted(suspects.difference(near) if loose or not tests else suspects.difference(reach.seconds))
                return tried(line, [(part, LONGEST) for part in (near, rest) if part])

            killers |= each(group, alone)
    return killers


def try_drawn(lines: Sequence[Line], whole: bool) -> int:
    """Run the tests with what was drawn; return how many live, of those that may change a result."""
    same = {line: why for line in lines if (why := drawn.is_equivalent(line))}
    for line, why in same.items():
        print(f"the same   {line} {why}", flush=True)
    reach = Reach()
    killers = in_forks([line for line in lines if line not in same], reach, whole=whole)
    killers |= each(
        [line for line in lines if line not in same and line not in killers],
        lambda line: tried(line, suites(line, reach), ALONE if whole else FIRST),
    )
    asked = {test for tests in killers.values() for test in tests if test.startswith("tests/")}
    always = broken(asked)
    killers = {line: tuple(test for test in tests if test not in always) for line, tests in killers.items()}
    if living := [line for line, tests in killers.items() if not tests]:
        killers |= together(living, reach)
        living = [line for line in living if not killers[line]]
        killers |= each(living, lambda line: tried(line, last(line)))
    if whole:
        print(*drawn.matrix(list(killers.values())), sep="\n")
    rows = Counter(
        (room_of(line.file), "the same" if line in same else "killed" if killers[line] else "lived") for line in lines
    )
    print("killed  lived  the same  room")
    for room in sorted({room for room, _ in rows}):
        print(f"{rows[room, 'killed']:6}  {rows[room, 'lived']:5}  {rows[room, 'the same']:8}  {room}")
    for line in (lived := [line for line, tests in killers.items() if not tests]):
        print(f"lived  {line}")
    print(f"{len(killers) - len(lived)} of {len(killers)} drawn mutants were killed, {len(same)} more give the same")
    return len(lived)


def try_chosen(lines: Sequence[Line]) -> bool:
    """Run the test of each mutant, and without any mutant before; where none is named yet, look for one."""
    if named := sorted({line.killed_by for line in lines if line.killed_by}):
        status, output = run_tests([], [*FIRST, *named])
        print(f"{len(named)} tests pass without a mutant" if status == PASSED else output, flush=True)
        if status != PASSED:
            return False
    reach = Reach() if any(not line.killed_by for line in lines) else None

    def tests_of(line: Line) -> Iterator[tuple[list[str], float]]:
        if line.killed_by or reach is None:
            yield [line.killed_by], LONGEST
        else:
            yield from suites(line, reach)
            if tests := reach.tests(line)[0]:
                yield tests, LONGEST

    killers = each(lines, lambda line: tried(line, tests_of(line)))
    killed = sum(map(bool, killers.values()))
    print(f"{killed} of {len(lines)} mutants of source lines were killed", flush=True)
    return killed == len(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; the status is 1 if a mutant survives or cannot be tried, or if the bank fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("where", nargs="*", help="files or folders whose mutants are run; by default all, and the bank")
    parser.add_argument("--draw", type=int, metavar="N", help="draw N mutants of the source in place of those chosen")
    parser.add_argument("--seed", type=int, help="of the draw; one that was not used before")
    parser.add_argument(
        "--matrix", action="store_true", help="run all tests that run a line, and say which kill what is drawn"
    )
    options = parser.parse_args(arguments)
    places = [os.path.relpath(Path(place).resolve(), ROOT) for place in options.where]
    if options.draw is not None:
        if options.seed is None:
            parser.error("--draw wants a --seed, and not one that was used before")
        return 1 if try_drawn(drawn.draw(options.draw, options.seed, places), options.matrix) else 0
    lines = [line for line in LINES if not places or any(Path(line.file).is_relative_to(place) for place in places)]
    killed = try_chosen(lines)
    bank = 0 if places else subprocess.call([*PYTEST, "-m=mutants", "tests/mutants"], cwd=ROOT)
    return 0 if killed and bank == PASSED else 1


if __name__ == "__main__":
    sys.exit(main())
