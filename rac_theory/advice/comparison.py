"""What options come to, as tables, in words and as a figure: which side of a layer is faster, which choice is cheapest
in each currency, and what all layers of a model cost together.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.markup import escape
from rich.table import Table

from rac_theory.advice.advise import promised_steps
from rac_theory.advice.training_option import ROUNDING, Option, efficient, of_layers
from rac_theory.base import table_of
from rac_theory.drawing import plot
from rac_theory.theorems import T15, T15_pl

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


PROMISES = (T15, T15_pl)
"""By the mean squared gradient, and by the gap."""


_LARGEST_GRID = 4  # layers in one figure

CURRENCIES: Mapping[str, Callable[[Option, int], float]] = MappingProxyType(
    {
        "steps": lambda option, examples: option.slowdown,
        "numbers trained": lambda option, examples: option.slowdown * option.trained,
        "flops": lambda option, examples: option.slowdown * option.flops(examples),
    }
)
"""What an option costs until some accuracy, up to a factor that all of a layer have in common."""


class Horizon(NamedTuple):
    """How far a layer is to be trained, and on how much.

    Attributes
    ----------
    epsilon : float
        Accuracy, relative to the start.
    condition : float
        L / mu.
    examples : int
        How many examples a gradient is of.
    """

    epsilon: float
    condition: float
    examples: int


def advice_table(options: Sequence[Option], horizons: Mapping[str, Horizon]) -> Table:
    """Return the table of options, with what they take until the horizon of their layer, and the frontier.

    The numbers trained and the flops are those of all steps that ``T15_pl`` promises.
    """
    counts = [f"steps {theorem.id}" for theorem in PROMISES]
    numbers = ("rank", "L_H/L", "step L", "slowdown", *counts, "a step", "numbers", "budget", "flops")
    table = table_of(("layer", "side", "sketch", *numbers), right=numbers)
    table.add_column("frontier", justify="center")
    for option, on_frontier in zip(options, efficient(options), strict=True):
        horizon = horizons[option.label]
        steps = [
            promised_steps(theorem, option.nu, epsilon=horizon.epsilon, condition=horizon.condition)
            for theorem in PROMISES
        ]
        in_all = steps[PROMISES.index(T15_pl)]
        table.add_row(
            escape(option.label),
            option.side,
            escape(option.sketch),
            "-" if option.side == "full" else str(option.rank),
            f"{option.L_H:.3g}",
            f"{option.step:.4g}",
            _finite(option.slowdown, f"{option.slowdown:.5g}"),
            *(_finite(count, f"{count:,}") for count in steps),
            f"{option.trained:,.6g}" if option.side == "mixture" else f"{option.trained:,}",
            _finite(in_all, f"{in_all * option.trained:.3g}"),
            _finite(option.budget, f"{option.budget:.4g}"),
            _finite(in_all, f"{in_all * option.flops(horizon.examples):.3g}"),
            "*" if on_frontier else "",
        )
    return table


def _finite(value: float, text: str) -> str:
    return text if math.isfinite(value) else "never"


def fewest_steps(options: Sequence[Option]) -> Iterator[str]:
    r"""Yield one sentence for each layer: which side needs fewer steps at its lowest rank, and by how much.

    Parameters
    ----------
    options : sequence of Option

    Examples
    --------
    >>> from rac_theory.advice import advise, fewest_steps
    >>> options, notes = advise([(64, 256)], ranks=[4])
    >>> for sentence in fewest_steps(options):
    ...     print(*sentence.split("; "), sep="\n")
    64x256, rank 4: left, gaussian: 16 times the steps, 1024 numbers trained
    right, gaussian: 64 times the steps, 256 numbers trained
    """
    for label, ones in of_layers(options).items():
        sketched = [option for option in ones if option.side in ("left", "right")]
        if not sketched:
            continue
        lowest = min(option.rank for option in sketched)
        sides = [[o for o in sketched if o.rank == lowest and o.side == side] for side in ("left", "right")]
        best = [min(of_side, key=lambda option: option.slowdown) for of_side in sides if of_side]
        ordered = sorted(best, key=lambda option: option.slowdown)
        parts = [f"{o.side}, {o.sketch}: {_promised(o)}, {o.trained:g} numbers trained" for o in ordered]
        yield f"{label}, rank {lowest}: " + "; ".join(parts)


def cheapest(options: Sequence[Option], *, examples: int) -> Iterator[str]:
    r"""Yield one sentence for each layer: what of low rank is cheapest in steps, in numbers trained, and in flops.

    A currency counts all that it takes until some accuracy, beside that of full training: numbers trained are those of
    a step, times the steps.

    Parameters
    ----------
    options : sequence of Option
        With full training of each layer among them.
    examples : int
        How many examples a gradient is of; only flops depend on it.

    Examples
    --------
    >>> from rac_theory.advice import Curvature, advise, cheapest
    >>> options, notes = advise([(64, 256)], ranks=[1, 4], curvature=Curvature.of_rho(20.0))
    >>> for sentence in cheapest(options, examples=1000):
    ...     print(*sentence.split("; "), sep="\n")
    64x256, low rank, beside full training: fewest steps: right gaussian rank 4, 6.15 times
    fewest numbers trained: right gaussian rank 1, 0.0853 times
    fewest flops: right gaussian rank 4, 4.26 times
    """
    for label, ones in of_layers(options).items():
        (full,) = (option for option in ones if option.side == "full")
        low = [option for option in ones if option.side != "full" and math.isfinite(option.slowdown)]
        if not low:
            yield f"{label}: nothing is promised of low rank"
            continue
        parts = [f"fewest {name}: {_least(low, full, cost, examples)}" for name, cost in CURRENCIES.items()]
        yield f"{label}, low rank, beside full training: " + "; ".join(parts)


def _least(low: Sequence[Option], full: Option, cost: Callable[[Option, int], float], examples: int) -> str:
    costs = [cost(option, examples) for option in low]
    least = min(costs)
    alike = [option for option, price in zip(low, costs, strict=True) if price <= least * ROUNDING]
    times = f"{least / cost(full, examples):.3g} times"
    if len(alike) == len(low) > 1:
        return f"all alike, {times}"
    first, *others = alike
    more = f" and {len(others)} more alike" if others else ""
    return f"{first.side} {first.sketch} rank {first.rank}{more}, {times}"


def _promised(option: Option) -> str:
    return f"{option.slowdown:.6g} times the steps" if math.isfinite(option.slowdown) else "no number of steps promised"


def frontier_plot(options: Sequence[Option], ax: "Axes | None" = None) -> "Axes":
    """Draw the options of one layer, steps against numbers trained, with the line of full training's budget.

    Parameters
    ----------
    options : sequence of Option
        Of one layer.
    ax : Axes, optional
        Axes of matplotlib; made if none are given.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from rac_theory.advice import advise, frontier_plot
    >>> options, notes = advise([(64, 256)], ranks=[1, 4, 16])
    >>> axes = frontier_plot(options)
    >>> axes.get_title(), len(axes.get_legend_handles_labels()[1])
    ('64x256, rank 1 to 16', 4)
    """
    m, n = options[0].shape
    groups: dict[str, list[Option]] = {}
    for option in options:
        if math.isfinite(option.slowdown):
            groups.setdefault(" ".join((option.side, option.sketch)).removesuffix(" -"), []).append(option)
    points = {
        name: (np.array([o.trained for o in ones], dtype=float), np.array([o.slowdown for o in ones]))
        for name, ones in groups.items()
    }
    return plot.equal_budget(points, float(m * n), title=f"{options[0].label}, rank {_range(options)}", ax=ax)


def _range(options: Sequence[Option]) -> str:
    ranks = sorted({option.rank for option in options if option.side != "full"})
    return f"{ranks[0]} to {ranks[-1]}" if len(ranks) > 1 else "".join(map(str, ranks))


def frontier_panels(options: Sequence[Option]) -> "Figure":
    """Draw a panel for each layer, up to four.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> from rac_theory.advice.comparison import frontier_panels
    >>> len(frontier_panels(advise([(64, 256), (64, 64), (256, 64)]).options).axes)
    3
    """
    from matplotlib.figure import Figure

    layers = [*of_layers(options).values()][:_LARGEST_GRID]
    columns = min(2, len(layers))
    rows = -(-len(layers) // columns)
    width, height = 5.2 * columns, 4.0 * rows
    panels = Figure(figsize=(width, height))  # a layout engine would draw everything twice
    panels.subplots_adjust(0.7 / width, 0.6 / height, 1 - 0.15 / width, 1 - 0.4 / height, 0.18, 0.3)
    for i, ones in enumerate(layers):
        frontier_plot(ones, panels.add_subplot(rows, columns, i + 1))
    return panels


class Total(NamedTuple):
    """All layers of a model, each trained by one plan.

    Attributes
    ----------
    plan : str
        "full", "left", "right", or "faster side": in each layer the side that is promised fewer steps.
    sketch : str
        "-" for full training.
    rank : int
        0 for full training.
    matrices : int
        How many take part; a rank above a side leaves some out.
    trained : float
        Numbers trained in a step.
    share : float
        Of the numbers of all matrices.
    flops : float
        Of a step.
    slowdown : float
        The largest of all layers, each by itself.
    slowest : str
        The layer that has it.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> from rac_theory.advice.comparison import totals
    >>> options, notes = advise([(64, 16)], ranks=[4])
    >>> full, *others = totals(options, {"64x16": 3}, {"64x16": 100})
    >>> full.plan, full.matrices, full.trained, full.slowest
    ('full', 3, 3072.0, '64x16')
    """

    plan: str
    sketch: str
    rank: int
    matrices: int
    trained: float
    share: float
    flops: float
    slowdown: float
    slowest: str


def totals(options: Sequence[Option], matrices: Mapping[str, int], examples: Mapping[str, int]) -> list[Total]:
    """Return the totals for each plan, sketch and rank, full training first.

    Parameters
    ----------
    options : sequence of Option
        Of all layers, with full training of each among them.
    matrices : mapping of str to int
        How many matrices of the model a label stands for.
    examples : mapping of str to int
        How many examples a gradient is of, by label.

    Returns
    -------
    list of Total

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> from rac_theory.advice.comparison import totals
    >>> options, notes = advise([(64, 64), (256, 64)], ranks=[4])
    >>> counts = {"64x64": 4, "256x64": 2}
    >>> for total in totals(options, counts, dict.fromkeys(counts, 1000)):
    ...     print(f"{total.plan}: {total.trained:.0f} numbers, {total.slowdown:g} times the steps in {total.slowest}")
    full: 49152 numbers, 1 times the steps in 64x64
    left: 1536 numbers, 64 times the steps in 256x64
    right: 3072 numbers, 16 times the steps in 64x64
    faster side: 3072 numbers, 16 times the steps in 64x64
    """
    layers = of_layers(options)
    everything = sum(matrices[label] * math.prod(ones[0].shape) for label, ones in layers.items())
    rows = []
    for plan in _plans(options):
        chosen = [choice for ones in layers.values() if (choice := plan.choose(ones)) is not None]
        if not chosen:
            continue
        slowest = max(chosen, key=lambda option: option.slowdown)
        trained = math.fsum(matrices[option.label] * option.trained for option in chosen)
        flops = math.fsum(matrices[option.label] * option.flops(examples[option.label]) for option in chosen)
        count = sum(matrices[option.label] for option in chosen)
        share = trained / everything
        rows.append(
            Total(plan.name, plan.sketch, plan.rank, count, trained, share, flops, slowest.slowdown, slowest.label)
        )
    return rows


class _Plan(NamedTuple):
    """Which options are candidates in each layer; no sketch is full training."""

    name: str
    sides: tuple[str, ...]
    sketch: str = "-"
    rank: int = 0

    def choose(self, options: Sequence[Option]) -> Option | None:
        """Return the fastest candidate of a layer; None where there is none."""
        fitting = [
            option
            for option in options
            if option.side in self.sides and option.sketch == self.sketch and self.rank in (0, option.rank)
        ]
        return min(fitting, key=lambda option: option.slowdown, default=None)


def _plans(options: Sequence[Option]) -> Iterator[_Plan]:
    yield _Plan("full", ("full",))
    for sketch, rank in dict.fromkeys((option.sketch, option.rank) for option in options if option.side != "full"):
        for name, sides in (("left", ("left",)), ("right", ("right",)), ("faster side", ("left", "right"))):
            yield _Plan(name, sides, sketch, rank)


def total_table(rows: Sequence[Total]) -> Table:
    """Return a table with a line for each total."""
    numbers = ("rank", "matrices", "trained", "share", "flops a step", "largest slowdown")
    table = table_of(("plan", "sketch", *numbers, "in"), right=numbers, title="all matrices together")
    for total in rows:
        table.add_row(
            total.plan,
            total.sketch,
            str(total.rank or "-"),
            str(total.matrices),
            f"{total.trained:,.0f}",
            f"{total.share:.3%}",
            f"{total.flops:.3g}",
            f"{total.slowdown:.5g}" if math.isfinite(total.slowdown) else "never",
            total.slowest,
        )
    return table
