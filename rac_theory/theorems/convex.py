"""RAC-LoRA with exact gradients on convex and on strongly convex functions."""

from rac_theory.algebra import Let, between, lifted, maximum
from rac_theory.proofs import (
    Fact,
    G,
    H,
    Psi,
    V,
    distance,
    grant,
    mean,
    no_step_or_more,
    nothing,
    one,
    plus,
    potential,
    square,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import E, Theorem, Tightest, gap, rac_lora_exact, reductions, squared_distance
from rac_theory.statements.assumptions import (
    certified_minimum,
    convex,
    isotropic,
    known_largest_projection,
    known_minimiser,
    smooth,
    strongly_convex,
)
from rac_theory.statements.symbols import L, T, distance0, gamma, gap0, lambda_max, lambda_min, s
from rac_theory.theorems import rac_lora_gd
from rac_theory.theorems.shared import axioms, exact, half, moves, short, stable

_CONVEX = (convex, certified_minimum, known_minimiser, lambda_min > 0)
_POTENTIAL = "derived from a potential of the gap and the distance in the norm of the inverse of E[H]"

T3 = Theorem(
    id="T3",
    name="rac_lora_gd_convex",
    source=_POTENTIAL,
    mark="derived",
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
    mark="derived",
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
    mark="derived",
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
    mark="derived",
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
    mark="derived",
    about=rac_lora_exact,
    given=(smooth, gamma * L <= 1, strongly_convex, certified_minimum, lambda_min > 0),
    claim=E(gap) <= (1 - gamma * s * lambda_min) ** T * gap0,
    descends=True,
    tightest=Tightest(1.0, "a multiple of the identity, isotropic sketch, gamma = 1/L: an equality at every T"),
)

TRIED = {"1/L": "T3 T3_isotropic T4 T4_gap", "2/L": "T3_sharp"}

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


def _falls(stable: Fact) -> Fact:
    """No step rises, on average."""
    return mean(exact) + half * plus[gamma] * stable * projected_square


def _of_potential(kappa: Fact, room: Fact, stable: Fact) -> tuple[Fact, Fact]:
    """(7) of T3, where ``room`` says that ``kappa <= 2 - gamma L``."""
    share = half * kappa / plus[gamma]
    psi = (share * moves).value.expression * distance + gap_at_W
    nearer = kappa * moves * (grant("straight", V, G) + axioms.convexity)
    step = nearer + half * plus[gamma] * (kappa * grant("spread", G) + room * projected_square) + mean(exact)
    above, below = share * moves * grant("norm_is_positive", V), share * grant("norm", V)
    loss = kappa * moves
    falls, shares = _falls(stable), {gap0: one, distance0: share}
    of = Psi(rac_lora_exact, psi, gap0, shares, below)
    fact = potential(of, step, falls, above, loss, lifted(1))
    return fact, one + loss * no_step_or_more


def prove_T3() -> tuple[Fact, Fact]:
    return _of_potential(one, short, short + one)


def prove_T3_sharp() -> tuple[Fact, Fact]:
    return _of_potential(stable, nothing, stable)
