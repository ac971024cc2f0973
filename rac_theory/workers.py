"""Worker processes of the ledger: started while constants are computed, deaf to Ctrl-C, seldom in search of garbage."""

import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process

from joblib import Parallel, cpu_count, delayed


@contextmanager
def starting(jobs: int | None = None) -> Iterator[None]:
    """Start workers that import what an ensemble needs while the block is executed, and are ready at its end.

    Parameters
    ----------
    jobs : int, optional
        How many; by default as many as there are cores.
    """
    jobs = jobs or cpu_count()
    if jobs == 1:
        yield
        return
    with _nobody_hears_an_interrupt():
        started = Parallel(n_jobs=jobs, return_as="generator_unordered")(delayed(_settle_in)() for _ in range(jobs))
    try:
        yield
    finally:
        for _ in started:
            pass


def ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which ends its workers."""
    # Workers of a cluster call this in a thread, where no signal can be set and none arrives.
    if parent_process() is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _settle_in() -> None:
    from rac_theory import figures, plot  # noqa: F401  # all that an ensemble needs

    plot.figure()  # which imports matplotlib
    ignore_interrupts()  # workers may have been there before
    if parent_process() is not None:
        gc.freeze()  # joblib asks for a collection every second, which took 40 ms of it


@contextmanager
def _nobody_hears_an_interrupt() -> Iterator[None]:
    """Let processes that are started meanwhile ignore Ctrl-C from birth, which they inherit.

    It is lost for the two hundredths of a second that this takes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
