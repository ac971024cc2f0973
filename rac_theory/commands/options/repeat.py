"""What ``repeat`` takes."""

from pathlib import Path
from typing import Any

from rac_theory.commands.parsing import Example, add_command, integer, option


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    does = "run one row of verify or of a sweep again and compare the numbers"
    example = Example("repeat results/results.json 1", "the same numbers as row 1")
    parser = add_command(commands, "repeat", does, "repeat:run", example)
    option(parser, "results", type=Path, help="a results.json, or the SQLite file of a sweep")
    option(parser, "row", type=integer(">= 1"), help="the number of the row")
    option(parser, "--trust", action="store_true", help="import what the file names that is not part of rac_theory")
