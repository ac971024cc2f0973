"""Memory that workers share: what is written arrives, what is not found is sent, and nothing stays behind."""

import gc
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config

from problems import Quadratic
from rac_theory import Case, RACLoRA, simulate, sketches
from rac_theory.processes import shared_memory
from rac_theory.processes.shared_memory import SharedArray, SharedObject

LINUX = sys.platform == "linux"
SHAPE = (2, 3, 10)


def numbers(first, count):
    return np.arange(10.0 * first, 10.0 * first + 6 * count).reshape(2, 3, count)


def write(array, first, count):
    return array.write(first, numbers(first, count))


def ensemble(n_jobs):
    problem = Quadratic.left(np.diag([0.5, 1.0, 2.0]), np.ones((3, 2)))
    algorithm = RACLoRA(sketches.Haar(3, 1), 1 / problem.L)
    return simulate(Case(algorithm, problem, steps=7), runs=5000, rng=3, n_jobs=n_jobs, record=["distances"])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_processes_write_in_place(dtype):
    """Pieces of every width, from two processes; catches a row or an offset that is off by one."""
    array = SharedArray.empty(SHAPE, np.dtype(dtype), workers=2)
    pieces = [(0, 4), (4, 1), (5, 5)]
    there = Parallel(n_jobs=2)(delayed(_write_as)(array, first, count, np.dtype(dtype).name) for first, count in pieces)
    assert there == [LINUX] * 3
    if LINUX:
        expected = np.concatenate([numbers(*piece) for piece in pieces], axis=2)
        np.testing.assert_array_equal(array.array, expected.astype(dtype))


def _write_as(array, first, count, dtype):
    return array.write(first, numbers(first, count).astype(dtype))


def test_threads_see_the_array_itself():
    array = SharedArray.empty(SHAPE, np.dtype(float), workers=2)
    with parallel_config("threading"):
        assert Parallel(n_jobs=2)(delayed(write)(array, first, 5) for first in (0, 5)) == [True, True]
    np.testing.assert_array_equal(array.array, np.concatenate([numbers(0, 5), numbers(5, 5)], axis=2))


def test_what_is_not_found_is_not_written():
    """Memory that is gone, and other memory at the same path: the name decides."""
    array = SharedArray.empty(SHAPE, np.dtype(float), workers=2)
    elsewhere = pickle.loads(pickle.dumps(array))
    assert write(elsewhere, 0, 4) is LINUX
    del array
    gc.collect()
    other = SharedArray.empty(SHAPE, np.dtype(float), workers=2)  # on Linux the lowest free descriptor: the same path
    other.array[...] = 7.0
    assert write(elsewhere, 0, 4) is False
    np.testing.assert_array_equal(other.array, 7.0)


def test_one_worker_shares_nothing():
    array = SharedArray.empty(SHAPE, np.dtype(float), workers=1)
    assert write(pickle.loads(pickle.dumps(array)), 0, 4) is False


def test_an_object_is_sent_once():
    content = list(range(100_000))
    assert len(pickle.dumps(SharedObject(content, workers=1))) > 100_000
    told = SharedObject(content, workers=2)
    assert (len(pickle.dumps(told)) < 1000) is LINUX
    assert Parallel(n_jobs=2)(delayed(_total)(told) for _ in range(4)) == [sum(content)] * 4
    with parallel_config("multiprocessing"):  # which may be anywhere, for all that is known
        assert len(pickle.dumps(SharedObject(content, workers=2))) > 100_000


def _total(told):
    return sum(told.content)


@pytest.mark.parametrize("hindrance", ["no memory", "not seen", "no process of joblib's own"])
def test_without_shared_memory_the_numbers_are_the_same(hindrance, monkeypatch):
    expected = ensemble(n_jobs=1)
    backend = "loky"
    if hindrance == "no memory":
        monkeypatch.setattr(shared_memory, "_make", lambda size: None)
    elif hindrance == "not seen":
        monkeypatch.setattr(SharedArray, "__reduce__", lambda self: (shared_memory._Elsewhere, (None, 0)))
    else:
        backend = "multiprocessing"
    with parallel_config(backend):
        found = ensemble(n_jobs=2)
    for name in ("values", "squared_gradients", "squared_distances", "norms", "W"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_nothing_is_left_open():
    """An ensemble that is kept holds one descriptor, until there are too many; catches any that stays."""
    here = Path("/proc/self/fd")
    ensemble(n_jobs=2)
    before = len(list(here.iterdir())) if LINUX else 0
    kept = [ensemble(n_jobs=2) for _ in range(5)]
    if LINUX:
        assert len(list(here.iterdir())) <= before + len(kept)
    del kept
    gc.collect()
    assert (len(list(here.iterdir())) if LINUX else 0) <= before


def test_what_is_kept_cannot_use_up_the_descriptors(monkeypatch):
    monkeypatch.setattr(shared_memory, "_MOST", len(shared_memory._held) + 2)
    kept = [SharedArray.empty(SHAPE, np.dtype(float), workers=2) for _ in range(4)]
    assert [write(pickle.loads(pickle.dumps(array)), 0, 4) for array in kept] == [LINUX, LINUX, False, False]
