"""``list`` and ``explain``: what there is, by name, and the statement of a claim."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from rac_theory import counterexamples, theorems
from rac_theory.algebra import Symbol
from rac_theory.commands.exit_status import OK
from rac_theory.counterexamples.counterexample import Counterexample
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS
from rac_theory.ledger.theorem_settings import SETTINGS
from rac_theory.problems import checks
from rac_theory.proofs import prove
from rac_theory.proofs.not_proved import why_not
from rac_theory.sketches.plug_in import sketch_names
from rac_theory.theorems.assumption import relations_in
from rac_theory.theorems.identity import Identity
from rac_theory.theorems.symbols import constants_in
from rac_theory.theorems.theorem import MARKS, Theorem


def add(commands: Any) -> None:
    """Add the two commands to the subparsers."""
    listing = commands.add_parser("list", help="claims, problems and sketches by name; or some theorems")
    listing.set_defaults(run=_list)
    listing.add_argument("--setting", metavar="NAME", help=f"theorems that are tried in it: {', '.join(SETTINGS)}")
    listing.add_argument("--assumption", metavar="WORDS", help="theorems that assume it, such as convex")
    listing.add_argument("--mark", metavar="MARK", help=f"theorems that bear it: {', '.join(MARKS)}")
    explain = commands.add_parser("explain", help="the statement of a claim, its symbols, its source and assumptions")
    explain.set_defaults(run=_explain)
    explain.add_argument("claim")


def _list(arguments: argparse.Namespace) -> int:
    if (arguments.setting, arguments.assumption, arguments.mark) != (None, None, None):
        return _list_theorems(arguments)
    print("claims    " + ", ".join([*theorems.ALL, theorems.T11.id, *counterexamples.ALL]))
    print("problems  " + ", ".join(DEFAULT_PROBLEMS) + ", or the path of an svmlight file")
    print("sketches  " + ", ".join(sketch_names()) + ", or a class of yours as module:Name")
    return OK


def _list_theorems(arguments: argparse.Namespace) -> int:
    if arguments.setting is not None:
        checks.one_of("setting", arguments.setting, SETTINGS)
    here = theorems.ALL if arguments.setting is None else SETTINGS[arguments.setting].claims
    found = [one for one in theorems.listed(given=arguments.assumption, mark=arguments.mark) if one.id in here]
    if not found:
        asked = {name: getattr(arguments, name) for name in ("setting", "assumption", "mark")}
        told = ", ".join(f"{name} {value!r}" for name, value in asked.items() if value is not None)
        raise ValueError(f"what is asked of theorems must be true of one, got {told}")
    for theorem in found:
        print(f"{theorem.id:14} {theorem.statement} [{theorem.mark}]")
    return OK


def _explain(arguments: argparse.Namespace) -> int:
    known: dict[str, Theorem | Identity | Counterexample] = {
        **theorems.ALL,
        theorems.T11.id: theorems.T11,
        **counterexamples.ALL,
    }
    claim = known[checks.one_of("claim", arguments.claim, known)]
    if isinstance(claim, Counterexample):
        return _explain_counterexample(claim)
    print(f"{claim.id} ({claim.name})\n\n    {claim.statement}\n")
    print(f"source   {claim.source} [{claim.mark}: {MARKS[claim.mark]}]")
    if isinstance(claim, Theorem):
        print(f"metric   {claim.metric.name}; {claim.rate} rate")
        _explain_proof(claim)
    else:
        print(f"proof    on paper: docs/theory/{claim.id.lower()}.md")
    print("given", *claim.assumptions, sep="\n    ")
    asked = constants_in(*relations_in(*claim.given)) if isinstance(claim, Theorem) else ()
    print("where", *_told(tuple(dict.fromkeys((*claim.symbols, *asked)))), sep="\n    ")
    return OK


def _explain_proof(claim: Theorem) -> None:
    proof = prove(claim)
    print(f"proof    {why_not(claim) if proof is None else proof.summary}")
    if proof is not None and proof.pages:
        print("lemmas   " + ", ".join(f"docs/theory/{page}.md" for page in proof.pages))


def _told(symbols: Sequence[Symbol]) -> Iterator[str]:
    """What each symbol stands for, a line each."""
    width = max(len(symbol.name) for symbol in symbols)
    for symbol in symbols:
        rounded = "" if symbol.side == "exact" else f", rounded {symbol.side}"
        in_code = f", in code {symbol.constant}" if symbol.constant not in ("", symbol.name) else ""
        yield f"{symbol.name:{width}}  {symbol.meaning}, {symbol.unit}{rounded}{in_code}"


def _explain_counterexample(example: Counterexample) -> int:
    print(f"{example.id} ({example.name})\n\n    {example.statement}\n")
    print(f"source   {example.source} [{example.mark}: {MARKS[example.mark]}]")
    print(f"cause    {example.cause}")
    print(f"case     {example.method!r} on {example.problem!r}")
    for word, text in (("if", example.condition), ("differs", example.in_circulation)):
        if text is not None:
            print(f"{word:8} {text}")
    return OK
