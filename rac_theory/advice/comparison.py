"""What the options of a layer come to, as a table, in words and as a figure: which side is faster, and which choice is
cheapest in each currency.
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
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("layer", "side", "sketch"):
        table.add_column(name, no_wrap=True)
    for name in ("rank", "L_H/L", "step L", "slowdown", *(f"steps {theorem.id}" for theorem in PROMISES)):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("a step", "numbers", "budget", "flops"):
        table.add_column(name, justify="right", no_wrap=True)
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
        best = {
            side: min(of_side, key=lambda option: option.slowdown)
            for side in ("left", "right")
            if (of_side := [o for o in sketched if o.rank == lowest and o.side == side])
        }
        ordered = sorted(best.values(), key=lambda option: option.slowdown)
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
