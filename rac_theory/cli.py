"""The command line: verify, repeat, sketch, list, explain."""

import argparse
import inspect
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from problems import checks
from rac_theory import __version__, laboratory, ledger, results, theorems
from rac_theory.embedded import EMBEDDED, embedded_problem
from rac_theory.ensemble import Ensemble
from rac_theory.plan import Selection, plan
from rac_theory.row import NEEDS_EXTRA, Row
from rac_theory.sketches.plug_in import sketch_factory, sketch_names
from rac_theory.spectra import spectrum
from rac_theory.table import ledger_table, remarks

OK, VIOLATED, BAD_INPUT, INTERNAL_ERROR, INTERRUPTED, CLOSED_PIPE = 0, 1, 2, 70, 130, 141
_WIDEST_TABLE = 165
_SAVE_EVERY = 2.0  # seconds, so that even a killed process leaves most of its rows


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 nothing violated, 1 violated, 2 bad input, 130 interrupted."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except (ValueError, MemoryError, OverflowError) as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader went away, as head does: no traceback, nor one when the interpreter ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except Exception:  # a fault of ours must not look like a violated claim
        traceback.print_exc()
        return INTERNAL_ERROR
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rac-theory", description="Every claim of Randomized Asymmetric Chain of LoRA as a value that can be run."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")

    verify = commands.add_parser("verify", help="try claims on problems: table, figures, results.json")
    verify.set_defaults(run=_verify)

    def several(option: str, **rest: Any) -> None:
        verify.add_argument(option, nargs="+", action="extend", default=[], **rest)

    several("--claim", help="claims, as in list (default: all)")
    several("--problem", help="embedded problems, or paths of svmlight files")
    several("--sketch", help="sketches by name, or classes of yours as module:Name")
    several("--rank", type=int, help="ranks of the sketch (default: 1 and min(4, dim - 1))")
    several("--side", help="left, right or both")
    verify.add_argument("--steps", type=int, help="default: until the bound has fallen tenfold, at most 2000")
    verify.add_argument("--runs", type=int, help="runs an ensemble")
    verify.add_argument("--seed", type=int, default=0)
    verify.add_argument("--alpha", type=float, default=1e-3, help="significance level of a row (default: 0.001)")
    verify.add_argument("--out", type=Path, default=Path("results"), help="folder for results.json and figures")
    verify.add_argument("--jobs", type=int, help="worker processes (default: one a core)")

    repeat = commands.add_parser("repeat", help="run one row of a results.json again and compare the numbers")
    repeat.set_defaults(run=_repeat)
    repeat.add_argument("results", type=Path)
    repeat.add_argument("row", type=int)

    sketch = commands.add_parser("sketch", help="lambda_min of a sketch, how it is known, and what it costs")
    sketch.set_defaults(run=_sketch)
    sketch.add_argument("name", nargs="?", help="a sketch by name, or a class of yours as module:Name")
    sketch.add_argument("--all", action="store_true", help="every sketch at this size, side by side")
    sketch.add_argument("--dim", type=int, required=True)
    sketch.add_argument("--rank", type=int, required=True)
    sketch.add_argument("--seed", type=int, default=0)
    sketch.add_argument("--out", type=Path, default=Path("results"), help="folder for the figure")

    commands.add_parser("list", help="claims, problems and sketches by name").set_defaults(run=_list)
    explain = commands.add_parser("explain", help="the statement of a claim, its source and its assumptions")
    explain.set_defaults(run=_explain)
    explain.add_argument("claim")
    return parser


def _verify(arguments: argparse.Namespace) -> int:
    if arguments.jobs is not None:
        checks.integer("jobs", arguments.jobs, 1)
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
    screen = Console(stderr=True)
    with screen.status("Computing constants, each with its certificate ..."):
        todo = plan(selection)
    figures = results.prepare(arguments.out)
    rows: list[Row] = list(todo.missing)
    interrupted = False
    seconds = ledger.estimate(todo)
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
            for i, finished in ledger.run(todo, figures, arguments.jobs):
                rows += finished
                progress.advance(task, seconds[i])
                if time.monotonic() - saved > _SAVE_EVERY:
                    results.save(arguments.out, rows)
                    saved = time.monotonic()
    except KeyboardInterrupt:
        interrupted = True
    finally:
        # What was there before is replaced by rows, never by nothing.
        if len(rows) > len(todo.missing) or not todo.ensembles:
            path = results.save(arguments.out, rows)
    if interrupted and len(rows) == len(todo.missing):
        raise KeyboardInterrupt
    _print_ledger(sorted(rows, key=lambda row: row.number), todo.notes)
    print(f"Rows in {path}, figures in {figures}. One row again: rac-theory repeat {path} NUMBER")
    if interrupted:
        print("interrupted: what was finished is kept", file=sys.stderr)
        return INTERRUPTED
    return VIOLATED if ledger.violated(rows) else OK


def _console() -> Console:
    """Return what tables are printed on: never so narrow that a column would lose its numbers."""
    console = Console(highlight=False)
    return Console(highlight=False, width=max(console.width, _WIDEST_TABLE))


def _print_ledger(rows: Sequence[Row], notes: Sequence[str]) -> None:
    console = _console()
    console.print(ledger_table(rows))
    for line in (*notes, *remarks(rows)):
        console.print(line, markup=False, soft_wrap=True)
    chance = [row for row in rows if row.violates(row.alpha)]
    certain = ledger.violated(rows)
    if len(certain) < len(chance):
        sampled = sum(row.is_sampled for row in rows)
        console.print(
            f"{len(chance) - len(certain)} row(s) pass alpha but not alpha / {sampled}: "
            "among so many rows that may be chance, and the exit status leaves them out",
            markup=False,
        )
    for row in certain:
        console.print(f"row {row.number}, {row.claim} on {row.key}: {row.reason}", markup=False, soft_wrap=True)


def _repeat(arguments: argparse.Namespace) -> int:
    rows = {row.number: row for row in results.load(arguments.results)}
    if arguments.row not in rows:
        raise ValueError(f"row must be a number in {arguments.results}, got {arguments.row}")
    old = rows[arguments.row]
    if old.status == NEEDS_EXTRA:
        raise ValueError(f"row must be one that was run, got {old.number}: {old.reason}")
    try:
        entry = embedded_problem(old.problem)
        problem = entry.build()
    except ImportError as error:
        raise ValueError(str(error)) from error
    ensemble = Ensemble.build(
        old.key,
        problem,
        entry.start(problem),
        sketch_factory(old.sketch),
        ((old.number, old.claim),),
        runs=old.runs,
        steps=old.steps,
        alpha=old.alpha,
        lambda_alpha=old.lambda_alpha,
    )
    verdict = ensemble.verdicts()[0]
    new = Row.of(old.number, ensemble, verdict, figure=old.figure, seconds=old.seconds)
    print(verdict)
    before, after = old.to_json(), new.to_json()
    different = [name for name in before if before[name] != after[name] and name != "versions"]
    if before["versions"] != after["versions"]:
        print(f"other versions: then {before['versions']}, now {after['versions']}")
    if different:
        print(f"not the same numbers in: {', '.join(different)}")
        return VIOLATED
    print(f"the same numbers as row {old.number}")
    return VIOLATED if new.violates(new.alpha) else OK


def _sketch(arguments: argparse.Namespace) -> int:
    dim = checks.integer("dim", arguments.dim, 1)
    rank = checks.integer("rank", arguments.rank, 1, dim, "dim")
    if arguments.all == (arguments.name is not None):
        raise ValueError(f"sketch must be given one name, or --all, got {'both' if arguments.all else 'neither'}")
    if arguments.all:
        known = laboratory.compare(dim, rank, rng=arguments.seed)
        _console().print(laboratory.comparison_table(known))
        ax = laboratory.comparison_plot(known)
    else:
        one = spectrum(sketch_factory(arguments.name)(dim, rank), rng=arguments.seed)
        print(laboratory.description(one))
        ax = one.plot()
    what = "every sketch" if arguments.all else arguments.name
    ax.set_title(f"{what}, dim {dim}, rank {rank}", fontsize=9)
    print(f"{'figure':16}{results.save_figure(ax, arguments.out, f'sketch {what} {dim}x{rank}')}")
    return OK


def _list(arguments: argparse.Namespace) -> int:
    print("claims    " + ", ".join(theorems.ALL))
    print("problems  " + ", ".join(EMBEDDED) + ", or the path of an svmlight file")
    print("sketches  " + ", ".join(sketch_names()) + ", or a class of yours as module:Name")
    return OK


def _explain(arguments: argparse.Namespace) -> int:
    theorem = theorems.ALL[checks.one_of("claim", arguments.claim, theorems.ALL)]
    print(f"{theorem.id} ({theorem.name})\n\n    {theorem.statement}\n")
    print(f"source   {theorem.source} [{theorem.mark}]")
    print(f"metric   {theorem.metric.name}; {theorem.rate} rate")
    print("assumes")
    for assumption in theorem.assumes:
        print(f"    {inspect.getdoc(assumption)}")
    return OK
