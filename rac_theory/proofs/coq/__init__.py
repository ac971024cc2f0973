"""The second kernel: a proof as a file for Coq, and what Coq says of it."""

from rac_theory.proofs.coq.kernel import ask, keep, writable

__all__ = ["ask", "keep", "writable"]
