"""C5: Asymmetric LoRA converges to the best point of the subspace that it has drawn, which is not the optimum; where it
ends, for functions with a constant Hessian, is one linear system.
"""

from fractions import Fraction

import numpy as np

from rac_theory import theorems
from rac_theory.algorithms import AsymmetricLoRA, RACLoRA, Side
from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Lines, Witness, exact
from rac_theory.literature.counterexamples.factor_loss import hessian_action
from rac_theory.problems import LeastSquares, LogisticRegression, Problem, Quadratic, SoftmaxRegression
from rac_theory.runs import Trajectory, simulate
from rac_theory.sketches import Frozen
from rac_theory.verdicts import Status, verify

S, W_STAR = (10, 1, 1), ((1, 2, 0), (0, 1, -1), (1, 0, 1))
FROZEN = (1, 1, 0)
COLUMN = np.array(FROZEN, dtype=float)[:, None]
SIDES: tuple[Side, ...] = ("left", "right")
FROZEN_FACTOR: dict[Side, str] = {"left": "B", "right": "A"}
STEPS = 2000
_SHOWN = 41


def exact_gap(side: Side) -> Fraction:
    """Return the gap at the limit from W0 = 0, in rational arithmetic, with the frozen factor of rank one.

    With B frozen column j of the limit is ``B (B' S w_j) / (B' S B)``; with A frozen it is ``W* A' A / (A A')``.
    """
    s, w, F = exact(S), exact(W_STAR), exact(FROZEN)
    limit = np.outer(F, F * s @ w / (F * s @ F)) if side == "left" else np.outer(w @ F / (F @ F), F)
    return Fraction(s @ ((w - limit) ** 2).sum(axis=1)) / 2


def run(problem: Problem, F: Array, side: Side, steps: int = STEPS) -> Trajectory:
    """Run Asymmetric LoRA with the projected step and the frozen factor F."""
    return simulate(Case(AsymmetricLoRA(Frozen(F), 1 / problem.L, side), problem, steps=steps))


def still_offered(problem: Problem, W: Array, F: Array) -> tuple[float, float]:
    """Return bounds of how far f can fall from W, in the range of F from above, and in the whole space from below.

    With s the strong convexity, f is at most ``||H G||^2 / (2 s)`` above its minimum over ``W + range(F)``, and by
    smoothness at least ``||G||^2 / (2 L)`` above that over all matrices.
    """
    G = problem.gradient(W[None])[0]
    component = np.linalg.qr(F)[0].T @ G
    return float(np.sum(component**2) / (2 * problem.strong_convexity)), float(np.sum(G**2) / (2 * problem.L))


def gather(example: Counterexample) -> Witness:
    """Compare limits in closed form with where the method comes to."""
    rng = np.random.default_rng(example.seed)
    data = LeastSquares(rng.standard_normal((20, 4)), rng.standard_normal((20, 3)))
    runs = {side: run(example.problem, COLUMN, side) for side in SIDES}
    checks = [
        check for side in SIDES for check in (*_on_the_quadratic(side, runs[side]), _on_least_squares(side, data, rng))
    ]
    checks += [*_on_other_losses(rng), _not_covered(example)]
    return Witness(tuple(checks), _picture(runs))


def _on_the_quadratic(side: Side, runs: Trajectory) -> tuple[Check, Check]:
    """The limit in rational arithmetic, and the last of 2000 steps."""
    exact, name = exact_gap(side), FROZEN_FACTOR[side]
    off = abs(runs.values[0, -1] - float(exact))
    return (
        Check.exact(f"with {name} frozen the gap at the limit is {exact} = {float(exact):.6g}", exact > 0),
        Check.bounded(f"the method comes to it within {off:.1e}", off < 1e-9),
    )


def _on_least_squares(side: Side, data: LeastSquares, rng: np.random.Generator) -> Check:
    """The limit from one linear system, and the last of 2000 steps."""
    drawn = rng.standard_normal((data.shape[0 if side == "left" else 1], 2))
    limit = frozen_limit(data, np.zeros(data.shape), np.linalg.qr(drawn)[0], side)
    far = float(np.linalg.norm(run(data, drawn, side).W[0] - limit))
    return Check.bounded(f"on least squares it comes to its limit within {far:.1e}", far < 1e-9)


def _on_other_losses(rng: np.random.Generator) -> list[Check]:
    X, F = rng.standard_normal((40, 5)), rng.standard_normal((5, 2))
    labels = rng.permutation(np.repeat([0, 1], 20))
    gaps = []
    for name, problem in (
        ("a logistic", LogisticRegression(X, labels, l2=0.1)),
        ("a softmax", SoftmaxRegression(X, rng.permutation(np.arange(40) % 4), l2=0.1)),
    ):
        slack, gap = still_offered(problem, run(problem, F, "left").W[0], F)
        gaps += [
            Check.bounded(f"on {name} loss it is within {slack:.1e} of the minimum in its subspace", slack < 1e-12),
            Check.bounded(f"and at least {gap:.4g} above the minimum", gap > 1e-4),
        ]
    return gaps


def _not_covered(example: Counterexample) -> Check:
    """T1 and T2 say nothing, and say why."""
    reasons = [
        verify(theorem, Case(method, example.problem, example.start, steps=5))
        for theorem in (theorems.T1, theorems.T2)
        for method in (example.method, RACLoRA(Frozen(COLUMN), example.method.gamma))
    ]
    named = ["lambda_min > 0 is not met: lambda_min is 0 (" in " ".join(verdict.unmet) for verdict in reasons]
    silent = [verdict.status is Status.NOT_APPLICABLE for verdict in reasons]
    sentence = "T1 and T2 are NOT_APPLICABLE to it, and to RAC-LoRA with that sketch, as lambda_min(E[H]) = 0"
    return Check.exact(sentence, *silent, *named)


def _picture(runs: dict[Side, Trajectory]) -> Lines:
    curves = {f"{FROZEN_FACTOR[side]} frozen": runs[side].values[0, :_SHOWN] for side in SIDES}
    limits = {"limit, A frozen": float(exact_gap("right")), "limit, B frozen": float(exact_gap("left"))}
    return Lines.over_steps(curves, limits, r"$f(W^t) - f^\star$")


C5 = Counterexample(
    id="C5",
    name="stuck subspace",
    statement="Asymmetric LoRA converges to the minimum over W0 plus the range of its frozen factor, which is not the "
    "optimum.",
    source="arXiv:2410.08305",
    mark="paper",
    cause="stuck subspace",
    problem=Quadratic.left(np.diag(S).astype(float), np.array(W_STAR, dtype=float)),
    method=AsymmetricLoRA(Frozen(COLUMN), 1 / 10),
    gather=gather,
    condition="no optimum is in that subspace, which has probability one for a Gaussian factor of less than full rank "
    "where there is one optimum, and W0 is not it",
)


def frozen_limit(problem: Problem, W0: Array, F: Array, side: Side = "left") -> Array:
    r"""Return the limit of Asymmetric LoRA on a quadratic or a least squares problem, (m, n).

    It minimises f over :math:`W^0 + F Z` (left), or :math:`W^0 + Z F^\top` (right), and where several Z do, Z is the
    one of least norm: gradient descent from Z = 0 has no part in the null space of its Hessian.

    Parameters
    ----------
    problem : Problem
        With a constant Hessian.
    W0 : (m, n)
    F : (dim, r)
        The frozen factor, as columns: B, or the transpose of A. For the projected step an orthonormal basis of its
        range, which matters only if f is not strongly convex.
    side : Side
        "left" if B is frozen.

    Returns
    -------
    (m, n)

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.literature.counterexamples.stuck_subspace import frozen_limit
    >>> problem = Quadratic.left(np.eye(2), W_star=[[1.0], [2.0]])
    >>> B = np.array([[1.0], [0.0]])  # which cannot reach the second row
    >>> frozen_limit(problem, np.zeros((2, 1)), B).round(6).tolist()
    [[1.0], [0.0]]
    """
    checks.one_of("side", side, ("left", "right"))
    m, n = problem.shape
    W0 = checks.array("W0", W0, shape=problem.shape)
    F = checks.array("F", F, ndim=2)
    rows, columns = (F.shape[1], n) if side == "left" else (m, F.shape[1])
    units = np.eye(rows * columns).reshape(-1, rows, columns)
    moves = F @ units if side == "left" else units @ F.T
    flat = moves.reshape(len(moves), -1)
    H = flat @ hessian_action(problem, W0)(moves).reshape(len(moves), -1).T
    g = flat @ problem.gradient(W0[None])[0].ravel()
    Z, *_ = np.linalg.lstsq((H + H.T) / 2, -g, rcond=len(H) * np.finfo(float).eps)
    return np.asarray(W0 + np.tensordot(Z, moves, axes=1))
