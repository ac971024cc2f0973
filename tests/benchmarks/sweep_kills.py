"""A sweep of 500 cells that is killed ten times at random, one on a disk that is full, and the time of 640 cells.

Run this file; it is no part of the test run. The disk needs the right to mount a tmpfs and is left out without it.
"""

import argparse
import os
import pickle
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from unittest import mock

import distributed
import joblib
from joblib._dask import DaskDistributedBackend

from rac_theory import Grid, Sweep, sweep
from rac_theory.ledger.running import run_cell
from rac_theory.ledger.sweeps import sweeping
from rac_theory.ledger.sweeps.store import Store

KILLED = Grid(
    claims=("T2", "T2_sharp", "T5"),
    problems=("quadratic", "linnerud"),
    sketches=("haar", "coordinate", "weighted_coordinate", "gaussian", "rademacher"),
    settings=("noisy",),
    step_sizes=(0.5, 1.0, 1.5, 2.0),
    ranks=(2,),
    sides=("left",),
    seeds=tuple(range(10)),
    runs=64,
)
TIMED = Grid(  # 64 cases with 10 seeds each
    claims=("T5",),
    problems=("wine",),
    sketches=("haar", "gaussian", "rademacher", "coordinate"),
    settings=("noisy", "minibatch"),
    ranks=tuple(range(1, 9)),
    sides=("left",),
    seeds=tuple(range(10)),
    steps=20,
    runs=64,
)


def spec(grid):
    return "\n".join(f"{name} = {value!r}" for name, value in grid.to_json().items() if value is not None)


def cells_in(path):
    try:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            return connection.execute("SELECT count(*) FROM cells").fetchone()[0]
    except sqlite3.OperationalError:  # not there yet
        return 0


def command(folder, *rest):
    return [sys.executable, "-m", "rac_theory", "sweep", str(folder / "spec.toml"), *map(str, rest)]


def kill_ten_times(folder, seed):
    """Kill the sweep, with or without its workers, at ten moments spread over its cells; compare the exports."""
    assert len(KILLED.cells) == 500
    (folder / "spec.toml").write_text(spec(KILLED))
    chance = random.Random(seed)
    for _ in range(10):
        enough = cells_in(folder / "spec.sqlite") + chance.randint(5, 40)
        process = subprocess.Popen(
            command(folder, "--jobs", 2), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while cells_in(folder / "spec.sqlite") < enough and process.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.random() / 20)
        # Now and then the parent alone, so that workers outlive it for a moment.
        (os.kill if chance.random() < 0.5 else os.killpg)(process.pid, signal.SIGKILL)
        print(f"killed at {cells_in(folder / 'spec.sqlite')} of 500 cells, status {process.wait()}")
    names = ("csv", "parquet")
    for name in names:
        subprocess.run(command(folder, "--export", folder / f"killed.{name}"), check=True, capture_output=True)
    whole = sweep(KILLED, folder / "whole.sqlite", n_jobs=1)
    for name in names:
        whole.export(folder / f"whole.{name}")
        same = (folder / f"whole.{name}").read_bytes() == (folder / f"killed.{name}").read_bytes()
        print(f"{name}: {'the same export, byte for byte' if same else 'ANOTHER EXPORT'}")


def fill_a_disk(folder):
    """Give the store a disk of 256 kB, then a larger one with the same file."""
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True).returncode:
        print("the full disk is left out: no right to mount a tmpfs")
        return
    try:
        done = subprocess.run(command(folder, "--store", disk / "s.sqlite"), capture_output=True, text=True)
        print(f"status {done.returncode}: {done.stderr.strip().splitlines()[-1]}")
        print(f"{cells_in(disk / 's.sqlite')} cells are in the store")
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        with closing(sqlite3.connect(disk / "s.sqlite")) as connection:
            print("integrity:", connection.execute("PRAGMA integrity_check").fetchone()[0])
        subprocess.run(command(folder, "--store", disk / "s.sqlite", "--jobs", 1), capture_output=True, check=True)
        Sweep.load(disk / "s.sqlite").export(folder / "disk.csv")
        same = (folder / "disk.csv").read_bytes() == (folder / "whole.csv").read_bytes()
        print("with room again:", "the same export" if same else "ANOTHER EXPORT")
    finally:
        subprocess.run(["umount", disk], check=True)


def parts_of_a_cell(folder):
    """Return the seconds that the parent spends on a cell, and the bytes that travel with it."""
    level = TIMED.layout.level
    sample = TIMED.cells[:20]
    finished = [run_cell(cell, level) for cell in sample]
    with closing(Store(folder / "parts.sqlite", TIMED)) as store:
        begin = time.perf_counter()
        for one in finished:
            store.add(one)
        kept = (time.perf_counter() - begin) / len(sample)
    there, back = len(pickle.dumps((sample[0], level))), len(pickle.dumps(finished[0]))
    print(f"a cell: {1e3 * kept:.1f} ms in the parent, {there} bytes to the worker, {back} bytes back")
    return kept


@contextmanager
def dask_workers(count):
    """A local cluster that ``sweep`` uses inside; to a cluster of one thread joblib sends nothing but what it must."""
    usual = DaskDistributedBackend.effective_n_jobs
    with (
        distributed.LocalCluster(n_workers=count, threads_per_worker=1, processes=True, dashboard_address=":0") as here,
        distributed.Client(here) as client,
    ):

        def at_least_two(self, n_jobs):
            return max(2, usual(self, n_jobs))

        @contextmanager
        def used():
            patched = mock.patch.object(DaskDistributedBackend, "effective_n_jobs", at_least_two)
            with patched, client.as_current(), joblib.parallel_config(backend="dask"):
                yield

        yield used


def time_workers(folder, rounds):
    """Time the 640 cells in processes of joblib and on Dask workers, one and two, beside the model of the guide.

    Each does the 64 cases of a seed in its turn, so that all meet the same load of the machine. Two processes without
    Dask show what it has to give.
    """
    sweeping._PILOT_SECONDS = 0.0
    assert len(TIMED.cells) == 640
    kept = parts_of_a_cell(folder)
    with dask_workers(1) as one, dask_workers(2) as two:
        kinds = {
            "one process": (1, nullcontext),
            "one Dask worker": (1, one),
            "two processes": (2, nullcontext),
            "two Dask workers": (2, two),
        }

        def timed(kind, seed, name):
            workers, used = kinds[kind]
            with used():
                begin = time.perf_counter()
                found = sweep(replace(TIMED, seeds=(seed,)), folder / name, n_jobs=workers)
                return time.perf_counter() - begin, sum({row.key: row.seconds for row in found.rows}.values())

        for kind in kinds:  # workers import the library and compute the constants of the problem once
            timed(kind, 99, f"warm {kind}")
        walls, cells = ({kind: [] for kind in kinds} for _ in range(2))
        for i in range(rounds):
            for seed in TIMED.seeds:
                for kind in kinds:
                    wall, busy = timed(kind, seed, f"{kind} {seed} {i}")
                    walls[kind].append(wall)
                    cells[kind].append(busy)
                print(*(f"{kind} {walls[kind][-1]:.1f} s" for kind in kinds), sep=", ", flush=True)
    for kind, (workers, _) in kinds.items():
        model = len(TIMED.cells) * max(sum(cells[kind]) / rounds / len(TIMED.cells) / workers, kept)
        print(
            f"{kind}: {sum(walls[kind]) / rounds:.1f} s measured, {model:.1f} s by the model, "
            f"{1e3 * sum(cells[kind]) / rounds / len(TIMED.cells):.1f} ms a cell"
        )
    dask = "two Dask workers"
    for kind, base in ((dask, "one Dask worker"), (dask, "one process"), ("two processes", "one process")):
        ratios = [x / y for x, y in zip(walls[base], walls[kind], strict=True)]
        print(
            f"{kind} are {sum(walls[base]) / sum(walls[kind]):.2f} times {base} "
            f"(of {len(ratios)} turns the median {statistics.median(ratios):.2f}, the best {max(ratios):.2f})"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the moments at which it is killed")
    parser.add_argument("--rounds", type=int, default=1, help="of the timing")
    parser.add_argument("--only", choices=("kills", "workers"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if options.only != "workers":
            kill_ten_times(Path(name), options.seed)
            fill_a_disk(Path(name))
        if options.only != "kills":
            time_workers(Path(name), options.rounds)
