"""Where commands print."""

from rich.console import Console

_WIDEST_TABLE = 165


def wide_console() -> Console:
    """Return what tables are printed on: never so narrow that a column would lose its numbers."""
    console = Console(highlight=False)
    return Console(highlight=False, width=max(console.width, _WIDEST_TABLE))
