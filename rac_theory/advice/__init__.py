"""Advice: which rank, side, sketch and learning rate, by what the theorems promise for matrices and a curvature, and
what it costs. It uses problems, numerics, files, drawing, sketches, algorithms, cases, statements and theorems. It must
not know runs: a promise is a formula.
"""

from rac_theory.advice.advise import advise, promised_steps
from rac_theory.advice.comparison import cheapest, fewest_steps, frontier_plot
from rac_theory.advice.curvature import Curvature

__all__ = ["Curvature", "advise", "cheapest", "fewest_steps", "frontier_plot", "promised_steps"]
