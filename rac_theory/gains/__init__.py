"""Gains: what a sketch makes of the curvature it is drawn for. L_H, what one step is worth (nu) by the kind of step,
the longest and the best step, the best learning rate, and how often a coordinate should be drawn. It uses base,
numerics, problems, sketches and algorithms. It must not know cases: a gain is about a sketch, a curvature and a step.
"""

from rac_theory.base import answering
from rac_theory.gains.effective_dimension import effective_dimension
from rac_theory.gains.fitted_step import fitted_step
from rac_theory.gains.gain import SmoothnessAlong, smoothness_along
from rac_theory.gains.learning_rate import LearningRate, best_step, learning_rate, longest_step
from rac_theory.gains.made_for_curvature import coordinate_curvatures, coordinates_for
from rac_theory.gains.step_gain import StepGain, step_gain

__all__ = [
    "LearningRate",
    "SmoothnessAlong",
    "StepGain",
    "best_step",
    "coordinate_curvatures",
    "coordinates_for",
    "effective_dimension",
    "fitted_step",
    "learning_rate",
    "longest_step",
    "smoothness_along",
    "step_gain",
]

answering(globals())
