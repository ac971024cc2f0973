"""``verify``: try claims on problems."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from rac_theory import counterexamples, report
from rac_theory.commands.counterexamples import show
from rac_theory.commands.exit_status import BAD_INPUT, OK, VIOLATED, status_of, worst
from rac_theory.commands.in_common import add_jobs, check_jobs, wide_console
from rac_theory.files.plain_data import LARGEST
from rac_theory.ledger import results, running
from rac_theory.ledger.kept_rows import KeptRows
from rac_theory.ledger.plan import Plan, plan
from rac_theory.ledger.selection import Selection
from rac_theory.ledger.table import ledger_table, refutations, remarks
from rac_theory.ledger.verdict_row import Row
from rac_theory.problems import checks
from rac_theory.problems.naming import printable
from rac_theory.processes.interrupts import status_of_interrupt


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
    several("--setting", help="settings by name, such as 'coordinate descent', or steps such as 0.5/L")
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
    """Select, plan, run and show; what is interrupted is shown as far as it came."""
    selection = _selected(arguments)
    replaced = results.to_be_replaced(arguments.out)
    screen = Console(stderr=True)
    todo, seconds = _planned(selection, screen)
    if replaced is not None:
        print(printable(replaced), file=sys.stderr)
    kept = KeptRows(arguments.out, arguments.typed, todo.missing)
    try:
        _run_watched(todo, seconds, kept, arguments.jobs, screen)
    except KeyboardInterrupt as error:
        if not kept.are_of_runs:
            raise
        _show(kept.rows, todo.notes, arguments.out)
        print("interrupted: what was finished is kept", file=sys.stderr)
        return status_of_interrupt(error)
    _show(kept.rows, todo.notes, arguments.out)
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


def _planned(selection: Selection, screen: Console) -> tuple[Plan, list[float]]:
    """Compute all constants, and estimate the seconds of each ensemble."""
    with screen.status("Computing constants, each with its certificate ..."):
        todo = plan(selection)
        return todo, running.estimate(todo)


def _run_watched(todo: Plan, seconds: Sequence[float], kept: KeptRows, jobs: int | None, screen: Console) -> None:
    """Run a plan beside a bar, and keep its rows."""
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f}%"), TimeRemainingColumn()
    with kept, Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task(f"{len(todo.ensembles)} ensembles", total=sum(seconds))
        for i, finished in running.run(todo, seconds, kept.figures, jobs):
            kept.add(finished)
            progress.advance(task, seconds[i])


def _show(rows: Sequence[Row], notes: Sequence[str], folder: Path) -> None:
    """Print the ledger, what was left out and why, what is refuted, and where it is."""
    console = wide_console()
    console.print(ledger_table(rows))
    for line in (*notes, *remarks(rows), *refutations(rows)):
        console.print(line, markup=False, soft_wrap=True)
    path, figures = (printable(str(folder / name)) for name in (results.FILE, results.FIGURES))
    print(f"Rows in {path}, figures in {figures}. One row again: rac-theory repeat {path} NUMBER")
