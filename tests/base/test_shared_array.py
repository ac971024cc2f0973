"""An array that workers fill in place: what is written arrives, what is not found is sent, and nothing stays open."""

import gc
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config

from rac_theory import Case, RACLoRA, simulate, sketches
from rac_theory.base import shared_array
from rac_theory.base.shared_array import SharedArray
from rac_theory.problems import Quadratic

LINUX = sys.platform == "linux"
LARGE = (2, 3, 1 << 17)  # of float32, 3 MB, and twice that of float64


def numbers(first, count):
    return (np.arange(6.0)[:, None] * 1e6 + np.arange(first, first + count)).reshape(2, 3, count)


def write(array, first, count, dtype=np.float64):
    return array.write(first, numbers(first, count).astype(dtype))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_processes_write_in_place(dtype, monkeypatch):
    """Pieces of every width, from two processes; catches a row or an offset that is off by one."""
    monkeypatch.setattr(shared_array, "_WORTHWHILE", 1 << 20)
    pieces = [(0, 4), (4, 1), (5, LARGE[2] - 5)]
    with SharedArray(LARGE, dtype, shared=True) as array:
        written = Parallel(n_jobs=2)(delayed(write)(array, first, count, dtype) for first, count in pieces)
    assert written == [LINUX] * 3
    if LINUX:
        np.testing.assert_array_equal(array.array, numbers(0, LARGE[2]).astype(dtype))


@pytest.mark.parametrize(("shape", "shared"), [(LARGE, False), ((2, 3, 10), True)])
def test_what_need_not_be_shared_is_sent(shape, shared):
    """A small array holds no descriptor, and one worker no memory that is slower than its own."""
    with SharedArray(shape, np.float64, shared) as array:
        assert write(pickle.loads(pickle.dumps(array)), 0, 4) is False
        assert write(array, 0, 4)
    np.testing.assert_array_equal(array.array[..., :4], numbers(0, 4))


def test_what_is_not_found_is_not_written():
    """After the block, and where other memory has the same path, the random name decides."""
    with SharedArray(LARGE, np.float64, shared=True) as array:
        elsewhere = pickle.loads(pickle.dumps(array))
        assert write(elsewhere, 3, 4) is LINUX
        np.testing.assert_array_equal(array.array[..., 3:7], numbers(3, 4) if LINUX else array.array[..., 3:7])
    assert write(elsewhere, 0, 4) is False
    with SharedArray(LARGE, np.float64, shared=True) as other:  # the lowest free descriptor: the same path
        other.array[...] = 7.0
        assert write(elsewhere, 0, 4) is False
    np.testing.assert_array_equal(other.array, 7.0)


def ensemble(n_jobs):
    problem = Quadratic.left(np.diag([0.5, 1.0, 2.0]), np.ones((3, 2)))
    case = Case(RACLoRA(sketches.Haar(3, 1), 1 / problem.L), problem, steps=63)
    return simulate(case, runs=5000, rng=3, n_jobs=n_jobs)


@pytest.mark.parametrize("backend", ["loky", "threading", "not seen"])
def test_an_ensemble_is_the_same_wherever_its_numbers_go(backend, monkeypatch):
    """5 MB, in two tasks and a part of a third; catches a first run of a part that is another one's."""
    if backend == "not seen":
        monkeypatch.setattr(SharedArray, "__reduce__", lambda self: (shared_array._Elsewhere, ("", "", 0)))
    with parallel_config("loky" if backend == "not seen" else backend):
        found = ensemble(n_jobs=2)
    expected = ensemble(n_jobs=1)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.squared_gradients, expected.squared_gradients)


def descriptors():
    """Return how many files are open, where the system tells: under Linux, the only one to hold any of these."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())) if LINUX else 0


def test_nothing_is_left_open():
    """An ensemble that is kept holds one descriptor; catches any that stays when it is gone."""
    ensemble(n_jobs=2)
    before = descriptors()
    kept = [ensemble(n_jobs=2) for _ in range(3)]
    assert descriptors() == before + LINUX * len(kept)
    del kept
    assert descriptors() == before
