"""Modules of PyTorch as problems: by what NumPy says of the same functions, by our checks, and as runs use them."""

import copy
import math
import pickle
import re

import cloudpickle
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from rac_theory import GD, SGD, Case, LayeredRACLoRA, Minibatch, RACLoRA, Reshuffled, simulate, verify
from rac_theory.problems import Federated, Layers, LeastSquares, SoftmaxRegression
from rac_theory.sketches import Haar
from rac_theory.testing import check_problem
from rac_theory.torch import ModuleProblem, ModuleSum, from_module
from rac_theory.torch.module_problem import _listing

from .runs import LABELS, X, Y, network

RNG = np.random.default_rng(1)


def linear():
    torch.manual_seed(0)
    return nn.Linear(4, 3, bias=False)


def test_a_linear_layer_is_softmax_regression():
    """(out, in) against ours, (in, out): value, gradient and components. Catches a sum for a mean, a lost transpose."""
    ours, theirs = SoftmaxRegression(X, LABELS), from_module(linear(), cross_entropy, (X, LABELS))
    assert theirs.shape == (3, 4)
    assert theirs.layers is None
    W, indices = RNG.standard_normal((7, 3, 4)), RNG.integers(30, size=(7, 5))
    turned = np.swapaxes(W, 1, 2)
    np.testing.assert_allclose(theirs.value(W), ours.value(turned), rtol=1e-12)
    np.testing.assert_allclose(theirs.gradient(W), np.swapaxes(ours.gradient(turned), 1, 2), rtol=1e-11, atol=1e-13)
    ours_of_few = np.swapaxes(ours.component_gradient(turned, indices), 1, 2)
    np.testing.assert_allclose(theirs.component_gradient(W, indices), ours_of_few, rtol=1e-11, atol=1e-13)


def test_two_layers_are_what_numpy_computes():
    """By hand: forward and backward through tanh, at matrices of every batch shape. Catches layers in another order."""
    module = network().double()
    b1, b2 = (module[i].bias.detach().numpy() for i in (0, 2))
    problem = from_module(module, mse_loss, (X, Y))
    assert problem.layers == Layers([(5, 4), (3, 5)], ["0.weight", "2.weight"])
    W = RNG.standard_normal((2, 3, *problem.shape))
    values, gradients = problem.value(W), problem.gradient(W)
    assert values.shape == (2, 3)
    for i in np.ndindex(2, 3):
        W1, W2 = problem.layers.views(W[i])
        Z = np.tanh(X @ W1.T + b1)
        off = Z @ W2.T + b2 - Y
        slope = 2 * off / off.size
        G2, back = slope.T @ Z, (slope @ W2) * (1 - Z**2)
        np.testing.assert_allclose(values[i], np.mean(off**2), rtol=1e-12)
        np.testing.assert_allclose(gradients[i], problem.layers.pack([back.T @ X, G2]), rtol=1e-10, atol=1e-13)
    both = problem.value_and_gradient(W)
    np.testing.assert_array_equal(both[1], gradients)
    np.testing.assert_allclose(both[0], values, rtol=1e-14)


@pytest.mark.parametrize(
    "make",
    [
        lambda: from_module(linear(), cross_entropy, (X[:6], LABELS[:6]), f_lower=0.0, component_infima=0.0),
        lambda: from_module(network(1), cross_entropy, (X[:4], LABELS[:4]), f_lower=0.0),
        lambda: from_module(Looped(), mse_loss, (X[:3], Y[:3])),
    ],
    ids=["one matrix", "two layers", "without vmap"],
)
def test_it_is_a_problem(make):
    check_problem(make())


class Looped(nn.Module):
    """A branch on a value, which vmap cannot take."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3, 4), 0.25))

    def forward(self, x):
        y = x @ self.weight.T
        return y if y.sum().item() > -1e9 else 2 * y


def test_what_vmap_cannot_take_is_taken_one_by_one():
    """The same numbers as the same function without the branch."""
    looped, plain = Looped(), linear()
    one, other = (from_module(module, mse_loss, (X, Y)) for module in (looped, plain))
    assert (one.batched, other.batched) == (False, True)
    W, indices = RNG.standard_normal((4, 3, 4)), RNG.integers(30, size=(4, 5))
    np.testing.assert_allclose(one.value(W), other.value(W), rtol=1e-13)
    np.testing.assert_allclose(one.gradient(W), other.gradient(W), rtol=1e-12, atol=1e-14)
    few = [problem.component_gradient(W, indices) for problem in (one, other)]
    np.testing.assert_allclose(*few, rtol=1e-12, atol=1e-14)
    assert one.value(W[:0]).shape == (0,)
    assert one.gradient(W[:0]).shape == (0, 3, 4)


def test_single_precision_weights_are_computed_with_in_double_precision():
    """The numbers of a float32 module are those of the same weights in float64, and it stays what it was."""
    module = network()
    before = copy.deepcopy(module.state_dict())
    problem = from_module(module, cross_entropy, (X.astype(np.float32), LABELS))
    same = from_module(copy.deepcopy(module).double(), cross_entropy, (X.astype(np.float32).astype(np.float64), LABELS))
    W = RNG.standard_normal((3, *problem.shape))
    np.testing.assert_array_equal(problem.gradient(W), same.gradient(W))
    assert problem.value(W).dtype == problem.gradient(W).dtype == np.float64
    assert all(value.dtype == torch.float32 for value in module.state_dict().values())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(one.grad is None and one.requires_grad for one in module.parameters())
    np.testing.assert_array_equal(problem.start, problem.weights(module))


def test_parameters_are_chosen():
    """By name, by a predicate, by default; all else is frozen, and told."""
    module = network()
    head = from_module(module, cross_entropy, (X, LABELS), ["2.weight"])
    assert (head.shape, head.layers, head.frozen) == ((3, 5), None, ("0.weight", "0.bias", "2.bias"))
    assert "frozen: 0.weight, 0.bias, 2.bias" in repr(head)
    wide = from_module(module, cross_entropy, (X, LABELS), lambda name, one: one.ndim == 2 and one.shape[1] == 4)
    assert wide.shape == (5, 4)
    turned = from_module(module, cross_entropy, (X, LABELS), ["2.weight", "0.weight"])
    assert turned.layers.names == ("0.weight", "2.weight")  # the order is that of the module
    module[0].weight.requires_grad_(False)
    assert from_module(module, cross_entropy, (X, LABELS)).frozen == ("0.weight", "0.bias", "2.bias")
    # The frozen layer stands in the loss as it is.
    Z = np.tanh(X @ module[0].weight.detach().double().numpy().T + module[0].bias.detach().double().numpy())
    ours = LeastSquares(Z, Y - module[2].bias.detach().double().numpy())
    theirs = from_module(module, mse_loss, (X, Y))
    W = RNG.standard_normal((3, 5))
    np.testing.assert_allclose(theirs.value(W), ours.value(W.T) * 2 / 3, rtol=1e-12)  # ours halves, and adds columns


def test_tied_weights_are_one_matrix():
    """Moved together. Catches the second use of a matrix that stays where it was."""
    torch.manual_seed(0)
    one, two = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
    two.weight = one.weight
    problem = from_module(nn.Sequential(one, two), mse_loss, (X, X))
    W = RNG.standard_normal((4, 4))
    np.testing.assert_allclose(problem.value(W), np.mean((X @ W.T @ W.T - X) ** 2), rtol=1e-12)


def test_runs_sums_and_workers():
    """Minibatches, epochs and clients run; two workers give the bits of one."""
    problem = from_module(network(), cross_entropy, (X, LABELS), f_lower=0.0, component_infima=0.0)
    assert isinstance(problem, ModuleSum)
    for source in (Minibatch(5), Reshuffled()):
        values = simulate(Case(SGD(0.05, source), problem, steps=3), runs=2, rng=0).values
        assert (values[:, -1] < values[:, 0]).all()
    divided = Federated(problem, 3)
    W = RNG.standard_normal((2, *problem.shape))
    np.testing.assert_allclose(divided.gradient(W), problem.gradient(W), rtol=1e-10, atol=1e-13)
    few, chosen = problem.subset(np.array([3, 5, 5])), np.array([[3, 5, 5]] * 2)
    np.testing.assert_allclose(few.gradient(W), problem.component_gradient(W, chosen), rtol=1e-11, atol=1e-14)
    assert few.f_lower == 0
    case = Case(LayeredRACLoRA(problem.layers, [Haar(5, 2), Haar(3, 1)], gamma=0.3), problem, steps=4)
    alone, shared = (simulate(case, runs=257, rng=0, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(alone.values, shared.values)


def test_a_copy_through_pickle_gives_the_same_numbers():
    problem = from_module(network(), lambda output, target: cross_entropy(output, target), (X, LABELS))
    again = pickle.loads(cloudpickle.dumps(problem))
    W = RNG.standard_normal((2, *problem.shape))
    np.testing.assert_array_equal(again.gradient(W), problem.gradient(W))
    assert repr(again) == repr(problem)


def test_unknown_constants_are_nan_and_theorems_say_so():
    problem = from_module(linear(), cross_entropy, (X, LABELS), f_lower=0.0)
    assert all(math.isnan(getattr(problem, name)) for name in ("L", "L_max", "mu", "strong_convexity", "f_star"))
    assert np.isnan(problem.component_infima).all()
    verdict = verify("T1", Case(RACLoRA(Haar(3, 1), 0.1), problem, steps=3), runs=4, rng=0)
    assert verdict.status.name == "NOT_APPLICABLE"
    assert "L" in verdict.reason
    known = from_module(linear(), cross_entropy, (X, LABELS), L=50.0, L_max=60.0, f_lower=0.0, convex=True)
    assert (known.L, known.L_max, known.convex) == (50.0, 60.0, True)
    assert known.subset([0]).n_components == 1
    for L_max in (0, 0.5):
        assert from_module(linear(), cross_entropy, (X, LABELS), L_max=L_max).L_max == L_max
    W = np.repeat(known.start[None], 3, axis=0)
    value, G = known.value_and_gradient(W)  # of one W that is there three times
    np.testing.assert_allclose(value, np.repeat(known.value(known.start), 3))
    np.testing.assert_allclose(G, np.repeat(known.gradient(known.start)[None], 3, axis=0))
    assert "L=50, L_max=60, f_lower=0, convex" in repr(known)
    exact = GD(1 / 50)
    assert verify("T1", Case(exact, known, steps=10), rng=0).status.name == "HOLDS"
    with pytest.raises(ValueError, match=re.escape("mu must be <= L=1, got 2")):
        from_module(linear(), cross_entropy, (X, LABELS), L=1.0, mu=2.0)


def test_a_loss_of_the_whole_batch_has_no_components():
    problem = from_module(linear(), lambda output, target: (output - target).std(), (X, Y), mean=False)
    assert type(problem) is ModuleProblem
    with pytest.raises(ValueError, match="problem must be a finite sum for"):
        Case(SGD(0.1, Minibatch(2)), problem, steps=1)


def test_another_problem_prints_as_another_text():
    """Catches data, weights, frozen weights and constants that the repr forgets; it is short, and has no address."""
    moved = network()
    with torch.no_grad():
        moved[0].bias += 1e-3
    known = {"module": network(), "loss": cross_entropy, "data": (X, LABELS)}
    changes = [
        {},
        *({"data": data} for data in ((X + 1e-9, LABELS), (X, LABELS[::-1].copy()))),
        *({"module": module} for module in (network(seed=1), moved)),
        {"loss": nn.CrossEntropyLoss(label_smoothing=0.1)},
        {"parameters": ["0.weight"]},
        *({"mean": False}, {"L": 3.0}, {"L": 3.0, "measured": ["L"]}, {"L_max": 3.0}),
    ]
    texts = [repr(from_module(**known | changed)) for changed in changes]
    assert len(set(texts)) == len(texts)
    assert all(len(text) < 240 and "0x" not in text for text in texts)


def test_a_module_is_made_from_a_matrix_and_read_again():
    problem = from_module(network(), cross_entropy, (X, LABELS))
    W = RNG.standard_normal(problem.shape)
    module = problem.module_at(W)
    np.testing.assert_array_equal(problem.weights(module), W)
    assert [name for name, one in module.named_parameters() if one.requires_grad] == ["0.weight", "2.weight"]
    assert float(problem.loss_of(module).detach()) == pytest.approx(float(problem.value(W)), rel=1e-13)


@pytest.mark.parametrize(("count", "said"), [(4, "0, 1, 2, 3"), (5, "5 matrices")])
def test_up_to_four_names_are_listed(count, said):
    assert _listing([*"01234"][:count], "matrices") == said
