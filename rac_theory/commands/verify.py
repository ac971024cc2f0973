"""``verify``: try claims on problems."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rac_theory.commands import names
from rac_theory.commands.counterexamples import show
from rac_theory.commands.exit_status import BAD_INPUT, OK, VIOLATED, status_of, worst
from rac_theory.commands.parsing import (
    Example,
    Word,
    add_alpha,
    add_command,
    add_figure,
    add_jobs,
    add_latex,
    add_out,
    add_seed,
    check_jobs,
    flag,
    integer,
    option,
)
from rac_theory.commands.screen import bar, errors_screen, screen, show_table, tell

if TYPE_CHECKING:
    from rac_theory.ledger import Grid, KeptRows, Plan, Row

EXAMPLE = Example(
    "verify --claim T2 --problem breast_cancer --sketch haar --rank 4",
    """
    #  claim  case                        setting  verdict  slack [interval] ...
    1  T2     breast_cancer haar r4 left  1/L      HOLDS    62.7 [3.18, 69.8] ...
    1 HOLDS
    """,
)


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = add_command(
        commands,
        "verify",
        "try theorems on problems: a verdict for each, figures, results.json",
        run,
        EXAMPLE,
        ("rac_theory.ledger", "rich.progress"),
        "Try theorems on problems. Without options the paper's two theorems and their sharp forms are tried on the "
        "default problems, and the table has a line for each problem. Where at most 12 rows were run, it shows them.",
    )
    option(parser, "theorem", Word("ID", words=names.THEOREMS), "as --claim", nargs="*")
    tried = parser.add_argument_group("what is tried")
    option(
        tried,
        "--claim",
        Word("ID", words=("all", *names.THEOREMS, *names.COUNTEREXAMPLES)),
        "claims by id, as in list, theorems of yours as module:name, or all (default: T1, T2, T1_sharp, T2_sharp)",
        several=True,
    )
    option(
        tried,
        "--problem",
        Word("NAME", words=names.PROBLEMS),
        "problems by name, or paths of svmlight files (default: all those with a name)",
        several=True,
    )
    option(
        tried,
        "--sketch",
        Word("NAME", words=names.sketches),
        "sketches by name, or classes of yours as module:Name (default: three, and frozen as a control)",
        several=True,
    )
    option(
        tried,
        "--rank",
        integer("R", ">= 1"),
        "ranks of the sketch, at most its dimension (default: those of the problem, 1 and 4 as a rule)",
        several=True,
    )
    option(
        tried,
        "--side",
        Word("SIDE", words=names.SIDES),
        "left, right, or both: a coin decides in every step (default: left and right, where there are two)",
        several=True,
    )
    option(
        tried,
        "--setting",
        Word("NAME", words=names.SETTINGS),
        "settings by name, as in list, or step sizes such as 0.5/L (default: those of the claims)",
        several=True,
    )
    how = parser.add_argument_group("how it is tried")
    option(
        how,
        "--steps",
        integer("T", ">= 1"),
        "steps of a run (default: until every bound is a tenth of what is known without it, or a quarter where "
        "each step takes several passes over the data; at most 2000)",
    )
    option(
        how,
        "--runs",
        integer("N", ">= 1"),
        "runs of each case, where they are sampled (default: 256, on digits and networks 128 or 64)",
    )
    add_seed(how, "all runs")
    add_alpha(how, " of each row")
    add_jobs(how)
    output = parser.add_argument_group("what is shown and kept")
    add_figure(output, " of the one row that is run")
    add_latex(output)
    flag(output, "--rows", "print every row, however many there are")
    add_out(output, "results.json, figures and report.html")


def run(arguments: argparse.Namespace) -> int:
    """Try theorems on problems, and look for the evidence of counterexamples, whichever of them are claimed."""
    from rac_theory import theorems
    from rac_theory.base import checks, printable
    from rac_theory.ledger import report
    from rac_theory.literature import counterexamples

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
    from rac_theory.base import printable, status_of_interrupt, write_whole
    from rac_theory.ledger import KeptRows, Ledger, results, violated

    grid = _grid(arguments)
    replaced = results.to_be_replaced(arguments.out)
    todo, seconds = _planned(grid)
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


def _grid(arguments: argparse.Namespace) -> "Grid":
    """Return what the options select, all of which are checked."""
    from rac_theory.base import LARGEST, checks
    from rac_theory.ledger import Grid

    check_jobs(arguments)
    for name in ("seed", "steps", "runs"):
        if (number := getattr(arguments, name)) is not None:
            checks.integer(name, number, int(name != "seed"), LARGEST)
    options = ("claim", "problem", "sketch", "rank", "side", "setting", "steps", "runs", "alpha")
    axes: dict[str, Any] = {_AXES.get(name, name): getattr(arguments, name) for name in options}
    return Grid(seeds=(arguments.seed,), **axes)


_AXES = {"sketch": "sketches"} | {name: f"{name}s" for name in ("claim", "problem", "rank", "side", "setting")}


def _planned(grid: "Grid") -> "tuple[Plan, list[float]]":
    """Compute all constants, and estimate the seconds of each ensemble."""
    from rac_theory.ledger import plan, running

    with errors_screen().status("Computing constants, each with its certificate ..."):
        todo = plan(grid)
        return todo, running.estimate(todo)


def _run_watched(todo: "Plan", seconds: Sequence[float], store: "KeptRows", jobs: int | None) -> None:
    """Run a plan beside a bar, and keep its rows."""
    from joblib import cpu_count
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    from rac_theory.ledger import running

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


def _show(rows: "Sequence[Row]", notes: Sequence[str], folder: Path, *, in_full: bool) -> None:
    """Print the rows, or what they come to where they are many; what was left out and why; where it all is."""
    from rac_theory.base import printable
    from rac_theory.ledger import results, table
    from rac_theory.verdicts import Status

    console = screen()
    printed, path = table.were_run(rows), printable(str(folder / results.FILE))
    advice, more = f"One row again: rac-theory repeat {path} NUMBER", ""
    if not (in_full or len(printed) <= table.SHORT):
        for part in table.summary_tables(rows, console.width):
            show_table(console, part)
        if promised := table.promises(rows):
            tell(console, promised)
        tell(console, table.legend(rows))
        if (least := table.closest(rows)) is not None:
            advice = f"The smallest slack again: rac-theory repeat {path} {least.number}"
        more = " (--rows prints them)"
        printed = [row for row in printed if row.status == Status.VIOLATED.name]
    if printed:
        show_table(console, table.ledger_table(printed), table.SPARE)
    for line in (*table.gathered(notes), *table.remarks(rows), *table.refutations(rows)):
        tell(console, line)
    tell(console, f"Rows in {path}{more}, figures in {printable(str(folder / results.FIGURES))}.\n{advice}")
