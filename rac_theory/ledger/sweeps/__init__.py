"""Sweeps: grids of claims and cases as one job that may be killed at any moment, and what it found. It uses
problems, processes, files, drawing, sketches, verification and ledger. It must not know commands."""

from rac_theory.ledger.sweeps.found import Sweep
from rac_theory.ledger.sweeps.grid import Grid
from rac_theory.ledger.sweeps.sweeping import Progress, sweep

__all__ = ["Grid", "Progress", "Sweep", "sweep"]
