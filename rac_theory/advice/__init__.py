"""Advice: which rank, side, sketch and learning rate, by what the theorems promise for matrices and a curvature, and
what it costs. It uses base, numerics, drawing, problems, sketches, algorithms, gains, cases, statements and theorems.
It must not know runs: a promise is a formula.
"""

from rac_theory.advice import answer, comparison, curvature_files, learning_rate, model_shapes
from rac_theory.advice.adapter_config import AdapterConfig
from rac_theory.advice.advise import RANKS, SKETCHES, Advice, advise, promised_steps
from rac_theory.advice.answer import LayersAlike, alike, answer_table, sentences
from rac_theory.advice.comparison import Horizon, Total, cheapest, fewest_steps, frontier_plot, totals
from rac_theory.advice.curvature import Curvature, Loss
from rac_theory.advice.curvature_files import Layer, Saved, features_in
from rac_theory.advice.learning_rate import AtRank, Carried, learning_rates
from rac_theory.advice.model_shapes import Shapes
from rac_theory.advice.training_option import FLOPS, Gain, Option, efficient
from rac_theory.base import answering

__all__ = [
    "FLOPS",
    "RANKS",
    "SKETCHES",
    "AdapterConfig",
    "Advice",
    "AtRank",
    "Carried",
    "Curvature",
    "Gain",
    "Horizon",
    "Layer",
    "LayersAlike",
    "Loss",
    "Option",
    "Saved",
    "Shapes",
    "Total",
    "advise",
    "alike",
    "answer",
    "answer_table",
    "cheapest",
    "comparison",
    "curvature_files",
    "efficient",
    "features_in",
    "fewest_steps",
    "frontier_plot",
    "learning_rate",
    "learning_rates",
    "model_shapes",
    "promised_steps",
    "sentences",
    "totals",
]

answering(globals())
