"""What values print as: their own class, and another text wherever another argument makes other numbers."""

from fractions import Fraction
from inspect import signature
from itertools import combinations

import numpy as np
from scipy.sparse import csr_array

from rac_theory import algorithms, problems, sketches
from rac_theory.algorithms import Initialisation, RACLoRA, gradients
from rac_theory.algorithms.gradients import Exact, Local, Minibatch, Noisy
from rac_theory.problems import Federated, Layers, LeastSquares, Smoothness
from rac_theory.problems.mean import Mean
from rac_theory.problems.relu_network import ReLUNetwork
from rac_theory.sketches import NAMED, BlockPartition, Coordinate, Gaussian, Haar, named_sketch
from tests.as_one_test import as_one_test

RNG = np.random.default_rng(0)
X, Y, V = RNG.standard_normal((6, 3)), RNG.standard_normal((6, 2)), RNG.standard_normal((3, 2))
HEAD = RNG.standard_normal((4, 3))
LABELS, OTHERS = [0, 1, 2, 2, 1, 0], [1, 1, 2, 2, 1, 0]
SQUARES = LeastSquares(X, Y)
THETA, MU = algorithms.state("theta", "mu")


class Own(Exact):
    """A user's gradient source that only inherits."""


def half(W):
    return float((W**2).sum()) / 2


def whole(W):
    return W


def ones(rng):
    return np.ones((3, 2))


def zeros(rng):
    return np.zeros((3, 2))


def nudged(array):
    """Another array that prints alike in four digits."""
    changed = np.array(array, dtype=float)
    changed.flat[-1] += 1e-9
    return changed


SKETCHES = [value for name in sketches.__all__ if isinstance(value := getattr(sketches, name), type)]
OF_A_SIZE = [kind for kind in SKETCHES if [*signature(kind).parameters] == ["dim", "rank"]]
"""Sketches that are made of nothing else."""

# A class, arguments that make one of it, and for each argument others, of which every one makes other runs.
SIZES = {"dim": [4], "rank": [1]}
STEP, STEPS = {"sketch": Haar(3, 2), "gamma": 0.1}, {"gamma": [0.1 + 1e-15], "side": ["right"]}
ONE, ANOTHER = (RACLoRA(Haar(3, rank), gamma=0.1) for rank in (2, 1))
ROWS, OTHER_ROWS = {"X": X, "labels": LABELS}, {"X": [nudged(X)], "labels": [OTHERS]}
MADE = [
    (RACLoRA, STEP, STEPS | {
        "sketch": [Gaussian(3, 2), Haar(3, 1)], "gradients": [Own(), Local(2), Noisy(1e-9)],
        "lora_alpha": [2.0, 2.0 + 1e-9],
    }),
    (RACLoRA, {"sketch": None, "gamma": 0.1}, {"gamma": [0.1 + 1e-15], "gradients": [Own(), Minibatch(3)]}),
    (algorithms.AsymmetricLoRA, STEP, STEPS | {
        "sketch": [Gaussian(3, 2)], "gradients": [Own(), Noisy(0.5), Minibatch(2)], "lora_alpha": [2.0, 2.0 + 1e-9],
    }),
    (algorithms.Bernoulli, {"left": Haar(3, 1), "right": Haar(2, 1), "gamma": 0.1}, {
        "left": [Gaussian(3, 1)], "right": [Gaussian(2, 1)], "gamma": [0.1 + 1e-15], "p": [0.5 + 1e-9],
        "gradients": [Noisy(0.5)],
    }),
    (algorithms.StepPerDraw, {"sketch": Haar(3, 2)}, {"sketch": [Haar(3, 1)], "gamma": [1 + 1e-15], "side": ["right"]}),
    (algorithms.InverseOnRange, {"sketch": Haar(3, 2)},
     {"sketch": [Gaussian(3, 2)], "gamma": [1.5], "side": ["right"]}),
    (algorithms.Checked, {"problem": SQUARES, "level": 4e-6, "pairs": 2048, "each_step": True},
     {"level": [4e-7], "pairs": [512], "each_step": [False]}),
    (algorithms.Implementation, {"stepper": half, "implements": ONE},
     {"stepper": [whole], "implements": [ANOTHER]}),
    (algorithms.CyclicRACLoRA, {"sketch": Coordinate(4, 1), "gamma": 0.1},
     STEPS | {"sketch": [BlockPartition(4, 2)], "order": ["cyclic"]}),
    (algorithms.MomentumInLinks, STEP | {"beta": 0.5, "inner_steps": 2},
     STEPS | {"sketch": [Gaussian(3, 2)], "beta": [0.5 + 1e-15], "inner_steps": [3], "carried": [False]}),
    (algorithms.Preconditioned, STEP | {"weights": [0.5, 2.0]},
     STEPS | {"sketch": [Gaussian(3, 2)], "weights": [[0.5, 1.0]]}),
    (algorithms.KeptCoordinates, STEP | {"beta": 0.5}, STEPS | {"sketch": [Haar(3, 1)], "beta": [0.5 + 1e-15]}),
    *((made, {"algorithm": ONE}, {"algorithm": [ANOTHER]})
      for made in (algorithms.NormalisedStep, algorithms.MuonStep, algorithms.SignStep)),
    (algorithms.Method, {"lines": {THETA: THETA - MU, MU: MU}, "start": {MU: 0}}, {
        "lines": [{THETA: THETA - MU, MU: 2 * MU}, {THETA: THETA, MU: MU}],
        "start": [{MU: THETA}], "report": [THETA + MU, MU],
    }),
    (algorithms.GaLore, {"rank": 1, "gamma": 0.1}, {"rank": [2], "gamma": [0.1 + 1e-15], "gradients": [Noisy(0.5)]}),
    (algorithms.LoRA, {"initialisation": Initialisation(A=Haar(2, 1)), "gamma": 0.1}, {
        "initialisation": [Initialisation(A=Gaussian(2, 1))], "gamma": [0.1 + 1e-15],
        "gradients": [Own(), Noisy(0.5), Minibatch(2)], "lora_alpha": [1.0, 1.0 + 1e-9],
    }),
    (algorithms.ChainOfLoRA, {"initialisation": Initialisation(A=Haar(2, 1)), "gamma": 0.1, "inner_steps": 2}, {
        "initialisation": [Initialisation(A=Gaussian(2, 1))], "gamma": [0.1 + 1e-15], "inner_steps": [3],
        "restart": ["fixed"], "gradients": [Own(), Noisy(0.5)], "lora_alpha": [1.0, 1.0 + 1e-9],
    }),
    (algorithms.Decreasing, {"algorithm": ONE, "offset": 2.0},
     {"algorithm": [ANOTHER], "offset": [2.0 + 1e-14], "power": [0.5]}),
    (algorithms.LayeredRACLoRA, {
        "layers": Layers([(3, 2), (2, 2)]), "sketches": [Haar(3, 1), Haar(2, 1)], "gamma": 0.1, "sides": "left",
    }, {
        "layers": [Layers([(3, 2), (2, 2)], names=["a", "b"]), Layers([(3, 2), (2, 1)])], "gamma": [0.1 + 1e-15],
        "sketches": [[Haar(3, 1), None], [Haar(3, 2), Haar(2, 1)]], "sides": [["left", "right"]],
        "gradients": [Noisy(0.5)],
    }),
    (Initialisation, {"A": Haar(2, 1)}, {"A": [Haar(2, 2)], "B": [Haar(2, 1)], "scale": [1 + 1e-9]}),
    (Exact, {}, {}),
    (gradients.CertifiedStep, {}, {}),
    (gradients.FiniteDifferences, {"h": 0.1}, {"h": [0.1 + 1e-12], "central": [True]}),
    (gradients.Reshuffled, {}, {}),
    (Local, {"steps": 2}, {"steps": [3]}),
    (gradients.Clients, {"source": Local(2)},
     {"source": [Local(3), Exact()], "participation": [gradients.Subset(2), gradients.ByChance(0.5)]}),
    (gradients.Subset, {"size": 2}, {"size": [3]}),
    (gradients.ByChance, {"chance": 0.5}, {"chance": [0.25, (0.5, 0.25)]}),
    (Minibatch, {"size": 2}, {"size": [3], "replace": [True]}),
    (Noisy, {"sigma": 0.5}, {"sigma": [0.5 + 1e-9]}),
    (gradients.Noise, {"A": 1.0, "beta": 0.5, "C": 2.0}, {"A": [2.0], "beta": [0.5 + 1e-9], "C": [float("nan")]}),
    *[(kind, {"dim": 8, "rank": 2}, SIZES) for kind in OF_A_SIZE],
    (sketches.SparseSigns, {"dim": 3, "rank": 2, "p": 0.5}, SIZES | {"p": [0.5 + 1e-9]}),
    (sketches.AnisotropicGaussian, {"dim": 3, "rank": 2, "covariance": np.diag([1.0, 2, 3])},
     {"rank": [1], "covariance": [nudged(np.diag([1.0, 2, 3])), np.diag([1.0, 3, 2])]}),
    (sketches.WeightedCoordinate, {"dim": 3, "rank": 2, "weights": [1, 2, 3]},
     {"rank": [1], "weights": [nudged([1, 2, 3]), [1, 3, 2]]}),
    (sketches.FiniteSupport, {"matrices": [np.eye(3)[:, :2]] * 2, "probabilities": [0.5, 0.5]}, {
        "matrices": [nudged([np.eye(3)[:, :2]] * 2)],
        "probabilities": [[0.25, 0.75], [Fraction(1, 2)] * 2, [Fraction(1, 3), Fraction(2, 3)]],
    }),
    (sketches.Frozen, {"matrix": X}, {"matrix": [nudged(X), X[::-1], X[:, :2]]}),
    (sketches.FromFunction, {"dim": 3, "rank": 2, "draw": ones}, SIZES | {"draw": [zeros]}),
    (sketches.Mixture, {"sketches": [Haar(3, 1), Gaussian(3, 1)], "weights": [1, 2]},
     {"sketches": [[Haar(3, 1), Haar(3, 1)], [Gaussian(3, 1), Haar(3, 1)]], "weights": [[1, 2 + 1e-9], [2, 1]]}),
    (problems.PLSine, {"shape": (2, 3)}, {"shape": [(3, 2)]}),
    (LeastSquares, {"X": X, "Y": Y},
     {"X": [nudged(X), csr_array(X), X[::-1]], "Y": [nudged(Y)], "l2": [0.1, 0.1 + 1e-9]}),
    (LeastSquares, {"X": csr_array(X), "Y": Y}, {"X": [csr_array(nudged(X)), csr_array(X[::-1])]}),
    *[
        (kind, {"X": X, "y": [0, 1, 0, 1, 1, 0], weight: 0.1},
         {"X": [nudged(X)], "y": [[0, 1, 0, 1, 1, 1]], weight: [0.1 + 1e-9]})
        for kind, weight in ((problems.LogisticRegression, "l2"), (problems.NonconvexLogistic, "lam"))
    ],
    (problems.SoftmaxRegression, ROWS, OTHER_ROWS | {"labels": [OTHERS, list("abcabc")], "l2": [0.1]}),
    (problems.TanhNetwork, ROWS | {"V": HEAD}, OTHER_ROWS | {"V": [nudged(HEAD)], "l2": [0.1]}),
    (problems.TwoLayerNetwork, ROWS | {"hidden": 2},
     OTHER_ROWS | {"hidden": [3], "cap": [1 + 1e-9, float("inf")], "l2": [0.1], "seed": [1]}),
    (problems.Quadratic, {"W_star": V, "S": np.eye(3)},
     {"W_star": [nudged(V)], "S": [2 * np.eye(3)], "R": [2 * np.eye(2)], "start": [V, nudged(V)]}),
    (problems.FromFunctions, {"shape": (3, 2), "value": half, "gradient": whole, "L": 1.0}, {
        "shape": [(2, 3)], "value": [abs], "gradient": [abs], "L": [1 + 1e-9], "mu": [0.5], "f_star": [0.0],
        "convex": [True], "W_star": [V, nudged(V)], "start": [V, nudged(V)],
        "smoothness": [Smoothness.isotropic(1.0, (3, 2)), Smoothness.isotropic(0.5, (3, 2))],
    }),
    (Smoothness, {"terms": [(np.eye(3), np.eye(2))]},
     {"terms": [[(nudged(np.eye(3)), np.eye(2))], [(np.eye(2), np.eye(3))], [(np.eye(3), np.eye(2))] * 2]}),
    (Layers, {"shapes": [(3, 2), (2, 2)]}, {"shapes": [[(2, 3), (2, 2)], [(3, 2)] * 2], "names": [["W1", "head"]]}),
    (Federated, {"problem": SQUARES, "clients": 2},
     {"problem": [LeastSquares(X, nudged(Y))], "clients": [3, [[0, 1], [2, 3, 4, 5]], [[0, 2], [1, 3, 4, 5]]]}),
    (Mean, {"terms": [SQUARES, SQUARES]}, {"terms": [[SQUARES], [SQUARES, LeastSquares(X, nudged(Y))]]}),
    (ReLUNetwork, ROWS | {"hidden": 4, "classes": 3}, OTHER_ROWS | {"hidden": [5], "classes": [4]}),
]  # fmt: skip


def as_named(name):
    """A sketch that has a name as it stands above: its arguments, and others: a rank of one, and each number nudged."""
    made = named_sketch(name, 4, 2)
    arguments = {argument: getattr(made, argument) for argument in signature(type(made)).parameters}
    others = {argument: [nudged(value)[()]] for argument, value in arguments.items() if argument not in SIZES}
    return type(made), arguments, others | ({"rank": [1]} if "rank" in arguments else {})


MADE += [made for made in map(as_named, NAMED) if made[0] not in [kind for kind, _, _ in MADE]]


def test_every_class_is_here():
    """A new algorithm, gradient source or problem must be added above, and a sketch of more than a size: what has an
    example is for users."""
    assert len(OF_A_SIZE) >= 12
    rooms = (algorithms, gradients, sketches, problems)
    handed_out = {value for room in rooms for name in room.__all__ if isinstance(value := getattr(room, name), type)}
    public = {value for value in handed_out if "Examples" in (value.__doc__ or "")}
    assert len(public) > 40
    marks = ("_is_protocol", "__abstractmethods__")
    abstract = {value for value in public if any(getattr(value, mark, False) for mark in marks)}
    made_by_others = {algorithms.Factored, algorithms.MethodDescent, gradients.Noise}
    assert public - abstract - made_by_others - {sketches.Spectrum} <= {kind for kind, _, _ in MADE}


@as_one_test(("kind", "arguments", "others"), MADE)
def test_another_argument_prints_as_another_text_and_is_not_equal_and_what_is_made_alike_is(kind, arguments, others):
    """Catches an argument that is left out, rounded, or hidden where a subclass stands for the usual one, and a
    subclass, whose numbers may be others, that prints the name of its class. What equals itself only is what says so;
    arrays raise no error and hide no difference.
    """
    one, again = kind(**arguments), kind(**arguments)
    changed = [kind(**arguments | {name: value}) for name, values in others.items() for value in values]
    texts = [repr(one), *map(repr, changed)]
    assert all(a != b for a, b in combinations(texts, 2))
    assert repr(again) == texts[0]
    assert "0x" not in texts[0]
    assert len(texts[0]) < 240
    assert repr(type("Mine", (kind,), {})(**arguments)).startswith("Mine(")
    assert one == one
    assert (one == again) is (kind not in (problems.FromFunctions, Federated, Mean))
    assert len({one, again}) == (1 if one == again else 2)
    assert not any(one == other or other == one for other in changed)


def test_what_a_class_method_made():
    """Catches a division at random that prints as another one, and rows of a data set that print as all of it."""
    made = [
        Federated.by_label(SQUARES, 2),
        Federated.at_random(SQUARES, 2, rng=0),
        Federated.at_random(SQUARES, 2, rng=1),
        Federated.at_random(SQUARES, 2, rng=np.random.default_rng(2)),
        Federated.at_random(SQUARES, 2, rng=np.random.default_rng(3)),
        Federated(SQUARES, 2),
    ]
    assert len({repr(problem) for problem in made}) == len(made)
    assert repr(made[1]) == f"Federated.at_random({SQUARES!r}, clients=2, rng=0)"
    diabetes = LeastSquares.diabetes()
    assert repr(diabetes) == "LeastSquares.diabetes(l2=0)"
    parts = [repr(diabetes.subset(rows)) for rows in (range(5), range(1, 6))]
    assert parts[0] != parts[1]
    assert all(part.startswith("LeastSquares(5x10x1 #") for part in parts)
    assert repr(Coordinate(3, 1)) == "Coordinate(dim=3, rank=1)"
    assert repr(algorithms.GD(1 / 3)) == "GD(gamma=0.3333333333333333)"
    assert repr(algorithms.SGD(0.5, Minibatch(8))) == "SGD(gamma=0.5, gradients=Minibatch(size=8, replace=False))"
