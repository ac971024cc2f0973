"""Class labels of any sortable kind: numbers, strings or booleans."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def sorted_classes(name: str, labels: ArrayLike, rows: int) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the distinct labels in sorted order, (k,), and the position of each sample's label in it, (N,).

    There must be one label a row of X, and at least two distinct ones.
    """
    given = np.asarray(labels)
    if given.ndim != 1:
        raise ValueError(f"{name} must have 1 axis, got shape {given.shape}")
    if len(given) != rows:
        raise ValueError(f"{name} must have one label for each of the {rows} rows of X, got {len(given)}")
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise ValueError(f"{name} must be finite, got nan or infinite labels")
    try:
        classes, positions = np.unique(given, return_inverse=True)
    except TypeError:
        raise ValueError(f"{name} must be labels of one kind that can be sorted, got a mixture") from None
    if len(classes) < 2:
        raise ValueError(f"{name} must have at least two distinct labels, got {len(classes)}: {listed(classes)}")
    classes.flags.writeable = False
    positions.flags.writeable = False
    return classes, positions


def listed(classes: NDArray[Any]) -> str:
    """The first few labels, for a message."""
    return ", ".join(str(label) for label in classes[:5]) + (", ..." if len(classes) > 5 else "")
