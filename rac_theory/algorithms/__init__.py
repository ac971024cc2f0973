"""Algorithms: the concept, the methods, one file each, and in ``gradients`` where their gradients come from and how far
those stray. It uses problems, numerics and sketches. It must not know how runs are made, recorded or judged:
it yields iterates.
"""

from rac_theory.algorithms.algorithm import Algorithm
from rac_theory.algorithms.asymmetric_lora import AsymmetricLoRA
from rac_theory.algorithms.bernoulli import Bernoulli
from rac_theory.algorithms.chain_of_lora import ChainOfLoRA
from rac_theory.algorithms.cyclic import CyclicRACLoRA
from rac_theory.algorithms.decreasing import Decreasing
from rac_theory.algorithms.factor_descent import Factored
from rac_theory.algorithms.fitted_steps import FittedDescent, InverseOnRange, StepPerDraw
from rac_theory.algorithms.galore import GaLore
from rac_theory.algorithms.implementation import Checked, Implementation
from rac_theory.algorithms.initialisation import Initialisation
from rac_theory.algorithms.layered import LayeredRACLoRA
from rac_theory.algorithms.lora import LoRA
from rac_theory.algorithms.projected_descent import ProjectedDescent
from rac_theory.algorithms.rac_lora import GD, SGD, RACLoRA
from rac_theory.algorithms.side import Side

__all__ = [
    "GD",
    "SGD",
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
    "Implementation",
    "Initialisation",
    "InverseOnRange",
    "LayeredRACLoRA",
    "LoRA",
    "ProjectedDescent",
    "RACLoRA",
    "Side",
    "StepPerDraw",
]
