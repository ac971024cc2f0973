"""``judge``: runs in a file, whatever made them, and a bound on their mean."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from rac_theory import theorems
from rac_theory.commands.exit_status import BAD_INPUT, OK, VIOLATED
from rac_theory.files.csv_numbers import read_csv
from rac_theory.ledger import results
from rac_theory.problems import checks
from rac_theory.problems.checks import Array
from rac_theory.problems.naming import printable
from rac_theory.sketches.plug_in import imported
from rac_theory.verification.compare_runs import compare_runs
from rac_theory.verification.judge_runs import judge_runs
from rac_theory.verification.runs_verdict import RunsVerdict
from rac_theory.verification.status import Status


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = commands.add_parser("judge", help="runs of any origin, in a CSV file, and a bound on their mean")
    parser.set_defaults(run=run)
    parser.add_argument("curves", type=Path, help="CSV file, a run in each row, its start (t = 0) in the first column")
    parser.add_argument(
        "--bound", help="a number, a CSV file of one for each t, a function of yours as module:name, or a theorem by id"
    )
    parser.add_argument("--below", type=Path, metavar="CURVES", help="other runs, whose mean is claimed to be larger")
    parser.add_argument("--constant", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="of a theorem")
    parser.add_argument(
        "--ceiling", type=float, help="a proved upper end of the metric: without it nothing is confirmed"
    )
    parser.add_argument(
        "--columns", choices=("steps", "runs"), default="steps", help="what columns are (default: steps)"
    )
    parser.add_argument("--metric", default="metric", help="what the curves are of")
    parser.add_argument("--alpha", type=float, default=1e-3, help="significance level (default: 0.001)")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder for the figure")


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict and save its figure; 1 if the bound is violated, 2 if nothing was tried."""
    verdict = _verdict(arguments)
    print(printable(str(verdict)))
    if verdict.status is Status.NOT_APPLICABLE:
        return BAD_INPUT
    path = results.save_figure(verdict.plot(), arguments.out, f"judge {arguments.curves.stem}")
    print(f"figure {printable(str(path))}")
    return VIOLATED if verdict.status is Status.VIOLATED else OK


def _verdict(arguments: argparse.Namespace) -> RunsVerdict:
    if (arguments.bound is None) == (arguments.below is None):
        came = "neither" if arguments.bound is None else "both"
        raise ValueError(f"judge must be given a bound by --bound, or other runs by --below, got {came}")
    curves = _curves(arguments.curves, arguments.columns)
    if arguments.below is not None:
        if arguments.constant or arguments.ceiling is None:
            raise ValueError("below must come with --ceiling, a proved upper end of both, and without --constant")
        other, names = _curves(arguments.below, arguments.columns), (arguments.curves.stem, arguments.below.stem)
        return compare_runs(curves, other, ceiling=arguments.ceiling, alpha=arguments.alpha, names=names)
    return judge_runs(
        curves,
        _bound(arguments.bound),
        ceiling=arguments.ceiling,
        constants=dict(map(_constant, arguments.constant)) or None,
        alpha=arguments.alpha,
        metric=arguments.metric,
    )


def _curves(path: Path, columns: str) -> Array:
    numbers = read_csv(path)
    return numbers.T if columns == "runs" else numbers


def _bound(text: str) -> Any:
    """A bound as it is typed: what is no number, no theorem and no function is a file."""
    try:
        return checks.finite("bound", float(text))
    except ValueError:
        pass
    if text in theorems.ALL:
        return text
    if ":" in text and not Path(text).is_file():
        return imported(text, "bound")
    numbers = read_csv(Path(text))
    if 1 not in numbers.shape:
        raise ValueError(f"bound must be one row or one column of numbers, got {numbers.shape} in {printable(text)}")
    return np.ravel(numbers)


def _constant(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise ValueError(f"constant must be NAME=VALUE with a number, as gamma=0.1, got {text!r}") from None
