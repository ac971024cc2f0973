"""PyTorch modules as problems, and our step, or that of a method, as an optimiser of PyTorch; with the extra ``torch``.
``module_problem`` says which matrices of a module are meant; ``module_loss`` computes with them, and refuses what is no
function of them, or no mean of components; ``activations`` adds up what goes into layers. It uses base, numerics,
problems, algorithms, sketches and advice. It must not know how runs are made or judged, and no other room may import
it: PyTorch is loaded with it.
"""

from rac_theory.base import import_extra

import_extra("torch", "torch")  # first, as it says how PyTorch is installed where it is missing

from rac_theory.torch.activations import Activations  # noqa: E402
from rac_theory.torch.module_problem import ModuleProblem, ModuleSum, from_module  # noqa: E402
from rac_theory.torch.optimiser import MethodOptimiser, RACLoRA  # noqa: E402
from rac_theory.torch.optimiser_steps import OptimiserSteps, optimiser_moves  # noqa: E402
from rac_theory.torch.peft_layers import peft_functions, trainer_functions  # noqa: E402

__all__ = [
    "Activations",
    "MethodOptimiser",
    "ModuleProblem",
    "ModuleSum",
    "OptimiserSteps",
    "RACLoRA",
    "from_module",
    "optimiser_moves",
    "peft_functions",
    "trainer_functions",
]
