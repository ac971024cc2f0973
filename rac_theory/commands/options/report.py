"""What ``report`` takes."""

from typing import Any

from rac_theory.commands.options.shared import add_out
from rac_theory.commands.parsing import Example, add_command


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    example = Example("report --out results", "results/report.html")
    does = "write what verify left in a folder as one page, report.html"
    add_out(add_command(commands, "report", does, "report:run", example), "the page, with what verify wrote")
