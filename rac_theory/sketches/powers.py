"""The optional powers of a sketch: what it knows exactly, and what then replaces sampling."""

from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from rac_theory.base.checks import Array


@runtime_checkable
class HasExpectedProjection(Protocol):
    """A sketch that knows its expected projection in closed form.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import spectrum
    >>> class Normal:
    ...     dim, rank = 4, 1
    ...
    ...     def sample(self, rng, size):
    ...         return rng.standard_normal((size, 4, 1))
    ...
    ...     def expected_projection(self):
    ...         return np.eye(4) / 4
    >>> spectrum(Normal()).how
    'closed form'
    """

    def expected_projection(self) -> Array | None:
        """E[H], (dim, dim), symmetric, with eigenvalues in [0, 1]; None where these parameters allow no closed form."""
        ...


@runtime_checkable
class HasSupport(Protocol):
    """A sketch with finitely many values.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import spectrum
    >>> class Coin:  # one of two directions that are not orthogonal
    ...     dim, rank = 2, 1
    ...
    ...     def support(self):
    ...         return np.array([[[1.0], [0.0]], [[3.0], [4.0]]]), np.array([0.5, 0.5])
    ...
    ...     def sample(self, rng, size):
    ...         return self.support()[0][rng.integers(2, size=size)]
    >>> spectrum(Coin(), exact=True).lambda_min
    Fraction(1, 5)
    """

    def support(self) -> tuple[Array, NDArray[Any]] | None:
        """Return the values, (k, dim, rank), and their probabilities, (k,), which sum to one; None if there are many.

        Probabilities may be floats or Fractions; floats count as exact when the spectrum is asked for exactly.
        """
        ...


@runtime_checkable
class HasSecondMoment(Protocol):
    """A sketch that knows the second moment of its projection in closed form.

    Examples
    --------
    >>> from rac_theory.sketches import Coordinate, HasSecondMoment
    >>> sketch = Coordinate(dim=3, rank=1)
    >>> isinstance(sketch, HasSecondMoment)
    True
    >>> sketch.second_moment([[3.0, 1.0, 1.0], [1.0, 6.0, 1.0], [1.0, 1.0, 9.0]]).round(6).tolist()
    [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]]
    """

    def second_moment(self, M: Array, /) -> Array | None:
        """E[H M H] for any square matrices M, (..., dim, dim) to (..., dim, dim), in closed form.

        None where these parameters allow none, whatever M is.
        """
        ...


@runtime_checkable
class HasInvariants(Protocol):
    """A sketch whose second moment is that of a rotation invariant one, so that two numbers say all of it.

    Examples
    --------
    >>> from rac_theory.sketches import Gaussian, HasInvariants
    >>> isinstance(Gaussian(3, 1), HasInvariants), Gaussian(3, 1).invariants()
    (True, (Fraction(1, 15), Fraction(1, 15)))
    """

    def invariants(self) -> tuple[Fraction, Fraction] | None:
        """(a, b) with ``E[H M H] = a M + b (M' + trace(M) I)`` for all M; None where these parameters have none."""
        ...
