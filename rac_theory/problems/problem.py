"""What a problem must offer, a function of matrices with its constants; and what it may know, a minimum and a basis."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol, cast

import numpy as np

from rac_theory.base import Array, Value
from rac_theory.base.checks import array


class Problem(Protocol):
    r"""A differentiable function :math:`f : R^{m \times n} \to R` with constants that are proved, or ``nan``.

    Norms and inner products are Frobenius. ``value`` and ``gradient`` accept any number of leading batch axes. Nothing
    needs to be inherited: any class with these members is a problem, a frozen dataclass for one.

    Some more members are used where a class has them:

    * ``W_star``, (m, n): a minimiser, to the accuracy that ``f_star_error`` states.
    * ``f_star_error``, in the units of f: the infimum lies in ``[f_star - f_star_error, f_star]``; without it 0.
    * ``start``, (m, n): where runs start by default; without it the zero matrix.
    * ``value_and_gradient(W)``: both at once, where that is cheaper.
    * ``eigenbasis``: coordinates in which f is a sum of squares, an ``Eigenbasis`` or None; runs then need no gradient.
    * ``single_precision``: the same problem computed in float32.
    * ``smoothness``: how f curves up along each direction, a ``Smoothness``, or None if it is unknown; without it L I.
    * ``certified_step(W, G)``, (...): where G is the gradient at W, a step size gamma_t >= 0 for each W such that
      ``f(W - s H G) <= f(W) - s/2 ||H G||^2`` for every s up to it and every orthogonal projection H, the identity
      among them; of a problem with ``layers``, every H that is block diagonal. Without it 1/L.
    * ``provenance``: for each constant, by its name, one line that says where it comes from.

    Examples
    --------
    >>> import numpy as np
    >>> class PseudoHuber:  # the sum of sqrt(1 + x^2) - 1 over the entries x of W, whose gradient is bounded
    ...     shape, convex = (2, 2), True
    ...     L, mu, strong_convexity, f_star, f_lower = 1.0, 0.0, 0.0, 0.0, 0.0
    ...
    ...     def value(self, W):
    ...         return np.sum(np.sqrt(1 + W**2) - 1, axis=(-2, -1))
    ...
    ...     def gradient(self, W):
    ...         return W / np.sqrt(1 + W**2)
    >>> problem, W = PseudoHuber(), np.full((5, 2, 2), 0.9)
    >>> for _ in range(3):
    ...     W = W - problem.gradient(W) / problem.L
    >>> bool(np.all(problem.value(W) < 1e-6))  # five runs at once
    True
    """

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (m, n) of W."""

    @property
    def L(self) -> float:
        """Lipschitz constant of the gradient: ``||grad f(X) - grad f(Y)|| <= L ||X - Y||``; nan if unknown."""

    @property
    def mu(self) -> float:
        """Polyak-Lojasiewicz constant: ``||grad f||^2 / 2 >= mu (f - inf f)``; 0 if f has none, nan if unknown."""

    @property
    def strong_convexity(self) -> float:
        """Modulus s of strong convexity: ``f - (s/2) ||W||^2`` is convex; 0 if there is none, nan if unknown."""

    @property
    def convex(self) -> bool:
        """Whether f is known to be convex."""

    @property
    def f_star(self) -> float:
        """Upper end of a certified interval for the infimum of f; nan where there is no certificate."""

    @property
    def f_lower(self) -> float:
        """A proved lower bound of f; nan if none is known."""

    def value(self, W: Array, /) -> Array:
        """f at each matrix of a batch: (..., m, n) to (...)."""

    def gradient(self, W: Array, /) -> Array:
        """The gradient of f at each matrix of a batch: (..., m, n) to (..., m, n)."""


class OnePass(ABC):
    """Value and gradient of a problem that computes both at once."""

    @abstractmethod
    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data."""

    def value(self, W: Array, /) -> Array:
        """f at each matrix of a batch: (..., m, n) to (...)."""
        return self.value_and_gradient(W)[0]

    def gradient(self, W: Array, /) -> Array:
        """The gradient at each matrix of a batch: (..., m, n) to (..., m, n)."""
        return self.value_and_gradient(W)[1]


@dataclass(frozen=True, eq=False, repr=False)
class Minimum(Value):
    """A minimiser and the certified interval ``[f_star - f_star_error, f_star]`` of the infimum, or nan for both."""

    W_star: Array | None
    f_star: float
    f_star_error: float
    provenance: str

    @property
    def f_lower(self) -> float:
        """The lower end of the interval; 0, which every loss has for a bound, where there is no certificate."""
        return 0.0 if math.isnan(self.f_star) else self.f_star - self.f_star_error


class Certified(ABC):
    """The members of a problem that are read off its ``minimum``, which is found when it is first asked for."""

    @property
    @abstractmethod
    def minimum(self) -> Minimum:
        """The minimiser and its certificate."""

    @property
    def W_star(self) -> Array | None:
        """The minimiser, as near as ``f_star_error`` says; None where there is none, or it is unknown."""
        return self.minimum.W_star

    @property
    def f_star(self) -> float:
        """Upper end of the certified interval; nan where it is unknown."""
        return self.minimum.f_star

    @property
    def f_star_error(self) -> float:
        """Width of the certified interval."""
        return self.minimum.f_star_error

    @property
    def f_lower(self) -> float:
        """Lower end of the certified interval, not below 0; 0 where it is unknown."""
        return self.minimum.f_lower


class Uncertified:
    """A loss of which no minimum is certified: all that is proved is that no term is negative."""

    convex: ClassVar[bool] = False
    f_star: ClassVar[float] = math.nan
    f_star_error: ClassVar[float] = math.nan
    f_lower: ClassVar[float] = 0.0
    W_star: ClassVar[None] = None

    @cached_property
    def component_infima(self) -> Array:
        """0 for each component, (N,): neither a loss nor a penalty is negative. The infima may be larger."""
        return array("component_infima", np.zeros(cast(Any, self).n_components))


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
