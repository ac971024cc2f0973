"""What ``prove`` takes."""

from typing import Any

from rac_theory.commands import names
from rac_theory.commands.parsing import Example, add_command, among, option


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = add_command(
        commands,
        "prove",
        "print a proof that is checked here, of a theorem of ours or of yours",
        "prove:run",
        Example(
            "prove T1 T2", "T1 ... ms  proved; all that is given is used\nT2 ... ms  proved; not used: lambda_min > 0"
        ),
        "Print a proof that is checked here, of a theorem of ours or of yours; of several theorems a line each.",
    )
    option(
        parser,
        "theorem",
        nargs="+",
        complete=among(("all", *names.THEOREMS)),
        help="theorems by id, or all; one of yours as module:name",
    )
    option(parser, "--latex", action="store_true", help="print words and LaTeX in turn")
    option(
        parser,
        "--kernel",
        choices=("python", "coq"),
        default="python",
        help="who checks: this library, or Coq as well, which must be installed (default: python)",
    )
    option(
        parser,
        "--export",
        metavar="FILE",
        help="where to write one proof as plain text, for the checker that stands alone (default: nowhere)",
    )
    option(parser, "--out", metavar="FOLDER", help="where to keep the files for Coq (default: nowhere)")
