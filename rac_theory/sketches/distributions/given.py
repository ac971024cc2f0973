"""Sketches that are given: by values and their probabilities, by a function that draws, or one matrix for ever."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rac_theory.base import Array, Value, checks, digest, function_name, printable, shown, type_name
from rac_theory.numerics import orthonormal_range, projection
from rac_theory.sketches.laws.finite import Support, non_negative
from rac_theory.sketches.sketch import BrokenSketch, Shape


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


@dataclass(frozen=True)
class FromFunction(Shape):
    """Draws come one by one from a function, which is slow but needs nothing else.

    Parameters
    ----------
    draw : callable
        ``draw(rng)`` returns one matrix, (dim, rank), with no randomness but that of the generator ``rng``.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import FromFunction
    >>> sketch = FromFunction(3, 1, lambda rng: rng.standard_normal((3, 1)))
    >>> known = spectrum(sketch, draws=1000, rng=0)
    >>> known.how, bool(known.lambda_min <= 1 / 3 <= known.lambda_min_upper)
    ('sampled', True)
    """

    draw: Callable[[np.random.Generator], Array]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.draw):
            raise ValueError(f"draw must be a function of a generator, got {shown(self.draw)}")

    def __repr__(self) -> str:
        """Name the function, as what it draws cannot be told."""
        return f"{type_name(self)}(dim={self.dim}, rank={self.rank}, draw={function_name(self.draw)})"

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        name = f"{function_name(self.draw)}(rng)"
        sample = np.empty((size, self.dim, self.rank))
        for i in range(size):
            try:
                drawn = self.draw(rng)
            except Exception as error:
                failure = f"{type_name(error)}: {printable(str(error))}"
                raise BrokenSketch(f"draw must not fail, got {failure} from {name}") from error
            try:
                sample[i] = checks.array(name, drawn, shape=(self.dim, self.rank))
            except ValueError as error:  # the function is broken, not what calls it
                raise BrokenSketch(str(error)) from error
        return sample


@dataclass(frozen=True, eq=False)
class Frozen(Value):
    """The given matrix in every draw; below full rank ``lambda_min`` is 0 and no rate can be promised.

    Parameters
    ----------
    matrix : (dim, rank)
        Any matrix with ``rank <= dim``, for example the leading singular vectors of the weights.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import Frozen
    >>> known = spectrum(Frozen([[1.0], [0.0]]))
    >>> known.lambda_min, known.lambda_max  # nothing moves across the first coordinate
    (0.0, 1.0)
    """

    matrix: Array

    def __post_init__(self) -> None:
        matrix = checks.array("matrix", self.matrix, ndim=2)
        checks.integer("rank of matrix", matrix.shape[1], 1, matrix.shape[0], "dim")
        object.__setattr__(self, "matrix", matrix)

    @property
    def dim(self) -> int:
        """Length of a column."""
        return int(self.matrix.shape[0])

    @property
    def rank(self) -> int:
        """Number of columns."""
        return int(self.matrix.shape[1])

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Repeat the matrix: (size, dim, rank)."""
        return np.broadcast_to(self.matrix, (size, *self.matrix.shape))

    def support(self) -> tuple[Array, Array]:
        """Return the one matrix, with probability one."""
        return self.matrix[None], np.ones(1)

    def expected_projection(self) -> Array:
        """H itself; exactly the identity at full rank."""
        H = projection(self.matrix)
        return np.eye(self.dim) if round(float(np.trace(H))) == self.dim else H

    def second_moment(self, M: Array) -> Array:
        """H M H, at any dim; M itself, exactly, at full rank."""
        Q = orthonormal_range(self.matrix)
        if np.count_nonzero(Q.any(axis=0)) == self.dim:
            return np.array(M)
        return np.asarray(Q @ (Q.T @ M @ Q) @ Q.T)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dim}x{self.rank} {digest(self.matrix)})"
