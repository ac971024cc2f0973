"""Chains of LoRA as people write them with PyTorch, on layers like those of PEFT."""

import math

import numpy as np
import torch
from torch import nn

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
