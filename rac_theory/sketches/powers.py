"""The optional powers of a sketch: what it knows exactly, and what then replaces sampling."""

from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from problems.checks import Array


@runtime_checkable
class HasExpectedProjection(Protocol):
    """A sketch that knows its expected projection in closed form."""

    def expected_projection(self) -> Array | None:
        """E[H], (dim, dim), symmetric, with eigenvalues in [0, 1]; None where these parameters allow no closed form."""
        ...


@runtime_checkable
class HasSupport(Protocol):
    """A sketch with finitely many values."""

    def support(self) -> tuple[Array, NDArray[Any]] | None:
        """Return the values, (k, dim, rank), and their probabilities, (k,), which sum to one; None if there are many.

        Probabilities may be floats or Fractions; floats count as exact when the spectrum is asked for exactly.
        """
        ...


@runtime_checkable
class HasSecondMoment(Protocol):
    """A sketch that knows the second moment of its projection in closed form."""

    def second_moment(self, M: Array, /) -> Array | None:
        """E[H M H] for any square matrices M, (..., dim, dim) to (..., dim, dim), in closed form.

        None where these parameters allow none, whatever M is.
        """
        ...


@runtime_checkable
class HasInvariants(Protocol):
    """A sketch whose second moment is that of a rotation invariant one, so that two numbers say all of it."""

    def invariants(self) -> tuple[Fraction, Fraction] | None:
        """(a, b) with ``E[H M H] = a M + b (M' + trace(M) I)`` for all M; None where these parameters have none."""
        ...
