"""An array that workers fill in place: two numbers take longer through a pipe than a small step takes to make them.

Under Linux memory can have a file descriptor, which another process of the same user finds below ``/proc``, by the
number of the process that made it. It is in no folder: no disk can be full, and whoever is killed leaves nothing. It
has a random name, so that a file at the same path on another machine is not taken for it. Where an array cannot be
filled in place, ``write`` says so, and its numbers are sent.
"""

import mmap
import os
import secrets
from contextlib import suppress
from dataclasses import astuple, dataclass
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

_WORTHWHILE = 1 << 22  # bytes: an array holds a file descriptor for as long as it lives, of which there are a thousand


class SharedArray:
    """An array of arbitrary content, of which every process can write columns until the ``with`` block ends.

    Attributes
    ----------
    array : (..., columns)
        It outlives the block. Only where it is ``shared`` and large do other processes write it.
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike, shared: bool) -> None:
        size = prod(shape) * np.dtype(dtype).itemsize
        self._file: int | None = None
        self._elsewhere = _Elsewhere("", "", 0)
        if shared and size >= _WORTHWHILE:
            name = f"rac_theory-{secrets.token_hex(16)}"
            with suppress(AttributeError, OSError):  # another system, or a sandbox
                self._file = os.memfd_create(name)
        if self._file is None:
            self.array: NDArray[Any] = np.empty(shape, dtype)
        else:
            os.ftruncate(self._file, size)
            self.array = np.frombuffer(mmap.mmap(self._file, size), dtype).reshape(shape)
            self._elsewhere = _Elsewhere(f"/proc/{os.getpid()}/fd/{self._file}", name, shape[-1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)

    def write(self, first: int, numbers: NDArray[Any]) -> bool:
        """Write columns from the first on, and return whether that could be done from here."""
        self.array[..., first : first + numbers.shape[-1]] = numbers
        return True

    def __reduce__(self) -> Any:
        return _Elsewhere, astuple(self._elsewhere)


@dataclass(frozen=True)
class _Elsewhere:
    """The array as other processes have it: where and under which name its memory is found, and how many columns."""

    path: str
    name: str
    columns: int

    def write(self, first: int, numbers: NDArray[Any]) -> bool:
        try:
            if self.name not in os.readlink(self.path):
                return False
            file = os.open(self.path, os.O_WRONLY)
        except OSError:
            return False
        try:  # as a file: the system need not clear a page that is written whole
            for i, row in enumerate(np.ascontiguousarray(numbers).reshape(-1, numbers.shape[-1])):
                os.pwrite(file, row.data, (self.columns * i + first) * row.itemsize)
        finally:
            os.close(file)
        return True
