r"""The moment map of an outer step that is one of finitely many affine maps, and the mean over clients of such maps.

That is what several gradient steps under one sketch are, if its draws can be listed: in energy coordinates
:math:`e^+ = T e + c` with probability p, where T and c follow from the draw, the order of the components, and the mean
over clients. With M = E[e e'] and m = E[e],

.. math:: m^+ = E[T]\, m + E[c], \qquad M^+ = E\big[ (T M + c\, m^\top)\, T^\top + (T m + c)\, c^\top \big].

Given the sketch, client m moves by :math:`X_m`, one of its paths, whatever the others do, and counts for
:math:`p_m / P(m)` if it takes part. The move of the server, :math:`\hat X = \sum_{m \in S} \frac{p_m}{P(m)} X_m`, has
the mean :math:`\bar X = \sum_m p_m \bar X_m`, and as :math:`P(m, l) / (P(m) P(l))` is one number b for all pairs,

.. math:: E[\hat X M \hat X^\top] = b\, \bar X M \bar X^\top
    + \sum_m p_m^2 \Big( \frac{1}{P(m)} E[X_m M X_m^\top] - b\, \bar X_m M \bar X_m^\top \Big),

and the same for what the maps add. So the branches are :math:`I + \bar X`, and, for second moments alone and with
weights some of which are negative, :math:`\bar X`, all paths, and the means of clients: not all that could be drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rac_theory.algorithms.gradients import Participation
from rac_theory.base.checks import Array
from rac_theory.runs.expectations.matrix_map import read_out
from rac_theory.runs.expectations.moment_map import spectral_radius


@dataclass(frozen=True, eq=False)
class BranchMap:
    """A state holds M and m side by side, for each of g groups: (g, d, d + columns).

    Attributes
    ----------
    roots : (g, d)
        Square roots of the curvatures.
    coordinates : callable
        W, (m, n), to the coordinates of each group, (g, d, columns).
    T : (k, g, d, d)
        What a branch does to e.
    c : (k, g, d, columns)
        What it adds; one column for each group if there are many.
    weights : (k,)
        The probabilities of the branches, or any numbers with which the second moments are theirs.
    of_mean : (k,)
        The same for the means.
    agree : bool
        Whether the c are zero, up to rounding.
    """

    roots: Array
    coordinates: Callable[[Array], Array]
    T: Array
    c: Array
    weights: Array
    of_mean: Array
    agree: bool

    def start(self, W: Array) -> Array:
        """Return the moments at W."""
        e = self.roots[:, :, None] * self.coordinates(W)
        return np.concatenate([e @ np.swapaxes(e, 1, 2), e], axis=2)

    def step(self, state: Array) -> Array:
        """One step."""
        M, m = np.split(state, [state.shape[1]], axis=2)
        means = self.T @ m + self.c
        turned = (self.T @ M + self.c @ np.swapaxes(m, 1, 2)) @ np.swapaxes(self.T, 2, 3)
        moments = turned + means @ np.swapaxes(self.c, 2, 3)
        moved = np.tensordot(self.weights, moments, axes=1), np.tensordot(self.of_mean, means, axes=1)
        return np.concatenate(moved, axis=2)

    def readout(self, state: Array) -> tuple[float, float, float]:
        """Half the trace, and the traces with the curvatures as weights and as divisors."""
        return read_out(state, self.roots**2)

    def rate(self, smallest: float) -> float:
        """The larger of the factors of M and, unless one W minimises all components, of m."""
        return max(self._group_rate(i, self.roots[i] ** 2 >= smallest) for i in range(len(self.roots)))

    def _group_rate(self, i: int, curved: Array) -> float:
        T = self.T[:, i][:, curved][:, :, curved]

        def step(M: Array) -> Array:
            return np.asarray(np.tensordot(self.weights, T @ M @ np.swapaxes(T, 1, 2), axes=1))

        rate = spectral_radius(step, int(curved.sum())) if curved.any() else 0.0
        if self.agree:
            return rate
        return max(rate, float(np.abs(np.linalg.eigvals(np.tensordot(self.of_mean, T, axes=1))).max()))


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
    b = 1.0 if participation is None else float(participation.joint_ratio(M))
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
