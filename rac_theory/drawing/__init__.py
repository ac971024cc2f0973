"""Drawing: charts as data, as figures of matplotlib and as SVG, and values as HTML. ``journal`` is a style for figures
of one's own, ``plt.style.use("rac_theory.drawing.journal")``. It uses base. It must not know what its curves are;
matplotlib is imported when something is drawn, and no earlier.
"""

from rac_theory.drawing import chart, chart_svg, html, latex, plot, svg, words
from rac_theory.drawing.chart import Chart, bound_and_runs, with_margin
from rac_theory.drawing.colours import BLACK, BOUND, DARK, GREEN, GREY, MEAN, PINK, RUNS, YELLOW
from rac_theory.drawing.latex import escaped
from rac_theory.drawing.plot import axes, figure, finished, hull, tick_label

__all__ = [
    "BLACK",
    "BOUND",
    "DARK",
    "GREEN",
    "GREY",
    "MEAN",
    "PINK",
    "RUNS",
    "YELLOW",
    "Chart",
    "axes",
    "bound_and_runs",
    "chart",
    "chart_svg",
    "escaped",
    "figure",
    "finished",
    "html",
    "hull",
    "latex",
    "plot",
    "svg",
    "tick_label",
    "with_margin",
    "words",
]
