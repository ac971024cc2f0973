"""The first figure of the README, from two ensembles of the ledger: ``python docs/images/digits.py``.

It prints the numbers of the caption, which ``tests/ledger/test_ledger.py`` computes again.
"""

from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from rac_theory import GD, simulate
from rac_theory.drawing.colours import BLACK, BOUND, GREY, MEAN
from rac_theory.ledger.plan import plan
from rac_theory.ledger.selection import Selection

TWO = Selection(("T2", "T13_pl"), ("digits",), ("haar",), sides=("left",))
SHARE = 1 / 10
LOWEST = 0.03  # of the first gap

figure, ax = plt.subplots(figsize=(7.2, 4.3), layout="constrained")


def first_below(curve, share):
    """The first step at which a curve is at most a share of where it starts."""
    return int(np.flatnonzero(curve <= share * curve[0])[0])


def line(curve, words, beside, points, **style):
    """Draw a curve relative to where it starts, words along it so far above it, and a dot and a number at a tenth."""
    curve = curve / curve[0]
    ax.plot(curve, **style)
    tenth = first_below(curve, SHARE)
    ax.plot(tenth, SHARE, "o", color=style["color"], markersize=5, zorder=3)
    ax.annotate(str(tenth), (tenth, SHARE), (4, 4), textcoords="offset points", color=style["color"], weight="bold")
    start, end = ax.transData.transform([(beside + k, curve[beside + k]) for k in (0, 1)])
    ax.annotate(
        words,
        (beside, curve[beside]),
        (0, points),
        textcoords="offset points",
        rotation=np.degrees(np.arctan2(*(end - start)[::-1])),
        rotation_mode="anchor",
        va="bottom" if points > 0 else "top",
        color=style["color"],
    )


ensembles = plan(TWO).ensembles
longest = max(ensemble.case.steps for ensemble in ensembles)
ax.set(
    xlim=(0, longest * 1.06), ylim=(LOWEST, 1.1), xlabel="$t$", ylabel=r"$f(W^t) - f^\star$, of what it is at $t = 0$"
)
ax.set_yscale("log")
ax.set_yticks([1, 0.3, 0.1, 0.03], ["1", "0.3", "0.1", "0.03"])
ax.minorticks_off()
ax.axhline(SHARE, color=GREY, linewidth=0.8)
ax.spines[["top", "right"]].set_visible(False)
figure.canvas.draw()  # angles are those of the axes in their place

for ensemble, colour, at, places in zip(
    ensembles, (MEAN, BOUND), ("$1/L$", "$1/L_H$"), (((42, 4), (30, 10)), ((24, 3), (15, -12))), strict=True
):
    verdict = replace(ensemble, case=replace(ensemble.case, steps=longest)).verdicts()[0]
    bound, mean, c = verdict.bound, verdict.mean, verdict.constants
    ax.plot(verdict.sample.T / mean[0], color=colour, linewidth=0.6, alpha=0.4)
    line(bound, f"bound of {verdict.theorem.id}, step {at}", *places[0], color=colour, linestyle="--")
    line(mean, f"{verdict.runs} runs and mean, step {at}", *places[1], color=colour, linewidth=2.2)
    half = first_below(bound, 1 / 2)
    print(f"{verdict.theorem.id} {verdict.status.name}, gamma L = {c.gamma * c.L:.2f}; the bound halves", end=" ")
    print(f"at t = {half}, until when it is at most {max((bound / mean)[: half + 1]):.2f} times the mean")
descent = replace(ensembles[0].case, algorithm=GD(gamma=1 / ensembles[0].constants.L), steps=9)
line(simulate(descent, runs=1, rng=0).gaps[0], "gradient descent", 1, 4, color=BLACK, linestyle=":")
figure.savefig(Path(__file__).with_suffix(".png"), dpi=100)
