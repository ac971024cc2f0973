"""Nonsense for the room's doors: a ValueError that names the argument, and nothing else; reprs are short and stay."""

import pickle
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from rac_theory.sketches import Haar
from rac_theory.torch import OptimiserSteps, RACLoRA, from_module

X, Y = np.random.default_rng(0).standard_normal((2, 6, 3))
NONSENSE = [None, True, -1, 0.5, np.nan, np.inf, 10**400, "text", "", b"x", [], {}, (), object(), np.ones((2, 2)), int]
NONSENSE += [torch.ones(2), torch.nan, print, lambda *_: 1 / 0, np.array(None), 1j, slice(None), nn.Linear, "\x1b[31m"]


def make(module, rng):
    return RACLoRA([module.weight], Haar, 1, gamma=0.1, rng=rng)


def refused(call, name, value):
    """Whether it is refused; a refusal must be a ValueError whose sentence has the argument, and no control sign."""
    try:
        call(value)
    except ValueError as error:
        said = str(error)
    except Exception as error:
        raise AssertionError(f"{name}={value!r}: {type(error).__name__}: {error}") from error
    else:
        return False
    assert re.search(rf"\b{name}\b", said), f"{name}={value!r}: {said}"
    assert "\x1b" not in said
    return True


def module_with(**changed):
    return from_module(**{"module": nn.Linear(3, 3), "loss": mse_loss, "data": (X, Y)} | changed)


def optimiser_with(**changed):
    arguments = {"params": [nn.Parameter(torch.zeros(3, 3))], "sketch": Haar, "rank": 1, "gamma": 0.1, "rng": 0}
    return RACLoRA(**arguments | changed)


OF_A_MODULE = "module loss data parameters mean device L L_max f_lower component_infima convex mu"
DOORS = {module_with: OF_A_MODULE, optimiser_with: "sketch rank gamma side lora_alpha rng"}


@pytest.mark.parametrize(("door", "name"), [(door, name) for door in DOORS for name in DOORS[door].split()])
def test_nonsense_for_an_argument(door, name):
    found = [refused(lambda value: door(**{name: value}), name, value) for value in NONSENSE]
    assert sum(found) > len(NONSENSE) // 3


@pytest.mark.parametrize("device", ["meta", "cuda:99"])
def test_a_device_that_computes_nothing_is_refused(device):
    """One that holds shapes alone, and one that is in no machine."""
    with pytest.raises(ValueError, match=f"device must be one of PyTorch that is here, got '{device}'"):
        module_with(device=device)


def test_nonsense_for_steps():
    problem = module_with()
    for value in NONSENSE:
        assert refused(lambda value: OptimiserSteps(value, make), "problem", value)
        if not callable(value):
            assert refused(lambda value: OptimiserSteps(problem, value), "make", value)
        steps = OptimiserSteps(problem, lambda module, rng, value=value: value)
        assert refused(lambda _: steps.step(problem.start, np.random.default_rng(0)), "make", value)  # noqa: B023


class Clips(torch.optim.SGD):
    """Gradients are clipped where they are."""

    def step(self, closure=None):
        nn.utils.clip_grad_norm_([p for group in self.param_groups for p in group["params"]], 1e-3)
        super().step(closure)


def test_a_gradient_is_that_of_its_w():
    """Of W here, there and here again, though the optimiser writes to it, and of what make has changed W to."""
    problem = module_with()
    here, there = problem.start, problem.start + 1.0
    steps, rng = OptimiserSteps(problem, lambda module, rng: Clips([module.weight], lr=1.0)), np.random.default_rng(0)
    for W in (here, here, there, here):
        G = problem.gradient(W)
        np.testing.assert_allclose(steps.step(W, rng), W - 1e-3 * G / np.linalg.norm(G), rtol=0, atol=1e-8)

    def moves(module, rng):
        with torch.no_grad():
            module.weight += 1.0
        return torch.optim.SGD([module.weight], lr=0.1)

    for W in (here, there):
        moved = OptimiserSteps(problem, moves).step(W, rng)
        np.testing.assert_allclose(moved, W + 1 - 0.1 * problem.gradient(W + 1), rtol=0, atol=1e-12)


def test_reprs_are_one_line_and_stay():
    problem = module_with()
    for one in (problem, OptimiserSteps(problem, make)):
        assert repr(one) == repr(pickle.loads(pickle.dumps(one)))
        assert "\n" not in repr(one)
        assert len(repr(one)) < 200
        assert " at 0x" not in repr(one)
    assert repr(module_with(data=(X, Y + 1))) != repr(problem)
    assert repr(optimiser_with(rank=2)).count("sketch") >= 1
