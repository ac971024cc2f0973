"""Algorithms: the concept, the methods, one file each, and in ``gradients`` where their gradients come from and how far
those stray. It uses base, numerics, problems, algebra and sketches. It must not know how runs are made, recorded or
judged: it yields iterates.
"""

from rac_theory.algorithms.algorithm import Algorithm
from rac_theory.algorithms.asymmetric_lora import AsymmetricLoRA
from rac_theory.algorithms.bernoulli import Bernoulli
from rac_theory.algorithms.chain_of_lora import ChainOfLoRA
from rac_theory.algorithms.cyclic import CyclicRACLoRA
from rac_theory.algorithms.decreasing import Decreasing
from rac_theory.algorithms.factor_descent import Factored
from rac_theory.algorithms.fitted_steps import FittedDescent, InverseOnRange, StepPerDraw, curvature_of
from rac_theory.algorithms.galore import GaLore, leading_part
from rac_theory.algorithms.implementation import Checked, Implementation
from rac_theory.algorithms.initialisation import Initialisation
from rac_theory.algorithms.kept_coordinates import KeptCoordinates
from rac_theory.algorithms.layered import LayeredRACLoRA
from rac_theory.algorithms.lora import LoRA
from rac_theory.algorithms.memory import (
    ACCELERATED,
    DECAY,
    DECAY_INSIDE,
    EF21,
    FEEDBACK,
    FULL_MOMENTUM,
    HEAVY_BALL,
    MOMENTUM,
    PROJECTED_MOMENTUM,
)
from rac_theory.algorithms.method import Combination, H, Method, Program, gradient, letter, state
from rac_theory.algorithms.method_descent import MethodDescent, called
from rac_theory.algorithms.method_move import move_of
from rac_theory.algorithms.method_text import formula, text
from rac_theory.algorithms.momentum_in_links import MomentumInLinks
from rac_theory.algorithms.projected_descent import PLAIN, ProjectedDescent
from rac_theory.algorithms.rac_lora import GD, SGD, RACLoRA, check_dim
from rac_theory.algorithms.seen_curvature import FLOOR, SeenCurvature
from rac_theory.algorithms.side import Side
from rac_theory.algorithms.steepest_step import MuonStep, NormalisedStep, SignStep, SteepestStep, mean_length

Method._algorithm, Method.__str__, Method._repr_latex_ = called, text, formula  # type: ignore[assignment, attr-defined]

__all__ = [
    "ACCELERATED",
    "DECAY",
    "DECAY_INSIDE",
    "EF21",
    "FEEDBACK",
    "FLOOR",
    "FULL_MOMENTUM",
    "GD",
    "HEAVY_BALL",
    "MOMENTUM",
    "PLAIN",
    "PROJECTED_MOMENTUM",
    "SGD",
    "Algorithm",
    "AsymmetricLoRA",
    "Bernoulli",
    "ChainOfLoRA",
    "Checked",
    "Combination",
    "CyclicRACLoRA",
    "Decreasing",
    "Factored",
    "FittedDescent",
    "GaLore",
    "H",
    "Implementation",
    "Initialisation",
    "InverseOnRange",
    "KeptCoordinates",
    "LayeredRACLoRA",
    "LoRA",
    "Method",
    "MethodDescent",
    "MomentumInLinks",
    "MuonStep",
    "NormalisedStep",
    "Program",
    "ProjectedDescent",
    "RACLoRA",
    "SeenCurvature",
    "Side",
    "SignStep",
    "SteepestStep",
    "StepPerDraw",
    "check_dim",
    "curvature_of",
    "gradient",
    "leading_part",
    "letter",
    "mean_length",
    "move_of",
    "state",
]
