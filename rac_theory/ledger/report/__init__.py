"""The report: what a folder of results holds, as one page that opens from disk and needs nothing else. It must not run
anything.
"""

from rac_theory.ledger.report import gallery
from rac_theory.ledger.report.page import FILE, write

__all__ = ["FILE", "gallery", "write"]
