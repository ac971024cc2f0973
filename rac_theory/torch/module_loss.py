"""The loss of a module as a function of its matrices: NumPy in and out, PyTorch in between."""

import copy
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, vmap
from torch.nn import Module

from rac_theory.base.checks import Array
from rac_theory.problems import Indices
from rac_theory.torch.one_thread import one_torch_thread

_NUMBERS = 1 << 22  # that are held at once, in what a module computes on the way: 32 MB


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
                found = self._mapped(self.at, (0, None, None))(self._tensor(W), self.inputs, self.targets)
            else:
                found = torch.stack([self.at(one, self.inputs, self.targets) for one in self._tensor(W)])
            return _array(found)

    def values_and_gradients(self, W: Array) -> tuple[Array, Array]:
        """(k, m, n) to (k,) and (k, m, n)."""
        if not len(W):
            return np.empty(0), np.empty(W.shape)
        if len(W) > 1 and (W[:1] == W).all():  # as where runs begin: one pass is enough
            one = self.values_and_gradients(W[:1])
            return np.repeat(one[0], len(W)), np.repeat(one[1], len(W), axis=0)
        with one_torch_thread():
            if self.batched:
                both = self._mapped(grad_and_value(self.at), (0, None, None))
                gradients, values = both(self._tensor(W), self.inputs, self.targets)
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
                both = self._mapped(grad_and_value(self._of_listed), (0, 0), indices.shape[1])
                return _array(both(self._tensor(W), listed)[0])
            return _array(self._one_by_one(W, [(self.inputs[rows], self.targets[rows]) for rows in listed])[1])

    def values_of_examples(self, W: Array, indices: Indices) -> Array:
        """The loss of each listed example alone at one W: (m, n), (b,) to (b,)."""
        rows = torch.tensor(np.ascontiguousarray(indices), device=self.device)[:, None]
        with one_torch_thread(), torch.no_grad():
            one = self._tensor(W)
            if self.batched:
                return _array(self._mapped(self._of_listed, (None, 0), 1)(one, rows))
            return _array(torch.stack([self._of_listed(one, row) for row in rows]))

    def _of_listed(self, W: Tensor, rows: Tensor) -> Tensor:
        return self.at(W, self.inputs[rows], self.targets[rows])

    def _mapped(self, function: Callable[..., Any], in_dims: Any, examples: int | None = None) -> Callable[..., Any]:
        """Map over the first axis, as many at once as fit the memory: by sizes alone, on which the bits depend."""
        share = 1.0 if examples is None else examples / len(self.inputs)
        chunk = max(1, int(_NUMBERS / max(1.0, self.numbers * share)))
        return vmap(function, in_dims=in_dims, chunk_size=chunk)

    def _one_by_one(self, W: Array, data: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        values, gradients = [], []
        for one, (inputs, targets) in zip(self._tensor(W), data, strict=True):
            one = one.clone().requires_grad_(True)
            value = self.at(one, inputs, targets)
            gradients.append(torch.autograd.grad(value, one, materialize_grads=True)[0])
            values.append(value.detach())
        return torch.stack(values), torch.stack(gradients)

    def _tensor(self, W: Array) -> Tensor:
        return torch.tensor(np.ascontiguousarray(W), dtype=torch.float64, device=self.device)


def _array(found: Tensor) -> Array:
    return np.asarray(found.detach().cpu().numpy())
