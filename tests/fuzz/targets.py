"""What is fuzzed: each constructor with arguments that fit, and what may stand for each of them."""

from functools import partial

import numpy as np

from rac_theory import algorithms, problems, sketches
from rac_theory.algorithms import Initialisation, RACLoRA, gradients
from rac_theory.cases.case import Case
from rac_theory.problems import Federated, FromFunctions, LogisticRegression, Quadratic, Smoothness
from rac_theory.sketches import NAMED, Gaussian, named_sketch

from . import nonsense
from .nonsense import array, integer, number, other

_RNG = np.random.default_rng(0)
X, Y, TWO, THREE = _RNG.normal(size=(8, 3)), _RNG.normal(size=(8, 2)), np.arange(8) % 2, np.arange(8) % 3
S, R, W = np.diag([1.0, 2.0, 3.0]) + 0.1, np.diag([1.0, 2.0]), _RNG.normal(size=(3, 2))
PROBLEM = problems.LeastSquares(X, Y, 0.1)
LAYERS = problems.Layers([(3, 2), (2, 2)])
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


def target(make, name=None, /, **offered):
    """What is called, under its own name where no other is given, with what fits and what may stand for that."""
    return name or getattr(make, "func", make).__qualname__, (make, offered)


def stepping(make, name, /, **offered):
    """A gradient source, in an algorithm."""
    return target(lambda **arguments: RACLoRA(THIN, 0.1, gradients=make(**arguments)), name, **offered)


def differences(h, central):
    source = gradients.FiniteDifferences(h, central)
    return Case(RACLoRA(THIN, 0.1, gradients=source), PROBLEM, steps=3)


DATA = {"X": (X, array), "l2": (0.1, number)}
OF_CLASSES = {**DATA, "labels": (THREE, label)}
STEP = {"gamma": (0.1, number), "lora_alpha": (1.0, number)}
SIDE = {"side": ("left", other)}
SIZE = {"dim": (3, integer), "rank": (1, integer)}
SHAPE = {"shape": ((2, 2), pair)}

TARGETS = dict(
    [
        target(problems.LeastSquares, **DATA, Y=(Y, array)),
        target(LogisticRegression, **DATA, y=(TWO, label)),
        target(problems.SoftmaxRegression, **OF_CLASSES),
        target(problems.TanhNetwork, **OF_CLASSES, V=(np.eye(2, 3), array)),
        target(problems.TwoLayerNetwork, **OF_CLASSES, hidden=(2, integer), cap=(1.0, number), seed=(0, integer)),
        target(problems.NonconvexLogistic, X=(X, array), y=(TWO, label), lam=(0.1, number)),
        target(Quadratic.left, S=(S, array), W_star=(W, array), start=(W + 1, array)),
        target(Quadratic.kronecker, S=(S, array), R=(R, array), W_star=(W, array)),
        target(Quadratic.full, Q=(np.eye(6) + 0.1, array), W_star=(W, array)),
        target(problems.PLSine, **SHAPE),
        target(
            FromFunctions,
            **SHAPE,
            value=(half, other),
            gradient=(gradient, other),
            **dict.fromkeys(("L", "mu", "strong_convexity"), (1.0, number)),
            **dict.fromkeys(("f_star", "f_star_error", "f_lower"), (0.0, number)),
            convex=(True, other),
            W_star=(np.zeros((2, 2)), array),
            start=(np.ones((2, 2)), array),
            smoothness=(Smoothness.isotropic(1.0, (2, 2)), other),
        ),
        target(Smoothness, terms=([(S, R)], factors)),
        target(Smoothness.isotropic, L=(1.0, number), **SHAPE),
        target(Federated, problem=(PROBLEM, other), clients=(2, rows)),
        target(Federated.at_random, problem=(PROBLEM, other), clients=(3, integer), rng=(0, integer)),
        target(
            lambda y, clients: Federated.by_label(LogisticRegression(X, y, 0.1), clients),
            "Federated.by_label",
            y=(TWO, label),
            clients=(2, integer),
        ),
        target(
            lambda sketch, dim, rank: named_sketch(sketch, dim, rank),
            "named_sketch",
            sketch=("haar", nonsense.name(list(NAMED))),
            dim=(4, integer),
            rank=(2, integer),
        ),
        target(sketches.AnisotropicGaussian, **SIZE, covariance=(S, array)),
        target(sketches.WeightedCoordinate, **SIZE, weights=(np.array([1.0, 2, 3]), array)),
        target(sketches.SparseSigns, **SIZE, p=(0.5, number)),
        target(sketches.Frozen, matrix=(W, array)),
        target(
            sketches.FiniteSupport, matrices=(np.stack([W, W + 1]), array), probabilities=(np.array([0.5, 0.5]), array)
        ),
        target(sketches.FromFunction, **SIZE, draw=(lambda rng: rng.normal(size=(3, 1)), other)),
        target(sketches.Mixture, sketches=([THIN, Gaussian(3, 2)], other), weights=(np.array([1.0, 2.0]), array)),
        target(partial(Initialisation, THIN, WIDE), scale=(1.0, number)),
        target(partial(RACLoRA, THIN), **STEP, **SIDE),
        target(partial(algorithms.Bernoulli, THIN, WIDE), gamma=(0.1, number), p=(0.5, number)),
        target(problems.Layers, shapes=([(3, 2), (2, 2)], other), names=(["hidden", "head"], other)),
        target(
            partial(algorithms.LayeredRACLoRA, LAYERS),
            sketches=([THIN, WIDE], other),
            gamma=(0.1, number),
            sides=(["left", "right"], other),
        ),
        target(partial(algorithms.AsymmetricLoRA, THIN), **STEP, **SIDE),
        target(
            partial(algorithms.CyclicRACLoRA, sketches.BlockPartition(3, 2)),
            gamma=(0.1, number),
            **SIDE,
            order=("cyclic", other),
        ),
        target(algorithms.GaLore, rank=(1, integer), gamma=(0.1, number)),
        target(algorithms.LoRA, initialisation=(START, other), **STEP),
        target(algorithms.ChainOfLoRA, initialisation=(START, other), **STEP, inner_steps=(2, integer)),
        target(
            lambda offset, power: algorithms.Decreasing(RACLoRA(THIN, 0.1), offset, power),
            "Decreasing",
            offset=(2.0, number),
            power=(0.5, number),
        ),
        stepping(gradients.Local, "Local", steps=(2, integer)),
        target(differences, "FiniteDifferences", h=(0.1, number), central=(False, other)),
        stepping(gradients.Noisy, "Noisy", sigma=(0.1, number)),
        stepping(gradients.Minibatch, "Minibatch", size=(2, integer), replace=(False, other)),
        target(gradients.Clients, source=(gradients.Reshuffled(), other), participation=(gradients.Subset(2), other)),
        target(gradients.Subset, size=(2, integer)),
        target(gradients.ByChance, chance=(0.5, number)),
        target(
            lambda W0, steps: Case(RACLoRA(THIN, 0.1), PROBLEM, W0, steps=steps),
            "Case",
            W0=(W, array),
            steps=(3, integer),
        ),
    ]
)


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
