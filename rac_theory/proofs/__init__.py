"""Proofs: facts that are taken for granted, rules by which others follow, a proof of each theorem, and a search for
proofs of other claims. It uses problems, algebra, drawing, statements and theorems. It must not know runs: what is
proved is proved for every case.
"""

from rac_theory.proofs.fact import Fact
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.proof import Proof
from rac_theory.proofs.prove import prove, strongest

__all__ = ["Fact", "Missing", "Proof", "prove", "strongest"]
