"""The ledger as a table, a line for each row that was run, and a summary of the others."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from rac_theory.ledger.verdict_row import FAILED, NEEDS_EXTRA, Row
from rac_theory.ledger.violated import violated
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
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in COLUMNS:
        table.add_column(
            escape(name), justify="right" if name in ("#", "reach", "time") else "left", no_wrap=name != "case"
        )
    for row in rows:
        if row.status not in (NEEDS_EXTRA, Status.NOT_APPLICABLE.name):
            coloured = {"verdict": f"[{COLOURS[row.status]}]{row.status}[/]"}
            told = zip(COLUMNS, cells(row), strict=True)
            table.add_row(*(coloured.get(name, escape(words)) for name, words in told))
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
    counts = Counter(row.status for row in rows)
    names = [*(status.name for status in Status), FAILED, NEEDS_EXTRA]
    lines.append(", ".join(f"{counts[name]} {name}" for name in names if counts[name]))
    return lines


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


def _named(found: set[str], rows: Sequence[Row], axis: str) -> str:
    """The places of some rows; nothing where these are all that were tried."""
    return (
        "" if found == {getattr(row, axis) for row in rows if row.status != NEEDS_EXTRA} else ", ".join(sorted(found))
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
