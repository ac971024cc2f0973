"""Figures as SVG files: text stays text, and the same figure gives the same bytes."""

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rac_theory.base import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETTINGS: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "rac-theory"}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_DECIMALS = re.compile(r"(?<=\d\.\d\d)\d+(?=[\s\"),])")  # below a hundredth of a point nothing is seen


def save(figure: "Figure", path: Path) -> None:
    """Write a figure to a file.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_whole(path, text(figure))


def text(figure: "Figure") -> str:
    """Return what the file of a figure holds."""
    import matplotlib as mpl

    drawn = io.StringIO()
    with mpl.rc_context(_SETTINGS):
        figure.savefig(drawn, format="svg", metadata=_NO_METADATA)
    return _DECIMALS.sub("", drawn.getvalue())
