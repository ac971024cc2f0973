"""``cite``: BibTeX of the library, the paper and the sources of claims, and the cards of what others published."""

import argparse
import json
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
    does = "print BibTeX: this library, the paper, and what claims come from; or cards of published claims"
    parser = add_command(commands, "cite", does, run, _EXAMPLE, ("rac_theory.literature",))
    known = (*names.THEOREMS, *names.IDENTITIES, *names.COUNTEREXAMPLES, *names.PUBLISHED)
    option(
        parser,
        "claim",
        nargs="*",
        complete=among(known),
        help="claims by id, as in list, or theorems of yours as module:name (default: none)",
    )
    option(parser, "--json", action="store_true", help="print the cards of these published claims, or of all, as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the entries, each once, or the cards."""
    from rac_theory.base import checks
    from rac_theory.literature import CLAIMS
    from rac_theory.verdicts import citation

    if arguments.json:
        ids = [checks.one_of("claim", name, CLAIMS) for name in arguments.claim]
        print(json.dumps([CLAIMS[name].record for name in ids or CLAIMS], indent=2, ensure_ascii=False))
        return OK
    tell(screen(), citation(*map(claim_named, arguments.claim)))
    return OK
