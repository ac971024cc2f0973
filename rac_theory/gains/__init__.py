"""gains: a room."""

from rac_theory.gains.fitted_step import fitted_step
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.learning_rate import LearningRate, learning_rate
from rac_theory.gains.made_for_curvature import coordinates_for
from rac_theory.gains.plain_step import plain_step
from rac_theory.gains.projected_step import projected_step
from rac_theory.gains.step_gain import StepGain
from rac_theory.gains.step_lengths import best_step, longest_step

__all__ = [
    "LearningRate",
    "StepGain",
    "best_step",
    "coordinates_for",
    "fitted_step",
    "learning_rate",
    "longest_step",
    "plain_step",
    "projected_step",
    "smoothness_along",
]
