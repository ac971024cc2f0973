"""A mixture of sketches: each draw comes from one of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from operator import attrgetter
from typing import Any

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
        means = self._weighted(attrgetter("mean"))
        if means is None or any(mean.how != "closed form" for _, mean in means):
            return None
        return np.asarray(sum(float(p) * mean.matrix for p, mean in means))

    def invariants(self) -> tuple[Fraction, Fraction] | None:
        """Return the weighted means if every sketch has invariants, else None."""
        pairs = self._weighted(attrgetter("invariants"))
        if pairs is None:
            return None
        a, b = (sum((Fraction(p) * pair[i] for p, pair in pairs), Fraction(0)) for i in range(2))
        return a, b

    def second_moment(self, M: Array) -> Array | None:
        """Return the weighted mean if every sketch has a closed form or a small support, else None."""
        moments = self._weighted(attrgetter("second_moment"))
        return None if moments is None else np.asarray(sum(float(p) * moment(M) for p, moment in moments))

    def support(self) -> Support | None:
        """Return all values of all sketches if every one lists its own, else None; None also above the limit."""
        supports = self._weighted(attrgetter("support"))
        if supports is None or sum(len(B) for _, (B, _) in supports) > LIMIT:
            return None
        values = [np.pad(B, ((0, 0), (0, 0), (0, self.rank - B.shape[2]))) for _, (B, _) in supports]
        joint = np.concatenate([p * weights for p, (_, weights) in supports])
        exact = all(isinstance(p, Fraction) for p in joint)
        return np.concatenate(values), joint if exact else joint.astype(np.float64)

    def _weighted(self, read: Callable[[Moments], Any]) -> list[tuple[Any, Any]] | None:
        """What every sketch has, each beside its probability; None if one has none."""
        parts = [read(moments) for moments in self._moments]
        return None if any(part is None for part in parts) else [*zip(self.probabilities, parts, strict=True)]

    @cached_property
    def _moments(self) -> tuple[Moments, ...]:
        return tuple(map(Moments, self.sketches))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.sketches)}, weights={[str(w) for w in self.weights]})"
