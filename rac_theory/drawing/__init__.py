"""Drawing: charts as data, as figures of matplotlib and as SVG, and values as HTML. ``journal`` is a style for figures
of one's own, ``plt.style.use("rac_theory.drawing.journal")``. It uses base. It must not know what its curves are;
matplotlib is imported when something is drawn, and no earlier.
"""

from rac_theory.drawing import chart, chart_svg, colours, html, latex, plot, svg, words
from rac_theory.drawing.chart import Chart, bound_and_runs
from rac_theory.drawing.latex import escaped

__all__ = [
    "Chart",
    "bound_and_runs",
    "chart",
    "chart_svg",
    "colours",
    "escaped",
    "html",
    "latex",
    "plot",
    "svg",
    "words",
]
