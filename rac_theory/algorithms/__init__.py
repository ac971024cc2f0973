"""Algorithms: the concept, the methods, one file each, and in ``gradients`` where their gradients come from and how far
those stray. It uses base, numerics, problems, algebra and sketches. It must not know how runs are made, recorded or
judged: it yields iterates.
"""

from rac_theory.algorithms.algorithm import Algorithm
from rac_theory.algorithms.cyclic import CyclicRACLoRA
from rac_theory.algorithms.decreasing import Decreasing
from rac_theory.algorithms.factor_descent import AsymmetricLoRA, ChainOfLoRA, Factored, Initialisation, LoRA
from rac_theory.algorithms.fitted_steps import (
    FLOOR,
    FittedDescent,
    InverseOnRange,
    SeenCurvature,
    StepPerDraw,
    curvature_of,
)
from rac_theory.algorithms.galore import GaLore, leading_part
from rac_theory.algorithms.implementation import Checked, Implementation
from rac_theory.algorithms.layered import Bernoulli, LayeredRACLoRA
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
    SHIFTED_MOMENTUM,
)
from rac_theory.algorithms.method import H, Method, Program, gradient, letter, move_of, state
from rac_theory.algorithms.method_descent import MethodDescent, called, projector_of
from rac_theory.algorithms.momentum_across_redraws import KeptCoordinates, MomentumInLinks
from rac_theory.algorithms.preconditioned import Preconditioned
from rac_theory.algorithms.projected_descent import PLAIN, ProjectedDescent
from rac_theory.algorithms.rac_lora import GD, SGD, RACLoRA
from rac_theory.algorithms.side import Side, check_dim
from rac_theory.algorithms.steepest_step import MuonStep, NormalisedStep, SignStep, SteepestStep, mean_length
from rac_theory.base import answering

Method._algorithm = called

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
    "SHIFTED_MOMENTUM",
    "Algorithm",
    "AsymmetricLoRA",
    "Bernoulli",
    "ChainOfLoRA",
    "Checked",
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
    "Preconditioned",
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
    "projector_of",
    "state",
]

answering(globals())
