"""A ``Trainer`` of transformers with a callback that merges a PEFT adapter. It runs by its name: ``.ci/others``.

Tried with transformers 5.24.0, peft 0.21.2 and torch 2.13.0, on a Llama of 6,000 random weights.
"""

import peft
import pytest
import torch
import transformers
from torch import nn

from rac_theory.testing import Refuted, check_chain
from rac_theory.torch import Activations, trainer_functions

pytestmark = pytest.mark.filterwarnings("default::FutureWarning")  # peft asks transformers what this one renames
STEPS = 2
TOKENS = torch.randint(0, 32, (8, 6), generator=torch.Generator().manual_seed(0))
BATCH = {"input_ids": TOKENS}


class Merging(transformers.TrainerCallback):
    """Adds each adapter to its layer, begins it anew, and empties the optimiser."""

    def on_step_end(self, args, state, control, model=None, optimizer=None, **others):
        if state.global_step == STEPS:
            self.merge([layer for layer in model.modules() if isinstance(layer, peft.tuners.lora.LoraLayer)])
            self.reset(model, optimizer)

    @torch.no_grad()
    def merge(self, layers):
        for layer in layers:
            layer.base_layer.weight += self.product(layer)
            self.begin(layer)

    def product(self, layer):
        return layer.get_delta_weight("default")

    def begin(self, layer):
        layer.reset_lora_parameters("default", init_lora_weights=True)

    def reset(self, model, optimizer):
        optimizer.state.clear()


def reset_by_name(self, model, optimizer):
    """Looks moments up by names of parameters, under which the optimiser holds none."""
    for name, _ in model.named_parameters():
        for moment in optimizer.state.get(name, {}).values():
            moment.zero_()


def merge_with_one_seed(self, layers):
    torch.manual_seed(0)
    Merging.merge(self, layers)


def begin_with_another_scale(self, layer):
    Merging.begin(self, layer)
    layer.scaling["default"] *= 0.5


def trainer_of(folder, callback, frozen=False, **options):
    def make(seed):
        torch.manual_seed(seed)
        config = transformers.LlamaConfig(
            vocab_size=32, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2
        )
        adapter = peft.LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], **options)
        model = peft.get_peft_model(transformers.LlamaForCausalLM(config), adapter)
        if frozen:
            for name, parameter in model.named_parameters():
                parameter.requires_grad_("lora_B" in name)
        quiet = {
            "report_to": [],
            "save_strategy": "no",
            "logging_strategy": "no",
            "disable_tqdm": True,
            "use_cpu": True,
        }
        run = {"learning_rate": 0.01, "lr_scheduler_type": "constant", "per_device_train_batch_size": 8}
        arguments = transformers.TrainingArguments(str(folder), seed=seed, max_steps=STEPS, **run, **quiet)
        data = [{"input_ids": tokens, "labels": tokens} for tokens in TOKENS]
        return transformers.Trainer(model, arguments, train_dataset=data, callbacks=[callback()])

    return make


def checked(folder, callback=Merging, declared=None, **options):
    functions = trainer_functions(trainer_of(folder, callback, **options), Merging, BATCH)
    check_chain(**functions, steps=STEPS, merges=24, frozen=declared)


@pytest.mark.parametrize("options", [{}, {"use_rslora": True}, {"lora_dropout": 0.5}], ids=str)
def test_right_trainers_pass(tmp_path, options):
    """Dropout is off where outputs are compared, as the model is in eval."""
    checked(tmp_path, **options)


def test_a_factor_that_is_declared_frozen_is(tmp_path):
    checked(tmp_path, declared="A", frozen=True)
    with pytest.raises(Refuted, match="train must leave A frozen, as is declared"):
        checked(tmp_path, declared="A")


@pytest.mark.parametrize(
    ("does", "cause"),
    [
        ({"product": lambda self, layer: torch.zeros(())}, "as if it was not merged"),
        ({"product": lambda self, layer: 2 * Merging.product(self, layer)}, "as if it was merged twice"),
        (
            {"product": lambda self, layer: Merging.product(self, layer) / layer.scaling["default"]},
            "its scale 2 was forgotten",
        ),
        ({"reset": lambda self, model, optimizer: None}, "must reset what the optimiser remembers"),
        ({"reset": reset_by_name}, "are they looked up by the keys under which the optimiser holds them"),
        ({"merge": merge_with_one_seed}, "seed"),
        (
            {"begin": lambda self, layer: nn.init.zeros_(layer.lora_B["default"].weight)},
            "is it drawn anew in each merge?",
        ),
        (
            {"begin": lambda self, layer: nn.init.kaiming_uniform_(layer.lora_A["default"].weight)},
            "is the trained factor not reset to zero?",
        ),
        ({"begin": begin_with_another_scale}, "must leave the scale of the adapter"),
    ],
)
def test_each_fault_of_a_callback_is_named(tmp_path, does, cause):
    with pytest.raises(Refuted) as refuted:
        checked(tmp_path, type("Faulty", (Merging,), does))
    assert cause in str(refuted.value)


@pytest.mark.parametrize(
    ("options", "cause"),
    [({"use_dora": True}, "is a layer of DoRA"), ({"init_lora_weights": "pissa"}, "is one of PiSSA")],
)
def test_what_is_another_method_is_named(tmp_path, options, cause):
    with pytest.raises(ValueError, match=cause):
        checked(tmp_path, **options)


def test_from_a_model_and_its_adapter_to_the_three_sentences(tmp_path, capsys):
    """Two commands: the model runs once, and its adapter is read."""
    from rac_theory.commands.cli import main

    model = trainer_of(tmp_path, Merging)(0).model
    model.save_pretrained(tmp_path / "adapter")
    with Activations(model, only=["q_proj", "v_proj"]) as seen:
        model(**BATCH)
    assert main(["advise", str(tmp_path / "adapter"), "--data", seen.save(tmp_path / "acts.npz")]) == 0
    assert capsys.readouterr().out.startswith("Rank 4 is promised ")
