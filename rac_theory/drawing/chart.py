"""What a figure of curves shows, as data: two drawers read it, so both show the same things in the same colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Value, type_name
from rac_theory.base.checks import Array
from rac_theory.drawing.colours import BOUND, MEAN, RUNS
from rac_theory.drawing.room import ENDS, Corner, Line, place

SIZE = (5.6, 3.6)
"""Inches."""
WIDTH, HEIGHT = 72 * SIZE[0], 72 * SIZE[1]
"""The same in points."""
MARGINS = {"left": 0.15, "right": 0.97, "top": 0.88, "bottom": 0.14}
"""Where the axes of a figure end, as shares of it."""

LINE, LETTER, HANDLE, INSET = 11.6, 4.8, 22.0, 7.0
"""Of a legend, in points: from line to line, a letter on average, what stands before the words, and the margin."""

DOT = 5.0
"""The width of what marks a single point, in points."""

Scale = Literal["linear", "log"]
Steps = NDArray[np.int64]

_POINTS = 240  # a line needs no more points than a figure has pixels, nor a faint one among ten as many
_FAINT_POINTS = 120
_NO_LETTERS = str.maketrans("", "", "$^")


@dataclass(frozen=True, eq=False, repr=False)
class Layer(Value):
    """Curves over the steps t in one style; nan leaves gaps.

    Attributes
    ----------
    t : (k,)
        Steps.
    curves : (j, k)
        Single curves; two between which the area is filled if ``filled``.
    colour, label : str
    width : float
        In points.
    opacity : float
    dashed, filled : bool
    """

    t: Steps
    curves: Array
    colour: str
    label: str
    width: float = 1.6
    opacity: float = 1.0
    dashed: bool = False
    filled: bool = False

    @property
    def is_firm(self) -> bool:
        """Whether it is what a figure is about: a bound or a mean."""
        return self.opacity == 1

    @property
    def is_point(self) -> bool:
        """Whether all of it is above one step: a line to be seen needs two."""
        return int(np.isfinite(self.curves).any(axis=0).sum()) == 1

    @property
    def is_faint(self) -> bool:
        """Whether it is there for the impression only, as single runs are."""
        return not self.is_firm and not self.filled


@dataclass(frozen=True, eq=False, repr=False)
class Chart(Value):
    """Layers, the lowest first, above the steps t; values are logarithmic.

    Attributes
    ----------
    layers : tuple of Layer
        Those that hold anything to be drawn.
    xlim, ylim : (float, float)
        What the axes show; both ends are positive where the axis is logarithmic.
    xscale : "linear" or "log"
    ylabel, title : str
    corner : Corner
        Where the legend stands: there it covers nothing but single runs, and those only where they are everywhere.
    xlabel : str
    """

    layers: tuple[Layer, ...]
    xlim: tuple[float, float]
    ylim: tuple[float, float]
    xscale: Scale
    ylabel: str
    title: str
    corner: Corner
    xlabel: str = "step $t$"

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.title!r}: {', '.join(layer.label for layer in self.legend)}>"

    @property
    def legend(self) -> tuple[Layer, ...]:
        """The layers as the legend names them, the uppermost first."""
        return tuple(layer for layer in reversed(self.layers) if layer.label)


def share_of_axis(values: NDArray[Any], limits: tuple[float, float], scale: Scale) -> Array:
    """Return where values stand between the ends of an axis, which are 0 and 1."""
    if scale == "log":
        values, limits = np.log(values), (math.log(limits[0]), math.log(limits[1]))
    return np.asarray((values - limits[0]) / (limits[1] - limits[0]), dtype=np.float64)


def with_margin(low: float, high: float, scale: Scale) -> tuple[float, float]:
    """Return an interval that is wider by a twentieth on both sides, as far as an axis goes."""
    if scale == "log":
        factor = high**0.05 / low**0.05
        return max(low / factor, ENDS[0]), min(high * factor, ENDS[1])
    margin = (high - low) / 20
    return low - margin, high + margin


def legend_share(named: Sequence[Layer]) -> tuple[float, float]:
    """Return the share of the axes of a figure that a legend of layers takes, in width and in height."""
    letters = max((len(layer.label.translate(_NO_LETTERS)) for layer in named), default=0)
    width, height = HANDLE + LETTER * letters + 2 * INSET, LINE * len(named) + 2 * INSET
    return (
        width / (WIDTH * (MARGINS["right"] - MARGINS["left"])),
        height / (HEIGHT * (MARGINS["top"] - MARGINS["bottom"])),
    )


def bound_and_runs(
    bound: Array,
    mean: Array,
    lower: Array,
    upper: Array,
    runs: Array,
    *,
    reach: int | None = None,
    xscale: Scale = "linear",
    ylabel: str = "",
    title: str = "",
    names: tuple[str, str] = ("bound", "mean"),
) -> Chart:
    """Show a bound above a mean: band up to ``reach``, single runs faint, logarithmic values.

    Parameters
    ----------
    bound, mean, lower, upper : (T + 1,)
        Over t = 0, ..., T; nan and values that a logarithmic axis cannot show leave gaps.
    runs : (k, T + 1)
        Single runs.
    reach : int, optional
        The last t up to which the sample says something: beyond it mean and band end. All of them if None.
    xscale : "linear" or "log"
    ylabel, title : str
    names : (str, str)
        What the legend calls bound and mean.
    """
    last = len(bound) - 1
    end = last if reach is None else reach
    t = _points(last, xscale, _POINTS)
    near = np.union1d(t[t < end], [end])
    near = near[near >= t[0]]  # none, where a logarithmic axis cannot show the little that is reached
    band = "confidence band" + (f" up to t = {end}" if end < last else "")
    layers = (
        _single_runs(runs, xscale),
        Layer(near, np.array([lower[near], upper[near]]), MEAN, band, opacity=0.18, filled=True),
        Layer(near, mean[None, near], MEAN, names[1]),
        Layer(t, bound[None, t], BOUND, names[0], dashed=True),
    )
    return _chart(layers, last, xscale, ylabel, title)


def ensemble(gaps: Array, squared_gradients: Array, *, title: str = "") -> Chart:
    """Show the mean and ten runs of an ensemble: gaps, or squared gradients where the gaps are nan; (k, T + 1) each."""
    is_known = not np.isnan(gaps).all()
    runs = gaps if is_known else squared_gradients
    t = _points(runs.shape[1] - 1, "linear", _POINTS)
    with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
        mean = Layer(t, runs[:, t].mean(axis=0)[None], MEAN, f"mean of {len(runs)} runs")
    layers = (_single_runs(runs[:10], "linear"), mean) if len(runs) > 1 else (replace(mean, label="one run"),)
    label = r"$f(W^t) - f^\star$" if is_known else r"$\Vert \nabla f(W^t) \Vert^2$"
    return _chart(layers, runs.shape[1] - 1, "linear", label, title)


def _single_runs(runs: Array, xscale: Scale) -> Layer:
    t = _points(runs.shape[1] - 1, xscale, _FAINT_POINTS)
    return Layer(t, runs[:, t], RUNS, "single runs", width=0.6, opacity=0.45)


def _chart(layers: Sequence[Layer], last: int, xscale: Scale, ylabel: str, title: str) -> Chart:
    """Choose limits: single runs may fall by orders of magnitude, and decide nothing, but where there is no mean."""
    lines = [line for layer in layers if layer.is_firm and np.isfinite(line := _drawable(layer.curves)).any()]
    if len(lines) < 2:
        lines += [_drawable(layer.curves[:, :1]) for layer in layers if layer.is_faint]
    areas = [_drawable(layer.curves) for layer in layers if layer.filled]
    low = min((float(np.nanmin(line)) for line in lines if np.isfinite(line).any()), default=0.1)
    high = max((float(np.nanmax(shape)) for shape in (*lines, *areas) if np.isfinite(shape).any()), default=1.0)
    first = 1 if xscale == "log" else 0
    xlim = with_margin(first, max(last, first + 1), xscale)
    low, high = max(low / 3, ENDS[0]), min(max(1.5 * high, 100 * ENDS[0]), ENDS[1])
    firm, faint = (
        [_as_lines(layer, xlim, xscale, (low, high)) for layer in layers if layer.is_faint is is_faint]
        for is_faint in (False, True)
    )
    named = [layer for layer in layers if layer.label and np.isfinite(_within(layer, (low, high))).any()]
    corner, growth = place(firm, faint, *legend_share(named))
    stretch = math.exp(min(growth * (math.log(high) - math.log(low)), 700.0))
    ylim = (low, min(high * stretch, ENDS[1])) if "upper" in corner else (max(low / stretch, ENDS[0]), high)
    drawn = [replace(layer, curves=_within(layer, ylim)) for layer in layers]
    finite = tuple(layer for layer in drawn if np.isfinite(layer.curves).any())
    return Chart(finite, xlim, ylim, xscale, ylabel, title, corner)


def _as_lines(layer: Layer, xlim: tuple[float, float], xscale: Scale, ylim: tuple[float, float]) -> Line:
    """Return the curves of a layer; an area without an end goes on beyond every axis."""
    with np.errstate(divide="ignore", invalid="ignore"):
        y = share_of_axis(layer.curves if layer.filled else _drawable(layer.curves), ylim, "log")
    return share_of_axis(layer.t, xlim, xscale), y


def _within(layer: Layer, ylim: tuple[float, float]) -> Array:
    """Return lines with gaps, and areas to the end of the axis where they have none."""
    return np.clip(layer.curves, *ylim) if layer.filled else _drawable(layer.curves)


def _drawable(curves: Array) -> Array:
    """Leave gaps for what a logarithmic axis cannot show."""
    return np.where(np.isfinite(curves) & (curves > 0), curves, np.nan)


def _points(steps: int, xscale: Scale, most: int) -> Steps:
    """Return the steps to draw: all that an axis can show, or as many as can be told apart."""
    first = 1 if xscale == "log" else 0
    if steps < most:
        return np.arange(first, steps + 1)
    spread = np.geomspace(1, steps, most) if xscale == "log" else np.linspace(0, steps, most)
    return np.unique(np.rint(spread).astype(np.int64))
