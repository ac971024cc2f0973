"""Tables as the pages show them."""

from collections.abc import Sequence
from typing import TypeAlias

from docutils import nodes

Cell: TypeAlias = str | list[nodes.Node]
"""What a cell shows: plain text, or parts of a line."""


def table(
    heads: Sequence[Cell], widths: Sequence[int], rows: Sequence[Sequence[Cell]], *, filtered: Sequence[int] = ()
) -> nodes.table:
    """Return a table with a line of heads; widths are shares of the page. A reader may choose rows by what the cells of
    some columns are marked as: ``_static/filters.js``.
    """
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=width) for width in widths]
    group += nodes.thead("", _row(heads))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table(
        "", group, classes=["values", "colwidths-given", *(f"by-column-{column}" for column in filtered)]
    )


def _row(cells: Sequence[Cell]) -> nodes.row:
    lines = ([nodes.Text(cell)] if isinstance(cell, str) else cell for cell in cells)
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *line)) for line in lines))
