"""The check of chains: right trainers pass, whatever the seed, and each fault gets its own sentence.

The one test about chance has alpha 1e-6; seeds are fixed.
"""

import math
from functools import partial

import numpy as np
import pytest

from rac_theory.numerics import cosine, exchanged, overlap, unfair
from rac_theory.testing import check_chain
from rac_theory.testing.trainers.arrays import FORMATS
from rac_theory.testing.trainers.check_chain import _check_apart
from rac_theory.testing.trainers.merging import check_drift
from rac_theory.testing.trainers.trainer import Adapter, Link, Snapshot
from tests.testing.failing import refusal, refuted
from tests.testing.trainers import chains


def checked(kind, rng=0, **changes):
    """Check a chain with all that it shows."""
    shown = {
        "adapter": kind.adapter,
        "weights": getattr(kind, "shown", lambda state: state.W),
        "moments": kind.moments,
        "pruned": 0.9 if issubclass(kind, chains.Pruned) else 1.0,
    }
    check_chain(kind, kind.train, kind.merge, kind.outputs, rng=rng, **(shown | changes))


@pytest.mark.parametrize("kind", chains.RIGHT)
def test_right_trainers_pass(kind):
    checked(kind, merges=12)


@pytest.mark.parametrize(("kind", "sentence"), (chains.MERGE | chains.MEMORY | chains.FRESH | chains.DRIFT).items())
def test_each_fault_has_its_sentence(kind, sentence):
    refuted(sentence, checked, kind)


def test_few_values_may_be_drawn_again():
    """One coordinate of six, in four links: some of them are the same for most seeds. Of 64 links all are not."""
    for seed in range(8):
        checked(chains.altered(chains.Coordinates, rank=1), rng=10 * seed, merges=4)
    same = chains.altered(chains.Coordinates, rank=1, draw=lambda self, name, n: np.eye(n)[:1])
    refuted("merge must draw a fresh sketch: in 63 links", checked, same)


def test_what_is_not_shown_is_not_tested():
    """Faults of the optimiser, the sketch and the weights are out of sight, and those of the function are not."""
    nothing = dict.fromkeys(("adapter", "weights", "moments"))
    for kind in (chains.NoReset, chains.Reseeded, chains.Decayed):
        checked(kind, merges=4, **nothing)
    refuted("are weights kept in fewer bits than outputs, which weights= would show", checked, chains.Half, **nothing)
    for kind, words in ((chains.NotMerged, "as if it was not merged"), (chains.Twice, "as if it was merged twice")):
        refuted(words, checked, kind, **nothing)


def test_products_are_enough_for_the_cause():
    """Of products no scale is known, and no sketch."""
    products = {"adapter": lambda state: {name: state.product(name) for name in state.W}}
    checked(chains.Reseeded, merges=4, **products)
    refuted(r"as if 0\.5 of it was merged", checked, chains.Unscaled, **products)


def test_what_the_outputs_hide_the_weights_show():
    """A layer that is dead in all fixed inputs moves no output, whatever was merged."""

    class Dead(chains.Chain):
        def outputs(self):
            return chains.X @ self.weight("first").T

        def fold(self):
            super().fold()
            self.W["head"] = self.W["head"] + self.product("head")

    refuted(r"W \+ B A of 'head' is missed by 1 of B A", checked, Dead)


def test_a_factor_that_is_frozen_must_be():
    """Would catch a comparison with the link before, whose merge draws it anew, and one of the other factor."""

    class Trained(chains.Chain):
        def train(self, steps):
            super().train(steps)
            self.A["head"] = self.A["head"] + 1e-9

    checked(chains.Chain, merges=3, frozen="A")
    checked(Trained, merges=3)
    refuted(r"train must leave A frozen, as is declared: in link 1 A of 'head' moved by", checked, Trained, frozen="A")
    refuted("train must leave B frozen", checked, chains.Chain, frozen="B")
    with pytest.raises(ValueError, match="frozen must be None where adapter= shows no factors, got 'A'"):
        checked(chains.Chain, frozen="A", adapter=None)


def test_half_precision_of_the_outputs_is_no_fault():
    """Outputs in half precision are told from each other by its rounding; too little training is said to be so."""
    coarse = chains.altered(outputs=lambda self: chains.Chain.outputs(self).astype(np.float16))
    checked(coarse, merges=3, weights=None, moments=None)
    coarse.rate = 1e-3
    with pytest.raises(ValueError, match=r"must move the outputs by more than rounding does: .* take more steps"):
        checked(coarse, merges=3, weights=None, moments=None, steps=1)


def test_an_optimiser_that_shows_nothing_is_no_pass():
    """As when a harness looks for moments under the wrong keys: it saw nothing left, as there was nothing before."""
    with pytest.raises(ValueError, match=r"moments\(state\) must show what the optimiser remembers, .* other keys"):
        checked(chains.NoReset, moments=lambda state: {})


@pytest.mark.parametrize("shape", [(20, 30), (4, 6)])
def test_unbiased_rounding_passes_and_to_nearest_does_not(shape):
    """Of 64 merges of a thousandth of a spacing to a spacing each, of bfloat16; no trainer is in between. Five standard
    deviations make 6e-7 of false alarms; to nearest, all moves below half a spacing are lost. The small one catches
    fifty: the part that is lost grows like the entries, and the deviation like their root."""
    kind, rng = FORMATS["bfloat16"], np.random.default_rng(0)
    W = {name: kind.rounded(1 + rng.random(shape) / 2) for name in ("nearest", "stochastic", "once")}
    exact, links = W["once"].copy(), {name: [] for name in W}
    direction = rng.random(shape) * 2.0**-8
    for number in range(1, 65):
        P = direction * rng.random()
        adapter, none = (Adapter(M, np.abs(M), kind.unit**4) for M in (P, 0 * P))
        exact = exact + P
        after = {"nearest": kind.rounded(W["nearest"] + P), "once": kind.rounded(exact)}
        spacing = kind.spacing(W["stochastic"] + P)
        after["stochastic"] = np.floor((W["stochastic"] + P) / spacing + rng.random(P.shape)) * spacing
        for name in W:
            shown = (none, W[name]), (adapter, W[name]), (none, after[name])
            states = (Snapshot(np.ones(1), kind, {"": made}, {"": (V, kind)}, {}) for made, V in shown)
            links[name].append(Link(number, *states))
        W = after
    check_drift(links["once"])
    check_drift(links["stochastic"])
    refuted(r"after 64 of them (\d\.\d+) of it is lost to bfloat16", check_drift, links["nearest"])


def test_the_counter_is_as_harmful_as_the_sentence_says():
    """(1 - 0.9) / sqrt(1 - 0.999): the first step of Adam from zero moments at a late step, over that at the first."""
    late, fresh = chains.Adam(1.0), chains.Adam(1.0)
    late.state["x"] = {"step": 10**6, "exp_avg": np.zeros(1), "exp_avg_sq": np.zeros(1)}
    assert late.step("x", np.ones(1)) / fresh.step("x", np.ones(1)) == pytest.approx(3.16, abs=0.01)


@pytest.mark.long
def test_a_part_of_the_sketch_before_is_seen():
    """A part 0.4 of it, in three layers of 12 entries each, for at least 16 of 20 seeds. With power 0.9 fewer have
    probability 0.04, with power 0.5 as many 0.006."""
    partly = chains.altered(chains.Averaged, part=0.4)
    said = [refusal(checked, partly, rng=10 * seed, weights=None, moments=None) for seed in range(20)]
    assert sum("independent of the sketch before" in words for words in said) >= 16


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.3])
def test_the_level_is_that_of_coins(alpha):
    """By enumeration: as many of all 2^10 sequences of coins are refused as binomial tails say. Catches a level that is
    spent on each tail: 8 heads of 10 have 0.109 with both, and 0.055 with one; and coins that count where they did not
    fall."""
    coins = (np.arange(2**10)[:, None] >> np.arange(10)) % 2 * 2.0 - 1
    refused = sum(unfair(np.append(row, [0.0, 9e-10, -9e-10]), alpha) is not None for row in coins)
    counts = np.array([math.comb(10, k) for k in range(11)])
    tails = [2 * counts[max(k, 10 - k) :].sum() / 2**10 for k in range(11)]
    assert refused == sum(n for n, tail in zip(counts, tails, strict=True) if tail <= alpha)
    assert 0 < refused / 2**10 <= alpha


def test_layers_that_are_apart_pass_at_their_level():
    """400 pairs of chains of 24 merges, in three layers of different shapes, at a seventh of 1: 57 on average at most,
    and three standard deviations more. Catches a level that each pair of layers has for itself."""
    rng, shapes, refused = np.random.default_rng(0), {"a": (2, 6), "b": (3, 5), "c": (1, 8)}, 0
    empty = partial(Adapter, np.zeros((1, 1)), np.zeros((1, 1)), 0.0, 1.0)

    def link(number):
        adapters = {layer: empty({"A": rng.standard_normal(shape)}) for layer, shape in shapes.items()}
        return Link(number, *[Snapshot(np.ones(1), FORMATS["float64"], adapters, {}, {})] * 3)

    for _ in range(400):
        chain = tuple([link(number) for number in range(1, 25)] for _ in "12")
        refused += bool(refusal(_check_apart, chain, [(layer, "A") for layer in shapes], alpha=1.0))
    assert 20 < refused <= 57 + 3 * 7


def test_exchanged_draws_turn_the_sign():
    """And only that: what is like its own past, of either chain, counts as positive."""
    rng = np.random.default_rng(0)
    S, T, K, L = rng.standard_normal((4, 5, 6, 2))
    for alike in (cosine, overlap):
        np.testing.assert_allclose(exchanged(S, T, K, L, alike), -exchanged(S, T, L, K, alike), atol=1e-12)
        assert (exchanged(S, T, S, T, alike) > 0).all()
    np.testing.assert_allclose(overlap(S, S @ rng.standard_normal((2, 2))), 1, rtol=1e-12)


def test_declarations_are_checked():
    for changes, message in (
        ({"pruned": 0.0}, "pruned must be a finite number > 0"),
        ({"merges": 1}, "merges must be >= 2"),
        ({"steps": 0}, "steps must be >= 1"),
        ({"alpha": 1.0}, "alpha must be"),
    ):
        with pytest.raises(ValueError, match=message):
            checked(chains.Chain, **changes)
    with pytest.raises(ValueError, match=r"new\(seed\) must return a state, got None"):
        check_chain(lambda seed: None, lambda s, n: s, lambda s: s, lambda s: s)
