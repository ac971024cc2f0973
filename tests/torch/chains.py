"""Chains of LoRA as people write them with PyTorch, on layers like those of PEFT; and faults, to be put before one."""

import math

import numpy as np
import torch
from torch import nn

from rac_theory.testing import check_chain
from rac_theory.torch import peft_functions

X = torch.from_numpy(np.random.default_rng(0).standard_normal((32, 16))).float()
Y = torch.tanh(X @ torch.from_numpy(np.random.default_rng(1).standard_normal((16, 4))).float())


class Layer(nn.Module):
    """The parts of a layer of PEFT's LoRA that anything depends on."""

    def __init__(self, base, rank=4, lora_alpha=8, by_root=False):
        super().__init__()
        self.base_layer = base.requires_grad_(False)
        self.lora_A = nn.ModuleDict({"default": nn.Linear(base.in_features, rank, bias=False)})
        self.lora_B = nn.ModuleDict({"default": nn.Linear(rank, base.out_features, bias=False)})
        self.scaling = {"default": lora_alpha / (math.sqrt(rank) if by_root else rank)}
        self.use_dora, self.active_adapters = {"default": False}, ["default"]
        self.dropout = nn.Dropout(0.0)
        self.reset()

    def reset(self):
        nn.init.kaiming_uniform_(self.lora_A["default"].weight, a=math.sqrt(5))
        nn.init.zeros_(self.lora_B["default"].weight)

    def forward(self, x):
        A, B = self.lora_A["default"], self.lora_B["default"]
        return self.base_layer(x) + B(A(self.dropout(x))) * self.scaling["default"]

    def product(self):
        return self.scaling["default"] * self.lora_B["default"].weight @ self.lora_A["default"].weight

    @torch.no_grad()
    def merge(self):
        self.base_layer.weight += self.product().to(self.base_layer.weight.dtype)


class Chain:
    """Two adapted layers, Adam, and a merge at the end of each link."""

    rate, by_root = 0.01, False

    def __init__(self, seed):
        torch.manual_seed(seed)
        layer = [Layer(nn.Linear(16, n), by_root=self.by_root) for n in (16, 4)]
        self.model = nn.Sequential(layer[0], nn.Tanh(), layer[1])
        self.start()

    def start(self):
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.trained, self.rate)

    def layers(self):
        return [layer for layer in self.model if isinstance(layer, Layer)]

    def train(self, steps):
        for _ in range(steps):
            self.optimizer.zero_grad()
            nn.functional.mse_loss(self.model(X), Y).backward()
            self.optimizer.step()

    def merge(self):
        for layer in self.layers():
            layer.merge()
            layer.reset()
        self.start()

    def outputs(self):
        return self.model(X)


def read_like_peft(kind, **options):
    """Check a chain by its model and its optimizer."""
    shows = peft_functions(lambda chain: chain.model, lambda chain: chain.optimizer)
    check_chain(kind, kind.train, kind.merge, kind.outputs, **shows, **options)


def shown_by_hand(kind, adapter, weight, moments, **changes):
    """Check a chain by functions of a layer, and of the chain."""

    def of_layers(of):
        return lambda chain: {str(i): of(layer) for i, layer in enumerate(chain.layers())}

    shown = {"adapter": of_layers(adapter), "weights": of_layers(weight), "moments": moments}
    check_chain(kind, kind.train, kind.merge, kind.outputs, **(shown | changes))


class KeptMoments(Chain):
    def start(self):
        if not hasattr(self, "optimizer"):
            super().start()


class ForgottenScale:
    def merge(self):
        known = [layer.scaling["default"] for layer in self.layers()]
        for layer in self.layers():
            layer.scaling["default"] = 1.0
        super().merge()
        for layer, scale in zip(self.layers(), known, strict=True):
            layer.scaling["default"] = scale


class OneSeed:
    def merge(self):
        torch.manual_seed(0)
        super().merge()


class KeptA:
    def merge(self):
        kept = [layer.lora_A["default"].weight.detach().clone() for layer in self.layers()]
        super().merge()
        with torch.no_grad():
            for layer, A in zip(self.layers(), kept, strict=True):
                layer.lora_A["default"].weight.copy_(A)


def with_fault(fault, kind):
    """A chain that merges with a fault."""
    return fault if issubclass(fault, kind) else type(fault.__name__, (fault, kind), {})
