"""Writes the page: the templates, filled with rows and answers; everything in them that is a word is escaped."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from rac_theory.base import write_whole
from rac_theory.ledger import results
from rac_theory.ledger.report import gallery, numbers, packing
from rac_theory.ledger.report.shown import ShownCase, claims, image
from rac_theory.ledger.verdict_row import FAILED, NEEDS_EXTRA, STATUSES, Row, counts, csv_lines, violated
from rac_theory.verdicts import Status, versions

if TYPE_CHECKING:
    from jinja2 import Environment


def breakable(name: str) -> Markup:
    """Return a name as HTML that a line may break after an underscore, a dot or a colon."""
    return Markup(re.sub(r"([_.:])(?=\w)", r"\1<wbr>", str(Markup.escape(name))))


JSON_END = "]}"


def saved_head() -> list[str]:
    """Return how both files begin: JSON, which ends in ``JSON_END``, and CSV."""
    return [json.dumps(results.content([])).removesuffix(JSON_END), next(csv_lines([]))]


def saved(rows: Sequence[Row]) -> list[list[str]]:
    """Return what each row is in both files: JSON, with commas between the rows, and CSV.

    Examples
    --------
    >>> import json
    >>> from rac_theory.ledger.verdict_row import Row
    >>> from rac_theory.ledger.report.page import JSON_END, saved, saved_head
    >>> row = Row.missing(1, "T2", "wine", "it needs scikit-learn", seed=0, alpha=1e-3)
    >>> (head, names), ((plain, line),) = saved_head(), saved([row])
    >>> json.loads(head + plain + JSON_END)["rows"][0]["claim"], names[:20], line[:10]
    ('T2', 'number,claim,problem', '1,T2,wine,')
    """
    plain = [row.to_json() for row in rows]
    lines = islice(csv_lines(plain), 1, None)
    return [[json.dumps(row, allow_nan=False), line] for row, line in zip(plain, lines, strict=True)]


FILE = "report.html"
ON_A_PAGE = 100
"""How many cases are laid out at a time: more take a browser longer than a reader waits."""
ROWS = 2_000
"""How many rows a page holds; of more it is a summary with links to files of rows."""
BYTES = 20_000_000
"""How large a page may be that holds its rows: ours have two or three thousand bytes a row."""
_ROOM = 4_000_000  # for the rows in a file of rows, which is less than 5 MB with its claims and their proofs
_FILE_OF_ROWS = re.compile(r"report-\d+-[0-9a-f]{8}\.html")
_SYMBOLS = dict(zip(STATUSES, "✓≈?✗–!∅", strict=True))
_MEANINGS = {status.name: status.meaning for status in Status} | {
    FAILED: "it raised an error",
    NEEDS_EXTRA: "its data need an extra",
}


def write(folder: Path) -> Path:
    """Write ``report.html`` into a folder of results, from its results.json and counterexamples.json.

    Of more rows than a page holds, it is a summary with links to files of rows beside it. These have names of their
    own, made of what is in them: they are written first and older ones are removed last, so that the page that is
    there has all its files at every moment.

    Raises
    ------
    ValueError
        If the folder holds neither, or something else under their names.
    OSError
        If a file cannot be written: what was there is left.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from rac_theory.ledger import results
    >>> from rac_theory.ledger.verdict_row import Row
    >>> from rac_theory.ledger.report import write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = results.save(Path(folder), [Row.missing(1, "T2", "wine", "it needs scikit-learn", seed=0, alpha=1e-3)])
    ...     page = write(Path(folder))
    ...     print(page.name, "arXiv:2410.08305" in page.read_text(encoding="utf-8"))
    report.html True
    """
    answers = gallery.load(folder)
    stored = folder / results.FILE
    blocks = _blocks(folder, iter(()) if answers and not stored.exists() else results.stream(stored))
    first, is_all = _as_many_as_a_page_holds(blocks)
    before, written = {*_files_of_rows(folder)}, []
    try:
        if is_all:
            text = _page(folder, first, answers)
        else:
            parts = []
            for part in packing.together(chain(first, blocks), _size, (ROWS, _ROOM)):
                path, summary = _write_part(folder, part)
                written.append(path)
                parts.append(summary)
            text = _summary(folder, parts, answers)
        path = write_whole(folder / FILE, text, durable=not is_all)
    except BaseException:  # an interrupt too
        _remove({*written} - before)
        raise
    _remove(before - {*written})
    return path


def page(folder: Path, rows: Iterable[Row], answers: Sequence[gallery.Shown]) -> str:
    """Return the page of some rows and answers, whose figures are in a folder."""
    return _page(folder, [*_blocks(folder, rows)], answers)


@dataclass(frozen=True)
class _Block:
    """Rows that are packed together: each in the table, and what they open and are saved as."""

    rows: list[Row]
    table: list[Markup]
    about: packing.Pack
    saved: list[list[str]]

    @cached_property
    def size(self) -> int:
        """The bytes that they take in a page."""
        return sum(len(line.encode()) for line in self.table) + len(self.about.text) + packing.room(self.saved)


def _size(block: _Block) -> tuple[int, int]:
    return len(block.rows), block.size


class _Part(NamedTuple):
    """What the summary says of a file of rows."""

    file: str
    rows: list[Row]


def _blocks(folder: Path, rows: Iterable[Row]) -> Iterator[_Block]:
    environment = _environment()
    about, line = environment.get_template("about.html"), environment.get_template("row.html")

    def opens(row: Row) -> str:
        case = ShownCase(row, folder)
        return about.render(case=case, constants=_constants(case.constants))

    opened = ((row, opens(row)) for row in rows)
    for some in packing.together(opened, lambda pair: (1, len(pair[1]))):
        rows_of_block = [row for row, _ in some]
        table = [Markup(line.render(row=row, numbers=numbers)) for row in rows_of_block]
        yield _Block(rows_of_block, table, packing.packed([words for _, words in some]), saved(rows_of_block))


def _as_many_as_a_page_holds(blocks: Iterator[_Block]) -> tuple[list[_Block], bool]:
    """Return blocks of at most ``ROWS`` rows and ``BYTES`` bytes, or one block more, and whether these are all."""
    page: list[_Block] = []
    for block in blocks:
        page.append(block)
        if sum(len(part.rows) for part in page) > ROWS or sum(part.size for part in page) > BYTES:
            return page, False
    return page, True


def _write_part(folder: Path, blocks: Sequence[_Block]) -> tuple[Path, _Part]:
    text = _page(folder, blocks, [], is_part=True)
    rows = [row for block in blocks for row in block.rows]
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    path = folder / f"{Path(FILE).stem}-{rows[0].number}-{digest}.html"
    return write_whole(path, text, durable=True), _Part(path.name, [*map(_brief, rows)])


def _files_of_rows(folder: Path) -> Iterator[Path]:
    """Yield the files of rows in a folder, by their names, which nobody would choose."""
    named = (path for path in folder.glob("report-*.html") if _FILE_OF_ROWS.fullmatch(path.name))
    return (path for path in named if not path.is_dir())


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _brief(row: Row) -> Row:
    """Return the tenth of a row that a summary needs."""
    spent = {"alpha_spent": row.alpha_spent}
    return replace(row, reason="", fitted=None, promised=None, constants=spent, figure=None, versions=None)


def _page(folder: Path, blocks: Sequence[_Block], answers: Sequence[gallery.Shown], *, is_part: bool = False) -> str:
    """Return a page that holds its rows."""
    rows = [row for block in blocks for row in block.rows]
    return _rendered(
        folder,
        rows,
        answers,
        is_part=is_part,
        table=[line for block in blocks for line in block.table],
        packs=[block.about for block in blocks],
        saved=packing.packed([saved_head(), *(line for block in blocks for line in block.saved)]).text,
        filters={name: _values(rows, name) for name in ("claim", "problem", "sketch", "rank", "side")},
        parts=[],
        places={},
        versions=next((row.versions for row in rows if row.versions), versions()),
    )


def _summary(folder: Path, parts: Sequence[_Part], answers: Sequence[gallery.Shown]) -> str:
    """Return the page of what is in other files."""
    rows = [row for part in parts for row in part.rows]
    places = {row.number: part.file for part in parts for row in part.rows}
    return _rendered(
        folder, rows, answers, is_part=False, table=[], packs=[], parts=parts, places=places, versions=versions()
    )


def _rendered(folder: Path, rows: Sequence[Row], answers: Sequence[gallery.Shown], **rest: Any) -> str:
    script = files("rac_theory.ledger.report").joinpath("page.js").read_text(encoding="utf-8")
    shown_claims = claims(rows)
    proofs = {claim.id: claim.proof.fragment for claim in shown_claims if claim.proof is not None}
    return (
        _environment()
        .get_template("page.html")
        .render(
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            numbers=numbers,
            claims=[claim for claim in shown_claims if claim.rows],
            untried=[] if rest["is_part"] else [claim for claim in shown_claims if not claim.rows],
            rows=rows,
            proofs=list(proofs),
            proof_packs=packing.pack(proofs.values()),
            json_end=JSON_END,
            on_a_page=ON_A_PAGE,
            count=counts,
            counts=counts(rows),
            violated=violated(rows),
            by_chance=[row for row in rows if row.violates(row.alpha)],
            sampled=sum(row.is_sampled for row in rows),
            answers=[(answer, image(folder, answer.figure)) for answer in answers],
            report=FILE,
            **rest,
        )
    )


@lru_cache
def _constants(constants: tuple[tuple[str, str, str], ...]) -> Markup:
    """The table of constants, which most seeds share."""
    return Markup(_environment().get_template("constants.html").render(constants=constants) if constants else "")


@cache
def _environment() -> "Environment":
    """The templates, which are compiled once."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # a seventh of what a sweep takes to import

    environment = Environment(
        loader=PackageLoader("rac_theory.ledger.report", "."),
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
    """Return the different values of a field, ranks sorted, others in the order of the rows; empty ones left out."""
    values = [value for value in dict.fromkeys(getattr(row, name) for row in rows) if value]
    return sorted(values) if name == "rank" else values
