"""Worker processes of the ledger: started while constants are computed, seldom in search of garbage."""

import gc
import os
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import active_children

from joblib import Parallel, cpu_count, delayed

from rac_theory.interrupts import heard_by_nobody, is_a_worker_of_ours, left_to_the_parent

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # workers leave all else to this process


@contextmanager
def starting(jobs: int | None = None) -> Iterator[None]:
    """Start workers that import what an ensemble needs while the block is executed, and are ready at its end.

    An error in the block is not kept waiting for those that were started.

    Parameters
    ----------
    jobs : int, optional
        How many; by default as many as there are cores.
    """
    jobs = jobs or cpu_count()
    if jobs == 1:
        yield
        return
    before = active_children()
    with heard_by_nobody():
        started = Parallel(n_jobs=jobs, return_as="generator_unordered")(delayed(_settle_in)() for _ in range(jobs))
    try:
        yield
    except BaseException:
        # Were joblib told to stop before it has handed out all tasks, a thread of it would print a KeyError.
        for process in active_children():
            if process not in before:
                with suppress(ProcessLookupError):
                    os.kill(process.pid or 0, _KILL)
        with suppress(BrokenProcessPool):
            _exhaust(started)
        raise
    _exhaust(started)


def _exhaust(iterator: Iterator[object]) -> None:
    deque(iterator, maxlen=0)


def _settle_in() -> None:
    left_to_the_parent()
    from rac_theory import figures, plot  # noqa: F401  # all that an ensemble needs

    plot.figure()  # which imports matplotlib
    if is_a_worker_of_ours():
        gc.freeze()  # without psutil, joblib asks for a collection every second, which took 40 ms of it
