"""What goes into the linear layers of a model, added up as it runs, for ``advise --data``."""

import zipfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch

from rac_theory.advice import curvature_files
from rac_theory.base import checks, shown
from rac_theory.problems import LARGEST_SIDE


class _Record:
    """What was seen of one input: ``X'X`` in double precision, or where that is too large so many rows of X."""

    def __init__(self, dim: int, rows: int, rng: np.random.Generator) -> None:
        self.examples, self.rows, self.rng = 0, rows, rng
        self.total = torch.zeros(dim, dim, dtype=torch.float64) if dim <= LARGEST_SIDE else None
        self.sample = torch.zeros(0, dim)

    def add(self, X: torch.Tensor) -> None:
        """Take more rows, (rows, d)."""
        self.examples += len(X)
        if self.total is not None:
            X = X.to(torch.float64)
            if X.device == self.total.device:
                self.total.addmm_(X.T, X)
            else:
                self.total += (X.T @ X).to(self.total.device)
            return
        X = X.to("cpu", torch.float32)
        room = min(len(X), self.rows - len(self.sample))
        self.sample = torch.cat([self.sample, X[:room]])
        numbers = np.arange(self.examples - len(X) + room, self.examples) + 1  # of the rows that follow, from 1
        places = self.rng.integers(numbers)
        for row in np.flatnonzero(places < self.rows):  # each row of all is kept with the same chance
            self.sample[places[row]] = X[room + int(row)]


class Activations:
    """Watch what goes into the linear layers of a model while it runs.

    Of each input X'X is added up in double precision, 8 d^2 bytes; of inputs wider than 2,048 a sample of rows is kept,
    in single precision. Layers that are called with one tensor, as the projections to queries, keys and values, share
    it. Gradients and outputs are untouched.

    Parameters
    ----------
    model : torch.nn.Module
    only : iterable of str
        Parts of names such as "q_proj"; without any, all linear layers are watched.
    rows : int
        How many are kept of an input that is wider.
    rng : seed or Generator
        Which.

    Raises
    ------
    ValueError
        If no linear layer has such a name.

    Examples
    --------
    >>> import tempfile
    >>> import torch
    >>> from rac_theory.advice import features_in
    >>> from rac_theory.torch import Activations
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    >>> with Activations(model) as seen:
    ...     for batch in (torch.eye(3), torch.ones(2, 3)):
    ...         _ = model(batch)
    >>> seen
    <Activations: 2 layers, 5 examples>
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saved = features_in(seen.save(f"{folder}/acts.npz"))
    ...     print(list(saved), f"{saved['0'].curvature().rho:.4f}")  # 9/7: a trace of 9/5 by an eigenvalue of 7/5
    ['0', '2'] 1.2857
    """

    def __init__(
        self, model: torch.nn.Module, only: Iterable[str] = (), *, rows: int = LARGEST_SIDE, rng: Any = 0
    ) -> None:
        self._rows, self._rng = checks.integer("rows", rows, 1), np.random.default_rng(rng)
        parts = [only] if isinstance(only, str) else [*only]
        named = ((_of_base(name), module) for name, module in model.named_modules() if _is_linear(name, module))
        self._layers = {
            name: module for name, module in named if not parts or any(part in name.split(".") for part in parts)
        }
        if not self._layers:
            raise ValueError(
                f"model must have a linear layer{f' with a name in {shown(parts)}' * bool(parts)}, got none"
            )
        self._owner: dict[str, str] = {}
        self._records: dict[str, _Record] = {}
        self._last: tuple[str, torch.Tensor] | None = None
        self._hooks: list[Any] = []

    def __enter__(self) -> Self:
        self._hooks = [
            module.register_forward_pre_hook(partial(self._take, name)) for name, module in self._layers.items()
        ]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks, self._last = [], None

    def _take(self, name: str, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        given = inputs[0]
        owner = self._last[0] if self._last is not None and self._last[1] is given else name
        shared = self._owner.setdefault(name, owner)  # whose inputs it had when it began
        if shared not in (owner, name):
            raise RuntimeError(
                f"{name} had the inputs of {shared} so far, and has others now; watch it by itself: only=[{name!r}]"
            )
        if shared == name:
            X = given.detach().reshape(-1, given.shape[-1])
            if name not in self._records:
                self._records[name] = _Record(X.shape[1], self._rows, self._rng)
            self._records[name].add(X)
            self._last = (name, given)

    def save(self, path: str | Path) -> str:
        """Write what was seen to an ``.npz`` file, and return its path.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        str

        Raises
        ------
        ValueError
            If the path is of another kind, or nothing was seen: the model has to run within ``with``.
        """
        target = Path(path)
        if target.suffix != ".npz":
            raise ValueError(f"path must end in .npz, got {shown(str(path))}")
        if not self._records:
            raise ValueError("a model must run while it is watched: with Activations(model) as seen: model(batch)")
        with zipfile.ZipFile(target, "w") as archive:  # one after the other: all together are as large as what is held
            for name, array in self._arrays():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.asarray(array))
        return str(target)

    def _arrays(self) -> Iterator[tuple[str, Any]]:
        for name, record in self._records.items():
            if record.total is None:
                yield name, record.sample.numpy()
            else:
                yield name + curvature_files.SECOND_MOMENT, (record.total / record.examples).numpy()
                yield name + curvature_files.EXAMPLES, record.examples
        for name, owner in self._owner.items():
            if owner != name:
                yield name + curvature_files.SAME_AS, owner

    def __repr__(self) -> str:
        most = max((record.examples for record in self._records.values()), default=0)
        return f"<{type(self).__name__}: {len(self._layers)} layers, {most:,} examples>"


def _is_linear(name: str, module: torch.nn.Module) -> bool:
    """``y = W x``, as PyTorch has it, or ``y = x W`` as ``Conv1D`` of transformers; no factor of an adapter is one."""
    linear = isinstance(module, torch.nn.Linear) or type(module).__name__ == "Conv1D"
    return linear and not {"lora_A", "lora_B"} & {*name.split(".")}


def _of_base(name: str) -> str:
    """The name of a layer in the model that an adapter was put into; of a model that is one layer, "model"."""
    return name.removesuffix(".base_layer") or "model"
