"""The weighted coordinate sketch: coordinates drawn one after the other with given weights, without replacement."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.integrate import quad_vec

from problems import checks
from problems.checks import Array
from rac_theory.sketches.coordinate import unit_vectors
from rac_theory.sketches.shape import Shape


@dataclass(frozen=True, eq=False)
class WeightedCoordinate(Shape):
    r"""Columns are r different unit vectors; each next one is drawn with probability proportional to its weight.

    At rank one :math:`E[H] = \mathrm{diag}(w)`, ``w`` the normalised weights. At higher ranks the probability that a
    coordinate is among the first r is *not* r times its weight.

    Parameters
    ----------
    weights : (dim,)
        Non-negative, at any scale, at least ``rank`` of them positive.
    """

    weights: Array

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = checks.array("weights", self.weights, shape=(self.dim,))
        if weights.min() < 0 or np.count_nonzero(weights) < self.rank:
            raise ValueError(f"weights must be >= 0 and at least rank={self.rank} of them positive, got {weights}")
        object.__setattr__(self, "weights", weights)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank) by a race: the r first of independent exponential clocks with the weights as rates.

        Clocks have no memory, so the order in which they ring is the order of draws without replacement (Efraimidis &
        Spirakis, Weighted random sampling with a reservoir, 2006).
        """
        with np.errstate(divide="ignore"):  # a coordinate of weight zero rings at infinity
            return unit_vectors(rng.standard_exponential((size, self.dim)) / self.weights, self.rank)

    def expected_projection(self) -> Array:
        r"""Return diag(p), p the probabilities that a coordinate is among the first r to ring.

        With clocks of rates w, :math:`p_i = \int_0^1 P(\text{at most } r-1 \text{ others rang when the survival of
        clock } i \text{ is } u)\, du`, a Poisson-binomial tail under a one-dimensional integral, which is computed to
        an absolute error of about 1e-13.
        """
        return np.diag(self._inclusion_probabilities)

    @cached_property
    def _inclusion_probabilities(self) -> Array:
        rates: Array = self.weights / self.weights.sum()
        if self.rank == 1:
            return rates
        if self.rank == self.dim:
            return np.ones(self.dim)
        positive = rates > 0
        p = np.zeros(self.dim)
        integrate: Any = quad_vec  # scipy-stubs know it for scalar integrands only
        p[positive], _ = integrate(
            lambda u: _at_most(self.rank - 1, u, rates[positive]), 0, 1, epsabs=1e-14, epsrel=1e-13
        )
        return np.asarray(np.clip(p, 0, 1))


def _at_most(k: int, u: float, rates: Array) -> Array:
    """For each clock i: P(at most k of the other clocks rang by the time when clock i survives with probability u)."""
    with np.errstate(divide="ignore", under="ignore"):
        survival = np.exp(np.log(u) * (rates / rates[:, None])) if u > 0 else np.zeros((len(rates), len(rates)))
    np.fill_diagonal(survival, 1.0)  # clock i does not count itself
    counts = np.zeros((len(rates), k + 1))
    counts[:, 0] = 1.0
    for alive in survival.T:  # one clock after the other: it adds nothing with probability `alive`, else one
        counts[:, 1:] = counts[:, 1:] * alive[:, None] + counts[:, :-1] * (1 - alive)[:, None]
        counts[:, 0] *= alive
    return np.asarray(counts.sum(axis=1))
