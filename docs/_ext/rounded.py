"""Which way constants are rounded, as it is derived from the theorems: two tables."""

from collections.abc import Mapping, Sequence
from functools import cache

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from tables import Cell, table

from rac_theory import theorems
from rac_theory.algebra import Symbol, latex
from rac_theory.statements import WHY, Rounding, Theorem, directions

_ARROWS = {"up": "↑", "down": "↓", "none": "·", "either": "?"}
_MARKS = {"polynomial": "p", "lemma": "l", "given": "g"}


class RoundedConstantsDirective(Directive):
    """``{rounded-constants}``: a row for each constant, its side, why that is safe, and what becomes stricter."""

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        rows: list[list[Cell]] = []
        for symbol, found in _by_constant().items():
            stricter = [id for id, each in found.items() if each.stricter == symbol.side]
            looser = [f"{each} in {id}" for id, rounding in found.items() for each in rounding.looser]
            rows.append(
                [
                    [nodes.math("", latex(symbol)), nodes.Text(" "), nodes.literal("", symbol.constant)],
                    symbol.side,
                    WHY[symbol.constant],
                    _all_or(stricter, found),
                    ", ".join(looser) or "none",
                ]
            )
        heads = ("constant", "side", "why", "stricter in", "looser")
        return [table(heads, (18, 7, 45, 18, 12), rows)]


class RoundedBoundsDirective(Directive):
    """``{rounded-bounds}``: a row for each theorem, a column for each symbol, and an arrow in a cell."""

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        columns = list(dict.fromkeys(latex(one) for value in theorems.ALL.values() for one in _found(value)))
        rows = []
        for value in theorems.ALL.values():
            cells = {latex(one): _cell(each) for one, each in _found(value).items()}
            rows.append([[nodes.literal("", value.id)], *(cells.get(column, []) for column in columns)])
        heads = [[], *([nodes.math("", column)] for column in columns)]
        return [table(heads, (16, *[6] * len(columns)), rows)]


@cache
def _found(value: Theorem) -> Mapping[Symbol, Rounding]:
    return directions(value)


def _by_constant() -> Mapping[Symbol, Mapping[str, Rounding]]:
    every: dict[Symbol, dict[str, Rounding]] = {}
    for value in theorems.ALL.values():
        for symbol, found in _found(value).items():
            every.setdefault(symbol, {})[value.id] = found
    return {symbol: every[symbol] for symbol in sorted(every, key=lambda one: list(WHY).index(one.constant))}


def _all_or(ids: Sequence[str], found: Mapping[str, Rounding]) -> str:
    return "none" if not ids else "all" if len(ids) == len(found) > 1 else ", ".join(ids)


def _cell(found: Rounding) -> list[nodes.Node]:
    marks = "".join(mark for word, mark in _MARKS.items() if word in found.origins)
    return [nodes.Text(_ARROWS[found.bound]), *([nodes.superscript("", marks)] if marks else [])]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("rounded-constants", RoundedConstantsDirective)
    app.add_directive("rounded-bounds", RoundedBoundsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
