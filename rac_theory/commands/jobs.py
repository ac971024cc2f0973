"""The number of worker processes that is typed."""

import argparse

from joblib import cpu_count

from rac_theory.base import checks

_MOST = 16  # times the cores; each takes a hundred megabytes


def check_jobs(arguments: argparse.Namespace) -> None:
    """Raise a ``ValueError`` for a number of workers that a machine cannot start."""
    if arguments.jobs is not None:
        checks.integer("jobs", arguments.jobs, 1, _MOST * cpu_count(), f"{_MOST} times the cores")
