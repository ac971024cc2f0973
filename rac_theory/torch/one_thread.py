"""One thread for PyTorch as long as it computes for us: the bits of a sum depend on how many threads share it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Pin PyTorch to one thread, as ``one_blas_thread`` does BLAS, and put back what was there."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
