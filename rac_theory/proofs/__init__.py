"""Proofs: facts that are taken for granted, rules by which others follow, what a proof is, and a search for proofs. It
uses problems, algebra, drawing and statements. It must not know any theorem or run: what is proved is proved for
every case.
"""

from rac_theory.proofs.fact import Fact
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.proof import Proof
from rac_theory.proofs.prove import search, strongest

__all__ = ["Fact", "Missing", "Proof", "search", "strongest"]
