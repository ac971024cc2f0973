"""Proofs on the pages: what they take for granted, what they do not use, and each proof in full, folded."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import granted
import statements
import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import Cell, table

from rac_theory.algebra import latex
from rac_theory.proofs import Fact, Proof, Writer, legend
from rac_theory.statements import Assumption
from rac_theory.theorems import ALL, STORED, T2, prove


@cache
def proofs() -> dict[str, Proof | None]:
    """Return the proof of each theorem that is written down, None for the others."""
    return {id: prove(id) if id in STORED else None for id in ALL}


def _granted() -> Iterator[tuple[str, Fact]]:
    """Yield what each proof takes for granted, with the id of its theorem."""
    for name, proof in proofs().items():
        yield from ((name, fact) for fact in (() if proof is None else proof.granted))


class GrantedDirective(SphinxDirective):
    """``{granted}``: a table of all that proofs take for granted, for each part of the modules that say it.

    Inside stands the name of each part, as its comment begins, and how the page calls it. A part that has no name there
    is an error, and so is something that a proof takes for granted and no table has.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Build a line and a table for each part."""
        titles, every = yaml.safe_load("\n".join(self.content)), granted.by_heading()
        if list(titles) != list(every):
            raise self.error(f"the parts are {list(every)}, not {list(titles)}")
        used: dict[int, list[str]] = {}
        for name, fact in _granted():
            found = granted.rows_of(fact)
            if not found and not granted.is_assumption(fact):
                raise self.error(f"{name} takes for granted what is in no table: {fact!r} ({fact.name})")
            for one in found:
                used.setdefault(id(one), []).append(name)
        shown: list[nodes.Node] = []
        for heading, facts in every.items():
            rows = [self._row(fact, used.get(id(fact), [])) for fact in facts]
            head = nodes.paragraph("", "", nodes.strong("", "", *self._inline(titles[heading])))
            shown += [head, table(("taken for granted", "why", "rests on", "in"), (46, 28, 14, 12), rows)]
        names = " ".join(repr(fact.said) for facts in every.values() for fact in facts)
        told = ", ".join(f"{letter} is {meaning}" for letter, meaning in legend([names]))
        return [*shown, nodes.paragraph("", f"{told}.")]

    def _row(self, fact: Fact, names: Iterable[str]) -> tuple[Cell, ...]:
        said = Writer(T2).relation(fact)
        lemma = [nodes.Text("; lemma on "), statements.page(fact.page.capitalize())] if fact.page else []
        rests_on = [each for one in granted.shown_assumptions(fact) for each in (*_short(one), nodes.Text("; "))][:-1]
        why = [nodes.Text(fact.name), *lemma]
        where = statements.pages(ALL[name] for name in sorted(names, key=statements.number))
        return [nodes.math("", rf"\displaystyle {latex(said)}")], why, rests_on, where

    def _inline(self, words: str) -> list[nodes.Node]:
        return self.state.inline_text(words, self.lineno)[0]


class ProofsDirective(SphinxDirective):
    """``{proofs}``: for each theorem whether a proof is written down, its lemmas on paper, and what it does not use."""

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        rows: list[tuple[Cell, ...]] = []
        for id, proof in proofs().items():
            said: Cell = "not written down yet" if proof is None else "proved"
            lemmas = [] if proof is None else [node for page in proof.pages for node in _lemma(page, proof)]
            unused = [] if proof is None else _listed(proof.unused)
            rows.append(([nodes.literal("", id)], said, lemmas, unused))
        return [table(("theorem", "by machine", "lemmas on paper", "assumed, and not used"), (16, 14, 40, 30), rows)]


class UnusedDirective(SphinxDirective):
    """``{unused}``: each assumption that some proof does not use, where, and why it is assumed all the same.

    Inside stands the reason for each. One that is missing, or of an assumption that every proof uses, is an error.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        reasons = yaml.safe_load("\n".join(self.content))
        found: dict[str, tuple[Assumption, list[str]]] = {}
        for id, proof in proofs().items():
            for one in () if proof is None else proof.unused:
                found.setdefault(granted.name_of(one), (one, []))[1].append(id)
        if set(reasons) != set(found):
            raise self.error(f"not used are {sorted(found)}, not {sorted(reasons)}")
        rows = []
        for name, reason in reasons.items():
            assumption, ids = found[name]
            where = [node for id in ids for node in (nodes.literal("", id), nodes.Text(" "))]
            rows.append((_short(assumption), where, self.state.inline_text(reason, self.lineno)[0]))
        return [table(("assumed", "not used in the proof of", "why it is assumed"), (16, 28, 56), rows)]


class ProofDirective(SphinxDirective):
    """``{proof} T2 T2_sharp``: the proof of each, folded, as the library prints it; and how to print it oneself."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Build what opens when its name is pressed."""
        ids = self.arguments[0].split()
        shown: list[nodes.Node] = [nodes.paragraph("", "", *self._line(ids))]
        for id in ids:
            proof = proofs()[id]
            if proof is None:
                shown.append(nodes.paragraph("", "", nodes.literal("", id), nodes.Text(": not written down yet.")))
                continue
            summary = f"<summary><strong>{id}</strong>: {proof.summary.replace('<', '&lt;')}</summary>"
            text = f'<details class="proof">{summary}{proof._repr_html_()}</details>'
            shown.append(nodes.raw("", text, format="html"))
        return shown

    def _line(self, ids: Sequence[str]) -> list[nodes.Node]:
        """Where it is said what such a proof is, and how to print one."""
        about = addnodes.pending_xref(
            "", nodes.inline("", "what a proof is"), refdomain="std", reftype="doc", refexplicit=True,
            reftarget="/theory/proofs",
        )  # fmt: skip
        command = nodes.literal("", f"python -m rac_theory prove {ids[0]}")
        return [
            nodes.Text("Open a line to read it. See "),
            about,
            nodes.Text(", or print it: "),
            command,
            nodes.Text("."),
        ]


def _lemma(page: str, proof: Proof) -> list[nodes.Node]:
    names = dict.fromkeys(fact.name.partition(":")[0] for fact in proof.on_paper if fact.page == page)
    return [statements.page(page.capitalize()), nodes.Text(f": {'; '.join(names)}")]


def _listed(every: Iterable[Assumption]) -> list[nodes.Node]:
    return [node for i, one in enumerate(every) for node in ([nodes.Text(", ")] if i else []) + _short(one)]


def _short(assumption: Assumption) -> list[nodes.Node]:
    """An assumption in a few words and formulas."""
    every = granted.in_short(assumption)
    return [nodes.Text(part) if isinstance(part, str) else nodes.math("", latex(part)) for part in every]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("granted", GrantedDirective)
    app.add_directive("proofs", ProofsDirective)
    app.add_directive("unused", UnusedDirective)
    app.add_directive("proof", ProofDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
