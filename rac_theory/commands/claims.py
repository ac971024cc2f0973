"""``list`` and ``explain``: what there is, by name, and the statement of a claim."""

import argparse
from typing import Any

from problems import checks
from rac_theory import counterexamples, theorems
from rac_theory.commands.exit_status import OK
from rac_theory.counterexamples.counterexample import Counterexample
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS
from rac_theory.sketches.plug_in import sketch_names
from rac_theory.theorems.theorem import Theorem


def add(commands: Any) -> None:
    """Add the two commands to the subparsers."""
    commands.add_parser("list", help="claims, problems and sketches by name").set_defaults(run=_list)
    explain = commands.add_parser("explain", help="the statement of a claim, its symbols, its source and assumptions")
    explain.set_defaults(run=_explain)
    explain.add_argument("claim")


def _list(arguments: argparse.Namespace) -> int:
    print("claims    " + ", ".join([*theorems.ALL, *counterexamples.ALL]))
    print("problems  " + ", ".join(DEFAULT_PROBLEMS) + ", or the path of an svmlight file")
    print("sketches  " + ", ".join(sketch_names()) + ", or a class of yours as module:Name")
    return OK


def _explain(arguments: argparse.Namespace) -> int:
    checks.one_of("claim", arguments.claim, [*theorems.ALL, *counterexamples.ALL])
    if arguments.claim in counterexamples.ALL:
        return _explain_counterexample(counterexamples.ALL[arguments.claim])
    return _explain_theorem(theorems.ALL[arguments.claim])


def _explain_theorem(theorem: Theorem) -> int:
    print(f"{theorem.id} ({theorem.name})\n\n    {theorem.statement}\n")
    print(f"source   {theorem.source} [{theorem.mark}]")
    print(f"metric   {theorem.metric.name}; {theorem.rate} rate")
    print("given")
    for assumption in theorem.assumptions:
        print(f"    {assumption}")
    print("where")
    width = max((len(symbol.name) for symbol in theorem.claim.symbols), default=0)
    for symbol in theorem.claim.symbols:
        rounded = "" if symbol.side == "exact" else f", rounded {symbol.side}"
        in_code = f", in code {symbol.constant}" if symbol.constant not in ("", symbol.name) else ""
        print(f"    {symbol.name:{width}}  {symbol.meaning}, {symbol.unit}{rounded}{in_code}")
    return OK


def _explain_counterexample(example: Counterexample) -> int:
    print(f"{example.id} ({example.name})\n\n    {example.statement}\n")
    print(f"source   {example.source} [{example.mark}]")
    print(f"cause    {example.cause}")
    print(f"case     {example.method!r} on {example.problem!r}")
    for word, text in (("if", example.condition), ("differs", example.in_circulation)):
        if text is not None:
            print(f"{word:8} {text}")
    return OK
