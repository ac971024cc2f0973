"""What has no exact expectation is refused, with the reason; how much is enumerated at most; single steps of maps."""

from dataclasses import replace
from functools import partial
from math import comb
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import Case, CyclicRACLoRA, LayeredRACLoRA, RACLoRA, Unsupported, exact_rate, expected
from rac_theory.algorithms import Bernoulli, GaLore, MomentumInLinks
from rac_theory.algorithms.gradients import Clients, Exact, Local, Minibatch, Noisy, Reshuffled, Subset
from rac_theory.problems import Federated, Layers, LeastSquares, LogisticRegression, Quadratic
from rac_theory.runs.expectations import branches, links_and_cycles
from rac_theory.runs.expectations.expectation import rests_on_trust
from rac_theory.runs.expectations.frame import curved_directions, frame_of, whole_frame
from rac_theory.runs.expectations.matrix_map import matrix_map
from rac_theory.runs.expectations.method_map import _largest_root
from rac_theory.runs.simulation.kernels.stepping import block_size
from rac_theory.sketches import Coordinate, FiniteSupport, Haar, KaimingUniform, Rademacher
from tests.refused import refuses

rng = np.random.default_rng(0)
FEATURES = rng.standard_normal((6, 4))
LEFT = Quadratic.left(np.diag([0.2, 0.5, 1.0, 2.0]), rng.standard_normal((4, 3)))
ROTATION = np.linalg.qr(rng.standard_normal((3, 3)))[0]


class Twice:
    """A source of gradients that is not ours."""

    deterministic = True

    def check(self, problem):
        pass

    def descend(self, problem, W, step, rng):
        return step(step(W, problem.gradient(W)), problem.gradient(W))


def own(parent):
    """A subclass, which may step, draw or weigh in another way."""
    return type(f"Own{parent.__name__}", (parent,), {})


LOGISTIC = LogisticRegression(FEATURES, [0, 1, 0, 1, 1, 0], l2=0.1)
SQUARES = LeastSquares(FEATURES, FEATURES[:, :3])
SHARED = Federated(SQUARES, 3)
FIVE = Quadratic.left(np.eye(5), np.ones((5, 4)))
BIG = Quadratic.full(np.eye(65), np.ones((13, 5)))
LONG = Quadratic.left(np.diag(np.linspace(1, 2, 513)), np.ones((513, 1)))
LONG_ROWS = Quadratic.left(np.diag(np.linspace(1, 2, 40)), np.ones((40, 2)))
TALL = Quadratic.left(np.diag(np.linspace(1, 2, 40)), np.ones((40, 1)))


@pytest.mark.parametrize(("m", "n"), [(512, 1), (64, 64)])
def test_the_largest_state_is_allowed(m, n):
    """One group of 512 x 512, and 64 of 64 x 64: 2^18 numbers, as said. Catches ``>=``, and another power of the side.
    A column more, or a longer one, is refused."""
    rows, columns = (np.diag(np.arange(1.0, side + 1)) for side in (m, n))
    frame = frame_of(Quadratic.kronecker(rows, columns, np.ones((m, n))), "left")
    assert matrix_map(frame, 0.1, np.asarray).mean.shape == (n, m, m)
    with pytest.raises(Unsupported, match="must be at most 262144 numbers"):
        matrix_map(replace(frame, dim=m + 1), 0.1, np.asarray)


def rac(sketch, gradients=None, **more):
    return RACLoRA(sketch, 0.1, gradients=Exact() if gradients is None else gradients, **more)


HAAR, AXES = Haar(4, 1), Coordinate(4, 1)
LINES = FiniteSupport(np.eye(40)[:, :, None], np.full(40, 1 / 40))
TWELVE = Quadratic.kronecker(np.eye(12), np.diag(np.arange(1.0, 13)), np.ones((12, 12)))
ALL_TOGETHER = LeastSquares(np.tile(FEATURES, (4000, 1)), np.ones(24000))
REASONS = [
    (rac(HAAR), LOGISTIC, "only quadratics with a known minimiser .* got LogisticRegression"),
    (
        GaLore(1, 0.1, Noisy(1.0)),
        LEFT,
        "the algorithm must be RACLoRA, .*, Preconditioned, StepPerDraw, InverseOnRange or deterministic, g",
    ),
    (
        rac(HAAR, Clients(Minibatch(2))),
        SHARED,
        "clients must take full gradient steps or reshuffled epochs, .* got Minibatch",
    ),
    (rac(KaimingUniform(4, 2)), LEFT, "the sketch must have invariants, a second moment .* got Kaiming"),
    (rac(Rademacher(40, 1)), TALL, "listed support at dim <= 32, got Rademacher"),
    (rac(Haar(13, 1)), BIG, "m n <= 64, got 65; one side of Quadratic.left"),
    (rac(Coordinate(513, 1)), LONG, "must be at most 262144 numbers, got 1 x 513 x 513"),
    (rac(KaimingUniform(4, 1), lora_alpha=2.0), LEFT, r"the plain step \(lora_alpha\) must have a Gaussian"),
    (
        rac(LINES, lora_alpha=2.0),
        TALL,
        r"the plain step \(lora_alpha\) .* a listed support at dim <= 32, got FiniteSupport\(40 matrices",
    ),
    (rac(HAAR, Twice()), LEFT, "must be of a source with known moments, .* got <"),
    (rac(HAAR, Local(2)), LEFT, "several steps .* a listed support, .* got Haar"),
    (rac(AXES, Reshuffled()), SQUARES, "components must be at most 5, whose orders are enumerated, got 6"),
    (
        rac(AXES, Minibatch(2)),
        ALL_TOGETHER,
        "all components together must be at most 262144 numbers, got 24000 x 4 x 4",
    ),
    (
        rac(AXES, Minibatch(2)),
        own(LeastSquares)(FEATURES, FEATURES[:, 0]),
        "components must be those of LeastSquares itself, got OwnLeastSquares",
    ),
    (rac(AXES, Clients(Local(2))), Federated(LOGISTIC, 2), "the clients must have LeastSquares itself, got Federated"),
    (rac(Rademacher(12, 1), Local(2)), TWELVE, "all branches of a step together must be at most 2097152 numbers, got "),
    (rac(AXES, Minibatch(2)), LOGISTIC, "only quadratics with a known minimiser"),
    (own(RACLoRA)(HAAR, 0.1), LEFT, "OwnRACLoRA may step otherwise than the class that it inherits from"),
    (rac(HAAR, own(Minibatch)(2)), SQUARES, "OwnMinibatch may step otherwise"),
    (rac(HAAR, Clients(own(Local)(1))), SHARED, "OwnLocal may step otherwise"),
    (rac(HAAR, Clients(Local(1), own(Subset)(2))), SHARED, "OwnSubset may step otherwise"),
    (
        rac(Coordinate(3, 1), Clients(Reshuffled())),
        Federated(LeastSquares(np.eye(12)[:, :3] + 1, np.ones((12, 1))), 2),
        "reshuffled components must be at most 5",
    ),
    (Bernoulli(Coordinate(40, 1), Haar(2, 1), 0.1), LONG_ROWS, "what does not decouple must be .* <= 64, got 80"),
]
INEXACT = [
    (rac(Haar(5, 1)), FIVE, "exact=True must be asked of at most 4 x 4, got 5 x 4"),
    (rac(KaimingUniform(4, 2)), LEFT, "with invariants or a listed support, got Kaiming"),
    (rac(HAAR), LOGISTIC, "exact=True must be asked of Quadratic or LeastSquares, got Logistic"),
    (
        Bernoulli(HAAR, Haar(3, 1), 0.1),
        LEFT,
        "of RACLoRA or LayeredRACLoRA with projected steps .*, got Bernoulli",
    ),
    (rac(HAAR, Noisy(1.0)), LEFT, "projected steps and exact gradients, got RACL"),
    (rac(HAAR, lora_alpha=1.0), LEFT, "projected steps and exact gradients, got RACL"),
]


@pytest.mark.long
def test_everything_else_is_unsupported_with_the_reason():
    """And in rational arithmetic it is said what cannot be done."""
    for call, rows in ((expected, REASONS), (exact_rate, REASONS), (partial(expected, exact=True), INEXACT)):
        cases = [(Case(algorithm, problem, steps=3), words) for algorithm, problem, words in rows]
        refuses(call, cases, error=Unsupported)
    assert issubclass(Unsupported, ValueError)


def test_what_is_as_large_as_may_be_is_not_refused():
    """64 entries of a Hessian as a whole, and in fractions 16: of H x I on the identity 1 - r/m of the gap is left."""
    largest = Case(RACLoRA(Haar(8, 1), 1.0), Quadratic.full(np.eye(64), np.ones((8, 8))), steps=1)
    assert expected(largest).gap[1] == pytest.approx(28.0, rel=1e-12)
    exact = Case(RACLoRA(HAAR, 1.0), Quadratic.full(np.eye(16), np.ones((4, 4))), steps=1)
    assert expected(exact, exact=True).gap[1] == 6
    lines = RACLoRA(FiniteSupport(np.eye(32)[:, :, None], np.full(32, 1 / 32)), 0.5, lora_alpha=1.0)
    listed = Case(lines, Quadratic.left(np.eye(32), np.ones((32, 1))), steps=1)
    assert expected(listed).gap[1] == pytest.approx(16 * (1 - 0.75 / 32), rel=1e-12)
    assert len(branches._orders(Reshuffled(), 5)) == 120


def test_a_rate_needs_the_rank():
    """An eigenvalue of 1e-17 may be one or zero: the curves are the same, the rate is not."""
    problem = Quadratic.left(ROTATION * np.array([1e-17, 1, 2]) @ ROTATION.T, np.ones((3, 1)))
    assert np.isnan(problem.mu)
    algo = RACLoRA(Haar(3, 1), 0.5)
    assert np.isfinite(expected(Case(algo, problem, steps=5)).gap).all()
    with pytest.raises(Unsupported, match="the rank of the Hessian must be known, got mu = nan"):
        exact_rate(Case(algo, problem))


UNEVEN = Quadratic.left(np.diag([1.0, 0.5, 0.25, 0.125]), np.ones((4, 2)))


@pytest.mark.parametrize(
    ("of", "algorithm", "numbers"),
    [
        ("link_map", MomentumInLinks(FiniteSupport(np.eye(4)[:3, :, None], [0.5, 0.25, 0.25]), 0.1, 0.5, 2), 3 * 8**2),
        ("cycle_map", CyclicRACLoRA(Coordinate(4, 1), 0.1, order="shuffled"), comb(4, 2) * 4**2),
        ("cycle_map", CyclicRACLoRA(Coordinate(4, 1), 0.1, order="cyclic"), 4 * 4**2),
    ],
)
def test_maps_hold_so_many_numbers(of, algorithm, numbers, monkeypatch):
    """Of all draws of a link twice d squared, of a cycle d squared for each set of blocks before one, most by half."""
    make = getattr(links_and_cycles, of)
    monkeypatch.setattr(links_and_cycles, "_LARGEST", numbers)
    make(algorithm, UNEVEN)
    monkeypatch.setattr(links_and_cycles, "_LARGEST", numbers - 1)
    with pytest.raises(Unsupported, match=f"must be at most {numbers - 1} numbers, got {numbers}"):
        make(algorithm, UNEVEN)


def test_what_does_not_decouple_has_64_numbers():
    with pytest.raises(Unsupported, match="size m n <= 64, got 81"):
        whole_frame(Quadratic.left(np.eye(9), np.ones((9, 9))), lambda moment: moment)


def test_what_is_flat_is_left_alone():
    """Beside the steepest; by a cycle; by a link, where of two coordinates one is flat: the other has half of its
    squares kept, and half of them times a quarter."""
    assert curved_directions(np.array([0.0, 1e-20, 1e-9, 1.0])).tolist() == [False, False, True, True]
    cycle = links_and_cycles.cycle_map(CyclicRACLoRA(Coordinate(4, 1), 0.1), UNEVEN)
    assert cycle._group_rate(0, np.zeros(4, dtype=bool)) == 0
    sketch = FiniteSupport(np.eye(2)[..., None], [0.5, 0.5])
    flat = Quadratic.left(np.diag([1.0, 0.0]), np.ones((2, 1)))
    link = links_and_cycles.link_map(MomentumInLinks(sketch, 0.5, 0.0, 1), flat)
    assert link.rate(1e-9) == pytest.approx(0.5 + 0.5 / 4)


def test_draws_of_a_coin_and_of_layers():
    """Each side with its probability; a layer without a sketch is all of its matrix, and differences without one bend
    along all rows: half of h times each curvature in all columns. By hand. Catches as many rows as columns."""
    double, triple = (FiniteSupport(times * np.eye(d)[..., None], np.full(d, 1 / d)) for times, d in ((2, 2), (3, 3)))
    coin = Bernoulli(double, triple, 0.1, 0.25)  # of which projections are drawn, not products
    P, weights = branches._draws(coin, SimpleNamespace(dim=6), (2, 3))
    np.testing.assert_allclose(weights, [0.125] * 2 + [0.25] * 3)
    assert np.trace(P, axis1=1, axis2=2).tolist() == [3, 3, 2, 2, 2]
    layers = LayeredRACLoRA(Layers([(2, 3), (3, 1)]), [None, triple], 1.0)
    (whole, _), (rows, chances) = branches._of_each_layer(layers)
    np.testing.assert_array_equal(whole, np.eye(6)[None])
    assert (rows.shape, rows.sum(), chances.tolist()) == ((3, 3, 3), 3, pytest.approx([1 / 3] * 3))
    moves = branches.bends(RACLoRA(None, 0.1), UNEVEN, 0.5)
    np.testing.assert_allclose(moves, 0.25 * np.repeat(np.diag(UNEVEN.S)[:, None], 2, axis=1)[None])


def test_one_side_that_is_on_trust_is_enough():
    own = type("Own", (Coordinate,), {})  # which may draw as it likes
    assert rests_on_trust(Bernoulli(own(3, 1), Haar(2, 1), 0.1))
    assert rests_on_trust(Bernoulli(Haar(3, 1), own(2, 1), 0.1))
    assert not rests_on_trust(RACLoRA(None, 0.1))
    assert rests_on_trust(LayeredRACLoRA(Layers([(3, 1), (2, 1)]), [own(3, 1), Haar(2, 1)], 0.1))


@pytest.mark.parametrize(("c", "size"), [(5.0, 0.0), (1.0, 1.0), (0.1, 5.0), (1e-9, 1.0), (1e-20, 1.0)])
def test_beyond_the_last_pole(c, size):
    """c / (z - 1) is 1 at 1 + c, or at the pole where that is no other number; there the function has no value."""
    assert _largest_root(lambda z: c / (z - 1) - 1, 1.0, size) == pytest.approx(1 + c, rel=1e-13)
    assert _largest_root(lambda z: 1 / z, 0.0, 0.0) == 0  # of what ends in one step, where the pole is a division by 0


def test_blocks_of_the_general_kernel_hold_so_many_numbers():
    """A power of two of runs, 2^15 numbers, from 16 to 256 runs. Catches another stream of random numbers."""
    shapes = [(1, 1), (8, 16), (8, 17), (16, 32), (32, 64), (64, 64), (64, 33)]
    assert [block_size(shape) for shape in shapes] == [256, 256, 128, 64, 16, 16, 16]
