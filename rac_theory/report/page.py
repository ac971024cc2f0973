"""Writes the page: the templates, filled with rows and answers; everything in them that is a word is escaped."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from rac_theory.files.whole_file import write_whole
from rac_theory.ledger import results
from rac_theory.ledger.row_schema import STATUSES
from rac_theory.ledger.verdict_row import FAILED, NEEDS_EXTRA, Row
from rac_theory.ledger.violated import violated
from rac_theory.report import gallery, numbers, packing
from rac_theory.report.cases import ShownCase
from rac_theory.report.claims import claims, counts
from rac_theory.report.images import data_uri
from rac_theory.report.saved import JSON_END, saved
from rac_theory.report.sentences import breakable
from rac_theory.verification.status import Status
from rac_theory.verification.versions import versions

FILE = "report.html"
ON_A_PAGE = 100
"""How many cases are laid out at a time: more take a browser longer than a reader waits."""
_SYMBOLS = dict(zip(STATUSES, "✓≈?✗–!∅", strict=True))
_MEANINGS = {status.name: status.meaning for status in Status} | {
    FAILED: "it raised an error",
    NEEDS_EXTRA: "its data need an extra",
}


def write(folder: Path) -> Path:
    """Write ``report.html`` into a folder of results, from its results.json and counterexamples.json.

    Raises
    ------
    ValueError
        If the folder holds neither, or something else under their names.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from rac_theory.ledger import results
    >>> from rac_theory.ledger.verdict_row import Row
    >>> from rac_theory.report import write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = results.save(Path(folder), [Row.missing(1, "T2", "wine", "it needs scikit-learn", seed=0, alpha=1e-3)])
    ...     page = write(Path(folder))
    ...     print(page.name, "arXiv:2410.08305" in page.read_text(encoding="utf-8"))
    report.html True
    """
    answers = gallery.load(folder)
    stored = folder / results.FILE
    rows = [] if answers and not stored.exists() else results.load(stored)
    return write_whole(folder / FILE, page(folder, rows, answers))


def page(folder: Path, rows: Sequence[Row], answers: Sequence[gallery.Shown]) -> str:
    """Return the page of some rows and answers, whose figures are in a folder."""
    environment = _environment()
    script = files("rac_theory.report").joinpath("page.js").read_text(encoding="utf-8")
    every = claims(rows)
    proofs = {claim.id: claim.proof.fragment for claim in every if claim.proof is not None}
    about = environment.get_template("about.html")
    return environment.get_template("page.html").render(
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        numbers=numbers,
        claims=[claim for claim in every if claim.rows],
        untried=[claim for claim in every if not claim.rows],
        rows=rows,
        packs=packing.pack([about.render(case=ShownCase(row, folder)) for row in rows]),
        proofs=list(proofs),
        proof_packs=packing.pack(list(proofs.values())),
        saved=packing.packed(saved(rows)),
        json_end=JSON_END,
        rows_in_pack=packing.ROWS,
        on_a_page=ON_A_PAGE,
        counts=counts(rows),
        filters={name: _values(rows, name) for name in ("claim", "problem", "sketch", "rank", "side")},
        violated=violated(rows),
        by_chance=[row for row in rows if row.violates(row.alpha)],
        sampled=sum(row.is_sampled for row in rows),
        answers=[(shown, data_uri(folder / Path(shown.figure).name)) for shown in answers],
        versions=_versions(rows),
    )


@cache
def _environment() -> Environment:
    """The templates, which are compiled once."""
    environment = Environment(
        loader=PackageLoader("rac_theory.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "symbol": _SYMBOLS.__getitem__,
        "place": STATUSES.index,
        "meaning": _MEANINGS.__getitem__,
        "breakable": breakable,
    }
    return environment


def _values(rows: Sequence[Row], name: str) -> list[Any]:
    """Return what rows have of a name, in their order, and numbers in theirs; what says nothing is left out."""
    found = [value for value in dict.fromkeys(getattr(row, name) for row in rows) if value]
    return sorted(found) if name == "rank" else found


def _versions(rows: Sequence[Row]) -> dict[str, str]:
    return next((row.versions for row in rows if row.versions), versions())
