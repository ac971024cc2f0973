"""The options of advice as a table, a line for each."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.markup import escape
from rich.table import Table

from rac_theory.advice.advise import promised_steps
from rac_theory.advice.training_option import Option, efficient
from rac_theory.theorems import T15, T15_pl

PROMISES = (T15, T15_pl)
"""By the mean squared gradient, and by the gap."""


class Horizon(NamedTuple):
    """How far a layer is to be trained, and on how much.

    Attributes
    ----------
    epsilon : float
        Accuracy, relative to the start.
    condition : float
        L / mu.
    examples : int
        How many examples a gradient is of.
    """

    epsilon: float
    condition: float
    examples: int


def advice_table(options: Sequence[Option], horizons: Mapping[str, Horizon]) -> Table:
    """Return the table of options, with what they take until the horizon of their layer, and the frontier.

    The numbers trained and the flops are those of all steps that ``T15_pl`` promises.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("layer", "side", "sketch"):
        table.add_column(name, no_wrap=True)
    for name in ("rank", "L_H/L", "step L", "slowdown", *(f"steps {theorem.id}" for theorem in PROMISES)):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("a step", "numbers", "budget", "flops"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("frontier", justify="center")
    for option, on_frontier in zip(options, efficient(options), strict=True):
        horizon = horizons[option.label]
        steps = [
            promised_steps(theorem, option.nu, epsilon=horizon.epsilon, condition=horizon.condition)
            for theorem in PROMISES
        ]
        in_all = steps[PROMISES.index(T15_pl)]
        table.add_row(
            escape(option.label),
            option.side,
            escape(option.sketch),
            "-" if option.side == "full" else str(option.rank),
            f"{option.L_H:.3g}",
            f"{option.step:.4g}",
            _finite(option.slowdown, f"{option.slowdown:.5g}"),
            *(_finite(count, f"{count:,}") for count in steps),
            f"{option.trained:,.6g}" if option.side == "mixture" else f"{option.trained:,}",
            _finite(in_all, f"{in_all * option.trained:.3g}"),
            _finite(option.budget, f"{option.budget:.4g}"),
            _finite(in_all, f"{in_all * option.flops(horizon.examples):.3g}"),
            "*" if on_frontier else "",
        )
    return table


def _finite(value: float, shown: str) -> str:
    return shown if math.isfinite(value) else "never"
