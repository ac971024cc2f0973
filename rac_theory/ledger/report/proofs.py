"""What the page shows of proofs: a line for each theorem, and what the line opens."""

from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from rac_theory import theorems
from rac_theory.proofs import Reading, sections
from rac_theory.theorems import prove


@dataclass(frozen=True)
class ShownProof:
    """A proof of one of our theorems.

    Attributes
    ----------
    summary : str
        What it rests on, in a line.
    fragment : Markup
        The proof, typeset.
    """

    summary: str
    fragment: Markup


@lru_cache
def shown_proof(id: str) -> ShownProof | None:
    """Return the proof of a theorem by its id; None for a claim that this version does not know."""
    proof = prove(id) if id in theorems.ALL else None
    return None if proof is None else ShownProof(proof.summary, Markup("\n").join(sections(Reading(proof))))
