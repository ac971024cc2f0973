"""What a model of PEFT shows of its adapters, as ``check_chain`` takes it; PEFT itself is not imported."""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from rac_theory.base import shown


def peft_functions(
    model: Callable[[Any], torch.nn.Module], optimizer: Callable[[Any], Any] | None = None
) -> dict[str, Callable[[Any], Any]]:
    """Return the functions ``adapter``, ``weights`` and ``moments`` of ``check_chain`` for a model of PEFT.

    Parameters
    ----------
    model : function of a state
        The ``PeftModel``, or any module with layers like those of PEFT's LoRA.
    optimizer : function of a state, optional
        An optimiser of PyTorch; without it nothing is asked of what it remembers.

    Returns
    -------
    dict
        To be unpacked: ``check_chain(new, train, merge, outputs, **peft_functions(lambda state: state.model))``. Scales
        are those that PEFT multiplies by, rsLoRA's too.

    Raises
    ------
    ValueError
        By each function: if the model has no layer of LoRA, a layer has none or several active adapters, or it is one
        of DoRA, whose merge is not W + scale B A.

    Examples
    --------
    A layer with the parts that PEFT gives it:

    >>> import torch
    >>> from rac_theory.torch import peft_functions
    >>> layer = torch.nn.Module()
    >>> layer.base_layer, layer.scaling = torch.nn.Linear(6, 4), {"default": 2.0}
    >>> layer.lora_A = torch.nn.ModuleDict({"default": torch.nn.Linear(6, 1, bias=False)})
    >>> layer.lora_B = torch.nn.ModuleDict({"default": torch.nn.Linear(1, 4, bias=False)})
    >>> shows = peft_functions(lambda model: model)
    >>> B, A, scale = shows["adapter"](torch.nn.ModuleDict({"q": layer}))["q"]
    >>> B.shape, A.shape, scale
    (torch.Size([4, 1]), torch.Size([1, 6]), 2.0)
    """
    shows: dict[str, Callable[[Any], Any]] = {
        "adapter": lambda state: {name: _factors(name, layer) for name, layer in _layers(model(state))},
        "weights": lambda state: {name: layer.base_layer.weight for name, layer in _layers(model(state))},
    }
    if optimizer is not None:
        shows["moments"] = lambda state: optimizer(state).state_dict()["state"]
    return shows


def _layers(model: torch.nn.Module) -> list[tuple[str, Any]]:
    layers = [(name, layer) for name, layer in model.named_modules() if _is_lora(layer)]
    if not layers:
        raise ValueError("model must have layers of PEFT's LoRA, with base_layer, lora_A, lora_B and scaling, got none")
    return layers


def _is_lora(layer: torch.nn.Module) -> bool:
    return all(hasattr(layer, name) for name in ("base_layer", "lora_A", "lora_B", "scaling")) and bool(layer.lora_A)


def _factors(name: str, layer: Any) -> tuple[torch.Tensor, torch.Tensor, float]:
    active = [adapter for adapter in _active(layer) if adapter in layer.lora_A]
    if len(active) != 1:
        raise ValueError(f"{name} must have one active adapter, got {shown(active)}")
    (adapter,) = active
    if getattr(layer, "use_dora", {}).get(adapter, False):
        raise ValueError(
            f"{name} is a layer of DoRA, which trains the length of each row of W as well: what it merges is not W + "
            "scale B A; check it without adapter= and weights="
        )
    return layer.lora_B[adapter].weight, layer.lora_A[adapter].weight, float(layer.scaling[adapter])


def _active(layer: Any) -> Iterator[str]:
    active = getattr(layer, "active_adapters", None)
    yield from [*layer.lora_A] if active is None else [active] if isinstance(active, str) else active
