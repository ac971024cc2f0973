"""Read-only: arrays and mappings that cannot be changed, however a value that holds them came to be."""

from collections.abc import Mapping
from types import NoneType
from typing import Any, NoReturn, TypeVar

import numpy as np

K = TypeVar("K")
V = TypeVar("V")


class ReadOnlyDict(dict[K, V]):
    """A dict that cannot be changed, nor arrays in it; pickle, copy, JSON and ``asdict`` take it for the dict it is.

    It is made by ``read_only`` and ``sealed`` alone.
    """

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("this mapping is part of a frozen value and read-only: dict(...) is a copy to change")

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return sealed, (dict(self),)


_PLAIN = frozenset((str, int, float, bool, NoneType, ReadOnlyDict))


def read_only(value: Any) -> Any:
    """Return a value whose arrays, mappings, and tuples of such, are read-only.

    An array that can be written is copied, as whoever has it may go on writing; one that cannot is kept as it is.
    """
    return _within(value, _copied)


def sealed(value: Any) -> Any:
    """Return the same as ``read_only``, but make arrays read-only where they are: nobody else has them."""
    return _within(value, _sealed)


def _within(value: Any, of_array: Any) -> Any:
    if type(value) in _PLAIN:  # as most are; to ask of each whether it is a Mapping takes long
        return value
    if isinstance(value, np.ndarray):
        return of_array(value)
    if isinstance(value, Mapping):
        return ReadOnlyDict({key: _within(item, of_array) for key, item in value.items()})
    return tuple(_within(item, of_array) for item in value) if type(value) is tuple else value


def _copied(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return _sealed(array.copy()) if array.flags.writeable else array


def _sealed(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array.flags.writeable = False
    return array
