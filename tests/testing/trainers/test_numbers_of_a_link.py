"""What a link of a chain shows, in numbers made by hand: each threshold at its edge, each cause by its name."""

import re
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory.testing import Refuted
from rac_theory.testing.trainers import check_chain, merging, trainer
from rac_theory.testing.trainers.arrays import FORMATS
from rac_theory.testing.trainers.merging import Sum, check_drift, check_frozen, check_memory, check_merge, check_scale
from rac_theory.testing.trainers.trainer import Adapter, Link, Snapshot
from tests.testing.cases import cases
from tests.testing.failing import expect_refusal, heard, refusal, refuted

FOUR, ONE = np.ones(4), np.eye(4)[0]
M, V, STEP = ("m",), ("v",), ("step",)
OF_TWELVE = np.arange(12)
P = np.array([[1.0, 3.0], [0.0, 1.0]])
HALF, SINGLE, DOUBLE = (FORMATS[name] for name in ("bfloat16", "float32", "float64"))


def remembers(before, after, number=2):
    return SimpleNamespace(number=number, end=SimpleNamespace(moments=before), after=SimpleNamespace(moments=after))


@cases(
    "before, after, pruned, sentence",
    ({M: FOUR, STEP: np.array(5.0)}, {M: 0 * FOUR, STEP: np.array(5.0)}, 1.0, ""),
    ({M: FOUR}, {M: ONE}, 1.0, "0.5 of the norm of its moments (m, 0.25 of whose entries are not zero); are"),
    ({M: 0 * FOUR}, {M: FOUR}, 1.0, "2 of the norm"),
    ({M: 2 * FOUR}, {V: FOUR}, 1.0, "0.5 of the norm of its moments (v, 1 of"),
    ({(): FOUR}, {(): FOUR}, 1.0, "1 of the norm of its moments (, 1 of"),
    ({M: FOUR, V: FOUR}, {M: ONE, V: FOUR}, 1.0, "1 of the norm of its moments (v, 1 of"),
    ({M: np.ones(10)}, {M: np.arange(10) < 2}, 0.9, ""),
    ({M: np.ones(10)}, {M: np.arange(10) < 3}, 0.9, "0.3 of whose entries are not zero, where 0.1 of them may be)"),
    ({M: OF_TWELVE > 3}, {M: OF_TWELVE > 9}, 0.9, ""),  # a tenth of all is 1.2, of those that were not zero 0.8
    ({M: OF_TWELVE > 3}, {M: OF_TWELVE > 9}, 0.95, "0.5 of the norm of its moments (m, 0.167 of whose entries"),
)
def test_what_an_optimiser_keeps_is_told(before, after, pruned, sentence):
    """One entry more than what may stay where some may, and none where none may; counters are no moments."""
    expect_refusal(sentence, check_memory, remembers(before, after), pruned)


@cases(
    "before, left, refuses",
    ({("0", "m"): FOUR, ("0", "v"): FOUR, ("0", "step"): np.array(5.0)}, 5.0, True),
    ({("0", "m"): FOUR, ("0", "v"): FOUR, ("0", "step"): np.array(5.0)}, 4.0, False),
    ({("0", "m"): FOUR, ("0", "v"): FOUR, ("0", "step"): np.array(1.0)}, 1.0, False),
    ({("0", "m"): FOUR, ("1", "v"): FOUR, ("0", "step"): np.array(5.0)}, 5.0, False),
    ({("0", "m", "B"): FOUR, ("0", "m", "A"): FOUR, ("0", "step"): np.array(5.0)}, 5.0, True),
    ({("m",): FOUR, ("v",): FOUR, ("step",): np.array(2.0)}, 2.0, True),
    ({("0", "step"): 3.0, ("0", "m"): FOUR, ("0", "more", "v"): FOUR}, 3.0, False),  # one beside it, one below
    ({("0", "x", "step"): 3.0, ("0", "x", "m"): FOUR, ("0", "y"): FOUR, ("0", "z"): FOUR}, 3.0, False),
)
def test_a_counter_beside_two_moments_is_reset_with_them(before, left, refuses):
    after = {path: np.array(left) if path[-1] == "step" else 0 * M for path, M in before.items()}
    words = f"step with its moments: after link 2 it is {left:g}, so"
    expect_refusal(words * refuses, check_memory, remembers(before, after), 1.0)


def seen(outputs, adapter=None, weights=None, kind=HALF):
    adapters = {} if adapter is None else {"w": adapter}
    return Snapshot(np.array(outputs), kind, adapters, {} if weights is None else {"w": weights}, {})


@cases(
    "begin, end, after, number, refuses",
    ([0.0, 0.0], [4.0, 0.0], [4.0, 0.5], 1, ""),
    ([0.0, 0.0], [4.0, 0.0], [4.0, 0.75], 1, "by 0.188 of what the adapter contributed, rounding allows 0.1"),
    ([4.0, 0.0], [2.0, 0.0], [2.0, 0.75], 1, "by 0.375 of what the adapter contributed, rounding allows 0.2"),
    ([4.0, 0.0], [2.5, 0.0], [2.5, 9.0], 2, ""),
    ([4.0, 0.0], [2.5, 0.0], [2.5, 9.0], 1, "they moved by 1.5, and a merge may move them by 0.5; take"),
    ([0.0, 0.0], [4.0, 0.0], [4.0], 1, "must keep its shape, got (2,), (2,) and (1,)"),
    ([0.0], [4.0, 0.0], [4.0, 0.0], 1, "must keep its shape, got (1,), (2,) and (2,)"),
    ([4.0, 0.0], [4.0, 0.0], [4.0, 0.0], 1, "train(state, steps) must move the outputs, it does not"),
)
def test_outputs_may_move_by_what_rounding_makes(begin, end, after, number, refuses):
    """Into bfloat16: 32 of its roundings, an eighth of the larger outputs; a link must show four times that."""
    link = Link(number, seen(begin, kind=DOUBLE), seen(end, kind=DOUBLE), seen(after))
    with pytest.raises((Refuted, ValueError), match=re.escape(refuses)) if refuses else nullcontext():
        check_merge(link)


def product(value, size=0.0, **rest):
    return Adapter(np.full((2, 1), value), np.full((2, 1), size), HALF.unit, **rest)


@pytest.mark.parametrize(("missed", "refuses"), [(0.031, False), (0.0315, True)])
def test_weights_gain_what_the_adapter_gave_up_to_a_spacing_and_eight_roundings(missed, refuses):
    """From 1 by 1: the spacing at 2, 2^-6, and 8 of 2^-8 for a size of a half of the two adapters together."""
    W, gained = np.ones((2, 1)), np.full((2, 1), 2.0 + missed)
    end, after = seen([0.0], product(1.0, 0.375), (W, HALF)), seen([0.0], product(0.0, 0.125), (gained, HALF))
    link = Link(2, seen([0.0]), end, after)
    words = "link 2 W + B A of 'w' is missed by 0.0315 of B A: the weights gained what it"
    expect_refusal(words * refuses, check_merge, link)


@cases(
    "gave, gained, scale, words",
    (1.0, 2.15, 1.0, ", as if it was merged twice"),
    (1.0, 2.25, 1.0, ", as if 2.25 of it was merged"),
    (1.0, 0.05, 1.0, ", as if it was not merged"),
    (1.0, -1.05, 1.0, ", as if it was subtracted"),
    (1.0, 0.25, 4.0, ", as if its scale 4 was forgotten"),
    (1.0, 4.3, 4.0, ", as if its scale 4 was applied twice"),
    (1.0, 2.0, 2.0, ", as if it was merged twice or its scale 2 was applied twice"),
    (1.0, 1.1, 1.05, ", as if 1.1 of it was merged"),
    (1.0, 0.0, 0.0, ", as if it was not merged or its scale 0 was forgotten or its scale 0 was applied twice"),
    (0.0, 1.0, 1.0, ""),
)
def test_a_multiple_is_called_by_its_name_where_it_is_one(gave, gained, scale, words):
    """Also where something else is in the weights that is a fifth of it at most."""
    one, across = np.array([1.0, 1.0]), np.array([1.0, -1.0])
    assert merging._multiple_text(merging._multiple([gave * one], [gained * one]), scale) == words
    least = 0.2 * max(abs(gained), 1.0)
    for part, same in ((0.99, True), (1.01, False)):
        found = merging._multiple_text(merging._multiple([gave * one], [gained * one + part * least * across]), scale)
        assert found == (words if same else "")
    assert merging._is_near_one(merging._multiple([one], [gained * one])) is (abs(gained - 1) < 0.1)


@cases(
    "gained, left, outputs, words",
    (P, P / 2, 1.0, ": the adapter still gives 0.5 of what it gave, is the trained factor not reset to zero?"),
    (P.T, 0 * P, 1.0, ", as if its transpose was merged"),
    (2 * P.T, 0 * P, 1.0, ""),
    (P, 0 * P, 1.0, ": the weights gained what it gave, is it still added when the model is run?"),
    (4 * P, 0 * P, 1.0, ", as if its scale 4 was applied twice"),
    (None, 0 * P, 0.0, ", as if it was not merged"),
    (None, 0 * P, 8.0, ", as if it was merged twice"),
    (None, 0 * P, [4.0, 4.0], "; are weights kept in fewer bits than outputs, which weights= would show?"),
)
def test_the_first_cause_that_fits_is_named(gained, left, outputs, words):
    """By the weights where they are shown, else by the outputs, which the link has moved from 0 to 4."""
    of = {"size": P, "unit": 0.0, "scale": 4.0 if gained is not None else 1.0}
    before, after = (None if gained is None else (W, SINGLE) for W in (P, P + (0 if gained is None else gained)))
    end = seen([4.0, 0.0], Adapter(P, **of), before)
    link = Link(1, seen([0.0, 0.0]), end, seen(np.zeros(2) + [1, 0] * np.array(outputs), Adapter(left, **of), after))
    if isinstance(outputs, list):
        link = Link(1, link.begin, end, seen(outputs, Adapter(left, **of)))
    assert merging._cause(link) == words


def test_without_an_adapter_no_scale_is_known():
    """Half of what was learned is half of it, and no scale of two that was forgotten."""
    link = Link(1, seen([0.0]), seen([4.0]), seen([2.0]))
    assert merging._cause(link) == ", as if 0.5 of it was merged"


def test_a_factor_that_is_frozen_stays_and_a_scale_does():
    """Catches a factor that moved by as much as its norm, and another scale at the same shapes."""
    B, A = np.array([[3.0], [4.0]]), np.ones((1, 1))
    old, moved = (product(1.0, factors={"B": part * B, "A": A}) for part in (1.0, 1.5))
    link = Link(3, seen([0.0], old), seen([0.0], moved), seen([0.0], product(1.0, scale=2.0, factors={"B": B, "A": A})))
    check_frozen(link, "A")
    refuted(r"B frozen, as is declared: in link 3 B of 'w' moved by 0\.5 of", check_frozen, link, "B")
    refuted("the scale of the adapter of 'w': after link 3 it is 2, it was 1; is alpha", check_scale, link)
    check_scale(Link(3, link.begin, link.end, seen([0.0], product(1.0, scale=2.0, factors={"B": A, "A": A}))))


def total(D, E, once=0.0, variance=0.0, most=100.0, own=0.25):
    D = np.array(D)
    return Sum("w", HALF, D, np.array(E), *(np.zeros_like(D) + one for one in (once, variance, most, own)))


LARGE, SMALL = (replace(total([D], [E], variance=0.25), kind=SINGLE) for D, E in ((8.0, -2.8), (0.5, -1.2)))
"""Layers that lose more in all, or less, and less of what they learned."""
AWAY = [0.25, 100.0]  # the second entry has learned nothing, and hides all else that is looked at


@cases(
    "sums, refuses",
    ([total([1.0, 0.0], [-3.75, 0.0], 0.5, AWAY)], ""),
    ([total([1.0, 0.0], [-4.0, 0.0], -0.5, AWAY)], "4.00 of it is lost to bfloat16, 1.07 times what"),
    ([total([2.0, 0.0], [4.0, 0.0], 0.5, AWAY)], "2.00 of it is added by bfloat16, 1.07 times what"),
    ([total([1.0, 0.0], [-3.0, 0.0], 0.0, AWAY), total([1.0, 0.0], [3.0, 0.0], 0.0, AWAY)], ""),
    ([total([1.0], [-2.75], variance=0.25), LARGE], "0.39 of it is lost to bfloat16, 1.12 times"),
    ([total([1.0], [-2.75], variance=0.25), SMALL], "2.68 of it is lost to bfloat16, 1.06 times"),
    ([total([1.0, 0.0], [0.0, 3.25], variance=[0.0, 4.0], most=3.0)], ""),
    (
        [total([1.0, 0.0], [0.0, 3.5], variance=[0.0, 4.0], most=3.0)],
        "3.5 of it of 'w', 0.761 times what rounding allows; is there another that trains",
    ),
    ([total([1.0, 0.0], [0.0, 4.25], variance=[0.0, 4.0])], ""),
    ([total([1.0, 0.0], [0.0, 4.26], variance=[0.0, 4.0])], "of 'w', 1 times what rounding allows; are bits cut"),
    ([total([1.0, 0.0], [0.0, 5.25], [0.0, 1.5], [0.0, 4.0])], ""),
    ([total([1.0, 0.0], [0.0, 5.26], [0.0, 1.5], [0.0, 4.0])], "are bits cut off"),
)
def test_what_is_lost_is_held_against_what_rounding_may_take(monkeypatch, sums, refuses):
    """Twice one rounding, five deviations, and what the sum is off by itself; along what was learned, of all layers."""
    names = [f"w{i}" for i in range(len(sums))]
    monkeypatch.setattr(merging, "_sum", lambda links, layer: sums[names.index(layer)])
    chain = [SimpleNamespace(begin=SimpleNamespace(adapters=names, weights=names))] * 3
    expect_refusal(refuses, check_drift, chain)
    assert ("after 3" in refusal(check_drift, chain)) is bool(refuses)


def test_a_sum_of_merges_by_hand():
    """Twice 1/100 to one in bfloat16, whose spacing there is 1/128: the second is off by another part of a spacing."""
    W, gained = ((np.full((2, 1), x), HALF) for x in (1.0, 1.0078125))
    end, after = seen([0.0], product(0.01, 0.5), W), seen([0.0], product(0.0, 0.25), gained)
    found = merging._sum([Link(1, seen([0.0], product(0.0), W), end, after)] * 2, "w")
    s, f, rounds = 1 / 128, 0.01 - 1 / 128, 0.75 / 256
    expected = {"D": 0.02, "E": 1.0078125 - 1.02, "once": 1.0234375 - 1.02, "most": 2 * (2 * s + 8 * rounds)}
    expected["variance"] = 2 * (f * (s - f) + rounds**2) + s**2 / 12
    for name, number in expected.items():
        assert getattr(found, name) == pytest.approx(np.full((2, 1), number))
    own = 4 * 2.0**-53 * (2 * (1.01 + 0.75) + 0.01 + 0.02)
    assert found.error == pytest.approx(np.full((2, 1), own), rel=1e-12, abs=0)


RNG = np.random.default_rng(0)
BASE = [*RNG.standard_normal((40, 2, 2))]
SIGNS = [*np.where(RNG.random((20, 2, 2)) < 0.5, 1.0, -2.0)]


@cases(
    "some, others, are_equal",
    ([], [], False),
    (BASE[:1], BASE[:1], True),
    (BASE[:2], [BASE[0], BASE[2]], False),
    (SIGNS[:19], SIGNS[:19], False),
    (SIGNS, SIGNS, True),
    ([np.array([[1.0, 2.0, 3.0, 1.0]])], [np.array([[1.0, 2.0, 3.0, 1.0]])], True),
    ([np.array([[1.0, -2.0, 2.0, 1.0]])], [np.array([[1.0, -2.0, 2.0, 1.0]])], False),
)
def test_sketches_are_the_same_where_chance_does_not_make_it(some, others, are_equal):
    """Of few values, at most half as many as entries, twenty links; of many values one."""
    assert check_chain._equal(some, others) is are_equal


def shifted(by, links):
    return {("a", "B"): BASE[12 : 12 + links], ("b", "A"): BASE[12 + by : 12 + by + links]}


@pytest.mark.parametrize("by", range(-8, 9))
def test_a_layer_that_follows_another_one_is_named_with_its_distance(by):
    when = f"the same, {f'{abs(by)} links apart' if by else 'in the same link'}, in {16 - abs(by)} links"
    caught = refuted(f"B of 'a' and A of 'b' are {when}", check_chain._check_layers, shifted(by, 16))
    np.testing.assert_array_equal(caught.witness["sketch"], BASE[12 + max(by, 0)])


def test_few_links_and_long_distances_are_not_compared():
    for by, links in ((9, 16), (-9, 16), (1, 15), (-1, 15)):
        check_chain._check_layers(shifted(by, links))
    x, y, z, w = BASE[:4]
    check_chain._check_links({("a", "B"): [x, y, x, y, z, w]})
    refuted("in 4 links B of 'a' is that of 2 links before", check_chain._check_links, {("a", "B"): [x, y, x, y, x, y]})


def test_all_that_is_asked_of_sketches_shares_the_level(monkeypatch):
    """Three pasts by two likenesses, and pairs of layers, which share one part. Catches a level that is not shared."""
    asked, drawn = heard(monkeypatch, check_chain, "unfair"), RNG.standard_normal((4, 3, 2, 2))
    layers = [[Adapter(P, P, 0.0, factors={"B": B}) for B in some] for some in drawn]
    show = [Snapshot(np.zeros(1), HALF, dict(zip("abc", some, strict=True)), {}, {}) for some in layers]
    chain = [Link(k, show[k], show[k], show[k + 1]) for k in range(3)]
    monkeypatch.setitem(check_chain._PASTS, "the factor that was trained", check_chain._PASTS["the sketch before"])
    check_chain._check_past((chain, chain), check_chain._drawn(chain), 7e-3)
    assert [alpha for _, alpha in asked] == pytest.approx([1e-3] * 6)
    check_chain._check_apart((chain, chain), check_chain._drawn(chain), 7e-3)
    assert sum(alpha for _, alpha in asked) == pytest.approx(7e-3)


def test_a_product_rounds_as_the_coarser_of_its_factors():
    B = np.ones((2, 1), dtype=np.float16)
    assert [trainer._adapter("", (B, np.ones((1, 3), kind))).unit for kind in (float, np.float16)] == [2**-11] * 2


def test_outputs_that_differ_are_told_by_how_much():
    """Half of a norm of five; and no share of what is pruned is above one."""
    shown = iter([seen([3.0, 4.0]), seen([3.0, 4.5])])
    given = {"new": lambda seed: seed, "trained": lambda state, steps: state, "snapshot": lambda state: next(shown)}
    refuted(r"two calls differ by 0\.1 of their norm", check_chain._check_outputs, SimpleNamespace(**given), 0)
    with pytest.raises(ValueError, match=r"pruned must be a finite number > 0 and < 1.*, got 1\.5"):
        check_chain.check_chain(*[None] * 4, pruned=1.5)
