"""Drawing: arrays on matplotlib axes. It knows no concept, takes and returns axes, and never shows."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rac_theory.drawing.chart import BLACK, BOUND, GREEN, MARGINS, MEAN, PINK, RUNS, SIZE, YELLOW, Chart, Layer, Scale
from rac_theory.problems.checks import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

LEGEND = {"frameon": True, "framealpha": 0.8, "edgecolor": "none", "fontsize": 8}
"""The style of every legend: what lies under it still shows through."""
_GROUPS = ((BLACK, "*"), (MEAN, "o"), (BOUND, "s"), (GREEN, "^"), (PINK, "D"), (RUNS, "v"), (YELLOW, "P"))


def figure() -> "Figure":
    """Return an empty figure that no window system knows of, with margins that fit one pair of axes."""
    from matplotlib.figure import Figure

    empty = Figure(figsize=SIZE)
    empty.subplots_adjust(**MARGINS)  # a layout engine would draw everything twice
    return empty


def curves(chart: Chart, ax: "Axes | None" = None) -> "Axes":
    """Draw a chart; axes that show something already are widened."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    ax = figure().subplots() if ax is None else ax
    xlim, ylim = chart.xlim, chart.ylim
    if ax.has_data():
        xlim, ylim = (_hull(old, new) for old, new in ((ax.get_xlim(), xlim), (ax.get_ylim(), ylim)))
    for order, layer in enumerate(chart.layers, start=1):
        _draw(layer, ax, order)
    ax.set(xscale=chart.xscale, yscale="log", xlabel="$t$", ylabel=chart.ylabel, xlim=xlim, ylim=ylim)
    ax.set_title(chart.title, y=1.0)  # a place of its own: looking for one would lay out every label twice
    scales: tuple[tuple[Axis, Scale], ...] = ((ax.xaxis, chart.xscale), (ax.yaxis, "log"))
    for axis, scale in scales:
        axis.set_major_locator(ticks(scale, *axis.get_view_interval()))
        axis.set_major_formatter(FuncFormatter(lambda x, _: tick_label(x)))
        axis.set_minor_locator(NullLocator())
    ax.spines[["top", "right"]].set_visible(False)
    handles = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    order_of = [layer.label for layer in chart.legend]
    ax.legend([handles[label] for label in order_of], order_of, loc=chart.corner, **LEGEND)
    return ax


def eigenvalues(values: Array, interval: tuple[float, float], *, title: str = "", ax: "Axes | None" = None) -> "Axes":
    """Draw the eigenvalues of an expected projection, largest first, and what is known of the smallest one."""
    ax = figure().subplots() if ax is None else ax
    order = np.sort(values)[::-1]
    ax.plot(np.arange(1, len(order) + 1), order, "o", color=MEAN, markersize=4)
    known = f"{interval[0]:.3g}" if interval[0] == interval[1] else f"{interval[0]:.3g} to {interval[1]:.3g}"
    label = rf"$\lambda_{{\min}}$: {known}"
    ax.axhspan(*interval, color=BOUND, alpha=0.18, linewidth=0)
    ax.axhline(interval[0], color=BOUND, linestyle="--", linewidth=1.2, label=label)
    ax.set(
        xlabel="eigenvalue number", ylabel=r"eigenvalue of $E[H]$", title=title, ylim=(0, max(1.05 * order[0], 1e-3))
    )
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="lower left", **LEGEND)
    return ax


def intervals(
    names: Sequence[str], bounds: Sequence[tuple[float, float]], *, xlabel: str = "", ax: "Axes | None" = None
) -> "Axes":
    """Draw one horizontal bar per name up to the lower bound, and a whisker to the upper one; the first on top."""
    if ax is None:
        empty = figure()
        empty.set_size_inches(5.6, 1.2 + 0.24 * len(names))
        empty.subplots_adjust(left=0.4, top=1 - 0.45 / empty.get_figheight(), bottom=0.6 / empty.get_figheight())
        ax = empty.subplots()
    low, high = np.array(bounds).T
    positions = np.arange(len(names))[::-1]
    ax.barh(positions, low, color=MEAN, height=0.6)
    ax.hlines(positions, low, high, color=BOUND, linewidth=1.6)
    ax.set_yticks(positions, names)
    ax.set(xlabel=xlabel, xlim=(0, None))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def equal_budget(
    points: Mapping[str, tuple[Array, Array]], budget: float, *, title: str = "", ax: "Axes | None" = None
) -> "Axes":
    """Draw groups of points on logarithmic axes, and the line on which the product of both coordinates is ``budget``.

    Parameters
    ----------
    points : mapping of str to (Array, Array)
        By name, numbers trained a step and steps relative to full training, each (k,).
    budget : float
        The product of full training.
    """
    ax = figure().subplots() if ax is None else ax
    for i, (name, (trained, steps)) in enumerate(points.items()):
        colour, marker = _GROUPS[i % len(_GROUPS)]
        size = max(4.0, 12.0 - 1.5 * i)  # groups may coincide: nested outlines can all be seen
        ax.plot(trained, steps, marker, color=colour, markersize=size, markerfacecolor="none", label=name)
    line = np.array([min(t.min() for t, _ in points.values()), max(t.max() for t, _ in points.values())])
    ax.plot(line, budget / line, color=BOUND, linestyle="--", linewidth=1.2, label="budget of full training", zorder=1)
    ax.set(xscale="log", yscale="log", xlabel="numbers trained a step", ylabel="steps promised, relative to full")
    ax.set_title(title)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper right", **LEGEND)
    return ax


def ticks(scale: Scale, low: float, high: float) -> "Locator":
    """Return what finds ticks: 1, 2, 5 within two decades, powers of ten beyond; whole steps on a linear axis."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    if scale == "linear":
        return MaxNLocator("auto", steps=[1, 2, 2.5, 5, 10], integer=True)
    return LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 100 else (1.0,), numticks=8)


def tick_label(x: float) -> str:
    """Return plain text, since typesetting takes most of the time of a figure."""
    if x <= 0 or 1e-3 <= x < 1e5:
        return f"{x:g}"
    exponent = round(np.log10(x))
    if not np.isclose(x, 10.0**exponent):
        return f"{x:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _draw(layer: Layer, ax: "Axes", order: int) -> None:
    if layer.filled:
        ax.fill_between(
            layer.t,
            *layer.curves,
            color=layer.colour,
            alpha=layer.opacity,
            linewidth=0,
            label=layer.label,
            zorder=order,
        )
        return
    for i, curve in enumerate(layer.curves):
        ax.plot(
            layer.t,
            curve,
            color=layer.colour,
            alpha=layer.opacity,
            linewidth=layer.width,
            linestyle="--" if layer.dashed else "-",
            label=layer.label if i == 0 else None,
            zorder=order,
        )


def _hull(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return min(one[0], other[0]), max(one[1], other[1])
