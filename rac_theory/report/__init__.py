"""The report: what a folder of results holds, as one page that opens from disk and needs nothing else."""

from rac_theory.report.page import FILE, write

__all__ = ["FILE", "write"]
