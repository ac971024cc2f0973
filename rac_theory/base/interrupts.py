"""Signals that ask a process to end: heard once by the one that was started, and by no worker of it."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import current_process, parent_process

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)
_LOOK_EVERY = 1.0  # seconds after which a worker sees that its parent is gone

_watching = False


@contextmanager
def heard_once() -> Iterator[None]:
    """Let the first of Ctrl-C, SIGTERM and SIGHUP raise a ``KeyboardInterrupt`` in the block, and no other.

    Another would end the programs that joblib runs to end its workers, which then waits for minutes. A signal that is
    ignored, as by ``nohup`` or a shell that starts a job in the background, stays ignored; a handler of others stays.
    """
    ours = threading.current_thread() is threading.main_thread()
    before = {n: signal.getsignal(n) for n in _ENDING if ours and signal.getsignal(n) in _DEFAULTS}

    def end(number: int, _: object) -> None:
        for signum in before:
            signal.signal(signum, lambda *_: None)
        signal.raise_signal(number)  # Python handles others that wait with it, and would complain of them once ignored
        for signum in before:
            signal.signal(signum, signal.SIG_IGN)
        raise KeyboardInterrupt(number)

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def status_of_interrupt(error: KeyboardInterrupt) -> int:
    """Return the exit status by which shells know a signal: 128 and its number, 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + int(error.args[0] if error.args else signal.SIGINT)


@contextmanager
def heard_by_nobody() -> Iterator[None]:
    """Let processes that are started meanwhile ignore these signals from birth, which they inherit.

    One that comes is lost for the time that this takes: two hundredths of a second for two processes.
    """
    before = {number: signal.getsignal(number) for number in _ENDING}
    if threading.current_thread() is not threading.main_thread() or None in before.values():
        yield  # None: a handler that is not of Python, which could not be set again
        return
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def left_to_the_parent() -> None:
    """Let the parent of a worker end it, and nobody else: leave signals to it, and end soon after it is gone.

    A worker that waits for its next task would not notice, for minutes, and hold what the two of them shared.
    """
    global _watching
    if is_a_worker_of_ours() and not _watching:
        _watching = True
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        threading.Thread(target=_end_with_the_parent, daemon=True).start()


def is_a_worker_of_ours() -> bool:
    """Whether joblib has started this process. Others are ended in other ways, those of a cluster by who runs it.

    These run tasks in a thread, where no signal can be set and none arrives.
    """
    from joblib.externals.loky.backend.process import LokyProcess

    return isinstance(current_process(), LokyProcess) and threading.current_thread() is threading.main_thread()


def _end_with_the_parent() -> None:
    parent = parent_process()
    while parent is not None and os.getppid() == parent.pid:
        time.sleep(_LOOK_EVERY)
    os._exit(1)  # the tracker that joblib leaves behind then clears away what it finds
