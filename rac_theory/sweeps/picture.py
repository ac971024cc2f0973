"""The picture of a sweep over step sizes: which share of the cells got which verdict."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rac_theory.plot import BOUND, MEAN, RUNS, figure
from rac_theory.sweeps.running import FAILED
from rac_theory.verdict import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {
    Status.HOLDS.name: (MEAN, "o"),
    Status.CONSISTENT.name: (RUNS, "^"),
    Status.UNDECIDED.name: ("#E69F00", "D"),
    Status.VIOLATED.name: (BOUND, "s"),
    Status.NOT_APPLICABLE.name: ("#999999", "v"),
    FAILED: ("#000000", "x"),
}


def verdicts_over_steps(counts: Mapping[float, Counter[str]], *, title: str = "", ax: "Axes | None" = None) -> "Axes":
    """Draw a line for each status that came up: by step size, its share of the rows."""
    ax = figure().subplots() if ax is None else ax
    steps = list(counts)
    for status, (colour, marker) in _COLOURS.items():
        shares = [counts[step][status] / counts[step].total() for step in steps]
        if any(shares):
            ax.plot(steps, shares, marker=marker, color=colour, markerfacecolor="none", label=status)
    ax.set(xlabel=r"step size $\gamma L$", ylabel="share of the cells", ylim=(-0.03, 1.03), title=title)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)
    return ax
