"""The answer to what an engineer asks of a rank: three sentences, and a table of 80 columns.

What does my rank cost beside full fine-tuning, and why? Which rank and side would be cheaper? Which lora_alpha carries
my learning rate there? All numbers are promises of the theorems for the slowest layer, with two significant digits.
"""

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.table import Table

from rac_theory.advice.advise import advise
from rac_theory.advice.curvature import Curvature
from rac_theory.advice.curvature_files import Layer
from rac_theory.advice.learning_rate import rates_of_side
from rac_theory.advice.training_option import Option
from rac_theory.base import table_of
from rac_theory.numerics import Randomness

SKETCH = "gaussian"
"""What LoRA draws its frozen factor from."""

_COLUMNS = 4  # of ranks
_NAME = 20  # characters of a name
_FACTORS = {"left": "train A, draw B", "right": "train B, draw A"}


class LayersAlike(NamedTuple):
    """Layers of one shape and one curvature, with their best option at each rank.

    Attributes
    ----------
    layers : list of Layer
    curvature : Curvature or None
        None is Q = L I: nothing is known.
    best : dict of int to Option
        By rank, the side that is promised fewer steps.
    slower : dict of int to Option
        By rank, the other side.

    Examples
    --------
    >>> from rac_theory.advice.answer import alike
    >>> kind = alike([("layers.0.up", (768, 3072)), ("layers.1.up", (768, 3072))], None, [8])
    >>> kind.name, kind.slower[8].side
    ('up', 'right')
    """

    layers: Sequence[Layer]
    curvature: Curvature | None
    best: dict[int, Option]
    slower: dict[int, Option]

    @property
    def name(self) -> str:
        """The name of the layers: the numbers in it are stars where there are several."""
        return pattern(self.layers)


def pattern(layers: Sequence[Layer]) -> str:
    """Return one name for several layers, or for one.

    Examples
    --------
    >>> from rac_theory.advice.answer import pattern
    >>> pattern([("model.layers.0.mlp.up_proj.weight", (8, 4)), ("model.layers.1.mlp.up_proj.weight", (8, 4))])
    'mlp.up_proj'
    >>> pattern([("784x64", (784, 64))])
    '784x64'
    """
    names = list(dict.fromkeys(re.sub(r"\.\d+\.", ".*.", name.removesuffix(".weight")) for name, _ in layers))
    tails = list(dict.fromkeys(name.rpartition("*.")[2] for name in names))
    return tails[0] if len(tails) == 1 else f"{tails[0]}, ..."


def alike(
    layers: Sequence[Layer], curvature: Curvature | None, ranks: Sequence[int], *, rng: Randomness = None
) -> LayersAlike:
    """Return what is promised of each rank that fits layers of one shape, on both sides, under Gaussian draws.

    Parameters
    ----------
    layers : sequence of Layer
    curvature : Curvature or None
        None is Q = L I: every direction may be as steep as the steepest.
    ranks : sequence of int
        Those above the longer side are left out.
    rng : seed, SeedSequence or Generator
        Unused where nothing is sampled.

    Returns
    -------
    LayersAlike

    Examples
    --------
    >>> from rac_theory.advice import Curvature
    >>> from rac_theory.advice.answer import alike
    >>> kind = alike([("up", (768, 3072))], Curvature.of_rho(20.0), [1, 8])
    >>> [(rank, option.side, f"{option.slowdown:.1f}") for rank, option in kind.best.items()]
    [(1, 'right', '22.0'), (8, 'right', '3.6')]
    """
    shape = layers[0][1]
    fitting = [rank for rank in ranks if rank <= max(shape)]
    options, _ = advise([shape], ranks=fitting or [1], sketches=[SKETCH], curvature=curvature, rng=rng)
    best, slower = {}, {}
    for rank in fitting:
        sides = sorted(
            (o for o in options if o.rank == rank and o.side != "full"), key=lambda o: (o.slowdown, o.trained)
        )
        if sides:
            best[rank], slower[rank] = sides[0], sides[-1]
    return LayersAlike(layers, curvature, best, slower)


def sentences(kinds: Sequence[LayersAlike], rank: int, lora_alpha: float, *, by_root: bool = False) -> Iterator[str]:
    r"""Yield the three sentences, for a model of several kinds of layers.

    Parameters
    ----------
    kinds : sequence of LayersAlike
    rank : int
        Yours.
    lora_alpha : float
        Yours.
    by_root : bool
        Whether B A is scaled by ``lora_alpha / sqrt(r)``, as in rsLoRA, and not by ``lora_alpha / r``.

    Examples
    --------
    >>> from rac_theory.advice import Curvature
    >>> from rac_theory.advice.answer import alike, sentences
    >>> kind = alike([("up", (768, 3072))], Curvature.of_rho(20.0), [1, 8, 64])
    >>> for sentence in sentences([kind], 8, 16.0):
    ...     print(sentence.replace(": ", ":\n").replace("; ", ";\n").replace(" at", "\nat"))
    Rank 8 is promised 3.6 times the steps of full fine-tuning:
    what goes into up has an effective dimension of 20 of 3,072, and rank r takes some 0.99 + 21/r times as many.
    Cheaper in numbers trained:
    rank 1 (train B, draw A), 0.0072 times those of full fine-tuning, where rank 8 takes 0.0094;
    faster:
    rank 64, 1.3 times the steps;
    the other side would take 96 times the steps.
    A learning rate that is right
    at rank 8 with lora_alpha 16 is right
    at rank 1 with 2.3 and
    at rank 64 with 75.
    """
    curved = [kind for kind in kinds if kind.curvature is not None and kind.best]
    fitting = [kind for kind in curved or kinds if rank in kind.best]
    if not fitting:
        yield f"No layer has room for rank {rank}."
        return
    slowest = max(fitting, key=lambda kind: kind.best[rank].slowdown)
    if not curved:
        yield from _of_shapes(slowest, rank)
    else:
        yield _cost(slowest, rank)
        yield _cheaper(fitting, slowest, rank)
    yield _carrying(slowest, rank, lora_alpha, by_root)


def _of_shapes(slowest: LayersAlike, rank: int) -> Iterator[str]:
    steps = digits(slowest.best[rank].slowdown)
    yield (
        "Which rank is best cannot be said: nothing is known of what goes into the layers, and every direction may be "
        f"as steep as the steepest. Then rank {rank} is promised {steps} times the steps of full fine-tuning, and "
        "every rank trains as many numbers in all."
    )
    yield "To say more, save what goes into the layers, and give it as --data:"
    yield from SAVE.splitlines()


SAVE = """    from rac_theory.torch import Activations
    with Activations(model) as seen:
        for batch in batches: model(**batch)
    seen.save("acts.npz")"""
"""How activations are saved."""


def _cost(slowest: LayersAlike, rank: int) -> str:
    best, curvature = slowest.best[rank], slowest.curvature
    promised = f"Rank {rank} is promised {digits(best.slowdown)} times the steps of full fine-tuning"
    d = best.shape[0] if best.side == "left" else best.shape[1]
    if curvature is None or best.side != curvature.side or d == 1:
        return f"{promised}: a step of rank {rank} sees {rank} of {d:,} directions of {slowest.name}, by turns."
    rho = curvature.rho
    flat, falling = (d * part / ((d - 1) * (d + 2)) for part in (d - rho, d - 2 + d * rho))  # of d/r L_H/L
    return (
        f"{promised}: what goes into {slowest.name} has an effective dimension of {digits(rho)} of {d:,}, and rank r "
        f"takes some {digits(flat)} + {digits(falling)}/r times as many."
    )


def _cheaper(fitting: Sequence[LayersAlike], slowest: LayersAlike, rank: int) -> str:
    """In numbers trained by all layers together, and in the steps of the slowest."""
    ranks = [r for r in slowest.best if all(r in kind.best for kind in fitting)]
    numbers = {r: _numbers(fitting, r) for r in ranks}
    cheapest = min(ranks, key=lambda r: (numbers[r], r))
    fastest = min(ranks, key=lambda r: slowest.best[r].slowdown)
    least, current = f"{digits(numbers[cheapest])} times those of full fine-tuning", digits(numbers[rank])
    if least.startswith(f"{current} "):
        parts = [f"No rank that was compared is cheaper in numbers trained: {least}"]
    else:
        side = _FACTORS[slowest.best[cheapest].side]
        parts = [f"Cheaper in numbers trained: rank {cheapest} ({side}), {least}, where rank {rank} takes {current}"]
    if fastest != rank:
        parts.append(f"faster: rank {fastest}, {digits(slowest.best[fastest].slowdown)} times the steps")
    slower = slowest.slower[rank].slowdown
    if slower > slowest.best[rank].slowdown:
        parts.append(f"the other side would take {digits(slower)} times the steps")
    return "; ".join(parts) + "."


def _numbers(kinds: Sequence[LayersAlike], rank: int) -> float:
    """Numbers trained in all steps by all layers, over those of full training."""
    sizes = [len(kind.layers) * math.prod(kind.layers[0][1]) for kind in kinds]
    budgets = [kind.best[rank].budget for kind in kinds]
    return math.fsum(size * budget for size, budget in zip(sizes, budgets, strict=True)) / sum(sizes)


def _carrying(slowest: LayersAlike, rank: int, lora_alpha: float, by_root: bool) -> str:
    ranks = [rank, *(r for r in slowest.best if r != rank)]
    side = slowest.best[rank].side
    assert side in ("left", "right")
    over_rank = lora_alpha * (math.sqrt(rank) if by_root else 1.0)  # the scaling that is divided by r
    _, rows = rates_of_side(slowest.layers[0][1], slowest.curvature, side, ranks, SKETCH, over_rank)
    carried = {
        row.rank: row.carrying / (math.sqrt(row.rank) if by_root else 1.0)
        for row in rows[1:]
        if math.isfinite(row.carrying)
    }
    ends = sorted({min(carried), max(carried)}) if carried else []
    if not ends:
        return f"Which lora_alpha carries a learning rate from rank {rank} to another one is not known."
    words = " and ".join(f"at rank {r} with {digits(carried[r])}" for r in ends)
    return f"A learning rate that is right at rank {rank} with lora_alpha {lora_alpha:g} is right {words}."


def answer_table(kinds: Sequence[LayersAlike], rank: int) -> Table:
    """Return a line for each name and shape: the effective dimension, the side, and the steps at up to four ranks.

    Of several layers with one name it has the largest numbers. It fits 80 columns.

    Parameters
    ----------
    kinds : sequence of LayersAlike
    rank : int
        Yours, which is among the ranks that are shown.

    Returns
    -------
    rich.table.Table

    Examples
    --------
    >>> from rac_theory.advice.answer import alike, answer_table
    >>> table = answer_table([alike([("up", (768, 3072))], None, [1, 8])], 8)
    >>> [column.header for column in table.columns]
    ['layer', 'shape', 'rho', 'train', 'rank 1', 'rank 8']
    """
    ranks = _shown_ranks([*dict.fromkeys(r for kind in kinds for r in kind.best)], rank)
    numbers = ("rho", "train", *(f"rank {r}" for r in ranks))
    table = table_of(("layer", "shape", *numbers), right=numbers)
    for (name, (m, n)), ones in _by_name(kinds).items():
        count = sum(len(kind.layers) for kind in ones)
        slowest = max(ones, key=lambda kind: max((o.slowdown for o in kind.best.values()), default=0.0))
        rho = "-" if slowest.curvature is None else digits(slowest.curvature.rho)
        side = next((o.side for r, o in slowest.best.items() if r == rank), "")
        cells = [digits(slowest.best[r].slowdown) if r in slowest.best else "-" for r in ranks]
        label = _short(name, count)
        table.add_row(label, f"{m}x{n}", rho, {"left": "A", "right": "B"}.get(side, "-"), *cells)
    return table


def _by_name(kinds: Sequence[LayersAlike]) -> dict[Layer, list[LayersAlike]]:
    groups: dict[Layer, list[LayersAlike]] = {}
    for kind in kinds:
        groups.setdefault((kind.name, kind.layers[0][1]), []).append(kind)
    return groups


def _short(name: str, count: int) -> str:
    times = f" x{count}" if count > 1 else ""
    room = _NAME - len(times)
    return (name if len(name) <= room else "..." + name[3 - room :]) + times


def _shown_ranks(ranks: Sequence[int], rank: int) -> list[int]:
    """Yours among at most four, from the lowest to the highest."""
    others = sorted(set(ranks) - {rank})
    if len(others) >= _COLUMNS:
        step = (len(others) - 1) / (_COLUMNS - 2)
        others = [others[round(i * step)] for i in range(_COLUMNS - 1)]
    return sorted({*others, *({rank} & set(ranks))})


def digits(value: float) -> str:
    """Return a number with two significant digits.

    Examples
    --------
    >>> from rac_theory.advice.answer import digits
    >>> [digits(value) for value in (0.00719, 1.26, 22.0, 384.0, 2030.0, float("inf"))]
    ['0.0072', '1.3', '22', '380', '2,000', 'never']
    """
    if not math.isfinite(value):
        return "never" if value > 0 else "-"
    if value == 0:
        return "0"
    places = 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    return f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:.2g}"
