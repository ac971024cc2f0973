"""Digests: a few digits by which arrays of other numbers print differently, as no repr can show them all."""

import hashlib
from typing import Any

import numpy as np


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
