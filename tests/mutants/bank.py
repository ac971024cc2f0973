"""All mutants, and the table of them."""

from collections.abc import Mapping

from . import algorithms, beyond_evidence, iterates, problems, sketches, theorems
from . import theorems_any_step as any_step
from . import theorems_methods as methods
from . import theorems_noisy as noisy
from . import theorems_rounds as rounds
from .mutant import Mutant

_PARTS = (theorems, noisy, rounds, any_step, methods, algorithms, iterates, problems, sketches)
BANK: tuple[Mutant, ...] = tuple(mutant for part in _PARTS for mutant in part.BANK)
BEYOND: tuple[Mutant, ...] = tuple(beyond_evidence.BANK)


def key(mutant: Mutant) -> str:
    """What a mutant is called in the list of tests."""
    return f"{mutant.kind}: {mutant.name}; {mutant.why}"


def table(seen: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return one line for each mutant that was run: caught or missed, and by what. ``seen`` is by ``key``."""
    lines = []
    for mutant in (*BANK, *BEYOND):
        if key(mutant) not in seen:
            continue
        by = ", ".join(seen[key(mutant)])
        lines.append(f"{'caught' if by else 'missed'}  {mutant.kind:10} {mutant.name}: {by or 'nothing'}")
    return lines


def score(seen: Mapping[str, tuple[str, ...]]) -> str:
    """Return how many were caught, in one sentence."""
    tried = [mutant for mutant in BANK if key(mutant) in seen]
    count = sum(bool(seen[key(mutant)]) for mutant in tried)
    beyond = sum(key(mutant) in seen for mutant in BEYOND)
    return f"{count} of {len(tried)} mutants were caught by default settings; {beyond} more are beyond evidence"


def page() -> str:
    """Return the tables of docs/guide/mutants.md: what must catch each mutant, and what no evidence can."""
    lines = []
    for kind in ("theorem", "algorithm", "problem", "sketch"):
        lines += [f"| {kind} | why it is wrong | caught by |", "| --- | --- | --- |"]
        lines += [
            f"| {mutant.name} | {mutant.why} | {', '.join(f'`{name}`' for name in mutant.caught_by)} |"
            for mutant in BANK
            if mutant.kind == kind
        ]
        lines.append("")
    lines += ["| theorem | why it is wrong | its bound, of the true one | exact / bound | its proof |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {mutant.name} | {mutant.why} | {beyond_evidence.share(mutant):.3f} | {mutant.room:g} | "
        f"{beyond_evidence.proof_against(mutant)} |"
        for mutant in BEYOND
    ]
    return "\n".join(line.replace("||", r"\|\|") if "||" in line else line for line in lines) + "\n"
