"""The options of advice as a table, a line for each."""

import math
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from rac_theory.advice.advise import promised_steps
from rac_theory.advice.training_option import Option, efficient
from rac_theory.theorems.theorem import Theorem


def advice_table(options: Sequence[Option], promises: Sequence[Theorem], *, epsilon: float, condition: float) -> Table:
    """Return the table of options, with the steps that each theorem promises until ``epsilon``, and the frontier."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("shape", "side", "sketch"):
        table.add_column(name, no_wrap=True)
    numbers = ("rank", "lambda_min", "slowdown", *(f"steps {theorem.id}" for theorem in promises))
    for name in (*numbers, "trained", "budget", "flops/example", "flops/step"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("frontier", justify="center")
    table.add_column("known by", no_wrap=True)
    for option, on_frontier in zip(options, efficient(options), strict=True):
        lambda_min = option.lambda_min
        steps = (promised_steps(theorem, lambda_min, epsilon=epsilon, condition=condition) for theorem in promises)
        table.add_row(
            "x".join(map(str, option.shape)),
            option.side,
            escape(option.sketch),
            "-" if option.side == "full" else str(option.rank),
            f"{lambda_min:.4g}",
            _finite(option.slowdown, f"{option.slowdown:.5g}"),
            *(_finite(count, f"{count:,}") for count in steps),
            f"{option.trained:,.6g}" if option.side == "mixture" else f"{option.trained:,}",
            _finite(option.budget, f"{option.budget:.4g}"),
            f"{option.flops_per_example:.3g}",
            f"{option.flops_per_step:.3g}",
            "*" if on_frontier else "",
            option.how,
        )
    return table


def _finite(value: float, shown: str) -> str:
    return shown if math.isfinite(value) else "never"
