"""The coordinates in which a quadratic is a weighted sum of squares."""

from dataclasses import dataclass, field

import numpy as np

from rac_theory.base import Array, Value


@dataclass(frozen=True, eq=False, repr=False)
class Eigenbasis(Value):
    r"""Coordinates E, ``W = centre + left E right'``, in which f is ``floor + 1/2 sum curvatures E^2``.

    The gradient is then ``curvatures E``, with no product by a Hessian. A problem that has one offers it as
    ``eigenbasis``. Eigenvalues come from LAPACK: they are accurate to a few eps times the largest, and not below 0.

    Attributes
    ----------
    curvatures : (m, n), (m, 1) or (1, n)
        Eigenvalues of the Hessian; equal along an axis of length 1.
    centre : (m, n)
        A minimiser.
    left : (m, m), optional
        Orthogonal; None is the identity.
    right : (n, n), optional
        Orthogonal; None is the identity.
    floor : float
        The minimum.
    """

    curvatures: Array
    centre: Array
    left: Array | None = None
    right: Array | None = None
    floor: float = 0.0
    shape: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        m, n = self.centre.shape
        vars(self).update(curvatures=np.maximum(self.curvatures, 0.0), shape=(m, n))
        super().__post_init__()

    def coordinates(self, W: Array) -> Array:
        """E at each matrix of a batch: (..., m, n) to (..., m, n)."""
        E = W - self.centre
        E = E if self.left is None else self.left.T @ E
        return E if self.right is None else E @ self.right

    def gradient(self, E: Array) -> Array:
        """The gradient of f at each E of a batch, in the coordinates of W: (..., m, n) to (..., m, n)."""
        return self._turned_back(self.curvatures * E)

    def matrices(self, E: Array) -> Array:
        """W at each E of a batch: (..., m, n) to (..., m, n)."""
        return self.centre + self._turned_back(E)

    def _turned_back(self, E: Array) -> Array:
        V = E if self.left is None else self.left @ E
        return V if self.right is None else V @ self.right.T
