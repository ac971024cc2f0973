"""Values: frozen dataclasses that are read-only, equal by content, and print on one line, an array by a digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from types import NoneType
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.lib.array_utils import byte_bounds
from numpy.lib.stride_tricks import as_strided

from rac_theory.base.naming import function_name, repr_of, type_name

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
    return _within(value, lambda array: _sealed(array.copy()) if array.flags.writeable else array)


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


def _sealed(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array.flags.writeable = False
    return array


class Value:
    """The base of a frozen dataclass, which is to be made with ``eq=False``, and ``repr=False`` for the repr from here.

    * Arrays and mappings among its fields are read-only copies, also after it was pickled. A class with a
      ``__post_init__`` of its own sees to that itself.
    * Two are equal if they are of one class and their fields are, nan equal to nan, whatever is in their caches. A
      subclass that is no dataclass may hold more than its fields, and equals itself only.
    * The repr is what differs from the defaults; for arrays shape and digest, so that others print otherwise.
    """

    def __post_init__(self) -> None:
        frozen = ((name, value, read_only(value)) for name, value in vars(self).items())
        vars(self).update([(name, safe) for name, value, safe in frozen if safe is not value])

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: sealed(value) for name, value in state.items()})

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        if self is other or "__dataclass_fields__" not in vars(type(self)):
            return self is other
        return all(same(getattr(self, field.name), getattr(other, field.name)) for field in _compared(self))

    def __hash__(self) -> int:
        if "__dataclass_fields__" not in vars(type(self)):
            return object.__hash__(self)
        return hash((type(self), *(_hashed(getattr(self, field.name)) for field in _compared(self))))

    def __repr__(self) -> str:
        attributes = ((field, getattr(self, field.name)) for field in fields(self) if field.repr)  # type: ignore[arg-type]
        parts = [f"{field.name}={in_short(value)}" for field, value in attributes if not same(value, _default(field))]
        return f"{type_name(self)}({', '.join(parts)})"


def same(first: Any, second: Any) -> bool:
    """Whether two things are equal, arrays entry by entry, nan equal to nan; never an error."""
    if first is second:
        return True
    if (isinstance(first, np.ndarray) or is_sparse(first)) or (isinstance(second, np.ndarray) or is_sparse(second)):
        return type(first) is type(second) and _same_numbers(first, second)
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(same(item, second[key]) for key, item in first.items())
    try:
        return bool(first == second or (first != first and second != second))
    except Exception:  # of a user's class, such as a dataclass that compares arrays
        return False


def in_short(value: Any) -> str:
    """Return the repr of a field on one line: arrays by shape and digest, functions by name."""
    if isinstance(value, np.ndarray):
        return f"{'x'.join(map(str, value.shape))} {digest(_in_memory(value))}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{repr_of(key)}: {in_short(item)}" for key, item in value.items()) + "}"
    if type(value) is tuple:
        return f"({', '.join(map(in_short, value))}{',' * (len(value) == 1)})"
    if isinstance(value, frozenset):
        return f"frozenset({{{', '.join(sorted(map(repr_of, value)))}}})"
    if isinstance(value, np.generic):
        return repr(value.item())
    return function_name(value) if callable(value) and hasattr(value, "__qualname__") else repr_of(value)


def _same_numbers(first: Any, second: Any) -> bool:
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if is_sparse(first):
        return all(np.array_equal(getattr(first, x), getattr(second, x)) for x in ("data", "indices", "indptr"))
    if first.strides == second.strides:
        first, second = _in_memory(first), _in_memory(second)
    return np.array_equal(first, second, equal_nan=first.dtype.kind in "fc")


def _in_memory(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return what is stored of an array: of a Toeplitz view, as large spectra have it, 2 dim - 1 numbers, not dim^2."""
    low, high = byte_bounds(array)
    stored = (high - low) // array.itemsize
    if stored >= array.size:
        return array
    upwards = array[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides)]
    return as_strided(upwards, (stored,), (array.itemsize,), writeable=False)


def _hashed(value: Any) -> Any:
    """Return something with a hash, equal for what is the ``same``; None where there is nothing quick."""
    if isinstance(value, np.ndarray) or is_sparse(value):
        return value.shape
    if isinstance(value, tuple):
        return tuple(map(_hashed, value))
    return value if isinstance(value, str | int | float | Value) and value == value else None


def _compared(value: Any) -> list[Field[Any]]:
    return [field for field in fields(value) if field.compare]


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse array by rows, without loading SciPy to ask."""
    return hasattr(value, "indptr")


def digest(*data: Any) -> str:
    """Return ``#`` and eight digits that arrays of other numbers, or of another shape, do not share.

    Parameters
    ----------
    *data : array_like, sparse array or None
        Numbers, labels or Fractions.
    """
    state = hashlib.blake2b(digest_size=4)
    for item in data:
        parts = (item.data, item.indices, item.indptr) if is_sparse(item) else (np.asarray(item),)
        for part in parts:
            state.update(f"{part.dtype} {part.shape} ".encode())
            state.update(repr(part.tolist()).encode() if part.dtype == object else np.ascontiguousarray(part).tobytes())
    return f"#{state.hexdigest()}"
