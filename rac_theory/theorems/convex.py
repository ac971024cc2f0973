r"""RAC-LoRA with exact gradients on convex and on strongly convex functions, and its acceleration on the latter.

Acceleration has a fresh H at each step, for any sketch, and the square root of what a plain step has:
``Y = (W + alpha Z)/(1 + alpha)``, ``W+ = Y - gamma H G``, ``Z+ = (1 - alpha) Z + alpha Y - alpha/(s_0 lambda_0) H G``,
G at Y. What the method is told of s and of E[H], s_0 and lambda_0, may be less than what is true.
"""

from collections.abc import Mapping

from rac_theory.algebra import Expression, Lemma, Let, Relation, between, lifted, maximum
from rac_theory.proofs import E as expected
from rac_theory.proofs import (
    Fact,
    G,
    Gy,
    H,
    Psi,
    V,
    Vector,
    Vz,
    Zy,
    assumed,
    below_one,
    discharged,
    distance,
    gap_next,
    grant,
    iterate,
    mean,
    no_step_or_more,
    nothing,
    one,
    plus,
    potential,
    power,
    proved,
    square,
    square_kept,
    square_of,
    star,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    gap,
    rac_lora_accelerated,
    rac_lora_exact,
    reductions,
    squared_distance,
)
from rac_theory.statements.assumptions import (
    certified_minimum,
    convex,
    isotropic,
    known_largest_projection,
    known_minimiser,
    smooth,
    smooth_along_sketch,
    strongly_convex,
)
from rac_theory.statements.symbols import (
    L_H,
    L,
    T,
    alpha,
    distance0,
    gamma,
    gap0,
    lambda_0,
    lambda_max,
    lambda_min,
    s,
    s_0,
)
from rac_theory.theorems import rac_lora_gd
from rac_theory.theorems.shared import axioms, exact, half, moves, short, stable

_CONVEX = (convex, certified_minimum, known_minimiser, lambda_min > 0)
_POTENTIAL = "derived from a potential of the gap and the distance in the norm of the inverse of E[H]"

T3 = Theorem(
    id="T3",
    name="rac_lora_gd_convex",
    source=_POTENTIAL,
    about=rac_lora_exact,
    given=(smooth, gamma * L <= 1, *_CONVEX),
    claim=E(gap) <= (gap0 + distance0**2 / (2 * gamma)) / (1 + lambda_min * T),
    descends=True,
    tightest=Tightest(
        0.5203, "one of k coordinates, k to infinity, T = 1.276 k, straight far away in one direction, a square across"
    ),
)

T3_sharp = Theorem(
    id="T3_sharp",
    name="rac_lora_gd_convex_sharp",
    source=_POTENTIAL,
    about=rac_lora_exact,
    given=(smooth, between(0, gamma * L, 2), *_CONVEX),
    claim=E(gap) <= (gap0 + (2 - gamma * L) * distance0**2 / (2 * gamma)) / (1 + (2 - gamma * L) * lambda_min * T),
    descends=True,
    tightest=Tightest(
        1.0, "x^2/2, gamma to 2/L, a sketch that hardly ever moves, where the bound is the start; else as T3"
    ),
)

T3_isotropic = Theorem(
    id="T3_isotropic",
    name="rac_lora_gd_convex_isotropic",
    source="derived from the distance to a minimiser and the gap, where E[H] is a multiple of the identity",
    about=rac_lora_exact,
    given=(smooth, gamma * L <= 1, *_CONVEX, isotropic),
    claim=E(gap) <= distance0**2 / (2 * gamma * lambda_min * T),
    descends=True,
    tightest=Tightest(0.5, "Huber's function with eta = 1/(2T + 1) under GD: T/(2T + 1)"),
)

rho = Let(
    "rho",
    1 - lambda_min + lambda_max * maximum((1 - gamma * s) ** 2, (1 - gamma * L) ** 2),
    "factor of the squared distance, a step",
)

T4 = Theorem(
    id="T4",
    name="rac_lora_gd_strongly_convex",
    source="derived from the orthogonal sum of what a draw leaves alone and what it moves",
    about=rac_lora_exact,
    given=(
        smooth,
        between(0, gamma * L, 2),
        strongly_convex,
        known_minimiser,
        lambda_min > 0,
        known_largest_projection,
        rho >= 0,
        rho < 1,
    ),
    claim=E(squared_distance) <= rho**T * distance0**2,
    tightest=Tightest(1.0, "(s x^2 + L y^2)/2, one coordinate at random, a start on an axis: an equality at every T"),
)

T4_gap = Theorem(
    id="T4_gap",
    name="rac_lora_gd_strongly_convex_gap",
    source="derived from the descent lemma, as a strongly convex f is PL with its modulus",
    about=rac_lora_exact,
    given=(smooth, gamma * L <= 1, strongly_convex, certified_minimum, lambda_min > 0),
    claim=E(gap) <= (1 - gamma * s * lambda_min) ** T * gap0,
    descends=True,
    tightest=Tightest(1.0, "a multiple of the identity, isotropic sketch, gamma = 1/L: an equality at every T"),
)

_ACCELERATED = "derived: descent at Y, convexity, and the distance of Z in the norm of the inverse of E[H]"
_TOLD = (s_0 > 0, s_0 <= s, lambda_0 > 0, lambda_0 <= lambda_min, alpha >= 0)
_STRONGLY = (strongly_convex, certified_minimum, known_minimiser)


def _fits(smoothness: Expression) -> Relation:
    return alpha**2 <= gamma * (2 - gamma * smoothness) * s_0 * lambda_0**2


_CLAIM = E(gap) <= (1 - alpha) ** T * (gap0 + s_0 / 2 * distance0**2)


def _share_left(fits: Relation) -> Mapping[Expression, tuple[Relation, Lemma]]:
    """That alpha is at most 1 where it fits, as s is at most L and H no longer than the identity."""
    return {1 - alpha: (fits, Lemma((0, 1), {alpha: "down"}))}


T21 = Theorem(
    id="T21",
    name="rac_lora_accelerated",
    source=_ACCELERATED,
    about=rac_lora_accelerated,
    given=(smooth, *_STRONGLY, *_TOLD, _fits(L)),
    claim=_CLAIM,
    lemmas=_share_left(_fits(L)),
    tightest=Tightest(
        1.0, "x^2/2, H = 1, T = 1, gamma = 1 - sqrt(1 - alpha^2): (1 + alpha)/2, in the limit alpha to 1"
    ),
)

T21_H = Theorem(
    id="T21_H",
    name="rac_lora_accelerated_gain",
    source=_ACCELERATED,
    about=rac_lora_accelerated,
    given=(smooth_along_sketch, *_STRONGLY, *_TOLD, _fits(L_H)),
    claim=_CLAIM,
    lemmas=_share_left(_fits(L_H)),
    tightest=Tightest(1.0, "as T21, which it is there"),
)

TRIED = {"1/L": "T3 T3_isotropic T4 T4_gap", "2/L": "T3_sharp", "accelerated": "T21 T21_H"}

REDUCTIONS = (
    *reductions({T3_sharp: T3}, *rac_lora_gd.LONGEST_STEP),
    *reductions(
        {
            T3: E(gap) <= (gap0 + distance0**2 / (2 * gamma)) / (1 + T),
            T3_isotropic: E(gap) <= distance0**2 / (2 * gamma * T),
            T4: E(squared_distance) <= maximum((1 - gamma * s) ** 2, (1 - gamma * L) ** 2) ** T * distance0**2,
        },
        *rac_lora_gd.NO_SKETCH,
    ),
)


# Proofs.
projected_square = mean(square(H(G)))


def _of_potential(kappa: Fact, room: Fact, stable: Fact) -> tuple[Fact, Fact]:
    """(7) of T3, where ``room`` says that ``kappa <= 2 - gamma L``."""
    share = half * kappa / plus[gamma]
    psi = (share * moves).value.expression * distance + gap_at_W
    nearer = kappa * moves * (grant("straight", V, G) + axioms.convexity)
    step = nearer + half * plus[gamma] * (kappa * grant("spread", G) + room * projected_square) + mean(exact)
    above, below = share * moves * grant("norm_is_positive", V), share * grant("norm", V)
    loss = kappa * moves
    falls = mean(exact) + half * plus[gamma] * stable * projected_square  # no step rises, on average
    shares = {gap0: one, distance0: share}
    of = Psi(rac_lora_exact, psi, gap0, shares, below)
    fact = potential(of, step, falls, above, loss, lifted(1))
    return fact, one + loss * no_step_or_more


def prove_T3() -> tuple[Fact, Fact]:
    return _of_potential(one, short, short + one)


def prove_T3_sharp() -> tuple[Fact, Fact]:
    return _of_potential(stable, nothing, stable)


(told_s,), (less_s,), (told_lambda,), (less_lambda,), (forward,) = map(assumed, _TOLD)
moves_all = proved("", lambda_min > 0, less_lambda + told_lambda)
at_most_1 = proved("", lambda_0 <= 1, below_one + less_lambda)
(far,) = assumed(known_minimiser)
square_of_Z, square_then, _ = square_kept(rac_lora_accelerated)
share = half * told_s * told_lambda
at_Y, projected_at_Y = Vz - Zy, mean(square(H(Gy)))


def _moving(name: str, *of: Vector) -> Fact:
    """What is granted where lambda_min > 0, as it is here."""
    return discharged(grant(name, *of), lambda_min > 0, moves_all)


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
        + half * (proved("", inequality, fit * projected_at_Y) / told_s / told_lambda / told_lambda)
    )
    step = proved("One step", after <= (1 - alpha) * psi, paid)
    above = share * _moving("norm_is_positive", Vz)
    of = Psi(rac_lora_accelerated, psi, gap0, share=share)
    start = half * told_s * less_lambda / moves_all * far * far
    return iterate(step, keep, of, above) + power(keep, T) * start, one


def prove_T21() -> tuple[Fact, Fact]:
    return _proof(L, mean(grant("descent", rac_lora_accelerated)), axioms.s_below_L)


def prove_T21_H() -> tuple[Fact, Fact]:
    curvature = half * grant("along", rac_lora_accelerated)
    return _proof(L_H, mean(grant("below_Q", rac_lora_accelerated)) + curvature, _moving("s_below_L_H"))
