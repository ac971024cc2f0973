"""results.json: the rows of a ledger on disk, whole at every moment, and saved as they come."""

import io
import json
import re
import shlex
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from rac_theory.base import check_written, checks, convert, read_json_items, write_whole
from rac_theory.drawing import svg
from rac_theory.ledger.ledger import Ledger
from rac_theory.ledger.verdict_row import Row, row_from
from rac_theory.verdicts import versions

if TYPE_CHECKING:
    from matplotlib.axes import Axes


FILE = "results.json"
FIGURES = "figures"
_FORMAT = 1
_ABOUT = {"format": Literal[1], "command": list[str], "versions": dict[str, str]}


def prepare(folder: Path) -> Path:
    """Make the output folder and its folder of figures; return the latter.

    Raises
    ------
    ValueError
        If they cannot be made or written.
    """
    figures = folder / FIGURES
    with _written_to(folder):
        figures.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder), tempfile.TemporaryFile(dir=figures):
            pass
    return figures


def save_figure(ax: "Axes", folder: Path, words: str) -> Path:
    """Save the figure of some axes into a folder that is made if need be; the file is named by the words.

    Raises
    ------
    ValueError
        If the folder cannot be made or written.
    """
    with _written_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return save_figure_as(ax, folder / f"{slug(words)}.svg")


def check_figure(path: Path) -> None:
    """Raise a ``ValueError`` if a figure cannot have this name, before anything is run."""
    checks.one_of("the suffix of figure", path.suffix, (".pdf", ".png", ".svg"))
    check_written("figure", path)


def save_figure_as(ax: "Axes", path: Path) -> Path:
    """Save the figure of some axes under a name, as its suffix says: .pdf, .png or .svg.

    Raises
    ------
    ValueError
        As ``check_figure``.
    OSError
        If the file cannot be written.
    """
    check_figure(path)
    figure, drawn = ax.get_figure(root=True), io.BytesIO()
    assert figure is not None
    if path.suffix == ".svg":
        svg.save(figure, path)
        return path
    undated = {"CreationDate": None} if path.suffix == ".pdf" else None  # the same figure gives the same file
    figure.savefig(drawn, format=path.suffix[1:], dpi=200, metadata=undated)
    return write_whole(path, drawn.getvalue())


def save_text(text: str, folder: Path, words: str) -> Path:
    """Write a text into a folder that is made if need be; the file is named by the words, as an identifier.

    Raises
    ------
    ValueError
        If the folder cannot be made or written.
    """
    with _written_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return write_whole(folder / slug(words).replace("-", "_"), text)


def slug(words: str) -> str:
    """Return a file name made of the letters, digits and dots of some words."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", words.replace("/", "_over_")).strip("-")


def save(folder: Path, rows: Iterable[Row], command: Sequence[str] = ()) -> Path:
    """Write the rows in the order of their numbers, and the command that made them."""
    plain = content(sorted(rows, key=lambda row: row.number), command)
    return write_whole(folder / FILE, json.dumps(plain, allow_nan=False, indent=1), durable=True)


def content(rows: Iterable[Row], command: Sequence[str] = ()) -> dict[str, Any]:
    """Return what the file holds of some rows, which come last, and of the command that made them."""
    plain = [row.to_json() for row in rows]
    return {"format": _FORMAT, "command": [*command], "versions": versions(), "rows": plain}


def load(path: Path) -> Ledger:
    """Read the rows back.

    Raises
    ------
    ValueError
        If the file cannot be read or is no ``results.json`` of this format: with the field that is at fault.
    """
    return Ledger(stream(path))


def stream(path: Path) -> Iterator[Row]:
    """Yield the rows one by one, so that a file of many takes no more memory than one; it raises as ``load``."""
    about: dict[str, Any] = {}
    return _rows(path, about)


def to_be_replaced(folder: Path) -> str | None:
    """Say what new rows in a folder will take the place of; None where there is nothing.

    Raises
    ------
    ValueError
        If a ``results.json`` is there that ``save`` has not written: it may be someone's only copy.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        about: dict[str, Any] = {}
        rows = sum(1 for _ in _rows(path, about))
    except ValueError as error:
        raise ValueError(f"{error}; it would be replaced: name another folder, or remove it") from error
    when = datetime.fromtimestamp(path.stat().st_mtime).strftime("%Y-%m-%d %H:%M")
    by = f" by {shlex.join(about['command'])}" if about["command"] else ""
    return f"{path} is replaced, {rows} row(s) of {when}{by}, and so are figures whose names come up again"


@contextmanager
def _written_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ValueError(f"out must be a folder that can be written, got {str(folder)!r}: {error}") from error


def _rows(path: Path, about: dict[str, Any]) -> Iterator[Row]:
    """Yield the rows, and keep what else the file holds, which is complete with the last row."""
    numbers: set[int] = set()
    try:
        for name, value in read_json_items(path, "rows"):
            if name != "rows":
                about |= convert(_ABOUT if name not in _ABOUT else {name: _ABOUT[name]}, {name: value})
                continue
            row = row_from(value, f"rows[{len(numbers)}]")
            if row.number in numbers:
                raise ValueError(f"the number of a row must be its own, got {row.number} twice")
            numbers.add(row.number)
            yield row
        convert(_ABOUT, about)
    except ValueError as error:
        raise ValueError(f"results must be a file written by verify, got {str(path)!r}: {error}") from error


_SAVE_EVERY = 2.0  # seconds, so that even a killed process leaves most of its rows


class KeptRows:
    """The rows of a ledger in a folder, saved from time to time and at the end of a block, however that ends.

    Parameters
    ----------
    folder : Path
        It is made if need be.
    command : sequence of str
        What made them.
    untried : sequence of Row
        Those that are there before anything is run.

    Raises
    ------
    ValueError
        If the folder cannot be made or written.
    """

    def __init__(self, folder: Path, command: Sequence[str], untried: Sequence[Row]) -> None:
        self._folder, self._command, self._untried = folder, command, len(untried)
        self._all, self._saved = list(untried), time.monotonic()
        self.figures = prepare(folder).absolute()  # workers may have been started elsewhere

    @property
    def rows(self) -> list[Row]:
        """All of them, in the order of their numbers."""
        return sorted(self._all, key=lambda row: row.number)

    @property
    def are_of_runs(self) -> bool:
        """Whether a row has been added."""
        return len(self._all) > self._untried

    def add(self, rows: Sequence[Row]) -> None:
        """Add the rows of an ensemble."""
        self._all += rows
        if time.monotonic() - self._saved > _SAVE_EVERY:
            self._save()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, where: TracebackType | None) -> None:
        if kind is None or self.are_of_runs:  # what was there before is replaced by rows, never by nothing
            self._save()

    def _save(self) -> None:
        save(self._folder, self._all, self._command)
        self._saved = time.monotonic()
