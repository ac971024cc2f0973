r"""Exact arithmetic with rational matrices: projections, where eigenvalues end, and a proof that none is negative.

And the way back: the float next to an exact number, on the side that keeps a bound a bound.

**The proof** is :math:`M = U' D U`. U is upper triangular with ones on its diagonal and D is diagonal. Where D has no
negative entry, :math:`x' M x = \sum_i d_i (U x)_i^2 \ge 0` for every x. Elimination without pivoting finds such a D
wherever there is one: a zero pivot of a positive semidefinite matrix has a zero row, which is left as it is.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TypeAlias

import numpy as np

from rac_theory.base import type_name

Matrix = list[list[Fraction]]
"""Rows of rational numbers."""


def rational(matrix: Iterable[Iterable[float]]) -> Matrix:
    """Return the exact value of each number; every float is a rational number."""
    return [[Fraction(x) for x in row] for row in matrix]


def projection(S: Matrix) -> Matrix:
    """Return H = S (S'S)^+ S', (d, d), by Gram-Schmidt without square roots; dependent columns fall out as zeros."""
    d = len(S)
    H = [[Fraction(0)] * d for _ in range(d)]
    basis: list[tuple[list[Fraction], Fraction]] = []
    for column in zip(*S, strict=True):
        u = list(column)
        for b, square in basis:
            share = _dot(b, u) / square
            u = [x - share * y for x, y in zip(u, b, strict=True)]
        if square := _dot(u, u):
            basis.append((u, square))
            for i, row in enumerate(H):
                for j in range(d):
                    row[j] += u[i] * u[j] / square
    return H


def mean(matrices: Sequence[Matrix], weights: Sequence[Fraction]) -> Matrix:
    """Return the average with the given weights, which need not sum to one."""
    total = sum(weights, Fraction(0))
    d = len(matrices[0])
    return [
        [sum((w * M[i][j] for w, M in zip(weights, matrices, strict=True)), Fraction(0)) / total for j in range(d)]
        for i in range(d)
    ]


def smallest_eigenvalue(M: Matrix) -> Fraction:
    """Return the smallest eigenvalue of a symmetric matrix, or a lower bound that is about 1e-15 below it.

    The eigenvalue itself is found if it is a diagonal entry, or rational with a denominator up to a million.

    A guess from floating point is certified: c is the smallest eigenvalue exactly if ``M - c I`` is positive
    semidefinite and singular, and a lower bound if it is positive definite; both are decided by elimination.
    """
    near = float(np.linalg.eigvalsh(np.array(M, dtype=np.float64))[0])
    guesses = [Fraction(near).limit_denominator(largest) for largest in (1, 1_000, 1_000_000)]
    for guess in [min(row[i] for i, row in enumerate(M)), *guesses]:  # a diagonal entry, as of a multiple of I, first
        decomposition = squares(_less(M, guess))
        if decomposition is not None and 0 in decomposition.weights:
            return guess
    below = 1
    while squares(_less(M, bound := Fraction(int(near * 2**52) - below, 2**52))) is None:
        below *= 2
    return bound


def largest_eigenvalue(M: Matrix) -> Fraction:
    """Return the largest eigenvalue, or an upper bound that is about 1e-15 above it, in the same way."""
    return -smallest_eigenvalue([[-x for x in row] for row in M])


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def rounded(exact: Fraction, towards: float) -> float:
    """Return ``exact`` as a float: itself if it is one, otherwise its neighbour in the direction of an infinity."""
    try:
        nearest = float(exact)
    except OverflowError:
        nearest = math.inf if exact > 0 else -math.inf
    wrong_side = nearest > exact if towards < 0 else nearest < exact  # compared exactly
    return math.nextafter(nearest, towards) if wrong_side else nearest


@dataclass(frozen=True)
class Squares:
    """A sum of squares :math:`\\sum_i d_i (u_i x)^2`, as a proof of what is positive semidefinite.

    Attributes
    ----------
    weights : tuple of Fraction
        The diagonal of D.
    rows : tuple of tuple of Fraction
        The rows of U.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.numerics.rational import squares
    >>> M = [[Fraction(2), Fraction(1)], [Fraction(1), Fraction(1, 2)]]  # singular
    >>> found = squares(M)
    >>> print(found.weights, found.proves(M))
    (Fraction(2, 1), Fraction(0, 1)) True
    """

    weights: tuple[Fraction, ...]
    rows: tuple[tuple[Fraction, ...], ...]

    def __repr__(self) -> str:
        return f"<{type_name(self)} of {len(self.weights)} linear forms>"

    def proves(self, M: Matrix) -> bool:
        """Whether no weight is negative and the sum of squares is x'Mx for every x: multiplied out, entry by entry."""
        n = len(self.weights)
        if min(self.weights, default=Fraction(0)) < 0 or len(M) != n or any(len(row) != n for row in (*M, *self.rows)):
            return False
        return all(M[i][j] == self._entry(i, j) for i in range(n) for j in range(n))

    def _entry(self, i: int, j: int) -> Fraction:
        terms = zip(self.weights, self.rows, strict=True)
        return sum((d * u[i] * u[j] for d, u in terms if u[i] and u[j]), Fraction(0))


def squares(M: Matrix) -> Squares | None:
    """Write x'Mx as a sum of squares, or None where M is not symmetric and positive semidefinite.

    The elimination is in whole numbers (Bareiss, *Sylvester's identity and multistep integer-preserving Gaussian
    elimination*, Math. Comp. 22, 1968): every entry stays a minor of the matrix, and no common factor is looked for.

    Parameters
    ----------
    M : list of list of Fraction
        Square.
    """
    n = len(M)
    if any(M[i][j] != M[j][i] for i in range(n) for j in range(i)):
        return None
    scale = lcm(*(x.denominator for row in M for x in row)) if n else 1
    left = [[int(x * scale) for x in row] for row in M]
    weights, rows = [], []
    last = 1  # the pivot before, by which the next minors divide without remainder
    for k in range(n):
        row, pivot = left[k], left[k][k]
        if pivot < 0 or (pivot == 0 and any(row[k + 1 :])):
            return None
        if pivot == 0:
            weights.append(Fraction(0))
            rows.append(tuple(Fraction(int(i == k)) for i in range(n)))
            continue
        weights.append(Fraction(pivot, last * scale))
        rows.append((*[Fraction(0)] * k, *(Fraction(x, pivot) for x in row[k:])))
        for i in range(k + 1, n):
            below, factor = left[i], row[i]
            for j in range(i, n):
                below[j] = (pivot * below[j] - factor * row[j]) // last
                left[j][i] = below[j]
        last = pivot
    return Squares(tuple(weights), tuple(rows))


def is_semidefinite(M: Matrix) -> bool:
    """Whether x'Mx is a sum of squares, which is multiplied out again."""
    decomposition = squares(M)
    return decomposition is not None and decomposition.proves(M)


_PROOF = """\
Proof.
  intros {letters}.
  assert (same : {quadratic} - {bound} * ({squares}) = {sum}) by field.
{signs}  lra.
Qed.
Print Assumptions lambda_min.
"""


Rows: TypeAlias = tuple[tuple[Fraction, ...], ...]
"""A matrix that cannot be changed."""

_LONG, _FEW = 40, 6  # characters of a fraction that is too long to be read; pivots that are told


@dataclass(frozen=True, repr=False)
class EigenvalueCertificate:
    """``x'Mx - bound x'x`` as a sum of squares, none of them subtracted; checked when it is made.

    Attributes
    ----------
    matrix : tuple of rows of Fraction
        M, (n, n) and symmetric.
    bound : Fraction
        No eigenvalue of M is below it.
    squares : Squares
        What ``M - bound I`` is.

    Raises
    ------
    ValueError
        If it is something else, or a weight is negative.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.numerics.rational import certified
    >>> found = certified([[Fraction(2), Fraction(1)], [Fraction(1), Fraction(2)]], Fraction(1))
    >>> found
    <EigenvalueCertificate: no eigenvalue is below 1, which is one; pivots 1, 0>
    """

    matrix: Rows
    bound: Fraction
    squares: Squares

    def __post_init__(self) -> None:
        if not self.squares.proves(_less(self.matrix, self.bound)):
            raise ValueError(f"squares must be a sum of squares for the matrix less ({self.bound}) I, it is none")

    @property
    def pivots(self) -> tuple[Fraction, ...]:
        """The weights of the squares, (n,)."""
        return self.squares.weights

    @property
    def is_eigenvalue(self) -> bool:
        """Whether the bound is the smallest eigenvalue: then a pivot is zero."""
        return 0 in self.pivots

    def __repr__(self) -> str:
        pivots = ", ".join(map(_short, self.pivots[:_FEW])) + ", ..." * (len(self.pivots) > _FEW)
        attained = ", which is one" * self.is_eigenvalue
        return f"<{type_name(self)}: no eigenvalue is below {_short(self.bound)}{attained}; pivots {pivots}>"

    def coq(self) -> str:
        """Return it as a file for Coq, which computes that the quadratic form is a sum of squares."""
        n = range(len(self.matrix))
        letters = [f"x{i + 1}" for i in n]
        products = [
            f"{_number(self.matrix[i][j])} * {letters[i]} * {letters[j]}" for i in n for j in n if self.matrix[i][j]
        ]
        sums = [
            f"{_number(weight)} * ({_linear(row, letters)}) ^ 2"
            for weight, row in zip(self.pivots, self.squares.rows, strict=True)
            if weight
        ]
        quadratic, squared_norm = " + ".join(products) or "0", " + ".join(f"{x} ^ 2" for x in letters)
        sign = "  assert (sign_{i} : 0 <= {one}) by (apply Rmult_le_pos; [lra | apply pow2_ge_0]).\n"
        proof = _PROOF.format(
            letters=" ".join(letters),
            quadratic=f"({quadratic})",
            bound=_number(self.bound),
            squares=squared_norm,
            sum=" + ".join(sums) or "0",
            signs="".join(sign.format(i=i, one=term) for i, term in enumerate(sums)),
        )
        statement = f"forall {' '.join(letters)} : R, {_number(self.bound)} * ({squared_norm}) <= {quadratic}"
        return f"From Coq Require Import Reals Lra.\nOpen Scope R_scope.\n\nTheorem lambda_min : {statement}.\n{proof}"


def certified(matrix: Matrix, bound: Fraction) -> EigenvalueCertificate:
    """Return the certificate that no eigenvalue is below a bound, by elimination.

    Parameters
    ----------
    matrix : list of rows of Fraction
        Symmetric.
    bound : Fraction
        What no eigenvalue is below.

    Returns
    -------
    EigenvalueCertificate

    Raises
    ------
    ValueError
        If one is.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.numerics.rational import certified
    >>> certified([[Fraction(3), Fraction(1)], [Fraction(1), Fraction(1)]], Fraction(1, 2))
    <EigenvalueCertificate: no eigenvalue is below 1/2; pivots 5/2, 1/10>
    """
    decomposition = squares(_less(matrix, bound))
    if decomposition is None:
        raise ValueError(f"bound must be at most the smallest eigenvalue of a symmetric matrix, {bound} is above it")
    return EigenvalueCertificate(tuple(map(tuple, matrix)), bound, decomposition)


def _less(matrix: Sequence[Sequence[Fraction]], bound: Fraction) -> Matrix:
    return [[x - bound if i == j else x for j, x in enumerate(row)] for i, row in enumerate(matrix)]


def _short(value: Fraction) -> str:
    return str(value) if len(str(value)) <= _LONG else f"{float(value):.6g}"


def _linear(times: Sequence[Fraction], letters: Sequence[str]) -> str:
    return " + ".join(
        f"{_number(coefficient)} * {x}" for coefficient, x in zip(times, letters, strict=True) if coefficient
    )


def _number(value: Fraction) -> str:
    return f"({value.numerator} / {value.denominator})"
