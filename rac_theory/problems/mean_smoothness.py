"""The matrix smoothness of a mean of functions."""

import math
from collections.abc import Sequence

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import alike, diagonal_of, raised
from rac_theory.problems.features import EPS
from rac_theory.problems.smoothness import Smoothness


def mean_smoothness(parts: Sequence[Smoothness], weights: Sequence[float]) -> Smoothness:
    """Return that of a weighted mean of functions, the mean of theirs, rounded up; terms that share R are added up."""
    groups: list[tuple[Array, list[Array]]] = []
    for S, R in ((weight * S, R) for weight, part in zip(weights, parts, strict=True) for S, R in part.terms):
        R = R if (on := diagonal_of(R)) is None else on
        same = next((group for other, group in groups if np.array_equal(other, R)), None)
        if same is None:
            groups.append((R, [S]))
        else:
            same.append(S)
    return Smoothness.known([(_share(group, math.fsum(weights)), R) for R, group in groups])


def _share(group: Sequence[Array], total: float) -> Array:
    """The sum of the matrices of a group over ``total``, rounded up: it is off by half an eps a term of their norms."""
    norms = sum(float(np.linalg.norm(S)) for S in group) / total
    return raised(np.asarray(sum(alike(group)) / total), (len(group) + 5) * EPS * norms)
