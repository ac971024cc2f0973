"""What a row of the lower table opens, with its figure as a data URI."""

import base64
import os
import re
import shlex
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from rac_theory.ledger import results
from rac_theory.ledger.report.numbers import ABSENT, number, rate_interval
from rac_theory.ledger.verdict_row import NEEDS_EXTRA, Row

LARGEST = 1_000_000
"""The bytes that a figure may have; ours have at most some 100,000."""

# What may not stand in an attribute as it is: little of a drawing, which so stays a third shorter than in base64.
_UNSAFE = "%\"#&'<>[\\]^`{|}"  # that by which they are quoted first
_DRAWING = re.compile(r"\s*(<\?xml[^>]*\?>\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]")
_PICTURE = b"\x89PNG\r\n\x1a\n"
# A link is not followed, a pipe not waited for; where the system has no such flags, what is opened is still checked.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Image(NamedTuple):
    """A figure as a data URI, or None and why it is not shown."""

    uri: str | None
    why_not: str = ""


def image(folder: Path, name: str) -> Image:
    """Return an SVG or PNG file of a folder.

    A file of results may name anything, and what is shown is sent on with the page: so it must be a drawing or a
    picture in a regular file of this folder itself, under this name alone, of at most ``LARGEST`` bytes.

    Parameters
    ----------
    folder : Path
    name : str
        As a file of results has it.
    """
    try:
        return Image(_data_uri(_content(folder, name), Path(name).suffix))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return Image(None, f"The figure {name!r} is not shown: {why}.")


def _content(folder: Path, name: str) -> bytes:
    if Path(name).name != name or folder.is_symlink():
        raise ValueError("it is not in the folder of figures")
    if (folder / name).is_symlink():
        raise ValueError("it is a link")
    descriptor = os.open(folder / name, _FLAGS)
    with open(descriptor, "rb") as stream:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is no regular file")
        if about.st_nlink > 1:  # it may be any file of this disk
            raise ValueError("the file has another name too")
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    return content


def _data_uri(content: bytes, suffix: str) -> str:
    if suffix == ".png" and content.startswith(_PICTURE):
        return "data:image/png;base64," + base64.b64encode(content).decode()
    drawing = content.decode(errors="replace") if suffix == ".svg" else ""
    if not _DRAWING.match(drawing):
        raise ValueError("it is neither SVG nor PNG")
    words = " ".join(drawing.split())
    for letter in _UNSAFE:
        words = words.replace(letter, f"%{ord(letter):02X}")
    return f"data:image/svg+xml,{words}"


@dataclass(frozen=True)
class ShownCase:
    """A row, and the folder in which its figure and its results.json are."""

    row: Row
    folder: Path

    @cached_property
    def figure(self) -> Image:
        """The figure; only files in the folder of figures are looked for."""
        return Image(None) if self.row.figure is None else image(self.folder / results.FIGURES, self.row.figure)

    @property
    def alt(self) -> str:
        """What the figure shows, in words."""
        row = self.row
        means = "the exact mean" if row.evidence == "exact" else "the mean with its confidence band, and single runs"
        curves = f"over the steps t, the bound, {means}"
        return f"{row.claim} {row.status} on {row.key}: {curves}. {row.reason}"

    @property
    def command(self) -> str | None:
        """The command that runs the row again; None where nothing could be run."""
        if self.row.status == NEEDS_EXTRA:
            return None
        where = str(self.folder / results.FILE)
        return shlex.join(["python", "-m", "rac_theory", "repeat", where, str(self.row.number)])

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """What the case is made of and the numbers of the verdict, by name; those that do not exist are left out."""
        row = self.row
        pairs = [
            ("seed", str(row.seed)),
            ("steps", str(row.steps)),
            ("runs", str(row.runs)),
            ("gamma L", number(row.gamma_L)),
            ("alpha", number(row.alpha)),
            ("fitted rate", rate_interval(row.fitted)),
            ("promised rate", rate_interval(row.promised)),
            ("informative from t", number(row.informative_from)),
            ("detectable at reach", number(row.detectable, 3)),
            ("exceeds the bound most at t", number(row.violated_at)),
        ]
        if row.is_sampled:
            pairs.append(("log e-value against", number(round(row.log_evidence or 0.0, 4))))
        return [(name, words) for name, words in pairs if words != ABSENT]

    @property
    def constants(self) -> tuple[tuple[str, str, str], ...]:
        """The constants that are known: name, value, and how it is known."""
        constants = self.row.constants or {}
        sources = constants.get("provenance", {})
        return tuple(
            (name, str(value) if isinstance(value, bool) else number(value), sources.get(name, ""))
            for name, value in constants.items()
            if isinstance(value, int | float)
        )
