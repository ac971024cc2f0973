"""Each rule about moves, on moves that are made by hand: what it says, and what keeps it silent."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory.testing.algorithms import cause_by_moves as rules
from rac_theory.testing.algorithms.claimed import View
from rac_theory.testing.algorithms.moves import RUNS, STEPS
from rac_theory.testing.trainers.arrays import FORMATS
from tests.testing.moves_by_hand import ask, bases, but, projected

RNG = np.random.default_rng(5002)
LEFT, RIGHT, GAMMA, HALF, MANY = View("left", 2), View("right", 2), 0.6, RUNS // 2, 512
W, G = RNG.standard_normal((2, STEPS + 1, RUNS, 6, 4))
G = G[:-1]
W[0, HALF:], G[0, HALF:] = W[0, :HALF], G[0, :HALF]
NEAR, FAR = 0.9e-4, 1.1e-4  # parts of a step on the two sides of what is taken for exact
bases = partial(bases, RNG)


def along(U, M=G):
    return GAMMA * projected(U, M)


D, R = along(bases(STEPS, RUNS)), along(bases(STEPS, RUNS))
ONE = along(bases(2, MANY), G[0, 0])
FRESH = SimpleNamespace(D=ONE, R=along(bases(2, MANY), G[0, 0]))
CLAIM = SimpleNamespace(
    is_fresh=True, views=(LEFT,), declared=SimpleNamespace(gamma=GAMMA), algorithm=SimpleNamespace(deterministic=False)
)


def seen(D=D, *, g=None, **others):
    """Moves of right steps, but for what is given; ``g`` is the gradient that first moves from a W have."""

    def first(at, runs, stream, steps=1):
        return SimpleNamespace(D=along(bases(1, runs), (g or (lambda W: G[0, int(stream) - 1]))(at)))

    some = {"D": D, "R": R, "G": G, "from_one_W": FRESH, "first": first, "later": (D, G), "sketch": LEFT}
    some |= {"claim": CLAIM, "problem": SimpleNamespace(shape=(6, 4)), "course": SimpleNamespace(W=W)}
    some |= {"is_exact": True, "knows_gradient": True, "alike_from_one_W": False}
    return SimpleNamespace(**some | others)


SHORT = 1e-3
"""A step that is far from one, as the rounding of a move is over it in a gradient."""


def claimed(**changes):
    return SimpleNamespace(**vars(CLAIM) | changes)


RULES = [rules.stale, rules.leading, rules.other_side, rules.used_again, rules.low_rank, rules.plain]
RULES += [rules.random_gradient, rules.alike, rules.random, rules.rounded, rules.scaled, rules.old_gradient]
RULES += [rules.other_gradient, rules.nearly]
FROZEN = along(bases(RUNS))
TURNED = np.swapaxes(along(bases(STEPS, RUNS, d=4), np.swapaxes(G, 2, 3)), 2, 3)
SPLIT = np.linalg.svd(G[0], full_matrices=False)
LEADING = GAMMA * (SPLIT[0][..., :2] * SPLIT[1][:, None, :2]) @ SPLIT[2][:, :2]
SAME = but(D, (0, slice(HALF, None)), D[0, :HALF])
TIMES = np.array([1, 0.5, 0.25, 0.2, 0.1, 0.1, 0.1, 0.1])[:, None, None, None]
LARGE = np.sort(np.abs(G[0, :2]), axis=None)[::-1]
ALIKE = np.broadcast_to(SAME[:, :HALF][:, None], (STEPS, 2, HALF, 6, 4)).reshape(D.shape)
DRAWN = RNG.uniform(0.5, 1, (STEPS, RUNS, 1, 1))
FARTHEST = DRAWN[0, np.abs(DRAWN[0, :HALF] - DRAWN[0, HALF:]).argmax() + np.array([0, HALF]), 0, 0]
SHRUNK = np.minimum(1, 4 / np.linalg.norm(G, axis=(2, 3), keepdims=True))
NORMALISED = 4 / np.linalg.norm(G, axis=(2, 3), keepdims=True)
MULTIPLES = 1 + np.linalg.norm(G, axis=(2, 3), keepdims=True) ** 2
NOISE = RNG.standard_normal(D.shape)
NO_CLAIM = claimed(is_fresh=False)
DETERMINISTIC = claimed(algorithm=SimpleNamespace(deterministic=True))


def first_alike(stream_counts):
    return lambda W, runs, stream: SimpleNamespace(D=G[:1, stream * stream_counts :][:, :runs])


def again(t):
    """Moves in the spaces of a step, by other gradients."""
    U = np.linalg.svd(D[t])[0][..., :2]
    return along(U, NOISE[t])


def paired_runs(pairs, fresh=0):
    """First moves of which some are a multiple of another one's, and of the fresh ones."""
    some = (but(M, (0, slice(1, 2 * k, 2)), 2 * M[0, : 2 * k : 2]) for M, k in ((ONE, pairs), (FRESH.R, fresh)))
    return SimpleNamespace(**dict(zip("DR", some, strict=True)))


def one(first, fresh=D[3]):
    return {"from_one_W": SimpleNamespace(D=first[None], R=fresh[None])}


def biased(change):
    """The gradient that a step has at the first two W."""
    return lambda at: change(at, G[0, next(i for i in range(2) if np.array_equal(at, W[0, i]))])


def clipped(entries):
    """The gradients of which as many entries are cut off."""
    most = LARGE[entries - 1 : entries + 1].mean()
    return biased(lambda W, G: np.clip(G, -most, most))


def low(rounded):
    """Iterates, moves and gradients of low precision, with the moves that they make."""
    yield "iterates", W[0] - rounded(W[1]), but(W, 1, rounded(W[1]))
    for what, move in (("moves", rounded(D[0])), ("gradients", GAMMA * rounded(D[0] / GAMMA))):
        yield what, move, but(W, 1, W[0] - move)


def drawn_plain(K):
    U = bases(STEPS, RUNS)
    return U @ K @ np.swapaxes(U, 2, 3) @ G


ONE_RANK, MORE = along(bases(RUNS, rank=1), G[0]), along(bases(RUNS, rank=3), G[0])
WIDER = np.swapaxes(along(bases(STEPS, RUNS, d=4, rank=3), np.swapaxes(G, 2, 3)), 2, 3)
TALL = RNG.standard_normal((STEPS, RUNS, 6, 4))
B = RNG.standard_normal((STEPS, RUNS, 4, 2))
PLAIN = TALL @ B @ np.swapaxes(B, 2, 3)
SKEW = np.linalg.norm([[0.03, 0.01], [0.01, 0.02]]) / np.sqrt(8) * np.array([[0, 1], [-1, 0]])  # K - K' is as long as K
SYMMETRIC = np.array([[0.03, 0.01], [0.01, 0.02]])
K_OF_RUNS = np.repeat(SYMMETRIC[None], RUNS, axis=0)
FEW = [M[:1, :8] for M in (D, W, NOISE)]
EIGHT = {"course": SimpleNamespace(W=FEW[1])}
RANDOM, ANY = along(bases(STEPS, RUNS), NOISE), {"g": lambda W: RNG.standard_normal((RUNS, 6, 4))}
INEXACT, PART = {"is_exact": False}, (np.arange(RUNS) < HALF)[:, None, None] * SAME[0]
FAULTS = [
    *((rule, None, [], {}) for rule in RULES),
    (rules.stale, "the first 8 moves of a run lie in one space of rank 2", [FROZEN], {}),
    (rules.stale, None, [FROZEN], {"claim": NO_CLAIM}),
    (rules.stale, None, [but(FROZEN, (7, 3), D[7, 3])], {}),
    (rules.stale, None, [FROZEN], {"R": FROZEN}),
    (rules.stale, "not drawn afresh", [FROZEN], {"R": but(FROZEN, (7,), D[7])}),
    (rules.alike, "it does not draw from the rng that it is given", [ALIKE], {"first": first_alike(0)}),
    (rules.alike, "sketches come again: runs from one W make the same moves", [ALIKE], {"first": first_alike(1)}),
    (rules.alike, "sketches come again", [ALIKE], {"first": lambda *given: SimpleNamespace(D=1e-3 * given[2] * G[:1])}),
    (rules.alike, None, [D / 100], {"R": R / 100, "first": first_alike(0)}),
    (rules.alike, "does not draw", [ALIKE / 100], {"R": R / 100, "first": first_alike(0)}),
    (rules.alike, None, [ALIKE], {"R": ALIKE, "first": first_alike(0)}),
    (rules.leading, "moves are along the leading singular vectors", [but(D, 0, (1 + NEAR) * LEADING)], {}),
    (rules.leading, None, [but(D, 0, (1 + FAR) * LEADING)], {}),
    (rules.leading, None, [but(D, 0, LEADING)], INEXACT),
    (rules.leading, None, [but(D, (0, slice(1, None)), LEADING[1:])], {}),
    (rules.leading, None, [but(D, 0, LEADING)], {"sketch": View("left", 5)}),
    (rules.random, "two runs from one W part", [], {"claim": DETERMINISTIC}),
    (rules.random, "two runs from one W part", [but(D, (0, 0), D[0, HALF])], {"claim": DETERMINISTIC}),
    (rules.random, None, [but(D, 0, SAME[0] + 1.3e-9 * PART)], {"claim": DETERMINISTIC}),
    (rules.random, "two runs", [but(D, 0, SAME[0] + 1.5e-9 * PART)], {"claim": DETERMINISTIC}),
    (rules.scaled, "its steps are 0.95 of those that are declared", [0.95 * D], {}),
    (rules.scaled, "its steps are -1 of those that are declared", [-D], {}),
    (rules.scaled, None, [0.95 * D], INEXACT),
    (rules.scaled, None, [(1 + NEAR) * D], {}),
    (rules.scaled, "its steps are 1 of those", [(1 + FAR) * D], {}),
    (rules.scaled, "they are 1, 0.5, 0.25, 0.2, ... of those", [TIMES * D], {}),
    (rules.scaled, "from one W they are {:.4g} and {:.4g} of those".format(*FARTHEST), [DRAWN * D], {}),
    (rules.scaled, "its gradient is clipped, or normalised: where it is longer, its length is 4", [SHRUNK * D], {}),
    (rules.scaled, "clipped, or normalised", [but(SHRUNK * D, 1, 1.5 * D[1])], {}),
    (rules.scaled, "they are 1 at first and 0.5 at step 6", [], {"later": (but(D, slice(5, None), D[5:] / 2), G)}),
    (rules.scaled, "0.5 at step 6", [], {"later": (1e8 * but(D, slice(5, None), D[5:] / 2), 1e8 * G)}),
    (rules.scaled, "they are 1, 0.99997, 0.99997,", [], {"later": (but(D, slice(1, None), 0.99997 * D[1:]), G)}),
    (rules.scaled, None, [], {"later": (but(D, slice(1, None), 0.99998 * D[1:]), G)}),
    (rules.scaled, "they are 1, 1, 1, 0.5, ... of", [], {"later": (but(D, slice(3, None), D[3:] / 2), G)}),
    (rules.scaled, "at first and 0.5 at step 5 of", [], {"later": (but(D, slice(4, None), D[4:] / 2), G)}),
    (rules.scaled, None, [], {"later": (but(but(D, 6, np.nan), 7, 2 * D[7]), G)}),
    (rules.scaled, "at first and 2 at step 8", [], {"later": (but(but(D, (7, 3), np.nan), 7, 2 * D[7]), G)}),
    (rules.scaled, None, [], {"later": (but(but(D, 5, D[5] / 2), (7, 3), NOISE[7, 3]), G)}),
    (rules.scaled, "its gradient is normalised: its length is 40 wherever W is", [10 * NORMALISED * D], {}),
    (rules.scaled, "its gradient is normalised: its length is 4.9 wherever W is", [4.9 / 4 * NORMALISED * D], {}),
    (rules.scaled, "its step size changes with W", [MULTIPLES * D], {}),
    (rules.scaled, "its step size changes with W", [but(MULTIPLES * D, 0, D[0])], {}),
    (rules.old_gradient, "step 3 takes that of step 1", [but(D, 2, along(bases(RUNS), G[0]))], {}),
    (rules.old_gradient, None, [but(but(D, 2, along(bases(RUNS), G[0])), 5, NOISE[5])], {}),
    (rules.old_gradient, None, [but(D, 2, along(bases(RUNS), G[0]))], INEXACT),
    (rules.old_gradient, "step 3 takes", [but(D, 2, (1 + NEAR) * along(bases(RUNS), G[0]))], {}),
    (rules.old_gradient, None, [but(D, 2, (1 + FAR) * along(bases(RUNS), G[0]))], {}),
    (rules.used_again, "in all runs step 5 moves in the space of step 4", [but(D, 4, again(3))], {}),
    (rules.used_again, "22 of 1792 moves lie in the space of an earlier", [but(D, (4, slice(22)), again(2)[:22])], {}),
    (rules.used_again, None, [but(D, (4, slice(20)), again(2)[:20])], {}),
    (rules.used_again, None, [but(D, (4, slice(21)), again(2)[:21])], {"R": but(R, (1, 0), 2 * D[0, 0])}),
    (rules.used_again, "23 of", [but(D, (4, slice(23)), again(2)[:23])], {"R": but(R, (1, 0), 2 * D[0, 0])}),
    (rules.used_again, "512 first moves from one W lie in 491 spaces", [], {"from_one_W": paired_runs(21)}),
    (rules.used_again, None, [], {"from_one_W": paired_runs(20)}),
    (rules.used_again, None, [], {"from_one_W": paired_runs(22, 1)}),
    (rules.used_again, "lie in 489 spaces", [], {"from_one_W": paired_runs(23, 1)}),
    (rules.low_rank, "have rank 1, that of the sketch is 2", [along(bases(STEPS, RUNS, rank=1))], one(ONE_RANK)),
    (rules.low_rank, "have rank 3, that of the sketch is 2", [but(D, 0, MORE)], one(MORE)),
    (rules.low_rank, None, [but(D, 0, MORE)], one(MORE) | INEXACT),
    (rules.low_rank, "have rank 1", [but(D, 0, ONE_RANK)], one(ONE_RANK) | INEXACT),
    (rules.low_rank, None, [but(D, 0, NOISE[0, :, :, :1] * NOISE[0, :, :1])], one(ONE_RANK)),
    (rules.low_rank, None, [NOISE], one(NOISE[1])),
    (rules.low_rank, None, [GAMMA * G], one(GAMMA * G[0]) | {"sketch": RIGHT}),  # of the four rows of G', not of six
    (rules.low_rank, "lose rank: 512 of 512 have a rank below 3", [but(D, (0, slice(7)), ONE_RANK[:7])],
     one(D[1], MORE) | {"sketch": View("left", 3)}),
    (rules.low_rank, None, [but(D, 0, ONE_RANK)], one(ONE_RANK) | {"problem": SimpleNamespace(shape=(6, 1))}),
    (rules.low_rank, "lose rank: 7 of 512 have a rank below 2", [but(D, (0, slice(7)), ONE_RANK[:7])], one(D[1])),
    (rules.low_rank, None, [but(D, (0, slice(8)), ONE_RANK[:8])], one(D[1], but(D[2], slice(2), ONE_RANK[:2]))),
    (rules.low_rank, "rank: 8", [but(D, (0, slice(8)), ONE_RANK[:8])], one(D[1], but(D[2], 0, ONE_RANK[0]))),
    (rules.other_side, "act on the gradient from the right, side='left' is declared", [TURNED], {}),
    (rules.other_side, "declared, and they are 0.8 of a projection", [0.8 * TURNED], {}),
    (rules.other_side, f"they are {np.min(TIMES):.4g} to 1 of a projection", [TIMES * TURNED], {}),  # with a schedule
    (rules.other_side, None, [but(TURNED, 5, DRAWN[5] * TURNED[5])], {}),
    (rules.other_side, None, [TURNED], {"knows_gradient": False}),
    (rules.other_side, "from the left, side='right'", [], {"sketch": RIGHT}),
    (rules.other_side, "from the right", [WIDER], {"sketch": View("left", 5)}),
    (rules.other_side, None, [TURNED], {"problem": SimpleNamespace(shape=(6, 1))}),
    (rules.other_side, "from the right, side='left' is declared", [TURNED], INEXACT),
    (rules.other_side, None, [D], INEXACT),
    (rules.other_side, None, [1e-4 * D], {"is_exact": False, "G": 1e-4 * G}),
    (rules.other_side, None, [G @ RNG.standard_normal((4, 4))], INEXACT),
    (rules.other_side, "from the left, side='right'", [np.swapaxes(PLAIN, 2, 3)],
     {"is_exact": False, "sketch": RIGHT, "G": np.swapaxes(TALL, 2, 3)}),
    (rules.other_side, "from the right, side='left'", [PLAIN], {"is_exact": False, "G": TALL}),
    (rules.random_gradient, "another one in each run from one W: is dropout", [RANDOM], ANY),
    (rules.random_gradient, None, [RANDOM], {}),
    (rules.random_gradient, "another one in each run", [RANDOM], {"g": lambda W: W + 1e-3 * ANY["g"](W)}),
    (rules.random_gradient, None, [NOISE], ANY),
    (rules.nearly, "off by up to 0.01 of their length, otherwise in each run", [but(D, (0, 3), 1.01 * D[0, 3])], {}),
    (rules.nearly, "0.01 of their length: is a product rounded", [1.01 * D], {"alike_from_one_W": True}),
    (rules.nearly, None, [1.021 * D], {}),
    (rules.nearly, "by up to 0.019", [1.019 * D], {}),
    (rules.nearly, "by up to 0.01 of", [1.01 * GAMMA * G], {"sketch": None}),
    (rules.nearly, None, [1.01 * D], INEXACT),
    (rules.nearly, None, [1.01 * D], {"claim": claimed(views=(LEFT, RIGHT))}),
    (rules.other_gradient, "off by one matrix wherever W is, of norm 0.4899", [], {"g": biased(lambda W, G: G + 0.1)}),
    (rules.other_gradient, "at one W it is off by", [],
     {"g": biased(lambda V, G: G + 0.1 + 1.05e-4 * np.array_equal(V, W[0, 1]))}),
    (rules.other_gradient, "it adds 0.01 W, is it weight decay", [], {"g": biased(lambda W, G: G + 0.01 * W)}),
    (rules.other_gradient, "has entries of size 0.7 at most", [], {"g": biased(lambda W, G: np.clip(G, -0.7, 0.7))}),
    (rules.other_gradient, f"has entries of size {np.mean(LARGE[2:4]):.4g} at most", [], {"g": clipped(3)}),
    (rules.other_gradient, "its gradient is biased, it is not that of the problem", [], {"g": clipped(2)}),
    (rules.other_gradient, f"at one W it is off by {np.linalg.norm(G[0, 0] ** 3) / np.linalg.norm(G[0, 0]):.3g} of its",
     [], {"g": biased(lambda W, G: G + G**3)}),
    (rules.other_gradient, None, [], {"g": biased(lambda W, G: 2 * G)}),
    (rules.other_gradient, None, [], {"g": biased(lambda W, G: G + 0.1), "is_exact": False}),
    (rules.other_gradient, None, [], ANY),
    (rules.rounded, None, [0 * D], {}),
    (rules.rounded, "its gradients are rounded to float32", [but(D, 0, SHORT * FORMATS["float32"].rounded(D[0]))],
     {"claim": claimed(declared=SimpleNamespace(gamma=SHORT))}),
    *(
        (rules.rounded, f"its {what} are rounded to {kind}", [but(D, 0, move)], {"course": SimpleNamespace(W=path)})
        for kind in ("bfloat16", "float16", "float32")
        for what, move, path in low(FORMATS[kind].rounded)
    ),
    (rules.decays, "it takes 0.01 W off W", [FEW[0] + 0.01 * FEW[1]], EIGHT),
    (rules.decays, "it takes -0.2 W off W", [FEW[0] - 0.2 * FEW[1]], EIGHT),
    (rules.decays, "it takes 0.01 W off W", [ONE_RANK[None, :8] + 0.01 * FEW[1]], EIGHT | {"sketch": View("left", 1)}),
    (rules.decays, None, [FEW[0] + 0.01 * FEW[1] + 0.01 * FEW[2]], EIGHT),
    (rules.decays, None, [FEW[0] + 0.01 * FEW[1]], EIGHT | {"sketch": View("left", 4)}),
    (rules.decays, None, [FEW[0]], EIGHT),
    (rules.plain, "each is B K B' G with a K that is drawn", [drawn_plain(SYMMETRIC)], {}),
    (rules.plain, None, [drawn_plain(SYMMETRIC + np.eye(2, 2, 1) / 100)], {}),
    (rules.plain, None, [drawn_plain(-SYMMETRIC)], {}),
    (rules.plain, "no projections", [drawn_plain(but(K_OF_RUNS, 3, np.eye(2) / 40))], {}),  # but that of one run
    (rules.plain, None, [drawn_plain(SYMMETRIC + (np.arange(RUNS) == 3)[:, None, None] * SKEW)], {}),
    (rules.plain, "no projections", [drawn_plain(SYMMETRIC + 0.9e-3 * SKEW)], {}),
    (rules.plain, None, [drawn_plain(SYMMETRIC + 1.1e-3 * SKEW)], {}),
    (rules.plain, None, [drawn_plain(SYMMETRIC)], {"sketch": View("left", 5)}),
    (rules.plain, "a K that is drawn", [DRAWN * along(bases(STEPS, RUNS, rank=1))], {"sketch": View("left", 1)}),
    (rules.plain, None, [DRAWN * D[..., :1]], {"sketch": View("left", 1), "G": G[..., :1]}),
    (rules.plain, None, [drawn_plain(SYMMETRIC)], INEXACT),
    (rules.plain, None, [drawn_plain((1 + NEAR / 2) * np.eye(2))], {}),
    (rules.plain, None, [but(drawn_plain(SYMMETRIC), (0, 0), NOISE[0, 0])], {}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "words", "arguments", "given"), FAULTS)
def test_a_fault_is_named_with_the_numbers_that_it_was_made_with(rule, words, arguments, given):
    found = ask(rule, seen(*arguments, **given))
    assert found is words if words is None else words in (found or ""), found


def test_one_run_in_a_pair_of_another_length_is_seen(monkeypatch):
    """Of 128 pairs from one W; all others agree. And what differs from a multiple by a thousandth is none."""
    factors = np.ones((STEPS, RUNS))
    factors[0, 3] = 2.0
    monkeypatch.setattr(rules, "_multiples", lambda moves, view: factors)
    moves = SimpleNamespace(is_exact=True, claim=SimpleNamespace(views=(View("entries"),)))
    assert "from one W they are 2 and 1 of those that are declared" in rules.scaled(moves)
    monkeypatch.undo()
    G = np.random.default_rng(0).standard_normal((1, 5, 3, 2))
    claim = SimpleNamespace(declared=SimpleNamespace(gamma=0.5))
    for off, seen in ((1e-6, True), (1e-3, False)):
        moves = SimpleNamespace(D=G + off * G[..., ::-1], G=G, claim=claim)
        assert (rules._multiples(moves, View("entries")) is not None) is seen
