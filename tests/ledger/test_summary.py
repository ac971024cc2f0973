"""The summary: one screen for the usual ledger, counts and slacks that are those of the rows, and nothing hidden."""

import io
import re
from dataclasses import replace
from itertools import product

from rich.console import Console

from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS
from rac_theory.ledger.ledger import Ledger
from rac_theory.ledger.table import (
    SHORT,
    _rate,
    closest,
    gathered,
    legend,
    promises,
    remarks,
    rounded_down,
    summary_tables,
    were_run,
)
from rac_theory.ledger.verdict_row import Row

USUAL = [name for name, problem in DEFAULT_PROBLEMS.items() if problem.usual]
CLAIMS = ("T1", "T2", "T1_sharp", "T2_sharp")
SKETCHES = ("haar", "coordinate", "weighted_coordinate", "frozen")


def a_row(number=1, problem="quadratic", claim="T2", status="HOLDS", low=2.0, evidence="exact", **rest):
    slack = None if status == "NOT_APPLICABLE" else {"t": 4, "low": low, "value": low * 1.5, "high": low * 2}
    evidence = "none" if status == "NOT_APPLICABLE" else evidence
    blank = replace(Row.missing(number, claim, problem, "", 0, 1e-3), side="left", rank=1, setting="1/L")
    return replace(blank, status=status, evidence=evidence, slack=slack, **{"sketch": "haar", **rest})


def usual_rows():
    """As many rows as the usual ledger has, with the reasons that it has."""
    rows = []
    for problem, claim, sketch, case in product(USUAL, CLAIMS, SKETCHES, range(3)):
        reasons = ["lambda_min > 0 is not met: lambda_min is 0 (smallest eigenvalue of E[H])"] * (sketch == "frozen")
        if problem == "nonconvex" and "T2" in claim:
            reasons += ["f(W^0) - f* must be known, gap0 is nan (gap at the start)", "PL needs a known mu > 0: mu is 0"]
        status = "NOT_APPLICABLE" if reasons else ("CONSISTENT" if problem == "wine" and case else "HOLDS")
        reason = f"{'; '.join(reasons)}." if reasons else ""
        evidence = "exact" if problem in ("quadratic", "diabetes", "linnerud") else "sampled"
        low = 12345.6 if claim == "T2_sharp" else 1.2345 + case
        rows.append(a_row(len(rows) + 1, problem, claim, status, low, evidence, sketch=sketch, reason=reason))
    return rows


def printed(rows, width):
    console = Console(file=io.StringIO(), width=1000, highlight=False)
    for table in summary_tables(rows, width):
        console.print(table)
    return console.file.getvalue().splitlines()


def table_of(rows, width=1000):
    """The cells by problem and claim."""
    heading, *lines = printed(rows, width)
    names = re.split(r"\s{2,}", heading.strip())
    starts = [heading.index(f"{name} ") if i < len(names) - 1 else heading.rindex(name) for i, name in enumerate(names)]
    found = {}
    for line in lines:
        cells = [line[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
        found[cells[0]] = dict(zip(names[1:], cells[1:], strict=True))
    return found


def test_the_usual_ledger_is_a_screen_of_24_lines_of_80_columns():
    """With what is said below it, and a line for the prompt."""
    rows = usual_rows()
    lines = printed(rows, 80)
    assert len(lines) == 1 + len(USUAL)
    assert max(map(len, lines)) <= 80
    notes = [f"{name}: side='right' is left out, a sketch of dimension 1 is the identity" for name in ("a", "b", "c")]
    prose = [promises(rows), legend(rows), *gathered(notes), *remarks(rows)]
    lines_of_prose = sum(-(-len(line) // 72) for line in prose)
    assert len(lines) + lines_of_prose + len(("rows in", "smallest slack", "report", "prompt")) <= 24


def test_a_cell_counts_verdicts_and_has_the_smallest_slack_of_those_that_hold():
    """Catches the slack of a row that does not hold, the value instead of the end that is safe, and a largest one."""
    rows = [
        *(a_row(1, low=3.0), a_row(2, low=1.5), a_row(3, low=0.4, status="CONSISTENT")),
        *(a_row(4, status="NOT_APPLICABLE", sketch="frozen"), a_row(5, low=0.1, status="UNDECIDED")),
        a_row(6, claim="T1", status="NOT_APPLICABLE"),
        a_row(7, problem="wine", claim="T1", low=0.2, status="VIOLATED", evidence="sampled"),
        *(a_row(8, problem="digits", low=2.0), a_row(9, problem="digits", evidence="sampled", low=9.0)),
    ]
    assert table_of(rows) == {
        "quadratic": {"evidence": "exact", "T2": "1U 1C 2H 1.5", "T1": "-"},
        "wine": {"evidence": "sampled", "T2": "", "T1": "1V"},
        "digits": {"evidence": "both", "T2": "2H 2", "T1": ""},
    }
    assert closest(rows).number == 2
    without = replace(a_row(0), slack=None)  # Python orders no nan, so that one in front would hide all others
    assert closest([without, *rows]).number == 2
    assert table_of([without, *rows])["quadratic"]["T2"] == "1U 1C 3H 1.5"
    assert table_of([without])["quadratic"]["T2"] == "1H"
    assert closest(rows[5:7]) is None
    said = legend(rows)
    for words in ("V violated", "U undecided", "C consistent", "H holds", "level 0.001", "- not applicable"):
        assert words in said
    assert legend(rows[:1]).startswith("H holds, exactly or confirmed at level 0.001. The number is")
    assert "violated" not in legend(rows[:1])


def test_the_legend_claims_no_more_than_every_row_does():
    """At the start a bound may be an equality, so a slack is that of one step; a level is that of the weakest row.

    What is bounded is said in a line: catches a factor a step said of a sublinear bound, and a theorem left out.
    """
    rows = [a_row(1, low=3.0), replace(a_row(2, low=1.5), alpha=0.05)]
    assert "confirmed at level 0.05." in legend(rows)
    assert "at the last step that they can judge, the bound is at least" in legend(rows)
    assert "1 is tight; above it runs do better." in legend(rows)
    rows = [a_row(i, claim=claim) for i, claim in enumerate(("T1", "T2", "my_module:mine", "T2_sharp"))]
    assert promises(rows) == "What is bounded: T1 mean squared gradient; T2 gap, by a factor a step."
    assert promises(rows[2:3]) == ""


def test_every_claim_is_in_one_table_however_narrow():
    """Catches a claim that is lost where tables are parted, and one whose cells are lost."""
    rows = [a_row(i, claim=f"T{i}") for i in range(1, 34)]
    for width in (40, 80, 120, 1000):
        lines = printed(rows, width)
        assert max(map(len, lines)) <= width
        headings = [word for line in lines if line.startswith("problem") for word in line.split()[2:]]
        assert headings == [f"T{i}" for i in range(1, 34)]
        assert sum(line.count("1H 2") for line in lines) == 33
    whole = max(map(len, printed(rows, 1000)))
    tables = [sum(line.startswith("problem") for line in printed(rows, width)) for width in (whole - 1, whole, 1000)]
    assert tables == [2, 1, 1]
    assert len(printed(rows, 10)) == 66  # one claim each, where not even one fits


def test_what_is_shown_is_never_larger():
    """Catches rounding to the nearest: 1.19999 would be 1.2, and 999.9 would be 1000.

    A rate is a factor or a power, with half its interval.
    """
    for number in (1.0, 1.19999, 9.999, 10.04, 99.96, 999.9, 1234.5, 99999.0, 123456.7, 1 / 3, 1e-9):
        assert number * 0.99 <= float(rounded_down(number)) <= number
    assert _rate({"kind": "linear", "value": 0.9, "low": None, "high": None}) == "0.9000"
    assert _rate({"kind": "linear", "value": 0.9, "low": 0.85, "high": 0.95}) == "0.9000 ± 0.0500"
    assert _rate({"kind": "sublinear", "value": -1.0, "low": -1.1, "high": -0.9}) == "t^-1.00 ± 0.10"
    assert _rate(None) == _rate({"kind": "linear", "value": None}) == "-"


def test_a_notebook_shows_sixty_rows_and_says_how_many_more_there_are():
    sixty, more = (Ledger([a_row(i) for i in range(rows)])._repr_html_() for rows in (60, 61))
    assert sixty.count("<tr") == more.count("<tr") == 60 + 1
    assert "more" not in sixty
    assert "and 1 more: to_frame() has all of them" in more


def test_rows_that_were_not_run_are_not_counted():
    rows = [a_row(i) for i in range(SHORT)] + [a_row(status="NOT_APPLICABLE"), Row.missing(9, "T2", "wine", "", 0, 0.1)]
    assert len(were_run(rows)) == SHORT
    assert [*table_of(rows)] == ["quadratic"]


def test_reasons_are_counted_one_by_one_and_placed_where_they_are_not_everywhere():
    """Frozen misses lambda_min on every problem; nonconvex misses two more with every sketch."""
    rows = usual_rows()
    lines = remarks(rows)
    assert lines[:3] == [
        "NOT_APPLICABLE x 96 (frozen): lambda_min > 0 is not met: lambda_min is 0",
        "NOT_APPLICABLE x 24 (nonconvex): f(W^0) - f* must be known, gap0 is nan",
        "NOT_APPLICABLE x 24 (nonconvex): PL needs a known mu > 0: mu is 0",
    ]
    assert lines[-1] == "246 HOLDS, 24 CONSISTENT, 114 NOT_APPLICABLE"
    assert remarks([row for row in rows if row.sketch == "frozen"])[0].startswith("NOT_APPLICABLE x 96: lambda_min")
