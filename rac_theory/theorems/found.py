"""Proofs that the search finds, as it found them: ``python -m rac_theory.theorems`` looks for them anew.

``found.txt`` has all ids in their order, and where no proof is written by hand a line for each sum that a proof
needs: how often it takes which facts. A proof made of these is checked like any other; where a line no longer fits, the
search is asked again.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from rac_theory.proofs import Fact, Proof, Recalled, Recorder, search
from rac_theory.statements import Theorem

FILE = files("rac_theory.theorems").joinpath("found.txt")


@cache
def lines() -> Mapping[str, tuple[str, ...]]:
    """Return what was found for each theorem, by id; nothing of what is proved by hand."""
    parts = FILE.read_text(encoding="utf-8").split("\n\n")
    return {id: tuple(steps) for id, *steps in (part.strip("\n").split("\n") for part in parts)}


def recalled(theorem: Theorem, facts: tuple[Fact, ...]) -> Proof | None:
    """Return the proof that was found of a theorem, or what a search finds now."""
    return search(theorem, (), facts, Recalled(lines().get(theorem.id, ()))) or search(theorem, (), facts)


def looked_for(theorem: Theorem, facts: tuple[Fact, ...]) -> tuple[str, ...] | None:
    """Return what a search finds for a theorem, in lines; None if it finds no proof."""
    recorder = Recorder()
    return tuple(recorder.lines) if search(theorem, (), facts, recorder) is not None else None
