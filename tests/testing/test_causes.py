"""A wrong implementation is refused with its cause in words, and each number in them is the one that was put in."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import GD, SGD, RACLoRA, Reshuffled
from rac_theory.algorithms.galore import leading_part
from rac_theory.problems import LeastSquares
from rac_theory.testing.algorithms import cause
from rac_theory.testing.algorithms.claimed import View
from rac_theory.testing.algorithms.moves import spaces
from rac_theory.testing.trainers.arrays import FORMATS
from tests.testing import by_hand
from tests.testing.by_hand import BATCH, COIN, DRAWS, GAMMA, LEAST, PLAIN, RAC, SAMPLED, Mine, X, Y, checked, step
from tests.testing.cases import cases

WRONG = [
    (RAC, {"scale": 0.95}, r"its steps are 0\.95 of those that are declared"),
    (RAC, {"shrinks": True}, r"its steps change with time: they are 1, 0\.5, 0\.33333, 0\.25, \.\.\. of those"),
    (RAC, {"fresh": False}, r"the sketch is not drawn afresh: .* lie in one space of rank 2"),
    (RAC, {"side": "right"}, r"it moves the other side: its steps act on the gradient from the right, side='left'"),
    (RAC, {"momentum": 0.5}, r"a step keeps about 0\.(49|5) of the one before: is it momentum"),
    (RAC, {"momentum": 0.9, "scale": 0.1}, r"a step keeps about 0\.(8[5-9]|9\d?) of the one before: is it momentum"),
    (RAC, {"bias": 0.05}, r"its gradient is biased: it is off by one matrix wherever W is, of norm 0\.2449"),
    (RAC, {"decay": 0.01}, r"its gradient is not that of the problem: it adds 0\.01 W, is it weight decay"),
    (RAC, {"rows": 10}, r"its gradient is biased, it is not that of the problem: at one W it is off by 0\.\d+ of its"),
    (RAC, {"law": "coordinates"}, r"sketches come again: 8192 first moves from one W lie in 15 spaces; .* of few val"),
    (GD(GAMMA), {"sketched": False, "scale": 0.95}, r"its steps are 0\.95 of those that are declared"),
    (GD(GAMMA), {"sketched": False, "rows": 10}, r"its gradient is biased"),
    (SAMPLED, {"batch": 4, "scale": 0.8}, r"its steps are about 0\.\d+ of those that are declared, on average"),
    (SAMPLED, {"batch": 4, "side": "right"}, r"the columns of its moves lie elsewhere .* does it act from the right"),
    (SAMPLED, {"batch": 4, "momentum": 0.5}, r"a step keeps about 0\.\d+ of the one before"),
    (SAMPLED, {"batch": 4, "rows": 10}, r"its gradient is biased: its mean step is off by about 0\.\d+ of the decl"),
    (SGD(GAMMA, BATCH), {"sketched": False, "batch": 4, "scale": 0.9}, r"its steps are about 0\.(8[89]|9\d?) of those"),
    (PLAIN, {"lora_alpha": 1.0, "scale": 0.8}, r"its steps are about 0\.\d+ of those that are declared, on average"),
    (PLAIN, {"lora_alpha": 1.0, "side": "right"}, r"it moves the other side: .* from the right, side='left'"),
]


@cases(
    "D, G, words",
    ([1, np.inf], [1, 1], None),
    ([1, 1], [np.nan, 1], None),
    ([0, 0], [1, 1], "it does not move"),
    ([0, 1], [1, 1], "a rule"),
)
def test_no_cause_is_looked_for_in_what_is_not_finite(D, G, words, monkeypatch):
    """Wherever it is: catches a look at all of the numbers that is content with some."""
    monkeypatch.setattr(cause, "_RULES", (lambda moves: "a rule",))
    assert cause._cause(SimpleNamespace(D=np.array(D, float), G=np.array(G, float))) == words


@pytest.mark.long
@pytest.mark.parametrize(("implements", "changes", "cause"), WRONG, ids=[f"{R!r:.12} {c}" for R, c, _ in WRONG])
def test_the_cause_is_named(implements, changes, cause):
    checked(Mine(**changes), rf"^Mine must be .*, but {cause}.* Seen first: Mine", implements)


class Otherwise(Mine):
    """A step with a ``fault``, or of which ``moved``, ``matrices`` or ``gradient`` is another one."""

    fault = ""

    def iterates(self, problem, W, rng):
        self = copy.copy(self)  # what a run remembers is its own
        last, used = W, None
        for t in range(10**6):
            if self.fault == "lookahead":
                V = W + 0.9 * (W - last)
                last, W = W, V - GAMMA * self.matrices(rng, len(W)) @ self.gradient_of(problem, V, rng)
            elif self.fault == "late" and t % 2:
                W, used = W - GAMMA * self.matrices(rng, len(W)) @ used, None
            else:
                used = self.gradient_of(problem, W, rng)
                W = self.moved(W, self.matrices(rng, len(W)), used, t)
            yield W

    def gradient_of(self, problem, W, rng):
        return self.slowness(problem) * (self.gradient(W, rng) + 0.2 * W)

    def moved(self, W, H, G, t):
        return W - GAMMA * H @ G


class Dropped(Otherwise):
    def gradient_of(self, problem, W, rng):
        return super().gradient_of(problem, W, rng) * (rng.random(W.shape) < 0.8) / 0.8


class Twice(Otherwise):
    last = None

    def matrices(self, rng, runs):
        if self.last is None or len(self.last) != runs:
            self.last = super().matrices(rng, runs)
            return self.last
        kept, self.last = self.last, None
        return kept


class Lingers(Otherwise):
    """A sketch has a column of the one before: of its plane (1 + 1/5) / 2 is in the other, where 1/3 is by chance."""

    last = None

    def matrices(self, rng, runs):
        S = rng.standard_normal((runs, 6, 2))
        if self.last is not None and len(self.last) == runs:
            S[:, :, 0] = self.last[:, :, 1]
        self.last = S
        return S @ np.linalg.pinv(S)


class BatchTwice(Otherwise):
    """Numbers of components that were drawn for the step before serve a second one."""

    drawn = None

    def gradient(self, W, rng):
        again, self.drawn = self.drawn, rng.integers(2**63) if self.drawn is None else None
        return super().gradient(W, np.random.default_rng(self.drawn if again is None else again))


class EpochBatches(Otherwise):
    """Batches of four run through an epoch of twenty."""

    t = 0

    def gradient(self, W, rng):
        if self.t % 5 == 0:
            self.order = rng.permuted(np.tile(np.arange(20), (len(W), 1)), axis=1)
        self.t += 1
        return by_hand.batch_gradient(W, self.order[:, 4 * ((self.t - 1) % 5) :][:, :4])


class Epoch(Otherwise):
    """One component after the other under one sketch, in a cyclic order that begins anywhere."""

    def iterates(self, problem, W, rng):
        while True:
            H = self.matrices(rng, len(W))
            for i in ((np.arange(20) + rng.integers(20, size=(len(W), 1))) % 20).T:
                W = W - EPOCHS.gamma * H @ problem.component_gradient(W, i[:, None])
            yield W


def to_bfloat16(W, H, G, t):
    return W - FORMATS["bfloat16"].rounded(GAMMA * H @ G)


def clipped(W, H, G, t):
    return W - GAMMA * H @ (G / np.maximum(1, np.linalg.norm(G, axis=(1, 2), keepdims=True)))


def scheduled(W, H, G, t):
    return W - GAMMA * (0.5 + 0.5 * np.cos(np.pi * t / 1000)) * H @ G


def replacing(W, rng):
    return by_hand.batch_gradient(W, rng.integers(20, size=(len(W), 4)))


EPOCHS = RACLoRA(RAC.sketch, GAMMA / 20, gradients=Reshuffled())
OTHERWISE = [
    (RAC, Otherwise(fault="lookahead"), r"a step keeps about 0\.\d+ of the one before: is it momentum"),
    (GD(GAMMA), Mine(sketched=False, momentum=0.9, scale=0.1), r"a step keeps about 0\.\d+ of the one before"),
    (RAC, Otherwise(fault="late"), r"its gradient is stale: step 2 takes that of step 1\."),
    (RAC, Otherwise(moved=scheduled), r"its steps change with time: they are 1, 1, 0\.99999, .* is there a schedule\?"),
    (RAC, Otherwise(moved=clipped), r"its gradient is clipped, or normalised: where it is longer, its length is 1\."),
    (
        RAC,
        Otherwise(moved=lambda W, H, G, t: W - GAMMA * H @ np.clip(G, -0.5, 0.5)),
        r"its gradient has entries of size 0\.5 at most: are they clipped",
    ),
    (
        RAC,
        Otherwise(moved=lambda W, H, G, t: 0.998 * W - GAMMA * H @ G),
        r"beside its step it takes 0\.002 W off W: is it weight decay",
    ),
    (RAC, Otherwise(moved=to_bfloat16), r"its moves are rounded to bfloat16; is a product merged in low precision"),
    (RAC, Dropped(), r"its gradient is another one in each run from one W: is dropout left on"),
    (GD(GAMMA), Dropped(sketched=False), r"it draws, where nothing is declared to: .* is dropout left on"),
    (RAC, Mine(lora_alpha=2.0), r"its steps are no projections: each is B K B' G .* is it the plain step, without the"),
    (SAMPLED, Mine(lora_alpha=2.0, batch=4), r"the lengths of its steps are spread .* are they plain steps"),
    (RAC, Twice(), r"a sketch is used twice: in all runs step 2 moves in the space of step 1\."),
    (RAC, by_hand.LosesRank(), r"its moves lose rank: \d+ of 8448 have a rank below 2, that of the sketch\."),
    (RAC, Lingers(), r"its sketches are not independent: a move has 0\.(59|60)\d* of .* fresh .* 0\.33\d*"),
    (
        RAC,
        Otherwise(moved=lambda W, H, G, t: W - GAMMA * leading_part(G, 2)),
        r"it draws no sketch: its moves are along the leading singular vectors of the gradient",
    ),
    (SAMPLED, BatchTwice(batch=4), r"its batches are not drawn afresh: 0\.\d+ of the noise of a step is that of the"),
    (SAMPLED, EpochBatches(), r"its batches are not drawn afresh: a step has -0\.\d+ of the noise .* an epoch"),
    (SAMPLED, Otherwise(gradient=replacing), r"the noise of its gradients .* are batches drawn with replacement"),
    (EPOCHS, Epoch(), r"its epochs are in another order than a random one: is a fixed order shifted"),
]


@pytest.mark.long
@pytest.mark.parametrize(("implements", "own", "cause"), OTHERWISE, ids=map(str, range(len(OTHERWISE))))
def test_the_cause_of_what_is_done_otherwise_is_named(implements, own, cause):
    """At draws of which the check sees the fault at all; would catch a rule that comes before one that fits better."""
    checked(own, rf"must be .*(, but |: ){cause}", implements, draws=4 * DRAWS)


def test_a_sketch_that_the_object_was_made_with_is_stale():
    """A step that never draws; each run of it is called with a generator all the same."""
    B = np.random.default_rng(3).standard_normal((6, 2))

    def once(W, rng):
        return W - GAMMA * B @ np.linalg.pinv(B) @ LEAST.gradient(W)

    checked(once, r"^once must be .*, but the sketch is not drawn afresh: the first 8 moves")


def test_a_side_as_long_as_the_rank_is_told_too():
    """Two columns, rank 2 declared from the left, and rank 1 drawn from the right: no rank of a sketch fits there."""
    two = LeastSquares(X, Y[:, :2], l2=0.2)

    def turned(W, rng):
        a = rng.standard_normal((2, 1))
        return W - two.gradient(W) @ a @ a.T / float(np.sum(a * a)) / two.L

    words = "but it moves the other side: its steps act on the gradient from the right"
    checked(turned, words, RACLoRA(RAC.sketch, 1 / two.L), problem=two)


@pytest.mark.parametrize("late", [0, 3])
def test_what_is_no_number_is_no_divergence(late):
    """Where a run is nan nothing is compared; would catch a check that a step passes by being nan, at once or later."""

    class Lost:
        t = 0

        def step(self, W, rng):
            self.t += 1
            return step(W, rng) if self.t <= late else np.full_like(W, np.nan)

    checked(Lost(), rf"Lost with Exact gradients must stay finite .*: step {late + 1} is not")


def test_a_generator_of_its_own_is_named():
    class Seeded:
        def __init__(self):
            self.rng = np.random.default_rng(1)

        def step(self, W, rng):
            return step(W, self.rng)

    checked(Seeded(), "but it does not draw from the rng that it is given: all runs from one W")


@pytest.mark.long
def test_a_failure_without_a_known_cause_is_told_as_it_was_seen():
    """A coin that falls .7 of the time moves by a law that no rule here describes fully; the check still fails."""

    def loaded(W, rng):
        H, G = Mine(side="left" if rng.random() < 0.8 else "right").matrices(rng, 1)[0], LEAST.gradient(W)
        return W - GAMMA * (H @ G if len(H) == 6 else G @ H)

    words = r"^loaded must be Bernoulli.*must move by -gamma E\[H\] grad f on average"
    checked(loaded, words, COIN, draws=2 * DRAWS)


RNG = np.random.default_rng(2201)
U = np.linalg.qr(RNG.standard_normal((8, 6, 2)))[0]
INNER = np.swapaxes(U, 1, 2) @ RNG.standard_normal((8, 6, 4))


def test_spaces_are_known_where_all_moves_have_the_rank_of_the_sketch():
    """Catches a rank of some moves for that of all, a side shorter than the rank, and a basis of nothing."""
    D = 1e-4 * U[:2] @ INNER[:2]
    bases, full = spaces(View("left", 2), D)
    assert full
    assert np.swapaxes(bases, 1, 2) @ bases == pytest.approx(np.eye(2)[None].repeat(2, 0), abs=1e-15)
    D[1] = D[1, :, :1] * np.ones(4)
    bases, full = spaces(View("left", 2), D)
    assert not full
    assert bases.any(axis=1).tolist() == [[True, True], [True, False]]
    assert not spaces(View("left", 2), D[:1, :, :1])[1]
    assert not spaces(View("left", 2), 0 * D)[1]
