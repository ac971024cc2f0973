r"""A performance estimation program: read from PEPit, solved by Clarabel, and its value with allowance for both.

It is to maximise an affine m over Gram matrices :math:`G_b \succeq 0`, one a block of coordinates, and values F, under
affine conditions :math:`c_i \le 0` and :math:`P_k \succeq 0`, 2 x 2. Clarabel returns G, F and multipliers :math:`y_i
\ge 0` and :math:`Y_k \succeq 0`, and nothing of it is exact.

*The upper end.* Where all conditions are met,

.. math:: m \le m - \sum_i y_i c_i + \sum_k \langle Y_k, P_k \rangle = d + \sum_b \langle A_b, G_b \rangle +
    \langle a, F \rangle \le d + \sum_b \lambda_{\max}(A_b)_+ \operatorname{tr} G_b + \sum |a| |F| .

Exact multipliers make :math:`A_b \preceq 0` and a = 0. For others the last two sums are what they may err, at the G and
F of a function that attains the worst case.

*The lower end.* G and F miss the conditions by some v: m is then a value of the program with conditions relaxed by v.
The value of a program is concave in v, with the multipliers of an optimum as a supergradient, so relaxing has gained at
most :math:`\sum y_i v_i + \sum v_k \operatorname{tr} Y_k`.

In both the exact solution is not known, and twice the one that was found stands in for it. That is sound if the exact
one is at most twice as large, and no proof that it is.
"""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from rac_theory.problems.checks import Array

_TOLERANCE = 1e-10  # asked of the solver; what it reached is measured
_SAFETY = 2.0  # how much larger an exact solution may be than the one that was found
_ROUNDING = 1e-12  # of the value, for evaluating all this: some thousand terms


class Affine(NamedTuple):
    """Affine functions of x, the entries of all Gram matrices and then the values; one function a row."""

    rows: csr_array
    constants: Array

    @classmethod
    def of(cls, expressions: Iterable[Any], blocks: Sequence[Sequence[Any]]) -> "Affine":
        """Read expressions of PEPit; points of different blocks, (k, n), are orthogonal: such products are left out."""
        from PEPit.tools.expressions_to_matrices import expression_to_matrices

        places = [np.ix_(*2 * [[point.counter for point in block]]) for block in blocks]
        rows, constants = [csr_array((0, _size(blocks)))], []
        for gram, values, constant in map(expression_to_matrices, expressions):
            symmetric = (gram + gram.T) / 2
            rows.append(csr_array(np.concatenate([*(symmetric[place].ravel() for place in places), values])[None]))
            constants.append(constant)
        return cls(vstack(rows, format="csr"), np.array(constants, dtype=float))

    def at(self, x: Any) -> Any:
        """Return the values at x, a vector of numbers or of cvxpy."""
        return self.rows @ x + self.constants


def _cvxpy() -> Any:
    import cvxpy  # slow to import, and an extra

    return cvxpy


def _size(blocks: Sequence[Sequence[Any]]) -> int:
    from PEPit import Expression

    return sum(len(block) ** 2 for block in blocks) + int(Expression.counter)


class Solution(NamedTuple):
    """Gram matrices (k, n, n), values (v,), multipliers of inequalities (i,), and of matrices (p, 2, 2)."""

    grams: Array
    values: Array
    y: Array
    Y: Array


class Program(NamedTuple):
    """To maximise ``metric``, where ``negative`` is not above zero and entries 11, 12, 22 make positive matrices.

    Attributes
    ----------
    metric, negative : Affine
    entries : tuple of three Affine
        Of the matrices of the conditions; without rows where there are none.
    blocks, points : int
        There are so many Gram matrices, each of so many points.
    """

    metric: Affine
    negative: Affine
    entries: tuple[Affine, Affine, Affine]
    blocks: int
    points: int

    @classmethod
    def of(cls, pep: Any, f: Any, blocks: Sequence[Sequence[Any]]) -> "Program":
        """Read a PEP about one function f, all of whose points are sums of those in ``blocks``, (k, n)."""
        f.set_class_constraints()
        conditions = [condition.expression for condition in (*pep.list_of_constraints, *f.list_of_class_constraints)]
        metric, negative = (Affine.of(e, blocks) for e in (pep.list_of_performance_metrics[:1], conditions))
        first, mixed, last = (
            Affine.of([P[place] for P in f.list_of_class_psd], blocks) for place in ((0, 0), (0, 1), (1, 1))
        )
        return cls(metric, negative, (first, mixed, last), len(blocks), len(blocks[0]))

    def solved(self) -> Solution:
        """Ask Clarabel, which need not be right; RuntimeError if it gives up."""
        cp, n = _cvxpy(), self.points
        grams = [cp.Variable((n, n), PSD=True) for _ in range(self.blocks)]
        values = cp.Variable(self.metric.rows.shape[1] - self.blocks * n * n)
        x = cp.hstack([*(cp.vec(G, order="C") for G in grams), values])
        conditions = [self.negative.at(x) <= 0]
        if self.entries[0].constants.size:
            first, mixed, last = (entry.at(x) for entry in self.entries)
            conditions.append(cp.SOC(first + last, cp.vstack([first - last, 2 * mixed]), axis=0))  # positive matrices
        problem = cp.Problem(cp.Maximize(self.metric.at(x)[0]), conditions)
        accuracy = dict.fromkeys(("tol_feas", "tol_gap_abs", "tol_gap_rel"), _TOLERANCE)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Solution may be inaccurate")  # it is measured, and allowed for
                problem.solve(solver="CLARABEL", **accuracy)
        except cp.SolverError as error:
            raise RuntimeError(f"the solver must come to an end, got {error} Ask for fewer steps or blocks.") from error
        if values.value is None:
            raise RuntimeError(f"the program must have a finite value, got {problem.status}")
        y, *cones = (condition.dual_value for condition in conditions)
        trace, (difference, off) = cones[0] if cones else (np.empty(0), np.empty((2, 0)))
        Y = np.array([[trace + difference, off], [off, trace - difference]]).transpose(2, 0, 1)
        return Solution(np.stack([G.value for G in grams]), values.value, y, Y)

    def ends(self, solution: Solution) -> tuple[float, float]:
        """Return the upper and the lower end of the value, each with allowance for what the solution misses."""
        G, Y, y = _positive(solution.grams), _positive(solution.Y), np.maximum(solution.y, 0.0)
        x = np.concatenate([G.ravel(), solution.values])
        first, mixed, last = (entry.at(x) for entry in self.entries)
        gained = y @ np.maximum(self.negative.at(x), 0.0)
        gained += np.trace(Y, axis1=1, axis2=2) @ np.maximum(-_least(first, mixed, last), 0.0)
        weights = (Y[:, 0, 0], 2 * Y[:, 0, 1], Y[:, 1, 1])
        parts = [(self.metric, np.ones(1)), (self.negative, -y), *zip(self.entries, weights, strict=True)]
        row = sum(weight @ affine.rows for affine, weight in parts)
        dual = sum(float(weight @ affine.constants) for affine, weight in parts)
        A, a = row[: G.size].reshape(G.shape), row[G.size :]
        missed = np.maximum(np.linalg.eigvalsh(A)[:, -1], 0.0) @ np.trace(G, axis1=1, axis2=2)
        missed += np.abs(a) @ np.abs(solution.values)
        value = float(self.metric.at(x)[0])
        rounding = _ROUNDING * max(abs(value), 1.0)
        return dual + _SAFETY * float(missed) + rounding, value - _SAFETY * float(gained) - rounding


def _least(first: Array, mixed: Array, last: Array) -> Array:
    """The least eigenvalues of matrices with the entries 11, 12, 22."""
    return np.asarray((first + last - np.hypot(first - last, 2 * mixed)) / 2)


def _positive(M: Array) -> Array:
    """Return the nearest symmetric positive semidefinite matrices."""
    values, vectors = np.linalg.eigh((M + np.swapaxes(M, -1, -2)) / 2)
    return np.asarray((vectors * np.maximum(values, 0.0)[..., None, :]) @ np.swapaxes(vectors, -1, -2))
