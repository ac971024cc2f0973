"""``sweep``: a grid of claims and cases as one job that may be killed and started again."""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rac_theory.commands import names
from rac_theory.commands.exit_status import OK, VIOLATED, status_of
from rac_theory.commands.parsing import Example, Word, add_command, add_jobs, add_latex, check_jobs, flag, option
from rac_theory.commands.screen import bar, errors_screen, screen, show_table, tell

if TYPE_CHECKING:
    from rac_theory.ledger import Grid, Progress, Sweep

_EXAMPLE = Example(
    "sweep grid.toml",
    """
    T2: 4 HOLDS
    slack       rank 1  rank 2
    haar        ...
    4 rows in grid.sqlite. One row again: rac-theory repeat grid.sqlite NUMBER
    """,
)


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = add_command(
        commands,
        "sweep",
        "try a grid of claims and cases as one job that may be killed at any moment",
        run,
        _EXAMPLE,
        ("rac_theory.ledger", "rich.progress"),
        "Try a grid of claims and cases as one job that may be killed at any moment: the same command goes on where "
        "it was. The example is of a file with claims = ['T2'], problems = ['quadratic'], sketches = ['haar', "
        "'coordinate'], ranks = [1, 2] and sides = ['left'].",
    )
    option(parser, "spec", Word(None, Path), "a TOML file with the axes of the grid")
    option(
        parser,
        "--store",
        Word("FILE", Path),
        "SQLite file of what is finished (default: the name of the TOML file, with .sqlite)",
    )
    option(
        parser,
        "--claim",
        Word("ID", words=names.THEOREMS),
        "claims by id, or theorems of yours as module:name (default: those of the TOML file)",
        several=True,
    )
    option(parser, "--export", Word("FILE", Path), "a .csv or .parquet file to write when all is finished")
    flag(parser, "--trust", "import sketches of the grid that are not of rac_theory")
    add_latex(parser)
    add_jobs(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run what is left of the sweep and print what was found; status 1 if a row refutes its claim."""
    from rac_theory.base import printable, status_of_interrupt, write_whole
    from rac_theory.ledger import Grid, sweeps, violated

    check_jobs(arguments)
    grid = Grid.load(arguments.spec, trust=arguments.trust)
    if arguments.claim:
        grid = replace(grid, claims=tuple(arguments.claim))
    store = arguments.store or arguments.spec.with_suffix(".sqlite")
    if arguments.export is not None:
        sweeps.check_table(arguments.export)
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
    tell(screen(), f"{len(sweep.rows)} rows in {where}. One row again: rac-theory repeat {address} NUMBER")
    return status_of(sweep.rows)


def _run_watched(grid: "Grid", store: Path, jobs: int | None) -> "Sweep":
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

    from rac_theory.ledger import sweep

    errors = errors_screen()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}")
    with bar(*columns) as cells:
        task = cells.add_task("cells", total=None, left="")
        reports: list[Progress] = []

        def watch(now: "Progress") -> None:
            if not reports and errors.is_terminal:
                tell(errors, str(now))
            reports[:] = [now]
            cells.update(task, total=now.total, completed=now.done, left=f"{now.seconds_left:.0f} s left")

        return sweep(grid, store, n_jobs=jobs, watch=watch)


def _print_found(sweep: "Sweep") -> None:
    """Print the slacks by sketch and rank, the verdicts of each claim, and one line for each kind of error."""
    from rich.table import Table

    from rac_theory.ledger import FAILED

    console = screen()
    for claim in dict.fromkeys(row.claim for row in sweep.rows):
        counts = Counter(row.status for row in sweep.rows if row.claim == claim)
        tell(console, f"{claim}: " + ", ".join(f"{n} {status}" for status, n in counts.most_common()))
        slacks = sweep.slacks(claim)
        if slacks:
            ranks = sorted({rank for _, rank in slacks})
            table = Table(box=None, pad_edge=False)
            for heading in ("slack", *(f"rank {rank}" for rank in ranks)):
                table.add_column(heading, no_wrap=True)
            for sketch in dict.fromkeys(sketch for sketch, _ in slacks):
                table.add_row(sketch, *(str(slacks.get((sketch, rank), "-")) for rank in ranks))
            show_table(console, table)
    errors = Counter(row.reason for row in sweep.rows if row.status == FAILED)
    for reason, count in errors.items():
        tell(console, f"{FAILED} x {count}: {reason}")
