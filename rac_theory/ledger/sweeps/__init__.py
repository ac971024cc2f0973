"""Sweeps: grids of claims and cases as one job that may be killed at any moment, and what it found. It must not know
commands.
"""

from rac_theory.ledger.layout import Grid
from rac_theory.ledger.sweeps.found import Sweep, check_table
from rac_theory.ledger.sweeps.sweeping import Progress, sweep

__all__ = ["Grid", "Progress", "Sweep", "check_table", "sweep"]
