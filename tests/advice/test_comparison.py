"""What is cheapest in each currency, and what a whole model comes to: against sums one by one."""

import math
from itertools import chain, product

import pytest

from rac_theory import LayeredRACLoRA
from rac_theory.advice import Curvature, advise, cheapest, fewest_steps
from rac_theory.advice.comparison import CURRENCIES, Horizon, advice_table, totals
from rac_theory.problems import Layers
from rac_theory.sketches import Haar

STEEP = Curvature.of_rho(8.5, side="left")


def test_each_currency_is_that_of_all_steps():
    """Numbers trained and flops are those of a step, times the steps. Catches a currency of one step alone."""
    options, _ = advise([(784, 64)], ranks=[1, 4], curvature=STEEP)
    for one in options:
        assert CURRENCIES["steps"](one, 7) == one.slowdown
        assert CURRENCIES["numbers trained"](one, 7) == one.slowdown * one.trained
        assert CURRENCIES["flops"](one, 7) == one.slowdown * (7 * one.flops_per_example + one.flops_per_step)


def test_the_cheapest_of_each_currency_is_named():
    """Steps by the largest rank, numbers by rank one, as L_H rises with it. Catches a largest for a smallest."""
    options, _ = advise([(784, 64)], ranks=[1, 4, 16], curvature=STEEP)
    (sentence,) = cheapest(options, examples=1000)
    low = options[1:]
    for name, cost in CURRENCIES.items():
        best = min(low, key=lambda option: cost(option, 1000))
        ratio = cost(best, 1000) / cost(options[0], 1000)
        assert f"fewest {name}: {best.side} gaussian rank {best.rank}, {ratio:.3g} times" in sentence
    assert "fewest numbers trained: left gaussian rank 1, 0.0134 times" in sentence  # 10.5/786
    (fewest,) = fewest_steps(options)
    assert fewest.startswith("784x64, rank 1: left, gaussian: 10.4733 times the steps, 64 numbers trained; right, ")


def test_without_curvature_all_ranks_are_alike_in_numbers_trained():
    for shape, choices, told in (
        ((12, 5), {}, "fewest numbers trained: all alike, 1 times"),
        ((5, 5), {"ranks": [1, 2]}, "fewest steps: left gaussian rank 2 and 1 more alike, 2.5 times"),
        ((5, 5), {"ranks": [1]}, "fewest steps: all alike, 5 times"),
        ((5, 3), {"ranks": [4]}, "fewest steps: left gaussian rank 4, 1.25 times"),  # on the left alone
        ((5, 5), {"ranks": [1], "sketches": ["frozen"]}, "5x5: nothing is promised of low rank"),
    ):
        (sentence,) = cheapest(advise([shape], **choices)[0], examples=10)
        assert told in sentence


def test_of_each_side_the_fastest_sketch_is_told():
    """At the lowest rank. Catches the slowest, and the first that is listed."""
    options, _ = advise([(9, 6)], ranks=[4, 2], sketches=["coordinate_with_replacement", "gaussian"])
    (sentence,) = fewest_steps(options)
    told = "9x6, rank 2: right, gaussian: 3 times the steps, 18 numbers trained; left, gaussian: 4.5"
    assert sentence.startswith(told)


def test_numbers_in_the_table_are_whole_but_for_a_mean_of_both_sides():
    """3 (1000/7 + 3000 6/7) of a coin; full training has no rank. Catches a million that is rounded, and all digits."""
    options, _ = advise([(3000, 1000)], ranks=[3], mixture=1 / 7)
    table = advice_table(options, {options[0].label: Horizon(1e-3, 100.0, 10)})
    cells = {str(column.header): [*column.cells] for column in table.columns}
    assert cells["side"] == ["full", "left", "right", "mixture"]
    assert cells["a step"] == ["3,000,000", "3,000", "9,000", "8,142.86"]
    assert cells["rank"] == ["-", "3", "3", "3"]


def test_layers_of_one_shape_with_names_do_not_compete():
    """Catches groups by shape: the frontier of one layer would hide the other's options."""
    layers = {"q": Curvature.of_rho(1.5), "k": Curvature.of_rho(4.0)}
    each = (advise([(8, 8)], ranks=[1], curvature=one, layer=name).options for name, one in layers.items())
    sentences = cheapest([*chain(*each)], examples=1)
    assert [sentence.split(",")[0] for sentence in sentences] == ["q 8x8", "k 8x8"]


def test_a_total_is_the_sum_of_its_layers():
    """Against loops. Catches a layer that counts once for many, and the slowest of the wrong plan."""
    shapes, counts = [(64, 64), (256, 64), (64, 6)], {"64x64": 4, "256x64": 2, "64x6": 1}
    options, _ = advise(shapes, ranks=[4, 8], sketches=["gaussian", "count_sketch"])
    examples = {"64x64": 10, "256x64": 20, "64x6": 30}
    found = {(one.plan, one.sketch, one.rank): one for one in totals(options, counts, examples)}
    assert len(found) == 1 + 2 * 2 * 3
    numbers = 4 * 64 * 64 + 2 * 256 * 64 + 64 * 6
    assert (found["full", "-", 0].trained, found["full", "-", 0].share) == (numbers, 1.0)
    for plan, sketch, rank in product(("left", "right"), ("gaussian", "count_sketch"), (4, 8)):
        total = found[plan, sketch, rank]
        chosen = [o for o in options if (o.side, o.sketch, o.rank) == (plan, sketch, rank)]
        assert total.matrices == sum(counts[o.label] for o in chosen)
        assert total.trained == sum(counts[o.label] * o.trained for o in chosen)
        assert total.flops == pytest.approx(sum(counts[o.label] * o.flops(examples[o.label]) for o in chosen))
        assert total.slowdown == max(o.slowdown for o in chosen)
        assert total.slowest in [o.label for o in chosen if o.slowdown == total.slowdown]
    assert found["right", "gaussian", 8].matrices == 6  # rank 8 is more than 6 columns
    faster = found["faster side", "gaussian", 4]
    assert faster.slowdown == 64 / 4
    assert faster.trained == 4 * 4 * 64 + 2 * 4 * 256 + 4 * 64
    (_, never, *_) = totals(advise([(3, 3)], ranks=[1], sketches=["frozen"])[0], {"3x3": 1}, {"3x3": 1})
    assert math.isinf(never.slowdown)  # nothing is promised
    (full,) = totals(advise([(3, 3)], ranks=[4])[0], {"3x3": 2}, {"3x3": 1})  # no rank fits
    assert (full.trained, full.share) == (18, 1.0)


def test_the_slowdown_of_a_model_is_that_of_all_its_layers_at_once():
    """Trained together with one step size, by the spectrum of their projection: catches a mean of layers."""
    shapes = [(64, 16), (32, 8), (16, 48)]
    options, _ = advise(shapes, ranks=[4], sketches=["haar"])
    counts = dict.fromkeys((f"{m}x{n}" for m, n in shapes), 1)
    found = {total.plan: total for total in totals(options, counts, dict.fromkeys(counts, 100)) if total.rank}
    for side, dims in (("left", [m for m, _ in shapes]), ("right", [n for _, n in shapes])):
        algorithm = LayeredRACLoRA(Layers(shapes), [Haar(dim, 4) for dim in dims], 1.0, side)
        known = algorithm.projection(alpha=1e-3, draws=1, rng=0)
        assert found[side].slowdown == pytest.approx(known.slowdown, rel=1e-12)
