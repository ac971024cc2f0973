"""Class labels of any sortable kind: numbers, strings or booleans."""

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rac_theory.base.conversion import NotReal, as_array
from rac_theory.base.naming import printable, type_name

_KINDS = dict.fromkeys("biuf", "numbers") | dict.fromkeys("UT", "strings") | {"S": "bytes"}


def sorted_classes(name: str, labels: ArrayLike, rows: int) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the distinct labels in sorted order, (k,), and the position of each sample's label in it, (N,).

    There must be one label a row of X, and at least two distinct ones.
    """
    try:
        given = as_array(labels)
    except NotReal as error:
        raise ValueError(f"{name} must be an array of labels, got {error}") from None
    if given.ndim != 1:
        raise ValueError(f"{name} must have 1 axis, got shape {given.shape}")
    if len(given) != rows:
        raise ValueError(f"{name} must have one label for each of the {rows} rows of X, got {len(given)}")
    kinds = _kinds(given, labels)
    if len(kinds) > 1:
        raise ValueError(f"{name} must be labels of one kind, got a mixture of {' and '.join(sorted(kinds))}")
    if not kinds <= {"numbers", "strings", "bytes"}:
        raise ValueError(f"{name} must be numbers, strings or booleans, got {kinds.pop()}")
    if kinds == {"numbers"} and any(label != label or abs(label) == math.inf for label in given.tolist()):
        raise ValueError(f"{name} must be finite, got nan or infinite labels")
    classes, positions = np.unique(given, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"{name} must have at least two distinct labels, got {len(classes)}: {listed(classes)}")
    classes.flags.writeable = False
    positions.flags.writeable = False
    return classes, positions


def _kinds(given: NDArray[Any], labels: ArrayLike) -> set[str]:
    """What the labels are; of a list of numbers and strings NumPy would make strings, its nan included."""
    if given.dtype.kind == "O" or isinstance(labels, list | tuple):
        return {_kind(label) for label in np.asarray(labels, dtype=object).tolist()}
    return {_KINDS.get(given.dtype.kind, printable(str(given.dtype)))}


def _kind(label: object) -> str:
    """What one label of an object array is."""
    if isinstance(label, Real | np.bool_):
        return "numbers"
    return "strings" if isinstance(label, str) else type_name(label)


def listed(classes: NDArray[Any]) -> str:
    """The first few labels, for a message."""
    return ", ".join(printable(str(label)) for label in classes[:5]) + (", ..." if len(classes) > 5 else "")
