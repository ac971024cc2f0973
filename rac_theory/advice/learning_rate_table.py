"""Learning rates by rank and rule as a table, and what it says in words."""

import math
from collections.abc import Iterator, Sequence

from rich.table import Table

from rac_theory.advice.learning_rate import AtRank, keeping, nearest

EXPLANATION = (
    "lora_alpha: how it grows from what it is at the first rank, fixed, ~ sqrt(r) or ~ r; best: the learning rate eta "
    "of the plain step W - eta (lora_alpha/r)^2 BB' grad f with the largest gain nu, one step a sketch; longest: below "
    "it there is a gain; kept: the share of nu that is left with the best learning rate of the first rank, below "
    "zero where it may go uphill; carrying: the lora_alpha with which that one is the best here; steps: 1/nu, "
    "relative to gradient descent at 1/L. All are guarantees for exact gradients, no measurements, and say nothing "
    "of Adam."
)
"""What the columns are."""


def learning_rate_table(rows: Sequence[AtRank], *, gradient_descent: float) -> Table:
    """Return a line for each rank and rule; ``gradient_descent`` is the gain of gradient descent, 1/L."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("rank", "steps", "carrying"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("lora_alpha", no_wrap=True)
    for name in ("best", "longest", "kept"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        nu = row.rules[0].known.nu
        of_rank = [str(row.rank), *map(_shown, (gradient_descent / nu if nu != 0 else math.inf, row.carrying))]
        for one in row.rules:
            table.add_row(*of_rank, one.rule, *map(_shown, (one.known.best, one.known.longest, one.kept)))
            of_rank = [""] * len(of_rank)
    return table


def in_words(rows: Sequence[AtRank]) -> Iterator[str]:
    """Yield rho, and a sentence for each rank after the first: which rule carries its learning rate there.

    Examples
    --------
    >>> from rac_theory.problems import Smoothness
    >>> from rac_theory.advice.learning_rate import learning_rates
    >>> from rac_theory.advice.learning_rate_table import in_words
    >>> known, words = in_words(learning_rates(Smoothness.isotropic(1.0, (5, 3)), [1, 4], lora_alpha=2.0))
    >>> known
    'effective dimension rho = 5; the gain is known by: moments of Gaussian matrices'
    >>> print(*words.split("; "), sep=chr(10))
    from rank 1 to 4: lora_alpha ~ r comes nearest, 1.43 times the best learning rate
    ~ r keeps most of the gain, 0.816
    lora_alpha = 6.693 keeps all of it
    """
    first = rows[0]
    known = first.rules[0].known
    yield f"effective dimension rho = {_shown(known.rho)}; the gain is known by: {known.provenance}"
    for row in rows[1:]:
        if math.isnan(row.carrying):
            continue
        near, keeps = nearest(row), keeping(row)
        yield (
            f"from rank {first.rank} to {row.rank}: lora_alpha {near.rule} comes nearest, {near.ratio:.3g} times the "
            f"best learning rate; {keeps.rule} keeps most of the gain, {keeps.kept:.3g}; lora_alpha = "
            f"{row.carrying:.4g} keeps all of it"
        )


def _shown(value: float) -> str:
    return "unknown" if math.isnan(value) else "never" if value == math.inf else f"{value:.4g}"
