"""A certificate that no eigenvalue of a rational matrix is below a number: a factorisation, checked by products."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from rac_theory.numerics.rational import Matrix
from rac_theory.problems.naming import type_name

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
class Certificate:
    """``M - bound I = F D F'`` with a unit lower triangular F and no pivot in D below zero; checked when it is made.

    Attributes
    ----------
    matrix : tuple of rows of Fraction
        M, (n, n) and symmetric.
    bound : Fraction
        No eigenvalue of M is below it.
    factor : tuple of rows of Fraction
        F, (n, n).
    pivots : tuple of Fraction
        The diagonal of D, (n,).

    Raises
    ------
    ValueError
        If it is no such factorisation.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.numerics.certificate import certified
    >>> found = certified([[Fraction(2), Fraction(1)], [Fraction(1), Fraction(2)]], Fraction(1))
    >>> found
    <Certificate: no eigenvalue is below 1, which is one; pivots 1, 0>
    """

    matrix: Rows
    bound: Fraction
    factor: Rows
    pivots: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Multiply, and compare."""
        M, F, D = self.matrix, self.factor, self.pivots
        n = len(M)
        if any(len(rows) != n or any(len(row) != n for row in rows) for rows in (M, F)) or len(D) != n:
            raise ValueError(f"matrix, factor and pivots must be of one size, got {n}, {len(F)} and {len(D)}")
        for k, pivot in enumerate(D):
            if pivot < 0:
                raise ValueError(
                    f"pivots must not be negative, got {pivot} at {k}: an eigenvalue is below {self.bound}"
                )
        for i in range(n):
            if F[i][i] != 1 or any(F[i][i + 1 :]):
                raise ValueError(f"factor must be unit lower triangular, row {i} is not")
            for j in range(n):
                product = sum((F[i][k] * D[k] * F[j][k] for k in range(n)), Fraction(0))
                if product != M[i][j] - (self.bound if i == j else 0):
                    raise ValueError(f"the product must be M - ({self.bound}) I, at ({i}, {j}) it is {product}")

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
        squares = [
            f"{_number(self.pivots[k])} * ({_linear([self.factor[i][k] for i in n], letters)}) ^ 2"
            for k in n
            if self.pivots[k]
        ]
        quadratic, every = " + ".join(products) or "0", " + ".join(f"{x} ^ 2" for x in letters)
        sign = "  assert (sign_{i} : 0 <= {one}) by (apply Rmult_le_pos; [lra | apply pow2_ge_0]).\n"
        proof = _PROOF.format(
            letters=" ".join(letters),
            quadratic=f"({quadratic})",
            bound=_number(self.bound),
            squares=every,
            sum=" + ".join(squares) or "0",
            signs="".join(sign.format(i=i, one=one) for i, one in enumerate(squares)),
        )
        statement = f"forall {' '.join(letters)} : R, {_number(self.bound)} * ({every}) <= {quadratic}"
        return f"Require Import Reals Lra.\nOpen Scope R_scope.\n\nTheorem lambda_min : {statement}.\n{proof}"


def certified(matrix: Matrix, bound: Fraction) -> Certificate:
    """Return the certificate that no eigenvalue is below a bound, by elimination.

    Raises
    ------
    ValueError
        If one is.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.numerics.certificate import certified
    >>> certified([[Fraction(3), Fraction(1)], [Fraction(1), Fraction(1)]], Fraction(1, 2))
    <Certificate: no eigenvalue is below 1/2; pivots 5/2, 1/10>
    """
    n = len(matrix)
    rest = [[x - bound if i == j else x for j, x in enumerate(row)] for i, row in enumerate(matrix)]
    factor = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    for k in range(n):
        pivot = rest[k][k]
        if pivot == 0 and any(rest[i][k] for i in range(k + 1, n)):
            raise ValueError(f"bound must be at most the smallest eigenvalue, {bound} is above it")
        for i in range(k + 1, n) if pivot else ():
            factor[i][k] = rest[i][k] / pivot
            for j in range(k + 1, n):
                rest[i][j] -= factor[i][k] * rest[k][j]
    return Certificate(_rows(matrix), bound, _rows(factor), tuple(rest[k][k] for k in range(n)))


def _rows(matrix: Matrix) -> Rows:
    return tuple(map(tuple, matrix))


def _short(value: Fraction) -> str:
    return str(value) if len(str(value)) <= _LONG else f"{float(value):.6g}"


def _linear(times: Sequence[Fraction], letters: Sequence[str]) -> str:
    return " + ".join(f"{_number(one)} * {x}" for one, x in zip(times, letters, strict=True) if one)


def _number(value: Fraction) -> str:
    return f"({value.numerator} / {value.denominator})"
