r"""C9: the mean of the clients' factors is not the mean of their products; and what freezing one factor leaves.

Over clients, :math:`\mathrm{mean}(B_m A_m) - \mathrm{mean}(B_m)\, \mathrm{mean}(A_m)` is the covariance of the factors.
A factor that all clients share has none: it may be frozen (FFA-LoRA), take turns with the other (RoLoRA), or be drawn
afresh and merged (RAC-LoRA).
"""

from fractions import Fraction
from typing import TypeAlias

import numpy as np

from rac_theory.algorithms import AsymmetricLoRA, RACLoRA
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Exact, Lines, Witness, exact
from rac_theory.problems import Quadratic
from rac_theory.runs import expected, simulate
from rac_theory.sketches import Frozen, Haar

Client: TypeAlias = tuple[Exact, Exact]

TARGET = exact([[1, 0], [0, 0]])
"""W* of rank one; f is half the squared distance to it."""
B, A = exact([[1], [0]]), exact([[1, 0]])
FROZEN = (3, 4)
"""The row A that is frozen, up to a factor."""
STEPS = 12


def stacked(clients: list[Client]) -> tuple[Exact, Exact]:
    """Return the factors of all clients, (clients, m, r) and (clients, r, n)."""
    return np.stack([B for B, _ in clients]), np.stack([A for _, A in clients])


def covariance(clients: list[Client]) -> Exact:
    """Return the mean over clients of ``(B_m - mean B)(A_m - mean A)``."""
    B, A = stacked(clients)
    return np.asarray(((B - B.mean(axis=0)) @ (A - A.mean(axis=0))).mean(axis=0))


def lost(clients: list[Client]) -> Exact:
    """Return the mean of the products less the product of the means."""
    B, A = stacked(clients)
    return np.asarray((B @ A).mean(axis=0) - B.mean(axis=0) @ A.mean(axis=0))


def gap(W: Exact, target: Exact = TARGET) -> Fraction:
    """Return ``||W - W*||^2 / 2``."""
    return Fraction(((W - target) ** 2).sum()) / 2


def gap_of_means(clients: list[Client], target: Exact = TARGET) -> Fraction:
    """Return the gap at the product of the means of the factors."""
    B, A = stacked(clients)
    return gap(B.mean(axis=0) @ A.mean(axis=0), target)


def best_B(A: Exact, target: Exact = TARGET) -> Exact:
    """Return the column that is best beside a row A: ``W* A' / (A A')``, the mean of the clients' best ones."""
    return np.asarray(target @ A.T / (A**2).sum())


def alternating(A: Exact, turns: int, target: Exact = TARGET) -> Fraction:
    """Return the gap after B and A in turn have been made the best ones; a factor beside a zero one stays."""
    B = 0 * target[:, :1]
    for turn in range(turns):
        if turn % 2 == 0:
            B = best_B(A, target)
        elif B.any():
            A = best_B(B.T, target.T).T
    return gap(B @ A, target)


def gather(example: Counterexample) -> Witness:
    """Average clients that agree, in fractions, and share a factor in three ways."""
    row = exact([FROZEN])
    frozen, curve = alternating(row, 1), _frozen_run()
    fresh = expected(example.case(STEPS)).gap
    checks = (_is_a_covariance(), *_that_agree(), _that_differ(), *_frozen(frozen, curve), *_in_turns(), _fresh(fresh))
    levels = {"A frozen": float(frozen), "opposite signs": 0.5}
    return Witness(checks, Lines.over_steps({"A frozen": curve, "fresh": fresh}, levels, r"$f(W^t) - f^\star$"))


def _is_a_covariance() -> Check:
    """Of three clients of rank two, with whole entries."""
    rng = np.random.default_rng(0)
    clients = [
        (exact(rng.integers(-9, 9, (3, 2)).tolist()), exact(rng.integers(-9, 9, (2, 4)).tolist())) for _ in "123"
    ]
    apart = covariance(clients)
    sentence = "the mean of the products less the product of the means is the covariance of the factors"
    return Check.exact(sentence, bool((lost(clients) == apart).all()), bool(apart.any()))


def _that_agree() -> tuple[Check, Check]:
    """Clients at the optimum, with the same product: by opposite signs, and scaled apart."""
    opposite = [(B, A), (-B, -A)]
    stays = not any(factor.mean(axis=0).any() for factor in stacked(opposite))  # where both are zero both gradients are
    nothing = gap_of_means(opposite)
    apart = {c: gap_of_means([(B, A), (c * B, A / c)]) for c in (2, 8, 32)}
    right = [loss == ((c + Fraction(1, c) - 2) / 4) ** 2 / 2 for c, loss in apart.items()]
    numbers = ", ".join(f"{float(loss):.3g} at {c}" for c, loss in apart.items())
    return (
        Check.exact(
            f"two clients at the optimum, (B, A) and (-B, -A), average to nothing: both factors are zero, which no "
            f"gradient leaves, and the gap is {nothing} for ever",
            stays,
            nothing == Fraction(1, 2),
        ),
        Check.exact(f"(B, A) and (cB, A/c) average to a gap of ((c + 1/c - 2)/4)^2 / 2: {numbers}", *right),
    )


def _that_differ() -> Check:
    clients = [(B, A), (exact([[0], [1]]), exact([[0, 1]]))]
    middle = np.mean([b @ a for b, a in clients], axis=0)
    excess = gap_of_means(clients, middle)
    sentence = f"of clients at e1e1' and e2e2' the product of means is {excess} above the mean of products"
    return Check.exact(sentence, excess == Fraction(1, 8), gap(middle, middle) == 0)


def _frozen(floor: Fraction, curve: Array) -> tuple[Check, Check]:
    """FFA-LoRA: exact averages, and a floor that is the squared sine of the angle to the row space of W*."""
    off = abs(curve[-1] - float(floor))
    return (
        Check.exact(
            f"with A = (3, 4)/5 frozen averages are exact and the floor is {floor}, half the squared sine",
            floor == Fraction(16, 25) / 2,
        ),
        Check.bounded(f"Asymmetric LoRA comes to it within {off:.1e}", off < 1e-12),
    )


def _in_turns() -> tuple[Check, Check]:
    """RoLoRA, each turn to its end."""
    row, at_right_angles, balanced = exact([FROZEN]), exact([[0, 1]]), exact([[Fraction(1, 2), 0], [0, Fraction(1, 2)]])
    reached, stuck, floor = alternating(row, 2), alternating(at_right_angles, 20), alternating(row, 20, balanced)
    return (
        Check.exact(
            f"in turns the gap is {reached} after two; from A at right angles to W* it is {stuck} for ever",
            reached == 0,
            stuck == Fraction(1, 2),
        ),
        Check.exact(
            f"where the mean of the clients' optima has rank two it ends at {floor}, the floor of rank one",
            floor == Fraction(1, 8),
        ),
    )


def _fresh(gaps: Array) -> Check:
    off = float(np.abs(gaps / gaps[0] - 0.5 ** np.arange(len(gaps))).max())
    return Check.bounded(f"with a fresh factor, merged, E gap is halved in every round, within {off:.1e}", off < 1e-12)


def _frozen_run() -> Array:
    """Asymmetric LoRA with the row frozen, projected step, on the same f."""
    column = np.array(FROZEN, dtype=float)[:, None]
    problem = Quadratic.left(np.eye(2), np.array(TARGET, dtype=float))
    method = AsymmetricLoRA(Frozen(column), 1.0, side="right")
    return np.asarray(simulate(Case(method, problem, steps=STEPS)).gaps[0])


C9 = Counterexample(
    id="C9",
    name="averages of factors",
    statement="Clients that have the same product may average their factors to nothing, or to a gap of any size; a "
    "shared factor makes averages exact, but frozen it leaves a floor, and in turns that of rank r. Drawn afresh and "
    "merged it leaves none.",
    source="derived; that averages of factors interfere is the motive of Chen et al., arXiv:2502.01755 (RoLoRA)",
    cause="averages of factors",
    problem=Quadratic.left(np.eye(2), np.array([[1.0, 0.0], [0.0, 0.0]])),
    method=RACLoRA(Haar(2, 1), 1.0),
    gather=gather,
    condition="the factors of clients differ in sign or scale, as those of clients that are trained apart may",
)
