"""The colours of every figure: Okabe and Ito's palette, which colour-blind readers can tell apart.

In grey they are too near each other: lines differ in dashes or markers as well.
"""

BOUND, MEAN, RUNS = "#D55E00", "#0072B2", "#56B4E9"
GREEN, PINK, YELLOW, BLACK, GREY = "#009E73", "#CC79A7", "#E69F00", "#000000", "#999999"
DARK = "#555555"
"""Of what is not measured: levels and budgets."""
CURVES = (MEAN, BOUND, GREEN, PINK, YELLOW, RUNS, BLACK)
"""Of several curves, in their order."""
