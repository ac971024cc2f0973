"""Claims of the field: what others published, and which theorems and counterexamples say that it is true, or how far
(``literature.CLAIMS``, by id). It uses problems, statements, theorems, proofs, verification and counterexamples. It
must not know the ledger.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rac_theory.literature import adaptation, subspaces
from rac_theory.literature.published_claim import PublishedClaim

CLAIMS: Mapping[str, PublishedClaim] = MappingProxyType(
    {claim.id: claim for claim in (*adaptation.CLAIMS, *subspaces.CLAIMS)}
)

__all__ = ["CLAIMS", "PublishedClaim"]
