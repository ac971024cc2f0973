"""``sweep``: a grid of claims and cases as one job that may be killed and started again."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rich import progress
from rich.console import Console
from rich.table import Table

from rac_theory.commands.exit_status import status_of
from rac_theory.commands.in_common import add_jobs, check_jobs, wide_console
from rac_theory.ledger.verdict_row import FAILED
from rac_theory.problems.naming import printable
from rac_theory.processes.interrupts import status_of_interrupt
from rac_theory.sweeps import Grid, Progress, Sweep, export, sweep


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = commands.add_parser("sweep", help="a grid of claims and cases as one job that may be killed at any moment")
    parser.set_defaults(run=run)
    parser.add_argument("spec", type=Path, help="a TOML file with the axes of the grid")
    parser.add_argument("--store", type=Path, help="SQLite file of finished cells (default: spec with .sqlite)")
    parser.add_argument("--export", type=Path, help="a .csv or .parquet file to write when all cells are finished")
    parser.add_argument("--trust", action="store_true", help="import sketches of the spec that are not of rac_theory")
    add_jobs(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run what is left of the sweep and print what was found; status 1 if a row refutes its claim."""
    check_jobs(arguments)
    grid = Grid.load(arguments.spec, trust=arguments.trust)
    store = arguments.store or arguments.spec.with_suffix(".sqlite")
    if arguments.export is not None:
        export.check(arguments.export)
    grid.cells  # noqa: B018  # what is wrong with a spec is said before there is a bar
    shown = printable(str(store))
    try:
        found = _run_watched(grid, store, arguments.jobs)
    except KeyboardInterrupt as error:
        print(f"interrupted: what was finished is in {shown}; the same command continues", file=sys.stderr)
        return status_of_interrupt(error)
    _print_found(found)
    if arguments.export is not None:
        found.export(arguments.export)
    where = printable(str(arguments.export or store))
    print(f"{len(found.rows)} rows in {where}. One row again: rac-theory repeat {shown} NUMBER")
    return status_of(found.rows)


def _run_watched(grid: Grid, store: Path, jobs: int | None) -> Sweep:
    screen = Console(stderr=True)
    bar = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[left]}"),
        console=screen,
        transient=True,
    )
    with bar:
        task = bar.add_task("cells", total=None, left="")
        told: list[Progress] = []

        def watch(now: Progress) -> None:
            if not told:
                screen.print(str(now), highlight=False, markup=False, soft_wrap=True)
            told[:] = [now]
            bar.update(task, total=now.total, completed=now.done, left=f"{now.seconds_left:.0f} s left")

        return sweep(grid, store, jobs=jobs, watch=watch)


def _print_found(found: Sweep) -> None:
    """Print the slacks by sketch and rank, the verdicts of each claim, and one line for each kind of error."""
    console = wide_console()
    for claim in dict.fromkeys(row.claim for row in found.rows):
        counts = Counter(row.status for row in found.rows if row.claim == claim)
        console.print(f"{claim}: " + ", ".join(f"{n} {status}" for status, n in counts.most_common()), markup=False)
        slacks = found.slacks(claim)
        if slacks:
            ranks = sorted({rank for _, rank in slacks})
            table = Table("slack", *(f"rank {rank}" for rank in ranks), box=None, pad_edge=False)
            for sketch in dict.fromkeys(sketch for sketch, _ in slacks):
                table.add_row(sketch, *(str(slacks.get((sketch, rank), "-")) for rank in ranks))
            console.print(table)
    errors = Counter(row.reason for row in found.rows if row.status == FAILED)
    for reason, count in errors.items():
        console.print(f"{FAILED} x {count}: {reason}", markup=False, soft_wrap=True)
