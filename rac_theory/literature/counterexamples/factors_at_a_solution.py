r"""C11 and C12: the Hessian of J at two points in fractions: factors that are scaled apart at a solution, and a local
minimum that is no minimum.

C11. At a solution of :math:`f = \|W - W^\star\|^2 / 2` the Hessian of J is :math:`\mathcal J^\top \mathcal J` with
:math:`\mathcal J \mathcal J^\top X = X A^\top A + B B^\top X`. Its eigenvalues are
:math:`\sigma_i(B)^2 + \sigma_j(A)^2` for all i <= m and j <= n, zeros beyond r included, but for the
:math:`(m-r)(n-r)` pairs of zeros; and 0, r^2 times. Balance is best where f bends alike in all directions and
r < min(m, n), not everywhere.

C12. On 2 x 2 matrices, with :math:`f = \langle V, Q V \rangle / 2`, :math:`V = W - W^\star` and a Q with whole entries,
the pair :math:`B = e_1, A = e_1^\top` has a zero gradient and a Hessian that is positive semidefinite, with the one
zero of scaling; all of it is exact. Weight decay does not remove it.
"""

from fractions import Fraction
from itertools import product as pairs

import numpy as np

from rac_theory.algorithms import Initialisation, LoRA, RACLoRA
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Exact, Lines, Witness, exact
from rac_theory.literature.counterexamples.factor_loss import FactorLoss
from rac_theory.numerics import is_semidefinite, rational
from rac_theory.problems import Quadratic
from rac_theory.runs import expected, simulate
from rac_theory.sketches import Frozen, Haar
from rac_theory.theorems import T2
from rac_theory.verdicts import Status, verify

UNIT = exact([[Fraction(3, 5), Fraction(4, 5), 0], [Fraction(-4, 5), Fraction(3, 5), 0], [0, 0, 1]])
"""An orthogonal matrix; its columns are singular vectors."""
SIGMA = (Fraction(4), Fraction(1))
SCALES = (1, 2, 4)


def factors(c: Fraction | int) -> tuple[Exact, Exact]:
    """Return B = c U diag(2, 1) and A = diag(2, 1) V' / c, whose product has the singular values 4 and 1."""
    half = UNIT[:, :2] * exact([2, 1])
    return c * half, half.T / c


def squared_singular_values(c: Fraction | int) -> tuple[list[Fraction], list[Fraction]]:
    """Return the squared singular values of B and of A, with zeros beyond r."""
    return [c**2 * s for s in (*SIGMA, Fraction(0))], [s / Fraction(c) ** 2 for s in (*SIGMA, Fraction(0))]


def moved_by(B: Exact, A: Exact, X: Exact) -> Exact:
    """Return ``X A'A + B B'X``: what a gradient X of f moves the product by, to first order."""
    return np.asarray(X @ A.T @ A + B @ B.T @ X)


def eigenvalues(c: Fraction | int) -> dict[tuple[int, int], Fraction]:
    """Return the eigenvalue of each ``u_i v_j'``, as X A'A + B B'X says; an error where it is none."""
    B, A = factors(c)
    spectrum = dict[tuple[int, int], Fraction]()
    for i, j in pairs(range(3), repeat=2):
        X = np.outer(UNIT[:, i], UNIT[:, j])
        moved = moved_by(B, A, X)
        spectrum[i, j] = (X * moved).sum()
        if (moved != spectrum[i, j] * X).any():
            raise AssertionError(f"u_{i} v_{j}' must be an eigenvector, and is none")
    return spectrum


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


def gather_apart(example: Counterexample) -> Witness:
    """Compute spectra in fractions, and once in floating point."""
    checks = (_spectrum(), _of_the_hessian(example), _conditions(), _least())
    scales = [Fraction(k, 8) for k in range(4, 17)]
    curves = {"$r < \\min(m, n)$": [*map(condition, scales)], "one row": [*map(condition_of_a_row, scales)]}
    picture = Lines.over([*map(float, scales)], curves, {}, "scale $c$", "condition number")
    return Witness(checks, picture, against=(_of_a_row(), _of_curvature(example)))


def _spectrum() -> Check:
    right = True
    for c in SCALES:
        b, a = squared_singular_values(c)
        spectrum = eigenvalues(c)
        right &= all(spectrum[i, j] == b[i] + a[j] for i in range(3) for j in range(3))
        right &= sum(1 for value in spectrum.values() if value) == 2 * (3 + 3 - 2)
    sentence = (
        "every u_i v_j' is an eigenvector, of sigma_i(B)^2 + sigma_j(A)^2, and r(m + n - r) = 8 of 9 are not zero"
    )
    return Check.exact(sentence, right)


def _of_the_hessian(example: Counterexample) -> Check:
    """The whole Hessian of J, with its r^2 zeros, at c = 2."""
    B, A = (np.array(factor, dtype=float) for factor in factors(2))
    computed = np.linalg.eigvalsh(FactorLoss(example.problem, example.start).hessian(B, A))
    b, a = squared_singular_values(2)
    formula = sorted([0.0] * 4 + [float(x + y) for x in b for y in a if x + y])
    off = float(np.abs(computed - formula).max())
    return Check.bounded(f"the Hessian of J has these and r^2 = 4 zeros, within {off:.1e}", off < 1e-12)


def _conditions() -> Check:
    conditions = {c: condition(c) for c in SCALES}
    right = [kappa == 4 * (1 + Fraction(c) ** 4) for c, kappa in conditions.items()]
    numbers = ", ".join(f"{kappa} and {best_rate(kappa)} at {c}" for c, kappa in conditions.items())
    return Check.exact(f"(cB, A/c) has the condition number 4 (1 + c^4), and the best rate: {numbers}", *right)


def _least() -> Check:
    """No factors of the product do better than balanced ones."""
    least = 2 * SIGMA[0] / SIGMA[1]
    others = [condition(Fraction(k, 16)) for k in range(4, 65)]
    sentence = f"balanced it is 2 sigma_1 / sigma_r = {least}, the least of all factors where r < min(m, n)"
    return Check.exact(sentence, condition(1) == least == min(others))


def _of_a_row() -> Check:
    balanced, far = condition_of_a_row(Fraction(1)), condition_of_a_row(Fraction(4))
    sentence = f"where r = m, of a row, it is 1 + 1/c^4: {balanced} balanced, {far} at c = 4"
    return Check.exact(sentence, balanced == 2, far == 1 + Fraction(1, 256))


def _of_curvature(example: Counterexample) -> Check:
    """Curvature 16 along the rows of e_1, at a 2 x 2 optimum of rank one; and by the Hessian of J."""
    s, b = Fraction(16), Fraction(1, 2)
    balanced, apart = condition_of_one(s, Fraction(1)), condition_of_one(s, b)
    steep = FactorLoss(Quadratic.left(np.diag([16.0, 1.0]), np.diag([1.0, 0.0])), np.zeros((2, 2)))
    computed = np.linalg.eigvalsh(steep.hessian(np.array([[0.5], [0.0]]), np.array([[2.0, 0.0]])))[1:]
    right = abs(computed[-1] / computed[0] - float(apart)) < 1e-9
    sentence = f"with curvature 16 along one row it is {balanced} balanced, and {apart} with B halved and A doubled"
    return Check.exact(sentence, balanced == 32, apart == 17, right)


C11 = Counterexample(
    id="C11",
    name="factors scaled apart",
    statement="At a solution of ||W - W*||^2 / 2 the factors (cB, A/c) of a balanced pair have the condition number "
    "(1 + max(c, 1/c)^4) sigma_1 / sigma_r if r < min(m, n), and gradient descent at its best step the rate "
    "(kappa - 1) / (kappa + 1).",
    source="derived; that balanced factors are conditioned best is how Castin et al., arXiv:2605.31484, are summarised",
    cause="step-size instability",
    problem=Quadratic.left(np.eye(3), np.matmul(*factors(1)).astype(float)),
    method=LoRA(Initialisation.kaiming((3, 3), 2), gamma=0.1),
    gather=gather_apart,
    condition="f bends alike in all directions and r < min(m, n): where not, factors apart may be conditioned better",
    in_circulation="balanced factors have the least condition number of all factors of a minimiser",
)

Q = exact([[1, 0, 0, 0], [0, 2, 0, -2], [0, 0, 2, -2], [0, -2, -2, 5]])
"""On (w_11, w_12, w_21, w_22)."""
TARGET = exact([[1, 1], [1, 1]])
STEPS = 400


def gradient(W: Exact) -> Exact:
    """Return Q(W - W*), (2, 2)."""
    return np.asarray(Q @ (W - TARGET).ravel()).reshape(2, 2)


def value(W: Exact) -> Fraction:
    """Return f."""
    return Fraction((gradient(W) * (W - TARGET)).sum()) / 2


def gradient_of_factors(b: Exact, a: Exact, decay: Fraction = Fraction(0)) -> Exact:
    """Return the gradient of ``f(ba) + decay (||b||^2 + ||a||^2) / 2`` in (b_1, b_2, a_1, a_2)."""
    G = gradient(np.outer(b, a))
    return np.concatenate([G @ a + decay * b, b @ G + decay * a])


def hessian_of_factors(b: Exact, a: Exact, decay: Fraction = Fraction(0)) -> Exact:
    """Return its Hessian: ``<D, QD> + 2 <G, b' a'>`` for moves (b', a') and ``D = b' a + b a'``, and the decay."""
    G, moves = gradient(np.outer(b, a)), exact(np.eye(4, dtype=int))
    D = np.stack([(np.outer(move[:2], a) + np.outer(b, move[2:])).ravel() for move in moves])
    H = D @ Q @ D.T + decay * moves
    H[:2, 2:] += G
    H[2:, :2] += G.T
    return np.asarray(H)


def is_second_order(b: Exact, a: Exact, decay: Fraction = Fraction(0)) -> bool:
    """Whether the gradient is zero and the Hessian a sum of squares, which is multiplied out again."""
    bends_upwards = is_semidefinite(hessian_of_factors(b, a, decay).tolist())
    return bends_upwards and not gradient_of_factors(b, a, decay).any()


def gather_spurious(example: Counterexample) -> Witness:
    """Certify the point in fractions, with decay too, and start RAC-LoRA and LoRA there."""
    e1 = exact([1, 0])
    fresh = expected(example.case(STEPS))
    stuck, near = (_lora(example, away) for away in (0.0, 0.05))
    checks = (
        *(_of_f(), _is_a_point(e1), _is_a_local_minimum(e1), _with_decay(), _in_floats(example)),
        *(_stays(stuck, near), *_passes(example, fresh.gap)),
    )
    curves = {"LoRA, from near it": near, "RAC-LoRA, from it": fresh.gap}
    return Witness(checks, Lines.over_steps(curves, {"spurious minimum": 0.5}, r"$f(W^t) - f^\star$"))


def _of_f() -> Check:
    low, high = rational.smallest_eigenvalue(Q.tolist()), rational.largest_eigenvalue(Q.tolist())
    sentence = f"f is {float(low):.4f}-strongly convex, {float(high):.4f}-smooth, and zero at W* = (1, 1)'(1, 1)"
    return Check.exact(sentence, low > 0, value(TARGET) == 0)


def _is_a_point(e1: Exact) -> Check:
    loss = value(np.outer(e1, e1))
    sentence = f"at B = e1, A = e1' the gradient is zero, the Hessian is a sum of squares, and f = {loss}"
    return Check.exact(sentence, is_second_order(e1, e1), loss == Fraction(1, 2))


def _is_a_local_minimum(e1: Exact) -> Check:
    """All but the direction (e1, -e1) of scaling, along which J is constant, bends upwards."""
    H, scaling = hessian_of_factors(e1, e1), np.concatenate([e1, -e1])
    least = rational.smallest_eigenvalue((H + np.outer(scaling, scaling)).tolist())
    sentence = (
        f"but for scaling, which changes nothing, it bends upwards by {float(least):.3g} or more: a local minimum"
    )
    return Check.exact(sentence, not (H @ scaling).any(), least > Fraction(99, 100))


def _with_decay() -> Check:
    """At x e1 and x e1' with x^2 = 1 - decay, against balanced factors of W*, (1, 1)' and (1, 1)."""
    x = Fraction(9, 10)
    decay, at = 1 - x * x, exact([x, 0])
    spurious, balanced = value(np.outer(at, at)) + decay * x * x, value(TARGET) + 2 * decay
    numbers = f"at J = {float(spurious):.4f}; balanced factors of W* have {float(balanced):.4f}"
    sentence = f"with weight decay {decay} it stays one, {numbers}"
    return Check.exact(sentence, is_second_order(at, at, decay), spurious > balanced)


def _in_floats(example: Counterexample) -> Check:
    e1, unit = exact([1, 0]), np.array([[1.0], [0.0]])
    hessian = FactorLoss(example.problem, np.zeros((2, 2))).hessian(unit, unit.T)
    off = float(np.abs(hessian - hessian_of_factors(e1, e1).astype(float)).max())
    return Check.bounded(f"the Hessian of J in floating point is that one, within {off:.1e}", off < 1e-12)


def _lora(example: Counterexample, away: float) -> Array:
    """LoRA from the pair, each factor turned a little towards that of W*."""
    row = np.array([[1.0], [away]])
    start = Initialisation(B=Frozen(row), A=Frozen(row))
    return np.asarray(simulate(Case(LoRA(start, 0.1), example.problem, row @ row.T, steps=STEPS)).gaps[0])


def _stays(stuck: Array, near: Array) -> Check:
    sentence = f"LoRA from there stays at {stuck[-1]:.6g}, and from near it comes back to {near[-1]:.6g}"
    return Check.simulated(sentence, abs(stuck - 0.5).max() < 1e-12, abs(near[-1] - 0.5) < 1e-6)


def _passes(example: Counterexample, gaps: Array) -> tuple[Check, Check]:
    verdict = verify(T2, example.case(STEPS))
    sentence = f"RAC-LoRA of rank one from there has E gap {gaps[-1]:.1e} after {STEPS} steps"
    return (
        Check.bounded(sentence, gaps[-1] < 1e-3),
        Check.bounded("and T2 holds at every step", verdict.status is Status.HOLDS),
    )


C12 = Counterexample(
    id="C12",
    name="a spurious local minimum",
    statement="LoRA of rank one has a local minimum at f - f* = 1/2 of a strongly convex quadratic whose minimiser is "
    "in reach, with weight decay too; RAC-LoRA passes it.",
    source="derived; that what is no minimum has full rank is a claim of Kim et al., arXiv:2502.09376",
    cause="spurious stationary point",
    problem=Quadratic.full(Q.astype(float), np.ones((2, 2))),
    method=RACLoRA(Haar(2, 1), 0.14),
    start=np.array([[1.0, 0.0], [0.0, 0.0]]),
    gather=gather_spurious,
    condition="f does not bend alike in all directions: for ||W - W*||^2 / 2 there is none",
)
