r"""C11: the same product of factors that are scaled apart is worse conditioned, by exactly so much; and balance is best
where f bends alike in all directions and r < min(m, n), not everywhere.

At a solution of :math:`f = \|W - W^\star\|^2 / 2` the Hessian of J is :math:`\mathcal J^\top \mathcal J` with
:math:`\mathcal J \mathcal J^\top X = X A^\top A + B B^\top X`. Its eigenvalues are
:math:`\sigma_i(B)^2 + \sigma_j(A)^2` for all i <= m and j <= n, zeros beyond r included, but for the
:math:`(m-r)(n-r)` pairs of zeros; and 0, r^2 times.
"""

from fractions import Fraction
from itertools import product as pairs

import numpy as np

from rac_theory.algorithms import Initialisation, LoRA
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.factor_loss import FactorLoss
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.literature.counterexamples.rational_factors import combined, exact, inner, product, squared, transposed
from rac_theory.numerics import Matrix
from rac_theory.problems import Quadratic

UNIT = exact([[Fraction(3, 5), Fraction(4, 5), 0], [Fraction(-4, 5), Fraction(3, 5), 0], [0, 0, 1]])
"""An orthogonal matrix; its columns are singular vectors."""
SIGMA = (Fraction(4), Fraction(1))
SCALES = (1, 2, 4)


def factors(c: Fraction | int) -> tuple[Matrix, Matrix]:
    """Return B = c U diag(2, 1) and A = diag(2, 1) V' / c, whose product has the singular values 4 and 1."""
    B = [[c * UNIT[i][k] * (2, 1)[k] for k in range(2)] for i in range(3)]
    A = [[UNIT[j][k] * (2, 1)[k] / Fraction(c) for j in range(3)] for k in range(2)]
    return B, A


def squares(c: Fraction | int) -> tuple[list[Fraction], list[Fraction]]:
    """Return the squared singular values of B and of A, with zeros beyond r."""
    return [c**2 * s for s in (*SIGMA, Fraction(0))], [s / Fraction(c) ** 2 for s in (*SIGMA, Fraction(0))]


def moved_by(B: Matrix, A: Matrix, X: Matrix) -> Matrix:
    """Return ``X A'A + B B'X``: what a gradient X of f moves the product by, to first order."""
    return combined((1, product(product(X, transposed(A)), A)), (1, product(product(B, transposed(B)), X)))


def eigenvalues(c: Fraction | int) -> dict[tuple[int, int], Fraction]:
    """Return the eigenvalue of each ``u_i v_j'``, as X A'A + B B'X says; an error where it is none."""
    B, A = factors(c)
    columns, found = transposed(UNIT), dict[tuple[int, int], Fraction]()
    for i, j in pairs(range(3), repeat=2):
        X = product(transposed([columns[i]]), [columns[j]])
        moved = moved_by(B, A, X)
        found[i, j] = inner(X, moved)
        if squared(combined((1, moved), (-found[i, j], X))):
            raise AssertionError(f"u_{i} v_{j}' must be an eigenvector, and is none")
    return found


def condition(c: Fraction | int) -> Fraction:
    """Return the largest eigenvalue over the least that is not zero."""
    values = [value for value in eigenvalues(c).values() if value]
    return max(values) / min(values)


def best_rate(kappa: Fraction) -> Fraction:
    """Return what the best constant step leaves of an error near the solution, a step: (kappa - 1) / (kappa + 1)."""
    return (kappa - 1) / (kappa + 1)


def condition_of_one(s: Fraction, b: Fraction) -> Fraction:
    """Return that of factors b e_1 and e_1'/b on ``s (w_11^2 + w_12^2)/2 + (w_21^2 + w_22^2)/2`` at e_1 e_1'.

    The moves are both factors along e_1, B along e_2, and A along e_2: ``s (b^2 + 1/b^2)``, ``1/b^2`` and ``s b^2``.
    """
    values = s * (b**2 + 1 / b**2), 1 / b**2, s * b**2
    return max(values) / min(values)


def condition_of_a_row(c: Fraction, n: int = 3) -> Fraction:
    """Return that of a number c and a row e_1'/c: m = r = 1: no move has ``1/c^2`` alone."""
    values = [c**2 + 1 / c**2, *[c**2] * (n - 1)]
    return max(values) / min(values)


def gather(example: Counterexample) -> Witness:
    """Compute spectra in fractions, and once in floating point."""
    checks = (_spectrum(), _of_the_hessian(example), _conditions(), _least())
    curves = {
        "$r < \\min(m, n)$": np.array([float(condition(Fraction(k, 8))) for k in range(4, 17)]),
        "one row": np.array([float(condition_of_a_row(Fraction(k, 8))) for k in range(4, 17)]),
    }
    scales = np.arange(4, 17) / 8
    picture = Lines(
        {name: (scales, y) for name, y in curves.items()}, {}, "scale $c$", "condition number", yscale="log"
    )
    return Witness(checks, picture, against=(_of_a_row(), _of_curvature(example)))


def _spectrum() -> Check:
    right = True
    for c in SCALES:
        b, a = squares(c)
        found = eigenvalues(c)
        right &= all(found[i, j] == b[i] + a[j] for i in range(3) for j in range(3))
        right &= sum(1 for value in found.values() if value) == 2 * (3 + 3 - 2)
    sentence = (
        "every u_i v_j' is an eigenvector, of sigma_i(B)^2 + sigma_j(A)^2, and r(m + n - r) = 8 of 9 are not zero"
    )
    return Check.exact(sentence, bool(right))


def _of_the_hessian(example: Counterexample) -> Check:
    """The whole Hessian of J, with its r^2 zeros, at c = 2."""
    B, A = (np.array(one, dtype=float) for one in factors(2))
    seen = np.linalg.eigvalsh(FactorLoss(example.problem, example.start).hessian(B, A))
    b, a = squares(2)
    told = sorted([0.0] * 4 + [float(x + y) for x in b for y in a if x + y])
    off = float(np.abs(seen - told).max())
    return Check.bounded(f"the Hessian of J has these and r^2 = 4 zeros, within {off:.1e}", off < 1e-12)


def _conditions() -> Check:
    found = {c: condition(c) for c in SCALES}
    right = all(kappa == 4 * (1 + Fraction(c) ** 4) for c, kappa in found.items())
    told = ", ".join(f"{kappa} and {best_rate(kappa)} at {c}" for c, kappa in found.items())
    return Check.exact(f"(cB, A/c) has the condition number 4 (1 + c^4), and the best rate: {told}", right)


def _least() -> Check:
    """No factors of the product do better than balanced ones."""
    least = 2 * SIGMA[0] / SIGMA[1]
    others = [condition(Fraction(k, 16)) for k in range(4, 65)]
    sentence = f"balanced it is 2 sigma_1 / sigma_r = {least}, the least of all factors where r < min(m, n)"
    return Check.exact(sentence, condition(1) == least == min(others))


def _of_a_row() -> Check:
    balanced, far = condition_of_a_row(Fraction(1)), condition_of_a_row(Fraction(4))
    sentence = f"where r = m, of a row, it is 1 + 1/c^4: {balanced} balanced, {far} at c = 4"
    return Check.exact(sentence, balanced == 2 and far == 1 + Fraction(1, 256))


def _of_curvature(example: Counterexample) -> Check:
    """Curvature 16 along the rows of e_1, at a 2 x 2 optimum of rank one; and by the Hessian of J."""
    s, b = Fraction(16), Fraction(1, 2)
    balanced, apart = condition_of_one(s, Fraction(1)), condition_of_one(s, b)
    steep = FactorLoss(Quadratic.left(np.diag([16.0, 1.0]), np.diag([1.0, 0.0])), np.zeros((2, 2)))
    seen = np.linalg.eigvalsh(steep.hessian(np.array([[0.5], [0.0]]), np.array([[2.0, 0.0]])))[1:]
    right = abs(seen[-1] / seen[0] - float(apart)) < 1e-9
    sentence = f"with curvature 16 along one row it is {balanced} balanced, and {apart} with B halved and A doubled"
    return Check.exact(sentence, balanced == 32 and apart == 17 and bool(right))


C11 = Counterexample(
    id="C11",
    name="factors scaled apart",
    statement="At a solution of ||W - W*||^2 / 2 the factors (cB, A/c) of a balanced pair have the condition number "
    "(1 + max(c, 1/c)^4) sigma_1 / sigma_r if r < min(m, n), and gradient descent at its best step the rate "
    "(kappa - 1) / (kappa + 1).",
    source="derived; that balanced factors are conditioned best is how Castin et al., arXiv:2605.31484, are summarised",
    mark="derived",
    cause="step-size instability",
    problem=Quadratic.left(np.eye(3), np.array(product(*factors(1)), dtype=float)),
    method=LoRA(Initialisation.kaiming((3, 3), 2), gamma=0.1),
    start=np.zeros((3, 3)),
    gather=gather,
    condition="f bends alike in all directions and r < min(m, n): where not, factors apart may be conditioned better",
    in_circulation="balanced factors have the least condition number of all factors of a minimiser",
)
