"""Advice: which rank, side, sketch and learning rate, by what the theorems promise for matrices and a curvature, and
what it costs. It uses base, numerics, drawing, problems, sketches, algorithms, gains, cases, statements and theorems.
It must not know runs: a promise is a formula.
"""

from rac_theory.advice import model_shapes
from rac_theory.advice.adapter_config import AdapterConfig
from rac_theory.advice.advise import RANKS, SKETCHES, Advice, advise, promised_steps
from rac_theory.advice.answer import LayersAlike, alike, answer_table, digits, pattern, sentences
from rac_theory.advice.comparison import Horizon, advice_table, cheapest, fewest_steps, frontier_panels, frontier_plot
from rac_theory.advice.curvature import Curvature, Loss
from rac_theory.advice.curvature_files import (
    EXAMPLES,
    SAME_AS,
    SECOND_MOMENT,
    Layer,
    Saved,
    features_in,
    of_all,
    of_named,
    spectrum_in,
    unused,
)
from rac_theory.advice.gain_of_side import Gain
from rac_theory.advice.learning_rate import AtRank, Carried, learning_rates
from rac_theory.advice.learning_rate_of_layer import EXPLANATION, rates_of_layer
from rac_theory.advice.model_shapes import Shapes, parse
from rac_theory.advice.model_total import Total, total_table, totals
from rac_theory.advice.training_option import FLOPS, Option, efficient
from rac_theory.base import answering

__all__ = [
    "EXAMPLES",
    "EXPLANATION",
    "FLOPS",
    "RANKS",
    "SAME_AS",
    "SECOND_MOMENT",
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
    "advice_table",
    "advise",
    "alike",
    "answer_table",
    "cheapest",
    "digits",
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
    "pattern",
    "promised_steps",
    "rates_of_layer",
    "sentences",
    "spectrum_in",
    "total_table",
    "totals",
    "unused",
]

answering(globals())
