"""The ledger as a table, with a line for each row that was run, or on one screen, with a line for each problem."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_DOWN, Context
from typing import Any

from rich.markup import escape
from rich.table import Table

from rac_theory.base import table_of
from rac_theory.ledger.verdict_row import FAILED, NEEDS_EXTRA, Row, counts, violated
from rac_theory.theorems import ALL
from rac_theory.verdicts import Slack, Status

COLOURS = {"HOLDS": "green", "CONSISTENT": "cyan", "UNDECIDED": "yellow", "VIOLATED": "bold red", FAILED: "red"}

SPARE = ("time", "promised", "fitted", "evidence", "reach", "setting")
"""What a narrow terminal leaves out, the first one first."""

COLUMNS = (
    "#",
    "claim",
    "case",
    "setting",
    "verdict",
    "slack [interval]",
    "reach",
    "fitted",
    "promised",
    "evidence",
    "time",
)

_EXPLAINED = re.compile(r" \(.*\)$")  # what a symbol means, which explain says; results.json has it too
_NUMBER = re.compile(r"(?<![\w(])\d+\.\d+(e[+-]?\d+)?")  # reasons that differ by a measured number are one


def ledger_table(rows: Sequence[Row]) -> Table:
    """Return the table of the rows that were run: claim, case, verdict, slack, reach, rates, evidence, time."""
    table = table_of(COLUMNS, right=("#", "reach", "time"), wrapped=("case",))
    for row in rows:
        if row.status not in (NEEDS_EXTRA, Status.NOT_APPLICABLE.name):
            coloured = {"verdict": f"[{COLOURS[row.status]}]{row.status}[/]"}
            cells_by_column = zip(COLUMNS, cells(row), strict=True)
            table.add_row(*(coloured.get(name, escape(words)) for name, words in cells_by_column))
    return table


def cells(row: Row) -> tuple[str, ...]:
    """Return what stands in the columns of a row."""
    return (
        str(row.number),
        row.claim,
        f"{row.problem} {row.sketch} r{row.rank} {row.side}",
        row.setting,
        row.status,
        _slack(row.slack),
        f"{row.reach or 0}/{row.steps}",
        _rate(row.fitted),
        _rate(row.promised),
        row.evidence,
        "-" if row.seconds is None else f"{row.seconds:.1f}s",
    )


def remarks(rows: Sequence[Row]) -> list[str]:
    """Return one line for each reason why rows were not run, with how many they are, and the counts of verdicts.

    A row that misses several assumptions is counted for each. Places are named where they are not all there are.
    """
    lines = []
    unmet: dict[str, list[Row]] = {}
    for row in rows:
        if row.status == Status.NOT_APPLICABLE.name:
            for reason in row.reason.removesuffix(".").split("; "):
                unmet.setdefault(_NUMBER.sub("...", _EXPLAINED.sub("", reason)), []).append(row)
    for reason, ones in unmet.items():
        places = [_named({getattr(row, axis) for row in ones}, rows, axis) for axis in ("problem", "sketch")]
        where = "; ".join(filter(None, places))
        lines.append(f"NOT_APPLICABLE x {len(ones)}{f' ({where})' if where else ''}: {reason}")
    failed = Counter(row.reason for row in rows if row.status == FAILED)
    lines += [f"{FAILED} x {count}: {reason}" for reason, count in failed.items()]
    needed = {row.problem: row.reason for row in rows if row.status == NEEDS_EXTRA}
    lines += [f"{problem}: {reason}" for problem, reason in needed.items()]
    return [*lines, ", ".join(f"{count} {status}" for status, count in counts(rows).items())]


def gathered(notes: Sequence[str]) -> list[str]:
    """Return notes that say the same of several places as one.

    Examples
    --------
    >>> from rac_theory.ledger.table import gathered
    >>> gathered(["wine: it is left out", "plain is left out", "digits: it is left out"])
    ['wine, digits: it is left out', 'plain is left out']
    """
    places: dict[str, list[str]] = {}
    for note in notes:
        where, colon, what = note.rpartition(": ")
        places.setdefault(what, []).extend([where] * bool(colon))
    return [": ".join(filter(None, (", ".join(where), what))) for what, where in places.items()]


def _named(names: set[str], rows: Sequence[Row], axis: str) -> str:
    """The names of some rows on an axis; empty if they are all that were tried."""
    return (
        "" if names == {getattr(row, axis) for row in rows if row.status != NEEDS_EXTRA} else ", ".join(sorted(names))
    )


def _slack(slack: Mapping[str, Any] | None) -> str:
    """Show a slack; an end that JSON could not hold is no bound."""
    if slack is None or slack["value"] is None:
        return "-"
    t, low, value, high = (slack[part] for part in Slack._fields)
    return str(Slack(t, 0.0 if low is None else low, value, math.inf if high is None else high))


def refutations(rows: Sequence[Row]) -> list[str]:
    """Return a line for each row that refutes its claim, and one if others would do so alone."""
    lines = []
    chance, certain = [row for row in rows if row.violates(row.alpha)], violated(rows)
    if len(certain) < len(chance):
        sampled = sum(row.is_sampled for row in rows)
        lines.append(
            f"{len(chance) - len(certain)} row(s) pass alpha but not alpha / {sampled}: "
            "among so many rows that may be chance, and the exit status leaves them out"
        )
    return lines + [f"row {row.number}, {row.claim} on {row.key}: {row.reason}" for row in certain]


def _rate(rate: Mapping[str, Any] | None) -> str:
    """Show a factor or a power, with half the width of its interval where it has one."""
    if rate is None or rate["value"] is None:
        return "-"
    digits = 4 if rate["kind"] == "linear" else 2
    half = 0.0 if None in (rate["low"], rate["high"]) else (rate["high"] - rate["low"]) / 2
    value = f"{rate['value']:.{digits}f}" + (f" ± {half:.{digits}f}" if half else "")
    return value if rate["kind"] == "linear" else f"t^{value}"


SHORT = 12
"""Where no more rows than this were run, they are their own summary."""

_NOT_RUN = (NEEDS_EXTRA, Status.NOT_APPLICABLE.name)
_WORST_FIRST = {
    Status.VIOLATED.name: "V violated",
    "FAILED": "F failed",
    Status.UNDECIDED.name: "U undecided, too little to say either",
    Status.CONSISTENT.name: "C consistent, neither refuted nor confirmed",
    Status.HOLDS.name: "H holds, exactly or confirmed at level {alpha:g}",
}
_GAP = 2  # blanks between two columns


def were_run(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that came to a verdict on evidence."""
    return [row for row in rows if row.status not in _NOT_RUN]


def summary_tables(rows: Sequence[Row], width: int) -> Iterator[Table]:
    """Yield tables of problems by claims, each of as many claims as fit the width.

    A cell counts the verdicts by their first letters, the worst in front, and ends in the smallest slack of the rows
    that hold: how many times larger the bound is than the mean at their reach, exactly or at least; it is rounded down.

    Parameters
    ----------
    rows : sequence of Row
    width : int
        In characters.
    """
    by_place: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_place.setdefault((row.problem, row.claim), []).append(row)
    rows_run = were_run(rows)
    problems = [*dict.fromkeys(row.problem for row in rows_run)]
    evidence = [_evidence([row for row in rows_run if row.problem == problem]) for problem in problems]
    columns = {
        claim: [_cell(by_place.get((problem, claim), [])) for problem in problems]
        for claim in dict.fromkeys(row.claim for row in rows if row.status != NEEDS_EXTRA)
    }
    widths = {claim: max(map(len, (claim, *cells))) for claim, cells in columns.items()}
    left = max(map(len, ("problem", *problems))) + _GAP + max(map(len, ("evidence", *evidence)))
    while widths:
        block: list[str] = []
        used = left
        while widths and (not block or used + _GAP + next(iter(widths.values())) <= width):
            block.append(next(iter(widths)))
            used += _GAP + widths.pop(block[-1])
        table = table_of(("problem", "evidence", *block))
        for i, problem in enumerate(problems):
            cells = (_coloured(columns[claim][i]) for claim in block)
            table.add_row(escape(problem), evidence[i], *cells)
        yield table


def legend(rows: Sequence[Row]) -> str:
    """Return what the letters and the number in a cell mean, of those that came up."""
    statuses = {row.status for row in rows}
    alpha = max((row.alpha for row in rows), default=math.nan)  # the level at which all that hold are confirmed
    letters = [words.format(alpha=alpha) for status, words in reversed(_WORST_FIRST.items()) if status in statuses]
    if Status.NOT_APPLICABLE.name in statuses:
        letters.append("- not applicable")
    number = (
        " The number is the smallest slack of those that hold: at the last step that they can judge, the bound is at "
        "least so many times the mean. 1 is tight; above it runs do better."
    )
    return f"{'; '.join(letters)}.{number if Status.HOLDS.name in statuses else ''}"


def promises(rows: Sequence[Row]) -> str:
    """Return in a line what the theorems that were tried bound; a sharp form as the one that it sharpens."""
    tried = dict.fromkeys(row.claim.removesuffix("_sharp") for row in rows)
    alike: dict[str, list[str]] = {}
    for theorem in (ALL[claim] for claim in tried if claim in ALL):
        factor = ", by a factor a step" if theorem.rate == "linear" else ""
        alike.setdefault(f"{theorem.metric.name}{factor}", []).append(theorem.id)
    bounded = "; ".join(f"{', '.join(ids)} {what}" for what, ids in alike.items())
    return f"What is bounded: {bounded}." if bounded else ""


def closest(rows: Sequence[Row]) -> Row | None:
    """Return the row that holds with the smallest slack that is known; None where none holds."""
    return min(_with_slack(rows), key=known_slack, default=None)


def _with_slack(rows: Sequence[Row]) -> list[Row]:
    """The rows that hold and have a slack; one that is confirmed without a reach has none."""
    return [row for row in rows if row.status == Status.HOLDS.name and row.slack is not None]


def known_slack(row: Row) -> float:
    """What the slack of a row is at least: it is exact, or the lower end of its interval."""
    return 0.0 if row.slack is None else row.slack["low"] or 0.0


def rounded_down(number: float) -> str:
    """Show three digits of a number >= 0; what is shown is never larger.

    Examples
    --------
    >>> from rac_theory.ledger.table import rounded_down
    >>> [rounded_down(number) for number in (1.0, 1.1999, 72.38, 4567.8, 2.5e7, float("inf"))]
    ['1', '1.19', '72.3', '4560', '2.5e+07', 'inf']
    """
    if not math.isfinite(number):
        return f"{number:g}"
    return f"{float(Context(prec=3, rounding=ROUND_DOWN).create_decimal(number)):g}"


def _cell(rows: Sequence[Row]) -> str:
    by_status = counts(were_run(rows))
    if not by_status:
        return "-" if rows else ""
    counted = [f"{by_status[status]}{words[0]}" for status, words in _WORST_FIRST.items() if status in by_status]
    slacks = [known_slack(row) for row in _with_slack(rows)]
    return " ".join([*counted, rounded_down(min(slacks))] if slacks else counted)


def _evidence(rows: Sequence[Row]) -> str:
    kinds = {row.evidence for row in rows}
    return "both" if len(kinds) > 1 else "".join(kinds)


def _coloured(cell: str) -> str:
    """Colour a cell by its worst verdict, whose letter comes first."""
    letter = cell.lstrip("0123456789")[:1]
    colour = next((COLOURS[status] for status, words in _WORST_FIRST.items() if words[0] == letter), "")
    return f"[{colour}]{cell}[/]" if colour else cell
