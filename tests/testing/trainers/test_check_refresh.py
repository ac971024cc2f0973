"""Optimisers with a low-rank subspace pass if they find it anew and project what they remember; each fault is named."""

import re

import numpy as np
import pytest

from rac_theory.testing import check_refresh
from rac_theory.testing.trainers.check_refresh import _Course, _turns
from tests.testing.cases import cases
from tests.testing.failing import expect_refusal, refusal, refuted

RANK, GAP = 2, 4
TALL = ((12, 8),)


class LowRank:
    """Momentum, or Adam, of which all runs in coordinates of a frame of the shorter side."""

    def __init__(self, frames="svd", buffer="kept", adam=False, once=False, rank=RANK, gap=GAP, late=0, rate=0.1):
        self.frames, self.buffer, self.adam, self.once = frames, buffer, adam, once
        self.rank, self.gap, self.late, self.rate = rank, gap, late, rate

    def new(self, shape, seed):
        return {"t": 0, "rng": np.random.default_rng(seed), "m": 0.0, "v": 0.0, "M": 0.0}

    def frame(self, rng, G):
        if self.frames == "svd":
            return np.linalg.svd(G)[0][:, : self.rank]
        if self.frames == "coordinates":
            return np.eye(len(G))[:, rng.permutation(len(G))[: self.rank]]
        Q, R = np.linalg.qr(rng.standard_normal((len(G), self.rank)))
        return Q * np.sign(np.diag(R)) if self.frames == "haar" else Q

    def step(self, state, G):
        if G.shape[0] > G.shape[1]:
            return self.step(state, G.T).T
        t = state["t"]
        if t == 0 or ((t + self.late) % self.gap == 0 and not self.once):
            P = self.frame(state["rng"], G)
            if t and self.buffer == "projected":
                state["m"] = P.T @ state["P"] @ state["m"]
            if self.buffer == "reset":
                state["m"] = state["v"] = 0.0 * state["m"]
            state["P"] = P
        state["t"] += 1
        P = state["P"]
        R = P.T @ G
        if self.buffer == "matrix":
            state["M"] = 0.9 * state["M"] + P @ R
            return -self.rate * P @ P.T @ state["M"]
        state["m"] = 0.9 * state["m"] + 0.1 * R
        state["v"] = 0.999 * state["v"] + 0.001 * R**2
        return -self.rate * P @ (state["m"] / (np.sqrt(state["v"]) + 1e-8) if self.adam else state["m"])


def checked(gap=GAP, rank=RANK, shapes=((12, 8), (8, 12)), rng=0, own=None, **options):
    optimiser = LowRank(gap=own or gap, rank=rank, **options)
    check_refresh(optimiser.new, optimiser.step, rank=rank, gap=gap, shapes=shapes, rng=rng)


@cases(
    "buffer, frames, others",
    *((buffer, frames, {}) for buffer in ("projected", "reset", "matrix") for frames in ("svd", "haar", "qr")),
    *(("projected", frames, {"adam": True}) for frames in ("svd", "haar", "qr")),
    ("reset", "haar", {"adam": True}),
    *((buffer, frames, {"own": 1}) for buffer in ("projected", "reset") for frames in ("svd", "haar")),
    ("reset", "svd", {"gap": 3, "late": 1, "rate": 1e-5}),
    ("projected", "coordinates", {}),
    ("projected", "svd", {"shapes": [(13, 9)]}),
)
def test_right_ones_pass(buffer, frames, others):
    """Catches a threshold of none against: of Adam's moves, projected anew, some point backwards. With a frame for each
    step moves all turn alike, or not at all if it is made from gradients; what is projected several times may point
    backwards. Catches a turn that must stand out from those before it, or come while no frame is due; a move of which
    no entry may be zero; and sides that have no half."""
    checked(buffer=buffer, frames=frames, **others)


@pytest.mark.parametrize("adam", [False, True])
@cases(
    "options, cause",
    ({"once": True}, "must find its subspace of a 12 x 8 matrix anew every 4 steps: none of 8 moves turns"),
    ({"once": True, "frames": "haar"}, "must find its subspace of a 12 x 8 matrix anew every 4 steps"),
    ({"own": 8}, "is the projector made once, is there another gap"),  # which a longer run would find
    ({}, "once gradients are orthogonal to all before, its move has a cosine of"),
    ({"own": 1}, "once gradients are orthogonal to all before, its move has a cosine of"),
    ({"frames": "haar", "gap": 3, "late": 1}, "under the next frame it points backwards in"),
    ({"frames": "haar"}, "under the next frame it points backwards in"),
    ({"frames": "qr"}, "of a QR factorisation without the signs of its diagonal?"),
)
def test_each_fault_is_named(options, cause, adam):
    """Catches uniform frames that are called those of QR."""
    said = refusal(checked, **options, adam=adam, shapes=TALL)
    assert cause in said
    assert ("QR" in said) is (options.get("frames") == "qr")


@pytest.mark.parametrize(("rank", "share"), [(1, 1.0), (2, 0.65), (3, 0.65)])
def test_the_power_that_is_said(rank, share):
    """Frames without signs, at three seeds. At rank 3 some 0.69 of entries go on to their side; 0.65 are asked for."""
    for rng in range(3):
        given = {"frames": "qr", "rank": rank, "gap": 3, "shapes": TALL, "rng": 1000 * rng}
        caught = refuted("of a QR factorisation", checked, **given)
        assert int(re.search(r"to its side in (\d+)%", str(caught))[1]) >= 100 * share


def test_a_side_of_its_own_and_a_wide_matrix():
    """Would catch a check that sees the left side of a gradient alone."""
    optimiser = LowRank()

    def right(state, G):
        return optimiser.step(state, G.T).T if G.shape[0] <= G.shape[1] else optimiser.step(state, G)

    refuted("once gradients are orthogonal", checked, shapes=[(8, 12)])
    refuted("once gradients are orthogonal", check_refresh, optimiser.new, right, rank=RANK, gap=GAP, shapes=[(8, 8)])


@cases(
    "changes, message",
    ({"rank": 5}, "rank must be in 1..half the smaller side=4, got 5"),
    ({"rank": 0}, "rank must be >= 1, got 0"),
    ({"gap": 2}, "gap must be >= 3, got 2"),
    ({"seeds": 7}, "seeds must be >= 8, got 7"),
    ({"alpha": 1.0}, "alpha must be a finite number > 0 and < 1, got 1"),
    (
        {"new": lambda shape, seed: [], "step": lambda state, G: state.append(G) or G[:, : 9 - len(state)]},
        r"step must return a move of shape \(12, 8\), got \(12, 7\)",
    ),
    ({"step": lambda state, G: None}, r"step\(state, G\) must be"),
)
def test_nonsense(changes, message):
    optimiser = LowRank()
    with pytest.raises(ValueError, match=message):
        check_refresh(**{"new": optimiser.new, "step": optimiser.step, "rank": RANK, "gap": GAP} | changes)


@pytest.mark.parametrize("every", [2, 99])
def test_what_does_not_move_is_named(every):
    """Never, or not in every step."""

    def step(state, G):
        state.append(G)
        return (len(state) % every == 0) * G

    words = "must move a 12 x 8 matrix whose gradient is not zero"
    refuted(words, check_refresh, lambda shape, seed: [], step, rank=1, gap=3)


@cases("backwards, cosine, share", (51, -1.0, ""), (52, -1.0, "20%"), (256, -9e-4, ""), (256, -1.1e-3, "100%"))
def test_a_fifth_of_moves_may_point_backwards_and_more_than_a_thousandth_of_them(backwards, cosine, share):
    """Of 256 pairs; what is remembered goes on along itself in the others. Catches a bound of a sixth."""
    course, along = _Course(None, None, (2, 2), GAP, 0), np.eye(2)[:1].T * np.eye(2)[:1]
    turned = cosine * along + np.sqrt(1 - cosine**2) * along[::-1]
    course._remembered = lambda G, seed: (along, turned if seed < backwards else along)
    words = f"under the next frame it points backwards in {share} of 256 cases"
    expect_refusal(words * bool(share), course._check_drawn, 256, 1e-6)


@cases(
    "turns, found",
    ([0.1, 0.055], False),
    ([0.1, 0.065], True),
    ([0.1, 0.05, 0.04], True),
    ([1e-4, 0.9e-3], False),
    ([1e-4, 1.1e-3], True),
)
def test_a_turn_is_one_that_is_not_much_less_than_the_one_before(turns, found):
    """Less than six tenths of it, as where a limit on growth wears off, or less than a thousandth, is none."""
    angles = np.cumsum([0.3, *np.arccos(1 - np.array(turns))])
    moves = np.array([1.0, 5.0, 0.1, 1.0])[: len(angles)] * [np.cos(angles), np.sin(angles)]
    assert _turns(moves.T[:, None]) is found
