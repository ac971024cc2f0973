"""A copy of the tree, in which tests are run."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from .lines import ROOT, Line

FOLDERS = ("rac_theory", "tests", "docs", "notebooks", ".ci", ".github")
FILES = ("*.md", "*.toml", "*.cff", "LICENSE", ".pre-commit-config.yaml", "problems")
BUILT = shutil.ignore_patterns("_build", "generated")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
PASSED, EMPTY = 0, 5  # of the exit statuses of pytest: others say that tests could not be run
LONGEST = 600.0  # seconds
APART = ("browser", "coq", "docs", "torch")  # rooms of tests that run where they are named
QUOTING = ("tests/mutants/test_lines.py", "tests/mutants/test_drawn.py", "tests/mutants/test_reach.py")
"""Tests that quote the source, and would fail with any mutant of what they quote."""


def copied_to(folder: str, lines: Iterable[Line] = ()) -> Path:
    """Copy what tests need into a folder, with mutants, and with compiled files: these go by times of what is written.

    Raises
    ------
    ValueError
        If the text of a mutant does not stand once in what the mutants before it left.
    """
    for name in FOLDERS:
        shutil.copytree(ROOT / name, Path(folder, name), symlinks=True, ignore=BUILT)
    for file in (file for name in FILES for file in ROOT.glob(name)):
        shutil.copy2(file, folder, follow_symlinks=False)
    for line in lines:
        file = Path(folder, line.file)
        file.write_text(line.mutated(file.read_text("utf-8")), "utf-8")
    return Path(folder)


def run_tests(
    lines: Iterable[Line], arguments: Sequence[str], longest: float = LONGEST, **variables: str
) -> tuple[int | None, str]:
    """Run tests in a copy with mutants, which comes before any installed one.

    Returns
    -------
    status : int or None
        The exit status of pytest; None if it does not end.
    output : str
        What pytest prints.
    """
    with TemporaryDirectory() as folder:
        root = copied_to(folder, lines)
        named = root / "arguments.txt"
        named.write_text("\n".join(arguments), "utf-8")
        env = {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", **variables}
        process = subprocess.Popen(
            [*PYTEST, f"@{named}"],
            cwd=root,
            env=os.environ | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=longest)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with what tests have started
            process.communicate()
            return None, f"no end after {longest:.0f} s"
        return process.returncode, output


def failures(output: str) -> tuple[str, ...]:
    """Return the tests that pytest says have failed, and the files of tests that could not be read."""
    summary = [row.partition(" ")[2] for row in output.splitlines() if row.startswith(("FAILED ", "ERROR "))]
    return tuple(row.split(" - ")[0] for row in summary if row.startswith("tests/"))
