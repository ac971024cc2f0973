"""Tasks in workers: all of them, each once; how many workers; and who hears a signal."""

import os
import signal

import pytest
from joblib import cpu_count, parallel_config

from rac_theory.base.tasks import as_they_finish, worker_count


def told(i, j):
    return i - j, os.getpid(), signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_a_short_job_starts_no_worker_unless_told():
    assert worker_count(None, 1.9) == 1
    assert worker_count(None, 2.0) == cpu_count()
    assert worker_count(3, 0.0) == 3


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_call_is_made_once_and_signals_are_left_to_the_parent(jobs):
    before = signal.getsignal(signal.SIGTERM)
    found = list(as_they_finish(told, ((i, 1) for i in range(6)), jobs))
    assert sorted(value for value, _, _ in found) == [-1, 0, 1, 2, 3, 4]
    assert all((process != os.getpid()) == ignored == (jobs == 2) for _, process, ignored in found)
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_one_process_a_call_waits_until_it_is_asked_for():
    """As what is found is kept one by one: an interrupt loses one cell, not all."""
    done = []
    results = as_they_finish(done.append, ((i,) for i in range(3)), 1)
    assert done == []
    next(results)
    assert done == [0]
    results.close()


def test_a_backend_that_returns_all_at_once_is_refused_with_a_sentence(tmp_path):
    """A sweep and a long verify raised in the midst of joblib, and waited for a lost worker for ever."""
    with parallel_config(backend="multiprocessing"):
        with pytest.raises(ValueError, match=r"the backend of joblib must be one that .*, got multiprocessing: leave"):
            as_they_finish(told, [(1, 1)], 2)
        assert [value for value, _, _ in as_they_finish(told, [(3, 1)], 1)] == [2]  # here, without workers
    with parallel_config(backend="threading"):
        assert [value for value, _, _ in as_they_finish(told, [(3, 1)], 2)] == [2]
