"""``sweep``: a grid of claims and cases as one job that may be killed and started again."""

import argparse
import shlex
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

from rac_theory.base import check_written, printable, status_of_interrupt, table_of, write_whole
from rac_theory.commands.exit_status import OK, VIOLATED, status_of
from rac_theory.commands.screen import bar, errors_screen, screen, show_table, tell
from rac_theory.commands.verify import check_jobs
from rac_theory.ledger import FAILED, Grid, Progress, Sweep, sweep, sweeps, violated


def run(arguments: argparse.Namespace) -> int:
    """Run what is left of the sweep and print what was found; status 1 if a row refutes its claim."""
    check_jobs(arguments)
    grid = Grid.load(arguments.spec, trust=arguments.trust)
    if arguments.claim:
        grid = replace(grid, claims=tuple(arguments.claim))
    store = arguments.store or arguments.spec.with_suffix(".sqlite")
    if arguments.export is not None:
        sweeps.check_table(arguments.export)
    if arguments.latex is not None:
        check_written("latex", arguments.latex)
    grid.cells  # noqa: B018  # what is wrong with a spec is said before there is a bar
    address = printable(str(store))
    try:
        sweep = _run_watched(grid, store, arguments.jobs)
    except KeyboardInterrupt as error:
        print(f"interrupted: what was finished is in {address}; the same command continues", file=sys.stderr)
        return status_of_interrupt(error)
    arguments.found = VIOLATED if violated(sweep.rows) else OK
    _print_found(sweep)
    if arguments.export is not None:
        sweep.export(arguments.export)
    if arguments.latex is not None:
        tell(screen(), f"table {printable(str(write_whole(arguments.latex, sweep.to_latex())))}")
    where = printable(str(arguments.export or store))
    tell(screen(), f"{len(sweep.rows)} rows in {where}. One row again: rac-theory repeat {shlex.quote(address)} NUMBER")
    return status_of(sweep.rows)


def _run_watched(grid: Grid, store: Path, jobs: int | None) -> Sweep:
    errors = errors_screen()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}")
    with bar(*columns) as cells:
        task = cells.add_task("cells", total=None, left="")
        reports: list[Progress] = []

        def watch(now: Progress) -> None:
            if not reports and errors.is_terminal:
                tell(errors, str(now))
            reports[:] = [now]
            cells.update(task, total=now.total, completed=now.done, left=f"{now.seconds_left:.0f} s left")

        return sweep(grid, store, n_jobs=jobs, watch=watch)


def _print_found(sweep: Sweep) -> None:
    """Print the slacks by sketch and rank, the verdicts of each claim, and one line for each kind of error."""
    console = screen()
    for claim in dict.fromkeys(row.claim for row in sweep.rows):
        counts = Counter(row.status for row in sweep.rows if row.claim == claim)
        tell(console, f"{claim}: " + ", ".join(f"{n} {status}" for status, n in counts.most_common()))
        slacks = sweep.slacks(claim)
        if slacks:
            ranks = sorted({rank for _, rank in slacks})
            table = table_of(("slack", *(f"rank {rank}" for rank in ranks)))
            for sketch in dict.fromkeys(sketch for sketch, _ in slacks):
                table.add_row(sketch, *(str(slacks.get((sketch, rank), "-")) for rank in ranks))
            show_table(console, table)
    errors = Counter(row.reason for row in sweep.rows if row.status == FAILED)
    for reason, count in errors.items():
        tell(console, f"{FAILED} x {count}: {reason}")
