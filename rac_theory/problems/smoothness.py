"""Matrix smoothness: how far a function curves up along each direction, where L says one number for all of them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Self

import numpy as np

from rac_theory.base import Array, Value, being, having, matrices, matrix_shape, repr_of, sealed, shown
from rac_theory.base.checks import array, finite, moderate, moderate_size, symmetric
from rac_theory.numerics import (
    EPS,
    alike,
    coordinate,
    diagonal_of,
    eigenvalues,
    extreme_eigenvalues,
    identity,
    largest_eigenvalue,
    matrix,
    rounded,
)
from rac_theory.problems.problem import Problem

LARGEST_SIDE = 2048
"""No product of features that is larger is formed: beyond, ``L I`` is what is said of a linear model."""

Terms = tuple[tuple[Array, Array], ...]


@dataclass(frozen=True, eq=False, repr=False)
class Smoothness(Value):
    r"""A bound of curvature: :math:`f(W + D) \le f(W) + \langle G, D \rangle + \frac12 \langle D, QD \rangle`.

    It holds for all W and D of one shape (m, n), with G the gradient at W. The operator Q is a sum of Kronecker
    products, :math:`QD = \sum S D R`, and bounds the Hessian from above: ``L I`` is smoothness as L has it, without its
    lower side.

    Parameters
    ----------
    terms : sequence of pairs (S, R)
        S (m, m) and R (n, n), symmetric and positive semidefinite, both up to rounding; in units of f per squared unit
        of W. One that is diagonal may be given, and is held, as its diagonal, (m,) or (n,), which takes the memory of
        that. Where they are rounded, add what that may hide as a multiple of the identity.

    Raises
    ------
    ValueError
        If a factor is not finite, symmetric and positive semidefinite or such a diagonal, or the terms differ in shape.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Smoothness
    >>> Q = Smoothness([(np.diag([4.0, 1.0]), np.eye(3))])  # of (1/2) ||diag(2, 1) W||^2, say
    >>> Q.shape, Q.largest
    ((2, 3), 4.0)
    >>> Q.times(np.ones((2, 3))).tolist()
    [[4.0, 4.0, 4.0], [1.0, 1.0, 1.0]]
    >>> Smoothness([([4.0, 1.0], [1.0, 1.0, 1.0])]).times(np.ones((2, 3))).tolist()
    [[4.0, 4.0, 4.0], [1.0, 1.0, 1.0]]
    """

    terms: Terms

    def __post_init__(self) -> None:
        pairs = _pairs(self.terms)
        checked = tuple(
            (_semidefinite(f"terms[{i}][0]", S), _semidefinite(f"terms[{i}][1]", R)) for i, (S, R) in enumerate(pairs)
        )
        shapes = [(len(S), len(R)) for S, R in checked]
        for i, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise ValueError(
                    f"terms must be of one shape (m, n): terms[0] is for {shapes[0]}, terms[{i}] for {shape}"
                )
        vars(self).update(terms=checked)

    @classmethod
    def isotropic(cls, L: float, shape: tuple[int, int]) -> Self:
        """``L I``, which says no more than L; it takes the memory of ``m + n`` numbers.

        Examples
        --------
        >>> from rac_theory.problems import Smoothness
        >>> Smoothness.isotropic(8.0, (2, 1)).dense.tolist()
        [[8.0, 0.0], [0.0, 8.0]]
        """
        m, n = matrix_shape(shape)
        return cls.of_terms([(identity(m, moderate_size("L", finite("L", L, at_least=0))), identity(n))])

    @classmethod
    def of_terms(cls, terms: Iterable[tuple[Array, Array]]) -> Self:
        """Take factors that are symmetric and positive semidefinite by construction as they are, without the checks.

        Examples
        --------
        >>> import numpy as np
        >>> from rac_theory.problems import Smoothness
        >>> X = np.array([[1.0, 2.0]])
        >>> Smoothness.of_terms([(X.T @ X, np.eye(1))]).shape
        (2, 1)
        """
        smoothness = object.__new__(cls)
        vars(smoothness).update(terms=sealed(tuple(terms)))
        return smoothness

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (m, n) of the matrices on which Q acts."""
        S, R = self.terms[0]
        return len(S), len(R)

    def times(self, D: Array) -> Array:
        """``Q D`` for each matrix of a batch: (..., m, n) to (..., m, n)."""
        D = matrices(D, self.shape, "D")
        total = np.zeros(D.shape)
        for S, R in self.terms:
            SD = S[:, None] * D if S.ndim == 1 else S @ D
            total += SD * R if R.ndim == 1 else SD @ R
        return total

    @cached_property
    def largest(self) -> float:
        """An upper bound of the largest eigenvalue of Q, rounded up; less tight for large factors, to be quick.

        That of one term is the product of those of S and R. As every S is at most ``lambda_max(S) I``, Q is at most
        ``I (x) sum lambda_max(S) R``, and likewise the other way round: the smaller of the two is taken. It is at most
        the sum of those of the terms, and attained, but for rounding, where they share a factor or have blocks apart.
        """
        if len(self.terms) == 1:
            S, R = self.terms[0]
            return rounded(Fraction(largest_eigenvalue(S)) * Fraction(largest_eigenvalue(R)), math.inf)
        return min(_largest_of_sum(self.terms), _largest_of_sum([(R, S) for S, R in self.terms]))

    @property
    def dense(self) -> Array:
        """Q as a matrix on the entries of D row by row, (m n, m n): for tests and small cases."""
        return np.asarray(sum(np.kron(matrix(S), matrix(R)) for S, R in self.terms))


def smoothness_of(problem: Problem) -> Smoothness | None:
    """Return what a problem says of its smoothness: its member, or else ``L I``; None where neither is known.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    Smoothness or None

    Raises
    ------
    ValueError
        If the member is no ``Smoothness``, or for matrices of another shape.

    Examples
    --------
    >>> from rac_theory.problems import PLSine
    >>> from rac_theory.problems.smoothness import smoothness_of
    >>> smoothness_of(PLSine((2, 2))).largest
    8.0
    """
    if not hasattr(problem, "smoothness"):
        return isotropic_or_none(float(problem.L), problem.shape)
    Q: Smoothness | None = problem.smoothness
    if Q is not None:
        being("problem.smoothness", Q, Smoothness, ", or None where it is unknown")
        if Q.shape != tuple(problem.shape):
            raise ValueError(f"problem.smoothness must be for W of shape {tuple(problem.shape)}, got {Q.shape}")
    return Q


def known_smoothness(problem: Problem) -> Smoothness:
    """Return what a problem says of its smoothness; raise a ``ValueError`` if it says nothing, and has no L.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    Smoothness

    Examples
    --------
    >>> from rac_theory.problems import PLSine
    >>> from rac_theory.problems.smoothness import known_smoothness
    >>> known_smoothness(PLSine((2, 2))).shape
    (2, 2)
    """
    having("problem", problem, "a problem with its constants", ("L", "shape"))
    smoothness = smoothness_of(problem)
    if smoothness is None:
        raise ValueError(
            f"problem must know its smoothness or its L, got L={problem.L!r} of {repr_of(problem)}; steps of any "
            "length may be too long"
        )
    return smoothness


def isotropic_or_none(L: float, shape: tuple[int, int]) -> Smoothness | None:
    """``L I``; None where L is nan, or of a size with which nothing can be computed."""
    return Smoothness.isotropic(L, shape) if L == 0 or 1e-75 <= L <= 1e75 else None


def of_blocks(Q: Array, shape: tuple[int, int]) -> Smoothness | None:
    """Return Q, (m n, m n), as it is, if no two columns of W meet in it, or no two rows; otherwise None.

    Not every positive semidefinite matrix is a sum of Kronecker products of such.
    """
    m, n = shape
    T = Q.reshape(m, n, m, n)
    if (meet := diagonal_of(np.asarray(T.any(axis=(0, 2))))) is not None:
        return Smoothness.of_terms([(T[:, j, :, j].copy(), coordinate(n, j)) for j in range(n) if meet[j]])
    if (meet := diagonal_of(np.asarray(T.any(axis=(1, 3))))) is not None:
        return Smoothness.of_terms([(coordinate(m, i), T[i, :, i, :].copy()) for i in range(m) if meet[i]])
    return None


def _pairs(terms: Any) -> list[tuple[Any, Any]]:
    try:
        pairs = [(S, R) for S, R in terms]
        if any(isinstance(pair, np.ndarray) for pair in terms):  # one matrix, whose rows are no diagonals
            raise TypeError
    except Exception:  # whatever the class of a user does when it is asked
        raise ValueError(f"terms must be a sequence of pairs (S, R) of matrices, got {shown(terms)}") from None
    if not pairs:
        raise ValueError(f"terms must have at least one pair (S, R), got {shown(terms)}")
    return pairs


def _semidefinite(name: str, value: Any) -> Array:
    """Accept a symmetric matrix, (d, d), or a diagonal, (d,), not below zero by more than rounding."""
    S = array(name, value)
    S = moderate(name, S) if S.ndim == 1 else symmetric(name, S)
    values, error = eigenvalues(S)
    if values[0] < -error:
        raise ValueError(
            f"{name} must be positive semidefinite, got eigenvalue {values[0]:.6g} (if that is rounding, add a "
            "multiple of the identity that covers it)"
        )
    return S


def _largest_of_sum(terms: Sequence[tuple[Array, Array]]) -> float:
    """An upper bound of ``lambda_max(sum lambda_max(S) R)``, which no eigenvalue of ``sum S (x) R`` exceeds.

    R may be below zero by rounding, and each of the products and sums is off by at most an eps of their sizes.
    """
    others = alike([R for _, R in terms])
    total, slack = np.zeros(others[0].shape), 0.0
    for (S, _), R in zip(terms, others, strict=True):
        (low, high), below = extreme_eigenvalues(S), min(0.0, extreme_eigenvalues(R)[0])
        total += high * R
        slack += (high - low) * -below + (len(terms) + 1) * EPS * high * float(np.linalg.norm(R))
    return (extreme_eigenvalues(total)[1] + slack) * (1 + 8 * EPS)
