"""``judge``: runs in a file, whatever made them, and a bound on their mean."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rac_theory.commands import names
from rac_theory.commands.exit_status import BAD_INPUT, OK, VIOLATED
from rac_theory.commands.parsing import Example, Word, add_alpha, add_command, add_out, number, option
from rac_theory.commands.screen import screen, tell

if TYPE_CHECKING:
    from rac_theory.verdicts import RunsVerdict

_EXAMPLE = Example(
    "judge curves.csv --bound 0.9",
    """
    E[metric] <= bound CONSISTENT for 300 runs, 5 steps: ...
    figure results/judge-curves.svg
    """,
)


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    does = "judge runs of any origin, in a CSV file, by a bound on their mean"
    parser = add_command(commands, "judge", does, run, _EXAMPLE, ("rac_theory.ledger",))
    option(parser, "curves", Word(None, Path), "CSV file, a run in each row, its start (t = 0) in the first column")
    against = parser.add_argument_group("what the mean is compared with, one of")
    option(
        against,
        "--bound",
        Word("BOUND", words=names.THEOREMS),
        "a number, a CSV file of one for each t, a function of yours as module:name, or a theorem by id",
    )
    option(against, "--below", Word("CURVES", Path), "a CSV file of other runs, whose mean is to be larger")
    facts = parser.add_argument_group("what is known of the runs")
    option(
        facts,
        "--constant",
        Word("NAME=VALUE"),
        "constants of the theorem, by the names that explain gives them, as gamma=0.1",
        several=True,
    )
    option(
        facts,
        "--ceiling",
        number("C"),
        "a proved upper end of the metric (default: none, and then nothing is confirmed)",
    )
    option(facts, "--columns", Word(), "what columns are (default: steps)", choices=("steps", "runs"), default="steps")
    option(facts, "--metric", Word("NAME"), "what the curves are of (default: metric)", default="metric")
    add_alpha(parser, "")
    add_out(parser, "the figure")


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict and save its figure; 1 if the bound is violated, 2 if nothing was tried."""
    from rac_theory.base import printable
    from rac_theory.ledger import results
    from rac_theory.verdicts import Status

    verdict = _verdict(arguments)
    arguments.found = VIOLATED if verdict.status is Status.VIOLATED else OK
    console = screen()
    tell(console, printable(str(verdict)))
    if verdict.status is Status.NOT_APPLICABLE:
        return BAD_INPUT
    path = results.save_figure(verdict.plot(), arguments.out, f"judge {arguments.curves.stem}")
    tell(console, f"figure {printable(str(path))}")
    return int(arguments.found)


def _verdict(arguments: argparse.Namespace) -> "RunsVerdict":
    from rac_theory.base import read_csv
    from rac_theory.verdicts import compare_runs, judge_runs

    if (arguments.bound is None) == (arguments.below is None):
        options = "neither" if arguments.bound is None else "both"
        raise ValueError(f"judge must be given a bound by --bound, or other runs by --below, got {options}")
    curves = read_csv(arguments.curves, arguments.columns)
    if arguments.below is not None:
        if arguments.constant or arguments.ceiling is None:
            raise ValueError("below must come with --ceiling, a proved upper end of both, and without --constant")
        upper, labels = read_csv(arguments.below, arguments.columns), (arguments.curves.stem, arguments.below.stem)
        return compare_runs(curves, upper, ceiling=arguments.ceiling, alpha=arguments.alpha, names=labels)
    return judge_runs(
        curves,
        _bound(arguments.bound),
        ceiling=arguments.ceiling,
        constants=dict(map(_constant, arguments.constant)) or None,
        alpha=arguments.alpha,
        metric=arguments.metric,
    )


def _bound(text: str) -> Any:
    """A bound as it is typed: what is no number, no theorem and no function is a file."""
    import numpy as np

    from rac_theory import theorems
    from rac_theory.base import checks, imported, printable, read_csv

    try:
        return checks.finite("bound", checks.typed(float, text))
    except ValueError:
        pass
    if text in theorems.ALL:
        return text
    if ":" in text and not Path(text).is_file():
        return imported(text, "bound")
    if text.isidentifier() and not Path(text).exists():
        checks.one_of("bound", text, theorems.ALL)
    numbers = read_csv(Path(text))
    if 1 not in numbers.shape:
        raise ValueError(f"bound must be one row or one column of numbers, got {numbers.shape} in {printable(text)}")
    return np.ravel(numbers)


def _constant(text: str) -> tuple[str, float]:
    from rac_theory.base import checks

    name, _, value = text.partition("=")
    try:
        return name, checks.typed(float, value)
    except ValueError:
        raise ValueError(f"constant must be NAME=VALUE with a number, as gamma=0.1, got {text!r}") from None
