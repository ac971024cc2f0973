"""A picture of a witness: arrays with labels, drawn on request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Value, function_name, type_name
from rac_theory.base.checks import Array
from rac_theory.drawing import colours, plot, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Curves: TypeAlias = Mapping[str, Sequence[Any] | NDArray[Any]]
"""By name, the values of each curve: floating-point numbers or fractions."""


class Picture(Protocol):
    """Anything that draws itself."""

    def draw(self, ax: "Axes | None" = None, *, title: str = "") -> "Axes":
        """Draw on matplotlib axes, made if none are given; return the axes."""
        ...


@dataclass(frozen=True, eq=False)
class Lines(Value):
    """Curves on axes, each with a marker of its own, and levels across them, each with its name on it.

    Attributes
    ----------
    curves : mapping of str to (Array, Array)
        By name, x and y, each (k,); what a logarithmic axis cannot show leaves gaps.
    levels : mapping of str to float
        Horizontal lines by name.
    xlabel, ylabel : str
    xscale, yscale : "linear" or "log"
    """

    curves: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
    levels: Mapping[str, float]
    xlabel: str
    ylabel: str
    xscale: str = "linear"
    yscale: str = "log"

    @classmethod
    def over(cls, x: Any, curves: Curves, levels: Mapping[str, float], *labels: str, **scales: str) -> "Lines":
        """Return curves above the same x, each given by its values; labels and scales are those of both axes."""
        over = {name: (np.asarray(x), np.array([*map(float, y)])) for name, y in curves.items()}
        return cls(over, levels, *labels, **scales)

    @classmethod
    def over_steps(cls, curves: Curves, levels: Mapping[str, float], ylabel: str, **scales: str) -> "Lines":
        """Return curves over t = 0, 1, ..., each given by its values."""
        over = {name: (np.arange(len(y)), np.array([*map(float, y)])) for name, y in curves.items()}
        return cls(over, levels, "step $t$", ylabel, **scales)

    def __repr__(self) -> str:
        return f"<{type_name(self)}: {', '.join((*self.curves, *self.levels))}>"

    def draw(self, ax: "Axes | None" = None, *, title: str = "") -> "Axes":
        """Draw on matplotlib axes, made if none are given; return the axes."""
        ax = plot.axes(ax)
        for i, (name, (x, y)) in enumerate(self.curves.items()):
            finite = np.isfinite(y) & ((y > 0) | (self.yscale != "log"))
            # Markers of curves that lie upon each other are at different places.
            spacing = (i / len(self.curves) / _MARKED, 1 / _MARKED) if len(x) > _MARKED else None
            style: dict[str, Any] = {"marker": _MARKERS[i % len(_MARKERS)], "markersize": 4.5, "mfc": "white"}
            style |= {"color": colours.CURVES[i % len(colours.CURVES)], "markevery": spacing}
            dashes = _DASHES[i // len(_MARKERS) % len(_DASHES)]
            ax.plot(x, np.where(finite, y, np.nan), dashes, label=name, **style)
        for i, level in enumerate(self.levels.values()):
            ax.axhline(level, color=colours.DARK, linestyle=_LEVELS[i % len(_LEVELS)], linewidth=1.2, zorder=1)
        ax.set(xscale=self.xscale, yscale=self.yscale, xlabel=self.xlabel, ylabel=self.ylabel)
        low, high = ax.get_ylim()
        ax.set_ylim(low, high)  # as they are: what is written on the axes does not move them
        for name, level in self.levels.items():
            words.name_level(ax, level, name, color=colours.DARK)
        plot.finished(ax, title)
        if self.yscale == "log":
            plot.tick(ax.yaxis, "log")
        return ax


@dataclass(frozen=True, eq=False)
class Outcomes(Value):
    """A map of what became of runs: one of a few outcomes for each pair of parameters.

    Attributes
    ----------
    x, y : (k,), (l,)
        The parameters, spaced evenly in their logarithms.
    outcome : (l, k)
        The number of the outcome in ``names``, that of most runs if there are several.
    names : tuple of str
        The outcomes, from the best to the worst.
    xlabel, ylabel : str
    """

    x: Array
    y: Array
    outcome: Array
    names: tuple[str, ...]
    xlabel: str
    ylabel: str

    def __repr__(self) -> str:
        return f"<{type_name(self)}: {', '.join(self.names)}, on {len(self.y)} x {len(self.x)} points>"

    def draw(self, ax: "Axes | None" = None, *, title: str = "") -> "Axes":
        """Draw on matplotlib axes, made if none are given; return the axes."""
        from matplotlib import colormaps
        from matplotlib.colors import BoundaryNorm, ListedColormap

        if ax is None:
            empty = plot.figure()
            empty.subplots_adjust(right=0.86)  # the names of the outcomes stand beside the key
            ax = empty.subplots()
        kinds = len(self.names)
        palette = ListedColormap(colormaps["cividis_r"](np.linspace(0, 1, kinds)))  # ordered in grey, too
        edges = BoundaryNorm(np.arange(kinds + 1) - 0.5, kinds)
        mesh = ax.pcolormesh(
            self.x, self.y, self.outcome, cmap=palette, norm=edges, shading="nearest", edgecolors="white", linewidth=0.4
        )
        key = ax.figure.colorbar(mesh, ax=ax, ticks=range(kinds), drawedges=True)
        key.ax.set_yticklabels(self.names)
        key.ax.tick_params(length=0)
        ax.set(xscale="log", yscale="log", xlabel=self.xlabel, ylabel=self.ylabel)
        words.titled(ax, title)
        return ax


@dataclass(frozen=True)
class Deferred:
    """A picture that is computed when it is drawn, as it takes longer than the evidence."""

    make: Callable[[], Picture]

    def __repr__(self) -> str:
        return f"{type_name(self)}({function_name(self.make)})"

    def draw(self, ax: "Axes | None" = None, *, title: str = "") -> "Axes":
        """Compute it and draw it on matplotlib axes, made if none are given; return the axes."""
        return self.make().draw(ax, title=title)


_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES = ("-", "-.", ":")  # where there are more curves than markers
_LEVELS: tuple[Any, ...] = ("--", ":", "-.", (0, (8, 2)))
_MARKED = 8  # markers on a curve
