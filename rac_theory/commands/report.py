"""``report``: what is in a folder of results, as one page."""

import argparse
from typing import Any

from rac_theory.commands.exit_status import OK
from rac_theory.commands.options import add_out
from rac_theory.commands.parsing import Example, add_command
from rac_theory.commands.screen import screen, tell


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    example = Example("report --out results", "results/report.html")
    does = "write what verify left in a folder as one page, report.html"
    add_out(
        add_command(commands, "report", does, run, example, ("rac_theory.ledger",)), "the page, with what verify wrote"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the page and print where it is."""
    from rac_theory.base import printable
    from rac_theory.ledger import report

    tell(screen(), printable(str(report.write(arguments.out))))
    return OK
