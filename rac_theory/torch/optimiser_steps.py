"""An optimiser of PyTorch as a step of one W and a generator, so that it can be declared to be one of ours."""

from collections.abc import Callable
from threading import local
from typing import Any

import numpy as np
import torch
from torch.nn import Module, Parameter
from torch.optim import Optimizer

from rac_theory.base import being, checks, described, function_name, repr_of, shown, type_name
from rac_theory.base.checks import Array
from rac_theory.torch.module_loss import one_torch_thread
from rac_theory.torch.module_problem import ModuleProblem


class OptimiserSteps:
    """What an optimiser does to the matrices of a problem, step by step, with gradients of the whole loss.

    ``Implementation(OptimiserSteps(problem, make), implements=RACLoRA(...))`` runs it and, once ``check_algorithm`` has
    compared the two, has theorems judge it.

    Parameters
    ----------
    problem : ModuleProblem
        As ``from_module`` makes it.
    make : callable
        ``make(module, rng)`` returns an optimiser of those parameters of a copy of the module that require gradients,
        which are the matrices of the problem. It is called for each run, with a ``numpy.random.Generator`` of its own;
        an optimiser that draws from another one is refused by ``check_algorithm``.
    inner : int
        Steps of the optimiser that make one of what is declared: those for which one like GaLore keeps its subspace,
        as ``GaLore(rank, gamma, gradients=Local(inner))`` does.

    Examples
    --------
    >>> import torch
    >>> from torch.nn.functional import mse_loss
    >>> import rac_theory
    >>> from rac_theory import Case, Implementation, simulate
    >>> from rac_theory.sketches import Haar
    >>> from rac_theory.torch import OptimiserSteps, RACLoRA, from_module
    >>> _ = torch.manual_seed(0)
    >>> data = torch.randn(30, 5), torch.randn(30, 4)
    >>> problem = from_module(torch.nn.Linear(5, 4), mse_loss, data)
    >>> def make(module, rng):
    ...     return RACLoRA([module.weight], Haar, rank=2, gamma=0.1, rng=rng)
    >>> declared = rac_theory.RACLoRA(Haar(4, 2), gamma=0.1)
    >>> case = Case(Implementation(OptimiserSteps(problem, make), implements=declared), problem, steps=3)
    >>> simulate(case, runs=2, rng=0).values.shape  # check_algorithm(case) says whether it is what is declared
    (2, 4)
    """

    def __init__(
        self, problem: ModuleProblem, make: Callable[[Module, np.random.Generator], Optimizer], inner: int = 1
    ) -> None:
        being("problem", problem, ModuleProblem, ", as from_module makes it")
        if not callable(make):
            raise ValueError(f"make must be a function make(module, rng) that returns an optimiser, got {shown(make)}")
        self.problem, self.make, self.inner = problem, make, checks.integer("inner", inner, 1)
        self._here = local()  # a module for each thread: to copy one takes longer than a step
        self._optimiser: Optimizer | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> "OptimiserSteps":
        """For a run of its own: it starts without a state; W is put into the module before each step."""
        another = OptimiserSteps(self.problem, self.make, self.inner)
        another._here = self._here
        return another

    def __reduce__(self) -> tuple[Any, ...]:
        return OptimiserSteps, (self.problem, self.make, self.inner)

    def __repr__(self) -> str:
        inner = f", inner={self.inner}" * (self.inner > 1)
        return f"{type_name(self)}({repr_of(self.problem)}, {function_name(self.make)}{inner})"

    def step(self, W: Array, rng: np.random.Generator) -> Array:
        """From one W to the next, (m, n) to (m, n).

        Runs that are at one W have one gradient, which is computed once: it is a function of W, as ``from_module`` has
        seen, and takes longer than all else.
        """
        if not hasattr(self._here, "module"):
            self._here.module, self._here.at = self.problem.module_at(W), None
        module: Module = self._here.module
        self.problem.put(W, module)
        if self._optimiser is None:
            self._optimiser = _optimiser_of(self.make, module, rng)
        with one_torch_thread():
            for _ in range(self.inner):
                self._put_gradients(module)
                self._optimiser.step()
        return self.problem.weights(module)

    def _put_gradients(self, module: Module) -> None:
        """Give each matrix its gradient, a copy: optimisers may clip it where it is."""
        moved = [parameter for parameter in module.parameters() if parameter.requires_grad]
        at = self.problem.weights(module)  # not what was put there: make may have changed it
        if self._here.at is None or not np.array_equal(at, self._here.at):
            for parameter in moved:
                parameter.grad = None
            self.problem.loss_of(module).backward()
            self._here.at, self._here.gradients = at, [parameter.grad for parameter in moved]
        for parameter, gradient in zip(moved, self._here.gradients, strict=True):
            parameter.grad = None if gradient is None else gradient.clone()


def _optimiser_of(
    make: Callable[[Module, np.random.Generator], Optimizer], module: Module, rng: np.random.Generator
) -> Any:
    optimiser = make(module, rng)
    if not isinstance(optimiser, Optimizer):
        raise ValueError(
            f"make must return an optimiser of torch.optim, got {described(optimiser)}; is a return statement missing?"
        )
    return optimiser


def optimiser_moves(
    make: Callable[[Parameter], Optimizer], dtype: torch.dtype = torch.float32
) -> tuple[Callable[[tuple[int, int], int], Any], Callable[[Any, Array], torch.Tensor]]:
    """Return ``new`` and ``step`` of ``rac_theory.testing.check_refresh`` for an optimiser of PyTorch.

    Parameters
    ----------
    make : callable
        ``make(W)`` returns an optimiser of one parameter, (m, n), which is zero; PyTorch's generator has the seed.
    dtype : torch.dtype
        Of the parameter and its gradients.

    Returns
    -------
    new : callable
        From a shape and a seed to an optimiser and its parameter.
    step : callable
        From these and a gradient to the change of the parameter.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from rac_theory.torch import optimiser_moves
    >>> new, step = optimiser_moves(lambda W: torch.optim.SGD([W], lr=0.5))
    >>> step(new((2, 1), 0), np.ones((2, 1)))
    tensor([[-0.5000],
            [-0.5000]])
    """

    def new(shape: tuple[int, int], seed: int) -> tuple[Optimizer, Parameter]:
        torch.manual_seed(seed)
        W = Parameter(torch.zeros(shape, dtype=dtype))
        return make(W), W

    def step(state: tuple[Optimizer, Parameter], G: Array) -> torch.Tensor:
        optimiser, W = state
        before, W.grad = W.detach().clone(), torch.from_numpy(G).to(W)
        optimiser.step()
        return W.detach() - before

    return new, step
