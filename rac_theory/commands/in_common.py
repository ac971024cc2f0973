"""What several commands have in common: where tables are printed, and ``--jobs``."""

import argparse
from typing import Any

from joblib import cpu_count
from rich.console import Console

from rac_theory.problems import checks

_WIDEST_TABLE = 165
_MOST_JOBS = 16  # times the cores; each takes a hundred megabytes


def wide_console() -> Console:
    """Return what tables are printed on: never so narrow that a column would lose its numbers."""
    console = Console(highlight=False)
    return _Wide(highlight=False, width=max(console.width, _WIDEST_TABLE))


class _Wide(Console):
    """One that leaves it to the command line what becomes of a reader that goes away; its parent ends the program."""

    def on_broken_pipe(self) -> None:
        """Say so, instead of a status that stands for a violated claim."""
        raise BrokenPipeError


def add_jobs(parser: Any) -> None:
    """Add the option to a command."""
    parser.add_argument("--jobs", type=int, help="worker processes (default: one a core)")


def check_jobs(arguments: argparse.Namespace) -> None:
    """Raise a ``ValueError`` for a number of workers that a machine cannot start."""
    if arguments.jobs is not None:
        checks.integer("jobs", arguments.jobs, 1, _MOST_JOBS * cpu_count(), f"{_MOST_JOBS} times the cores")
