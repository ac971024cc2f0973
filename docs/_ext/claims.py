"""The table of theorems: each statement, how it is known, what its proof rests on, and verdicts of this build."""

import shlex
from collections import Counter
from collections.abc import Mapping
from functools import cache

import proved
import statements
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from tables import Cell, table

from rac_theory import Status, theorems
from rac_theory.commands import cli, verify
from rac_theory.ledger.plan import plan
from rac_theory.ledger.running import estimate, run
from rac_theory.theorems import Identity, Theorem


class ClaimsDirective(SphinxDirective):
    """``{claims} python -m rac_theory verify ...``: a line for each theorem, and for T11, which is none of ``ALL``.

    The verdicts are those that the command finds.
    """

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        every = sorted((*theorems.ALL.values(), theorems.T11), key=lambda value: statements.number(value.id))
        found = verdicts(self.arguments[0])
        rows = [
            (
                [_page(value)],
                statements.inline(value),
                [_mark(value.mark)],
                _proof(value),
                _verdicts(found.get(value.id)),
            )
            for value in every
        ]
        return [table(("theorem", "statement", "known", "proof", "verdicts"), (11, 51, 10, 13, 15), rows)]


@cache
def verdicts(command: str) -> Mapping[str, Counter[Status]]:
    """Count the verdicts on each theorem where it applies; one that is violated is an error."""
    arguments = cli._parser().parse_args(shlex.split(command.partition(" rac_theory ")[2]))
    todo = plan(verify._selected(arguments))
    found: dict[str, Counter[Status]] = {}
    for _, rows in run(todo, estimate(todo), jobs=1):
        for row in rows:
            status = Status[row.status]
            if status is Status.VIOLATED:
                raise ExtensionError(f"a theorem is violated: {row}")
            if status is not Status.NOT_APPLICABLE:
                found.setdefault(row.claim, Counter())[status] += 1
    return found


def _page(value: Theorem | Identity) -> nodes.Node:
    """A link to its page, by its id."""
    link = statements.page(f"T{statements.number(value.id)}")
    link.children = []
    link += nodes.literal("", value.id)
    return link


def _mark(word: str) -> nodes.Node:
    return nodes.inline("", word, classes=["told"])


def _proof(value: Theorem | Identity) -> Cell:
    """What checked its proof, and where the lemmas are that were taken from paper."""
    proof = proved.proofs().get(value.id)
    if proof is None:
        return [_mark("paper proof")]
    lemmas = [
        node for page in proof.pages for node in (nodes.Text(" with a lemma of "), statements.page(page.capitalize()))
    ]
    return [_mark("machine"), *lemmas]


def _verdicts(found: Mapping[Status, int] | None) -> Cell:
    if found is None:
        return "an identity"
    every = [(status, found[status]) for status in Status if found.get(status)]
    return [
        node
        for status, count in every
        for node in (nodes.inline("", f"{count} {status.name}", classes=["verdict", status.name]), nodes.Text(" "))
    ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("claims", ClaimsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
