"""``verify``: try claims on problems."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from joblib import cpu_count
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from rac_theory import theorems
from rac_theory.base import LARGEST, check_written, checks, printable, status_of_interrupt, write_whole
from rac_theory.commands.counterexamples import show
from rac_theory.commands.exit_status import BAD_INPUT, OK, VIOLATED, status_of, worst
from rac_theory.commands.screen import bar, errors_screen, screen, show_table, tell
from rac_theory.ledger import Grid, KeptRows, Ledger, Plan, Row, plan, report, results, running, table, violated
from rac_theory.literature import counterexamples
from rac_theory.verdicts import Status


def run(arguments: argparse.Namespace) -> int:
    """Try theorems on problems, and look for the evidence of counterexamples, whichever of them are claimed."""
    everything = "all" in arguments.claim
    claims = (*theorems.ALL, *counterexamples.ALL, "all")
    arguments.claim += arguments.theorem
    for name in arguments.claim:
        theorems.theorem_named(name) if theorems.is_own(name) else checks.one_of("claim", name, claims)
    gallery = [name for name in counterexamples.ALL if everything or name in arguments.claim]
    arguments.claim = [name for name in arguments.claim if name not in counterexamples.ALL]
    status = run_ledger(arguments) if arguments.claim or not gallery else OK
    if gallery and status in (OK, VIOLATED, BAD_INPUT):
        status = worst(status, show(gallery, arguments))
    tell(screen(), f"Report: {printable(str(report.write(arguments.out)))}")
    return status


def run_ledger(arguments: argparse.Namespace) -> int:
    """Select, plan, run and show; what is interrupted is shown as far as it came."""
    grid = _grid(arguments)
    replaced = results.to_be_replaced(arguments.out)
    with errors_screen().status("Computing constants, each with its certificate ..."):
        todo = plan(grid)
        seconds = running.estimate(todo)
    if arguments.latex is not None:
        check_written("latex", arguments.latex)
    if arguments.figure is not None:
        results.check_figure(arguments.figure)
        if (rows := sum(len(ensemble.claims) for ensemble in todo.ensembles)) != 1:
            raise ValueError(
                f"figure must be of one row, got {rows}: name a claim, problem, sketch, rank and side; all figures are "
                f"in {arguments.out / results.FIGURES}"
            )
    if replaced is not None:
        tell(errors_screen(), printable(replaced))
    store = KeptRows(arguments.out, [*map(printable, arguments.typed)], todo.missing)
    try:
        try:
            _run_watched(todo, seconds, store, arguments.jobs)
        finally:  # before anything is written or printed, which may fail
            arguments.found = VIOLATED if violated(store.rows) else OK
    except KeyboardInterrupt as error:
        if not store.are_of_runs:
            raise
        _show(store.rows, todo.notes, arguments.out, in_full=arguments.rows)
        print("interrupted: what was finished is kept", file=sys.stderr)
        return status_of_interrupt(error)
    _show(store.rows, todo.notes, arguments.out, in_full=arguments.rows)
    if arguments.figure is not None and todo.ensembles[0].needs_runs:
        (verdict,) = todo.ensembles[0].verdicts()  # rows have no curves
        tell(screen(), f"figure {printable(str(results.save_figure_as(verdict.plot(), arguments.figure)))}")
    if arguments.latex is not None:
        tell(screen(), f"table {printable(str(write_whole(arguments.latex, Ledger(store.rows).to_latex())))}")
    return status_of(store.rows)


def _grid(arguments: argparse.Namespace) -> Grid:
    """Return what the options select, all of which are checked."""
    check_jobs(arguments)
    for name in ("seed", "steps", "runs"):
        if (number := getattr(arguments, name)) is not None:
            checks.integer(name, number, int(name != "seed"), LARGEST)
    options = ("claim", "problem", "sketch", "rank", "side", "setting", "steps", "runs", "alpha")
    axes: dict[str, Any] = {_AXES.get(name, name): getattr(arguments, name) for name in options}
    return Grid(seeds=(arguments.seed,), **axes)


_AXES = {"sketch": "sketches"} | {name: f"{name}s" for name in ("claim", "problem", "rank", "side", "setting")}


def _run_watched(todo: Plan, seconds: Sequence[float], store: KeptRows, jobs: int | None) -> None:
    """Run a plan beside a bar, and keep its rows."""
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f}%"), TimeRemainingColumn()
    if sum(seconds) > _LONG:
        cores = min(len(seconds), jobs or cpu_count())
        tell(errors_screen(), f"about {_in_words(sum(seconds) / cores)}; --runs and --steps make it shorter")
    with store, bar(*columns) as progress:
        task = progress.add_task(f"{len(todo.ensembles)} ensembles", total=sum(seconds))
        for i, finished in running.run(todo, seconds, store.figures, jobs):
            store.add(finished)
            progress.advance(task, seconds[i])


_LONG = 300  # seconds, of which it is said before


def _in_words(seconds: float) -> str:
    """A time in the largest unit of which it has one."""
    units = {"years": 31557600, "days": 86400, "hours": 3600, "minutes": 60}
    unit = next((unit for unit in units if seconds >= units[unit]), "minutes")
    return f"{seconds / units[unit]:.0f} {unit}"


def _show(rows: Sequence[Row], notes: Sequence[str], folder: Path, *, in_full: bool) -> None:
    """Print the rows, or what they come to where they are many; what was left out and why; where it all is."""
    console = screen()
    printed, path = table.were_run(rows), printable(str(folder / results.FILE))
    repeat, more = f"rac-theory repeat {shlex.quote(path)}", ""  # as it is to be typed
    advice = f"One row again: {repeat} NUMBER"
    if not (in_full or len(printed) <= table.SHORT):
        for part in table.summary_tables(rows, console.width):
            show_table(console, part)
        if promised := table.promises(rows):
            tell(console, promised)
        tell(console, table.legend(rows))
        if (least := table.closest(rows)) is not None:
            advice = f"The smallest slack again: {repeat} {least.number}"
        more = " (--rows prints them)"
        printed = [row for row in printed if row.status == Status.VIOLATED.name]
    if printed:
        show_table(console, table.ledger_table(printed), table.SPARE)
    for line in (*table.gathered(notes), *table.remarks(rows), *table.refutations(rows)):
        tell(console, line)
    tell(console, f"Rows in {path}{more}, figures in {printable(str(folder / results.FIGURES))}.\n{advice}")


_MOST_JOBS = 16  # times the cores; each takes a hundred megabytes


def check_jobs(arguments: argparse.Namespace) -> None:
    """Raise a ``ValueError`` for a number of processes that a machine cannot start."""
    if arguments.jobs is not None:
        checks.integer("jobs", arguments.jobs, 1, _MOST_JOBS * cpu_count(), f"{_MOST_JOBS} times the cores")
