"""What is freed stays with the process."""

import platform
import resource

import numpy as np

from rac_theory.base.blas import keep_freed_memory


def test_arrays_that_come_and_go_cost_no_page_faults():
    """Forty arrays of 4 MB one after the other: with glibc, which it is about, they share the pages of one.

    Without it, or with a threshold too low, they would cost 1,024 faults each, or 2 where pages are huge.
    """
    keep_freed_memory()
    np.ones(1 << 19)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(40):
        np.ones(1 << 19)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults < 40 or platform.libc_ver()[0] != "glibc"
