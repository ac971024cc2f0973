"""A sketch given by its values and their probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rac_theory.base import Value, checks, digest
from rac_theory.base.checks import Array
from rac_theory.sketches.laws.finite import Support, non_negative


@dataclass(frozen=True, eq=False)
class FiniteSupport(Value):
    """Each draw is one of the given matrices; the spectrum is found by enumeration.

    Parameters
    ----------
    matrices : (k, dim, rank)
        Any matrices with ``rank <= dim``; the same one may stand there twice.
    probabilities : (k,)
        Non-negative, with sum one: within 1e-12 for floats, exactly for Fractions, which make every result exact.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import FiniteSupport
    >>> sketch = FiniteSupport([[[1], [0]], [[1], [1]]], [Fraction(1, 2), Fraction(1, 2)])
    >>> spectrum(sketch, exact=True).matrix.tolist()
    [[Fraction(3, 4), Fraction(1, 4)], [Fraction(1, 4), Fraction(1, 4)]]
    """

    matrices: Array
    probabilities: Sequence[float | Fraction] | Array

    def __post_init__(self) -> None:
        matrices = checks.array("matrices", self.matrices, ndim=3)
        checks.integer("rank of matrices", matrices.shape[2], 1, matrices.shape[1], "dim")
        probabilities = non_negative("probabilities", self.probabilities, len(matrices))
        with np.errstate(over="ignore"):
            total = probabilities.sum()
        if abs(total - 1) > (0 if isinstance(total, Fraction) else 1e-12):
            raise ValueError(f"probabilities must sum to 1, got {total}")
        object.__setattr__(self, "matrices", matrices)
        object.__setattr__(self, "probabilities", probabilities)

    @property
    def dim(self) -> int:
        """Length of a column."""
        return int(self.matrices.shape[1])

    @property
    def rank(self) -> int:
        """Number of columns."""
        return int(self.matrices.shape[2])

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        weights = np.asarray(self.probabilities, dtype=np.float64)
        return self.matrices[rng.choice(len(weights), size=size, p=weights)]

    def support(self) -> Support:
        """Return the matrices and their probabilities, as given."""
        return self.matrices, np.asarray(self.probabilities)

    def __repr__(self) -> str:
        law = digest(self.matrices, self.probabilities)
        return f"{type(self).__name__}({len(self.matrices)} matrices, {self.dim}x{self.rank} {law})"
