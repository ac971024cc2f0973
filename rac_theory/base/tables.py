"""Tables that commands print: columns without rules, under bold headings."""

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def table_of(
    headings: Iterable[str], *, right: Container[str] = (), wrapped: Container[str] = (), title: str | None = None
) -> "Table":
    """Return a table without rows; ``right`` has the headings of numbers, ``wrapped`` those of columns that may wrap.

    Examples
    --------
    >>> from rac_theory.base import table_of
    >>> table = table_of(["sketch", "rank"], right=["rank"])
    >>> [(column.header, column.justify, column.no_wrap) for column in table.columns]
    [('sketch', 'left', True), ('rank', 'right', True)]
    """
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in headings:
        table.add_column(escape(name), justify="right" if name in right else "left", no_wrap=name not in wrapped)
    return table
