"""Worker processes that are started before there is work for them, and are seldom in search of garbage."""

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import active_children

from joblib import Parallel, cpu_count, delayed

from rac_theory.processes.interrupts import heard_by_nobody, is_a_worker_of_ours, left_to_the_parent

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # workers leave all else to this process


@contextmanager
def starting(prepare: Callable[[], object], jobs: int | None = None) -> Iterator[None]:
    """Start workers that get prepared while the block is executed, and are ready at its end.

    An error in the block is not kept waiting for those that were started.

    Parameters
    ----------
    prepare : callable
        What each worker calls first, such as a function of a module that imports what is needed there.
    jobs : int, optional
        How many; by default as many as there are cores.
    """
    jobs = jobs or cpu_count()
    if jobs == 1:
        yield
        return
    before = active_children()
    settling = [delayed(_settle_in)(prepare)] * jobs
    with heard_by_nobody():
        started = Parallel(n_jobs=jobs, return_as="generator_unordered")(settling)
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


def _settle_in(prepare: Callable[[], object]) -> None:
    left_to_the_parent()
    prepare()
    if is_a_worker_of_ours():
        gc.freeze()  # without psutil, joblib asks for a collection every second, which took 40 ms of it
