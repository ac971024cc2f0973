"""Memory that processes on one machine share: a pipe takes longer to carry two numbers than a small step to make them.

Under Linux memory can have a file descriptor, which another process finds below ``/proc``, by the number of the process
that made it. It is in no folder, so no disk can be full, and whoever is killed leaves none of it. It has a random
name, so that what a process on another machine finds at the same path is not taken for it. Where there is no such
memory things are sent as usual, and so is an array that a worker does not see.
"""

import mmap
import os
import pickle
import secrets
import sys
import weakref
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, Generic, Protocol, Self, TypeVar

import cloudpickle
import numpy as np
from joblib.parallel import BACKENDS, get_active_backend

from problems.checks import Array

T = TypeVar("T")

_MOST = 100  # pieces of memory that are held, by results that are kept, as each costs a file descriptor
_held: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()


class Writable(Protocol):
    """What a worker can leave its numbers in."""

    def write(self, first: int, numbers: Array) -> bool:
        """Write along the last axis, from an index on; return whether that could be done from here."""
        ...


class SharedArray:
    """An array that workers fill in place; what arrives in another process is ``Writable``.

    Attributes
    ----------
    array : array
    """

    def __init__(self, array: Array, memory: "_Memory | None" = None) -> None:
        self.array, self._memory = array, memory

    @classmethod
    def empty(cls, shape: tuple[int, ...], dtype: np.dtype[Any], workers: int) -> Self:
        """Return an array with arbitrary content for so many workers; one needs no sharing."""
        made = _make(prod(shape) * dtype.itemsize) if workers > 1 else None
        if made is None:
            return cls(np.empty(shape, dtype))
        memory, content = made
        return cls(np.frombuffer(content, dtype).reshape(shape), memory)

    def write(self, first: int, numbers: Array) -> bool:
        """Write along the last axis, from an index on."""
        self.array[..., first : first + numbers.shape[-1]] = numbers
        return True

    def __reduce__(self) -> Any:
        return _Elsewhere, (self._memory, self.array.shape[-1])


@dataclass(frozen=True)
class _Elsewhere:
    """An array in the memory of another process, with rows of a length."""

    memory: "_Memory | None"
    length: int

    def write(self, first: int, numbers: Array) -> bool:
        if self.memory is None:
            return False
        try:
            file = self.memory.open(os.O_WRONLY)
        except OSError:
            return False
        try:  # as a file: a page that is written whole is not cleared first
            for i, row in enumerate(numbers.reshape(-1, numbers.shape[-1])):
                if os.pwrite(file, row.data, (self.length * i + first) * row.itemsize) < row.nbytes:
                    return False
            return True
        finally:
            os.close(file)


class SharedObject(Generic[T]):
    """An object that is pickled once for all tasks, and unpickled once in each worker.

    Only for joblib's own processes, which are on this machine and this user's, and so see it; others are sent it with
    every task.
    """

    def __init__(self, content: T, workers: int = 1) -> None:
        self.content = content
        self._memory: _Memory | None = None
        if workers > 1 and isinstance(get_active_backend()[0], BACKENDS["loky"]):
            pickled = cloudpickle.dumps(content)
            made = _make(len(pickled))
            if made is not None:
                self._memory, memory = made
                memory[:] = pickled

    def __reduce__(self) -> Any:
        return (SharedObject, (self.content,)) if self._memory is None else (_read, (self._memory,))


@lru_cache(maxsize=1)
def _read(memory: "_Memory") -> SharedObject[Any]:
    file = memory.open(os.O_RDONLY)
    try:
        with mmap.mmap(file, 0, prot=mmap.PROT_READ) as pickled:
            return SharedObject(pickle.loads(pickled))
    finally:
        os.close(file)


@dataclass(frozen=True)
class _Memory:
    """Where memory is found, until the process that made it lets go of this."""

    path: str
    name: str

    def open(self, flags: int) -> int:
        """Return a file descriptor, or raise an ``OSError``."""
        if self.name not in os.readlink(self.path):
            raise FileNotFoundError(self.path)
        return os.open(self.path, flags)


def _make(size: int) -> tuple[_Memory, mmap.mmap] | None:
    """Return new memory and its content, if there is such a thing and it can be found."""
    if sys.platform == "linux" and len(_held) < _MOST:
        name = f"rac_theory-{secrets.token_hex(16)}"
        try:
            file = os.memfd_create(name)
        except OSError:  # not in every sandbox
            return None
        memory = _Memory(f"/proc/{os.getpid()}/fd/{file}", name)
        weakref.finalize(memory, os.close, file)
        try:
            os.ftruncate(file, size)
            os.close(memory.open(os.O_RDWR))
            content = mmap.mmap(file, size)
        except OSError:
            return None
        _held.add(content)
        return memory, content
    return None
