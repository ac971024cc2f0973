"""``report``: what is in a folder of results, as one page."""

import argparse

from rac_theory.base import printable
from rac_theory.commands.exit_status import OK
from rac_theory.commands.screen import screen, tell
from rac_theory.ledger import report


def run(arguments: argparse.Namespace) -> int:
    """Write the page and print where it is."""
    tell(screen(), printable(str(report.write(arguments.out))))
    return OK
