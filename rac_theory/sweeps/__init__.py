"""Sweeps: grids of claims and cases as one job that may be killed at any moment, and what it found."""

from rac_theory.sweeps.found import Sweep
from rac_theory.sweeps.grid import Grid
from rac_theory.sweeps.sweeping import Progress, sweep

__all__ = ["Grid", "Progress", "Sweep", "sweep"]
