"""``explain`` and ``cite``: the statement of a claim, what it rests on, and where it comes from."""

import argparse
import json
from collections.abc import Iterator, Sequence

from rac_theory import theorems
from rac_theory.algebra import Symbol
from rac_theory.algorithms import PLAIN
from rac_theory.base import checks
from rac_theory.commands.exit_status import OK
from rac_theory.commands.prove import proof_of
from rac_theory.commands.screen import screen, tell
from rac_theory.literature import CLAIMS, Counterexample, PublishedClaim, counterexamples
from rac_theory.statements import MARKS, Identity, Theorem, rac_lora_exact, relations_in
from rac_theory.statements.symbols import constants_in
from rac_theory.theorems import why_not_proved
from rac_theory.verdicts import citation

_LABEL = 9
"""The width of what stands before a line; a line that goes on begins below the rest of it."""


_GROUNDS = {
    "machine": "theorems with proofs that a machine has checked",
    "paper": "theorems, one of them with its proof on paper alone",
    "witness": "a witness, exact or with a margin far above its error",
    "none": "runs that were only seen",
}


def claim_named(name: str) -> Theorem | Identity | Counterexample | PublishedClaim:
    """Return the claim of an id, or a user's theorem for ``module:name``."""
    if theorems.is_own(name):
        return theorems.theorem_named(name)
    claims: dict[str, Theorem | Identity | Counterexample | PublishedClaim] = {
        **theorems.ALL,
        theorems.T11.id: theorems.T11,
        **counterexamples.ALL,
        **CLAIMS,
    }
    return claims[checks.one_of("claim", name, claims)]


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    claim = claim_named(arguments.claim)
    console = screen()
    if isinstance(claim, PublishedClaim):
        tell(console, f"{claim.id}\n\n    {claim.says}\n")
        for label, text in _of_published(claim):
            tell(console, f"{label:{_LABEL}}{text}", hang=_LABEL)
        return OK
    tell(console, f"{claim.id} ({claim.name})\n\n    {claim.statement}\n")
    labelled = _of_counterexample(claim) if isinstance(claim, Counterexample) else _of_theorem(claim)
    for label, text in labelled:
        tell(console, f"{label:{_LABEL}}{text}", hang=_LABEL)
    if not isinstance(claim, Counterexample):
        constants = constants_in(*relations_in(*claim.given)) if isinstance(claim, Theorem) else ()
        if isinstance(claim, Theorem) and claim.about is rac_lora_exact:
            tell(console, "\n    ".join(["step", *str(PLAIN).splitlines()]), hang=2)
        tell(console, "\n    ".join(["given", *claim.assumptions]), hang=2)
        symbols = tuple(dict.fromkeys((*claim.symbols, *constants)))
        width = max(len(symbol.name) for symbol in symbols) + 2
        tell(console, "\n    ".join(["where", *_meanings(symbols, width)]), hang=width)
    return OK


def _of_theorem(claim: Theorem | Identity) -> Iterator[tuple[str, str]]:
    yield "source", f"{claim.source} [{claim.mark}: {MARKS[claim.mark]}]"
    if not isinstance(claim, Theorem):
        yield "proof", f"on paper: docs/theory/{claim.id.lower()}.md"
        return
    yield "metric", f"{claim.metric.name}; {claim.rate} rate"
    proof = proof_of(claim)
    yield "proof", why_not_proved(claim) if proof is None else proof.summary
    if proof is not None and proof.pages:
        yield "lemmas", ", ".join(f"docs/theory/{page}.md" for page in proof.pages)


def _meanings(symbols: Sequence[Symbol], width: int) -> Iterator[str]:
    """What each symbol stands for, a line each."""
    for symbol in symbols:
        rounded = "" if symbol.side == "exact" else f", rounded {symbol.side}"
        in_code = f", in code {symbol.constant}" if symbol.constant not in ("", symbol.name) else ""
        yield f"{symbol.name:{width}}{symbol.meaning}, {symbol.unit}{rounded}{in_code}"


def _of_published(claim: PublishedClaim) -> Iterator[tuple[str, str]]:
    yield "source", f"{claim.work}, {claim.source} [{claim.mark}: {MARKS[claim.mark]}]"
    for label, words in (("where", claim.where), ("seen", claim.consulted)):
        if words:
            yield label, words
    severity = f": {claim.severity}" if claim.severity else ""
    yield "verdict", f"{claim.status.name}{severity}, by {_GROUNDS[claim.proof]}"
    for label, words in (("read", claim.reading), ("repair", claim.repair)):
        if words:
            yield label, words
    yield from (("true", str(check)) for check in claim.evidence.checks)
    yield from (("against", str(check)) for check in claim.evidence.against)
    for label, values in (("said by", claim.theorems), ("shown by", claim.shown_by), ("against", claim.against)):
        if values:
            yield label, ", ".join(f"{value.id} ({value.name})" for value in values)
    yield "run", claim.command
    yield "page", f"docs/{claim.page}"


def _of_counterexample(example: Counterexample) -> Iterator[tuple[str, str]]:
    yield "source", f"{example.source} [{example.mark}: {MARKS[example.mark]}]"
    yield "cause", example.cause
    yield "case", f"{example.method!r} on {example.problem!r}"
    for label, text in (("if", example.condition), ("differs", example.in_circulation)):
        if text is not None:
            yield label, text


def cite(arguments: argparse.Namespace) -> int:
    """Print BibTeX, each entry once, or the cards of published claims."""
    if arguments.json:
        ids = [checks.one_of("claim", name, CLAIMS) for name in arguments.claim]
        print(json.dumps([CLAIMS[name].record for name in ids or CLAIMS], indent=2, ensure_ascii=False))
        return OK
    tell(screen(), citation(*map(claim_named, arguments.claim)))
    return OK
