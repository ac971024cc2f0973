"""Digests: a few digits by which arrays of other numbers print differently, as no repr can show them all."""

import hashlib

import numpy as np
from scipy.sparse import csr_array


def digest(*data: object) -> str:
    """Return ``#`` and eight digits that arrays of other numbers, or of another shape, do not share.

    Parameters
    ----------
    *data : array_like, sparse array or None
        Numbers, labels or Fractions.
    """
    state = hashlib.blake2b(digest_size=4)
    for item in data:
        parts = (item.data, item.indices, item.indptr) if isinstance(item, csr_array) else (np.asarray(item),)
        for part in parts:
            state.update(f"{part.dtype} {part.shape} ".encode())
            state.update(repr(part.tolist()).encode() if part.dtype == object else np.ascontiguousarray(part).tobytes())
    return f"#{state.hexdigest()}"
