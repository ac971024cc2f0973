"""What the page shows: all that a row opens, with its figure as a data URI, and of a claim the rows that try it."""

import base64
import os
import re
import shlex
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from rac_theory import theorems
from rac_theory.drawing import html
from rac_theory.ledger import results
from rac_theory.ledger.report.numbers import ABSENT, number, rate_interval
from rac_theory.ledger.table import closest, known_slack, rounded_down
from rac_theory.ledger.verdict_row import NEEDS_EXTRA, Row, counts
from rac_theory.proofs import Reading, sections
from rac_theory.statements import Theorem
from rac_theory.theorems import prove

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


@dataclass(frozen=True)
class ShownProof:
    """A proof of one of our theorems.

    Attributes
    ----------
    summary : str
        What it rests on, in a line.
    fragment : Markup
        The proof, typeset.
    """

    summary: str
    fragment: Markup


@lru_cache
def shown_proof(id: str) -> ShownProof | None:
    """Return the proof of a theorem by its id; None for a claim that this version does not know."""
    proof = prove(id) if id in theorems.ALL else None
    return None if proof is None else ShownProof(proof.summary, Markup("\n").join(sections(Reading(proof))))


@dataclass(frozen=True)
class ShownClaim:
    """A claim with the rows that try it.

    Attributes
    ----------
    id : str
    theorem : Theorem or None
        None for a claim that this version does not know.
    rows : tuple of Row
    """

    id: str
    theorem: Theorem | None
    rows: tuple[Row, ...] = ()

    @property
    def formulas(self) -> list[Markup]:
        """The statement as elements of MathML, between which a line may end."""
        return [] if self.theorem is None else list(map(html.formula, self.theorem.pieces))

    @property
    def assumptions(self) -> list[Markup]:
        """A sentence for each assumption."""
        return [] if self.theorem is None else list(map(html.sentence, self.theorem.typeset_assumptions))

    @property
    def proof(self) -> ShownProof | None:
        """Its proof, if it is one of ours and rows try it: to check the proofs of all takes longer than many a job."""
        return shown_proof(self.id) if self.rows else None

    @property
    def counts(self) -> dict[str, int]:
        """How many rows got each verdict, for those that came up."""
        return counts(self.rows)

    @property
    def evidence(self) -> list[tuple[str, int]]:
        """How many rows rest on each kind of evidence."""
        counts = Counter(row.evidence for row in self.rows)
        return [(kind, counts[kind]) for kind in ("exact", "sampled") if counts[kind]]

    @property
    def closest(self) -> Row | None:
        """The row that holds with the smallest slack that is known, as ``verify`` names it."""
        return closest(self.rows)

    @property
    def least_slack(self) -> str:
        """What the slack of that row is at least."""
        return "" if self.closest is None else rounded_down(known_slack(self.closest))

    @property
    def reach(self) -> list[str]:
        """The least and the largest share of the steps that rows say something about; one where they are alike."""
        shares = [row.reach_share for row in self.rows if row.reach_share is not None]
        return list(dict.fromkeys(f"{share:.0%}" for share in (min(shares), max(shares)))) if shares else []


def claims(rows: Sequence[Row]) -> list[ShownClaim]:
    """Return the claims that rows try, in the order of the library, and after them those that no row tries."""
    by_id: dict[str, list[Row]] = {}
    for row in rows:
        by_id.setdefault(row.claim, []).append(row)
    claims = [ShownClaim(id, theorem, tuple(by_id.get(id, ()))) for id, theorem in theorems.ALL.items()]
    foreign = [ShownClaim(id, None, tuple(tried)) for id, tried in by_id.items() if id not in theorems.ALL]
    return sorted([*claims, *foreign], key=lambda claim: not claim.rows)
