"""``cite``: BibTeX of the library, the paper and the sources of claims."""

import argparse
from typing import Any

from rac_theory.commands import names
from rac_theory.commands.exit_status import OK
from rac_theory.commands.explain import claim_named
from rac_theory.commands.parsing import Example, add_command, among, option
from rac_theory.commands.screen import screen, tell

_EXAMPLE = Example(
    "cite T2",
    """
    @misc{rac_theory,
    @misc{arXiv:2410.08305,
      author = {Grigory Malinovsky ...
    """,
)


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    does = "print BibTeX: this library, the paper, and what claims come from"
    parser = add_command(commands, "cite", does, run, _EXAMPLE, ("rac_theory.literature",))
    identifiers = (*names.THEOREMS, *names.IDENTITIES, *names.COUNTEREXAMPLES, *names.PUBLISHED)
    option(
        parser,
        "claim",
        nargs="*",
        complete=among(identifiers),
        help="claims by id, as in list, or theorems of yours as module:name (default: none)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the entries, each once."""
    from rac_theory.verdicts import citation

    tell(screen(), citation(*map(claim_named, arguments.claim)))
    return OK
