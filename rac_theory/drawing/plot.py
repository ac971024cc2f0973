"""Drawing: arrays on matplotlib axes. It knows no concept, takes and returns axes, and never shows."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rac_theory.base import shown
from rac_theory.base.checks import Array
from rac_theory.drawing import words
from rac_theory.drawing.chart import DOT, MARGINS, SIZE, Chart, Layer, Scale
from rac_theory.drawing.colours import BLACK, BOUND, DARK, GREEN, MEAN, PINK, RUNS, YELLOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator, LogLocator

_GROUPS = ((BLACK, "*"), (MEAN, "o"), (BOUND, "s"), (GREEN, "^"), (PINK, "D"), (RUNS, "v"), (YELLOW, "P"))
_MARKS = 1_000
"""Of eigenvalues: with more of them there is one mark for several, else a drawing has megabytes."""


def figure() -> "Figure":
    """Return an empty figure that no window system knows of, with margins that fit one pair of axes."""
    from matplotlib.figure import Figure

    empty = Figure(figsize=SIZE)
    empty.subplots_adjust(**MARGINS)  # a layout engine would draw everything twice
    return empty


def axes(ax: "Axes | None") -> "Axes":
    """Return these axes, or new ones if there are none.

    Raises
    ------
    ValueError
        If they are no axes of matplotlib, as the name of a file.
    """
    if ax is not None and not hasattr(ax, "has_data"):
        raise ValueError(
            f"ax must be axes of matplotlib, or None, got {shown(ax)}; what plot() returns is saved by "
            "plot().figure.savefig('name.pdf')"
        )
    return figure().subplots() if ax is None else ax


def curves(chart: Chart, ax: "Axes | None" = None) -> "Axes":
    """Draw a chart; axes that show something already are widened."""
    ax = axes(ax)
    xlim, ylim = chart.xlim, chart.ylim
    if ax.has_data():
        xlim, ylim = (hull(old, new) for old, new in ((ax.get_xlim(), xlim), (ax.get_ylim(), ylim)))
    # Limits come before curves, for which matplotlib would look for some that no float holds where a value is 1e308.
    ax.set(xscale=chart.xscale, yscale="log", xlabel=chart.xlabel, ylabel=chart.ylabel, xlim=xlim, ylim=ylim)
    for order, layer in enumerate(chart.layers, start=1):
        _draw(layer, ax, order)
    words.titled(ax, chart.title)
    words.legend(ax, [layer.label for layer in chart.legend], corner=chart.corner)
    tick(ax.xaxis, chart.xscale)
    tick(ax.yaxis, "log")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def eigenvalues(values: Array, interval: tuple[float, float], *, title: str = "", ax: "Axes | None" = None) -> "Axes":
    """Draw the eigenvalues of an expected projection, largest first, and what is known of the smallest one."""
    from matplotlib.ticker import MaxNLocator

    ax = axes(ax)
    order = np.sort(values)[::-1]
    every = -(-len(order) // _MARKS)
    ax.plot(np.arange(1, len(order) + 1), order, "o", color=MEAN, markersize=4, markevery=every, label="eigenvalues")
    ax.axhspan(*interval, color=BOUND, alpha=0.18, linewidth=0)
    label = f"{interval[0]:.3g}" if interval[0] == interval[1] else f"{interval[0]:.3g} to {interval[1]:.3g}"
    ax.axhline(interval[0], color=BOUND, linestyle="--", linewidth=1.2, label=rf"$\lambda_{{\min}}$: {label}")
    ax.set(xlabel="number of the eigenvalue", ylabel=r"eigenvalue of $E[H]$", ylim=(0, max(1.05 * order[0], 1e-3)))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return finished(ax, title)


def intervals(
    names: Sequence[str],
    bounds: Sequence[tuple[float, float]],
    *,
    xlabel: str = "",
    title: str = "",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw one horizontal bar per name up to the lower bound, and a whisker to the upper one; the first on top."""
    if ax is None:
        empty = figure()
        empty.set_size_inches(5.6, 1.2 + 0.24 * len(names))
        empty.subplots_adjust(left=0.4, top=1 - 0.45 / empty.get_figheight(), bottom=0.6 / empty.get_figheight())
        ax = empty.subplots()
    low, high = np.array(bounds).T
    positions = np.arange(len(names))[::-1]
    ax.barh(positions, low, color=MEAN, height=0.6, label="at least")
    if (wide := low < high).any():
        middle, half = (low + high)[wide] / 2, (high - low)[wide] / 2
        ax.errorbar(
            middle, positions[wide], xerr=half, fmt="none", color=BOUND, elinewidth=1.6, capsize=3, label="at most"
        )
    ax.set_yticks(positions, names)
    ax.set(xlabel=xlabel, xlim=(0, None))
    ax.spines[["top", "right"]].set_visible(False)
    words.titled(ax, title)
    if wide.any():
        ax.legend(loc="lower right", **words.LEGEND)  # where the bars are shortest
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
    ax = axes(ax)
    for i, (name, (trained, steps)) in enumerate(points.items()):
        colour, marker = _GROUPS[i % len(_GROUPS)]
        size = max(4.0, 12.0 - 1.5 * i)  # groups may coincide: nested outlines can all be seen
        ax.plot(trained, steps, marker, color=colour, markersize=size, markerfacecolor="none", label=name)
    line = np.array([min(t.min() for t, _ in points.values()), max(t.max() for t, _ in points.values())])
    ax.plot(line, budget / line, color=DARK, linestyle=":", linewidth=1.4, label="budget of full training", zorder=1)
    ax.set(xscale="log", yscale="log", xlabel="numbers trained a step", ylabel="steps promised, relative to full")
    return finished(ax, title)


def finished(ax: "Axes", title: str) -> "Axes":
    """Give axes what every figure has: a title, a legend that covers nothing, and no frame; return them."""
    ax.spines[["top", "right"]].set_visible(False)
    words.titled(ax, title)
    words.legend(ax)
    return ax


def ticks(scale: Scale, low: float, high: float) -> "Locator":
    """Return what finds ticks: 1, 2, 5 within two decades, powers of ten beyond; whole steps on a linear axis."""
    from matplotlib.ticker import MaxNLocator

    if scale == "linear":
        return MaxNLocator("auto", steps=[1, 2, 2.5, 5, 10], integer=True)
    return _powers()(subs=(1.0, 2.0, 5.0) if high / 100 < low else (1.0,), numticks=8)


@cache
def _powers() -> "type[LogLocator]":
    """Return what finds ticks on a logarithmic axis, also where the next one beyond its ends is no float."""
    from matplotlib.ticker import LogLocator

    class Powers(LogLocator):
        def tick_values(self, vmin: float, vmax: float) -> Any:  # an array, as LogLocator returns
            down = 1e20 if vmin > 1e300 else 1.0  # within two decades some versions add up what is beyond the ends
            with np.errstate(over="ignore"):
                values = down * np.asarray(super().tick_values(vmin / down, vmax / down))
            return values[np.isfinite(values)]

    return Powers


def tick(axis: "Axis", scale: Scale) -> None:
    """Set ticks at round numbers on an axis that shows what it will show."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    low, high = axis.get_view_interval()
    axis.set_major_locator(ticks(scale, low, high))
    as_powers = scale == "log" and has_powers(low, high)
    axis.set_major_formatter(FuncFormatter(lambda x, _: tick_label(x, as_power=as_powers)))
    axis.set_minor_locator(NullLocator())


def has_powers(low: float, high: float) -> bool:
    """Whether the ticks of a logarithmic axis are powers of ten of which some are too long as decimals."""
    return high / 100 >= low and (low < 5e-4 or high >= 1e5)


def tick_label(x: float, *, as_power: bool = False) -> str:
    """Return plain text, since typesetting takes most of the time of a figure."""
    if x <= 0 or (1e-3 <= x < 1e5 and not as_power):
        return f"{x:g}"
    exponent = round(np.log10(x))
    if not np.isclose(x, 10.0**exponent):
        return f"{x:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _draw(layer: Layer, ax: "Axes", order: int) -> None:
    style: dict[str, Any] = {"color": layer.colour, "alpha": layer.opacity, "zorder": order}
    if layer.filled:
        shape, width = (ax.vlines, 6) if layer.is_point else (ax.fill_between, 0)
        shape(layer.t, *layer.curves, linewidth=width, label=layer.label, **style)
        return
    style |= {"linewidth": layer.width, "linestyle": "--" if layer.dashed else "-"}
    style |= {"marker": "o" if layer.is_point else None, "markersize": DOT}
    for i, curve in enumerate(layer.curves):
        ax.plot(layer.t, curve, label=layer.label if i == 0 else None, **style)


def hull(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """Return the least interval that contains both."""
    return min(first[0], second[0]), max(first[1], second[1])
