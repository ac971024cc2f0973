"""What the page saves of the rows in sight: a results.json, which commands read, or CSV as a sweep exports it."""

import json
from collections.abc import Sequence
from itertools import islice

from rac_theory.ledger import results
from rac_theory.ledger.flat_row import csv_lines
from rac_theory.ledger.verdict_row import Row

JSON_END = "]}"


def saved_head() -> list[str]:
    """Return how both files begin: JSON, which ends in ``JSON_END``, and CSV."""
    return [json.dumps(results.content([])).removesuffix(JSON_END), next(csv_lines([]))]


def saved(rows: Sequence[Row]) -> list[list[str]]:
    """Return what each row is in both files: JSON, with commas between the rows, and CSV.

    Examples
    --------
    >>> import json
    >>> from rac_theory.ledger.verdict_row import Row
    >>> from rac_theory.ledger.report.saved import JSON_END, saved, saved_head
    >>> row = Row.missing(1, "T2", "wine", "it needs scikit-learn", seed=0, alpha=1e-3)
    >>> (head, names), ((plain, line),) = saved_head(), saved([row])
    >>> json.loads(head + plain + JSON_END)["rows"][0]["claim"], names[:20], line[:10]
    ('T2', 'number,claim,problem', '1,T2,wine,')
    """
    plain = [row.to_json() for row in rows]
    lines = islice(csv_lines(plain), 1, None)
    return [[json.dumps(row, allow_nan=False), line] for row, line in zip(plain, lines, strict=True)]
