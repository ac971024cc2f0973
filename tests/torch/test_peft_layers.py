"""Layers like those of PEFT are read: a right chain passes in three lines, and each fault is named by its own cause."""

from types import SimpleNamespace

import pytest
from torch import nn

from rac_theory.testing import Refuted, check_chain
from rac_theory.torch import peft_functions, trainer_functions
from rac_theory.torch.peft_layers import _active

from .chains import Chain, ForgottenScale, KeptA, KeptMoments, Layer, OneSeed, X, Y, read_like_peft, with_fault


class RsLoRA(Chain):
    by_root = True


class Unmerged(Chain):
    def merge(self):
        for layer in self.layers():
            layer.reset()
        self.start()


class Twice(Chain):
    def merge(self):
        for layer in self.layers():
            layer.merge()
        super().merge()


class Dropout(Chain):
    def __init__(self, seed):
        super().__init__(seed)
        for layer in self.layers():
            layer.dropout.p = 0.5


@pytest.mark.parametrize("kind", [Chain, RsLoRA])
def test_a_right_chain_passes(kind):
    read_like_peft(kind, merges=24)


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (Unmerged, "as if it was not merged"),
        (Twice, "as if it was merged twice"),
        (ForgottenScale, "its scale 2 was"),
        (KeptMoments, "must reset what the optimiser remembers"),
        (OneSeed, "seed"),
        (KeptA, "in 100% of 24 links, chance makes a half; is it drawn anew in each merge?"),
        (Dropout, "outputs must be a function of the state"),
    ],
)
def test_each_fault_is_named_by_its_own_cause(kind, cause):
    with pytest.raises(Refuted) as refuted:
        read_like_peft(with_fault(kind, Chain), merges=24)
    assert cause in str(refuted.value)


def test_what_is_no_chain_of_lora_is_refused():
    adapter = peft_functions(lambda model: model)["adapter"]
    with pytest.raises(ValueError, match="model must have layers of PEFT's LoRA"):
        adapter(nn.Linear(2, 2))
    layer = Layer(nn.Linear(16, 4))
    layer.use_dora["default"] = True
    with pytest.raises(ValueError, match="is a layer of DoRA, which trains the length"):
        adapter(nn.Sequential(layer))
    layer.active_adapters = ["default", "other"]
    layer.lora_A["other"] = layer.lora_A["default"]
    with pytest.raises(ValueError, match=r"0 must have one active adapter, got \['default', 'other'\]"):
        adapter(nn.Sequential(layer))


def test_pissa_is_named():
    model = nn.Sequential(Layer(nn.Linear(16, 4)))
    model.peft_config = {"default": SimpleNamespace(init_lora_weights="pissa_niter_4")}
    with pytest.raises(ValueError, match="the adapter 'default' is one of PiSSA, whose factors are the leading"):
        peft_functions(lambda model: model)["adapter"](model)
    model.peft_config["default"].init_lora_weights = True
    assert list(peft_functions(lambda model: model)["adapter"](model)) == ["0"]


class Merging:
    """A callback in the manner of transformers, which merges after five steps."""

    def on_step_end(self, args, state, control, model=None, optimizer=None, **others):
        if state.global_step == 5:
            for layer in model.layers():
                layer.merge()
                layer.reset()
            optimizer.state.clear()


class Unmerged(Merging):
    def on_step_end(self, args, state, control, model=None, optimizer=None, **others):
        for layer in model.layers():
            layer.reset()
        optimizer.state.clear()


class Model(nn.Module):
    """What returns logits, and has dropout while it trains."""

    def __init__(self, seed):
        super().__init__()
        self.chain = Chain(seed)
        self.parts = self.chain.model
        self.dropout = nn.Dropout(0.5)

    def layers(self):
        return self.chain.layers()

    def forward(self, x):
        return SimpleNamespace(logits=self.dropout(self.parts(x)))


class FewSteps:
    """The members of a ``Trainer`` of transformers that are used."""

    def __init__(self, seed, callback):
        self.model, self.callbacks = Model(seed), [callback]
        self.args, self.state, self.control = SimpleNamespace(max_steps=-1), SimpleNamespace(global_step=0), None
        self.optimizer, self.callback_handler = None, SimpleNamespace(model=self.model, optimizer=None)

    def pop_callback(self, kind):
        return next((self.callbacks.pop() for callback in self.callbacks if isinstance(callback, kind)), None)

    def train(self):
        self.model.train()
        if self.optimizer is None:
            self.optimizer = self.callback_handler.optimizer = self.model.chain.optimizer
        self.state.global_step = self.args.max_steps
        for _ in range(self.args.max_steps):
            self.optimizer.zero_grad()
            nn.functional.mse_loss(self.model(X).logits, Y).backward()
            self.optimizer.step()


def test_a_trainer_whose_callback_merges_is_checked_in_three_lines():
    check_chain(**trainer_functions(lambda seed: FewSteps(seed, Merging()), Merging, {"x": X}), steps=5, merges=8)
    with pytest.raises(Refuted, match="as if it was not merged"):
        check_chain(**trainer_functions(lambda seed: FewSteps(seed, Unmerged()), Merging, {"x": X}), steps=5, merges=8)
    with pytest.raises(ValueError, match="make must return a trainer with a callback of"):
        check_chain(**trainer_functions(lambda seed: FewSteps(seed, None), Merging, {"x": X}), steps=5)


@pytest.mark.parametrize(("active", "names"), [(None, ["a", "b"]), ("b", ["b"]), (["b"], ["b"])])
def test_adapters_are_active_by_name_or_all_where_none_is_told(active, names):
    assert [*_active(SimpleNamespace(lora_A={"a": 0, "b": 0}, active_adapters=active))] == names
