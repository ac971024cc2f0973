"""Try command lines or files that people may get wrong, and print every failure: ``python -m tests.fuzz files``."""

import argparse
import resource
import shlex
import sys
import time
from pathlib import Path

from .command_line import command_lines
from .files import commands_on_tampered_files
from .outcome import bad_ends

CASES = {"lines": command_lines, "files": commands_on_tampered_files}


def main() -> int:
    """Return the exit status, 1 where something ended badly."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("cases", choices=CASES)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for the files that were not read as they should be")
    known = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))  # what asks for all memory is to be refused it
    begin = time.monotonic()
    found = bad_ends(CASES[known.cases], known.count, known.seed, known.keep and known.keep.absolute())
    for number, (words, wrong) in enumerate(found, 1):
        print(f"{number}: rac-theory {shlex.join(words)!a}\n    {wrong.strip()[-1500:]!a}"[:3000])
    print(f"{len(found)} of {known.count} {known.cases} ended badly, {time.monotonic() - begin:.0f} s")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
