"""Advice: which rank, side, sketch and learning rate, by what the theorems promise for matrices of some shapes, and
what it costs. It uses numerics, files, drawing, sketches, algorithms, cases and theorems. It must not know runs: a
promise is a formula.
"""

from rac_theory.advice.advise import advise, fewest_steps, frontier_plot, promised_steps

__all__ = ["advise", "fewest_steps", "frontier_plot", "promised_steps"]
