"""The rows of a ledger as one value: a tuple that shows itself in a notebook and becomes a data frame."""

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from rac_theory.base import frame, type_name
from rac_theory.drawing import latex
from rac_theory.ledger.table import COLUMNS, cells
from rac_theory.ledger.verdict_row import Row, columns, counts, flat

if TYPE_CHECKING:
    from pandas import DataFrame

_SHOWN = 60


class Ledger(tuple[Row, ...]):
    """Rows in the order of their numbers; ``Ledger(row for row in ledger if ...)`` is a part of it.

    Examples
    --------
    >>> from rac_theory.ledger.ledger import Ledger
    >>> from rac_theory.ledger.verdict_row import Row
    >>> Ledger([Row.missing(1, "T2", "digits", "scikit-learn is not installed", seed=0, alpha=1e-3)])
    <Ledger of 1 row: 1 NEEDS_EXTRA>
    """

    __slots__ = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows have each status that came up, in the order in which they are explained."""
        return counts(self)

    @property
    def counted(self) -> str:
        """The counts in words."""
        return ", ".join(f"{count} {status}" for status, count in self.counts.items()) or "none"

    def to_frame(self) -> "DataFrame":
        """Return a data frame with a line for each row, and the parts of a value in columns, such as ``slack_value``.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        MissingExtra
            Without the extra ``frames``.
        """
        return frame(columns(), map(flat, self))

    def to_latex(self) -> str:
        """Return the rows that were run as a table in LaTeX, with rules of booktabs.

        Returns
        -------
        str
        """
        columns = [i for i, name in enumerate(COLUMNS) if name not in ("#", "time")]
        run = [cells(row) for row in self if row.evidence != "none"]
        return latex.table([COLUMNS[i] for i in columns], [[words[i] for i in columns] for words in run])

    def __repr__(self) -> str:
        return f"<{type_name(self)} of {len(self)} row{'s' * (len(self) != 1)}: {self.counted}>"

    def _repr_html_(self) -> str:
        from rac_theory.drawing import html

        more = len(self) - _SHOWN
        return html.together(
            html.heading(f"{len(self)} rows:", self.counted),
            html.table(COLUMNS, map(cells, islice(self, _SHOWN))),
            html.line(f"and {more} more: to_frame() has all of them") if more > 0 else "",
        )
