"""Runs of PyTorch that are recorded, layer by layer, and diagnosed: the causes that were built in."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from rac_theory import diagnose
from rac_theory.literature.counterexamples.diagnosis import Cause
from rac_theory.literature.counterexamples.factor_loss import FollowedRun
from rac_theory.sketches import Frozen, Haar
from rac_theory.torch import RACLoRA, from_module

RNG = np.random.default_rng(0)
X, LABELS = RNG.standard_normal((60, 6)), RNG.integers(3, size=60)


def recorded(make, steps):
    """The weights of a network at each step of a training as people write it, packed."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).double()
    problem = from_module(module, cross_entropy, (X, LABELS), f_lower=0.0)
    weights = [module[0].weight, module[2].weight]
    optimiser, seen = make(weights), []
    for _ in range(steps):
        seen.append(problem.layers.pack([one.detach().numpy().copy() for one in weights]))
        optimiser.zero_grad()
        cross_entropy(module(torch.tensor(X)), torch.tensor(LABELS)).backward()
        optimiser.step()
    seen.append(problem.weights(module))
    return np.stack(seen), problem


def one_for_ever(dim, rank):
    return Frozen(np.eye(dim)[:, :rank])


@pytest.mark.parametrize(
    ("make", "gamma", "steps", "cause"),
    [
        (lambda weights: RACLoRA(weights, Haar, 2, gamma=0.3, rng=0), 0.3, 40, Cause.SLOW),
        (lambda weights: torch.optim.SGD(weights, lr=60.0), 60.0, 40, Cause.INSTABILITY),
        (lambda weights: RACLoRA(weights, one_for_ever, 1, gamma=1.0, rng=0), 1.0, 4000, Cause.STUCK),
    ],
)
def test_the_cause_is_named(make, gamma, steps, cause):
    W, problem = recorded(make, steps)
    (found,) = diagnose(FollowedRun.of_iterates(W, problem, gamma=gamma), problem)
    assert found.cause is cause, found
