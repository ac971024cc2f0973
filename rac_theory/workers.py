"""Worker processes of the ledger: started while constants are computed, deaf to Ctrl-C, seldom in search of garbage."""

import gc
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import active_children, parent_process

from joblib import Parallel, cpu_count, delayed


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
    with _nobody_hears_an_interrupt():
        started = Parallel(n_jobs=jobs, return_as="generator_unordered")(delayed(_settle_in)() for _ in range(jobs))
    try:
        yield
    except BaseException:
        # Were joblib told to stop before it has handed out all tasks, a thread of it would print a KeyError.
        for process in active_children():
            if process not in before:
                process.terminate()
        with suppress(BrokenProcessPool):
            _exhaust(started)
        raise
    _exhaust(started)


def _exhaust(iterator: Iterator[object]) -> None:
    deque(iterator, maxlen=0)


@contextmanager
def heard_once() -> Iterator[None]:
    """Let a first Ctrl-C interrupt the block, and no other.

    Another would end the programs that joblib runs to end its workers, which then waits for minutes.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield
        return

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which ends its workers."""
    if _process_is_ours():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _settle_in() -> None:
    from rac_theory import figures, plot  # noqa: F401  # all that an ensemble needs

    plot.figure()  # which imports matplotlib
    ignore_interrupts()  # workers may have been there before
    if _process_is_ours():
        gc.freeze()  # without psutil, joblib asks for a collection every second, which took 40 ms of it


def _process_is_ours() -> bool:
    # Workers of a cluster call this in a thread, where no signal can be set and none arrives; their heap is not ours.
    return parent_process() is not None and threading.current_thread() is threading.main_thread()


@contextmanager
def _nobody_hears_an_interrupt() -> Iterator[None]:
    """Let processes that are started meanwhile ignore Ctrl-C from birth, which they inherit.

    It is lost for the time that this takes: two hundredths of a second for two of them.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:  # None: no handler of Python's
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
