"""Advice: which rank, side and sketch, by what the theorems promise for matrices of some shapes, and what it costs. It
uses numerics, files, drawing, sketches, cases and theorems. It must not know runs: a promise is a formula.
"""

from rac_theory.advice.advise import advise, fewest_steps, frontier_plot, promised_steps

__all__ = ["advise", "fewest_steps", "frontier_plot", "promised_steps"]
