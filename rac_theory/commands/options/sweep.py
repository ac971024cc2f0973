"""What ``sweep`` takes."""

from pathlib import Path
from typing import Any

from rac_theory.commands.options.shared import add_jobs
from rac_theory.commands.parsing import Example, add_command, option

_EXAMPLE = Example(
    "sweep grid.toml",
    """
    T2: 4 HOLDS
    slack       rank 1  rank 2
    haar        ...
    4 rows in grid.sqlite. One row again: rac-theory repeat grid.sqlite NUMBER
    """,
)


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = add_command(
        commands,
        "sweep",
        "try a grid of claims and cases as one job that may be killed at any moment",
        "sweep:run",
        _EXAMPLE,
        "Try a grid of claims and cases as one job that may be killed at any moment: the same command goes on where "
        "it was. The example is of a file with claims = ['T2'], problems = ['quadratic'], sketches = ['haar', "
        "'coordinate'], ranks = [1, 2] and sides = ['left'].",
    )
    option(parser, "spec", type=Path, help="a TOML file with the axes of the grid")
    option(
        parser,
        "--store",
        type=Path,
        metavar="FILE",
        help="SQLite file of what is finished (default: the name of the TOML file, with .sqlite)",
    )
    option(parser, "--export", type=Path, metavar="FILE", help="a .csv or .parquet file to write when all is finished")
    option(parser, "--trust", action="store_true", help="import sketches of the grid that are not of rac_theory")
    add_jobs(parser)
