"""Advice: which rank, side, sketch and learning rate, by what the theorems promise for matrices and a curvature, and
what it costs. It uses base, numerics, drawing, problems, sketches, algorithms, gains, cases, statements and theorems.
It must not know runs: a promise is a formula.
"""

from rac_theory.advice import model_shapes
from rac_theory.advice.advise import RANKS, SKETCHES, Advice, advise, promised_steps
from rac_theory.advice.comparison import Horizon, advice_table, cheapest, fewest_steps, frontier_panels, frontier_plot
from rac_theory.advice.curvature import Curvature, Loss
from rac_theory.advice.curvature_files import Layer, features_in, of_all, of_named, spectrum_in, unused
from rac_theory.advice.gain_of_side import Gain
from rac_theory.advice.learning_rate import AtRank, Carried, learning_rates
from rac_theory.advice.learning_rate_of_layer import EXPLANATION, told_of_layer
from rac_theory.advice.model_shapes import Shapes, parse
from rac_theory.advice.model_total import Total, total_table, totals
from rac_theory.advice.training_option import FLOPS, Option, efficient
from rac_theory.base import answering

__all__ = [
    "EXPLANATION",
    "FLOPS",
    "RANKS",
    "SKETCHES",
    "Advice",
    "AtRank",
    "Carried",
    "Curvature",
    "Gain",
    "Horizon",
    "Layer",
    "Loss",
    "Option",
    "Shapes",
    "Total",
    "advice_table",
    "advise",
    "cheapest",
    "efficient",
    "features_in",
    "fewest_steps",
    "frontier_panels",
    "frontier_plot",
    "learning_rates",
    "model_shapes",
    "of_all",
    "of_named",
    "parse",
    "promised_steps",
    "spectrum_in",
    "told_of_layer",
    "total_table",
    "totals",
    "unused",
]

answering(globals())
