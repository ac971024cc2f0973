"""The gradient sources: what happens between two draws of the sketch."""

from rac_theory.algorithms.gradients.certified_step import CertifiedStep
from rac_theory.algorithms.gradients.clients import ByChance, Clients, Participation, Subset
from rac_theory.algorithms.gradients.finite_differences import FiniteDifferences
from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource, Step
from rac_theory.algorithms.gradients.noise import Noise, additive_noise, minibatch_noise, minibatch_share
from rac_theory.algorithms.gradients.several_steps import Local, Reshuffled
from rac_theory.algorithms.gradients.stochastic import Minibatch, Noisy
from rac_theory.base import answering

__all__ = [
    "ByChance",
    "CertifiedStep",
    "Clients",
    "Exact",
    "FiniteDifferences",
    "GradientSource",
    "Local",
    "Minibatch",
    "Noise",
    "Noisy",
    "Participation",
    "Reshuffled",
    "Step",
    "Subset",
    "additive_noise",
    "minibatch_noise",
    "minibatch_share",
]

answering(globals())
