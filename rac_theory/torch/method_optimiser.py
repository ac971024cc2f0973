"""A method with a memory as an optimiser of PyTorch: momentum, error feedback, acceleration, each by its expression."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from rac_theory import algorithms
from rac_theory.algorithms import Method, MethodDescent
from rac_theory.algorithms import RACLoRA as Projector
from rac_theory.base import shown
from rac_theory.numerics import Randomness
from rac_theory.torch.optimiser import RACLoRA, SketchOfSize, _projected


class MethodOptimiser(RACLoRA):
    """Move each matrix as a ``Method`` says, with a fresh sketch in every step.

    A parameter holds the point at which the method takes its gradient. All other states are kept, each as large as the
    parameter. What theorems judge is the reported point, which may be another one: ``reported`` has it. With the same
    generator its steps are those of the method called with the same sketch and numbers, for one run.

    Parameters
    ----------
    params : iterable of Tensor, or of groups
        As for ``RACLoRA``; a group has no gamma and no lora_alpha of its own.
    method : Method or str
        Such as ``algorithms.HEAVY_BALL``, or its name, ``"HEAVY_BALL"``.
    sketch, rank, side, rng
        As for ``RACLoRA``.
    **letters
        The number of each letter of the method, such as ``gamma=0.01, beta=0.9``.

    Raises
    ------
    ValueError
        For what is no method, for one that takes gradients at several points, or does not start at W0, and for a group
        with numbers of its own.

    Examples
    --------
    SGD of PyTorch with momentum is ``HEAVY_BALL`` without a sketch:

    >>> import torch
    >>> from rac_theory.torch import MethodOptimiser
    >>> ours, theirs = torch.nn.Parameter(torch.ones(3, 2)), torch.nn.Parameter(torch.ones(3, 2))
    >>> steps = [
    ...     (ours, MethodOptimiser([ours], "HEAVY_BALL", gamma=0.1, beta=0.9)),
    ...     (theirs, torch.optim.SGD([theirs], lr=0.1, momentum=0.9)),
    ... ]
    >>> for weight, optimiser in steps:
    ...     for _ in range(5):
    ...         weight.grad = weight.detach().clone()
    ...         optimiser.step()
    >>> torch.allclose(ours, theirs)
    True
    """

    def __init__(
        self,
        params: Iterable[Any],
        method: Method | str,
        sketch: SketchOfSize | None = None,
        rank: int = 1,
        *,
        side: str = "left",
        rng: Randomness = None,
        **letters: float,
    ) -> None:
        named: Any = getattr(algorithms, method, None) if isinstance(method, str) else method
        if not isinstance(named, Method):
            raise ValueError(f"method must be a Method or the name of one, such as HEAVY_BALL, got {shown(method)}")
        self.method = named
        if missing := [name for name in self.method.letters if name not in letters]:
            raise ValueError(f"letters must have a number for each of the method, {', '.join(missing)} have none")
        if strange := [name for name in letters if name not in self.method.letters]:
            raise ValueError(f"letters must be of the method, {', '.join(strange)} are not")
        self.program = MethodDescent(self.method, Projector(None, 1.0), letters).program
        if len(self.program.points) != 1:
            raise ValueError(f"method must take its gradient at one point, got {len(self.program.points)}")
        if abs(sum(factor * self.program.start[i] for i, factor in self._point) - 1) > 1e-12:
            raise ValueError("method must take its first gradient at W0, where the parameter is")
        super().__init__(params, sketch, rank, gamma=1.0, side=side, rng=rng)

    @property
    def _point(self) -> Any:
        return self.program.points[0]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with the sketch of each made and looked at.

        Parameters
        ----------
        param_group : dict
            ``params``, and options of their own: gamma and ``lora_alpha`` are those of the method.
        """
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        if group["gamma"] != 1 or group["lora_alpha"] is not None:
            raise ValueError("a group must have no gamma and no lora_alpha of its own: the method has its letters")

    def reported(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield each parameter with the point that the method reports, which theorems are about."""
        for group in self.param_groups:
            for W in group["params"]:
                yield W, _sum(self.program.report, self._states(W))

    def _states(self, W: Tensor) -> list[Tensor]:
        """The states of a matrix, as they were kept, or at first; the one that is the point itself is the parameter."""
        buffers, at = self.state[W], W.detach()
        names = enumerate(zip(self.method.names, self.program.start, strict=True))
        return [
            at if self._is_point(i) else buffers[name] if name in buffers else begin * at for i, (name, begin) in names
        ]

    def _is_point(self, i: int) -> bool:
        return tuple(self._point) == ((i, 1),)

    def _move(self, group: dict[str, Any], S: Tensor | None, W: Tensor, G: Tensor) -> None:
        registers = [*self._states(W), G]
        of = self.program.projected
        registers.append(_projected(S, group["side"], _sum(of, registers)) if of else G)
        after = [_sum(line, registers) for line in self.program.lines]
        for i, (name, X) in enumerate(zip(self.method.names, after, strict=True)):
            if not self._is_point(i):
                self.state[W][name] = X
        W.copy_(_sum(self._point, after))


def _sum(row: Any, registers: list[Tensor]) -> Tensor:
    """A combination of matrices, a new one."""
    return sum((factor * registers[i] for i, factor in row), torch.zeros_like(registers[0]))
