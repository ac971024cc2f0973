"""An array that workers fill in place: two numbers take longer through a pipe than a small step takes to make them.

Under Linux memory can have a file descriptor, which another process of the same user finds below ``/proc``, by the
number of the process that made it. It is in no folder: no disk can be full, and whoever is killed leaves nothing. It
has a random name, so that a file at the same path on another machine is not taken for it. Where an array cannot be
filled in place, ``write`` says so, and its numbers are sent.
"""

import mmap
import os
import secrets
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_WORTHWHILE = 1 << 22  # bytes: an array holds a file descriptor for as long as it lives, of which there are a thousand


class SharedArray:
    """An array of arbitrary content, of which every process can write columns until the ``with`` block ends.

    Parameters
    ----------
    shape : tuple of int
        Columns last.
    dtype : dtype
    shared : bool
        Whether other processes write it; only then, and where it is large, it is more than an array.

    Attributes
    ----------
    array : (..., columns)
        It outlives the block.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.processes.shared_array import SharedArray
    >>> with SharedArray((2, 5), np.float64, shared=True) as shared:
    ...     written = shared.write(0, np.ones((2, 3))), shared.write(3, np.zeros((2, 2)))
    >>> written, shared.array.tolist()
    ((True, True), [[1.0, 1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0, 0.0]])
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike, shared: bool) -> None:
        size = prod(shape) * np.dtype(dtype).itemsize
        self._place: _Place | None = None
        self._file: int | None = None
        if not shared or size < _WORTHWHILE or not hasattr(os, "memfd_create"):
            self.array: NDArray[Any] = np.empty(shape, dtype)
            return
        name = f"rac_theory-{secrets.token_hex(16)}"
        self._file = os.memfd_create(name)
        os.ftruncate(self._file, size)
        self._place = _Place(f"/proc/{os.getpid()}/fd/{self._file}", name, shape[-1])
        self.array = np.frombuffer(mmap.mmap(self._file, size), dtype).reshape(shape)

    def __enter__(self) -> "SharedArray":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)

    def write(self, first: int, numbers: NDArray[Any]) -> bool:
        """Write columns from the first on, and return whether that could be done from here."""
        self.array[..., first : first + numbers.shape[-1]] = numbers
        return True

    def __reduce__(self) -> Any:
        return (_Elsewhere, (self._place,))


@dataclass(frozen=True)
class _Place:
    """Where the memory of an array is found, and how many columns that has."""

    path: str
    name: str
    columns: int


@dataclass(frozen=True)
class _Elsewhere:
    """The array as other processes have it."""

    place: _Place | None

    def write(self, first: int, numbers: NDArray[Any]) -> bool:
        if self.place is None:
            return False
        try:
            if self.place.name not in os.readlink(self.place.path):
                return False
            file = os.open(self.place.path, os.O_WRONLY)
        except OSError:
            return False
        try:  # as a file: the system need not clear a page that is written whole
            for i, row in enumerate(np.ascontiguousarray(numbers).reshape(-1, numbers.shape[-1])):
                os.pwrite(file, row.data, (self.place.columns * i + first) * row.itemsize)
        finally:
            os.close(file)
        return True
