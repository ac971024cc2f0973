"""MethodOptimiser: the steps of methods with a memory as NumPy makes them, step by step, and resumed bit for bit."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from rac_theory import algorithms
from rac_theory.algorithms import H, Method, gradient, letter, state
from rac_theory.sketches import Coordinate, Gaussian, Haar
from rac_theory.torch import MethodOptimiser, from_module
from tests.as_one_test import as_one_test

from .runs import LABELS, X, Y, network, of_numpy, resumed, trained

METHODS = {
    "HEAVY_BALL": {"gamma": 0.1, "beta": 0.7},
    "FULL_MOMENTUM": {"gamma": 0.1, "beta": 0.7},
    "PROJECTED_MOMENTUM": {"gamma": 0.1, "beta": 0.7},
    "MOMENTUM": {"gamma": 0.2, "b": 0.6},
    "FEEDBACK": {"gamma": 0.1},
    "EF21": {"gamma": 0.05},
    "ACCELERATED": {"gamma": 0.2, "alpha": 0.1, "s": 0.1, "lambda_min": 0.3},
    "DECAY_INSIDE": {"gamma": 0.2, "omega": 0.1},
}


DRAWN = ((Haar, "left"), (Haar, "right"), (Gaussian, "left"), (Coordinate, "right"), (None, "left"))


@as_one_test(
    ("name", "sketch", "side"),
    [
        *(("HEAVY_BALL", *drawn) for drawn in DRAWN),
        *((name, *drawn) for name in METHODS if name != "HEAVY_BALL" for drawn in DRAWN[1:3]),
    ],
)
def test_it_makes_the_steps_of_the_method(name, sketch, side):
    """To 1e-12, at the reported point. Catches momentum before the gradient, H beside it, and another start."""
    torch.manual_seed(0)
    problem = from_module(nn.Linear(4, 3, bias=False), mse_loss, (X, Y))
    made = None if sketch is None else sketch(3 if side == "left" else 4, 2)
    algorithm = getattr(algorithms, name)(made, side=side, **METHODS[name])
    expected = of_numpy(algorithm, problem, np.random.default_rng(7))

    def make(module):
        return MethodOptimiser(module.parameters(), name, sketch, 2, side=side, rng=7, **METHODS[name])

    np.testing.assert_allclose(trained(problem, make), expected, rtol=0, atol=1e-12)
    assert np.abs(expected[-1] - problem.start).max() > 1e-3


def test_several_matrices_have_a_memory_each():
    """As a method of layers has it."""
    problem = from_module(network(bias=False), cross_entropy, (X, LABELS))
    algorithm = algorithms.HEAVY_BALL([Haar(5, 2), Haar(3, 2)], layers=problem.layers, gamma=0.2, beta=0.8)
    expected = of_numpy(algorithm, problem, np.random.default_rng(3), 20)

    def make(module):
        return MethodOptimiser(module.parameters(), algorithms.HEAVY_BALL, Haar, 2, rng=3, gamma=0.2, beta=0.8)

    np.testing.assert_allclose(trained(problem, make, 20), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["HEAVY_BALL", "ACCELERATED", "FEEDBACK"])
def test_a_run_that_is_resumed_goes_on_bit_for_bit(name):

    def made(module, seed):
        return MethodOptimiser(module.parameters(), name, Haar, 1, rng=seed, **METHODS[name])

    assert resumed(made, 5, 5)


def test_it_keeps_no_copy_of_the_parameter():
    """What heavy ball keeps is its momentum."""
    weight = nn.Parameter(torch.ones(3, 2))
    optimiser = MethodOptimiser([weight], "HEAVY_BALL", Haar, 1, rng=0, gamma=0.1, beta=0.5)
    weight.grad = torch.ones(3, 2)
    optimiser.step()
    assert {*optimiser.state[weight]} == {"ahead", "M"}


W, M = state("W", "M")
_gamma = letter("gamma")
TWO_POINTS = Method({W: W - _gamma * H(gradient(W) + gradient(W + M)), M: M}, start={M: 0})
ELSEWHERE = Method({W: W - _gamma * H(gradient(2 * W))})


@pytest.mark.parametrize(
    ("method", "letters", "told"),
    [
        ("NOTHING", {"gamma": 0.1}, "method must be a Method or the name of one"),
        ("RACLoRA", {"gamma": 0.1}, "method must be a Method or the name of one"),
        ("HEAVY_BALL", {"gamma": 0.1}, "beta must have a number, such as beta=0.1"),
        ("HEAVY_BALL", {"gamma": 0.1, "beta": 0.5, "mu": 1.0}, "letters must be one of beta, gamma, got 'mu'"),
        (TWO_POINTS, {"gamma": 0.1}, "must take its gradient at one point, got 2"),
        (ELSEWHERE, {"gamma": 0.1}, "must take its first gradient at W0"),
    ],
)
def test_what_it_cannot_be_made_of(method, letters, told):
    with pytest.raises(ValueError, match=told):
        MethodOptimiser([nn.Parameter(torch.zeros(3, 2))], method, Haar, 1, **letters)


def test_a_group_has_no_numbers_of_its_own():
    group = {"params": [nn.Parameter(torch.zeros(3, 2))], "gamma": 0.3}
    with pytest.raises(ValueError, match="a group must have neither gamma"):
        MethodOptimiser([group], "HEAVY_BALL", Haar, 1, gamma=0.1, beta=0.5)
