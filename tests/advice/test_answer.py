"""The short answer: each number of the three sentences by its formula, and a table that fits its page."""

import io
import math
import re
from types import SimpleNamespace

import pytest
from rich.console import Console

from rac_theory.advice import Curvature, alike, answer_table, sentences
from rac_theory.advice.answer import _numbers, digits, pattern

RHO, RANK, ALPHA = 20.0, 8, 16.0
SHAPE = (768, 3072)


def steps(rank, d=SHAPE[1], rho=RHO):
    """1/(nu L) of a uniform range on the side of the features."""
    return d / rank * ((d * rank + d - 2) + (d - rank) * rho) / ((d - 1) * (d + 2))


def said(*kinds, rank=RANK, lora_alpha=ALPHA, **choices):
    return list(sentences([*kinds], rank, lora_alpha, **choices))


KNOWN = alike([("up.weight", SHAPE)], Curvature.of_rho(RHO), [1, RANK, 64])


def test_the_numbers_are_those_of_the_formulas():
    """Catches rho for 1 + rho, numbers of one step for those of all, the step of another side, r for sqrt r."""
    cost, cheaper, carrying = said(KNOWN)
    assert f"Rank 8 is promised {digits(steps(8))} times the steps" in cost
    assert "an effective dimension of 20 of 3,072, and rank r takes some 0.99 + 21/r" in cost
    numbers = {rank: rank / SHAPE[1] * steps(rank) for rank in (1, 8)}
    assert f"rank 1 (train B, draw A), {digits(numbers[1])} times those" in cheaper
    assert f"where rank 8 takes {digits(numbers[8])}; faster: rank 64, {digits(steps(64))} times the steps" in cheaper
    assert f"the other side would take {SHAPE[0] / 8:.0f} times the steps" in cheaper
    for rank in (1, 64):
        carried = ALPHA * rank / RANK * math.sqrt((RANK + 1 + RHO) / (rank + 1 + RHO))
        assert f"at rank {rank} with {digits(carried)}" in carrying


def test_what_is_said_of_rank_r_is_true_up_to_full_rank():
    """By the formula. 1 + (1 + rho)/r, its limit for large d, is twice as much at the full rank of white features."""
    for d, rho in ((64, 64.0), (64, 8.3), (8, 6.0), (2, 1.5)):
        kind = alike([("up", (784, d))], Curvature.of_rho(rho), [1, d // 2, d])
        flat, falling = map(float, re.findall(r"some ([\d.]+) \+ ([\d.]+)/r times", said(kind, rank=1)[0])[0])
        for rank, option in kind.best.items():
            assert flat + falling / rank == pytest.approx(option.slowdown, rel=0.05)
            assert option.slowdown == pytest.approx(steps(rank, d, rho))
    assert (
        "a step of rank 1 sees 1 of 1 directions"
        in said(alike([("up", (8, 1))], Curvature.of_rho(1.0), [1]), rank=1)[0]
    )


def test_under_rslora_lora_alpha_is_over_the_root_of_the_rank():
    """The same scaling of B A: lora_alpha/sqrt r for lora_alpha/r. Catches a root at one end alone."""
    plain = 16.0 * math.sqrt(8)  # over 8 is 16 over sqrt 8
    at_64 = plain * 8 * math.sqrt((9 + RHO) / (65 + RHO)) / math.sqrt(64)
    assert f"at rank 64 with {digits(at_64)}." in said(KNOWN, by_root=True)[-1]


def test_without_features_nothing_is_recommended_and_the_way_on_is_said():
    first, *rest = said(alike([("up", SHAPE)], None, [1, RANK, 64]))
    assert first.startswith("Which rank is best cannot be said")
    assert "promised 96 times the steps" in first
    assert "    from rac_theory.torch import Activations" in rest
    assert "Cheaper" not in " ".join(rest)


def test_the_slowest_layer_is_named_and_layers_without_features_do_not_decide():
    """Catches the fastest of them, and a layer of which nothing is known that is slower than all."""
    slow = alike([("down.weight", (768, 3072))], Curvature.of_rho(50.0), [1, RANK])
    unknown = alike([("v.weight", (2048, 2048))], None, [1, RANK])
    cost = said(KNOWN, slow, unknown)[0]
    assert f"promised {digits(steps(8, rho=50.0))} times" in cost
    assert "what goes into down" in cost


def test_a_side_without_curvature_may_be_the_faster_one():
    """4 outputs are seen within a few steps, whatever goes in."""
    cost, cheaper, _ = said(alike([("head", (4, 3072))], Curvature.of_rho(100.0), [1, 2]), rank=2)
    assert "promised 2 times the steps" in cost
    assert "a step of rank 2 sees 2 of 4 directions of head" in cost
    assert "train A" not in cheaper or "rank 1" in cheaper
    one_side = alike([("head", (4, 3072))], Curvature.of_rho(100.0), [8])  # above 4: it is the slower one as well
    assert one_side.slower == one_side.best != {}


def test_a_rank_that_is_the_cheapest_is_not_called_dearer():
    """And of one for which no layer has room nothing else is said."""
    alone = said(alike([("up", SHAPE)], Curvature.of_rho(RHO), [RANK]))[1]
    assert alone.startswith("No rank that was compared is cheaper in numbers trained: 0.0094 times")
    assert "faster" not in alone
    assert said(alike([("up", (3, 2))], None, [8]), rank=8) == ["No layer has room for rank 8."]


def test_the_table_fits_80_columns_and_has_a_line_for_each_name():
    """22 layers with curvatures of their own, long names, huge shapes: the largest numbers of a name."""
    name = "base_model.model.model.layers.{}.self_attention_with_a_long_name.q_proj.weight"
    ranks = [1, 4, 8, 16, 64]
    kinds = [alike([(name.format(i), (151_936, 4_096))], Curvature.of_rho(10.0 + i), ranks) for i in range(22)]
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(answer_table(kinds, RANK))
    head, line = console.export_text().rstrip().splitlines()
    assert max(map(len, map(str.rstrip, (head, line)))) <= 80
    assert re.findall(r"rank \d+", head) == ["rank 1", "rank 8", "rank 16", "rank 64"]
    assert "q_proj x22" in line
    assert "   31  " in line
    assert line.split()[-4:] == [digits(steps(r, d=4096, rho=31.0)) for r in (1, 8, 16, 64)]


def test_of_one_name_the_slowest_is_shown_and_only_several_are_counted():
    """Slowest at its lowest rank, though the other is at its highest. Catches the least slowdown, and "x1"."""
    few, many = (alike([("up", SHAPE)], Curvature.of_rho(rho), ranks) for rho, ranks in ((30.0, [1, 64]), (20.0, [8])))
    table = answer_table([few, many], RANK)
    assert [*table.columns[0].cells, *table.columns[2].cells] == ["up x2", "30"]
    assert [*answer_table([many], RANK).columns[0].cells] == ["up"]


def test_numbers_of_layers_count_by_their_sizes():
    """Two of 2 x 3 with half the numbers, one of 10 x 10 with a tenth. Catches layers, or shapes, that count alike."""
    shapes = (("up", (2, 3), 2, 0.5), ("down", (10, 10), 1, 0.1))
    kinds = [SimpleNamespace(layers=[(n, s)] * k, best={1: SimpleNamespace(budget=b)}) for n, s, k, b in shapes]
    assert _numbers(kinds, 1) == pytest.approx((2 * 6 * 0.5 + 100 * 0.1) / (2 * 6 + 100))


def test_numbers_have_two_digits():
    """And names of layers that differ by a number are one."""
    printed = {0.0: "0", 0.00719: "0.0072", 0.995: "0.99", 1.25: "1.2", 9.96: "10", 99.6: "100", 2030.0: "2,000"}
    assert {value: digits(value) for value in printed} == printed
    layers = [(f"h.{i}.mlp.up.weight", (2, 2)) for i in (0, 11)]
    assert pattern(layers) == "mlp.up"
    assert pattern([*layers, ("h.0.mlp.down.weight", (2, 2))]) == "mlp.up, ..."
