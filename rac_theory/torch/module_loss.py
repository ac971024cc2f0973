"""The loss of a module as a function of its matrices, NumPy in and out; a loss that is random or of single precision,
or is no mean over examples, is refused.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, vmap
from torch.nn import Module
from torch.utils._python_dispatch import TorchDispatchMode

from rac_theory.base import printable, type_name
from rac_theory.base.checks import Array
from rac_theory.problems import Indices

_NUMBERS = 1 << 22  # that are held at once, in what a module computes on the way: 32 MB
_EXAMPLES = 256  # that are looked at one by one
_ROUNDING = 1e-9  # relative


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Pin PyTorch to one thread, as ``one_blas_thread`` does BLAS, and put back what was there."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class ModuleLoss:
    """``loss(module(inputs), targets)`` at other matrices, in double precision, batched over them.

    It has a copy of the module, in double precision, whose other parameters and buffers stay what they are. It can be
    pickled where module and loss can.

    Attributes
    ----------
    shapes : mapping of str to (m, n)
        The matrices that are moved.
    shape : (m, n)
        Of the only one, or of the column that all are packed into.
    batched : bool
        Whether ``torch.func.vmap`` serves this module; otherwise matrices are taken one after the other.
    numbers : int
        How many a call with one matrix computes on the way, which decides how many are taken at once.
    """

    def __init__(
        self,
        module: Module,
        loss: Callable[[Any, Tensor], Tensor],
        data: tuple[Tensor, Tensor],
        shapes: Mapping[str, tuple[int, int]],
        device: torch.device,
    ) -> None:
        self.module = copy.deepcopy(module).to(device=device, dtype=torch.float64).requires_grad_(False)
        self.loss, self.shapes, self.device = loss, dict(shapes), device
        self.inputs, self.targets = data
        sizes = [m * n for m, n in shapes.values()]
        self._ends = [0, *accumulate(sizes)]
        (self.shape,) = shapes.values() if len(shapes) == 1 else [(sum(sizes), 1)]
        self.batched, self.numbers = True, 1

    def at(self, W: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of some examples at one W, (m, n) to a number."""
        return self.loss(functional_call(self.module, self.parts(W), (inputs,)), targets)

    def parts(self, W: Tensor) -> dict[str, Tensor]:
        """Return the matrices that one W consists of, by name."""
        flat, places = W.reshape(-1), zip(self._ends, self._ends[1:], strict=False)
        return {
            name: flat[first:last].reshape(shape)
            for (name, shape), (first, last) in zip(self.shapes.items(), places, strict=True)
        }

    def subset(self, rows: Tensor) -> "ModuleLoss":
        """Return the same function of the listed examples alone."""
        part = copy.copy(self)
        part.inputs, part.targets = self.inputs[rows], self.targets[rows]
        part.numbers = max(1, self.numbers * len(rows) // len(self.inputs))
        return part

    def weights(self, module: Module) -> Array:
        """Pack the matrices of a module like this one, (m, n)."""
        flat = [module.get_parameter(name).detach().to("cpu", torch.float64).reshape(-1) for name in self.shapes]
        return np.asarray(torch.cat(flat).reshape(self.shape).numpy(), dtype=np.float64).copy()

    def module_at(self, W: Array) -> Module:
        """A copy of the module, in double precision, with the matrices of one W, which require gradients."""
        module = copy.deepcopy(self.module)
        self.put(W, module)
        for name in self.shapes:
            module.get_parameter(name).requires_grad_(True)
        return module

    def put(self, W: Array, module: Module) -> None:
        """Write the matrices of one W into a module like this one."""
        with torch.no_grad():
            for name, part in self.parts(self._tensor(W)).items():
                module.get_parameter(name).copy_(part)

    def values(self, W: Array) -> Array:
        """(k, m, n) to (k,)."""
        if not len(W):
            return np.empty(0)
        with one_torch_thread(), torch.no_grad():
            if self.batched:
                losses = self._mapped(self.at, (0, None, None))(self._tensor(W), self.inputs, self.targets)
            else:
                losses = torch.stack([self.at(point, self.inputs, self.targets) for point in self._tensor(W)])
            return _array(losses)

    def values_and_gradients(self, W: Array) -> tuple[Array, Array]:
        """(k, m, n) to (k,) and (k, m, n)."""
        if not len(W):
            return np.empty(0), np.empty(W.shape)
        if len(W) > 1 and (W[:1] == W).all():  # as where runs begin: one pass is enough
            first = self.values_and_gradients(W[:1])
            return np.repeat(first[0], len(W)), np.repeat(first[1], len(W), axis=0)
        with one_torch_thread():
            if self.batched:
                gradient_and_value = self._mapped(grad_and_value(self.at), (0, None, None))
                gradients, values = gradient_and_value(self._tensor(W), self.inputs, self.targets)
            else:
                values, gradients = self._one_by_one(W, [(self.inputs, self.targets)] * len(W))
            return _array(values), _array(gradients)

    def gradients(self, W: Array) -> Array:
        """(k, m, n) to (k, m, n)."""
        return self.values_and_gradients(W)[1]

    def gradients_of_examples(self, W: Array, indices: Indices) -> Array:
        """The gradient of the loss of the listed examples of each W: (k, m, n), (k, b) to (k, m, n)."""
        if not len(W):
            return np.empty(W.shape)
        listed = torch.tensor(np.ascontiguousarray(indices), device=self.device)
        with one_torch_thread():
            if self.batched:
                gradient_and_value = self._mapped(grad_and_value(self._of_listed), (0, 0), indices.shape[1])
                return _array(gradient_and_value(self._tensor(W), listed)[0])
            return _array(self._one_by_one(W, [(self.inputs[rows], self.targets[rows]) for rows in listed])[1])

    def values_of_examples(self, W: Array, indices: Indices) -> Array:
        """The loss of each listed example alone at one W: (m, n), (b,) to (b,)."""
        rows = torch.tensor(np.ascontiguousarray(indices), device=self.device)[:, None]
        with one_torch_thread(), torch.no_grad():
            point = self._tensor(W)
            if self.batched:
                return _array(self._mapped(self._of_listed, (None, 0), 1)(point, rows))
            return _array(torch.stack([self._of_listed(point, row) for row in rows]))

    def _of_listed(self, W: Tensor, rows: Tensor) -> Tensor:
        return self.at(W, self.inputs[rows], self.targets[rows])

    def _mapped(self, function: Callable[..., Any], in_dims: Any, examples: int | None = None) -> Callable[..., Any]:
        """Map over the first axis, as many at once as fit the memory: by sizes alone, on which the bits depend."""
        share = 1.0 if examples is None else examples / len(self.inputs)
        chunk = max(1, int(_NUMBERS / max(1.0, self.numbers * share)))
        return vmap(function, in_dims=in_dims, chunk_size=chunk)

    def _one_by_one(self, W: Array, data: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        values, gradients = [], []
        for point, (inputs, targets) in zip(self._tensor(W), data, strict=True):
            point = point.clone().requires_grad_(True)
            value = self.at(point, inputs, targets)
            gradients.append(torch.autograd.grad(value, point, materialize_grads=True)[0])
            values.append(value.detach())
        return torch.stack(values), torch.stack(gradients)

    def _tensor(self, W: Array) -> Tensor:
        return torch.tensor(np.ascontiguousarray(W), dtype=torch.float64, device=self.device)


def _array(tensor: Tensor) -> Array:
    return np.asarray(tensor.detach().cpu().numpy())


class _Watch(TorchDispatchMode):
    """Every operation that is done: how many numbers it makes, whether it draws, and in which precision."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers, self.random, self.rounded = 0, "", ""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.random = self.random or str(func)
        for tensor in result if isinstance(result, list | tuple) else [result]:
            if isinstance(tensor, torch.Tensor):
                self.numbers += tensor.numel()
                if tensor.is_floating_point() and tensor.dtype != torch.float64:
                    self.rounded = self.rounded or f"{tensor.dtype} from {func}"
        return result


def check_function(f: ModuleLoss, W: Array) -> None:
    """Raise a ``ValueError`` unless the loss is a number that depends on W alone, computed in double precision.

    How many numbers are computed on the way is noted, and whether a batch of W can be taken at once.
    """
    before = {name: value.clone() for name, value in f.module.state_dict().items()}
    watch, at = _Watch(), torch.tensor(W, dtype=torch.float64, device=f.device)
    with torch.no_grad(), watch:
        value = _tried("loss(module(inputs), targets) must not fail", lambda: f.at(at, f.inputs, f.targets))
    if not isinstance(value, torch.Tensor) or value.ndim:
        description = f"shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else type_name(value)
        raise ValueError(f"loss must return a tensor without dimensions, the mean over the examples, got {description}")
    if watch.random:
        raise ValueError(
            f"module and loss must not draw, as a problem is a function, got {watch.random}; is it dropout? "
            "module.eval() turns that off"
        )
    if watch.rounded:
        raise ValueError(
            f"module and loss must compute in double precision, as their copy has it, got {watch.rounded}; does "
            "forward or loss convert, or make a tensor without dtype?"
        )
    changed = [name for name, now in f.module.state_dict().items() if not torch.equal(now, before[name])]
    if changed:
        raise ValueError(
            f"module must not change as it is called, got another {', '.join(changed)}; is it batch normalisation? "
            "module.eval() keeps its statistics as they are"
        )
    f.numbers = watch.numbers
    f.batched = _can_be_batched(f, W)


def check_mean(f: ModuleLoss, W: Array) -> None:
    """Raise a ``ValueError`` unless the loss of some examples is the mean of that of each."""
    N = len(f.inputs)
    indices = np.unique(np.linspace(0, N - 1, min(N, _EXAMPLES)).astype(np.intp))
    rows = torch.as_tensor(indices, device=f.device)
    at = torch.tensor(W, dtype=torch.float64, device=f.device)
    rule = "loss must be a mean over examples, that of each by itself"
    with torch.no_grad():
        mean = float(_tried(rule, lambda: f.at(at, f.inputs[rows], f.targets[rows])))
    losses = _tried(rule, lambda: f.values_of_examples(W, indices))
    scale = float(np.abs(losses).max(initial=0.0))
    if not abs(mean - float(losses.mean())) <= _ROUNDING * scale:
        raise ValueError(
            f"{rule}, got {mean:.6g} for {len(indices)} examples whose mean is {losses.mean():.6g}; is it a sum, are "
            "there weights, or do examples see each other, as in batch normalisation? mean=False takes it as it is, "
            "without components"
        )


def _can_be_batched(f: ModuleLoss, W: Array) -> bool:
    """Whether vmap gives, for two W at once, what each gives by itself."""
    two = np.stack([W, W + 1e-3 * (1 + np.abs(W))])
    f.batched = False
    alone = _tried("loss(module(inputs), targets) must have a gradient", lambda: f.values_and_gradients(two))
    f.batched = True
    try:
        together = f.values_and_gradients(two)
    except Exception:  # a branch on a value, an operation without a rule, or anything else that a module may do
        return False
    scales = (float(np.abs(single[np.isfinite(single)]).max(initial=0.0)) for single in alone)
    return all(
        np.allclose(batch, single, rtol=_ROUNDING, atol=_ROUNDING * scale, equal_nan=True)
        for batch, single, scale in zip(together, alone, scales, strict=True)
    )


def _tried(rule: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        raise ValueError(f"{rule}, got {type_name(error)}: {printable(str(error))}") from error
