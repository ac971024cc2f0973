"""Convex quadratics with a known minimiser, given by one matrix, a Kronecker product, or the full Hessian.

L, mu and the modulus of strong convexity follow from the factors of the Hessian.
"""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from rac_theory.base import Array, Value, being, digest, matrices
from rac_theory.base.checks import array, moderate, moderate_size, symmetric
from rac_theory.numerics import eigenvalues, identity, rounded
from rac_theory.problems.features import rank_bound
from rac_theory.problems.layers import Layers
from rac_theory.problems.problem import Eigenbasis, OnePass
from rac_theory.problems.smoothness import Smoothness, of_blocks

UNDECIDED = "nan: the numerical rank is undecided, LAPACK cannot tell the smallest positive eigenvalue from zero"


@dataclass(frozen=True, eq=False, repr=False)
class Quadratic(OnePass, Value):
    r"""Half a squared distance: :math:`f(W) = \frac12 \langle W - W^\star, Q(W - W^\star) \rangle`, minimum 0.

    Made by ``Quadratic.left``, ``Quadratic.kronecker`` or ``Quadratic.full``, which say what Q is. Every matrix must be
    symmetric and positive semidefinite, both up to rounding, and not zero.

    Eigenvalues that LAPACK cannot tell from zero are zeros if the rank says so (``problems.features.rank_bound``). If
    it does not, the smallest positive one is unknown, and ``mu`` is nan. Those of a diagonal matrix, and zero rows, are
    exact.

    Parameters
    ----------
    W_star : (m, n)
        A minimiser; the only one if Q is nonsingular.
    S : (m, m), R : (n, n), Q : (m n, m n)
        What the class methods set; in units of f per squared unit of W.
    start : (m, n), optional
        Where runs start by default; zero if it is not given.
    layers : Layers, optional
        The matrices that W consists of, where it is a column of several: of ``Quadratic.full`` alone, whose Q may
        couple them.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> problem = Quadratic.left(np.diag([1.0, 4.0]), W_star=np.ones((2, 3)))
    >>> problem.L, problem.mu, problem.f_star
    (4.0, 1.0, 0.0)
    >>> problem.value(np.zeros((2, 3))).item()  # 3 columns, each (1 + 4) / 2
    7.5
    """

    W_star: Array
    S: Array | None = None
    R: Array | None = None
    Q: Array | None = None
    start: Array | None = None
    layers: Layers | None = None
    L: float = field(init=False)
    mu: float = field(init=False)
    strong_convexity: float = field(init=False)

    convex: ClassVar[bool] = True
    f_star: ClassVar[float] = 0.0
    f_star_error: ClassVar[float] = 0.0
    f_lower: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        if (self.S is None) == (self.Q is None) or (self.R is not None and self.S is None):
            raise ValueError("a quadratic must be made by Quadratic.left, Quadratic.kronecker or Quadratic.full")
        W_star = array("W_star", self.W_star, ndim=2)
        m, n = W_star.shape
        start = None if self.start is None else array("start", self.start, shape=(m, n))
        if self.layers is not None:
            being("layers", self.layers, Layers)
            if self.layers.shape != (m, n) or self.Q is None:
                raise ValueError(
                    f"layers must be packed into the column W of Quadratic.full, got {self.layers!r} for {m}x{n}"
                )
        factors = {
            name: symmetric(name, getattr(self, name), size)
            for name, size in (("S", m), ("R", n), ("Q", m * n))
            if getattr(self, name) is not None
        }
        vars(self).update(factors, W_star=moderate("W_star", W_star), start=start, **constants(factors))
        moderate_size(" and ".join(factors), self.L, "a largest eigenvalue of Q")
        begin = np.zeros((m, n)) if start is None else moderate("start", start)
        moderate_size("W_star" if start is None else "start", float(self.value(begin)), "a value of f at the start")

    def __repr__(self) -> str:
        data = digest(self.W_star, self.S, self.R, self.Q, self.start)
        shape = f"{self.shape[0]}x{self.shape[1]}" if self.layers is None else f"{self.layers!r}"
        return f"{type(self).__name__}({shape} {data})"

    @classmethod
    def left(cls, S: Array, W_star: Array, *, start: Array | None = None) -> Self:
        """``Q(V) = S V``, with S (m, m).

        Examples
        --------
        >>> from rac_theory.problems import Quadratic
        >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 0.0]], W_star=[[1.0], [5.0]])
        >>> problem.mu, problem.strong_convexity  # f is flat along the second row, which PL allows
        (1.0, 0.0)
        """
        return cls(W_star, S=_given("S", S), start=start)

    @classmethod
    def kronecker(cls, S: Array, R: Array, W_star: Array, *, start: Array | None = None) -> Self:
        """``Q(V) = S V R``, with S (m, m) and R (n, n).

        Examples
        --------
        >>> from rac_theory.problems import Quadratic
        >>> problem = Quadratic.kronecker([[2.0]], [[1.0, 0.0], [0.0, 3.0]], W_star=[[1.0, 1.0]])
        >>> problem.gradient([[0.0, 0.0]]).tolist()
        [[-2.0, -6.0]]
        """
        return cls(W_star, S=_given("S", S), R=_given("R", R), start=start)

    @classmethod
    def full(cls, Q: Array, W_star: Array, *, start: Array | None = None, layers: Layers | None = None) -> Self:
        """``Q(V) = Q vec(V)``, with Q (m n, m n) and vec row by row; or on the column of several ``layers``.

        Examples
        --------
        >>> import numpy as np
        >>> from rac_theory.problems import Quadratic
        >>> problem = Quadratic.full(np.diag([1.0, 2.0, 3.0, 4.0]), W_star=np.ones((2, 2)))
        >>> problem.gradient(np.zeros((2, 2))).tolist()
        [[-1.0, -2.0], [-3.0, -4.0]]
        """
        return cls(W_star, Q=_given("Q", Q), start=start, layers=layers)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (m, n) of W."""
        m, n = self.W_star.shape
        return m, n

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        return {
            "L": "largest eigenvalue of Q, rounded up",
            "mu": UNDECIDED if math.isnan(self.mu) else "smallest positive eigenvalue of Q, rounded down",
            "f_star": "0 at W_star by construction",
            "smoothness": "Q itself" if self.S is not None or self._blocks else "L I: columns and rows of W meet in Q",
        }

    @property
    def smoothness(self) -> Smoothness:
        """Q itself; ``L I`` if it is given whole and columns of W meet in it as well as rows."""
        if self.S is None:
            return self._blocks or Smoothness.isotropic(self.L, self.shape)
        return Smoothness.of_terms([(self.S, identity(self.shape[1]) if self.R is None else self.R)])

    @cached_property
    def _blocks(self) -> Smoothness | None:
        """A Q that is given whole as a sum of Kronecker products, if it has blocks for columns or for rows of W."""
        return None if self.Q is None else of_blocks(self.Q, self.shape)

    def gradient(self, W: Array, /) -> Array:
        """The gradient at each matrix of a batch: (..., m, n) to (..., m, n)."""
        return self.hessian_product(matrices(W, self.shape) - self.W_star)

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both with one product by Q."""
        V = matrices(W, self.shape) - self.W_star
        G = self.hessian_product(V)
        flat = (*V.shape[:-2], self.W_star.size)
        # Far out a first product can be -inf, to which fused multiplications add finite ones that should be inf.
        return np.abs(np.vecdot(V.reshape(flat), G.reshape(flat))) / 2, G

    def hessian_product(self, V: Array) -> Array:
        """``Q(V)`` for each matrix of a batch: (..., m, n) to (..., m, n)."""
        if self.Q is not None:
            return np.asarray((V.reshape(-1, len(self.Q)) @ self.Q).reshape(V.shape))
        V = V if self.S is None else self.S @ V
        return V if self.R is None else V @ self.R

    @cached_property
    def eigenbasis(self) -> Eigenbasis | None:
        """Coordinates in which f is a weighted sum of squares; None if Q is given whole."""
        if self.S is None:
            return None
        left, V = self._diagonalised(self.S)
        if self.R is None:
            return Eigenbasis(left[:, None], self.W_star, V)
        right, U = self._diagonalised(self.R)
        return Eigenbasis(np.maximum(left, 0)[:, None] * np.maximum(right, 0), self.W_star, V, U)

    def _diagonalised(self, S: Array) -> tuple[Array, Array]:
        """Eigenvalues and eigenvectors of a factor; a sketch would move along what is not quite flat for ever."""
        values, V = np.linalg.eigh(S)
        if not math.isnan(self.mu):
            values[values <= eigenvalues(core(S))[1]] = 0.0  # as the rank is decided, zeros that LAPACK could not see
        return values, V


def _given(name: str, value: Array) -> Array:
    """Refuse None, which would mean another way to make a quadratic."""
    if value is None:
        raise ValueError(f"{name} must be an array, got None (a missing return statement?)")
    return value


def constants(factors: dict[str, Array]) -> dict[str, float]:
    """The eigenvalues of Q are all the products of those of its factors: so are its constants."""
    strong, mu, L = 1.0, 1.0, 1.0
    for name, factor in factors.items():
        factor_strong, factor_mu, factor_L = _curvatures(name, factor)
        strong = _product(strong, factor_strong, towards=-math.inf)
        mu = _product(mu, factor_mu, towards=-math.inf)
        L = _product(L, factor_L, towards=math.inf)
    return {"strong_convexity": strong, "mu": mu, "L": L}


def _curvatures(name: str, S: Array) -> tuple[float, float, float]:
    """Smallest, smallest positive and largest eigenvalue of S, rounded outwards; nan where the rank is undecided."""
    part = core(S)
    if not part.size:
        raise ValueError(f"{name} must have a positive eigenvalue, got largest eigenvalue 0")
    values, error = eigenvalues(part)
    if values[0] < -error:
        raise ValueError(f"{name} must be positive semidefinite, got eigenvalue {values[0]:.6g}")
    positive = values[values > error]
    low, high = float(positive[0]) - error, float(positive[-1]) + error
    highest_rank = len(part) if len(positive) == len(part) else rank_bound(part)
    mu = low if len(positive) == highest_rank else math.nan
    return (mu if highest_rank == len(S) else 0.0), mu, high


def core(S: Array) -> Array:
    """S without its zero rows and columns, and with them as many zero eigenvalues, exactly."""
    used = S.any(axis=0)
    return S[np.ix_(used, used)]


def _product(a: float, b: float, *, towards: float) -> float:
    """``a b``, rounded towards an infinity; nan if a factor is, or if the product is too small for a float."""
    if a == 0 or b == 0:
        return 0.0
    if math.isnan(a) or math.isnan(b):
        return math.nan
    return rounded(Fraction(a) * Fraction(b), towards) or math.nan
