"""Runs of an optimiser and the same of NumPy, step by step."""

import copy
from itertools import islice

import numpy as np
import torch

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
