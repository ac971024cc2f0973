r"""That a symmetric rational matrix is positive semidefinite, and where its eigenvalues end, in exact arithmetic.

**The proof** is :math:`M = U' D U`. U is upper triangular with ones on its diagonal and D is diagonal. Where D has no
negative entry, :math:`x' M x = \sum_i d_i (U x)_i^2 \ge 0` for every x. Elimination without pivoting finds such a D
wherever there is one: a zero pivot of a positive semidefinite matrix has a zero row, which is left as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TypeAlias

from rac_theory.base import type_name
from rac_theory.numerics.rational import Matrix


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
    >>> from rac_theory.numerics.semidefinite import squares
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
    >>> from rac_theory.numerics.semidefinite import certified
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

    Raises
    ------
    ValueError
        If one is.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.numerics.semidefinite import certified
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
