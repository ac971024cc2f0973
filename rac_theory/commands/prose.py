"""Prose on a terminal: in lines that are no wider than it, and no wider than prose is well read."""

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
    >>> from rac_theory.commands.prose import wrapped
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
