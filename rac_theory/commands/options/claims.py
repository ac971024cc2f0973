"""What ``list`` and ``explain`` take."""

from typing import Any

from rac_theory.commands import names
from rac_theory.commands.parsing import Example, add_command, among, option

_LIST = Example(
    "list --setting federated --assumption Polyak",
    """
    T10            E[f(W^T)] - f* <= (1 - (1 - a) Gamma mu lambda_min)^T ...
    T10d           ...
    T10d_sharp     ...
    """,
)
_EXPLAIN = Example(
    "explain T2",
    """
    T2 (rac_lora_gd_pl)
        E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^T (f(W^0) - f*).

    source   arXiv:2410.08305v1, Theorem 5.5 ...
    """,
)


def add(commands: Any) -> None:
    """Add the two commands to the subparsers."""
    listing = add_command(
        commands,
        "list",
        "list claims, problems, sketches and settings by name; or the theorems of some kind",
        "listing:run",
        _LIST,
        "List claims, problems, sketches and settings by name; with options, the theorems that meet all of them.",
    )
    option(
        listing,
        "--setting",
        metavar="NAME",
        complete=among(names.SETTINGS),
        help=f"theorems that are tried in it: {', '.join(names.SETTINGS)}",
    )
    option(listing, "--assumption", metavar="WORDS", help="theorems that assume it, such as convex or 'gamma L <= 1'")
    option(
        listing,
        "--mark",
        metavar="MARK",
        complete=among(names.MARKS),
        help=f"theorems that are known in this way: {', '.join(names.MARKS)}",
    )
    does = "print the statement of a claim, its symbols, its source and assumptions"
    explain = add_command(commands, "explain", does, "explain:run", _EXPLAIN)
    known = (*names.THEOREMS, *names.IDENTITIES, *names.COUNTEREXAMPLES, *names.PUBLISHED)
    option(explain, "claim", complete=among(known), help="its id, as in list")
