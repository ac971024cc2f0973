"""Blocks that take turns: what a cycle does, against a loop by hand, and which sketches are none."""

from fractions import Fraction
from functools import partial
from itertools import islice, permutations

import numpy as np

from rac_theory import GD, Case, CyclicRACLoRA, simulate
from rac_theory.problems import Quadratic
from rac_theory.sketches import BlockPartition, Coordinate, CountSketch, FiniteSupport, Haar
from tests.refused import refused

Q = np.array([[2.0, 0.6, -0.3], [0.6, 1.0, 0.4], [-0.3, 0.4, 1.5]])
LEFT = Quadratic.left(Q, np.arange(6.0).reshape(3, 2) / 3)
TURNED = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
GAMMA = 0.3


def by_hand(blocks, order, W, side="left", problem=LEFT):
    for i in order:
        H, G = blocks[i], problem.gradient(W[None])[0]
        W = W - GAMMA * (H @ G if side == "left" else G @ H)
    return W


def cycles(algorithm, runs, count):
    return islice(algorithm.iterates(LEFT, np.zeros((runs, 3, 2)), np.random.default_rng(0)), count)


def test_a_cycle_in_the_order_in_which_blocks_are_listed():
    """Against a loop with H formed. Catches the wrong side, a block twice, and a gradient from before the cycle."""
    for sketch, side, blocks in (
        (Coordinate(3, 1), "left", [np.diag(row) for row in np.eye(3)]),
        (BlockPartition(3, 2), "left", [np.diag([1.0, 1, 0]), np.diag([0, 0, 1.0])]),
        (Coordinate(2, 1), "right", [np.diag([1.0, 0]), np.diag([0, 1.0])]),
        (FiniteSupport(5 * TURNED.T[..., None], [0.5, 0.3, 0.2]), "left", [np.outer(u, u) for u in TURNED.T]),
    ):
        W = np.zeros((3, 2))
        for after in cycles(CyclicRACLoRA(sketch, GAMMA, side, "cyclic"), 2, 3):
            W = by_hand(blocks, range(len(blocks)), W, side)
            np.testing.assert_allclose(after, np.stack([W, W]), rtol=1e-12, atol=1e-15)


def test_every_order_comes_up_as_often_as_every_other():
    """First cycles of 12,000 runs, each one of six ends: chi squared below 25.7, where a fair shuffle is with
    probability 1 - 1e-4. An order that comes up a tenth too often is missed with probability 1e-3."""
    blocks = [np.diag(row) for row in np.eye(3)]
    first, second = cycles(CyclicRACLoRA(Coordinate(3, 1), GAMMA), 12_000, 2)
    ends = np.array([by_hand(blocks, order, np.zeros((3, 2))) for order in permutations(range(3))])
    apart = np.abs(first[:, None] - ends).max(axis=(2, 3))
    assert apart.min(axis=1).max() < 1e-12
    counts = np.bincount(apart.argmin(axis=1), minlength=6)
    assert ((counts - 2000) ** 2 / 2000).sum() < 25.7
    later = np.abs(second - [by_hand(blocks, (0, 1, 2), W) for W in first]).max(axis=(1, 2))
    assert 0.1 < np.mean(later < 1e-12) < 0.24  # a fresh order in the next cycle


def test_one_block_is_gradient_descent():
    whole = CyclicRACLoRA(BlockPartition(3, 3), GAMMA)
    runs = [simulate(Case(algorithm, LEFT, steps=3)).values for algorithm in (whole, GD(GAMMA))]
    np.testing.assert_allclose(*runs, rtol=1e-14)
    assert whole.deterministic
    assert not CyclicRACLoRA(BlockPartition(3, 2), 0.1).deterministic


def leaning(off):
    """Two columns that are nearly orthogonal."""
    return FiniteSupport([[[1.0], [0.0]], [[off], [1.0]]], [0.5, 0.5])


def test_what_is_no_partition_is_refused():
    """Directions may be off by rounding alone, by 1e-12. Catches twice as much, and that end left out."""
    of, once = partial(CyclicRACLoRA, gamma=0.1), "hold every direction once"
    of(leaning(1e-12))
    refused(
        (lambda: of(Coordinate(3, 2)), "sketch must list blocks that hold every direction once.*off for Coordinate"),
        (lambda: of(CountSketch(2, 1)), once),
        (lambda: of(FiniteSupport(np.eye(3)[:2, :, None], [0.5, 0.5])), once),
        (lambda: of(Haar(3, 1)), r"sketch must list its draws in support\(\)"),
        (lambda: of(leaning(1.5e-12)), once),
        (lambda: of(Coordinate(3, 1), gamma=0.0), "gamma must be"),
        (lambda: of(Coordinate(3, 1), side="top"), "side must be"),
        (lambda: of(Coordinate(3, 1), order="random"), "order must be"),
        (lambda: Case(of(Coordinate(4, 1)), LEFT), r"sketch.dim must be m=3 .* got 4"),
    )


def test_the_same_blocks_drawn_afresh_come_equally_often():
    """Whatever their probabilities were. Catches those of the list, and a list that is made of what is even."""
    uneven = CyclicRACLoRA(FiniteSupport(TURNED.T[..., None], [0.5, 0.3, 0.2]), GAMMA, "left").fresh
    assert (uneven.gamma, uneven.side) == (GAMMA, "left")
    assert set(uneven.sketch.probabilities) == {Fraction(1, 3)}
    assert CyclicRACLoRA(Coordinate(2, 1), GAMMA, "right").fresh.sketch == Coordinate(2, 1)
