"""``judge``: runs in a file, whatever made them, and a bound on their mean."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from rac_theory import theorems
from rac_theory.base import checks, imported, printable, read_csv
from rac_theory.commands.exit_status import BAD_INPUT, OK, VIOLATED
from rac_theory.commands.screen import screen, tell
from rac_theory.ledger import results
from rac_theory.verdicts import RunsVerdict, Status, compare_runs, judge_runs


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict and save its figure; 1 if the bound is violated, 2 if nothing was tried."""
    verdict = _verdict(arguments)
    arguments.found = VIOLATED if verdict.status is Status.VIOLATED else OK
    console = screen()
    tell(console, printable(str(verdict)))
    if verdict.status is Status.NOT_APPLICABLE:
        return BAD_INPUT
    path = results.save_figure(verdict.plot(), arguments.out, f"judge {arguments.curves.stem}")
    tell(console, f"figure {printable(str(path))}")
    return int(arguments.found)


def _verdict(arguments: argparse.Namespace) -> RunsVerdict:
    if (arguments.bound is None) == (arguments.below is None):
        options = "neither" if arguments.bound is None else "both"
        raise ValueError(f"judge must be given a bound by --bound, or other runs by --below, got {options}")
    curves = read_csv(arguments.curves, arguments.columns)
    if arguments.below is not None:
        if arguments.constant or arguments.ceiling is None:
            options = "no --ceiling" if arguments.ceiling is None else f"--constant {arguments.constant[0]}"
            raise ValueError(
                f"below must come with --ceiling, a proved upper end of both, and no --constant, got {options}"
            )
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
    try:
        number = checks.typed(float, text)
    except ValueError:
        pass
    else:
        return checks.finite("bound", number)
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
    name, _, value = text.partition("=")
    try:
        return name, checks.typed(float, value)
    except ValueError:
        raise ValueError(f"constant must be NAME=VALUE with a number, as gamma=0.1, got {text!r}") from None
