"""Inputs and targets as they are given, tensors or arrays, an example after the other; and where they are put."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from rac_theory.base import printable, shown, type_name
from rac_theory.base.checks import Array


def given_data(data: Any, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return inputs and targets as tensors of their own, floating-point numbers in double precision."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError(f"data must be a pair (inputs, targets), got {type_name(data)}")
    pair = []
    for name, given in zip(("inputs", "targets"), data, strict=True):
        try:
            tensor = torch.as_tensor(given).detach().clone()
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"data must be tensors or arrays, got {type_name(given)} for {name}") from error
        if tensor.ndim == 0:
            raise ValueError(f"data must have an axis of examples, got one number for {name}")
        pair.append(tensor.to(device, torch.float64 if tensor.is_floating_point() else tensor.dtype))
    if len(pair[0]) != len(pair[1]) or not len(pair[0]):
        raise ValueError(f"data must have as many inputs as targets, got {len(pair[0])} and {len(pair[1])}")
    return pair[0], pair[1]


def given_device(device: Any) -> torch.device:
    """Return a device that is here, and has numbers in double precision that can be read."""
    try:
        number = torch.zeros(1, dtype=torch.float64, device=torch.device(device))
        number.cpu()
        return number.device
    except Exception as error:  # of several classes: no device, one that is not there, or one that holds no numbers
        why = printable(str(error))
        raise ValueError(f"device must be one of PyTorch that is here, got {shown(device)}: {why}") from error


def numbers(name: str, given: Any) -> Array:
    """Return an array of floating-point numbers, nan among them perhaps."""
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be numbers, got {shown(given)}") from error
