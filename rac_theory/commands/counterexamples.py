"""``counterexamples``: why LoRA, Asymmetric LoRA and Chain of LoRA fail, with evidence."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from rac_theory.base import checks, printable
from rac_theory.commands.exit_status import OK, VIOLATED
from rac_theory.commands.screen import errors_screen, screen, tell
from rac_theory.ledger import Shown, report, results
from rac_theory.literature import ALL, Answer
from rac_theory.verdicts import Status


def run(arguments: argparse.Namespace) -> int:
    """Print each verdict with its evidence and save its figure; status 1 if a check fails."""
    return show(arguments.name or ALL, arguments)


def show(ids: Iterable[str], arguments: argparse.Namespace) -> int:
    """Do what ``run`` does for these counterexamples."""
    folder: Path = arguments.out
    examples = [ALL[checks.one_of("name", id, ALL)] for id in ids]
    report.gallery.load(folder)  # what cannot be added to is said first
    console, status = screen(), OK
    for example in examples:
        with errors_screen().status(f"{example.id}, {example.name} ..."):
            answer = example.verdict()
            if answer.status is Status.VIOLATED:
                arguments.found = status = VIOLATED
            path = results.save_figure(answer.plot(), folder, f"counterexample {example.id}")
        report.gallery.keep(folder, Shown.of(answer, path.name))
        for i, line in enumerate(_lines(answer)):
            tell(console, line, hang=10 * (i > 1))  # below what stands behind a label, which the first two have not
        tell(console, f"  figure    {printable(str(path))}\n")
    return status


def _lines(answer: Answer) -> list[str]:
    example, witness = answer.counterexample, answer.witness
    lines = [
        f"{example.id} {answer.status.name}: {example.name}",
        f"  {example.statement}",
        f"  source    {example.source} [{example.mark}]; cause: {example.cause}",
    ]
    lines += [f"  if        {example.condition}"] * (example.condition is not None)
    lines += [f"  {check}" for check in witness.checks]
    if answer.circulated is not None:
        lines.append(f"  {answer.circulation}")
        lines += [f"  {check}" for check in witness.against]
    return lines
