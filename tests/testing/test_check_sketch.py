"""The kit for sketches: it passes all of ours, and each deliberate fault gets its own sentence.

A check of a right sketch fails with probability 1e-6 for each of some forty claims; seeds are fixed.
"""

import inspect
import re
import threading
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pytest

from rac_theory.numerics.bets import Bets
from rac_theory.sketches import NAMED, Coordinate, Frozen, Haar, named_sketch
from rac_theory.testing import Refuted, check_sketch
from rac_theory.testing.sketches import moments
from rac_theory.testing.sketches.check_sketch import Draws, _schedule, check_fresh
from rac_theory.testing.sketches.claims import Claims, _check_agreement, _near, check_claims, check_same
from rac_theory.testing.sketches.moments import Mean, SecondMoment, rotation_tests, uniform_tensor
from rac_theory.testing.sketches.moments import coordinates as coordinates_of
from tests.mutants import wrong_sketch_draws, wrong_sketches
from tests.mutants.wrong_sketch_laws import FALSE, TRUE, Listed
from tests.testing.cases import cases
from tests.testing.failing import heard, refusal, refuted


@pytest.mark.long
@pytest.mark.parametrize("name", NAMED)
def test_ours_pass(name):
    """With a quarter of the draws, which shows ten per cent of a quarter; the twins in the bank of mutants have all."""
    check_sketch(named_sketch(name, 4, 1), draws=16_384)


class Silent:
    """A sketch that claims nothing, and always draws the same."""

    def __init__(self, S, **members):
        self.S, (self.dim, self.rank) = S, S.shape
        vars(self).update(members)

    def sample(self, rng, size):
        return np.tile(self.S, (size, 1, 1))


def test_a_matrix_that_is_always_drawn_is_named_by_how_often_but_where_there_is_no_other(monkeypatch):
    """Catches a number that is not that of the draws, and one dimension, in which all ranges are the same."""
    asked = heard(monkeypatch, Draws, "calls", Draws.calls)
    caught = refuted("gave the same matrix 512 times", check_fresh, Draws(Silent(np.eye(2)[:, :1])), 0)
    assert [calls * size for *_, calls, size in asked] == [int(re.search(r"(\d+) times", str(caught))[1])]
    check_fresh(Draws(Silent(np.eye(1))), 0)


@pytest.mark.parametrize("at", [0, 2])
def test_one_column_of_one_draw_that_is_too_long_is_seen(at):
    """Also the first draw; squares of other draws may overflow."""
    assert (Draws(Silent(np.full((2, 1), 1e200))).take(np.random.default_rng(0), 3) == 1e200).all()
    S = np.tile(np.eye(3)[:, :2], (3, 1, 1))
    S[at, 1, 1] = 2.0
    off = Silent(S[0], orthonormal=True, sample=lambda rng, size: S)
    caught = refuted("are off by up to 3 in 1 of 3 draws", Draws(off).take, np.random.default_rng(0), 3)
    np.testing.assert_array_equal(caught.witness["S"], S[at])


def coordinates(rng, size):
    """Two of six, without replacement."""
    return np.swapaxes(np.eye(6)[rng.random((size, 6)).argsort(axis=1)[:, :2]], 1, 2)


class Base:
    """A correct sketch, to be broken member by member."""

    dim, rank, sample = 6, 2, staticmethod(coordinates)

    def __init__(self, **members):
        vars(self).update(members)

    def expected_projection(self):
        return np.eye(6) * 2 / 6


@pytest.mark.long
def test_what_is_to_be_broken_passes_and_a_random_frozen_matrix():
    check_sketch(Base(inner=Base()))  # which does not compare by value
    check_sketch(Frozen(np.random.default_rng(0).standard_normal((5, 2))), draws=16_384)


class Counting(Base):
    def sample(self, rng, size):
        self.calls[0] += 1
        return super().sample(rng, size)


def within(inner):
    return Base(inner=inner, sample=inner.sample)


PAIRS = np.stack([np.eye(6)[:, :2], np.eye(6)[:, 2:4]])
OFF = np.diag([0.3, 0.366, 1 / 3, 1 / 3, 1 / 3, 1 / 3])  # by 10% in two of six directions: 65,536 draws see 0.033


@cases(
    "broken, message",
    (Base(sample=lambda rng, size: None), "must return its draws: it returned None, is a return missing?"),
    (wrong_sketches.GlobalGenerator(6, 2), "it drew from a global generator"),
    (wrong_sketch_draws.Clock(6, 2), "the same seed gave other draws; do not make your own generator"),
    (wrong_sketches.RankOverDim(6, 2), r"RankOverDim\.expected_projection\(\) must be E\[H\]"),
    (wrong_sketches.Transposed(6, 2), r"must have shape \(size, dim, rank\) = \(3, 6, 2\), it has \(3, 2, 6\)"),
    (Base(sample=lambda rng, size: np.moveaxis(coordinates(rng, size), 0, -1)), "draws go along the first axis"),
    (wrong_sketches.Cached(6, 2), "it repeats itself: is a draw cached"),
    (wrong_sketches.OneABatch(6, 2), "must draw afresh for each of the size matrices"),
    (within(Counting(calls=np.zeros(2))), "must not change its parameters when it is used: inner changed"),
    (Counting(calls=np.zeros(2)), "must not change its parameters when it is used: calls changed"),
    (Base(sample=lambda rng, size: coordinates(rng, size).astype(int)), "must return floats, it returned int"),
    (Base(sample=lambda rng, size: np.ma.array(coordinates(rng, size))), "an array, it returned MaskedArray"),
    (Base(invariants=lambda: Haar(6, 1).invariants()), r"invariants\(\) must be E\[H\]: it says"),
    (Base(rank=7), r"Base: rank must be in 1\.\.dim=6, got 7"),
    (Base(dim=None), "Base: dim must be an integer, got None"),
    (Base(sample=lambda rng, size: coordinates(rng, max(size, 1))), r"sample\(rng, 0\) must have shape"),
    (Base(expected_projection=lambda: np.eye(2)), r"must return an array of shape \(6, 6\), or None, got shape"),
    (Base(support=lambda: (PAIRS[:1], np.array([0.5]))), "must give probabilities >= 0 that sum to one"),
    (Base(support=lambda: (PAIRS, np.array([0.5, 0.5]))), r"Base\.support\(\) must be E\[H\]: it says"),
    (Base(expected_projection=lambda: OFF), "(along one (coordinate|direction)|in a sum of its entries) it says"),
)
def test_each_fault_has_its_sentence(broken, message):
    refuted(message, check_sketch, broken)


def gaussian(rng, size):
    """Of which no range comes again."""
    return rng.standard_normal((size, 6, 2))


def copying(rng, size):
    """Each hundredth draw or so is the one before."""
    S = gaussian(rng, size)
    again = np.flatnonzero(rng.random(size) < 0.01)
    S[again[again > 0]] = S[again[again > 0] - 1]
    return S


def neighbours(rng, size, part, lag):
    """Each draw is a part of the one before; no range of a pair shows it."""
    S = gaussian(rng, size)
    for i in range(lag, size):
        S[i] = part * S[i - lag] + np.sqrt(1 - part**2) * S[i]
    return S


def one_of_a_thousand(rng):
    return np.random.default_rng(rng.integers(1000))


class SeededHaar(Haar):
    def sample(self, rng, size):
        return super().sample(one_of_a_thousand(rng), size)


@cases(
    "broken, message",
    (Base(sample=copying), "ranges of .* are equal more than those that are far apart"),
    (Base(sample=partial(neighbours, part=0.2, lag=1)), "ranges of draws at a distance of 1 in a large batch over"),
    (Base(sample=partial(neighbours, part=0.4, lag=5)), "ranges of draws at a distance of 5 in a large batch over"),
    (
        Base(sample=lambda rng, size: gaussian(one_of_a_thousand(rng), size)),
        r"of 2048 single calls \d+ gave the range of another, of as many draws in one call 0; is a",
    ),
    (SeededHaar(4, 2), r"\d+ of \d+ draws have the range of another; is there a pool of them, or a generator"),
)
def test_dependence_is_seen_with_every_batch_that_is_drawn(broken, message):
    """Would catch tests of the first two large calls alone, or of some distances: these faults passed them."""
    refuted(message, check_sketch, broken)


@pytest.mark.parametrize("right", [Base(sample=gaussian), Haar(2, 1), Haar(3, 1)], ids=["free", "plane", "lines"])
def test_what_comes_again_by_chance_is_no_copy(right):
    """Ranges of one degree of freedom come nearest to each other: would catch copies that are told by 30 bits."""
    for seed in range(3):
        check_sketch(right, draws=16_384, rng=seed)


@pytest.mark.parametrize("draws", [16_384, 65_536])
def test_draws_are_taken_in_the_shares_that_are_said(draws):
    """A thirty-second part singly, an eighth by eights, a sixteenth in two sizes; the rest in large calls."""
    taken = [(calls, calls * size, size) for calls, size in _schedule(draws, 8)]
    assert taken[:2] == [(draws // 32, draws // 32, 1), (draws // 64, draws // 8, 8)]
    assert [total for _, total, _ in taken[2:4]] == pytest.approx([draws / 32] * 2, rel=0.06)
    assert {calls for calls, _, _ in taken[4:]} == {1}
    assert len({size for _, _, size in taken}) == len(taken) >= 8
    assert sum(total for _, total, _ in taken) == pytest.approx(draws, rel=0.003)


@pytest.mark.parametrize("r", [2, 4])
@pytest.mark.parametrize("by_rank", [False, True])
def test_a_mean_is_bet_on_where_it_is_farthest_off_and_within_what_a_projection_can_be(monkeypatch, by_rank, r):
    """Each column from H itself: its number, what is said of it, and its ends, which some H of this rank attains.
    Catches ends that are too near, which is unsound, or too far, and directions that are not those of the mismatch."""
    d, seen = 5, []
    rng = np.random.default_rng(1)
    monkeypatch.setattr(Bets, "add", lambda self, *given: seen.append(given))
    C = np.diag([0.1, 0.2, 0.4, 0.6, 0.7]) + 0.05
    M = None if by_rank else np.diag([1.0, 0.5, 0.25, 0.5, 0.2])
    mean, Q = Mean("", np.eye(d) if by_rank else C, M, by_rank), [Haar(d, r).sample(rng, 4) for _ in range(3)]
    for some in Q[:2]:
        mean.block(some)
    A = np.array([[H @ H if M is None else H @ M @ H for H in one @ np.swapaxes(one, 1, 2)] for one in Q])
    D = (A[0].sum(axis=0) / 4 - mean.claimed).T
    D = (D + D.T) / 2 / np.abs(D).max()
    values, U = np.linalg.eigh(D)
    vectors = [*np.eye(d), None, U[:, 0], U[:, -1], D]
    ends = values[values < 0][:r].sum(), values[values > 0][-r:].sum()
    forms = [np.eye(d) / d if v is None else v if v.ndim == 2 else np.outer(v, v) for v in vectors]
    x, said, low, high = seen[1]
    np.testing.assert_allclose(x, np.einsum("cde,ked->kc", forms, A[1]), atol=1e-12)
    share = r / d if by_rank else 1.0
    np.testing.assert_allclose(said, np.tile(share * np.einsum("cde,ed->c", forms, mean.claimed), (len(said), 1)))
    np.testing.assert_allclose((low, high), [[0.0] * 8 + [ends[0]], [1.0] * 8 + [ends[1]]], atol=1e-12)
    assert (seen[0][0][:, 6:] == 0).all()
    assert len(seen[0][2]) == len(seen[0][3]) == 9
    mean.block(Q[2])
    np.testing.assert_allclose(mean._total, A.sum(axis=(0, 1)), atol=1e-12)
    assert mean._draws == 12
    assert mean._bets.fixed == (0 if by_rank else 6)  # coordinates and the trace, whose claims do not change
    for column, where in ((4, "coordinate"), (5, "trace over dim"), (6, "direction"), (7, "direction"), (8, "entries")):
        monkeypatch.setattr(Bets, "refuted", lambda self, alpha, column=column: (column, 0.25, 0.5))
        refuted(f"{where} it says 0.25, but 12 draws have mean 0.5", mean.check, 0.01)


def test_a_second_moment_is_bet_on_where_it_is_farthest_off_and_up_to_what_a_projection_can_give(monkeypatch):
    """``<S, H>^2`` from H itself, and its largest value from the projections on the eigenvectors of S."""
    d, r, seen = 4, 2, []
    rng = np.random.default_rng(2)
    monkeypatch.setattr(Bets, "add", lambda self, *given: seen.append(given))
    T = np.stack([uniform_tensor(d, rank, d) for rank in range(r + 1)])
    second, Q = SecondMoment("", np.eye(d), T), [Haar(d, r).sample(rng, 6) for _ in range(2)]
    for some in Q:
        second.block(some)
    i, j = np.triu_indices(d)
    flat = [coordinates_of(one @ np.swapaxes(one, 1, 2)) for one in Q]
    off = np.linalg.eigh(flat[0].T @ flat[0] / 6 - T[r])[1][:, [0, -1]]
    S = np.hstack([np.eye(len(i))[:, i == j], off])
    x, said, low, high = seen[1]
    np.testing.assert_allclose(x, np.square(flat[1] @ S), atol=1e-12)
    np.testing.assert_allclose(said, np.tile(np.einsum("qc,qp,pc->c", S, T[r], S), (6, 1)))
    full = np.zeros((S.shape[1], d, d))
    full[:, i, j] = full[:, j, i] = (S / np.where(i == j, 1, np.sqrt(2))[:, None]).T
    choices = [list(k) for n in (1, 2) for k in combinations(range(d), n)]
    some = [sum(values[k]) for values in np.linalg.eigvalsh(full) for k in choices]
    np.testing.assert_allclose(high, np.square(some).reshape(len(full), -1).max(axis=1), rtol=1e-9)
    assert (low == 0).all()
    assert [SecondMoment("", np.eye(d), T[:k])._bets.fixed for k in (1, 2)] == [d, 0]


RIGHT, OFF_DIAGONAL = Coordinate(6, 2).second_moment, 1 - np.eye(6)
SKEW = np.triu(np.full((6, 6), 0.01), 1)
THIRD = np.full(6, 1 / 3)
FEW = 1 / 3 - 1e-7  # of which the trace is no longer 2, so that ranks may be lost
LOSING = {
    "second_moment": lambda M: RIGHT(M) * (FEW * 3 * np.eye(6) + 1.01 * OFF_DIAGONAL),
    "expected_projection": lambda: FEW * np.eye(6),
}


@cases(
    "members, message",
    ({"second_moment": RIGHT}, ""),
    ({"expected_projection": lambda: np.eye(6) / 3 + SKEW - SKEW.T}, r"\(\) must be E\[H\], symmetric with"),
    ({"expected_projection": lambda: np.diag([-1e-6, *THIRD[1:]])}, "symmetric with eigenvalues in"),
    ({"expected_projection": lambda: np.diag([1 + 1e-6, 0, 0, 0, 0, 0])}, "symmetric with eigenvalues in"),
    ({"expected_projection": lambda: np.diag([-1e-10, 1 + 1e-10, 0, 0, 0, 0])}, ""),
    ({"expected_projection": lambda: np.diag(THIRD + 1e-6)}, "with trace E.rank. <= 2: it is 2.00001"),
    ({"expected_projection": lambda: np.diag(THIRD + 1e-11)}, ""),
    ({"second_moment": lambda M: RIGHT(M) + 1e-3 * OFF_DIAGONAL * M**2}, "is linear in M: it is not"),
    ({"second_moment": lambda M: RIGHT(M) + SKEW * M}, "and transpose with M, as H is symmetric"),
    ({"second_moment": lambda M: RIGHT(np.swapaxes(M, -1, -2))}, "exchanged; is M taken for its transpose"),
    ({"second_moment": lambda M: RIGHT(M) * (1 + 0.01 * OFF_DIAGONAL)}, "is rank times"),
    (LOSING, ""),
    ({"second_moment": lambda M: RIGHT(M) + 0.1 * M.reshape(-1, 6, 6)[:1, 0, 1].sum() * SKEW}, "a batch alone"),
    ({"rotation_invariant": True, "expected_projection": lambda: OFF - 0.000001 * np.eye(6)}, "a multiple of I"),
    ({"rotation_invariant": True, "second_moment": RIGHT}, "turn with M when the range does: it does not"),
    ({"rotation_invariant": True, "second_moment": Haar(6, 2).second_moment}, ""),
)
def test_what_claims_cannot_be_is_named(members, message):
    """Each alone, without a draw: catches a condition that is left to another one. With this seed the numbers that are
    compared are 2.31 and 3.90: catches a tolerance that is negative beyond one."""
    refuted(message, check_claims, Claims.of(Base(**members)), 26)


def test_claims_that_change_are_refused_and_rounding_is_no_change():
    """A mean that is another one, or is gone; numbers are near up to 1e-9 of one and of themselves."""
    before = Claims.of(Base())
    for means in ({}, {name: mean * (1 + 1e-15) for name, mean in before.means.items()}):
        words = r"expected_projection\(\) must be the same whenever it is asked for"
        refuted(words, check_same, before, replace(before, means=means))
    check_same(before, before)
    for size in (0.0, 3.0):
        a, b = np.full((2, 2), size), np.diag([1.0, 0.0]) * (1 + size) * 1e-9
        assert [_near(a + part * b, a) for part in (0.99, 1.01, -1.01)] == [True, False, False]


def test_a_uniform_range_is_held_against_the_law_of_its_rank():
    """Each draw against that of its own rank, none having no range at all; of rank one there are two laws."""
    _, mean, second = rotation_tests("Sketch", 4, 2, 0)
    assert mean.by_rank
    np.testing.assert_array_equal(second.T[:3], [uniform_tensor(4, k, 4) for k in range(3)])
    assert not second.T[0].any()
    line = rotation_tests("Sketch", 3, 1, 0)[2]
    line.block(Haar(3, 1).sample(np.random.default_rng(0), 400))
    line.check(1e-6)


def test_a_tensor_of_values_is_that_of_their_second_moments():
    """Also in a window; and that of a uniform range is the one of its two numbers."""
    what, V = "Listed.support()", np.linalg.qr(np.random.default_rng(0).standard_normal((4, 3)))[0]
    claims = Claims.of(Listed([1, 2, 3, 4], listed=[0.1, 0.2, 0.3, 0.4]))
    np.testing.assert_allclose(claims.tensor(what, V), replace(claims, support=None).tensor(what, V), atol=1e-15)
    uniform = Claims.of(Haar(4, 2)).tensor("Haar.second_moment(M)", np.eye(4))
    np.testing.assert_allclose(uniform, uniform_tensor(4, 2, 4)[None], atol=1e-15)


@pytest.mark.parametrize(("d", "rank"), [(5, 2), (4, 1), (3, 3)])
def test_second_moments_of_a_uniform_range_are_what_its_traces_say(d, rank):
    """``trace H = r`` and ``||H||^2 = r`` for every draw: two numbers, which are all that such a law has."""
    T, trace = uniform_tensor(d, rank, d), coordinates_of(np.eye(d))
    assert trace @ T @ trace == pytest.approx(rank**2)
    assert np.trace(T) == pytest.approx(rank)
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((d, d)))[0]
    one, other = (coordinates_of(U @ np.diag(np.arange(d)) @ U.T) for U in (np.eye(d), turned))
    assert one @ T @ one == pytest.approx(other @ T @ other)


SENTENCES = {
    "support: a rare value is missing": "must list every value of the sketch",
    "support: values are shorter": "must list every value of the sketch",
    "support: other pairs with the same E[H]": "must give the probabilities with which values are drawn",
    "second moment: b 5% too high, E[H] kept": r"E\[trace\(H\) z'Ht\] is rank times E\[z'Ht\]",
    "second moment: 5% too high": r"second_moment\(I\) must be E\[H\], with trace E\[rank\] <= 2: it is 2\.1",
    "second moment: E[H] M E[H]": r"second_moment\(I\) must be E\[H\]: in its trace over dim it says 0\.25",
    "second moment: M made symmetric": r"second_moment\(M\) must be E\[H M H\] where M is not symmetric too",
    "second moment: of another M in a batch": "must treat each matrix of a batch alone",
    "flag: seven lines": "u'Hu does not have the law that a uniform range has",
    "flag: complex lines": "or second moments those of a uniform range",
    "RareNan": "must be finite, it holds nan or infinity in",
    "FirstOfABatch": "one law: the first draw of a batch has another than",
    "LastOfABatch": "one law: the last draw of a batch has another than",
    "OddAndEven": "one law: the second draw of a batch has another than",
    "OfSizeOne": "one law: a draw of a call of size 1 has another than",
    "NearAtADistance": "at a distance of 16 in a large batch overlap more",
    "PoolOfALargeCall": "ranges were drawn more than once",
    "CountsDraws": "a large call gave other draws",
    "Estimated": "must be the same whenever it is asked for",
    "FailsOnNothing": r"sample\(rng, 0\) must return an array of shape \(0, 6, 2\)",
}
"""Where one way of looking must find the fault, and nothing else first, so that each is seen to work."""


@pytest.mark.long
@pytest.mark.parametrize("name", FALSE)
def test_a_false_law_is_refuted(name):
    refuted(SENTENCES.get(name, "must"), check_sketch, FALSE[name])


@pytest.mark.long
@pytest.mark.parametrize("right", TRUE.values(), ids=TRUE.keys())
def test_what_is_right_in_an_unusual_way_passes(right):
    check_sketch(right)


WRONG_DRAWS = wrong_sketch_draws.__name__
DRAWS = [kind for _, kind in inspect.getmembers(wrong_sketch_draws, inspect.isclass) if kind.__module__ == WRONG_DRAWS]


@pytest.mark.long
@pytest.mark.parametrize("wrong", DRAWS, ids=lambda wrong: wrong.__name__)
def test_draws_that_break_a_promise_are_refuted(wrong):
    """Nearly all claim nothing, so that only draws can give them away; the class that they inherit from passes."""
    sentence = "" if wrong is wrong_sketch_draws.Silent else SENTENCES.get(wrong.__name__, "must")
    refuted(sentence, check_sketch, wrong(4, 1) if wrong.__name__ in ("OddAndEven", "Stratified") else wrong(6, 2))


def test_every_sentence_is_that_of_a_sketch_that_is_tried():
    assert set(SENTENCES) <= {*FALSE, *(wrong.__name__ for wrong in DRAWS)}


@pytest.mark.long
@pytest.mark.parametrize("of", ["mean", "listed"])
def test_the_error_that_the_draws_are_said_to_show_is_seen(of):
    """``55 v / delta^2`` draws: by default for five per cent of a quarter, here a quarter of them for ten. At least 16
    of 20 seeds: with power 0.9 fewer have probability 0.04, with power 0.5 as many 0.006."""
    draws = inspect.signature(check_sketch).parameters["draws"].default // 4
    assert draws == pytest.approx(55 * (1 / 4 * 3 / 4) / 0.025**2, rel=0.01)
    claimed = [0.275, 0.241667, 0.241667, 0.241666]
    sketch = Listed([1, 1, 1, 1], **{of: claimed})
    assert sum(bool(refusal(check_sketch, sketch, draws=draws, rng=seed)) for seed in range(20)) >= 16


@cases("columns, shown", (12, "S = [[1., 1., 1.,"), (13, "S of norm 3.60555 (see witness['S'])"))
def test_a_witness_is_shown_in_full_up_to_twelve_numbers(columns, shown):
    assert f"false, at {shown}" in str(Refuted("false", S=np.ones((1, columns))))


def test_a_rare_draw_is_shown():
    caught = refuted("in 1 of 3938 draws", check_sketch, wrong_sketch_draws.InfinityInLargeBatches(6, 2))
    assert np.isinf(caught.witness["S"]).any()


class Forgetful(Haar):
    """What it knows does not travel: the copy of a worker draws from another law."""

    def __getstate__(self):
        return {"dim": self.dim, "rank": self.rank}

    def sample(self, rng, size):
        return getattr(self, "sign", 1.0) * super().sample(rng, size)


def test_a_sketch_is_the_same_in_a_worker_process():
    """The first raised a bare TypeError of the copy module; the second passed, and two workers gave other numbers."""
    locked = Base(lock=threading.Lock())  # which no other process can be given
    refuted(r"^Base must be such that it can be sent to worker processes", check_sketch, locked, draws=64)
    forgetful = Forgetful(6, 2)
    object.__setattr__(forgetful, "sign", -1.0)
    refuted("Forgetful must draw the same in a worker process, its copy", check_sketch, forgetful, draws=64)


def test_two_forms_are_told_apart_where_they_differ_most():
    """Catches the largest entry in the place of the largest difference."""
    forms = {"first": np.diag([0.9, 0.5, 0.2]), "second": np.diag([0.91, 0.4, 0.2])}
    refuted(r"second must be E\[H\]: it says 0\.4 at \(1, 1\), first says 0\.5", _check_agreement, "E[H]", forms)


def test_a_window_of_many_coordinates_holds_some_the_diagonal_and_others():
    """Four coordinates of twelve, the first and the last among them, and the diagonal lie in its eight directions."""
    V = moments.window(12, 0)
    assert V.shape == (12, 8)
    np.testing.assert_allclose(V.T @ V, np.eye(8), atol=1e-12)
    for u in (*np.eye(12)[[0, 3, 7, 11]], np.ones(12)):
        np.testing.assert_allclose(V @ (V.T @ u), u, atol=1e-12)
    assert not np.allclose(V @ (V.T @ np.eye(12)[1]), np.eye(12)[1])


@pytest.mark.parametrize("r", [1, 2, 3])
def test_the_largest_product_with_a_projection_may_be_that_of_what_is_negative(r):
    """``|<S, H>|`` of eigenvalues -5, 1 and 2. Catches what is positive among the negative ones."""
    moment = SecondMoment("", np.eye(3), uniform_tensor(3, 1, 3)[None])
    S = coordinates_of(np.diag([-5.0, 1, 2]))[:, None]
    assert [*moment._longest(S, r), *moment._longest(-S, r)] == pytest.approx([5, 5])
    assert min(moment._longest(S, r), moment._longest(-S, r)) >= 5  # rounded up: what is bet loses no more
    positive = coordinates_of(np.diag([1.0, 2, 4]))[:, None]
    assert moment._longest(positive, r) == pytest.approx([sum([4, 2, 1][:r])])
