"""The report: what a folder of results holds, as one page that opens from disk and needs nothing else. It uses files,
drawing, statements, theorems, proofs, verification, counterexamples and ledger. It must not run anything.
"""

from rac_theory.ledger.report.page import FILE, write

__all__ = ["FILE", "write"]
