"""A sweep on a real Dask cluster of two worker processes: the same bits, and a lost worker's cells are run again."""

import os
import signal

import distributed
import joblib
import pytest

from rac_theory import Grid, sweep
from rac_theory.ledger.sweeps import sweeping
from rac_theory.ledger.verdict_row import FAILED

GRID = Grid(
    claims=("T2", "T5"),
    problems=("quadratic", "wine"),  # an expectation, and runs
    sketches=("haar", "gaussian"),
    settings=("noisy",),
    step_sizes=(0.5, 1.0),
    ranks=(1, 2),
    sides=("left",),
    seeds=(0, 1),
    runs=16,
    steps=10,
)


@pytest.fixture(scope="module")
def cluster():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def exported(found, folder):
    found.export(folder / "e.csv")
    return (folder / "e.csv").read_bytes()


@pytest.mark.long
def test_dask_workers_change_no_byte_even_if_one_is_lost(cluster, tmp_path, monkeypatch):
    """Catches bits that depend on the process, cells that die with their worker, and signals set in a thread.

    And cells that send their blocks to the cluster again, as joblib would have it: two workers took longer than one.
    """
    monkeypatch.setattr(sweeping, "_PILOT_SECONDS", 0.0)
    alone = sweep(GRID, tmp_path / "alone.sqlite", n_jobs=1)
    assert not [row for row in alone.rows if row.status == FAILED]
    workers = set(cluster.run(os.getpid).values())
    assert len(workers) == 2
    assert os.getpid() not in workers

    def kill_one(now):
        if now.done >= 10 and workers == set(pids):
            os.kill(pids.pop(), signal.SIGKILL)

    pids = list(workers)
    with joblib.parallel_config(backend="dask"):
        found = sweep(GRID, tmp_path / "s.sqlite", n_jobs=2, watch=kill_one)
    assert len(pids) == 1
    assert found.finished == len(GRID.cells)
    assert exported(found, tmp_path) == exported(alone, tmp_path)
    sent = cluster.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.task_prefixes))
    assert sent
    assert [name for name in sent if "run_cell" not in name] == []
