"""``report``: what is in a folder of results, as one page."""

import argparse
from pathlib import Path
from typing import Any

from rac_theory import report
from rac_theory.commands.exit_status import OK
from rac_theory.problems.naming import printable


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = commands.add_parser("report", help="write the results in a folder as one page, report.html")
    parser.set_defaults(run=run)
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder with what verify wrote")


def run(arguments: argparse.Namespace) -> int:
    """Write the page and print where it is."""
    print(printable(str(report.write(arguments.out))))
    return OK
