"""The ledger: runs a plan, ensemble by ensemble, and says what the rows add up to."""

import signal
import time
from collections.abc import Iterable, Iterator
from multiprocessing import parent_process
from pathlib import Path

from joblib import Parallel, cpu_count, delayed

from rac_theory.ensemble import Ensemble
from rac_theory.figures import draw
from rac_theory.plan import Plan
from rac_theory.row import Row

# Below this cost the workers would take longer to start than to finish.
_CHEAP = 2e7


def run(plan: Plan, figures: Path | None = None, jobs: int | None = None) -> Iterator[tuple[Ensemble, list[Row]]]:
    """Yield each ensemble with its rows as it is finished, in no particular order.

    Parameters
    ----------
    plan : Plan
    figures : Path, optional
        An existing folder for one figure per ensemble and metric.
    jobs : int, optional
        Worker processes; by default as many as there are cores, and none for a short job.
    """
    if jobs is None:
        jobs = 1 if sum(e.cost for e in plan.ensembles) < _CHEAP else min(cpu_count(), len(plan.ensembles))
    # Long ensembles first, so that no worker is left with one at the end.
    order = sorted(range(len(plan.ensembles)), key=lambda i: -plan.ensembles[i].cost)
    done = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="2*n_jobs")(
        delayed(_run_one)(i, plan.ensembles[i], figures) for i in order
    )
    for i, rows in done:
        yield plan.ensembles[i], rows


def _run_one(index: int, ensemble: Ensemble, figures: Path | None) -> tuple[int, list[Row]]:
    if parent_process() is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers
    begin = time.perf_counter()
    verdicts = ensemble.verdicts()
    files = draw(ensemble, verdicts, figures) if figures is not None else [None] * len(verdicts)
    seconds = time.perf_counter() - begin
    rows = [
        Row.of(number, ensemble, verdict, figure=file, seconds=seconds)
        for (number, _), verdict, file in zip(ensemble.claims, verdicts, files, strict=True)
    ]
    return index, rows


def violated(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that refute a claim when alpha is shared among all sampled rows (Bonferroni)."""
    rows = list(rows)
    sampled = sum(row.is_sampled for row in rows)
    return [row for row in rows if row.violates(row.alpha / max(sampled, 1))]
