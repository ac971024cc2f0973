"""The picture of a sweep over step sizes: which share of the cells got which verdict."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rac_theory.drawing import BLACK, BOUND, GREEN, GREY, RUNS, YELLOW, figure, finished, hull, tick_label, with_margin
from rac_theory.ledger.verdict_row import FAILED
from rac_theory.verdicts import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The hues of the report, whose words are darker.
_COLOURS = {
    Status.HOLDS.name: (GREEN, "o"),
    Status.CONSISTENT.name: (RUNS, "^"),
    Status.UNDECIDED.name: (YELLOW, "D"),
    Status.VIOLATED.name: (BOUND, "s"),
    Status.NOT_APPLICABLE.name: (GREY, "v"),
    FAILED: (BLACK, "x"),
}


def verdicts_over_steps(counts: Mapping[float, Counter[str]], *, title: str = "", ax: "Axes | None" = None) -> "Axes":
    """Draw a line for each status that came up: by step size, its share of the rows."""
    ax = figure().subplots() if ax is None else ax
    steps = list(counts)
    if len(steps) > 1:  # before anything is drawn, as in plot.curves: a step size may be 1e308
        xlim = with_margin(min(steps), max(steps), "log")
        ax.set(xscale="log", xlim=hull(ax.get_xlim(), xlim) if ax.has_data() else xlim)
    for status, (colour, marker) in _COLOURS.items():
        shares = [counts[step][status] / counts[step].total() for step in steps]
        if any(shares):
            ax.plot(steps, shares, marker=marker, color=colour, markerfacecolor="none", label=status)
    ax.set(xlabel=r"step size $\gamma L$", ylabel="share of the cells", ylim=(-0.03, 1.03))
    if len(steps) > 1:
        ax.set_xticks(steps, map(tick_label, steps))
        ax.minorticks_off()
    return finished(ax, title)
