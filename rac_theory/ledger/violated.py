"""What the rows of a ledger refute together."""

from collections.abc import Iterable

from rac_theory.ledger.verdict_row import Row
from rac_theory.numerics import Account
from rac_theory.verdicts import Status


def violated(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that refute a claim when alpha is shared among all sampled rows (Bonferroni).

    What the rows have spent on sampled constants is taken from alpha first.

    Raises
    ------
    ValueError
        If they have spent more than alpha.
    """
    rows = list(rows)
    sampled = [row for row in rows if row.is_sampled]
    if not sampled:
        return [row for row in rows if row.status == Status.VIOLATED.name]
    account = Account(min(row.alpha for row in sampled))
    for row in sampled:
        account.draw("sampled constants", row.alpha_spent)
    level = account.rest("e-values") / len(sampled)
    return [row for row in rows if row.violates(level)]
