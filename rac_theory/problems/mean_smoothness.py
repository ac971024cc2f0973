"""The matrix smoothness of a mean of functions."""

from collections.abc import Sequence

import numpy as np

from rac_theory.problems.checks import Array
from rac_theory.problems.factors import raised
from rac_theory.problems.features import EPS
from rac_theory.problems.smoothness import Smoothness


def mean_smoothness(parts: Sequence[Smoothness]) -> Smoothness:
    """Return that of a mean of functions, the mean of theirs, rounded up; terms that share R are added up."""
    groups: list[tuple[Array, list[Array]]] = []
    for S, R in (term for part in parts for term in part.terms):
        same = next((group for other, group in groups if np.array_equal(other, R)), None)
        if same is None:
            groups.append((R, [S]))
        else:
            same.append(S)
    return Smoothness.known([(_share(group, len(parts)), R) for R, group in groups])


def _share(group: Sequence[Array], count: int) -> Array:
    """The sum of the matrices of a group over ``count``, rounded up: it is off by half an eps a term of their norms."""
    norms = sum(float(np.linalg.norm(S)) for S in group) / count
    return raised(np.asarray(sum(group) / count), (len(group) + 4) * EPS * norms)
