"""Trainers as people write them with PyTorch: right ones pass, and each fault is caught."""

import math
from functools import partial, wraps

import numpy as np
import pytest
import torch
from torch import nn

from rac_theory.testing import Refuted, check_chain, check_federated, check_projector
from rac_theory.testing.trainers.arrays import read
from tests.testing.trainers import projectors
from tests.testing.trainers import test_check_federated as clients

X = torch.from_numpy(np.random.default_rng(0).standard_normal((32, 16))).float()
Y = torch.tanh(X @ torch.from_numpy(np.random.default_rng(1).standard_normal((16, 4))).float())


class LoRALinear(nn.Module):
    """A linear layer, frozen, with an adapter: B from zero, A frozen too and drawn anew in each link."""

    def __init__(self, n, m, rank=4, lora_alpha=8, kind=torch.float32):
        super().__init__()
        self.base = nn.Linear(n, m).requires_grad_(False).to(kind)
        self.A = nn.Parameter(torch.empty(rank, n), requires_grad=False)
        self.B = nn.Parameter(torch.empty(m, rank))
        self.scale = lora_alpha / rank
        self.restart()

    def restart(self):
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        nn.init.zeros_(self.B)

    def forward(self, x):
        return x @ self.base.weight.to(x.dtype).T + self.base.bias.to(x.dtype) + self.scale * (x @ self.A.T) @ self.B.T

    @torch.no_grad()
    def merge(self):
        self.base.weight += (self.scale * self.B @ self.A).to(self.base.weight.dtype)
        self.restart()


class Trainer:
    """Two layers and Adam."""

    kind, rate = torch.float32, 0.01

    def __init__(self, seed):
        torch.manual_seed(seed)
        layer = partial(LoRALinear, kind=self.kind)
        self.model = nn.Sequential(layer(16, 16), nn.Tanh(), layer(16, 16), nn.Tanh(), layer(16, 4))
        self.layers = {name: part for name, part in self.model.named_children() if isinstance(part, LoRALinear)}
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.trained, self.rate)

    def train(self, steps):
        for _ in range(steps):
            self.optimizer.zero_grad()
            nn.functional.mse_loss(self.model(X), Y).backward()
            self.optimizer.step()

    def merge(self):
        for layer in self.layers.values():
            layer.merge()
        self.reset()

    def reset(self):
        self.optimizer = torch.optim.Adam(self.trained, self.rate)

    def adapter(self):
        return {name: (layer.B, layer.A, layer.scale) for name, layer in self.layers.items()}

    def weights(self):
        return {name: layer.base.weight for name, layer in self.layers.items()}


class InPlace(Trainer):
    """Moments are zeroed where they are, and the step too."""

    def reset(self):
        for own in self.optimizer.state.values():
            for value in own.values():
                value.zero_()


class Half(Trainer):
    """Weights in bfloat16."""

    kind, rate = torch.bfloat16, 1e-4


class Master(Half):
    """Weights in bfloat16, from copies in float32."""

    def __init__(self, seed):
        super().__init__(seed)
        self.copies = {name: layer.base.weight.float() for name, layer in self.layers.items()}

    @torch.no_grad()
    def merge(self):
        for name, layer in self.layers.items():
            self.copies[name] += layer.scale * layer.B @ layer.A
            layer.base.weight.copy_(self.copies[name])
            layer.restart()
        self.reset()


class Stochastic(Half):
    """Bits at random are added to those that are cut off."""

    @torch.no_grad()
    def merge(self):
        for layer in self.layers.values():
            exact = layer.base.weight.float() + layer.scale * layer.B @ layer.A
            bits = exact.view(torch.int32) + torch.randint(0, 1 << 16, exact.shape, dtype=torch.int32)
            layer.base.weight.copy_((bits & -(1 << 16)).view(torch.float32))
            layer.restart()
        self.reset()


class ByName(Trainer):
    """The state of an optimiser is a default dict by parameters: a name finds an empty one, and is put into it."""

    def reset(self):
        for name, p in self.model.named_parameters():
            if p.requires_grad:
                for key in ("exp_avg", "exp_avg_sq"):
                    if key in self.optimizer.state[name]:
                        self.optimizer.state[name][key].zero_()


def checked(kind, **changes):
    def moments(state):
        return {i: state.optimizer.state.get(p, {}) for i, p in enumerate(state.trained)}

    shown = {"adapter": lambda state: state.adapter(), "weights": lambda state: state.weights(), "moments": moments}
    check_chain(
        kind,
        lambda state, steps: state.train(steps),
        lambda state: state.merge(),
        lambda state: state.model(X),
        **(shown | changes),
    )


@pytest.mark.parametrize(("kind", "merges"), [(Trainer, 12), (InPlace, 12), (Master, 64), (Stochastic, 64)])
def test_right_trainers_pass(kind, merges):
    checked(kind, merges=merges)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (ByName, "it keeps 1 of the norm of its moments"),
        (Half, r"0\.\d+ of it is lost to bfloat16"),
    ],
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
