"""``report`` and ``repeat``: what verify or a sweep has stored, as one page, or a row of it run again."""

import argparse

from rac_theory.base import checks, printable
from rac_theory.commands.exit_status import OK, VIOLATED
from rac_theory.commands.screen import screen, tell
from rac_theory.ledger import NEEDS_EXTRA, Cell, Ensemble, Level, Row, Sweep, built, is_store, results, setting_named
from rac_theory.ledger import report as pages
from rac_theory.sketches import refuse_foreign
from rac_theory.theorems import is_own


def report(arguments: argparse.Namespace) -> int:
    """Write the page and print where it is."""
    tell(screen(), printable(str(pages.write(arguments.out))))
    return OK


def run(arguments: argparse.Namespace) -> int:
    """Run the row again; status 1 if the numbers differ or violate the claim."""
    path = arguments.results
    rows = {row.number: row for row in (Sweep.load(path).rows if is_store(path) else results.load(path))}
    if arguments.row not in rows:
        numbers = f"{min(rows)} to {max(rows)}" if rows else "none"
        raise ValueError(f"row must be a number in {path}, {numbers}, got {arguments.row}")
    old = rows[arguments.row]
    if old.status == NEEDS_EXTRA:
        raise ValueError(f"row must be one that was run, got {old.number}: {old.reason}")
    if not arguments.trust:
        refuse_foreign([old.sketch, old.claim], str(path))
    ensemble = _ensemble(old)
    verdict = ensemble.verdicts()[0]
    new = Row.of(old.number, ensemble, verdict, figure=old.figure, seconds=old.seconds)
    before, after = old.to_json(), new.to_json()
    different = [name for name in before if before[name] != after[name] and name != "versions"]
    arguments.found = VIOLATED if different or new.violates(new.alpha) else OK
    console = screen()
    tell(console, printable(str(verdict)))
    if before["versions"] != after["versions"]:
        tell(console, f"other versions: then {before['versions']}, now {after['versions']}")
    if different:
        tell(console, f"not the same numbers in: {', '.join(different)}")
    else:
        tell(console, f"the same numbers as row {old.number}")
    return int(arguments.found)


def _ensemble(old: Row) -> Ensemble:
    """Build what a row was judged by, from its names and numbers alone."""
    setting = setting_named(old.setting)
    if not is_own(old.claim):
        checks.one_of("claim", old.claim, setting.claims)
    if old.side not in setting.sides:
        raise ValueError(f"side must be one of the setting {old.setting}, got {old.side!r}")
    problem = built(old.problem)
    if (why := setting.unsuited(problem)) is not None:
        raise ValueError(f"problem must be one for the setting {old.setting}, got {old.problem!r}: {why}")
    cell = Cell(0, old.key, ((old.number, old.claim),), old.runs)
    # The steps of a cell that raised were never found.
    return Ensemble.build(cell, Level(old.steps or None, old.alpha, old.lambda_alpha), setting.prepare(problem))
