"""Options that several commands have."""

import argparse
from pathlib import Path
from typing import Any

from rac_theory.commands.parsing import Word, integer, number, option

_MOST_JOBS = 16  # times the cores; each takes a hundred megabytes


def add_out(group: Any, what: str) -> None:
    """Add the folder of what is written."""
    option(group, "--out", Word("FOLDER", _folder), f"folder for {what} (default: results)", default=Path("results"))


def add_figure(group: Any, what: str) -> None:
    """Add a file for a figure, of whatever kind a paper wants."""
    option(
        group,
        "--figure",
        Word("FILE", Path),
        f"where else to save the figure{what}, as .pdf, .png or .svg (default: nowhere)",
    )


def add_latex(group: Any) -> None:
    """Add a file for the table of what was found."""
    option(
        group,
        "--latex",
        Word("FILE", Path),
        "where to write the table for LaTeX, with rules of booktabs (default: nowhere)",
    )


def _folder(text: str) -> Path:
    try:
        text.encode()
    except UnicodeEncodeError:  # pages and results name it, and they are UTF-8
        raise argparse.ArgumentTypeError(f"must be a path in UTF-8, got {text!r}") from None
    return Path(text)


def add_jobs(group: Any) -> None:
    """Add the number of processes."""
    option(group, "--jobs", integer("N", ">= 1"), "worker processes (default: one for each core)")


def check_jobs(arguments: argparse.Namespace) -> None:
    """Raise a ``ValueError`` for a number of processes that a machine cannot start."""
    from joblib import cpu_count

    from rac_theory.base import checks

    if arguments.jobs is not None:
        checks.integer("jobs", arguments.jobs, 1, _MOST_JOBS * cpu_count(), f"{_MOST_JOBS} times the cores")


def add_seed(group: Any, what: str) -> None:
    """Add the seed of what is random."""
    option(group, "--seed", integer("N", ">= 0"), f"seed of {what} (default: 0)", default=0)


def add_alpha(group: Any, what: str) -> None:
    """Add a level."""
    option(
        group,
        "--alpha",
        number("P", "> 0 and < 1"),
        f"significance level{what}, > 0 and < 1 (default: 0.001)",
        default=1e-3,
    )
