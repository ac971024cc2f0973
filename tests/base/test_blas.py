"""BLAS has one thread where it is told, by a limit that is set once; what is freed stays with the process."""

import platform
import resource
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

from rac_theory.base import blas


def test_nested_uses_share_one_limit(monkeypatch):
    """Would catch a limit of two, one that ends with the first user, and a second one that finds none."""
    seen = []

    @contextmanager
    def limit(*, limits):
        seen.append(limits)
        yield
        seen.append("off")

    monkeypatch.setattr(blas, "_controller", lambda: SimpleNamespace(limit=limit))
    for _ in range(2):
        with blas.one_blas_thread():
            assert seen[-1] == 1
            with blas.one_blas_thread():
                assert seen[-1] == 1
            assert seen[-1] == 1
        assert seen[-1] == "off"
    assert seen == [1, "off"] * 2


def test_arrays_that_come_and_go_cost_no_page_faults():
    """Forty arrays of 4 MB share the pages of one with glibc. Else they cost 1,024 faults each, or 2 of huge pages."""
    blas.keep_freed_memory()
    np.ones(1 << 19)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(40):
        np.ones(1 << 19)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults < 40 or platform.libc_ver()[0] != "glibc"
