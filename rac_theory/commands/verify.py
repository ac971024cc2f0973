"""``verify``: try claims on problems."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from problems import checks
from problems.naming import printable
from rac_theory import counterexamples, report
from rac_theory.commands.counterexamples import show
from rac_theory.commands.exit_status import BAD_INPUT, OK, VIOLATED, status_of, worst
from rac_theory.commands.in_common import add_jobs, check_jobs, wide_console
from rac_theory.files.plain_data import LARGEST
from rac_theory.ledger import results, running
from rac_theory.ledger.plan import Plan, Selection, plan
from rac_theory.ledger.table import ledger_table, remarks
from rac_theory.ledger.verdict_row import Row
from rac_theory.ledger.violated import violated
from rac_theory.processes.interrupts import status_of_interrupt

_SAVE_EVERY = 2.0  # seconds, so that even a killed process leaves most of its rows


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    verify = commands.add_parser("verify", help="try claims on problems: table, figures, results.json")
    verify.set_defaults(run=run)

    def several(option: str, **rest: Any) -> None:
        verify.add_argument(option, nargs="+", action="extend", default=[], **rest)

    several("--claim", help="claims, as in list, or all (default: T1, T2 and their sharp forms)")
    several("--problem", help="default problems, or paths of svmlight files")
    several("--sketch", help="sketches by name, or classes of yours as module:Name")
    several("--rank", type=int, help="ranks of the sketch (default: 1 and min(4, dim - 1))")
    several("--side", help="left, right, or both: a coin decides in every step")
    verify.add_argument("--steps", type=int, help="default: until bounds are tenfold lower, fourfold at costly steps")
    verify.add_argument("--runs", type=int, help="runs an ensemble")
    verify.add_argument("--seed", type=int, default=0)
    verify.add_argument("--alpha", type=float, default=1e-3, help="significance level of a row (default: 0.001)")
    verify.add_argument("--out", type=Path, default=Path("results"), help="folder for results.json and figures")
    add_jobs(verify)


def run(arguments: argparse.Namespace) -> int:
    """Try theorems on problems, and look for the evidence of counterexamples, whichever of them are claimed."""
    everything = "all" in arguments.claim
    gallery = [name for name in counterexamples.ALL if everything or name in arguments.claim]
    arguments.claim = [name for name in arguments.claim if name not in counterexamples.ALL]
    status = run_ledger(arguments) if arguments.claim or not gallery else OK
    if gallery and status in (OK, VIOLATED, BAD_INPUT):
        status = worst(status, show(gallery, arguments.out))
    print(f"Report: {printable(str(report.write(arguments.out)))}")
    return status


def run_ledger(arguments: argparse.Namespace) -> int:
    """Run the ledger, save it as it grows, print it."""
    check_jobs(arguments)
    for name in ("seed", "steps", "runs"):
        if (number := getattr(arguments, name)) is not None:
            checks.integer(name, number, int(name != "seed"), LARGEST)
    selection = Selection(
        claims=tuple(arguments.claim),
        problems=tuple(arguments.problem),
        sketches=tuple(arguments.sketch),
        ranks=tuple(arguments.rank),
        sides=tuple(arguments.side),
        steps=arguments.steps,
        runs=arguments.runs,
        seed=arguments.seed,
        alpha=arguments.alpha,
    )
    replaced = results.to_be_replaced(arguments.out)
    screen = Console(stderr=True)
    with screen.status("Computing constants, each with its certificate ..."):
        todo = plan(selection)
        seconds = running.estimate(todo)
    if replaced is not None:
        print(printable(replaced), file=sys.stderr)
    rows, interrupted = _run_watched(todo, seconds, arguments, screen)
    if interrupted is not None and len(rows) == len(todo.missing):
        raise interrupted
    _print_ledger(sorted(rows, key=lambda row: row.number), todo.notes)
    path, figures = (printable(str(arguments.out / name)) for name in (results.FILE, results.FIGURES))
    print(f"Rows in {path}, figures in {figures}. One row again: rac-theory repeat {path} NUMBER")
    if interrupted is not None:
        print("interrupted: what was finished is kept", file=sys.stderr)
        return status_of_interrupt(interrupted)
    return status_of(rows)


def _run_watched(
    todo: Plan, seconds: Sequence[float], arguments: argparse.Namespace, screen: Console
) -> tuple[list[Row], KeyboardInterrupt | None]:
    """Run a plan beside a bar; return the rows, which are saved, and what has interrupted it."""
    figures = results.prepare(arguments.out).absolute()  # workers may have been started elsewhere
    rows: list[Row] = list(todo.missing)
    interrupted: KeyboardInterrupt | None = None
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f}%"),
        TimeRemainingColumn(),
    )
    saved = time.monotonic()
    try:
        with Progress(*columns, console=screen, transient=True) as progress:
            task = progress.add_task(f"{len(todo.ensembles)} ensembles", total=sum(seconds))
            for i, finished in running.run(todo, seconds, figures, arguments.jobs):
                rows += finished
                progress.advance(task, seconds[i])
                if time.monotonic() - saved > _SAVE_EVERY:
                    results.save(arguments.out, rows, arguments.typed)
                    saved = time.monotonic()
    except KeyboardInterrupt as error:
        interrupted = error
    finally:
        # What was there before is replaced by rows, never by nothing.
        if len(rows) > len(todo.missing) or not todo.ensembles:
            results.save(arguments.out, rows, arguments.typed)
    return rows, interrupted


def _print_ledger(rows: Sequence[Row], notes: Sequence[str]) -> None:
    console = wide_console()
    console.print(ledger_table(rows))
    for line in (*notes, *remarks(rows)):
        console.print(line, markup=False, soft_wrap=True)
    chance = [row for row in rows if row.violates(row.alpha)]
    certain = violated(rows)
    if len(certain) < len(chance):
        sampled = sum(row.is_sampled for row in rows)
        console.print(
            f"{len(chance) - len(certain)} row(s) pass alpha but not alpha / {sampled}: "
            "among so many rows that may be chance, and the exit status leaves them out",
            markup=False,
        )
    for row in certain:
        console.print(f"row {row.number}, {row.claim} on {row.key}: {row.reason}", markup=False, soft_wrap=True)
