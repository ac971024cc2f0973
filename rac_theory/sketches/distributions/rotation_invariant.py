"""The Gaussian and the Haar sketch: rotations leave the law of their range alone."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rac_theory.base import Array
from rac_theory.numerics import SHORT, standard_normals, unit
from rac_theory.sketches.laws.rotation_invariance import UniformRange


@dataclass(frozen=True)
class Gaussian(UniformRange):
    """Independent standard normal entries; the range is uniform over all r-dimensional subspaces.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import Gaussian
    >>> spectrum(Gaussian(dim=8, rank=2)).lambda_min  # r/d: no direction is favoured
    0.25
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        if self.dim <= SHORT:  # entries of one place lie together in memory, else columns, as ranges are made of them
            return np.moveaxis(standard_normals(rng, (self.dim, self.rank, size)), 2, 0)
        return standard_normals(rng, (size, self.rank, self.dim)).mT


@dataclass(frozen=True)
class Haar(UniformRange):
    """Orthonormal columns, uniformly distributed; the range has the same law as that of ``Gaussian``.

    References
    ----------
    F. Mezzadri, How to generate random matrices from the classical compact groups, arXiv:math-ph/0609050: the signs
    of R's diagonal must go into Q, or the law depends on LAPACK's conventions.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.sketches import Haar
    >>> (S,) = Haar(dim=5, rank=2).sample(np.random.default_rng(0), 1)
    >>> bool(np.allclose(S.T @ S, np.eye(2)))  # the columns of Gaussian(5, 2) span as random a plane, at any angle
    True
    """

    orthonormal: ClassVar[bool] = True

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        Z = standard_normals(rng, (size, self.dim, self.rank))
        if self.rank == 1:  # what QR comes to, at a third of the time
            return unit(Z, axis=1)
        Q, R = np.linalg.qr(Z)
        signs: Array = np.copysign(1.0, np.diagonal(R, axis1=-2, axis2=-1))
        return Q * signs[:, None, :]
