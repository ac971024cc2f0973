"""results.json: the rows of a ledger on disk, whole at every moment."""

import json
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rac_theory import svg
from rac_theory.row import Row
from rac_theory.verdict import versions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FILE = "results.json"
FIGURES = "figures"
_FORMAT = 1


def prepare(folder: Path) -> Path:
    """Make the output folder and its folder of figures; return the latter.

    Raises
    ------
    ValueError
        If they cannot be made or written.
    """
    figures = folder / FIGURES
    try:
        figures.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder), tempfile.TemporaryFile(dir=figures):
            pass
    except OSError as error:
        raise ValueError(f"out must be a folder that can be written, got {str(folder)!r}: {error}") from error
    return figures


def save_figure(ax: "Axes", folder: Path, words: str) -> Path:
    """Save the figure of some axes into a folder that is made if need be; the file is named by the words.

    Raises
    ------
    ValueError
        If the folder cannot be made or written.
    """
    path = folder / f"{slug(words)}.svg"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        svg.save(ax.get_figure(root=True), path)  # type: ignore[arg-type]
    except OSError as error:
        raise ValueError(f"out must be a folder that can be written, got {str(folder)!r}: {error}") from error
    return path


def slug(words: str) -> str:
    """Return a file name made of the letters, digits and dots of some words."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", words.replace("/", "_over_")).strip("-")


def save(folder: Path, rows: Iterable[Row]) -> Path:
    """Write the rows in the order of their numbers."""
    content = {
        "format": _FORMAT,
        "versions": versions(),
        "rows": [row.to_json() for row in sorted(rows, key=lambda row: row.number)],
    }
    return write_whole(folder / FILE, json.dumps(content, allow_nan=False, indent=1))


def write_whole(path: Path, text: str) -> Path:
    """Write a file; a reader sees the old file or the new one, never a part."""
    # A name of its own, so that two runs in one folder do not write into each other's file.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".part", delete=False, encoding="utf-8") as stream:
        part = Path(stream.name)
        try:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
            part.replace(path)
        except BaseException:  # an interrupt too
            part.unlink(missing_ok=True)
            raise
    path.chmod(0o644)
    return path


def load(path: Path) -> list[Row]:
    """Read the rows back.

    Raises
    ------
    ValueError
        If the file cannot be read or is not a ``results.json`` of this format.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"results must be a file written by verify, got {str(path)!r}: {error}") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f"results must be a file written by verify (format {_FORMAT}), got {str(path)!r}")
    try:
        return [Row(**row) for row in content["rows"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"results must hold rows of a ledger, got {str(path)!r}: {error}") from error
