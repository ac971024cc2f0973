"""``prove``: a proof of a theorem, ours or a user's, or that none was found."""

import argparse
import shlex
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from rac_theory import theorems
from rac_theory.base import shown, write_whole
from rac_theory.commands.exit_status import OK, VIOLATED, worst
from rac_theory.commands.screen import screen, tell
from rac_theory.discovery import discover
from rac_theory.proofs import Proof, coq, exported
from rac_theory.statements import Theorem
from rac_theory.theorems import prove, why_not_proved


def run(arguments: argparse.Namespace) -> int:
    """Print the proof of one theorem, or a line for each of several; 1 if for some none was found."""
    claims = [theorem for name in arguments.theorem for theorem in _named(name)]
    if arguments.export is not None:
        return _exported(claims, arguments)
    if arguments.kernel == "coq" and arguments.latex:
        raise ValueError("latex must not be given with --kernel coq, which prints what Coq says of a proof")
    if arguments.kernel == "coq":
        return _by_coq(claims, arguments.out)
    if arguments.out is not None:
        raise ValueError(
            f"out must not be given without --kernel coq, which alone writes there, got {shown(arguments.out)}"
        )
    status, console = OK, screen()
    for theorem in dict.fromkeys(claims):
        begun = time.perf_counter()
        proof = proof_of(theorem)
        seconds = time.perf_counter() - begun
        if proof is None:
            arguments.found = status = VIOLATED
            tell(console, "\n".join(_missing(theorem)))
        else:
            words = proof.latex() if arguments.latex else proof.text() if len(claims) == 1 else _line(proof, seconds)
            tell(console, words, hang=5)
    return status


def proof_of(theorem: Theorem) -> Proof | None:
    """A proof of it; why there is none is told with the answer, not beside it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return prove(theorem)


def _exported(claims: list[Theorem], arguments: argparse.Namespace) -> int:
    """Write the proof of a theorem as plain text, once the independent checker has accepted it; 1 if none was found."""
    if len(claims) != 1 or arguments.kernel != "python" or arguments.latex or arguments.out is not None:
        raise ValueError(
            "export must be given one theorem, a file for each, and neither --kernel coq nor --latex nor --out, "
            f"got {_typed(claims, arguments)}"
        )
    (theorem,) = claims
    proof = proof_of(theorem)
    if proof is None:
        tell(screen(), "\n".join(_missing(theorem)))
        return VIOLATED
    path = str(write_whole(Path(arguments.export), exported(proof)))
    check = f"python -m rac_theory.proofs.checker {shlex.quote(path)}"
    tell(screen(), f"{theorem.id} is written to {path}, and accepted by {check}")
    return OK


def _typed(claims: Sequence[Theorem], arguments: argparse.Namespace) -> str:
    """The theorems and the options beside them, of which ``export`` takes none."""
    options = {
        "--kernel coq": arguments.kernel == "coq",
        "--latex": arguments.latex,
        "--out": arguments.out is not None,
    }
    return ", ".join([*(theorem.id for theorem in claims), *(name for name, given in options.items() if given)])


def _by_coq(claims: Sequence[Theorem], out: str | None) -> int:
    """Print what Coq says of the proof of each theorem, and if asked keep the files; 1 if it refuses one."""
    status, console = OK, screen()
    by_id = {theorem.id: theorem for theorem in claims}
    if several := [theorem.id for theorem in claims if by_id[theorem.id] is not theorem]:
        raise ValueError(f"theorems must have ids of their own for Coq, got several with {several[0]!r}")
    proofs = {theorem.id: proof_of(theorem) for theorem in claims}
    for theorem in dict.fromkeys(claims):
        if proofs[theorem.id] is None:
            status = VIOLATED
            tell(console, "\n".join(_missing(theorem)))
    scripts = {id: proof.coq() for id, proof in proofs.items() if proof is not None}
    folder = None if out is None else coq.writable(Path(out))
    for answer in coq.ask(scripts):
        status = worst(status, VIOLATED if answer.refused else OK)
        judgement = f"refused: {answer.refused}" if answer.refused else f"accepted {_from(scripts[answer.name])}"
        tell(console, f"{answer.name:14} {answer.seconds:5.1f} s   {judgement}", hang=5)
    if folder is not None:
        coq.keep(scripts, folder)
    return status


def _from(script: str) -> str:
    """What a file that is accepted proves, and from what."""
    start = "f, the draw and the step" if "\nHypothesis smooth " in script else "what is granted of a step"
    variance = ", variances bounded at each W" * ("On average along the iterates" in script)
    return f"for every T, from {start}{variance}; no axiom but those of the real numbers"


def _named(name: str) -> tuple[Theorem, ...]:
    """The theorems of a name: all of ours, one of them, or a user's."""
    if name == "all":
        return tuple(theorems.ALL.values())
    return (theorems.theorem_named(name),)


def _line(proof: Proof, seconds: float) -> str:
    return f"{proof.theorem.id:14} {1000 * seconds:5.0f} ms  proved{proof.summary.removeprefix('machine-checked')}"


def _missing(theorem: Theorem) -> Iterator[str]:
    yield f"{theorem.id}: {why_not_proved(theorem)}"
    if instead := discover(theorem).statements:
        yield f"the best of its form that can be proved: {instead[0]}"
