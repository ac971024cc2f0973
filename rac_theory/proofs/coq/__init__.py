"""The second kernel: a proof as a file for Coq, and what Coq says of it."""

from rac_theory.proofs.coq.kernel import Answer, ask, keep, writable

__all__ = ["Answer", "ask", "keep", "writable"]
