"""Each rule about means, on moves that are made by hand, with the number that it says."""

import math
import re
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import Clients, Minibatch, Reshuffled
from rac_theory.testing.algorithms import cause
from rac_theory.testing.algorithms.claimed import View
from tests.testing.cases import cases
from tests.testing.moves_by_hand import ask, bases, but, projected

RNG = np.random.default_rng(5004)
N, LEFT = 1024, View("left", 2)
bases = partial(bases, RNG)
G = RNG.standard_normal((6, 4))
D, R = projected(bases(2, N), G), projected(bases(2, N), G)
PATH, PATH_R = projected(bases(8, 256), G), projected(bases(8, 256), G)
P, NOISE = D, RNG.standard_normal((2, N, 6, 4))
FIRST = {"D": D, "R": R, "W": np.zeros((2, N, 6, 4)), "N": 20, "drawn": None}
CLAIM = {"is_fresh": True, "source": Minibatch(4), "declared": SimpleNamespace(gamma=0.5, lora_alpha=None)}


def one(D=D, R=R, **others):
    return {"from_one_W": SimpleNamespace(**FIRST | {"D": D, "R": R} | others)}


def claimed(**others):
    return {"claim": SimpleNamespace(**CLAIM | others)}


def seen(**others):
    some = {"D": PATH, "R": PATH_R, "has_rank": True, "knows_gradient": False, "noise": (P, NOISE), "sketch": LEFT}
    some |= {"problem": SimpleNamespace(gradient=lambda W: 2 * G, n_components=20), "ratio": (1.0, 0.01)}
    some |= {"course": SimpleNamespace(tapes=[]), "pair": SimpleNamespace(drawn=None)}
    return SimpleNamespace(**one() | claimed() | some | others)


EVEN = np.array([RNG.permutation(np.eye(6))[:, :2] for _ in range(N)])  # in the mean as uniform ones
HOLDING = projected(np.linalg.qr(np.concatenate([np.eye(6)[:, :1][None].repeat(N, 0), bases(N, rank=1)], axis=2))[0], G)
TURNED = one(*(np.swapaxes(M, 2, 3) for M in (HOLDING[None], R))) | {"sketch": View("right", 2)}
S = RNG.standard_normal((9, 256, 6, 1))
LINGERS = projected(np.linalg.qr(np.concatenate([S[1:], S[:-1]], axis=3))[0], G)
NUMBERS, OTHERS = RNG.uniform(-1, 1, (2, 8, 256, 5))
CENTRED = NUMBERS - NUMBERS.mean(axis=2, keepdims=True)
LATER = 50 * np.arange(8.0)[:, None, None]
AGAIN = but(NUMBERS, slice(1, None), NUMBERS[1:] + 0.3 * CENTRED[:-1])


def drawn(numbers, fresh):
    return {"pair": SimpleNamespace(drawn=(numbers, fresh))}


EPOCHS = claimed(source=Reshuffled())
TWICE = {"course": SimpleNamespace(tapes=[(np.array([[0, 1]]),), (np.array([[3, 3]]),)])} | claimed(source=Minibatch(2))
OF_CLIENTS = claimed(source=Clients(Reshuffled())) | {
    "course": SimpleNamespace(tapes=[(None, np.array([[1, 1]]))]),
    "problem": SimpleNamespace(clients=(SimpleNamespace(n_components=2),), n_components=7),
}


def kept(share):
    """Steps of which each is a share of the one before."""
    return {"D": np.stack([PATH_R[0] * share**t for t in range(8)]), "R": 0 * PATH_R}


SIZES = np.exp(0.5 * RNG.standard_normal((2, N, 1, 1)))


def across(R):
    """A matrix across the mean of steps, and as long as that."""
    mean = R.mean(axis=0)
    V = G - np.sum(G * mean) / np.sum(mean**2) * mean
    return V * np.linalg.norm(mean) / np.linalg.norm(V)


@cases(
    "rule, words, given",
    *((rule, None, {}) for rule in (cause.another_space, cause.near_the_last, cause.batch_again)),
    *((rule, None, {}) for rule in (cause.components, cause.biased, cause.remembers)),
    (cause.another_space, "the columns of its moves lie elsewhere .* act from the right", one(HOLDING[None])),
    (cause.another_space, "the columns of its moves", one(projected(EVEN, G)[None])),
    (cause.another_space, None, one(but(HOLDING, 0, HOLDING[0, :, :1])[None])),
    (cause.another_space, None, one(HOLDING[None], but(R, (0, 0), R[0, 0, :, :1]))),
    (cause.another_space, "the rows of its moves lie elsewhere .* act from the left", TURNED),
    (cause.near_the_last, r"a move has 0\.(59|60)\d* of its space in .* fresh sketches have 0\.33", {"D": LINGERS}),
    (cause.near_the_last, None, {"D": LINGERS, "R": LINGERS}),
    (cause.near_the_last, None, {"D": LINGERS} | claimed(is_fresh=False)),
    (cause.near_the_last, None, {"D": LINGERS, "has_rank": False}),
    (cause.near_the_last, None, {"D": but(LINGERS, (7, 0), LINGERS[7, 0, :, :1])}),
    (cause.batch_again, "afresh: 0.5 of the noise of a step is that", one(np.stack([D[0], R[1] + NOISE[0] / 2]))),
    (cause.batch_again, "a step has -0.2 of the noise .* an epoch", one(np.stack([D[0], R[1] - NOISE[0] / 5]))),
    (cause.batch_again, None, one(np.stack([D[0], R[1] + (P + NOISE)[0] / 2]))),
    (cause.batch_again, "0.5 of", one(np.stack([D[0], R[1] + 0.2 * P[0] + NOISE[0] / 2]))),
    (cause.batch_again, None, one(np.stack([D[0], R[1] + 0.3 * P[0] + NOISE[0] / 2]))),
    (cause.batch_again, None, one(np.stack([D[0], R[1] + NOISE[0] / 2])) | {"noise": None}),
    (cause.batch_again, None, one(np.stack([D[0], R[1] + NOISE[0] / 2])) | {"knows_gradient": True}),
    (cause.batch_again, None, one(np.stack([D[0], 2 * R[1]])) | {"ratio": (2.0, 0.01)}),
    (cause.components, None, drawn(NUMBERS, OTHERS)),
    (cause.components, "batches are not .* each is like", drawn(AGAIN, NUMBERS)),
    # whatever their mean is
    (cause.components, "batches are not .* each is like", drawn(AGAIN + LATER, OTHERS + LATER)),
    (cause.components, "epochs are not drawn afresh: each is unlike", drawn(2 * NUMBERS - AGAIN, NUMBERS) | EPOCHS),
    (cause.components, "some components are drawn more", one(drawn=(NUMBERS + 0.4, OTHERS))),
    (cause.components, None, one(drawn=(NUMBERS, OTHERS + np.arange(8)[:, None, None]))),
    (cause.components, "epochs are in another order than a random", one(drawn=(NUMBERS + 0.4, OTHERS)) | EPOCHS),
    (cause.components, "a minibatch without replacement must have 2 components, one has 1", TWICE),
    (cause.components, "an epoch must take each of the N = 2 components, one took 1", OF_CLIENTS),
    (cause.longer, None, one(R * RNG.uniform(0.9, 1.1, (2, N, 1, 1)))),
    (cause.longer, "are spread .* times as far: are they plain steps", one(SIZES * D)),
    (cause.longer, None, one(SIZES * D) | {"has_rank": False}),
    (cause.longer, None, one(SIZES * D) | {"knows_gradient": True}),
    (cause.longer, None, one(SIZES * D) | claimed(declared=SimpleNamespace(lora_alpha=1.0))),
    (cause.biased, "off by about 0.5 of the declared one", one(D + 0.5 * across(R[0]))),
    (cause.biased, None, one(2 * R) | {"ratio": (2.0, 0.1)}),
    (cause.biased, None, one(R + 1e-10 * G)),
    # halves that overlap find noise of 1600 entries in itself
    (cause.biased, None, one(1 + RNG.standard_normal((1, 512, 40, 40)), np.ones((1, 512, 1, 1)))),
    (cause.remembers, "a step keeps about 0.3 of", kept(0.3)),
    (cause.remembers, "a step keeps about -0.3 of", kept(-0.3)),
    (cause.remembers, None, kept(0.029)),
    (cause.remembers, "about 0.031", kept(0.031)),
    (cause.scaled_on_average, None, {"ratio": (0.95, 0.0084)}),
    (cause.scaled_on_average, "about 0.95 of those", {"ratio": (0.95, 0.0083)}),
    (cause.scaled_on_average, "about 1.1 of those", {"ratio": (1.1, 0.01)}),
    (cause.scaled_on_average, None, {"ratio": (1.0, 0.0)}),
)
def test_a_fault_is_named_with_its_number(rule, words, given):
    found = ask(rule, seen(**given))
    assert found is words if words is None else re.search(words, found or ""), found


@cases(
    "size, replace, times, words",
    (4, False, 19 / 16, "1.19 times the variance that is declared: are batches drawn with replacement?"),
    (4, False, 2, "has 2 times the variance .* of another size, or with replacement"),
    (4, True, 19 / 16, "of another size, or without replacement"),
    (20, False, 19, "with replacement?"),
    (0, False, 2, "2 times the variance that is declared$"),
    (4, False, 1, None),
)
def test_another_variance_of_batches_is_named(size, replace, times, words):
    """In units of the declared one; of four out of twenty it is 19/16 of it if they are drawn with replacement."""
    noise = np.broadcast_to(G + 1, (N, 6, 4)) * RNG.choice([-1, 1], (N, 1, 1))
    source, U = Minibatch(size, replace=replace) if size else None, bases(N)
    for sketch, fresh in ((None, G + noise), (LEFT, projected(U, G + 0.1 * noise))):
        own = np.sqrt(times) * (noise if sketch is None else 0.1 * projected(U, noise))
        given = one(R=fresh[None]) | claimed(source=source) | {"sketch": sketch}
        for knows in (True, False):
            parts = np.stack([np.broadcast_to(G, noise.shape), noise]), own[None]
            found = cause.noisier(seen(**given, noise=parts, knows_gradient=knows))
            assert re.search(words, found or "") if words and not knows else found is None, found


def test_momentum_is_no_dependence_of_sketches():
    """Of two columns, where moves that keep half of the one before have the rank of the sketch all the same."""
    kept, fresh = PATH[..., :2].copy(), PATH_R[..., :2]
    for t in range(1, 8):
        kept[t] += kept[t - 1] / 2
    assert cause.near_the_last(seen(D=kept, R=fresh), LEFT) is None
    found = cause.near_the_last(seen(D=LINGERS[..., :2], R=fresh), LEFT)
    assert "its sketches are not independent" in found


def test_errors_are_counted_in_standard_errors_of_a_mean():
    """Of two columns the one that is farther off zero."""
    Z = RNG.standard_normal((50, 2)) + np.array([0.1, -0.5])
    assert cause._errors(Z) == pytest.approx(max(abs(z.mean()) / (z.std() / math.sqrt(50)) for z in Z.T))
    assert cause._errors(np.zeros((5, 1))) == 0


def test_a_share_and_what_is_remembered_are_slopes_through_zero():
    """By loops over runs: steps as long as they are weigh alike, whatever the size of a run is."""
    D, R = RNG.standard_normal((2, 4, 6, 3, 2))
    D[:, 2] *= 1e5
    moves = SimpleNamespace(D=D, R=R, ratio=(0.7, 0.0))
    over, under = [], []
    for run in range(6):
        size = np.sum(D[:, run] ** 2)
        over.append(sum(np.sum((D[t + 1, run] - 0.7 * R[t + 1, run]) * D[t, run]) for t in range(3)) / size)
        under.append(sum(np.sum(D[t, run] ** 2) for t in range(3)) / size)
    share = sum(over) / sum(under)
    error = math.sqrt(sum((a - share * b) ** 2 for a, b in zip(over, under, strict=True))) / sum(under)
    assert cause._remembered(moves) == pytest.approx((share, error))
    slope, errors = cause._slope(D[0], R[0])
    products = np.array([np.sum(a * b) for a, b in zip(D[0], R[0], strict=True)])
    assert slope == pytest.approx(products.mean() / np.mean([np.sum(b**2) for b in R[0]]))
    assert errors == pytest.approx(abs(products.mean()) / products.std() * math.sqrt(6))
