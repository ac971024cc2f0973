r"""That a symmetric rational matrix is positive semidefinite, with the proof: :math:`M = U' D U`, in exact arithmetic.

U is upper triangular with ones on its diagonal and D is diagonal. Where D has no negative entry, :math:`x' M x = \sum_i
d_i (U x)_i^2 \ge 0` for every x. Elimination without pivoting finds such a D wherever there is one: a zero pivot of a
positive semidefinite matrix has a zero row, which is left as it is.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

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
