"""Values as tables: the ledger, a line for each row and a summary; the options of advice, a line for each."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from rac_theory.ledger.verdict_row import FAILED, NEEDS_EXTRA, Row
from rac_theory.ledger.violated import violated
from rac_theory.verification.verdict import Slack, Status

_COLOURS = {"HOLDS": "green", "CONSISTENT": "cyan", "UNDECIDED": "yellow", "VIOLATED": "bold red", FAILED: "red"}


_NUMBER = re.compile(r"(?<![\w(])\d+\.\d+(e[+-]?\d+)?")  # reasons that differ by a measured number are one


def ledger_table(rows: Sequence[Row]) -> Table:
    """Return the table of the rows that were run: claim, case, verdict, slack, reach, rates, evidence, time."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right")
    for name in ("claim", "case", "setting", "verdict", escape("slack [interval]")):
        table.add_column(name, no_wrap=True)
    table.add_column("reach", justify="right", no_wrap=True)
    for name in ("fitted", "promised", "evidence"):
        table.add_column(name, no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    for row in rows:
        if row.status in (NEEDS_EXTRA, Status.NOT_APPLICABLE.name):
            continue
        table.add_row(
            str(row.number),
            row.claim,
            escape(f"{row.problem} {row.sketch} r{row.rank} {row.side}"),
            row.setting,
            f"[{_COLOURS[row.status]}]{row.status}[/]",
            escape(str(Slack(**row.slack))) if row.slack else "-",  # type: ignore[arg-type]
            f"{row.reach or 0}/{row.steps}",
            _rate(row.fitted),
            _rate(row.promised),
            row.evidence,
            "-" if row.seconds is None else f"{row.seconds:.1f}s",
        )
    return table


def remarks(rows: Sequence[Row]) -> list[str]:
    """Return one line for each reason why rows were not run, with how many they are, and the counts of verdicts."""
    lines = []
    unmet = Counter(
        (row.problem, row.sketch, _NUMBER.sub("...", row.reason))
        for row in rows
        if row.status == Status.NOT_APPLICABLE.name
    )
    by_reason: dict[str, list[tuple[str, str, int]]] = {}
    for (problem, sketch, reason), count in unmet.items():
        by_reason.setdefault(reason, []).append((problem, sketch, count))
    for reason, where in by_reason.items():
        total = sum(count for *_, count in where)
        places = sorted({problem for problem, *_ in where}), sorted({sketch for _, sketch, _ in where})
        lines.append(f"NOT_APPLICABLE x {total} ({', '.join(places[0])}; {', '.join(places[1])}): {reason}")
    failed = Counter(row.reason for row in rows if row.status == FAILED)
    lines += [f"{FAILED} x {count}: {reason}" for reason, count in failed.items()]
    needed = {row.problem: row.reason for row in rows if row.status == NEEDS_EXTRA}
    lines += [f"{problem}: {reason}" for problem, reason in needed.items()]
    counts = Counter(row.status for row in rows)
    names = [*(status.name for status in Status), FAILED, NEEDS_EXTRA]
    lines.append(", ".join(f"{counts[name]} {name}" for name in names if counts[name]))
    return lines


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


def _rate(rate: dict[str, Any] | None) -> str:
    """Show a factor or a power, with half the width of its interval where it has one."""
    if rate is None:
        return "-"
    digits = 4 if rate["kind"] == "linear" else 2
    half = (rate["high"] - rate["low"]) / 2
    value = f"{rate['value']:.{digits}f}" + (f" ± {half:.{digits}f}" if half else "")
    return value if rate["kind"] == "linear" else f"t^{value}"
