"""RACLoRA as an optimiser: the steps of ours with the same generator, resumed bit for bit, and checked as declared."""

import copy
import re
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

import rac_theory
from rac_theory import Case, Implementation, LayeredRACLoRA, simulate, verify
from rac_theory.sketches import Coordinate, Gaussian, Haar, SparseSigns
from rac_theory.testing import Refuted, check_algorithm, check_refresh
from rac_theory.torch import OptimiserSteps, RACLoRA, from_module, optimiser_moves
from tests.as_one_test import as_one_test

from .runs import LABELS, X, Y, network, of_numpy, resumed, trained

RNG = np.random.default_rng(0)


@as_one_test(
    ("shape", "sketch", "rank", "side", "lora_alpha"),
    [
        ((3, 4), Haar, 1, "left", None),
        ((3, 4), Haar, 1, "right", 1.5),
        ((3, 4), Gaussian, 2, "left", 1.5),
        ((6, 2), Gaussian, 2, "right", None),
        ((4, 4), Coordinate, 3, "left", None),
        ((4, 4), Coordinate, 3, "right", None),
        ((3, 3), Haar, 3, "right", 1.5),
        ((5, 3), partial(SparseSigns, p=0.5), 2, "left", None),  # may lose rank
        ((5, 3), partial(SparseSigns, p=0.5), 2, "right", 1.5),
        ((1, 4), Gaussian, 1, "left", 1.5),
    ],
)
def test_it_makes_our_steps(shape, sketch, rank, side, lora_alpha):
    """To 1e-12. Catches the other side, (alpha / r) for its square, sketches in another order, and H twice."""
    torch.manual_seed(0)
    m, n = shape
    data = RNG.standard_normal((20, n)), RNG.standard_normal((20, m))
    problem = from_module(nn.Linear(n, m, bias=False), mse_loss, data)
    made = sketch(m if side == "left" else n, rank)
    gamma = 0.2 if lora_alpha is None else 0.02  # where runs diverge, rounding grows
    declared = rac_theory.RACLoRA(made, gamma=gamma, side=side, lora_alpha=lora_alpha)
    expected = of_numpy(declared, problem, np.random.default_rng(7))

    def make(module):
        options = {"side": side, "lora_alpha": lora_alpha, "rng": 7}
        return RACLoRA(module.parameters(), sketch, rank, gamma=gamma, **options)

    np.testing.assert_allclose(trained(problem, make), expected, rtol=0, atol=1e-12)
    assert np.abs(expected[-1] - problem.start).max() > 1e-3


@pytest.mark.parametrize("second", [(Coordinate, 3, "right"), (None, 1, "left")])
def test_it_makes_our_steps_on_several_layers(second):
    """One generator for all layers, in their order, a group for each; a layer without a sketch is trained whole."""
    problem = from_module(network(), cross_entropy, (X, LABELS))
    kind, rank, side = second
    sketches = [Haar(5, 2), None if kind is None else kind(5, rank)]
    declared = LayeredRACLoRA(problem.layers, sketches, gamma=0.3, sides=["left", side])
    expected = of_numpy(declared, problem, np.random.default_rng(3))

    def make(module):
        groups = [
            {"params": [module[0].weight], "sketch": Haar, "rank": 2},
            {"params": [module[2].weight], "sketch": kind, "rank": rank, "side": side},
        ]
        return RACLoRA(groups, gamma=0.3, rng=np.random.default_rng(3))

    np.testing.assert_allclose(trained(problem, make), expected, rtol=0, atol=1e-12)


def test_biases_are_trained_whole_beside():
    """A group without a sketch takes parameters of any shape; its step is W - gamma G."""
    module = nn.Linear(4, 3).double()
    groups = [{"params": [module.weight], "sketch": Haar, "rank": 1}, {"params": [module.bias], "gamma": 0.5}]
    optimiser = RACLoRA(groups, gamma=0.1, rng=0)
    before = module.bias.detach().clone()

    def closure():
        optimiser.zero_grad()
        loss = mse_loss(module(torch.tensor(X)), torch.tensor(Y))
        loss.backward()
        return loss

    loss = optimiser.step(closure)
    assert loss.item() > 0
    assert torch.equal(module.bias.detach(), before - 0.5 * module.bias.grad)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_run_is_resumed_bit_for_bit(dtype):
    """In the middle of what was drawn ahead, with any generator."""

    def optimiser_of(module, seed, bits):
        weights = [module[0].weight, module[2].weight]
        return RACLoRA(weights, Gaussian, 2, gamma=0.1, rng=np.random.Generator(bits(seed)))

    for bits in (np.random.PCG64, np.random.SFC64, np.random.MT19937):
        assert resumed(partial(optimiser_of, bits=bits), 33, 37, dtype)


def test_a_state_of_other_sketches_is_refused():
    module = network()
    state = RACLoRA([module[0].weight], Haar, 2, gamma=0.1, rng=0).state_dict()
    with pytest.raises(ValueError, match="state_dict must be of the same sketches"):
        RACLoRA([module[0].weight], Haar, 1, gamma=0.1, rng=0).load_state_dict(state)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"sketch": Haar(5, 2)},
            "sketch must make one of (dim, rank), such as the class Haar, got Haar(dim=5, rank=2)",
        ),
        ({"rank": 6}, "rank must be in 1..dim=5, got 6"),
        ({"rank": 0}, "rank must be in 1..dim=5, got 0"),
        ({"side": "up"}, "side must be one of left, right, got 'up'"),
        ({"gamma": -1.0}, "gamma must be a finite number > 0, got -1.0"),
        ({"lora_alpha": 0.0}, "lora_alpha must be a finite number > 0, got 0"),
        ({"params": [nn.Parameter(torch.zeros(3))]}, "params must be matrices where there is a sketch, got shape (3,)"),
    ],
)
def test_an_argument_is_named(change, message):
    arguments = {"params": [nn.Parameter(torch.zeros(5, 4))], "sketch": Haar, "rank": 2, "gamma": 0.1, "rng": 0}
    with pytest.raises(ValueError, match=re.escape(message)):
        RACLoRA(**arguments | change)


class Momentum(RACLoRA):
    """What is left in by mistake: momentum on the low-rank gradient."""

    @torch.no_grad()
    def step(self, closure=None):
        before = [W.clone() for _, _, W in self._matrices()]
        super().step()
        for (_, _, W), old in zip(self._matrices(), before, strict=True):
            kept = self.state[W].get("move", torch.zeros_like(W))
            self.state[W]["move"] = 0.5 * kept + (W - old)
            W.copy_(old + self.state[W]["move"])


def declared_case(kind=RACLoRA, steps=0, **options):
    torch.manual_seed(0)
    L = 0.5 * float(np.linalg.eigvalsh(X.T @ X / len(X))[-1]) * (1 + 1e-12)  # squares, a mean over four outputs
    data = X, np.hstack([Y, Y[:, :1]])
    problem = from_module(nn.Linear(4, 4), mse_loss, data, L=L, f_lower=0.0, convex=True)

    def make(module, rng):
        return kind([module.weight], Haar, 1, **{"gamma": 0.2, "rng": rng} | options)

    declared = rac_theory.RACLoRA(Haar(4, 1), gamma=0.2)
    return Case(Implementation(OptimiserSteps(problem, make), implements=declared), problem, steps=steps)


def test_check_algorithm_accepts_it_and_theorems_judge_it():
    case = declared_case(steps=3)
    before = verify("T1", case, runs=2, rng=0)
    assert before.status.name == "NOT_APPLICABLE"
    assert "which was not checked" in before.reason
    checked = check_algorithm(case, draws=64)
    assert checked.checked.each_step
    assert verify("T1", checked, runs=2, rng=0).status.name == "UNDECIDED"  # of two runs; but T1 applies


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (RACLoRA, {"side": "right"}, "it moves the other side"),
        (RACLoRA, {"gamma": 0.19}, "its steps are 0.95 of those that are declared"),
        (Momentum, {}, "a step keeps about"),
        (RACLoRA, {"rng": 0}, "it does not draw from the rng that it is given"),
    ],
    ids=["side", "scale", "momentum", "own seed"],
)
def test_check_algorithm_refuses_what_is_wrong(kind, options, message):
    case = declared_case(kind, **options)
    with pytest.raises(Refuted, match=message):
        check_algorithm(case, draws=16)


def test_steps_of_an_optimiser_are_run_and_copied():
    """Runs do not share state, whatever was run before; a pickled one starts anew."""
    case = declared_case(Momentum, steps=2)
    first, again = (simulate(case, runs=3, rng=0).values for _ in range(2))
    np.testing.assert_array_equal(first, again)
    steps = case.algorithm.stepper
    steps.step(case.start, np.random.default_rng(0))
    fresh = copy.deepcopy(steps)
    assert fresh._optimiser is None
    assert "OptimiserSteps(ModuleSum(Linear, weight 4x4" in repr(case.algorithm)
    with pytest.raises(ValueError, match="problem must be a ModuleProblem, as from_module makes it"):
        OptimiserSteps(case.algorithm.implements, None)


class Subspaces(torch.optim.Optimizer):
    """GaLore with a subspace for some steps, with the moments of nothing."""

    def __init__(self, params, gap):
        super().__init__(params, {"gap": gap})
        self.steps = 0

    @torch.no_grad()
    def step(self):
        (W,) = self.param_groups[0]["params"]
        if self.steps % self.param_groups[0]["gap"] == 0:
            self.U = torch.linalg.svd(W.grad, full_matrices=False)[0][:, :2]
        self.steps += 1
        W -= 0.1 * self.U @ (self.U.T @ W.grad)


def test_several_steps_of_an_optimiser_are_one_of_what_is_declared():
    """Three under one subspace, as GaLore makes them. Catches one step for three, and a gap that is not declared."""
    torch.manual_seed(0)
    problem = from_module(nn.Linear(4, 3, bias=False), mse_loss, (X, Y))
    declared = rac_theory.GaLore(2, 0.1, rac_theory.Local(3))
    expected = simulate(Case(declared, problem, steps=4)).values

    def differs(gap, inner):
        steps = OptimiserSteps(problem, lambda module, rng: Subspaces([module.weight], gap), inner)
        assert (f", inner={inner})" in repr(steps)) == (inner > 1)
        own = Case(Implementation(steps, implements=declared), problem, steps=4)
        return float(np.abs(simulate(own).values - expected).max())

    assert differs(3, 3) < 1e-12
    assert min(differs(3, 1), differs(200, 3), differs(1, 3)) > 1e-6


def test_moves_of_an_optimiser_are_asked_what_they_keep():
    """SGD with momentum has no subspace, which is named; ours draws one in each step and keeps nothing."""
    new, step = optimiser_moves(lambda W: torch.optim.SGD([W], lr=0.5, momentum=0.9), torch.float64)
    moves = [step(state := new((3, 2), 0), np.ones((3, 2))), step(state, np.ones((3, 2)))]
    assert [float(move[0, 0]) for move in moves] == [-0.5, -0.95]
    with pytest.raises(Refuted, match="or no projector"):
        check_refresh(new, step, rank=2, gap=3)
    ours = optimiser_moves(lambda W: RACLoRA([W], Haar, rank=2, gamma=0.1, rng=torch.initial_seed()))
    check_refresh(*ours, rank=2, gap=3)
