"""Smoothness and gain of several layers: against all draws enumerated, on the safe side, and better where it can be."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import block_diag, eigh

from rac_theory import Case, Constants, LayeredRACLoRA, best_step, verify
from rac_theory.gains import layered, one_side
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.layered import LARGEST_WHOLE, along_all_layers, blocks
from rac_theory.gains.one_side import OFF
from rac_theory.numerics.linalg import projection
from rac_theory.problems import Layers, Quadratic, Smoothness
from rac_theory.problems.features import largest_gram_eigenvalue
from rac_theory.problems.smoothness import smoothness_of
from rac_theory.sketches import Coordinate, CountSketch, FiniteSupport, FromFunction, Haar, WeightedCoordinate
from rac_theory.sketches.moments import LARGEST_ENUMERATED

EPS = np.finfo(float).eps
LAYERS = Layers([(2, 3), (3, 2)], names=["hidden", "head"])
SIDES = ("left", "right")
SKETCHES = {
    "coordinates": (Coordinate(2, 1), Coordinate(2, 1)),
    "weighted": (WeightedCoordinate(2, 1, [1, 3]), CountSketch(2, 1)),
    "one is whole": (None, Coordinate(2, 1)),
    "listed": (
        FiniteSupport([[[1.0], [0.5]], [[0.0], [1.0]]], [0.25, 0.75]),
        FiniteSupport([[[1.0], [-0.2]], [[0.3], [1.0]], [[1.0], [1.0]]], [0.5, 0.25, 0.25]),
    ),
}


def coupled(strength, seed=0):
    """A Hessian whose layers meet by so much, 1 as much as in a random one."""
    A = np.random.default_rng(seed).standard_normal((12, 12))
    Q = A @ A.T / 12
    Q[:6, 6:] *= strength
    Q[6:, :6] *= strength
    return Q


def moments(algorithm, Q):
    """E[H] and E[HQH] on the column over all draws: a route of its own, by Kronecker products."""
    each = []
    for layer, (m, n) in zip(algorithm.of_layers, algorithm.layers.shapes, strict=True):
        support = ([np.eye(m)], [1.0]) if layer.sketch is None else layer.sketch.support()
        projections = [projection(np.asarray(B)) for B in support[0]]
        lifted = [np.kron(P, np.eye(n)) if layer.side == "left" else np.kron(np.eye(m), P) for P in projections]
        each.append([*zip(map(float, support[1]), lifted, strict=True)])
    draws = [(p * q, block_diag(H, K)) for (p, H), (q, K) in product(*each)]
    return sum(p * H for p, H in draws), sum(p * H @ Q @ H for p, H in draws)


def largest_ratio(algorithm, Q):
    K, T = moments(algorithm, Q)
    return eigh(T, K, eigvals_only=True)[-1]


@pytest.mark.parametrize("strength", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("name", SKETCHES)
def test_smoothness_and_gain_are_those_of_all_draws(name, strength):
    """Exact where layers are coupled, as all entries are looked at; never below, which a wrong block would be.

    nu is at most lambda_min(2 gamma E[H] - gamma^2 E[HQH]); where layers are apart, and even, it is just that.
    """
    algorithm, Q = LayeredRACLoRA(LAYERS, SKETCHES[name], 1.0, SIDES), coupled(strength)
    problem = Quadratic.full(Q, np.ones((12, 1)), layers=LAYERS)
    known, true = smoothness_along(algorithm, smoothness_of(problem)), largest_ratio(algorithm, Q)
    assert true * (1 - 1e-12) <= known.L_H <= problem.L
    if strength:
        assert pytest.approx(min(true, problem.L), rel=1e-9) == known.L_H
        assert "on all entries of all layers" in known.provenance or known.L_H == problem.L
    assert known.alpha == 0.0
    K, T = moments(algorithm, Q)
    for multiple in (0.5, 1.0, 1.6):
        gamma = multiple * best_step(problem, algorithm)
        constants = Constants.of(Case(replace(algorithm, gamma=gamma), problem))
        true = np.linalg.eigvalsh(2 * gamma * K - gamma**2 * T)[0]
        formula = gamma * (2 - gamma * constants.L_H) * constants.lambda_min
        assert formula * (1 - 1e-9) <= constants.nu <= true + 1e-12


def test_each_layer_has_its_own_end():
    """The flat layer is met seldom, the steep one often. Catches the smallest share with the largest curvature."""
    layers = Layers([(4, 1), (2, 1)])
    Q = np.diag([0.1] * 4 + [1.0, 1.0])
    problem = Quadratic.full(Q, np.ones((6, 1)), layers=layers)
    case = Case(LayeredRACLoRA(layers, [Haar(4, 1), Haar(2, 1)], 1.9), problem, steps=20)
    constants = Constants.of(case)
    assert constants.L_H == 1.0
    assert pytest.approx(0.0475) == 1.9 * (2 - 1.9) * 0.25
    assert constants.nu == pytest.approx(min(1.9 * (2 - 0.19) * 0.25, 1.9 * 0.1 * 0.5))
    assert "smallest of all layers" in constants.provenance["nu"]
    assert verify("T15", case).status.name == "HOLDS"


def test_blocks_bound_what_they_come_from(monkeypatch):
    monkeypatch.setattr(layered, "LARGEST_SIDE", 12)  # a column of as many is broken, and of more is not
    for strength in (0.2, 1.0):
        Q = Smoothness([(coupled(strength), np.ones((1, 1)))])
        found = blocks(Q, LAYERS)
        assert not found.exact
        assert np.linalg.eigvalsh(block_diag(*(block.dense for block in found.smoothness)) - Q.dense)[0] >= 0
    apart = blocks(Smoothness([(np.diag(np.arange(1.0, 13.0)), np.ones((1, 1)))]), LAYERS)
    assert apart.exact
    scalar = blocks(Smoothness.isotropic(3.0, (12, 1)), LAYERS)
    assert [block.largest for block in scalar.smoothness] == [3.0, 3.0]
    assert [block.shape for block in scalar.smoothness] == [*LAYERS.shapes]
    monkeypatch.setattr(layered, "LARGEST_SIDE", 11)
    assert [block.largest for block in blocks(Q, LAYERS).smoothness] == [Q.largest] * 2


def test_a_block_has_the_norms_of_those_beside_it_added_with_their_rounding():
    """Of three layers, two of which meet in a block with a zero. Catches a norm that is halved, and all of them."""
    M = np.diag([0.0, 0, 0, 5])
    M[0, 1:3] = M[1:3, 0] = [3, 0]
    found = blocks(Smoothness.of_terms([(M, np.ones((1, 1)))]), Layers([(1, 1), (2, 1), (1, 1)]))
    for block, B in zip(found.smoothness, ([[3.0, 0.0]], [[3.0], [0.0]]), strict=False):
        more = np.sqrt(largest_gram_eigenvalue(np.array(B))) * (1 + 4 * EPS)
        assert block.dense.diagonal().tolist() == [more * (1 + 4 * EPS) * (1 + 4 * EPS)] * len(block.dense)
    assert (found.smoothness[2].largest, found.exact) == (5, False)


ALONG = SimpleNamespace(
    dim=2,
    rank=1,
    sample=lambda rng, size: np.full((size, 2, 1), 0.5**0.5),
    expected_projection=lambda: np.full((2, 2), 0.5),
    second_moment=lambda M: M.sum(axis=(-2, -1), keepdims=True) * np.full((2, 2), 0.25),
)
"""One line, and what it says of itself."""


def test_what_leaves_a_direction_alone_or_is_listed_in_many_has_no_moments_of_all_layers(monkeypatch):
    """Catches an infinite bound told as a bound, and moments that are asked for where there are none."""
    monkeypatch.setattr(one_side, "LARGEST_STACK", (LARGEST_ENUMERATED + 1) ** 2)
    side, many = LARGEST_ENUMERATED + 1, SKETCHES["listed"][1]
    many = FiniteSupport(np.tile(many.matrices, (200, 1, 1)), np.tile(many.probabilities / 200, 200))
    each = FiniteSupport(np.eye(side)[:, :, None], np.full(side, 1 / side))
    for size, sketch in ((2, ALONG), (side, each), (2, many)):
        algorithm = LayeredRACLoRA(Layers([(size, 1), (2, 1)]), [sketch, Coordinate(2, 1)], 1.0)
        assert along_all_layers(algorithm, Smoothness.isotropic(1.0, (size + 2, 1))) is None


def test_a_block_that_is_no_sum_by_sides_is_read_on_all_entries():
    """Nothing couples them, and one is dense. Catches ``H (l I) H = l H``, of an l I above Q, told as least."""
    A = np.random.default_rng(0).standard_normal((6, 6))
    Q = block_diag(A @ A.T / 6, 0.01 * np.eye(6))
    algorithm = LayeredRACLoRA(LAYERS, [Coordinate(2, 1), Coordinate(3, 1)], 1.0)
    known = smoothness_along(algorithm, Smoothness([(Q, np.ones((1, 1)))]))
    assert pytest.approx(largest_ratio(algorithm, Q), rel=1e-9) == known.L_H
    assert 0.9 * np.linalg.eigvalsh(Q)[-1] > known.L_H
    assert "on all entries of all layers" in known.provenance


def test_of_a_column_that_is_too_long_to_be_formed_the_largest_of_q_is_taken():
    """Of two layers, and it is no smallest number; one layer that is the column has its smoothness however long it is.

    Catches an L_H of more than Q told as exact, and the largest of Q where a sketch of the column sees a tenth of it.
    """
    Q = Smoothness.of_terms([(np.diag(np.concatenate([[10.0], np.ones(2099)])), np.eye(1))])
    known = smoothness_along(LayeredRACLoRA(Layers([(1100, 1), (1000, 1)]), [Haar(1100, 1), Haar(1000, 1)], 1.0), Q)
    assert known.L_H == 10.0
    assert known.provenance.startswith("at most")
    found = smoothness_along(LayeredRACLoRA(Layers([(2100, 1)]), [Haar(2100, 1)], 1.0), Q)
    assert found == smoothness_along(Haar(2100, 1), Q)


def test_a_column_of_many_entries_has_the_smoothness_of_its_blocks():
    """Above the size at which all entries are looked at; with the L of all where nothing is known of a sketch."""
    side = LARGEST_WHOLE // 4
    layers = Layers([(side, 2), (side, 3)])
    curvature = np.concatenate([np.geomspace(1, 1e-3, 2 * side), np.geomspace(0.5, 1e-3, 3 * side)])
    Q = Smoothness([(np.diag(curvature), np.ones((1, 1)))])
    algorithm = LayeredRACLoRA(layers, [Haar(side, 1), Coordinate(side, 2)], 1.0)
    assert along_all_layers(algorithm, Q) is None
    known, by_layer = (
        smoothness_along(algorithm, Q),
        zip(algorithm.of_layers, blocks(Q, layers).smoothness, strict=True),
    )
    assert known.L_H == max(smoothness_along(*each).L_H for each in by_layer) < Q.largest
    assert "W2, the largest of all layers" in known.provenance


@pytest.mark.long
def test_what_draws_say_of_two_layers_costs_what_both_cost():
    """Half of alpha each, which add up. Catches a level that is told once for two layers, or spent twice."""
    layers = Layers([(4, 1), (4, 1)])
    Q = Smoothness([(np.diag([4.0, 1, 1, 1, 3, 1, 1, 1]), np.ones((1, 1)))])
    unknown = FromFunction(4, 1, lambda rng: rng.standard_normal((4, 1)))
    algorithm = LayeredRACLoRA(layers, [unknown, unknown], 0.1)
    known = smoothness_along(algorithm, Q, alpha=1e-3, draws=20_000, rng=0)
    assert "from 20000 draws" in known.provenance
    assert known.alpha == 1e-3
    one_sampled = replace(algorithm, sketches=[unknown, Haar(4, 1)])
    assert smoothness_along(one_sampled, Q, alpha=1e-3, draws=20_000, rng=0).alpha == 5e-4
    case = Case(one_sampled, Quadratic.full(Q.dense, np.ones((8, 1)), layers=layers))
    of_both = Constants.of(case, draws=2_000, rng=0)
    assert of_both.nu == pytest.approx(0.1 * (2 - 0.1 * of_both.L_H) * of_both.lambda_min)  # no layer by itself
    first = smoothness_along(algorithm.of_layers[0], blocks(Q, layers).smoothness[0], alpha=1e-3, draws=20_000, rng=0)
    assert first.L_H < known.L_H < 4.0


def test_what_moments_may_be_off_by_is_added():
    """Of moments that are 0.9 of the margin too small; without it L_H would be below the truth."""

    def too_small(M):
        """E[HMH] as far below the truth as rounding may leave it."""
        uneven = M - np.trace(M, axis1=-2, axis2=-1)[..., None, None] / 2 * np.eye(2)
        return np.eye(2) * M / 2 - 0.9 * OFF * np.linalg.norm(uneven, axis=(-2, -1), keepdims=True) * np.eye(2)

    Q, known = np.ones((12, 12)) + 0.01 * np.eye(12), Coordinate(2, 1)  # rows are alike: moments are small beside Q
    problem = Quadratic.full(Q, np.ones((12, 1)), layers=LAYERS)
    mean = known.expected_projection
    rounded = SimpleNamespace(dim=2, rank=1, sample=known.sample, expected_projection=mean, second_moment=too_small)
    bound, _ = along_all_layers(LayeredRACLoRA(LAYERS, [rounded, rounded], 1.0, SIDES), smoothness_of(problem))
    true = largest_ratio(LayeredRACLoRA(LAYERS, [known, known], 1.0, SIDES), Q)
    assert true <= bound <= true * (1 + 1e-9)
