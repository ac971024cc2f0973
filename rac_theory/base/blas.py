"""One BLAS thread for as long as anyone needs it: speed at small sizes, and bits that depend on no thread count.

And memory that is freed and taken again at every step stays with the process.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_users = 0
_limit = ExitStack()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Pin BLAS to one thread; nested and concurrent uses share the pin, and the last one out takes it off."""
    global _users
    with _lock:
        if _users == 0:
            _limit.enter_context(_controller().limit(limits=1))
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limit.close()


@cache
def _controller() -> ThreadpoolController:
    """Find the libraries once: a search takes longer than a small ensemble."""
    import scipy.linalg  # noqa: F401  # brings its own BLAS, which must be loaded to be found

    return ThreadpoolController()


@cache
def keep_freed_memory() -> None:
    """Make the C library keep the memory that arrays give back, once in a process.

    glibc returns freed memory to the system beyond a threshold, which follows the largest array freed so far, up to
    32 MB. Before it has met one, small experiments can spend a sixth of their time in page faults. Here it meets one,
    which is never written to and so costs nothing. Other C libraries do not mind.
    """
    np.empty(31 << 20, dtype=np.uint8)
