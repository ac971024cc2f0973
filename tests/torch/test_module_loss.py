"""What from_module refuses: by example, as people write it, each with the sentence that says what to do."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, dropout, mse_loss

from rac_theory.torch import from_module
from rac_theory.torch.module_loss import ModuleLoss, _can_be_batched

from .runs import LABELS, X, Y


class Forward(nn.Linear):
    """A linear layer, 4 to 3, and something that is done to its output."""

    def __init__(self, then):
        super().__init__(4, 3)
        self.then = then

    def forward(self, x):
        return self.then(super().forward(x))


def weighted(output, target):
    return cross_entropy(output, target, weight=torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))


@pytest.mark.parametrize(
    ("module", "loss", "message"),
    [
        (nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)), cross_entropy, "must not draw, * aten.bernoulli_*eval()"),
        (Forward(lambda y: dropout(y, 0.1)).eval(), cross_entropy, "must not draw"),
        (Forward(lambda y: y + 1e-9 * torch.randn_like(y)), cross_entropy, "must not draw"),
        (nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), cross_entropy, "must not change as it is called*1.running"),
        (
            nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, track_running_stats=False)),
            cross_entropy,
            "loss must be a mean over examples",
        ),
        (Forward(lambda y: y - y.mean(0)), cross_entropy, "loss must be a mean over examples*batch normalisation?*"),
        (nn.Linear(4, 3), nn.CrossEntropyLoss(reduction="sum"), "loss must be a mean*is it a sum"),
        (nn.Linear(4, 3), lambda *both: 1e-12 * cross_entropy(*both, reduction="sum"), "a mean*is it a sum"),
        (nn.Linear(4, 3), weighted, "loss must be a mean*are there weights"),
        (nn.Linear(4, 3), nn.CrossEntropyLoss(reduction="none"), "without dimensions, the mean over*got shape (30,)"),
        (nn.Linear(4, 3), lambda output, target: 1.0, "loss must return a tensor*got float"),
        (nn.Linear(4, 3), lambda output, target: None, "loss must return a tensor*got NoneType"),
        (Forward(lambda y: y.float()), cross_entropy, "in double precision*got torch.float32 from aten._to_copy"),
        (Forward(lambda y: (y.half() * 2).double()), cross_entropy, "in double precision*got torch.float16"),
        (Forward(lambda y: 1 / 0), cross_entropy, "must not fail, got ZeroDivisionError: division by zero"),
        (Forward(lambda y: y.detach()), cross_entropy, "must have a gradient, got RuntimeError"),
        (nn.Linear(5, 3), cross_entropy, "must not fail, got RuntimeError"),
    ],
)  # fmt: skip
def test_a_module_is_refused(module, loss, message):
    with pytest.raises(ValueError, match=".*".join(map(re.escape, message.split("*")))):
        from_module(module, loss, (X, LABELS))


@pytest.mark.parametrize("N", [30, 600])
def test_examples_are_looked_at_from_the_first_to_the_last(monkeypatch, N):
    """All of them, or 256. Catches the first or the last that is left out."""
    seen, real = [], ModuleLoss.values_of_examples
    monkeypatch.setattr(ModuleLoss, "values_of_examples", lambda f, W, i: seen.append(i) or real(f, W, i))
    from_module(nn.Linear(4, 3), mse_loss, (np.resize(X, (N, 4)), np.resize(Y, (N, 3))))
    assert (seen[0][0], seen[0][-1], len(seen[0])) == (0, N - 1, min(N, 256))


def test_the_same_in_the_mode_for_evaluation_is_a_problem():
    """The right ones beside those above: eval() makes a function of them."""
    for layer in (nn.Dropout(0.5), nn.BatchNorm1d(3), nn.LayerNorm(3)):
        from_module(nn.Sequential(nn.Linear(4, 3), layer).eval(), cross_entropy, (X, LABELS))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: from_module(cross_entropy, mse_loss, (X, Y)), "module must be a Module of torch.nn, got the function"),
        (lambda: from_module(nn.Tanh(), mse_loss, (X, X)), "parameters must choose a matrix of the module, got none"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, Y), ["weights"]), "(weight, bias), got 'weights'"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, Y), "weight"), "parameters must be names, a predicate"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, Y), 3), "parameters must be names, a predicate"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, Y), ["bias"]), "of two dimensions, got bias of shape (3,)"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, X), "data must be a pair (inputs, targets), got ndarray"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, Y[1:])), "as many inputs as targets, got 30 and 29"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X[:0], Y[:0])), "as many inputs as targets, got 0 and 0"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, "Y")), "must be tensors or arrays, got str for targets"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, 1.0)), "got one number for targets"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, Y), mean=1), "mean must be True or False, got 1"),
        (
            lambda: from_module(nn.Linear(4, 3), mse_loss, (X, Y), component_infima=[0.0]),
            "component_infima must be a number, or one for each of 30, got shape (1,)",
        ),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, Y), L_max=-1.0), "L_max must be a finite number >= 0"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, Y)).subset([30]), "rows must be in 0..29, got 30..30"),
        (lambda: from_module(nn.Linear(4, 3), mse_loss, (X, Y)).subset([0.9]), "rows must be a non-empty list of row"),
    ],
)  # fmt: skip
def test_an_argument_is_named(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize(
    ("alone", "off", "batched"),
    [
        ([2.0, 0.0], [0.0, 0.0], True),
        ([2.0, 0.0], [0.0, 1e-9], True),
        ([2.0, 0.0], [0.0, 1e-8], False),
        ([2e-12, 0.0], [0.0, 1e-15], False),
        ([np.nan, 1.0], [0.0, 0.0], True),
        ([np.nan, 1.0], [0.0, 1e-8], False),
    ],
)
def test_a_batch_is_taken_where_it_gives_what_each_gives_alone(alone, off, batched):
    """Up to 1e-9 of the largest number; values that are the same are not enough.

    A loss that is no number somewhere was no reason to warn of NumPy's tolerances, and to take one after the other.
    """
    f = SimpleNamespace(batched=True)
    f.values_and_gradients = lambda W: (np.ones(2), np.array(alone) + (np.array(off) if f.batched else 0.0))
    assert _can_be_batched(f, np.zeros((1, 1))) is batched
