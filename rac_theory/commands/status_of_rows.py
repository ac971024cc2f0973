"""The exit status of a run that has rows."""

import sys
from collections.abc import Sequence

from rac_theory.commands.exit_status import BAD_INPUT, OK, VIOLATED
from rac_theory.ledger import FAILED, NEEDS_EXTRA, Row, violated
from rac_theory.verdicts import Status

_NOT_TRIED = {Status.NOT_APPLICABLE.name, NEEDS_EXTRA, FAILED}


def status_of(rows: Sequence[Row]) -> int:
    """Return the exit status of a run with these rows, and say on standard error why it is no other."""
    failed = sum(row.status == FAILED for row in rows)
    tried = sum(row.status not in _NOT_TRIED for row in rows)
    if failed:
        print(f"error: {failed} of {len(rows)} row(s) failed, see above", file=sys.stderr)
    elif not tried:
        print(f"error: nothing was tried: no claim met a case in any of {len(rows)} row(s), see above", file=sys.stderr)
    if violated(rows):
        return VIOLATED
    return BAD_INPUT if failed or not tried else OK
