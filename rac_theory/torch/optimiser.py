"""Our steps as optimisers of PyTorch: that of RAC-LoRA, and that of any method with a memory, by its expression."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from rac_theory import algorithms
from rac_theory.algorithms import Method
from rac_theory.base import checks, having, printable, shown, type_name
from rac_theory.numerics import Randomness
from rac_theory.sketches import Sketch, check_draws, draw, draw_ranges, steps_ahead

SketchOfSize: TypeAlias = Callable[[int, int], Sketch]
"""Makes a sketch of ``(dim, rank)``, as the class of a sketch does: ``Haar``."""


class RACLoRA(Optimizer):
    r"""Move each matrix by :math:`W \leftarrow W - \gamma H G`, with a fresh sketch in every step.

    It is the step of ``rac_theory.RACLoRA`` with one gradient: on the other factor from zero, merged at once, so there
    are no factors to hold and H is never formed. With the same generator it draws the same sketches as
    ``rac_theory.RACLoRA`` does for one run, and as ``LayeredRACLoRA`` for several matrices.

    Parameters
    ----------
    params : iterable of Tensor, or of groups
        Matrices, in the order in which sketches are drawn for them. A group is a dict of ``params`` and of what is
        different for them: sketch, rank, gamma, side, lora_alpha.
    sketch : callable or None
        Makes the sketch of a matrix, ``sketch(dim, rank)``: the class of one, or a function. None is no sketch, H = I,
        for parameters of any shape.
    rank : int
        1 up to the side that is projected; not used without a sketch.
    gamma : float
        The size of a step, > 0. No scheduler changes it, as the theorems are about steps of one size.
    side : "left" or "right"
        Which side of the gradient is projected: for the weight of ``Linear``, (out, in), outputs or inputs.
    lora_alpha : float, optional
        The plain step of practice, ``W - gamma (lora_alpha / rank)^2 B B' G``; None is the projected one.
    rng : seed, SeedSequence or Generator
        As in ``numpy.random.default_rng``, which makes a generator of it; one that is given is drawn from itself.

    Raises
    ------
    ValueError
        For a parameter with a sketch that is no matrix, or a state of other sketches.

    Notes
    -----
    ``state_dict`` holds numbers, texts and tensors alone: the generator, and what was drawn ahead of it. A run that is
    resumed goes on bit for bit.

    References
    ----------
    arXiv:2410.08305, Algorithm 1, with one step a link.

    Examples
    --------
    >>> import torch
    >>> from rac_theory.sketches import Haar
    >>> from rac_theory.torch import RACLoRA
    >>> layer = torch.nn.Linear(6, 4, bias=False)
    >>> before = layer.weight.detach().clone()
    >>> optimiser = RACLoRA(layer.parameters(), Haar, rank=2, gamma=0.1, side="right", rng=0)
    >>> layer(torch.ones(6)).square().sum().backward()
    >>> optimiser.step()
    >>> torch.linalg.matrix_rank(layer.weight.detach() - before).item()  # of this gradient, projected
    1
    """

    def __init__(
        self,
        params: Iterable[Any],
        sketch: SketchOfSize | None = None,
        rank: int = 1,
        *,
        gamma: float,
        side: str = "left",
        lora_alpha: float | None = None,
        rng: Randomness = None,
    ) -> None:
        try:
            self.rng = np.random.default_rng(rng)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"rng must be a seed >= 0, a SeedSequence, a Generator or None, got {shown(rng)}"
            ) from error
        defaults = {"sketch": sketch, "rank": rank, "gamma": gamma, "side": side, "lora_alpha": lora_alpha}
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with the sketch of each made and looked at.

        Parameters
        ----------
        param_group : dict
            ``params``, and options of their own, as in the constructor.
        """
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        checks.one_of("side", group["side"], ("left", "right"))
        group["gamma"] = checks.positive("gamma", group["gamma"])
        if group["lora_alpha"] is not None:
            group["lora_alpha"] = checks.positive("lora_alpha", group["lora_alpha"])
        group["sketches"] = [_sketch_of(group, W) for W in group["params"]]

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient; a sketch is drawn for the others, too.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss, and gradients, before the step.

        Returns
        -------
        What the closure returned, None without one
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group, sketch, W in self._matrices():
            S = None if sketch is None else self._drawn(sketch, W, plain=group["lora_alpha"] is not None)
            if W.grad is not None:
                self._move(group, S, W, W.grad)
        return loss

    def _move(self, group: dict[str, Any], S: Tensor | None, W: Tensor, G: Tensor) -> None:
        """Make a step of one matrix, with what was drawn for it."""
        plain = 1.0 if S is None or group["lora_alpha"] is None else (group["lora_alpha"] / S.shape[1]) ** 2
        W -= _projected(S, group["side"], group["gamma"] * plain * G)

    def state_dict(self) -> dict[str, Any]:
        """Return what a run is resumed from: numbers, texts and tensors.

        Returns
        -------
        dict
        """
        state = super().state_dict()
        for group in state["param_groups"]:
            group["sketch"], group["sketches"] = None, [repr(sketch) for sketch in group["sketches"]]
        return {**state, "rng": _text(self.rng.bit_generator.state)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there, with the same sketches; what it was given is not changed.

        Parameters
        ----------
        state_dict : dict
            What ``state_dict`` returned.
        """
        ours = [(group["sketch"], group["sketches"]) for group in self.param_groups]
        theirs = [group["sketches"] for group in state_dict["param_groups"]]
        if [[repr(sketch) for sketch in sketches] for _, sketches in ours] != theirs:
            raise ValueError(f"state_dict must be of the same sketches, {[s for _, s in ours]!r}, got {theirs!r}")
        super().load_state_dict({name: state_dict[name] for name in ("state", "param_groups")})
        for group, (sketch, sketches) in zip(self.param_groups, ours, strict=True):
            group["sketch"], group["sketches"] = sketch, sketches
        self.rng.bit_generator.state = _state(state_dict["rng"])

    def _matrices(self) -> Iterator[tuple[dict[str, Any], Sketch | None, Tensor]]:
        for group in self.param_groups:
            for sketch, W in zip(group["sketches"], group["params"], strict=True):
                yield group, sketch, W

    def _drawn(self, sketch: Sketch, W: Tensor, *, plain: bool) -> Tensor:
        """The next sketch of a matrix, or a basis of its range, drawn for several steps at once as ``ranges`` does."""
        ahead = self.state[W].get("ahead")
        if ahead is None or not len(ahead):
            size = steps_ahead(sketch.dim, sketch.rank, 1)
            drawn = draw(sketch, self.rng, size) if plain else draw_ranges(sketch, self.rng, size)
            ahead = torch.tensor(drawn).to(W.dtype)  # as ours are drawn in double precision, and rounded
        self.state[W]["ahead"] = ahead[1:]
        return ahead[0].to(W)


def _projected(S: Tensor | None, side: str, V: Tensor) -> Tensor:
    """What S S' leaves of a matrix, on one side; all of it without a sketch."""
    if S is None:
        return V
    return S @ (S.T @ V) if side == "left" else (S @ (S.T @ V.T)).T


def _sketch_of(group: dict[str, Any], W: Tensor) -> Sketch | None:
    if group["sketch"] is None:
        return None
    if W.ndim != 2:
        raise ValueError(
            f"params must be matrices where there is a sketch, got shape {tuple(W.shape)}; a group with sketch=None "
            "may have any"
        )
    if not callable(group["sketch"]):
        raise ValueError(f"sketch must make one of (dim, rank), such as the class Haar, got {shown(group['sketch'])}")
    dim = W.shape[0 if group["side"] == "left" else 1]
    try:
        sketch: Sketch = group["sketch"](dim, group["rank"])
    except Exception as error:  # of a user's function, or of a class that refuses the rank
        raise ValueError(
            f"sketch must make one of (dim, rank) for dim={dim}, got {type_name(error)}: {printable(str(error))}"
        ) from error
    having("sketch", sketch, "what makes a sketch of (dim, rank)", ("dim", "rank", "sample"))
    check_draws(sketch)
    return sketch


def _text(state: Any) -> str:
    """The state of a generator as JSON, as ``torch.load`` reads no arrays of NumPy by itself."""
    return json.dumps(state, default=lambda array: {"array": array.tolist(), "dtype": str(array.dtype)})


def _state(text: str) -> Any:
    return json.loads(text, object_hook=lambda part: np.array(*part.values()) if "array" in part else part)


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
        values: Any = letters
        self.program = self.method(None, **values).program
        if len(self.program.points) != 1:
            raise ValueError(f"method must take its gradient at one point, got {len(self.program.points)}")
        if abs(sum(factor * self.program.start[i] for i, factor in self._point) - 1) > 1e-12:
            raise ValueError(f"method must take its first gradient at W0, where the parameter is, got {self.method!r}")
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
            given = {name: group[name] for name in ("gamma", "lora_alpha")}
            raise ValueError(f"a group must have neither gamma nor lora_alpha, which the method has, got {given}")

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
