"""Chains of PEFT and of loralib pass, and each fault in them is named. It runs by its name: ``.ci/others``.

Tried with peft 0.21.2, loralib 0.1.2 and torch 2.13.0.
"""

import json
from functools import partial
from typing import ClassVar

import loralib
import peft
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from rac_theory.advice.model_shapes import parse
from rac_theory.testing import Refuted
from rac_theory.torch import Activations

from .chains import Chain, ForgottenScale, KeptA, OneSeed, read_like_peft, shown_by_hand, with_fault


class Peft(Chain):
    """PEFT's LoRA on a small module: merged, unloaded, and begun anew."""

    options: ClassVar[dict[str, object]] = {}

    def __init__(self, seed):
        torch.manual_seed(seed)
        self.begin(nn.Sequential(nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 4)))

    def begin(self, base):
        config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=["0", "2"], **self.options)
        self.model = peft.get_peft_model(base, config)
        self.start()

    def layers(self):
        return [self.model.base_model.model[i] for i in (0, 2)]

    def merge(self):
        self.begin(self.model.merge_and_unload())


class NotMerged(Peft):
    def merge(self):
        self.begin(self.model.unload())


class Twice(Peft):
    """The product is added by hand, and merged once more."""

    @torch.no_grad()
    def add(self):
        for layer in self.layers():
            layer.base_layer.weight += layer.get_delta_weight("default")

    def merge(self):
        self.add()
        super().merge()


class KeptMoments(Twice):
    def merge(self):
        self.add()
        for layer in self.layers():
            layer.reset_lora_parameters("default", init_lora_weights=True)


def with_options(**options):
    return type(str(options), (Peft,), {"options": options})


class Loralib(Chain):
    """Layers of loralib, which merge in eval: begun anew, they are told that nothing is merged."""

    def __init__(self, seed):
        torch.manual_seed(seed)
        layer = partial(loralib.Linear, r=4, lora_alpha=8)
        self.model = nn.Sequential(layer(16, 16), nn.Tanh(), layer(16, 4))
        loralib.mark_only_lora_as_trainable(self.model)
        self.start()

    def layers(self):
        return [self.model[i] for i in (0, 2)]

    def merge(self):
        self.model.eval()
        for layer in self.layers():
            self.restart(layer)
        self.model.train()
        self.start()

    def restart(self, layer):
        layer.merged = False
        nn.init.kaiming_uniform_(layer.lora_A)
        nn.init.zeros_(layer.lora_B)


class SubtractedAgain(Loralib):
    """``train`` takes off what ``eval`` has added, unless it is told otherwise: the old product is gone by then."""

    def merge(self):
        self.model.eval()
        self.model.train()
        for layer in self.layers():
            self.restart(layer)
        self.start()


class ResetByItsOwn(Loralib):
    """``reset_parameters`` draws W anew as well."""

    def restart(self, layer):
        layer.merged = False
        layer.reset_parameters()


def checked_by_hand(kind):
    shown_by_hand(
        kind,
        lambda layer: (layer.lora_B, layer.lora_A, layer.scaling),
        lambda layer: layer.weight,
        lambda chain: chain.optimizer.state_dict()["state"],
        merges=24,
    )


def test_a_chain_of_loralib_passes():
    checked_by_hand(Loralib)


@pytest.mark.parametrize(
    ("kind", "cause"),
    [(SubtractedAgain, "as if it was not merged"), (ResetByItsOwn, "merge must preserve the function")],
)
def test_each_fault_with_loralib_is_named(kind, cause):
    with pytest.raises(Refuted, match=cause):
        checked_by_hand(kind)


@pytest.mark.parametrize("kind", [Peft, with_options(use_rslora=True)])
def test_chains_of_peft_pass(kind):
    read_like_peft(kind, merges=24)


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (NotMerged, "as if it was not merged"),
        (Twice, "as if it was merged twice"),
        (ForgottenScale, "scale"),
        (KeptMoments, "must reset what the optimiser remembers"),
        (OneSeed, "fresh sketch"),
        (KeptA, "is it drawn anew in each merge"),
        (with_options(lora_dropout=0.5), "is there dropout"),
        (with_options(use_dora=True), "is a layer of DoRA"),
        (
            with_options(init_lora_weights="pissa"),
            "is one of PiSSA, whose factors are the leading singular vectors of W",
        ),
    ],
)
def test_each_fault_is_named(kind, cause):
    with pytest.raises((Refuted, ValueError)) as error:
        read_like_peft(with_fault(kind, Peft), merges=24)
    assert cause in str(error.value)


@pytest.mark.parametrize("config", [peft.LoraConfig, peft.LoHaConfig, peft.LoKrConfig])
def test_a_folder_that_peft_saves_has_its_layers(tmp_path, config):
    base = nn.Sequential(nn.Linear(16, 12), nn.Tanh(), nn.Linear(12, 4))
    peft.get_peft_model(base, config(r=2, target_modules=["0", "2"])).save_pretrained(tmp_path)
    shapes = parse(str(tmp_path))
    assert sorted(shape for _, shape in shapes.matrices) == [(4, 12), (12, 16)]
    assert shapes.config is not None
    assert json.loads((tmp_path / "adapter_config.json").read_text())["peft_type"] == shapes.config.kind


def test_activations_of_a_peft_model_fit_its_adapter(tmp_path):
    from rac_theory.commands.cli import main

    chain = Peft(0)
    chain.model.save_pretrained(tmp_path / "adapter")
    with Activations(chain.model) as seen:
        chain.outputs()
    path = seen.save(tmp_path / "acts.npz")
    assert main(["advise", str(tmp_path / "adapter"), "--data", path]) == 0
    save_file({"0.weight": torch.zeros(16, 16)}, tmp_path / "model.safetensors")
    assert main(["advise", str(tmp_path / "model.safetensors"), "--rho", "3"]) == 0
