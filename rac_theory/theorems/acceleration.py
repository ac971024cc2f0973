r"""Acceleration with a fresh H at each step, for any sketch: the square root of what a plain step has.

``Y = (W + alpha Z)/(1 + alpha)``, ``W+ = Y - gamma H G``, ``Z+ = (1 - alpha) Z + alpha Y - alpha/(s_0 lambda_0) H G``,
G at Y. What the method is told of s and of E[H], s_0 and lambda_0, may be less than what is true.
"""

from collections.abc import Mapping

from rac_theory.algebra import Expression, Lemma, Relation
from rac_theory.proofs import E as expected
from rac_theory.proofs import (
    Fact,
    Gy,
    H,
    Psi,
    Vector,
    Vz,
    Zy,
    assumed,
    below_one,
    discharged,
    gap_next,
    grant,
    iterate,
    mean,
    one,
    power,
    proved,
    square,
    square_kept,
    square_of,
    star,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import E, Theorem, Tightest, gap, rac_lora_accelerated
from rac_theory.statements.assumptions import (
    certified_minimum,
    known_minimiser,
    smooth,
    smooth_along_sketch,
    strongly_convex,
)
from rac_theory.statements.symbols import L_H, L, T, alpha, distance0, gamma, gap0, lambda_0, lambda_min, s, s_0
from rac_theory.theorems.shared import axioms, half

_SOURCE = "derived: descent at Y, convexity, and the distance of Z in the norm of the inverse of E[H]"
_TOLD = (s_0 > 0, s_0 <= s, lambda_0 > 0, lambda_0 <= lambda_min, alpha >= 0)
_CONVEX = (strongly_convex, certified_minimum, known_minimiser)


def _fits(smoothness: Expression) -> Relation:
    return alpha**2 <= gamma * (2 - gamma * smoothness) * s_0 * lambda_0**2


_CLAIM = E(gap) <= (1 - alpha) ** T * (gap0 + s_0 / 2 * distance0**2)


def _share_left(fits: Relation) -> Mapping[Expression, tuple[Relation, Lemma]]:
    """That alpha is at most 1 where it fits, as s is at most L and H no longer than the identity."""
    return {1 - alpha: (fits, Lemma((0, 1), {alpha: "down"}))}


T21 = Theorem(
    id="T21",
    name="rac_lora_accelerated",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_accelerated,
    given=(smooth, *_CONVEX, *_TOLD, _fits(L)),
    claim=_CLAIM,
    lemmas=_share_left(_fits(L)),
    tightest=Tightest(
        1.0, "x^2/2, H = 1, T = 1, gamma = 1 - sqrt(1 - alpha^2): (1 + alpha)/2, in the limit alpha to 1"
    ),
)

T21_H = Theorem(
    id="T21_H",
    name="rac_lora_accelerated_gain",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_accelerated,
    given=(smooth_along_sketch, *_CONVEX, *_TOLD, _fits(L_H)),
    claim=_CLAIM,
    lemmas=_share_left(_fits(L_H)),
    tightest=Tightest(1.0, "as T21, which it is there"),
)

TRIED = {"accelerated": "T21 T21_H"}


# Proofs.
(told_s,), (less_s,), (told_lambda,), (less_lambda,), (forward,) = map(assumed, _TOLD)
moves = proved("", lambda_min > 0, less_lambda + told_lambda)
at_most_1 = proved("", lambda_0 <= 1, below_one + less_lambda)
(far,) = assumed(known_minimiser)
square_of_Z, square_then, _ = square_kept(rac_lora_accelerated)
share = half * told_s * told_lambda
at_Y, projected_square = Vz - Zy, mean(square(H(Gy)))


def _moving(name: str, *of: Vector) -> Fact:
    """What is granted where E[H] moves every direction, as it does here."""
    return discharged(grant(name, *of), lambda_min > 0, moves)


square_seen = expected(H(Gy) @ H(Gy))
near = proved(
    "",
    lambda_0 * star(at_Y, at_Y) <= at_Y @ at_Y,
    _moving("norm", at_Y) + less_lambda * _moving("norm_is_positive", at_Y),
)
spread = proved(
    "",
    lambda_0 * expected(star(H(Gy), H(Gy))) <= square_seen,
    _moving("spread", Gy) + less_lambda * mean(_moving("norm_is_positive", H(Gy))),
)


def _proof(smoothness: Expression, descent: Fact, s_below: Fact) -> tuple[Fact, Fact]:
    """By ``psi = gap + (s_0 lambda_0 / 2) ||Z - W*||_*^2``: ``descent`` is from Y, ``s_below`` that s is at most the
    smoothness."""
    (fit,) = assumed(_fits(smoothness))
    room = s_below + less_s + told_s * at_most_1 * (one + told_lambda)
    length = (fit + forward * forward) / told_s / told_lambda / told_lambda
    squares = proved("", alpha**2 <= 1, square_of(1 - gamma * smoothness) + length * room + fit)
    keep = proved("", alpha <= 1, squares / proved("", 1 + alpha > 0, one + forward))
    psi = gap_at_W + s_0 * lambda_0 / 2 * square_of_Z
    after = expected(gap_next) + s_0 * lambda_0 / 2 * square_then
    inequality = alpha**2 * square_seen <= gamma * (2 - gamma * smoothness) * s_0 * lambda_0**2 * square_seen
    paid = (
        descent
        + keep * axioms.behind
        + forward * (axioms.curved_Y + half * told_s * near + half * less_s * square(at_Y))
        + forward * _moving("straight", Vz - Zy * alpha, Gy)
        + half * forward * forward / told_s / told_lambda / told_lambda * spread
        + forward * share * keep * _moving("norm_is_positive", Zy)
        + half * (proved("", inequality, fit * projected_square) / told_s / told_lambda / told_lambda)
    )
    step = proved("One step", after <= (1 - alpha) * psi, paid)
    above = share * _moving("norm_is_positive", Vz)
    of = Psi(rac_lora_accelerated, psi, gap0, share=share)
    start = half * told_s * less_lambda / moves * far * far
    return iterate(step, keep, of, above) + power(keep, T) * start, one


def prove_T21() -> tuple[Fact, Fact]:
    return _proof(L, mean(grant("descent", rac_lora_accelerated)), axioms.s_below_L)


def prove_T21_H() -> tuple[Fact, Fact]:
    curvature = half * grant("along", rac_lora_accelerated)
    return _proof(L_H, mean(grant("below_Q", rac_lora_accelerated)) + curvature, _moving("s_below_L_H"))
