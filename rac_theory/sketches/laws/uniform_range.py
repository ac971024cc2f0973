"""What is known of a sketch whose range is uniform over all subspaces of dimension ``rank``."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from rac_theory.base.checks import Array
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.rotation_invariance import from_invariants, uniform_range
from rac_theory.sketches.laws.shape import Shape


@dataclass(frozen=True)
class UniformRange(Shape):
    """The closed forms that such sketches share; how they draw is their own."""

    rotation_invariant: ClassVar[bool] = True

    def expected_projection(self) -> Array:
        """``(r/d) I``: the law of the range is invariant under rotations, and its rank is r almost surely."""
        return isotropic(self.dim, self.rank)

    def invariants(self) -> tuple[Fraction, Fraction]:
        """The two numbers of a uniform range."""
        return uniform_range(self.dim, self.rank)

    def second_moment(self, M: Array) -> Array:
        """``E[H M H] = a M + b (M' + trace(M) I)``, by invariance under rotations."""
        a, b = self.invariants()
        return from_invariants(float(a), float(b), M)
