"""What the page saves of the rows in sight: a results.json, which commands read, or CSV as a sweep exports it."""

import json
from collections.abc import Sequence

from rac_theory.ledger import results
from rac_theory.ledger.flat_row import csv_lines
from rac_theory.ledger.verdict_row import Row

JSON_END = "]}"


def saved(rows: Sequence[Row]) -> list[list[str]]:
    """Return how both files begin, and what each row is in them: JSON and CSV.

    The first holds its rows with commas between them, and ends in ``JSON_END``.

    Examples
    --------
    >>> import json
    >>> from rac_theory.ledger.verdict_row import Row
    >>> from rac_theory.report.saved import JSON_END, saved
    >>> row = Row.missing(1, "T2", "wine", "it needs scikit-learn", seed=0, alpha=1e-3)
    >>> (head, names), (one, line) = saved([row])
    >>> json.loads(head + one + JSON_END)["rows"][0]["claim"], names[:20], line[:10]
    ('T2', 'number,claim,problem', '1,T2,wine,')
    """
    head = json.dumps(results.content([])).removesuffix(JSON_END)
    each = [json.dumps(row.to_json(), allow_nan=False) for row in rows]
    return [[plain, line] for plain, line in zip([head, *each], csv_lines(rows), strict=True)]
