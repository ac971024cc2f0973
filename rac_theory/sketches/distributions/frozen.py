"""The frozen sketch: always the same matrix, which is what Asymmetric LoRA does."""

from dataclasses import dataclass

import numpy as np

from rac_theory.base import Value, checks, digest
from rac_theory.base.checks import Array
from rac_theory.numerics import orthonormal_range, projection


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
