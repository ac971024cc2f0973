"""Memory that is freed and taken again at every step stays with the process."""

from functools import cache

import numpy as np


@cache
def keep_freed_memory() -> None:
    """Make the C library keep the memory that arrays give back, once in a process.

    glibc returns freed memory to the system beyond a threshold, which follows the largest array freed so far, up to
    32 MB. Before it has met one, small experiments can spend a sixth of their time in page faults. Here it meets one,
    which is never written to and so costs nothing. Other C libraries do not mind.
    """
    np.empty(31 << 20, dtype=np.uint8)
