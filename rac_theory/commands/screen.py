"""The screen: how tables and prose are laid out. On a terminal a table is no wider than it, and prose neither; what is
read by another program has whole lines, every column, and no character but text.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Column, Table


PROSE = 100
"""No line of prose is longer, however wide the terminal is."""


def wrapped(line: str, width: int, hang: int = 0) -> str:
    """Break a line between words only: a path is to be copied in one piece.

    Parameters
    ----------
    line : str
        If it begins with blanks, all lines do.
    width : int
        In characters; that of prose is the most.
    hang : int
        By how much more than the first the other lines are indented.

    Examples
    --------
    >>> from rac_theory.commands.screen import wrapped
    >>> print(wrapped("  T2  a bound that falls by a factor in every step", 30, hang=4))
      T2  a bound that falls by a
          factor in every step
    """
    import textwrap

    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line.strip(),
        min(width, PROSE),
        initial_indent=indent,
        subsequent_indent=indent + " " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def terminal_width() -> int:
    """Return the width of the terminal in characters, 80 where there is none."""
    import shutil

    return shutil.get_terminal_size().columns


_WHOLE = 100_000  # columns, where no terminal is: no table is as wide
_GAP = 2  # between two columns


def screen() -> "Console":
    """Return what is printed on: standard output."""
    from rich.console import Console

    class Screen(Console):
        """It leaves it to the command line what becomes of a reader that goes away; its parent ends the program."""

        def on_broken_pipe(self) -> None:
            """Say so, instead of a status that stands for a violated claim."""
            raise BrokenPipeError

    if _is_terminal(sys.stdout):
        return Screen(highlight=False)
    return Screen(highlight=False, width=_WHOLE, force_terminal=False)


def errors_screen() -> "Console":
    """Return what is printed on beside the output, where a bar may be: standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, force_terminal=None if _is_terminal(sys.stderr) else False)


def bar(*columns: Any, **rest: Any) -> "Progress":
    """Return a bar on standard error, which is there while something runs, and only where somebody waits."""
    from rich.progress import Progress

    errors = errors_screen()
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal, **rest)


def _is_terminal(stream: TextIO | None) -> bool:
    """Whatever FORCE_COLOR says, which notebooks set for all that is started in them."""
    return stream is not None and stream.isatty()


def tell(console: "Console", text: str, hang: int = 0) -> None:
    """Print prose, a paragraph for each line of the text.

    Parameters
    ----------
    console : Console
    text : str
        A line that begins with blanks is indented by them.
    hang : int
        By how much more its other lines are indented.
    """
    for line in text.split("\n"):
        paragraph = wrapped(line, console.width, hang) if console.is_terminal else line
        console.print(paragraph, markup=False, soft_wrap=True)


def show_table(console: "Console", table: "Table", spare: Sequence[str] = ()) -> None:
    """Print a table; where a terminal is too narrow for it, without its spare columns, and say which they are.

    Parameters
    ----------
    console : Console
    table : Table
        Columns that may be wrapped, which is done between words, are those without ``no_wrap``.
    spare : sequence of str
        Headings, that of the column that can be spared first in front.
    """
    left_out: list[str] = []
    for name in spare if console.is_terminal else ():
        if _width(console, table) > console.width and name in map(_heading, table.columns):
            table = _without(table, name)
            left_out.append(name)
    usual = console.width
    console.width = max(usual, _width(console, table, wrapped=True))  # else words and numbers would be broken
    console.print(table)
    console.width = usual
    if left_out:
        tell(console, f"(no room for {', '.join(left_out)})")


def _width(console: "Console", table: "Table", *, wrapped: bool = False) -> int:
    """The width of a table that breaks no word; ``wrapped`` where it breaks all lines that it may."""
    from rich.measure import Measurement

    natural, width = console.options.update(max_width=_WHOLE), _GAP * (len(table.columns) - 1)
    for column in table.columns:
        cells = [Measurement.get(console, natural, cell) for cell in (column.header, *column.cells)]
        width += max(cell.minimum if wrapped and not column.no_wrap else cell.maximum for cell in cells)
    return width


def _heading(column: "Column") -> str:
    from rich.text import Text

    return Text.from_markup(str(column.header)).plain


def _without(table: "Table", heading: str) -> "Table":
    from rich.table import Table

    fewer = Table(title=table.title, title_justify="left", box=None, pad_edge=False, header_style=table.header_style)
    columns = [column for column in table.columns if _heading(column) != heading]
    for column in columns:
        fewer.add_column(column.header, justify=column.justify, no_wrap=column.no_wrap)
    for cells in zip(*(column.cells for column in columns), strict=True):
        fewer.add_row(*cells)
    return fewer
