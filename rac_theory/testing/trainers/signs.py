"""Signs that are fair coins where draws are independent: the test of what may depend on what came before."""

from typing import Any

import numpy as np
from scipy.special import betainc

from rac_theory.problems.checks import Array


def exchanged(past: Any, other_past: Any, new: Any, other_new: Any, alike: Any) -> float:
    """Return by how much two new draws are more like their own past than like each other's.

    If each new draw is independent of both pasts and of the other one, and both have one law, exchanging the two
    changes the sign of this number and not its law, given the pasts: its sign is a fair coin, whatever came before.
    """
    own = alike(past, new) + alike(other_past, other_new)
    return float(own - alike(past, other_new) - alike(other_past, new))


def unfair(differences: Array, alpha: float) -> float | None:
    """Return the share of positive signs if fair coins give such a one with probability at most alpha, else None.

    Both tails count; zeros are left out. Sixty-three signs are refuted from 51 of one kind on at alpha 1e-6.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.testing.trainers.signs import unfair
    >>> [unfair(np.repeat([1.0, -1.0], [ups, 63 - ups]), alpha=1e-6) is None for ups in (31, 50, 51)]
    [True, True, False]
    """
    signs = differences[differences != 0] > 0
    n, ups = len(signs), int(np.count_nonzero(signs))
    most = max(ups, n - ups)
    if n == 0 or 2 * float(betainc(most, n - most + 1, 0.5)) > alpha:
        return None
    return ups / n


def cosine(S: Array, K: Array) -> float:
    """Return the cosine of the angle of two matrices of one shape, as vectors; zero if one of them is."""
    size = float(np.linalg.norm(S) * np.linalg.norm(K))
    return float(np.sum(S * K)) / size if size else 0.0
