"""``--jobs``: how many worker processes may be asked for."""

import argparse
from typing import Any

from joblib import cpu_count

from problems import checks

_MOST = 16  # times the cores; each takes a hundred megabytes


def add(parser: Any) -> None:
    """Add the option to a command."""
    parser.add_argument("--jobs", type=int, help="worker processes (default: one a core)")


def check(arguments: argparse.Namespace) -> None:
    """Raise a ``ValueError`` for a number that a machine cannot start."""
    if arguments.jobs is not None:
        checks.integer("jobs", arguments.jobs, 1, _MOST * cpu_count(), f"{_MOST} times the cores")
