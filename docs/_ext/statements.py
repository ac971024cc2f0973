"""Statements of theorems, and the symbols that they are written in, as nodes: all is read off the theorem values."""

import re
from collections.abc import Iterable, Iterator, Mapping

from docutils import nodes
from sphinx import addnodes

from rac_theory import theorems
from rac_theory.algebra import (
    Expression,
    Let,
    Number,
    Powers,
    Product,
    Quotient,
    Relation,
    Symbol,
    Total,
    latex,
    named,
    pieces,
    symbols_of,
    text,
)
from rac_theory.statements import symbols
from rac_theory.theorems import Condition, Identity, KnownConstant, Theorem

_LINE = 44  # letters of a claim in a line of a page, without the space between them
_DEFINED = 32  # of definitions, with the space between two


def display(theorem: Theorem | Identity) -> str:
    """Return the LaTeX of a statement: the claim, and below it its definitions, as many on a line as fit."""
    if isinstance(theorem, Identity):
        return r" \\[1ex] ".join(f"& {formula}" for formula in theorem.formulas)
    claim, *definitions = theorem.stated
    filled: list[list[Relation]] = []
    for each in definitions:
        if filled and sum(_width(one) + 3 for one in filled[-1]) + _width(each) <= _DEFINED:
            filled[-1].append(each)
        else:
            filled.append([each])
    heads = [r"\text{where} \quad ", *[r"\phantom{\text{where}} \quad "] * (len(filled) - 1)]
    lines = [head + r" , \quad ".join(map(latex, line)) for head, line in zip(heads, filled, strict=False)]
    return r" \\[1ex] ".join("& " + line for line in (*_claim(claim), *lines))


def _claim(claim: Relation) -> list[str]:
    """The lines of a claim: one if it fits, else one for each term of the bound."""
    if _width(claim) <= _LINE:
        return [latex(claim)]
    left, first, *others = pieces(claim)
    return [f"{left} {first}", *(rf"\quad {each}" for each in others)]


def inline(theorem: Theorem | Identity) -> list[nodes.Node]:
    """Return a statement as formulas in a line, which may end between them and before the right side of the claim."""
    if isinstance(theorem, Identity):
        return [node for formula in theorem.formulas for node in (_displayed(formula), nodes.Text(" "))]
    pieces: list[str] = []
    for piece in theorem.pieces:
        if piece.startswith("=") and pieces:  # a name, and what it is
            pieces[-1] += f" {piece}"
        else:
            pieces.append(piece)
    return [node for piece in pieces for node in (_displayed(piece), nodes.Text(" "))]


def sentence(parts: Iterable[tuple[bool, str]]) -> list[nodes.Node]:
    """Return a sentence, given in parts of which some are formulas in LaTeX."""
    return [nodes.math("", part) if is_formula else nodes.Text(part) for is_formula, part in parts if part]


def of_symbols() -> Iterator[tuple[list[nodes.Node], ...]]:
    """Yield a row for each symbol: as typeset, in code, meaning, unit, to which side it is rounded, and where it is."""
    used = {theorem: set(_symbols(theorem)) for theorem in theorems.ALL.values()}
    for symbol in (each for each in vars(symbols).values() if isinstance(each, Symbol)):
        where = [theorem for theorem, found in used.items() if symbol in found]
        yield (
            [nodes.math("", latex(symbol))],
            [nodes.literal("", symbol.constant)] if symbol.constant else [],
            [nodes.Text(symbol.meaning)],
            [nodes.math("", symbol.unit) if symbol.unit.startswith("[") else nodes.Text(symbol.unit)],
            [nodes.Text(symbol.side)],
            pages(where),
        )


def of_definitions() -> Iterator[tuple[list[nodes.Node], ...]]:
    """Yield a row for each name that statements define: as typeset, what it is, and where."""
    found: dict[tuple[str, str], list[Theorem]] = {}
    for theorem in theorems.ALL.values():
        for each in theorem.definitions:
            found.setdefault((each.name, each.meaning), []).append(theorem)
    for (name, meaning), where in sorted(found.items(), key=lambda item: item[0][0].lower()):
        yield [nodes.math("", named(name))], [nodes.Text(meaning)], pages(where)


def _width(formula: Expression | Relation) -> int:
    """The letters of a typeset formula, side by side: of a fraction those of its wider half."""
    if isinstance(formula, Quotient):
        return max(map(_width, formula.inside))
    if isinstance(formula, Let | Symbol | Number | Total | Powers):
        return len(re.sub(r"\^star|_min|_max|[a-z]{2,}", "x", re.sub(r"[\s{}^_]|grad", "", text(formula))))
    parts = formula.terms if isinstance(formula, Relation) else tuple(formula.inside)
    return sum(map(_width, parts)) + (len(parts) - 1) * (not isinstance(formula, Product))


def _displayed(formula: str) -> nodes.math:
    return nodes.math("", rf"\displaystyle {formula}")


def _symbols(theorem: Theorem) -> Iterator[Symbol]:
    """The symbols of a claim and of what is given."""
    yield from theorem.claim.symbols
    for each in theorem.given:
        if isinstance(each, Condition):
            yield from symbols_of(each.inequality, *each.requirements)
        elif isinstance(each, Relation):
            yield from symbols_of(each)
        elif isinstance(each, KnownConstant):
            yield from (each.symbol, *(() if each.unless is None else symbols_of(each.unless)))


def pages(where: Iterable[Theorem]) -> list[nodes.Node]:
    """Return links to the pages of theorems, a page for each number."""
    numbers: Mapping[str, None] = dict.fromkeys(match[0] for each in where if (match := re.match(r"T\d+", each.id)))
    return [node for number in numbers for node in (page(number), nodes.Text(" "))]


def number(id: str) -> int:
    """Return the number of a theorem, 12 for T12_pl."""
    return int(re.findall(r"\d+", id)[0])


def page(number: str) -> nodes.Node:
    """Return a link to the page of the theorem with a number, such as T2."""
    attributes = {"refdomain": "std", "reftype": "doc", "refexplicit": True, "reftarget": f"/theory/{number.lower()}"}
    return addnodes.pending_xref("", nodes.inline("", number), **attributes)
