"""A picture of a witness: arrays with labels, drawn when somebody asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rac_theory.drawing import plot
from rac_theory.drawing.chart import BLACK, BOUND, GREEN, MEAN, PINK, RUNS, YELLOW
from rac_theory.problems.checks import Array
from rac_theory.problems.naming import function_name, type_name
from rac_theory.problems.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Picture(Protocol):
    """Anything that draws itself."""

    def draw(self, ax: "Axes | None" = None) -> "Axes":
        """Draw on matplotlib axes, made if none are given; return the axes."""
        ...


@dataclass(frozen=True, eq=False)
class Lines(Value):
    """Curves on axes, solid, and dashed levels across them.

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
    def over_steps(
        cls, curves: Mapping[str, NDArray[Any]], levels: Mapping[str, float], ylabel: str, *, yscale: str = "log"
    ) -> "Lines":
        """Return curves over t = 0, 1, ..., of which each is given by its values."""
        return cls({name: (np.arange(len(y)), y) for name, y in curves.items()}, levels, "$t$", ylabel, yscale=yscale)

    def __repr__(self) -> str:
        return f"<{type_name(self)}: {', '.join((*self.curves, *self.levels))}>"

    def draw(self, ax: "Axes | None" = None) -> "Axes":
        """Draw on matplotlib axes, made if none are given; return the axes."""
        ax = plot.figure().subplots() if ax is None else ax
        for i, (name, (x, y)) in enumerate(self.curves.items()):
            shown = np.isfinite(y) & ((y > 0) | (self.yscale != "log"))
            style = _STYLES[i // len(_COLOURS) % len(_STYLES)]
            ax.plot(x, np.where(shown, y, np.nan), style, color=_COLOURS[i % len(_COLOURS)], label=name)
        for name, level in self.levels.items():
            ax.axhline(level, color=BOUND, linestyle="--", linewidth=1.2, label=name)
        ax.set(xscale=self.xscale, yscale=self.yscale, xlabel=self.xlabel, ylabel=self.ylabel)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(**plot.LEGEND)
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

    def draw(self, ax: "Axes | None" = None) -> "Axes":
        """Draw on matplotlib axes, made if none are given; return the axes."""
        if ax is None:
            empty = plot.figure()
            empty.subplots_adjust(right=0.86)  # the names of the outcomes stand beside the bar
            ax = empty.subplots()
        worst = len(self.names) - 1
        mesh = ax.pcolormesh(self.x, self.y, self.outcome, cmap="cividis_r", vmin=0, vmax=worst, shading="nearest")
        bar = ax.figure.colorbar(mesh, ax=ax, ticks=range(len(self.names)))
        bar.ax.set_yticklabels(self.names)
        ax.set(xscale="log", yscale="log", xlabel=self.xlabel, ylabel=self.ylabel)
        return ax


@dataclass(frozen=True)
class Deferred:
    """A picture that is computed when it is drawn, as it takes longer than the evidence."""

    make: Callable[[], Picture]

    def __repr__(self) -> str:
        return f"{type_name(self)}({function_name(self.make)})"

    def draw(self, ax: "Axes | None" = None) -> "Axes":
        """Compute it and draw it on matplotlib axes, made if none are given; return the axes."""
        return self.make().draw(ax)


_STYLES = ("-", "-.", ":")  # where there are more curves than colours
_COLOURS = (MEAN, GREEN, PINK, YELLOW, RUNS, BLACK)
