"""Drawing: arrays on matplotlib axes. It knows no concept, takes and returns axes, and never shows."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from problems.checks import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Okabe & Ito's palette, which colour-blind readers can tell apart.
BOUND, MEAN, RUNS = "#D55E00", "#0072B2", "#56B4E9"
_GROUPS = (
    ("#000000", "*"),
    (MEAN, "o"),
    (BOUND, "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    (RUNS, "v"),
    ("#E69F00", "P"),
)
_POINTS = 400  # a line needs no more points than a figure has pixels


def figure() -> "Figure":
    """Return an empty figure that no window system knows of, with margins that fit one pair of axes."""
    from matplotlib.figure import Figure

    empty = Figure(figsize=(5.6, 3.6))
    empty.subplots_adjust(left=0.17, right=0.96, top=0.87, bottom=0.14)  # a layout engine would draw everything twice
    return empty


def bound_and_runs(
    bound: Array,
    mean: Array,
    lower: Array,
    upper: Array,
    runs: Array,
    *,
    reach: int | None = None,
    xscale: str = "linear",
    ylabel: str = "",
    title: str = "",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw a bound above a mean: band up to ``reach``, single runs faint, logarithmic values.

    Parameters
    ----------
    bound, mean, lower, upper : (T + 1,)
        Over t = 0, ..., T; nan and values that a logarithmic axis cannot show leave gaps.
    runs : (k, T + 1)
        Single runs.
    reach : int, optional
        The last t up to which the sample says something: beyond it mean and band end.
    xscale : "linear" or "log"
    """
    ax = figure().subplots() if ax is None else ax
    t = _points(len(bound) - 1, xscale)
    for run in runs:
        ax.plot(t, _drawable(run[t]), color=RUNS, alpha=0.35, linewidth=0.6, zorder=1)
    shown = t[t <= (len(bound) - 1 if reach is None else reach)]
    ax.fill_between(
        shown,
        _drawable(lower[shown]),
        _drawable(upper[shown]),
        color=MEAN,
        alpha=0.18,
        linewidth=0,
        label="confidence band",
    )
    ax.plot(shown, _drawable(mean[shown]), color=MEAN, linewidth=1.6, label="mean")
    ax.plot(t, _drawable(bound[t]), color=BOUND, linewidth=1.6, linestyle="--", label="bound")
    ax.set(xscale=xscale, yscale="log", xlabel="$t$", ylabel=ylabel)
    ax.set_title(title, y=1.0)  # a place of its own: looking for one would lay out every label twice
    floor = np.nanmin(np.concatenate([_drawable(bound[t]), _drawable(mean[shown])]))
    ax.set_ylim(bottom=floor / 3)  # single runs may fall by orders of magnitude: they must not squeeze the bound
    for axis in (ax.yaxis, ax.xaxis) if xscale == "log" else (ax.yaxis,):
        _label_logarithms(axis)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="lower left")
    return ax


def eigenvalues(values: Array, interval: tuple[float, float], *, title: str = "", ax: "Axes | None" = None) -> "Axes":
    """Draw the eigenvalues of an expected projection, largest first, and what is known of the smallest one."""
    ax = figure().subplots() if ax is None else ax
    order = np.sort(values)[::-1]
    ax.plot(np.arange(1, len(order) + 1), order, "o", color=MEAN, markersize=4)
    ax.axhspan(*interval, color=BOUND, alpha=0.18, linewidth=0)
    ax.axhline(interval[0], color=BOUND, linestyle="--", linewidth=1.2, label=r"$\lambda_{\min}$")
    ax.set(
        xlabel="eigenvalue number", ylabel=r"eigenvalue of $E[H]$", title=title, ylim=(0, max(1.05 * order[0], 1e-3))
    )
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="upper right")
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
    ax.legend(frameon=False, loc="upper right", fontsize=8)
    return ax


def _label_logarithms(axis: "Axis") -> None:
    """Label 1, 2, 5 within two decades, powers of ten beyond; in plain text, since typesetting is most of the time."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 100 else (1.0,), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda x, _: _plain(x)))
    axis.set_minor_locator(NullLocator())


def _plain(x: float) -> str:
    exponent = round(np.log10(x))
    if 1e-3 <= x < 1e4 or not np.isclose(x, 10.0**exponent):
        return f"{x:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _points(steps: int, xscale: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the steps to draw: all of them, or as many as can be told apart."""
    if steps <= _POINTS:
        return np.arange(steps + 1)
    spread = np.geomspace(1, steps, _POINTS) if xscale == "log" else np.linspace(0, steps, _POINTS)
    return np.unique(np.rint(spread).astype(np.int64))


def _drawable(values: Array) -> Array:
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)
