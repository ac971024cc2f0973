"""What ``counterexamples`` takes."""

from typing import Any

from rac_theory.commands import names
from rac_theory.commands.options.shared import add_out
from rac_theory.commands.parsing import Example, add_command, among, option


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = add_command(
        commands,
        "counterexamples",
        "show why LoRA and its relatives fail: the evidence, and a figure each",
        "counterexamples:run",
        Example("counterexamples C6", "C6 HOLDS: every constant step is too long"),
    )
    option(
        parser,
        "name",
        nargs="*",
        complete=among(names.COUNTEREXAMPLES),
        help=f"which of {', '.join(names.COUNTEREXAMPLES)} (default: all)",
    )
    add_out(parser, "the figures")
