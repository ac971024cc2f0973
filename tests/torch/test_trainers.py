"""Trainers as people write them with PyTorch: right ones pass, and each fault is caught."""

from functools import wraps

import numpy as np
import pytest
import torch
from torch import nn

from rac_theory.testing import Refuted, check_federated, check_projector
from rac_theory.testing.trainers.arrays import read
from tests.testing.trainers import projectors
from tests.testing.trainers import test_check_federated as clients

from .chains import Chain, KeptMoments, shown_by_hand


class InPlace(KeptMoments):
    """Moments are zeroed where they are, and the step too."""

    def start(self):
        super().start()
        for own in self.optimizer.state.values():
            for value in own.values():
                value.zero_()


class Half(Chain):
    rate = 1e-4

    def __init__(self, seed):
        super().__init__(seed)
        for layer in self.layers():
            layer.base_layer.weight.data = layer.base_layer.weight.data.bfloat16()
            layer.base_layer.forward = lambda x, base=layer.base_layer: x @ base.weight.float().T + base.bias


class Master(Half):
    """Weights in bfloat16, from copies in float32."""

    def __init__(self, seed):
        super().__init__(seed)
        self.copies = [layer.base_layer.weight.float() for layer in self.layers()]

    @torch.no_grad()
    def merge(self):
        for copy, layer in zip(self.copies, self.layers(), strict=True):
            copy += layer.product()
            layer.base_layer.weight.copy_(copy)
            layer.reset()
        self.start()


class Stochastic(Half):
    """Bits at random are added to those that are cut off."""

    @torch.no_grad()
    def merge(self):
        for layer in self.layers():
            exact = layer.base_layer.weight.float() + layer.product()
            bits = exact.view(torch.int32) + torch.randint(0, 1 << 16, exact.shape, dtype=torch.int32)
            layer.base_layer.weight.copy_((bits & -(1 << 16)).view(torch.float32))
            layer.reset()
        self.start()


class ByName(KeptMoments):
    """The state of an optimiser is a default dict by parameters: a name finds an empty one, and is put into it."""

    def start(self):
        super().start()
        for name, p in self.model.named_parameters():
            if p.requires_grad:
                for key in ("exp_avg", "exp_avg_sq"):
                    if key in self.optimizer.state[name]:
                        self.optimizer.state[name][key].zero_()


def checked(kind, **changes):
    shown_by_hand(
        kind,
        lambda layer: (layer.lora_B["default"].weight, layer.lora_A["default"].weight, layer.scaling["default"]),
        lambda layer: layer.base_layer.weight,
        lambda chain: {i: chain.optimizer.state.get(p, {}) for i, p in enumerate(chain.trained)},
        **changes,
    )


@pytest.mark.parametrize(("kind", "merges"), [(Chain, 24), (InPlace, 24), (Master, 64), (Stochastic, 64)])
def test_right_trainers_pass(kind, merges):
    checked(kind, merges=merges)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [(ByName, "it keeps 1 of the norm of its moments"), (Half, r"0\.\d+ of it is lost to bfloat16")],
)
def test_each_fault_is_caught(kind, sentence):
    with pytest.raises(Refuted, match=sentence):
        checked(kind)


def test_every_type_is_read():
    for kind, name in ((torch.float64, "float64"), (torch.float16, "float16"), (torch.bfloat16, "bfloat16")):
        values, read_as = read("x", nn.Parameter(torch.tensor([1.0, 0.1]).to(kind)))
        assert read_as.name == name
        assert values[1] == float(torch.tensor(0.1).to(kind))
        assert values[1] == read_as.rounded(np.array(0.1)) or kind is torch.float64


# --- projectors and clients: those of NumPy, whose results are tensors


def in_torch(function):
    """The same function, which returns tensors, or a function that does."""

    @wraps(function)
    def tensors(*arguments):
        made = function(*arguments)
        if callable(made):
            return in_torch(made)
        return tuple(map(torch.from_numpy, made)) if isinstance(made, tuple) else torch.from_numpy(made)

    return tensors


def test_projectors():
    check_projector(in_torch(projectors.flora), unbiased=True, draws=256)
    check_projector(in_torch(projectors.galore))
    with pytest.raises(Refuted, match=r"must have the mean 1 G over seeds: .* have 0\.3"):
        check_projector(in_torch(projectors.by_the_columns), unbiased=True)


def test_clients():
    check_federated(in_torch(clients.stacked))
    check_federated(in_torch(clients.one_by_one), shared="A")
    with pytest.raises(Refuted, match=r"it is mean\(B\) mean\(A\): factors are averaged one by one"):
        check_federated(in_torch(clients.one_by_one))
