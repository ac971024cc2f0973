"""A mixture of sketches: each draw comes from one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from rac_theory.base import Array, Value, checks, shown
from rac_theory.sketches.draws import check_size, draw
from rac_theory.sketches.laws.finite import LIMIT, Support, non_negative
from rac_theory.sketches.moments import Moments
from rac_theory.sketches.sketch import Sketch, check_members


@dataclass(frozen=True, eq=False)
class Mixture(Value):
    """With probability proportional to its weight, a draw of each sketch, zero-padded to the largest rank.

    Zero columns leave the range alone, so the moments of H are the weighted means of those of the sketches.

    Parameters
    ----------
    sketches : sequence of Sketch
        At least one, all of the same dim.
    weights : sequence of float or Fraction
        One for each sketch, non-negative, at any scale. Integers and Fractions give exact probabilities.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import Coordinate, Frozen, Mixture
    >>> sketch = Mixture([Frozen([[1], [0]]), Coordinate(dim=2, rank=1)], weights=[1, 3])
    >>> spectrum(sketch, exact=True).lambda_min  # 0 a quarter of the time, else 1/2
    Fraction(3, 8)
    """

    sketches: Sequence[Sketch]
    weights: Sequence[float | Fraction] | Array

    def __post_init__(self) -> None:
        try:
            sketches = tuple(self.sketches)
        except TypeError:
            raise ValueError(f"sketches must be a list of sketches, got {shown(self.sketches)}") from None
        checks.integer("number of sketches", len(sketches), 1)
        for i, sketch in enumerate(sketches):
            check_members(f"sketches[{i}]", sketch)
            check_size(sketch)
        if len({sketch.dim for sketch in sketches}) > 1:
            raise ValueError(f"sketches must all have the same dim, got {[sketch.dim for sketch in sketches]}")
        weights = non_negative("weights", self.weights, len(sketches))
        if not weights.any():
            raise ValueError(f"weights must not all be zero, got {shown(self.weights)}")
        object.__setattr__(self, "sketches", sketches)
        object.__setattr__(self, "weights", weights)

    @property
    def dim(self) -> int:
        """Length of a column."""
        return self.sketches[0].dim

    @property
    def rank(self) -> int:
        """The largest number of columns."""
        return max(sketch.rank for sketch in self.sketches)

    @property
    def probabilities(self) -> Array:
        """The weights, with sum one: Fractions where the weights are rational."""
        weights = np.asarray(self.weights)
        if weights.dtype != object:
            weights = weights / weights.max()  # or the sum could overflow
        return np.asarray(weights / weights.sum())

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        origin = rng.choice(len(self.sketches), size=size, p=self.probabilities.astype(np.float64))
        sample = np.zeros((size, self.dim, self.rank))
        for i, sketch in enumerate(self.sketches):
            (positions,) = np.nonzero(origin == i)
            sample[positions, :, : sketch.rank] = draw(sketch, rng, len(positions))
        return sample

    def expected_projection(self) -> Array | None:
        """Return the weighted mean if every sketch has a closed form, else None."""
        total = np.zeros((self.dim, self.dim))
        for moments, probability in zip(self._moments, self.probabilities, strict=True):
            if moments.mean is None or moments.mean.how != "closed form":
                return None
            total += float(probability) * moments.mean.matrix
        return total

    def invariants(self) -> tuple[Fraction, Fraction] | None:
        """Return the weighted means if every sketch has invariants, else None."""
        a = b = Fraction(0)
        for moments, probability in zip(self._moments, self.probabilities, strict=True):
            if moments.invariants is None:
                return None
            a, b = a + Fraction(probability) * moments.invariants[0], b + Fraction(probability) * moments.invariants[1]
        return a, b

    def second_moment(self, M: Array) -> Array | None:
        """Return the weighted mean if every sketch has a closed form or a small support, else None."""
        total = np.zeros(np.shape(M))
        for moments, probability in zip(self._moments, self.probabilities, strict=True):
            if moments.second_moment is None:
                return None
            total += float(probability) * moments.second_moment(M)
        return total

    def support(self) -> Support | None:
        """Return all values of all sketches if every one lists its own, else None; None also above the limit."""
        values, probabilities = [], []
        for moments, probability in zip(self._moments, self.probabilities, strict=True):
            if moments.support is None:
                return None
            B, weights = moments.support
            values.append(np.pad(B, ((0, 0), (0, 0), (0, self.rank - B.shape[2]))))
            probabilities.append(probability * weights)
        if sum(map(len, values)) > LIMIT:
            return None
        joint = np.concatenate(probabilities)
        exact = all(isinstance(p, Fraction) for p in joint)
        return np.concatenate(values), joint if exact else joint.astype(np.float64)

    @cached_property
    def _moments(self) -> tuple[Moments, ...]:
        return tuple(map(Moments, self.sketches))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.sketches)}, weights={[str(w) for w in self.weights]})"
