"""A whole model: what its layers cost together, where all are trained at one rank."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.table import Table

from rac_theory.advice.training_option import Option, of_layers


class Total(NamedTuple):
    """All layers of a model, each trained by one plan.

    Attributes
    ----------
    plan : str
        "full", "left", "right", or "faster side": in each layer the side that is promised fewer steps.
    sketch : str
        "-" for full training.
    rank : int
        0 for full training.
    matrices : int
        How many take part; a rank above a side leaves some out.
    trained : float
        Numbers trained in a step.
    share : float
        Of the numbers of all matrices.
    flops : float
        Of a step.
    slowdown : float
        The largest of all layers, each by itself.
    slowest : str
        The layer that has it.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> from rac_theory.advice.model_total import totals
    >>> options, notes = advise([(64, 16)], ranks=[4])
    >>> full, *others = totals(options, {"64x16": 3}, {"64x16": 100})
    >>> full.plan, full.matrices, full.trained, full.slowest
    ('full', 3, 3072.0, '64x16')
    """

    plan: str
    sketch: str
    rank: int
    matrices: int
    trained: float
    share: float
    flops: float
    slowdown: float
    slowest: str


def totals(options: Sequence[Option], matrices: Mapping[str, int], examples: Mapping[str, int]) -> list[Total]:
    """Return the totals for each plan, sketch and rank, full training first.

    Parameters
    ----------
    options : sequence of Option
        Of all layers, with full training of each among them.
    matrices : mapping of str to int
        How many matrices of the model a label stands for.
    examples : mapping of str to int
        How many examples a gradient is of, by label.

    Returns
    -------
    list of Total

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> from rac_theory.advice.model_total import totals
    >>> options, notes = advise([(64, 64), (256, 64)], ranks=[4])
    >>> counts = {"64x64": 4, "256x64": 2}
    >>> for total in totals(options, counts, dict.fromkeys(counts, 1000)):
    ...     print(f"{total.plan}: {total.trained:.0f} numbers, {total.slowdown:g} times the steps in {total.slowest}")
    full: 49152 numbers, 1 times the steps in 64x64
    left: 1536 numbers, 64 times the steps in 256x64
    right: 3072 numbers, 16 times the steps in 64x64
    faster side: 3072 numbers, 16 times the steps in 64x64
    """
    layers = of_layers(options)
    everything = sum(matrices[label] * math.prod(ones[0].shape) for label, ones in layers.items())
    rows = []
    for plan in _plans(options):
        chosen = [choice for ones in layers.values() if (choice := plan.choose(ones)) is not None]
        if not chosen:
            continue
        slowest = max(chosen, key=lambda option: option.slowdown)
        trained = math.fsum(matrices[option.label] * option.trained for option in chosen)
        flops = math.fsum(matrices[option.label] * option.flops(examples[option.label]) for option in chosen)
        count = sum(matrices[option.label] for option in chosen)
        share = trained / everything
        rows.append(
            Total(plan.name, plan.sketch, plan.rank, count, trained, share, flops, slowest.slowdown, slowest.label)
        )
    return rows


class _Plan(NamedTuple):
    """Which options are candidates in each layer; no sketch is full training."""

    name: str
    sides: tuple[str, ...]
    sketch: str = "-"
    rank: int = 0

    def choose(self, options: Sequence[Option]) -> Option | None:
        """Return the fastest candidate of a layer; None where there is none."""
        fitting = [
            option
            for option in options
            if option.side in self.sides and option.sketch == self.sketch and self.rank in (0, option.rank)
        ]
        return min(fitting, key=lambda option: option.slowdown, default=None)


def _plans(options: Sequence[Option]) -> Iterator[_Plan]:
    yield _Plan("full", ("full",))
    for sketch, rank in dict.fromkeys((option.sketch, option.rank) for option in options if option.side != "full"):
        for name, sides in (("left", ("left",)), ("right", ("right",)), ("faster side", ("left", "right"))):
            yield _Plan(name, sides, sketch, rank)


def total_table(rows: Sequence[Total]) -> Table:
    """Return a table with a line for each total."""
    table = Table(title="all matrices together", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in ("plan", "sketch"):
        table.add_column(name, no_wrap=True)
    for name in ("rank", "matrices", "trained", "share", "flops a step", "largest slowdown"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("in", no_wrap=True)
    for total in rows:
        table.add_row(
            total.plan,
            total.sketch,
            str(total.rank or "-"),
            str(total.matrices),
            f"{total.trained:,.0f}",
            f"{total.share:.3%}",
            f"{total.flops:.3g}",
            f"{total.slowdown:.5g}" if math.isfinite(total.slowdown) else "never",
            total.slowest,
        )
    return table
