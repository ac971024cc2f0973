"""The exit statuses of the command line: what each means, and which one a run of rows or of several parts has.

0    something was tried, and nothing is violated
1    a claim is violated, whatever else went wrong beside it; or no proof of one was found, by ``prove``
2    bad input, nothing was tried, or something that was asked for failed
70   a fault of ours, with a traceback
128+ ended by a signal, of that number: 130 after Ctrl-C, 143 after SIGTERM; 141 when the reader of a pipe went away
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rac_theory.ledger import Row

OK, VIOLATED, BAD_INPUT, INTERNAL_ERROR, CLOSED_PIPE = 0, 1, 2, 70, 141


def worst(*statuses: int) -> int:
    """Return the status of several parts together: that something is violated goes before all else."""
    return VIOLATED if VIOLATED in statuses else max(statuses)


def status_of(rows: "Sequence[Row]") -> int:
    """Return the exit status of a run with these rows, and say on standard error why it is no other."""
    from rac_theory.ledger import FAILED, NEEDS_EXTRA, violated
    from rac_theory.verdicts import Status

    failed = sum(row.status == FAILED for row in rows)
    tried = sum(row.status not in (Status.NOT_APPLICABLE.name, NEEDS_EXTRA, FAILED) for row in rows)
    if failed:
        print(f"error: {failed} of {len(rows)} row(s) failed, see above", file=sys.stderr)
    elif not tried:
        print(f"error: nothing was tried: no claim met a case in any of {len(rows)} row(s), see above", file=sys.stderr)
    if violated(rows):
        return VIOLATED
    return BAD_INPUT if failed or not tried else OK
