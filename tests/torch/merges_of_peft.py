"""PEFT's own merge passes, and merging twice is caught. It runs by its name where peft is installed, which is large:

``python -m pip install peft && python -m pytest tests/torch/merges_of_peft.py``
"""

import peft
import pytest
import torch
from torch import nn

from rac_theory.testing import Refuted

from .test_trainers import Trainer, checked


class Peft:
    """PEFT's LoRA on a small module: merged, unloaded, and begun anew."""

    def __init__(self, seed):
        torch.manual_seed(seed)
        base = nn.Sequential(nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 4))
        self.begin(base)

    def begin(self, base):
        config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=["0", "2"])
        self.model = peft.get_peft_model(base, config)
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.trained, 0.01)

    train = Trainer.train

    def merge(self):
        self.begin(self.model.merge_and_unload())

    def parts(self):
        layers = self.model.base_model.model
        return {name: layers[int(name)] for name in ("0", "2")}

    def adapter(self):
        return {
            name: (part.lora_B["default"].weight, part.lora_A["default"].weight, part.scaling["default"])
            for name, part in self.parts().items()
        }

    def weights(self):
        return {name: part.base_layer.weight for name, part in self.parts().items()}


class PeftTwice(Peft):
    """The product is added by hand, and merged once more."""

    def merge(self):
        with torch.no_grad():
            for part in self.parts().values():
                part.base_layer.weight += part.get_delta_weight("default")
        super().merge()


def test_merges_of_peft_pass():
    checked(Peft, merges=12)
    with pytest.raises(Refuted, match="as if it was merged twice"):
        checked(PeftTwice)
