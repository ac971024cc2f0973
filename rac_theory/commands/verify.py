"""``verify``: try claims on problems."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from rac_theory import theorems
from rac_theory.base import LARGEST, checks, printable, status_of_interrupt
from rac_theory.commands.counterexamples import show
from rac_theory.commands.exit_status import BAD_INPUT, OK, VIOLATED, worst
from rac_theory.commands.jobs import check_jobs
from rac_theory.commands.screen import beside, screen, show_table, tell
from rac_theory.commands.status_of_rows import status_of
from rac_theory.ledger import (
    SHORT,
    SPARE,
    KeptRows,
    Plan,
    Row,
    Selection,
    closest,
    gathered,
    ledger_table,
    legend,
    plan,
    refutations,
    remarks,
    report,
    results,
    running,
    summary_tables,
    violated,
    were_run,
)
from rac_theory.literature import counterexamples
from rac_theory.verdicts import Status


def run(arguments: argparse.Namespace) -> int:
    """Try theorems on problems, and look for the evidence of counterexamples, whichever of them are claimed."""
    everything = "all" in arguments.claim
    known = (*theorems.ALL, *counterexamples.ALL, "all")
    for name in arguments.claim:
        checks.one_of("claim", name, known)
    gallery = [name for name in counterexamples.ALL if everything or name in arguments.claim]
    arguments.claim = [name for name in arguments.claim if name not in counterexamples.ALL]
    status = run_ledger(arguments) if arguments.claim or not gallery else OK
    if gallery and status in (OK, VIOLATED, BAD_INPUT):
        status = worst(status, show(gallery, arguments))
    tell(screen(), f"Report: {printable(str(report.write(arguments.out)))}")
    return status


def run_ledger(arguments: argparse.Namespace) -> int:
    """Select, plan, run and show; what is interrupted is shown as far as it came."""
    selection = _selected(arguments)
    replaced = results.to_be_replaced(arguments.out)
    errors = beside()
    todo, seconds = _planned(selection, errors)
    if replaced is not None:
        tell(errors, printable(replaced))
    kept = KeptRows(arguments.out, [*map(printable, arguments.typed)], todo.missing)
    try:
        try:
            _run_watched(todo, seconds, kept, arguments.jobs, errors)
        finally:  # before anything is written or printed, which may fail
            arguments.found = VIOLATED if violated(kept.rows) else OK
    except KeyboardInterrupt as error:
        if not kept.are_of_runs:
            raise
        _show(kept.rows, todo.notes, arguments.out, in_full=arguments.rows)
        print("interrupted: what was finished is kept", file=sys.stderr)
        return status_of_interrupt(error)
    _show(kept.rows, todo.notes, arguments.out, in_full=arguments.rows)
    return status_of(kept.rows)


def _selected(arguments: argparse.Namespace) -> Selection:
    """Return what the options select, all of which are checked."""
    check_jobs(arguments)
    for name in ("seed", "steps", "runs"):
        if (number := getattr(arguments, name)) is not None:
            checks.integer(name, number, int(name != "seed"), LARGEST)
    return Selection(
        claims=tuple(arguments.claim),
        problems=tuple(arguments.problem),
        sketches=tuple(arguments.sketch),
        ranks=tuple(arguments.rank),
        sides=tuple(arguments.side),
        settings=tuple(arguments.setting),
        steps=arguments.steps,
        runs=arguments.runs,
        seed=arguments.seed,
        alpha=arguments.alpha,
    )


def _planned(selection: Selection, errors: Console) -> tuple[Plan, list[float]]:
    """Compute all constants, and estimate the seconds of each ensemble."""
    with errors.status("Computing constants, each with its certificate ..."):
        todo = plan(selection)
        return todo, running.estimate(todo)


def _run_watched(todo: Plan, seconds: Sequence[float], kept: KeptRows, jobs: int | None, errors: Console) -> None:
    """Run a plan beside a bar, and keep its rows."""
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f}%"), TimeRemainingColumn()
    with kept, Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task(f"{len(todo.ensembles)} ensembles", total=sum(seconds))
        for i, finished in running.run(todo, seconds, kept.figures, jobs):
            kept.add(finished)
            progress.advance(task, seconds[i])


def _show(rows: Sequence[Row], notes: Sequence[str], folder: Path, *, in_full: bool) -> None:
    """Print the rows, or what they come to where they are many; what was left out and why; where it all is."""
    console = screen()
    shown, path = were_run(rows), printable(str(folder / results.FILE))
    again, more = f"One row again: rac-theory repeat {path} NUMBER", ""
    if not (in_full or len(shown) <= SHORT):
        for table in summary_tables(rows, console.width):
            show_table(console, table)
        tell(console, legend(rows))
        if (least := closest(rows)) is not None:
            again = f"The smallest slack again: rac-theory repeat {path} {least.number}"
        more = " (--rows prints them)"
        shown = [row for row in shown if row.status == Status.VIOLATED.name]
    if shown:
        show_table(console, ledger_table(shown), SPARE)
    for line in (*gathered(notes), *remarks(rows), *refutations(rows)):
        tell(console, line)
    tell(console, f"Rows in {path}{more}, figures in {printable(str(folder / results.FIGURES))}.\n{again}")
