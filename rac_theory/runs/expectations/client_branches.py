r"""The mean over clients of affine maps, each drawn on its own, as few branches that have its two moments.

Given the sketch, client m moves by :math:`X_m`, one of its paths, whatever the others do, and counts for
:math:`p_m / P(m)` if it takes part. The move of the server, :math:`\hat X = \sum_{m \in S} \frac{p_m}{P(m)} X_m`, has
the mean :math:`\bar X = \sum_m p_m \bar X_m`, and as :math:`P(m, l) / (P(m) P(l))` is one number b for all pairs,

.. math:: E[\hat X M \hat X^\top] = b\, \bar X M \bar X^\top
    + \sum_m p_m^2 \Big( \frac{1}{P(m)} E[X_m M X_m^\top] - b\, \bar X_m M \bar X_m^\top \Big),

and the same for what the maps add. So the branches are :math:`I + \bar X`, and, for second moments alone and with
weights some of which are negative, :math:`\bar X`, all paths, and the means of clients: not all that could be drawn.
"""

from collections.abc import Sequence

import numpy as np

from rac_theory.algorithms.gradients import Participation
from rac_theory.base.checks import Array

_Paths = tuple[Array, Array]


def mean_of_clients(
    paths: Sequence[_Paths], participation: Participation | None, shares: Sequence[float]
) -> tuple[Array, Array, Array, Array]:
    """Return branches of the mean: T, (branches, ...), c, and their weights for second moments and for means.

    Parameters
    ----------
    paths : sequence of M pairs
        T, (paths, ..., d, d), and c, (paths, ..., d, columns), of each client; all are as likely.
    participation : Participation or None
        Which clients take part; None is all of them.
    shares : sequence of M floats
        The p_m.
    """
    M = len(paths)
    b = 1.0 if participation is None else float(participation.together(M))
    chances = [1.0] * M if participation is None else [float(share) for share in participation.chances(M)]
    T, c = (sum(p * path[i].mean(axis=0) for p, path in zip(shares, paths, strict=True)) for i in (0, 1))
    identity = np.eye(np.shape(T)[-1])
    absences: list[tuple[_Paths, float]] = []
    if b != 1:
        absences.append((((np.asarray(T) - identity)[None], np.asarray(c)[None]), b - 1))
    for p, chance, (own_T, own_c) in zip(shares, chances, paths, strict=True):
        if len(own_T) == 1 and chance * b == 1:
            continue  # it does the same in each round
        moves, count = (own_T - identity, own_c), len(own_T)
        absences.append((moves, p**2 / chance / count))
        absences.append(((moves[0].mean(axis=0, keepdims=True), own_c.mean(axis=0, keepdims=True)), -b * p**2))
    means = [((np.asarray(T)[None], np.asarray(c)[None]), 1.0), *absences]
    weights = np.concatenate([np.full(len(moves[0]), weight) for moves, weight in means])
    of_mean = np.zeros(len(weights))
    of_mean[0] = 1.0
    return *(np.concatenate([moves[i] for moves, _ in means]) for i in (0, 1)), weights, of_mean  # type: ignore[return-value]
