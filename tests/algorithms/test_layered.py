"""RAC-LoRA on several layers: one layer is RAC-LoRA to the bit, several are what each is alone, with fresh draws."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rac_theory import Case, Constants, Decreasing, LayeredRACLoRA, RACLoRA, expected, simulate, theorems, verify
from rac_theory.algorithms import ACCELERATED, EF21, FEEDBACK, MOMENTUM, NormalisedStep
from rac_theory.algorithms.gradients import CertifiedStep, Clients, Exact, FiniteDifferences, Local, Noisy, Reshuffled
from rac_theory.algorithms.layered import _LAYERS
from rac_theory.numerics.randomness import child, seed_sequence
from rac_theory.problems import Federated, Layers, LeastSquares, Quadratic
from rac_theory.sketches import Coordinate, CountSketch, Frozen, Gaussian, Haar, Uniform, WeightedCoordinate

INDEX = Path(__file__).parents[2] / "docs" / "theory" / "index.md"
LAYERS = Layers([(3, 2), (2, 4)], names=["hidden", "head"])


@pytest.mark.parametrize(
    ("side", "make", "gradients"),
    [
        ("left", Gaussian, Noisy(0.3)),
        ("right", Gaussian, Local(3)),
        ("left", Coordinate, None),
        ("right", Coordinate, Local(3)),
        ("right", Uniform, None),
    ],
)
def test_one_layer_is_without_layers_to_the_bit(side, make, gradients):
    """Draws, runs, constants, expectations and verdicts; a stream or a level that is split for one layer would show."""
    rng = np.random.default_rng(0)
    W_star, A = rng.standard_normal((4, 3)), rng.standard_normal((12, 12))
    Q = A @ A.T / 12
    one, column = Quadratic.full(Q, W_star), Quadratic.full(Q, W_star.reshape(12, 1))
    sketch, more = make(4 if side == "left" else 3, 2), {} if gradients is None else {"gradients": gradients}
    alone = Case(RACLoRA(sketch, 0.7 / one.L, side, **more), one, steps=12)
    layered = Case(LayeredRACLoRA(Layers([(4, 3)]), [sketch], 0.7 / one.L, side, **more), column, steps=12)
    theirs, ours = simulate(alone, runs=70, rng=1), simulate(layered, runs=70, rng=1)
    np.testing.assert_array_equal(theirs.values, ours.values)
    np.testing.assert_array_equal(theirs.squared_gradients, ours.squared_gradients)
    np.testing.assert_array_equal(theirs.W.reshape(70, 12), ours.W[..., 0])
    assert Constants.of(alone, rng=2) == Constants.of(layered, rng=2)
    told = [verify("T1", case, runs=70, rng=3) for case in (alone, layered)]
    np.testing.assert_array_equal(told[0].mean, told[1].mean)
    assert told[0].reason == told[1].reason
    if make is Coordinate:
        np.testing.assert_array_equal(expected(alone).gap, expected(layered).gap)


def test_each_layer_moves_as_it_does_alone():
    """A step on the column is a step on each layer with a projection of its own side and rank."""
    sketches = [Coordinate(3, 2), CountSketch(4, 1)]
    algorithm = LayeredRACLoRA(LAYERS, sketches, 0.5, ["left", "right"])
    W, G = np.random.default_rng(0).standard_normal((2, 500, 14, 1))
    step = next(algorithm.low_rank_steps(np.random.default_rng(1), W))
    moves = [(w - after) / 0.5 for w, after in zip(LAYERS.views(W), LAYERS.views(step(W, G)), strict=True)]
    for move, g, rank in zip(moves, LAYERS.views(G), (2, 1), strict=True):
        ranks = np.linalg.matrix_rank(move, tol=1e-9)
        assert set(ranks.tolist()) == {rank}
        inner, squares = (move * g).sum(axis=(1, 2)), (move**2).sum(axis=(1, 2))
        np.testing.assert_allclose(inner, squares, rtol=1e-12)  # <g, Hg> = ||Hg||^2 of a projection
        directions = np.sign(np.where(np.abs(move) < 1e-9, 0.0, move * np.sign(move[:, :1, :1])))
        assert len(np.unique(directions, axis=0)) > 1  # drawn anew in each run
    np.testing.assert_array_equal(step(W, G), step(W, G))


def test_the_layers_are_drawn_independently():
    """Of two coordinates of two each, all four pairs come equally often; 4,000 draws: 5 standard deviations are 0.034.
    Catches layers that share a stream, which would give two pairs alone."""
    layers = Layers([(2, 1), (2, 1)])
    algorithm = LayeredRACLoRA(layers, [Coordinate(2, 1)] * 2, 1.0)
    W = np.zeros((4000, 4, 1))
    moved = next(algorithm.low_rank_steps(np.random.default_rng(0), W))(W, np.ones_like(W))[..., 0] < 0
    shares = [(moved[:, [i, j]].all(axis=1)).mean() for i in (0, 1) for j in (2, 3)]
    np.testing.assert_allclose(shares, 0.25, atol=0.034)


def test_the_spectrum_is_that_of_the_worst_layer():
    known = LayeredRACLoRA(LAYERS, [Haar(3, 1), None], 0.1).projection(alpha=1e-3, draws=10, rng=0)
    assert (known.lambda_max, known.how, known.alpha) == (1.0, "closed form", 0.0)
    assert (known.draws, known.on_trust) == (0, False)
    assert known.lambda_min == pytest.approx(1 / 3, rel=1e-14)
    mixed = LayeredRACLoRA(LAYERS, [WeightedCoordinate(3, 1, [1, 2, 2]), Coordinate(2, 1)], 0.1)
    known = mixed.projection(alpha=1e-3, draws=10, rng=0)
    np.testing.assert_allclose([known.lambda_min, known.lambda_max], [0.2, 0.5], rtol=1e-11)
    frozen = LayeredRACLoRA(LAYERS, [Haar(3, 3), Frozen(np.array([[1.0], [0.0]]))], 0.1)
    assert frozen.projection(alpha=1e-3, draws=10, rng=0).lambda_min == 0
    assert not frozen.one_projection
    assert (frozen.gradients, "gradients" in repr(frozen)) == (Exact(), False)
    assert repr(replace(frozen, gradients=Noisy(0.5))).endswith("; gamma=0.1, gradients=Noisy(sigma=0.5))")
    claims = type("Claims", (Haar,), {})(3, 1)  # a sketch of a user, who says what its mean is
    assert LayeredRACLoRA(LAYERS, [claims, None], 0.1).projection(alpha=1e-3, draws=10, rng=0).on_trust
    assert LayeredRACLoRA(LAYERS, [None, None], 0.1).deterministic


def test_sampled_layers_share_the_level():
    """Half of alpha for each of two layers, each by draws of its own; the ends are those of all. Catches any other."""
    root, options = child(seed_sequence(0), _LAYERS), {"draws": 4000}
    for second, spent in ((Uniform(4, 2), 1e-2), (Coordinate(4, 1), 5e-3)):
        algorithm = LayeredRACLoRA(LAYERS, [Uniform(3, 2), second], 0.1, ["left", "right"])
        known = algorithm.projection(alpha=1e-2, rng=0, **options)
        each = [of.projection(alpha=5e-3, rng=child(root, i), **options) for i, of in enumerate(algorithm.of_layers)]
        for name in ("lambda_min", "lambda_max", "lambda_min_upper", "lambda_max_lower"):
            end = min if "min" in name else max
            assert getattr(known, name) == end(getattr(one, name) for one in each)
        assert (known.how, known.alpha, known.draws) == ("sampled", pytest.approx(spent), 4000)
        assert known.matrix.shape == (0, 0)  # no one matrix is that of all


def test_constants_of_another_layer_are_refuted():
    """lambda_min of the better layer in place of that of the worse is a false constant, and T2 says so exactly."""
    layers = Layers([(4, 1), (2, 1)])
    problem = Quadratic.full(np.eye(6), np.array([[1.0]] * 4 + [[0.0]] * 2), layers=layers)
    case = Case(LayeredRACLoRA(layers, [Coordinate(4, 1), Coordinate(2, 1)], 1.0), problem, steps=10)
    constants = Constants.of(case)
    assert constants.lambda_min == 0.25
    assert verify("T2", case).status.name == "HOLDS"
    false = replace(constants, lambda_min=0.5)
    assert verify("T2", case, constants=false).status.name == "VIOLATED"


def test_which_theorems_say_something_of_several_layers():
    """As many as the page of theory says. Catches a sentence that promises more, or less."""
    X = np.random.default_rng(0).standard_normal((8, 6))
    whole, layers = LeastSquares(X, np.ones(8)), Layers([(4, 1), (2, 1)])
    clients = Federated(whole, [[0, 1, 2, 3], [4, 5, 6, 7]])
    base = LayeredRACLoRA(layers, [Haar(4, 1), Coordinate(2, 1)], 0.1 / whole.L)
    gradients = {None: whole, Noisy(0.1): whole, Reshuffled(): whole, Clients(Local(2)): clients, Local(2): whole}
    gradients |= {FiniteDifferences(0.01): whole, CertifiedStep(): whole}
    cases = [Case(base if g is None else replace(base, gradients=g), f, steps=3) for g, f in gradients.items()]
    cases += [Case(Decreasing(replace(base, gradients=Noisy(0.1)), 9, power), whole, steps=3) for power in (0.5, 1.0)]
    sketches, strongly = {"sketch": base.sketches, "layers": layers}, replace(whole, l2=0.1)
    remembering = [method(**sketches, gamma=0.02 / whole.L) for method in (FEEDBACK, EF21)]
    remembering += [MOMENTUM(**sketches, gamma=0.1 / whole.L, b=0.2), NormalisedStep(base)]
    cases += [Case(algorithm, whole, steps=3) for algorithm in remembering]
    gamma = 1 / strongly.L
    alpha = 0.9 * float(np.sqrt(gamma * (2 - gamma * strongly.L) * 0.1)) / 4
    cases.append(Case(ACCELERATED(**sketches, gamma=gamma, alpha=alpha, s=0.1, lambda_min=0.25), strongly, steps=3))
    known = [(case, Constants.of(case)) for case in cases]
    said = {
        id
        for id, theorem in theorems.ALL.items()
        for case, c in known
        if theorem.about(case, c) is None and (id not in ("T20", "T20_pl") or np.isfinite(c.bias_squared))
    }
    numbers = {int(re.match(r"T(\d+)", id)[1]) for id in said}
    (line,) = re.findall(r"^\| several layers at once \| (.*?), with", INDEX.read_text(), re.MULTILINE)
    told = [range(int(a), int(b or a) + 1) for a, b in re.findall(r"T(\d+)(?: to T(\d+))?", line)]
    assert numbers == {number for part in told for number in part}


def test_equal_shares_are_what_T3_isotropic_asks_for():
    """And T4 does not: it reads both ends of the spectrum."""
    layers, problem = Layers([(4, 1), (2, 1)]), Quadratic.full(np.eye(6), np.ones((6, 1)))
    for first, second, least in (
        (Haar(4, 1), Coordinate(2, 1), 0.25),
        (Haar(4, 2), None, 0.5),
        (Haar(4, 2), Haar(2, 1), None),
    ):
        case = Case(LayeredRACLoRA(layers, [first, second], 0.5), problem, steps=10)
        told = verify("T3_isotropic", case)
        assert told.status.name == ("HOLDS" if least is None else "NOT_APPLICABLE")
        assert (f"its eigenvalues reach from {least} to" in told.reason) == (least is not None)
        assert verify("T4", case).status.name == "HOLDS"
