"""What is fuzzed: each constructor with arguments that fit, and what may stand for each of them."""

from functools import partial

import numpy as np

from rac_theory.algorithms import (
    AsymmetricLoRA,
    Bernoulli,
    ChainOfLoRA,
    CyclicRACLoRA,
    Decreasing,
    GaLore,
    Initialisation,
    LayeredRACLoRA,
    LoRA,
    RACLoRA,
)
from rac_theory.algorithms.gradients import (
    ByChance,
    Clients,
    FiniteDifferences,
    Local,
    Minibatch,
    Noisy,
    Reshuffled,
    Subset,
)
from rac_theory.cases.case import Case
from rac_theory.problems import (
    Federated,
    FromFunctions,
    Layers,
    LeastSquares,
    LogisticRegression,
    NonconvexLogistic,
    PLSine,
    Quadratic,
    Smoothness,
    SoftmaxRegression,
    TanhNetwork,
    TwoLayerNetwork,
)
from rac_theory.sketches.distributions.anisotropic_gaussian import AnisotropicGaussian
from rac_theory.sketches.distributions.coordinate import BlockPartition
from rac_theory.sketches.distributions.given import FiniteSupport, FromFunction, Frozen
from rac_theory.sketches.distributions.mixture import Mixture
from rac_theory.sketches.distributions.random_signs import SparseSigns
from rac_theory.sketches.distributions.rotation_invariant import Gaussian
from rac_theory.sketches.distributions.weighted_coordinate import WeightedCoordinate
from rac_theory.sketches.named import NAMED, named_sketch

from . import nonsense
from .nonsense import array, integer, number, other

_RNG = np.random.default_rng(0)
X, Y, TWO, THREE = _RNG.normal(size=(8, 3)), _RNG.normal(size=(8, 2)), np.arange(8) % 2, np.arange(8) % 3
S, R, W = np.diag([1.0, 2.0, 3.0]) + 0.1, np.diag([1.0, 2.0]), _RNG.normal(size=(3, 2))
PROBLEM = LeastSquares(X, Y, 0.1)
LAYERS = Layers([(3, 2), (2, 2)])
COLUMN = Quadratic.full(np.eye(10), np.ones((10, 1)), layers=LAYERS)
THIN, WIDE = Gaussian(3, 1), named_sketch("haar", 2, 1)
START = Initialisation.kaiming((3, 2), 1)


def label(rng, good):
    """Labels in another guise, or of another kind."""
    return array(rng, good) if rng.random() < 0.5 else nonsense.labels(rng, good)


def pair(rng, good):
    """A shape that may be one."""
    return (integer(rng, good[0]), integer(rng, good[1])) if rng.random() < 0.7 else other(rng, good)


def rows(rng, good):
    """Rows of clients."""
    return integer(rng, good) if rng.random() < 0.5 else [array(rng, own) for own in ([0, 1, 2], [3, 4, 5, 6, 7])]


def factors(rng, good):
    """Terms of a smoothness, one of whose factors may be none."""
    return other(rng, good) if rng.random() < 0.3 else [tuple(array(rng, factor) for factor in pair) for pair in good]


def half(W):
    """A value, for problems that are made from functions."""
    return float((W * W).sum()) / 2


def gradient(W):
    """That of ``half``."""
    return W


_DATA = {"X": (X, array), "l2": (0.1, number)}
_STEP = {"gamma": (0.1, number), "lora_alpha": (1.0, number)}

TARGETS = {
    "LeastSquares": (LeastSquares, {**_DATA, "Y": (Y, array)}),
    "LogisticRegression": (LogisticRegression, {**_DATA, "y": (TWO, label)}),
    "SoftmaxRegression": (SoftmaxRegression, {**_DATA, "labels": (THREE, label)}),
    "TanhNetwork": (TanhNetwork, {**_DATA, "labels": (THREE, label), "V": (np.eye(2, 3), array)}),
    "TwoLayerNetwork": (
        TwoLayerNetwork,
        {**_DATA, "labels": (THREE, label), "hidden": (2, integer), "cap": (1.0, number), "seed": (0, integer)},
    ),
    "NonconvexLogistic": (NonconvexLogistic, {"X": (X, array), "y": (TWO, label), "lam": (0.1, number)}),
    "Quadratic.left": (Quadratic.left, {"S": (S, array), "W_star": (W, array), "start": (W + 1, array)}),
    "Quadratic.kronecker": (Quadratic.kronecker, {"S": (S, array), "R": (R, array), "W_star": (W, array)}),
    "Quadratic.full": (Quadratic.full, {"Q": (np.eye(6) + 0.1, array), "W_star": (W, array)}),
    "PLSine": (PLSine, {"shape": ((2, 2), pair)}),
    "FromFunctions": (
        FromFunctions,
        {
            "shape": ((2, 2), pair),
            "value": (half, other),
            "gradient": (gradient, other),
            **dict.fromkeys(("L", "mu", "strong_convexity"), (1.0, number)),
            **dict.fromkeys(("f_star", "f_star_error", "f_lower"), (0.0, number)),
            "convex": (True, other),
            "W_star": (np.zeros((2, 2)), array),
            "start": (np.ones((2, 2)), array),
            "smoothness": (Smoothness.isotropic(1.0, (2, 2)), other),
        },
    ),
    "Smoothness": (Smoothness, {"terms": ([(S, R)], factors)}),
    "Smoothness.isotropic": (Smoothness.isotropic, {"L": (1.0, number), "shape": ((2, 2), pair)}),
    "Federated": (Federated, {"problem": (PROBLEM, other), "clients": (2, rows)}),
    "Federated.at_random": (
        Federated.at_random,
        {"problem": (PROBLEM, other), "clients": (3, integer), "rng": (0, integer)},
    ),
    "Federated.by_label": (
        lambda y, clients: Federated.by_label(LogisticRegression(X, y, 0.1), clients),
        {"y": (TWO, label), "clients": (2, integer)},
    ),
    "named_sketch": (
        lambda sketch, dim, rank: named_sketch(sketch, dim, rank),
        {"sketch": ("haar", nonsense.name(list(NAMED))), "dim": (4, integer), "rank": (2, integer)},
    ),
    "AnisotropicGaussian": (AnisotropicGaussian, {"dim": (3, integer), "rank": (1, integer), "covariance": (S, array)}),
    "WeightedCoordinate": (
        WeightedCoordinate,
        {"dim": (3, integer), "rank": (1, integer), "weights": (np.array([1.0, 2, 3]), array)},
    ),
    "SparseSigns": (SparseSigns, {"dim": (3, integer), "rank": (1, integer), "p": (0.5, number)}),
    "Frozen": (Frozen, {"matrix": (W, array)}),
    "FiniteSupport": (
        FiniteSupport,
        {"matrices": (np.stack([W, W + 1]), array), "probabilities": (np.array([0.5, 0.5]), array)},
    ),
    "FromFunction": (
        FromFunction,
        {"dim": (3, integer), "rank": (1, integer), "draw": (lambda rng: rng.normal(size=(3, 1)), other)},
    ),
    "Mixture": (Mixture, {"sketches": ([THIN, Gaussian(3, 2)], other), "weights": (np.array([1.0, 2.0]), array)}),
    "Initialisation": (partial(Initialisation, THIN, WIDE), {"scale": (1.0, number)}),
    "RACLoRA": (partial(RACLoRA, THIN), {**_STEP, "side": ("left", other)}),
    "Bernoulli": (partial(Bernoulli, THIN, WIDE), {"gamma": (0.1, number), "p": (0.5, number)}),
    "Layers": (Layers, {"shapes": ([(3, 2), (2, 2)], other), "names": (["hidden", "head"], other)}),
    "LayeredRACLoRA": (
        partial(LayeredRACLoRA, LAYERS),
        {"sketches": ([THIN, WIDE], other), "gamma": (0.1, number), "sides": (["left", "right"], other)},
    ),
    "AsymmetricLoRA": (partial(AsymmetricLoRA, THIN), {**_STEP, "side": ("left", other)}),
    "CyclicRACLoRA": (
        partial(CyclicRACLoRA, BlockPartition(3, 2)),
        {"gamma": (0.1, number), "side": ("left", other), "order": ("cyclic", other)},
    ),
    "GaLore": (GaLore, {"rank": (1, integer), "gamma": (0.1, number)}),
    "LoRA": (LoRA, {"initialisation": (START, other), **_STEP}),
    "ChainOfLoRA": (ChainOfLoRA, {"initialisation": (START, other), **_STEP, "inner_steps": (2, integer)}),
    "Decreasing": (
        lambda offset, power: Decreasing(RACLoRA(THIN, 0.1), offset, power),
        {"offset": (2.0, number), "power": (0.5, number)},
    ),
    "Local": (lambda steps: RACLoRA(THIN, 0.1, gradients=Local(steps)), {"steps": (2, integer)}),
    "FiniteDifferences": (
        lambda h, central: Case(RACLoRA(THIN, 0.1, gradients=FiniteDifferences(h, central)), PROBLEM, steps=3),
        {"h": (0.1, number), "central": (False, other)},
    ),
    "Noisy": (lambda sigma: RACLoRA(THIN, 0.1, gradients=Noisy(sigma)), {"sigma": (0.1, number)}),
    "Minibatch": (
        lambda size, replace: RACLoRA(THIN, 0.1, gradients=Minibatch(size, replace)),
        {"size": (2, integer), "replace": (False, other)},
    ),
    "Clients": (Clients, {"source": (Reshuffled(), other), "participation": (Subset(2), other)}),
    "Subset": (Subset, {"size": (2, integer)}),
    "ByChance": (ByChance, {"chance": (0.5, number)}),
    "Case": (
        lambda W0, steps: Case(RACLoRA(THIN, 0.1), PROBLEM, W0, steps=steps),
        {"W0": (W, array), "steps": (3, integer)},
    ),
}


def pick(rng):
    """A target: its name, what is called, and its arguments, one or two of them spoilt, or all in other units."""
    name = list(TARGETS)[rng.integers(len(TARGETS))]
    make, offered = TARGETS[name]
    arguments = {key: good for key, (good, _) in offered.items()}
    if rng.random() < 0.3:
        return name, make, {key: nonsense.rescaled(rng, good) for key, good in arguments.items()}
    for key in rng.choice(list(offered), size=min(len(offered), int(rng.integers(1, 3))), replace=False):
        good, replace = offered[key]
        arguments[str(key)] = replace(rng, good)
    return name, make, arguments
