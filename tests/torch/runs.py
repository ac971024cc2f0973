"""Runs of an optimiser, the same of NumPy, step by step, and runs that are resumed; what is trained in them."""

import copy
import io
from itertools import islice

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

_RNG = np.random.default_rng(0)
X, LABELS, Y = _RNG.standard_normal((30, 4)), np.arange(30) % 3, _RNG.standard_normal((30, 3))
STEPS = 60  # more than are drawn ahead


def trained(problem, optimiser_of, steps=STEPS):
    """What is reported after each step, or the weights, put together as the matrix of the problem: (steps, m, n)."""
    module = problem.module_at(problem.start)
    optimiser, seen = optimiser_of(module), []
    for _ in range(steps):
        optimiser.zero_grad()
        problem.loss_of(module).backward()
        optimiser.step()
        there = copy.deepcopy(module)
        if hasattr(optimiser, "reported"):
            with torch.no_grad():
                for one, (_, W) in zip(there.parameters(), optimiser.reported(), strict=True):
                    one.copy_(W)
        seen.append(problem.weights(there))
    return np.stack(seen)


def of_numpy(algorithm, problem, rng, steps=STEPS):
    """The same of one run of an algorithm."""
    return np.stack([W[0] for W in islice(algorithm.iterates(problem, problem.start[None], rng), steps)])


def network(hidden=5, seed=0, bias=True):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, hidden, bias=bias), nn.Tanh(), nn.Linear(hidden, 3, bias=bias))


def resumed(optimiser_of, first, rest, dtype=torch.float64):
    """Whether a network has the same bits where its optimiser went through torch.save and the safe torch.load, and
    another that was made with another seed went on with what was kept.
    """

    def train(module, optimiser, steps):
        for _ in range(steps):
            optimiser.zero_grad()
            cross_entropy(module(torch.tensor(X, dtype=dtype)), torch.tensor(LABELS)).backward()
            optimiser.step()

    whole, half, again = (network(bias=False).to(dtype) for _ in range(3))
    train(whole, optimiser_of(whole, 5), first + rest)
    before, after = optimiser_of(half, 5), optimiser_of(again, 999)
    train(half, before, first)
    file = io.BytesIO()
    torch.save({"module": half.state_dict(), "optimiser": before.state_dict()}, file)
    file.seek(0)
    kept = torch.load(file, weights_only=True)
    again.load_state_dict(kept["module"])
    after.load_state_dict(kept["optimiser"])
    assert [group["sketch"] for group in after.param_groups] == [group["sketch"] for group in before.param_groups]
    train(again, after, rest)
    return all(map(torch.equal, whole.parameters(), again.parameters()))
