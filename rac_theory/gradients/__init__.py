"""The gradient sources, one file each."""

from rac_theory.gradient_source import GradientSource, Step
from rac_theory.gradients.clients import Clients
from rac_theory.gradients.exact import Exact
from rac_theory.gradients.local import Local
from rac_theory.gradients.minibatch import Minibatch
from rac_theory.gradients.noisy import Noisy
from rac_theory.gradients.reshuffled import Reshuffled

__all__ = ["Clients", "Exact", "GradientSource", "Local", "Minibatch", "Noisy", "Reshuffled", "Step"]
