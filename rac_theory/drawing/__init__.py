"""Drawing: charts as data, as figures of matplotlib and as SVG, and values as HTML. ``journal`` is a style for figures
of one's own, ``plt.style.use("rac_theory.drawing.journal")``. It uses problems and files. It must not know
what its curves are; matplotlib is imported when something is drawn, and no earlier.
"""
