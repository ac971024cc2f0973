"""What ``sketch`` takes."""

from typing import Any

from rac_theory.commands import names
from rac_theory.commands.options.shared import add_out, add_seed
from rac_theory.commands.parsing import Example, add_command, integer, option

_EXAMPLE = Example(
    "sketch haar --dim 768 --rank 4",
    """
    lambda_min      0.00520833
    lambda_max      0.00520833
    expected rank   4, so lambda_min is at most 0.00520833
    known by        closed form of E[H]
    slowdown        192 times the steps of full gradient descent are promised
    """,
)


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    does = "say what is known of a sketch: lambda_min, how it is known, what it costs"
    parser = add_command(commands, "sketch", does, "sketch:run", _EXAMPLE)
    option(
        parser,
        "name",
        nargs="?",
        complete=lambda **_: names.sketches(),
        help="a sketch by name, as in list, or a class of yours as module:Name",
    )
    option(parser, "--all", action="store_true", help="every sketch at this size, side by side")
    option(
        parser,
        "--exact",
        action="store_true",
        help="enumerate the sketch in fractions, and keep the certificate of lambda_min as a file for Coq",
    )
    option(parser, "--dim", type=integer(">= 1"), required=True, metavar="D", help="rows of the sketch, D x R")
    option(parser, "--rank", type=integer(">= 1"), required=True, metavar="R", help="columns of the sketch, at most D")
    add_seed(parser, "sampling, for a sketch of which no closed form is known")
    add_out(parser, "the figure, and the certificate of --exact")
