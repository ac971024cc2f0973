"""The ledger on one screen: a line for each problem, a column for each claim, and what was found in where they meet."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import ROUND_DOWN, Context

from rich.markup import escape
from rich.table import Table

from rac_theory.ledger.table import COLOURS
from rac_theory.ledger.verdict_row import NEEDS_EXTRA, Row
from rac_theory.theorems import ALL
from rac_theory.verdicts import Status

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
    shown = were_run(rows)
    problems = [*dict.fromkeys(row.problem for row in shown)]
    evidence = [_evidence([row for row in shown if row.problem == problem]) for problem in problems]
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
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("problem", "evidence", *block):
            table.add_column(escape(heading), no_wrap=True)
        for i, problem in enumerate(problems):
            cells = (_coloured(columns[claim][i]) for claim in block)
            table.add_row(escape(problem), evidence[i], *cells)
        yield table


def legend(rows: Sequence[Row]) -> str:
    """Return what the letters and the number in a cell mean, of those that came up."""
    seen = {row.status for row in rows}
    alpha = max((row.alpha for row in rows), default=math.nan)  # the level at which all that hold are confirmed
    letters = [words.format(alpha=alpha) for status, words in reversed(_WORST_FIRST.items()) if status in seen]
    if Status.NOT_APPLICABLE.name in seen:
        letters.append("- not applicable")
    number = (
        " The number is the smallest slack of those that hold: at the last step that they can judge, the bound is at "
        "least so many times the mean. 1 is tight; above it runs do better."
    )
    return f"{'; '.join(letters)}.{number if Status.HOLDS.name in seen else ''}"


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
    >>> from rac_theory.ledger.summary import rounded_down
    >>> [rounded_down(number) for number in (1.0, 1.1999, 72.38, 4567.8, 2.5e7, float("inf"))]
    ['1', '1.19', '72.3', '4560', '2.5e+07', 'inf']
    """
    if not math.isfinite(number):
        return f"{number:g}"
    return f"{float(Context(prec=3, rounding=ROUND_DOWN).create_decimal(number)):g}"


def _cell(rows: Sequence[Row]) -> str:
    counts = Counter(row.status for row in were_run(rows))
    if not counts:
        return "-" if rows else ""
    told = [f"{counts[status]}{words[0]}" for status, words in _WORST_FIRST.items() if counts[status]]
    slacks = [known_slack(row) for row in _with_slack(rows)]
    return " ".join([*told, rounded_down(min(slacks))] if slacks else told)


def _evidence(rows: Sequence[Row]) -> str:
    kinds = {row.evidence for row in rows}
    return "both" if len(kinds) > 1 else "".join(kinds)


def _coloured(cell: str) -> str:
    """Colour a cell by its worst verdict, whose letter comes first."""
    letter = cell.lstrip("0123456789")[:1]
    colour = next((COLOURS[status] for status, words in _WORST_FIRST.items() if words[0] == letter), "")
    return f"[{colour}]{cell}[/]" if colour else cell
