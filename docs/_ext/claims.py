"""Claims that others published, as a table and as cards, and the theorems: how each is known, its proof, verdicts."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
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
from rac_theory.ledger import estimate, plan, run
from rac_theory.literature import CLAIMS, QUESTIONS, Counterexample, PublishedClaim
from rac_theory.theorems import Identity, Theorem


class PublishedDirective(SphinxDirective):
    """``{published} python -m rac_theory verify ...``: a line for each claim of the field, which filters choose from.

    Where no counterexample decides it, the verdicts on its theorems are those that the command finds.
    """

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        found = verdicts(self.arguments[0])
        heads = ("claim", "source", "known", "verdict", "proof", "tight", "contradicted by")
        rows = [self._row(claim, found) for claim in CLAIMS.values()]
        return [table(heads, (34, 19, 14, 13, 11, 7, 14), rows, filtered=(1, 2, 3, 4))]

    def _row(self, claim: PublishedClaim, found: Mapping[str, Counter[Status]]) -> list[Cell]:
        reading = [nodes.inline("", claim.reading, classes=["reading"])] if claim.reading else []
        source = nodes.reference("", claim.source, refuri=claim.url, internal=False)
        status = nodes.inline("", claim.status.name, classes=["verdict", claim.status.name])
        return [
            [*self._explained(claim), nodes.Text(f" {claim.says}"), *reading],
            [nodes.Text(f"{claim.work} "), nodes.inline("", "", source, classes=["told"])],
            [_mark(claim.mark)],
            [status, *_on_data(claim, found)],
            [_mark(claim.proof), nodes.Text(" "), *self._values(claim)],
            "" if claim.tightness is None else f"{claim.tightness:g}",
            self._examples(claim.against),
        ]

    def _explained(self, claim: PublishedClaim) -> list[nodes.Node]:
        """Its id as a link to the section that explains it, or to its card, which is no heading that MyST knows."""
        if not claim.page.endswith("/cards.md"):
            return self._link(claim.id, claim.page)
        return [nodes.reference("", "", nodes.literal("", claim.id), refuri=f"cards.html#{claim.id}", internal=True)]

    def _values(self, claim: PublishedClaim) -> list[nodes.Node]:
        """What shows or says it."""
        theorems = [node for one in claim.theorems for node in (_page(one), nodes.Text(" "))]
        return [*self._examples(claim.shown_by), *theorems]

    def _examples(self, every: Iterable[Counterexample]) -> list[nodes.Node]:
        page = "theory/counterexamples.md"
        return [node for one in every for node in (*self._link(one.id, page), nodes.Text(" "))]

    def _link(self, name: str, page: str) -> list[nodes.Node]:
        """A link to a page or a section of one; to none that is not there, as MyST resolves it."""
        return self.state.inline_text(f"[`{name}`](/{page})", self.lineno)[0]


class CardsDirective(SphinxDirective):
    """``{cards}``: the claims that were read at their place, as a table by paper, which filters choose from, as a list
    by question, which needs none, and each as a card: a section with the claim's id, so that its address stays.
    """

    def run(self) -> list[nodes.Node]:
        """Build them."""
        cards = {claim.id: claim for claim in sorted(CLAIMS.values(), key=lambda card: card.work) if claim.where}
        asked = {name: question for question, ids in QUESTIONS.items() for name in ids}
        rows: list[list[Cell]] = [
            [
                [self._to(name)],
                [_mark(claim.work, "long")],
                [_mark(asked[name], "long")],
                [nodes.inline("", claim.status.name, classes=["verdict", claim.status.name])],
                [_mark(claim.severity or "as it says", "long")],
            ]
            for name, claim in cards.items()
        ]
        heads = ("card", "work", "question", "verdict", "what is the matter")
        questions = nodes.bullet_list("")
        for question, ids in QUESTIONS.items():
            links = [node for name in ids if name in cards for node in (nodes.Text(" "), self._to(name))]
            questions += nodes.list_item("", nodes.paragraph("", "", nodes.Text(question), *links))
        together = table(heads, (18, 34, 26, 15, 24), rows, filtered=(1, 2, 3, 4))
        return [together, questions, *map(self._card, cards.values())]

    def _to(self, name: str) -> nodes.reference:
        return nodes.reference("", "", nodes.literal("", name), refid=name)

    def _card(self, claim: PublishedClaim) -> nodes.section:
        section = nodes.section(ids=[claim.id], names=[claim.id])
        section += nodes.title("", "", nodes.literal("", claim.id), nodes.Text(f" {claim.work}"))
        source = nodes.reference("", claim.source, refuri=claim.url, internal=False)
        lines = [
            ("says", [nodes.Text(claim.says)]),
            ("where", [source, nodes.Text(f": {claim.where}")]),
            ("seen", [nodes.Text(claim.consulted)]),
            ("verdict", [nodes.Text(f"{claim.status.name}{f': {claim.severity}' if claim.severity else ''}")]),
            ("read as", [nodes.Text(claim.reading)]),
            *([("repair", [nodes.Text(claim.repair)])] if claim.repair else []),
            ("run", [nodes.literal("", claim.command)]),
        ]
        section += nodes.field_list(
            "",
            *(
                nodes.field("", nodes.field_name("", label), nodes.field_body("", nodes.paragraph("", "", *words)))
                for label, words in lines
            ),
        )
        section += nodes.literal_block(str(claim.entry), str(claim.entry), language="bibtex")
        sides = ("", "checks"), ("against it: ", "against")
        section += nodes.bullet_list(
            "",
            *(
                nodes.list_item("", nodes.paragraph("", f"{side}{check}"))
                for witness in claim.witnesses
                for side, name in sides
                for check in getattr(witness, name)
            ),
        )
        return section


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
                _tight(value),
                _verdicts(found.get(value.id)),
            )
            for value in every
        ]
        heads = ("theorem", "statement", "known", "proof", "tight", "verdicts")
        return [table(heads, (13, 44, 9, 12, 7, 15), rows, filtered=(2, 3, 5))]


@cache
def verdicts(command: str) -> Mapping[str, Counter[Status]]:
    """Count the verdicts on each theorem where it applies; one that is violated is an error."""
    arguments = cli._parser().parse_args(shlex.split(command.partition(" rac_theory ")[2]))
    todo = plan(verify._grid(arguments))
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


def _mark(word: str, *more: str) -> nodes.Node:
    return nodes.inline("", word, classes=["told", *more])


def _proof(value: Theorem | Identity) -> Cell:
    """What checked its proof, and where the lemmas are that were taken from paper."""
    proof = proved.proofs().get(value.id)
    if proof is None:
        return [_mark("paper proof")]
    lemmas = [
        node for page in proof.pages for node in (nodes.Text(" with a lemma of "), statements.page(page.capitalize()))
    ]
    return [_mark("machine"), *lemmas]


def _tight(value: Theorem | Identity) -> Cell:
    """The largest exact / bound that is known."""
    if isinstance(value, Identity):
        return "1"
    return "unknown" if value.tightest is None else f"{value.tightest.ratio:g}"


def _verdicts(found: Mapping[Status, int] | None) -> Cell:
    return "an identity" if found is None else _counted(found)


def _on_data(claim: PublishedClaim, found: Mapping[str, Counter[Status]]) -> list[nodes.Node]:
    """The verdicts on its theorems, where these decide it."""
    if claim.answers:
        return []
    together = sum((found[one.id] for one in claim.theorems if one.id in found), Counter[Status]())
    told = ", ".join(f"{count} {status.name}" for status, count in together.items())
    return [nodes.inline("", f"on data {told}", classes=["reading"])]


def _counted(found: Mapping[Status, int]) -> list[nodes.Node]:
    every = [(status, found[status]) for status in Status if found.get(status)]
    return [
        node
        for status, count in every
        for node in (nodes.inline("", f"{count} {status.name}", classes=["verdict", status.name]), nodes.Text(" "))
    ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("claims", ClaimsDirective)
    app.add_directive("published", PublishedDirective)
    app.add_directive("cards", CardsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
