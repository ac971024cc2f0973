"""The weighted coordinate sketch: coordinates drawn one after the other with given weights, without replacement."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np

from rac_theory.base import checks, digest, shown
from rac_theory.base.checks import Array
from rac_theory.sketches.distributions.coordinate import unit_vectors
from rac_theory.sketches.laws.few_of_many import FewOfMany
from rac_theory.sketches.laws.finite import LIMIT, Support
from rac_theory.sketches.laws.race import one_of_a_race, two_of_a_race
from rac_theory.sketches.laws.shape import Shape


@dataclass(frozen=True, eq=False)
class WeightedCoordinate(Shape):
    r"""Columns are r different unit vectors; each next one is drawn with probability proportional to its weight.

    At rank one :math:`E[H] = \mathrm{diag}(w)`, ``w`` the normalised weights. At higher ranks the probability that a
    coordinate is among the first r is *not* r times its weight.

    Parameters
    ----------
    weights : (dim,)
        Non-negative, at any scale, at least ``rank`` of them positive, none of these below 1e-250 times the largest.

    References
    ----------
    Efraimidis and Spirakis, Weighted random sampling with a reservoir, 2006: the race by which it is drawn.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import WeightedCoordinate
    >>> for rank in (1, 2):
    ...     known = spectrum(WeightedCoordinate(3, rank, weights=[1, 1, 2]))
    ...     print([f"{p:.4f}" for p in known.matrix.diagonal()])  # that a coordinate is drawn
    ['0.2500', '0.2500', '0.5000']
    ['0.5833', '0.5833', '0.8333']
    """

    weights: Array

    orthonormal: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = checks.array("weights", self.weights, shape=(self.dim,))
        if weights.min() < 0 or np.count_nonzero(weights) < self.rank:
            raise ValueError(
                f"weights must be >= 0 and at least rank={self.rank} of them positive, got {shown(weights)}"
            )
        faint = weights[(weights > 0) & (weights / weights.max() < _FAINTEST)]
        if faint.size:
            raise ValueError(
                f"weights must be zero or at least {_FAINTEST:g} times the largest, {weights.max():g}, got "
                f"{faint.min():g}; make it larger, or zero if it need not be drawn"
            )
        object.__setattr__(self, "weights", weights)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank) by a race: the r first of independent exponential clocks with the weights as rates.

        Clocks have no memory, so the order in which they ring is the order of draws without replacement.
        """
        with np.errstate(divide="ignore"):  # a coordinate of weight zero rings at infinity
            return unit_vectors(rng.standard_exponential((size, self.dim)) / self._rates, self.rank)

    def expected_projection(self) -> Array | None:
        r"""Return diag(p), p the probabilities that a coordinate is among the first r to ring.

        By ``laws.race`` it is a Poisson-binomial tail under an integral, to about 1e-12. Where ``d r`` is above 5,000
        it would take more than a hundred megabytes: p is then found by ``laws.few_of_many``, and None where r are not
        few.
        """
        p = self._inclusion_probabilities
        return None if p is None else np.diag(p)

    def second_moment(self, M: Array) -> Array | None:
        """Entry (i, k) of M times the probability that i and k are both drawn.

        At rank one it is ``diag(w_i M_ii)``, as no two are drawn together. At higher ranks the probabilities are those
        of ``laws.few_of_many``, or where r are not few those of ``laws.race``; there None where ``d^2 r`` is above
        131,072, as it would take more than some seconds.
        """
        if self.rank == 1:
            return np.asarray(self._rates / self._rates.sum() * np.eye(self.dim) * M)
        both = self._both_drawn
        return None if both is None else both * M

    @cached_property
    def _both_drawn(self) -> Array | None:
        positive = np.flatnonzero(self._rates)
        both = np.zeros((self.dim, self.dim))
        if self.rank == len(positive):
            both[np.ix_(positive, positive)] = 1.0
            return both
        rates = self._rates[positive]
        few = FewOfMany(rates, self.rank)
        if few.exact:
            two = few.two()
        elif len(positive) ** 2 * self.rank <= _LARGEST_OF_TWO:
            two = _two_of_a_race(tuple(rates.tolist()), self.rank)
        else:
            return None
        if len(positive) == self.dim:
            return two
        both[np.ix_(positive, positive)] = two
        return both

    @cached_property
    def _rates(self) -> Array:
        return np.asarray(self.weights / self.weights.max())

    @cached_property
    def _inclusion_probabilities(self) -> Array | None:
        rates = self._rates
        positive = np.flatnonzero(rates)
        p = np.zeros(self.dim)
        if self.rank == 1:
            p[:] = rates / rates.sum()
        elif self.rank == len(positive):
            p[positive] = 1.0
        elif len(positive) * self.rank > _LARGEST:
            race = FewOfMany(rates[positive], self.rank)
            if not race.exact:
                return None
            p[positive] = race.one()[0]
        else:
            p[positive] = one_of_a_race(rates[positive], self.rank)
        return p

    def support(self) -> Support | None:
        """Return the unit vectors at rank one, with the exact ratios of weights; None above the limit, or rank one."""
        positive = np.flatnonzero(self.weights)
        if self.rank > 1 or len(positive) > LIMIT:
            return None
        weights = np.array([Fraction(weight) for weight in self.weights[positive].tolist()], dtype=object)
        return np.eye(self.dim)[positive, :, None], weights / weights.sum()

    def __repr__(self) -> str:
        weights = f"weights {self.weights.min():g}..{self.weights.max():g} {digest(self.weights)}"
        return f"{type(self).__name__}({self.dim}x{self.rank}, {weights})"


_FAINTEST = 1e-250  # beside 1, so that times to ring stay finite
_LARGEST = 5_000  # numbers at each of some 400 points
_LARGEST_OF_TWO = 1 << 17  # numbers at each of some 250 points


@lru_cache(maxsize=64)  # a ledger makes the same sketch for every problem and step size
def _two_of_a_race(rates: tuple[float, ...], rank: int) -> Array:
    clocks = np.array(rates)
    return two_of_a_race(clocks, rank, one_of_a_race(clocks, rank))
