r"""C12: a local minimum of the factors that is no minimum, of a strongly convex f whose minimiser has their rank.

On 2 x 2 matrices, with :math:`f = \langle V, Q V \rangle / 2`, :math:`V = W - W^\star` and a Q with whole entries, the
pair :math:`B = e_1, A = e_1^\top` has a zero gradient and a Hessian that is positive semidefinite, with the one zero of
scaling; all of it is exact. Weight decay does not remove it.
"""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import Initialisation, LoRA, RACLoRA
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.factor_loss import FactorLoss
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.literature.counterexamples.rational_factors import exact
from rac_theory.numerics import Matrix, rational, squares
from rac_theory.problems import Quadratic
from rac_theory.runs import expected, simulate
from rac_theory.sketches import Frozen, Haar
from rac_theory.theorems import T2
from rac_theory.verdicts import Status, verify

Q = exact([[1, 0, 0, 0], [0, 2, 0, -2], [0, 0, 2, -2], [0, -2, -2, 5]])
"""On (w_11, w_12, w_21, w_22)."""
TARGET = (1, 1, 1, 1)
STEPS = 400


def gradient(W: list[Fraction]) -> list[Fraction]:
    """Return Q(W - W*), row by row."""
    V = [w - t for w, t in zip(W, TARGET, strict=True)]
    return [sum((q * v for q, v in zip(row, V, strict=True)), Fraction(0)) for row in Q]


def value(W: list[Fraction]) -> Fraction:
    """Return f."""
    return sum((g * (w - t) for g, w, t in zip(gradient(W), W, TARGET, strict=True)), Fraction(0)) / 2


def gradient_of_factors(b: list[Fraction], a: list[Fraction], decay: Fraction = Fraction(0)) -> list[Fraction]:
    """Return the gradient of ``f(ba) + decay (||b||^2 + ||a||^2) / 2`` in (b_1, b_2, a_1, a_2)."""
    G = gradient([x * y for x in b for y in a])
    of_b = [G[2 * i] * a[0] + G[2 * i + 1] * a[1] + decay * b[i] for i in (0, 1)]
    return of_b + [G[j] * b[0] + G[2 + j] * b[1] + decay * a[j] for j in (0, 1)]


def hessian_of_factors(b: list[Fraction], a: list[Fraction], decay: Fraction = Fraction(0)) -> Matrix:
    """Return its Hessian: ``<D, QD> + 2 <G, b' a'>`` for moves (b', a') and ``D = b' a + b a'``, and the decay."""
    G, zero, one = gradient([x * y for x in b for y in a]), Fraction(0), Fraction(1)
    moves = [[one if k == i else zero for k in range(4)] for i in range(4)]
    D = [[m[i] * a[j] + b[i] * m[2 + j] for i in (0, 1) for j in (0, 1)] for m in moves]

    def entry(k: int, n: int) -> Fraction:
        bent = sum((D[k][p] * Q[p][q] * D[n][q] for p in range(4) for q in range(4)), zero)
        both = ((i, j, moves[k][i] * moves[n][2 + j] + moves[n][i] * moves[k][2 + j]) for i in (0, 1) for j in (0, 1))
        turned = sum((G[2 * i + j] * pair for i, j, pair in both), zero)
        return bent + turned + (decay if k == n else zero)

    return [[entry(k, n) for n in range(4)] for k in range(4)]


def is_second_order(b: list[Fraction], a: list[Fraction], decay: Fraction = Fraction(0)) -> bool:
    """Whether the gradient is zero and the Hessian a sum of squares, which is multiplied out again."""
    H = hessian_of_factors(b, a, decay)
    found = squares(H)
    return not any(gradient_of_factors(b, a, decay)) and found is not None and found.proves(H)


def gather(example: Counterexample) -> Witness:
    """Certify the point in fractions, with decay too, and start RAC-LoRA and LoRA there."""
    e1 = [Fraction(1), Fraction(0)]
    fresh = expected(Case(example.method, example.problem, example.start, steps=STEPS))
    stuck, near = (_lora(example, away) for away in (0.0, 0.05))
    checks = (
        *(_of_f(), _is_a_point(e1), _is_a_local_minimum(e1), _with_decay(), _in_floats(example)),
        *(_stays(stuck, near), *_passes(example, fresh.gap)),
    )
    curves = {"LoRA, from near it": near, "RAC-LoRA, from it": fresh.gap}
    return Witness(checks, Lines.over_steps(curves, {"spurious minimum": 0.5}, r"$f(W^t) - f^\star$"))


def _of_f() -> Check:
    low, high = rational.smallest_eigenvalue(Q), rational.largest_eigenvalue(Q)
    sentence = f"f is {float(low):.4f}-strongly convex, {float(high):.4f}-smooth, and zero at W* = (1, 1)'(1, 1)"
    return Check.exact(sentence, low > 0 and value([Fraction(1)] * 4) == 0)


def _is_a_point(e1: list[Fraction]) -> Check:
    found = value([x * y for x in e1 for y in e1])
    sentence = f"at B = e1, A = e1' the gradient is zero, the Hessian is a sum of squares, and f = {found}"
    return Check.exact(sentence, is_second_order(e1, e1) and found == Fraction(1, 2))


def _is_a_local_minimum(e1: list[Fraction]) -> Check:
    """All but the direction (e1, -e1) of scaling, along which J is constant, bends upwards."""
    H = hessian_of_factors(e1, e1)
    scaling = [Fraction(1), Fraction(0), Fraction(-1), Fraction(0)]
    flat = [sum((h * s for h, s in zip(row, scaling, strict=True)), Fraction(0)) for row in H]
    raised = [[h + s * t for h, t in zip(row, scaling, strict=True)] for row, s in zip(H, scaling, strict=True)]
    least = rational.smallest_eigenvalue(raised)
    sentence = (
        f"but for scaling, which changes nothing, it bends upwards by {float(least):.3g} or more: a local minimum"
    )
    return Check.exact(sentence, not any(flat) and least > Fraction(99, 100))


def _with_decay() -> Check:
    """At x e1 and x e1' with x^2 = 1 - decay, against balanced factors of W*, (1, 1)' and (1, 1)."""
    x = Fraction(9, 10)
    decay, at = 1 - x * x, [x, Fraction(0)]
    there = value([x * x, Fraction(0), Fraction(0), Fraction(0)]) + decay * x * x
    other = value([Fraction(1)] * 4) + 2 * decay
    told = f"at J = {float(there):.4f}; balanced factors of W* have {float(other):.4f}"
    sentence = f"with weight decay {decay} it stays one, {told}"
    return Check.exact(sentence, is_second_order(at, at, decay) and there > other)


def _in_floats(example: Counterexample) -> Check:
    loss, e1 = FactorLoss(example.problem, np.zeros((2, 2))), [Fraction(1), Fraction(0)]
    seen = loss.hessian(np.array([[1.0], [0.0]]), np.array([[1.0, 0.0]]))
    off = float(np.abs(seen - np.array(hessian_of_factors(e1, e1), dtype=float)).max())
    return Check.bounded(f"the Hessian of J in floating point is that one, within {off:.1e}", off < 1e-12)


def _lora(example: Counterexample, away: float) -> Array:
    """LoRA from the pair, each factor turned a little towards that of W*."""
    row = np.array([[1.0], [away]])
    start = Initialisation(B=Frozen(row), A=Frozen(row))
    return np.asarray(simulate(Case(LoRA(start, 0.1), example.problem, row @ row.T, steps=STEPS)).gaps[0])


def _stays(stuck: Array, near: Array) -> Check:
    sentence = f"LoRA from there stays at {stuck[-1]:.6g}, and from near it comes back to {near[-1]:.6g}"
    return Check.simulated(sentence, bool(abs(stuck - 0.5).max() < 1e-12 and abs(near[-1] - 0.5) < 1e-6))


def _passes(example: Counterexample, gaps: Array) -> tuple[Check, Check]:
    told = verify(T2, Case(example.method, example.problem, example.start, steps=STEPS))
    sentence = f"RAC-LoRA of rank one from there has E gap {gaps[-1]:.1e} after {STEPS} steps"
    return (
        Check.bounded(sentence, bool(gaps[-1] < 1e-3)),
        Check.bounded("and T2 holds at every step", told.status is Status.HOLDS),
    )


C12 = Counterexample(
    id="C12",
    name="a spurious local minimum",
    statement="LoRA of rank one has a local minimum at f - f* = 1/2 of a strongly convex quadratic whose minimiser is "
    "in reach, with weight decay too; RAC-LoRA passes it.",
    source="derived; that what is no minimum has full rank is a claim of Kim et al., arXiv:2502.09376",
    mark="derived",
    cause="spurious stationary point",
    problem=Quadratic.full(np.array(Q, dtype=float), np.ones((2, 2))),
    method=RACLoRA(Haar(2, 1), 0.14),
    start=np.array([[1.0, 0.0], [0.0, 0.0]]),
    gather=gather,
    condition="f does not bend alike in all directions: for ||W - W*||^2 / 2 there is none",
)
