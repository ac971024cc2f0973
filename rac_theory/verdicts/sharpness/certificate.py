r"""A certificate of a worst case: multipliers of conditions, and what they prove, in exact arithmetic.

With multipliers :math:`\lambda_c \ge 0` of conditions :math:`c \ge 0` the certificate says that

.. math:: \text{bound} \cdot \text{start} - \text{metric} = \sum_c \lambda_c\, c + \sum_i d_i \|u_i\|^2 ,

the last sum with :math:`d_i \ge 0` over combinations u of points and gradients. So the metric is at most the bound
times the start, for every function that meets the conditions. Where the multipliers came from does not matter: here
it is multiplied out again, in rational numbers, with the conditions that ``program`` writes down.

**The search.** An interior-point method proposes multipliers, which are rounded. It is asked to leave a margin, by
which the matrix that must be positive semidefinite is so in spite of rounding. Values must cancel exactly, and after
rounding they do not: as many of the largest multipliers as there are values are corrected. Nothing here need be right:
a certificate is checked, and is looser where the solver was worse.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from rac_theory.base import Array, import_extra, type_name
from rac_theory.numerics import Matrix, is_semidefinite
from rac_theory.verdicts.sharpness.function_conditions import Condition, Form, total
from rac_theory.verdicts.sharpness.program import Program, program
from rac_theory.verdicts.sharpness.setting import Setting


@dataclass(frozen=True)
class Certificate:
    """A proof, by multipliers of conditions, that no function of a class has a larger metric than ``bound``.

    Attributes
    ----------
    setting : Setting
        The class, the sketch, the metric and the start.
    bound : Fraction
        An upper bound of the metric, divided by the start.
    multipliers : tuple of (Condition, Fraction)

    Examples
    --------
    >>> from rac_theory import worst_case
    >>> found = worst_case("T4", L=1, mu=0.5, gamma=1, blocks=1, steps=1).certificate
    >>> found.check()
    True
    >>> print(found.statement.split(": ")[1].split(" <= ")[0])
    E|W^1 - W*|^2
    """

    setting: Setting
    bound: Fraction
    multipliers: tuple[tuple[Condition, Fraction], ...]

    def __repr__(self) -> str:
        return f"<{type_name(self)} of {self.setting.theorem}: {len(self.multipliers)} multipliers>"

    @property
    def statement(self) -> str:
        """What is proved, for each function of the class."""
        return f"{self.setting} {self.bound}"

    def check(self) -> bool:
        """Whether the multipliers prove the statement: exact, in time that grows like the cube of the tree."""
        stated = program(self.setting)
        if any(x < 0 for condition, x in self.multipliers if not condition.kind.startswith("=")):
            return False
        try:
            rest = remainder(stated, self.bound, self.multipliers)
        except (KeyError, ValueError):  # of a condition that is none
            return False
        if any(rest.values.values()):
            return False
        return all(is_semidefinite(rest.matrix(block, stated.vectors)) for block in range(stated.blocks))


def remainder(stated: Program, bound: Fraction, multipliers: tuple[tuple[Condition, Fraction], ...]) -> Form:
    """Return the bound times the start, less the metric and all multiplied conditions."""
    used = total((x * stated.form(condition) for condition, x in multipliers), stated.blocks)
    return bound / stated.setting.unit * stated.start - stated.metric - used


MARGINS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""How far inside the solver is asked to stay, one after the other until a certificate is found."""

_GRID = 10**10  # multipliers are rounded to this
_USED = 1e-5  # of the largest multiplier: a smaller one counts as none
_TOLERANCE = 1e-10  # asked of the solver


class Column(NamedTuple):
    """Conditions that become each other when blocks are renamed, which have the same multiplier, and their sum."""

    conditions: tuple[Condition, ...]
    form: Form
    is_free: bool


def certified(stated: Program) -> Certificate:
    """Return a certificate of nearly the least bound; RuntimeError if none is found."""
    columns = _columns(stated, stated.candidates)
    for finer in (64, 256):
        columns = _refined(stated, columns, finer)
    for margin in MARGINS:
        proposed = proposal(stated, columns, margin)
        if proposed is not None and (certificate := _rounded(stated, columns, *proposed)) and certificate.check():
            return certificate
    raise RuntimeError(
        f"the solver must propose multipliers that round to a certificate, it did not for {stated.setting.theorem} "
        f"with blocks={stated.setting.blocks}, steps={stated.setting.steps}; ask for fewer steps or blocks"
    )


def _columns(stated: Program, conditions: Iterable[Condition]) -> list[Column]:
    orbits: set[Condition] = set()
    columns = []
    for condition in conditions:
        if condition not in orbits:
            orbit = stated.orbit(condition)
            orbits.update(orbit)
            form = total(map(stated.form, orbit), stated.blocks)
            columns.append(Column(orbit, form, condition.kind.startswith("=")))
    return columns


def _refined(stated: Program, columns: list[Column], finer: int) -> list[Column]:
    """Replace conditions with an alpha by those around the ones that are used, on a finer grid.

    For each pair of points one alpha is best; a coarse grid finds it, and misses it by little.
    """
    if not any(column.conditions[0].alpha for column in columns):
        return columns
    proposed = proposal(stated, columns, MARGINS[0])
    if proposed is None:
        return columns
    largest = max(proposed[1])
    refined, near = [], set()
    for column, x in zip(columns, proposed[1], strict=True):
        condition = column.conditions[0]
        if not condition.alpha:
            refined.append(column)
        elif x > _USED * largest:
            alphas = (condition.alpha + stated.largest_alpha * j / finer for j in range(-4, 5))
            near |= {condition._replace(alpha=alpha) for alpha in alphas if 0 < alpha <= stated.largest_alpha}
    return refined + _columns(stated, sorted(near))


def proposal(stated: Program, columns: Sequence[Column], margin: float) -> tuple[float, Array] | None:
    """Ask Clarabel for a bound and multipliers of the columns, or None where it gives up.

    The conditions are symmetric, so one block stands for all.
    """
    cp: Any = import_extra("cvxpy", "pep")
    forms = [stated.start, stated.metric, *(column.form for column in columns)]
    indices = sorted({i for form in forms for pair in form.products[0] for i in pair})
    matrices = np.array([_matrix(form, stated.vectors) for form in forms])[:, indices][:, :, indices]
    values = np.unique(np.array(_values(forms), dtype=np.float64), axis=0)
    bound, x = cp.Variable(), cp.Variable(len(columns))
    free = np.array([column.is_free for column in columns])
    size = len(indices)
    flat = matrices.reshape(len(forms), -1)
    rest = cp.reshape(bound * flat[0] - flat[1] - flat[2:].T @ x, (size, size), order="C")
    conditions = [rest >> margin * np.eye(size), bound * values[:, 0] - values[:, 1] - values[:, 2:] @ x == 0]
    if not free.all():
        conditions.append(x[np.flatnonzero(~free)] >= 0)
    problem = cp.Problem(cp.Minimize(bound), conditions)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Solution may be inaccurate")  # what is proposed is checked
            solve(problem)
    except cp.SolverError:
        return None
    return None if x.value is None or bound.value is None else (float(bound.value), np.asarray(x.value))


def _matrix(form: Form, size: int) -> Array:
    """The matrix of the inner products in the first block, rounded: a solver has no use for fractions."""
    M = np.zeros((size, size))
    for (i, j), x in form.products[0].items():
        M[i, j] += float(x) / 2
        M[j, i] += float(x) / 2
    return M


def solve(problem: Any) -> None:
    """Give values to the variables of a convex problem."""
    accuracy = dict.fromkeys(("tol_feas", "tol_gap_abs", "tol_gap_rel"), _TOLERANCE)
    problem.solve(solver="CLARABEL", **accuracy)


def _values(forms: Sequence[Form]) -> Matrix:
    """Return the coefficients of all values, one row each."""
    numbers = sorted({number for form in forms for number in form.values})
    return [[form.values.get(number, Fraction(0)) for form in forms] for number in numbers]


def _rounded(stated: Program, columns: Sequence[Column], bound: float, multipliers: Array) -> Certificate | None:
    """Round to rational multipliers with which the values cancel, or None where they cannot."""
    if not (np.isfinite(bound) and np.isfinite(multipliers).all()):
        return None
    exact = Fraction(ceil(bound * _GRID), _GRID)
    x = [Fraction(round(float(y) * _GRID), _GRID) for y in multipliers]
    x = [y if column.is_free else max(y, Fraction(0)) for y, column in zip(x, columns, strict=True)]
    rows = sorted({tuple(row) for row in _values([stated.start, stated.metric, *(column.form for column in columns)])})
    missing = [exact * row[0] - row[1] - _dot(row[2:], x) for row in rows]
    largest = sorted(range(len(x)), key=lambda c: -abs(x[c]))
    corrections = _solution([[row[2 + c] for c in largest] for row in rows], missing)
    if corrections is None:
        return None
    for c, correction in corrections.items():
        x[largest[c]] += correction
    if any(y < 0 and not column.is_free for y, column in zip(x, columns, strict=True)):
        return None
    expanded = [(condition, y) for column, y in zip(columns, x, strict=True) if y for condition in column.conditions]
    return Certificate(stated.setting, exact * stated.setting.unit, tuple(expanded))


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True) if x and y), Fraction(0))


def _solution(A: Matrix, b: Sequence[Fraction]) -> dict[int, Fraction] | None:
    """Solve Ax = b with as few unknowns as there are equations, the first that will do; None where none do."""
    rows = [[*row, y] for row, y in zip(A, b, strict=True)]
    pivots: dict[int, int] = {}
    for k in range(len(rows)):
        column = next((c for c, x in enumerate(rows[k][:-1]) if x), None)
        if column is None:
            if rows[k][-1]:
                return None
            continue
        pivots[k] = column
        rows[k] = [x / rows[k][column] for x in rows[k]]
        for i, row in enumerate(rows):
            if i != k and (factor := row[column]):
                rows[i] = [x - factor * y if y else x for x, y in zip(row, rows[k], strict=True)]
    return {column: rows[k][-1] for k, column in pivots.items()}
