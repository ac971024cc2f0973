"""The first figure of the README, from two ensembles of the ledger: ``python docs/images/digits.py``.

It prints the numbers of the caption, which ``tests/ledger/test_ledger.py`` computes again. The figure is a white card,
so that it reads on a dark page, too.
"""

from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyBboxPatch
from sklearn.datasets import load_digits

from rac_theory import GD, simulate
from rac_theory.drawing.colours import BLACK, BOUND, DARK, GREY, MEAN
from rac_theory.ledger import Grid, plan

TWO = Grid(("T2", "T13_pl"), ("digits",), ("haar",), sides=("left",))
SHARE = 1 / 10
LOWEST = 0.03  # of the first gap

plt.rcParams.update({"font.size": 11, "mathtext.fontset": "dejavusans"})
figure = plt.figure(figsize=(8.4, 5.0))
figure.patch.set_alpha(0)
card = FancyBboxPatch(
    (0.012, 0.018), 0.976, 0.964, "round,pad=0,rounding_size=.03", transform=figure.transFigure, facecolor="white"
)
card.set(edgecolor="#d0d4da", linewidth=1, zorder=-1)
figure.add_artist(card)
ax = figure.add_axes((0.1, 0.135, 0.87, 0.69))
ax.patch.set_alpha(0)


def first_below(curve, share):
    """The first step at which a curve is at most a share of where it starts."""
    return int(np.flatnonzero(curve <= share * curve[0])[0])


def line(curve, words, beside, points, **style):
    """Draw a curve relative to where it starts, words along it so far above it, and a dot and a number at a tenth."""
    curve = curve / curve[0]
    ax.plot(curve, **style)
    tenth = first_below(curve, SHARE)
    ax.plot(tenth, SHARE, "o", color=style["color"], markersize=6.5, markeredgecolor="white", zorder=4)
    ax.annotate(
        str(tenth),
        (tenth, SHARE),
        (5, 5),
        textcoords="offset points",
        color=style["color"],
        weight="bold",
        fontsize=13,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        zorder=5,
    )
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
ax.set(xlim=(0, longest * 1.06), ylim=(LOWEST, 1.12), xlabel="step $t$", yscale="log")
ax.set_ylabel(r"gap $f(W^t) - f^\star$, of the first")
ax.set_yticks([1, 0.3, 0.1, 0.03], ["1", "0.3", "0.1", "0.03"])
ax.minorticks_off()
ax.axhline(SHARE, color=GREY, linewidth=0.8)
ax.text(0.995, SHARE * 0.955, "a tenth", transform=ax.get_yaxis_transform(), ha="right", va="top", color=DARK)
ax.spines[["top", "right"]].set_visible(False)

for ensemble, colour, at, places in zip(
    ensembles, (MEAN, BOUND), ("$1/L$", "$1/L_H$"), (((58, 5), (27, 11)), ((23, 4), (17, -13))), strict=True
):
    verdict = replace(ensemble, case=replace(ensemble.case, steps=longest)).verdicts()[0]
    bound, mean, c = verdict.bound, verdict.mean, verdict.constants
    ax.fill_between(np.arange(longest + 1), mean / mean[0], bound / bound[0], color=colour, alpha=0.09, linewidth=0)
    ax.plot(verdict.sample.T / mean[0], color=colour, linewidth=0.7, alpha=0.45)
    line(bound, f"promised by {verdict.theorem.id}", *places[0], color=colour, linestyle="--")
    line(mean, f"mean of {verdict.runs} runs, steps {at}", *places[1], color=colour, linewidth=2.6)
    half = first_below(bound, 1 / 2)
    print(f"{verdict.theorem.id} {verdict.status.name}, gamma L = {c.gamma * c.L:.2f}; the bound halves", end=" ")
    print(f"at t = {half}, until when it is at most {max((bound / mean)[: half + 1]):.2f} times the mean")
descent = replace(ensembles[0].case, algorithm=GD(gamma=1 / ensembles[0].constants.L), steps=9)
line(simulate(descent, runs=1, rng=0).gaps[0], "gradient descent", 1, 4, color=BLACK, linestyle=":", linewidth=1.8)

for i, digit in enumerate(load_digits().images[:10]):
    small = figure.add_axes((0.575 + 0.0385 * i, 0.748, 0.035, 0.0588))
    small.imshow(digit, cmap="Greys", interpolation="nearest")
    small.set_axis_off()
words = r"$W^{t+1} = W^t - \gamma\, B\, (B^\top B)^{-1} B^\top\, \nabla f(W^t)$"
figure.text(0.958, 0.69, words, ha="right", va="center", fontsize=13)
figure.text(0.958, 0.636, "$B$ is drawn afresh in every step, 64 x 4", ha="right", va="center", color=DARK)
title = "How fast does a chain of low-rank steps learn?"
figure.text(0.034, 0.925, title, weight="bold", fontsize=15, va="center")
subtitle = "Handwritten digits, softmax regression, 64 x 10, rank 4: what theorems promise, and what runs do"
figure.text(0.034, 0.868, subtitle, color=DARK, va="center")
figure.savefig(Path(__file__).with_suffix(".png"), dpi=150)
