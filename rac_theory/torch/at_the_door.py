"""What is refused at the door: a module whose loss is random, of single precision, or not the mean over examples."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from rac_theory.base import printable, type_name
from rac_theory.base.checks import Array
from rac_theory.torch.module_loss import ModuleLoss

_EXAMPLES = 256  # that are looked at one by one
_ROUNDING = 1e-9  # relative


class _Watch(TorchDispatchMode):
    """Every operation that is done: how many numbers it makes, whether it draws, and in which precision."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers, self.random, self.rounded = 0, "", ""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.random = self.random or str(func)
        for one in made if isinstance(made, list | tuple) else [made]:
            if isinstance(one, torch.Tensor):
                self.numbers += one.numel()
                if one.is_floating_point() and one.dtype != torch.float64:
                    self.rounded = self.rounded or f"{one.dtype} from {func}"
        return made


def check_function(f: ModuleLoss, W: Array) -> None:
    """Raise a ``ValueError`` unless the loss is a number that depends on W alone, computed in double precision.

    How many numbers are computed on the way is noted, and whether a batch of W can be taken at once.
    """
    before = {name: value.clone() for name, value in f.module.state_dict().items()}
    watch, at = _Watch(), torch.tensor(W, dtype=torch.float64, device=f.device)
    with torch.no_grad(), watch:
        value = _tried("loss(module(inputs), targets) must not fail", lambda: f.at(at, f.inputs, f.targets))
    if not isinstance(value, torch.Tensor) or value.ndim:
        came = f"shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else type_name(value)
        raise ValueError(f"loss must return a tensor without dimensions, the mean over the examples, got {came}")
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
    few = np.unique(np.linspace(0, N - 1, min(N, _EXAMPLES)).astype(np.intp))
    rows = torch.as_tensor(few, device=f.device)
    at = torch.tensor(W, dtype=torch.float64, device=f.device)
    rule = "loss must be a mean over examples, that of each by itself"
    with torch.no_grad():
        whole = float(_tried(rule, lambda: f.at(at, f.inputs[rows], f.targets[rows])))
    each = _tried(rule, lambda: f.values_of_examples(W, few))
    scale = float(np.abs(each).max(initial=0.0))
    if not abs(whole - float(each.mean())) <= _ROUNDING * scale:
        raise ValueError(
            f"{rule}, got {whole:.6g} for {len(few)} examples whose mean is {each.mean():.6g}; is it a sum, are there "
            "weights, or do examples see each other, as in batch normalisation? mean=False takes it as it is, without "
            "components"
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
    scales = (float(np.abs(other[np.isfinite(other)]).max(initial=0.0)) for other in alone)
    return all(
        np.allclose(one, other, rtol=_ROUNDING, atol=_ROUNDING * scale, equal_nan=True)
        for one, other, scale in zip(together, alone, scales, strict=True)
    )


def _tried(rule: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        raise ValueError(f"{rule}, got {type_name(error)}: {printable(str(error))}") from error
