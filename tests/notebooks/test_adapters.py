"""Adapters on all layers: with one layer they are the library's algorithms, with several RAC-LoRA on layers."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from adapters import asymmetric_lora, full, lora, rac_lora, train

from rac_theory import GD, Case, Clients, Initialisation, Local, LoRA, Minibatch, RACLoRA, simulate, sketches
from rac_theory.algorithms import AsymmetricLoRA, ChainOfLoRA, LayeredRACLoRA
from rac_theory.problems import Federated, LeastSquares, SoftmaxRegression
from rac_theory.problems.relu_network import ReLUNetwork
from tests.as_one_test import as_one_test

RNG = np.random.default_rng(0)
X, LABELS = RNG.standard_normal((24, 6)), np.arange(24) % 4
SHAPE = (6, 4)
ONE = SoftmaxRegression(X, LABELS, l2=0.1)
FEDERATED = Federated.by_label(ONE, 3)
NETWORK = ReLUNetwork(X, LABELS, hidden=5, classes=4)
START = RNG.standard_normal((3, *SHAPE))
COLUMN = RNG.standard_normal((3, *NETWORK.shape))
RUN = {"steps": 12, "link": 4}


def by_algorithm(algorithm, problem, start, steps):
    """Each step of one of the library's algorithms, from the same random numbers."""
    path = algorithm.iterates(problem, start, np.random.default_rng(5))
    for _ in range(steps):
        W = next(path)
    return W


def trained(problem, start, method, **changed):
    return train(problem, start, method, 0.3, **(RUN | changed), rng=np.random.default_rng(5))


def few(dim):
    """A law of few orthonormal matrices: drawn ahead, as the library does, or as they are needed, they are the same."""
    return sketches.FiniteSupport(sketches.Haar(dim, 2).sample(np.random.default_rng(9), 8), np.full(8, 1 / 8))


def of(sketch, method):
    """The method with another law of its one random factor."""
    drawn = "A" if method.moves == ("B",) else "B"
    return replace(method, starts=(Initialisation(**{drawn: sketch}),))


@as_one_test(("random", "source"), [("A", None), ("B", Minibatch(3)), ("A", Minibatch(3))])
def test_with_one_layer_lora_and_its_chain_are_the_library_s(random, source):
    """To the bit. Catches a factor that moves before the other, a link that is off by one, and one not merged."""
    of_B = Initialisation(B=sketches.Gaussian(6, 2), scale=6**-0.5)
    start = Initialisation.kaiming(SHAPE, 2) if random == "A" else of_B
    more = {} if source is None else {"gradients": source}
    for algorithm, restarts in ((LoRA(start, 0.3, **more), False), (ChainOfLoRA(start, 0.3, 4, **more), True)):
        found = trained(ONE, START, lora([SHAPE], 2, random, restarts=restarts), source=source)
        np.testing.assert_array_equal(found, by_algorithm(algorithm, ONE, START, 12))


SIDES = [("B", "left", 6), ("A", "right", 4)]


@as_one_test(("drawn", "side", "dim"), SIDES)
def test_with_one_layer_one_sided_methods_are_the_library_s(drawn, side, dim):
    """Catches a frozen factor that is drawn again, one that is not orthonormal, and the wrong side."""
    sketch = few(dim)
    frozen = by_algorithm(AsymmetricLoRA(sketch, 0.3, side), ONE, START, 12)
    np.testing.assert_allclose(trained(ONE, START, of(sketch, asymmetric_lora([SHAPE], 2, drawn))), frozen, atol=1e-12)
    random = by_algorithm(RACLoRA(sketch, 0.3, side, Local(4)), ONE, START, 3)
    np.testing.assert_allclose(trained(ONE, START, of(sketch, rac_lora([SHAPE], 2, drawn))), random, atol=1e-12)
    assert np.abs(frozen - random).max() > 0.01


def test_full_training_is_gradient_descent_on_all_layers():
    found = trained(NETWORK, COLUMN, full(NETWORK.layers.shapes))
    np.testing.assert_allclose(found, by_algorithm(GD(0.3), NETWORK, COLUMN, 12), atol=1e-12)


@as_one_test(("drawn", "side", "dim"), SIDES)
def test_rac_lora_on_layers_is_the_library_s(drawn, side, dim):
    """One gradient at W moves both layers. Catches a second layer whose gradient is taken after the first has moved."""
    method = rac_lora(NETWORK.layers.shapes, (2, 3), drawn)
    found = trained(NETWORK, COLUMN, method, steps=4)
    # One link: the library draws later ones ahead.
    rng = np.random.default_rng(5)
    Q = [start.draw(rng, view) for start, view in zip(method.starts, NETWORK.layers.views(COLUMN), strict=True)]
    fixed = [sketches.Frozen(B[0] if drawn == "B" else A[0].T) for B, A in Q]
    one = simulate(Case(LayeredRACLoRA(NETWORK.layers, fixed, 0.3, side, Local(4)), NETWORK, COLUMN[0], steps=1))
    np.testing.assert_allclose(found[0], one.W[0], atol=1e-12)


@as_one_test("restarts", (False, True))
def test_lora_on_two_layers_is_descent_on_its_four_factors(restarts):
    """Against a loop over layers with gradients by the chain rule, from differences of f(W + B A)."""
    method = lora(NETWORK.layers.shapes, 1, "A", restarts=restarts)
    W = COLUMN[:1]
    found = train(NETWORK, W, method, 0.3, steps=4, link=2, rng=np.random.default_rng(5))
    rng = np.random.default_rng(5)
    for t in range(4):
        if t == 0 or (restarts and t == 2):
            beneath, factors = W[0], []
            for start, view in zip(method.starts, NETWORK.layers.views(W), strict=True):
                factors += [one[0].copy() for one in start.draw(rng, view)]
            W = None

        def weights(factors, beneath=beneath):
            return beneath + NETWORK.layers.pack([factors[0] @ factors[1], factors[2] @ factors[3]])

        slopes = [np.zeros_like(one) for one in factors]
        for own, slope in zip(factors, slopes, strict=True):
            for index in np.ndindex(own.shape):
                ends = []
                for h in (1e-6, -1e-6):
                    own[index] += h
                    ends.append(NETWORK.value(weights(factors)))
                    own[index] -= h
                slope[index] = (ends[0] - ends[1]) / 2e-6
        for own, slope in zip(factors, slopes, strict=True):
            own -= 0.3 * slope
        W = weights(factors)[None]
    np.testing.assert_allclose(found, W, atol=1e-7)


@as_one_test(("drawn", "side", "dim"), SIDES)
def test_a_round_of_one_sided_clients_is_the_library_s(drawn, side, dim):
    """Mean of factors and mean of products are one where the other factor stays."""
    found = trained(FEDERATED, START, of(few(dim), rac_lora([SHAPE], 2, drawn)), local=4)
    theirs = by_algorithm(RACLoRA(few(dim), 0.3, side, Clients(Local(4))), FEDERATED, START, 3)
    np.testing.assert_allclose(found, theirs, atol=1e-12)


def test_a_round_of_lora_s_clients_ends_in_the_mean_of_each_factor():
    """Against LoRA on each client from the same draws. Would catch a mean of products, and clients in a row."""
    found = trained(FEDERATED, START, lora([SHAPE], 2, "A"), steps=3, link=3, local=3)
    ends = []
    for client in FEDERATED.clients:
        algorithm = LoRA(Initialisation.kaiming(SHAPE, 2), 0.3)
        ends.append(next(islice(algorithm.factored(client, START, np.random.default_rng(5)), 3, None)))
    B, A = np.mean([end.B for end in ends], axis=0), np.mean([end.A for end in ends], axis=0)
    np.testing.assert_allclose(found, START + B @ A, atol=1e-12)
    assert np.abs(found - np.mean([end.W for end in ends], axis=0)).max() > 1e-3


def test_clients_that_are_alike_are_one():
    """Each has the same rows, so that LoRA's mean of factors is that of any of them; with two kinds it is not."""
    half = LeastSquares(X[:6], X[:6] @ START[0])
    alike = Federated(LeastSquares(np.tile(X[:6], (2, 1)), np.tile(X[:6] @ START[0], (2, 1))), 2)
    method = lora([SHAPE], 1, "A")
    run = {"steps": 8, "link": 8, "local": 4}
    one, both = (train(problem, START, method, 0.05, **run, rng=np.random.default_rng(1)) for problem in (half, alike))
    np.testing.assert_allclose(one, both, atol=1e-12)
    apart = Federated(LeastSquares(X[:12], X[:12] @ START[0]), 2)
    assert np.abs(train(apart, START, method, 0.05, **run, rng=np.random.default_rng(1)) - one).max() > 1e-3


@as_one_test(
    ("changed", "said"),
    [
        ({"link": 5}, "steps must be a multiple of 5, got 12"),
        ({"local": 3}, "link must be a multiple of 3, got 4"),
        ({"steps": 0}, "steps must be >= 1, got 0"),
    ],
)
def test_what_does_not_divide_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        trained(ONE, START, full([SHAPE]), **changed)
