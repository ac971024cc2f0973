r"""RAC-LoRA by the gain of a step: T1_sharp, T2_sharp, T5 and T6 with L_H, the smoothness along the sketch, for L.

L_H is at most L, and may be far smaller. Steps may be as long as 2/L_H allows, so that a single draw may go uphill: no
metric has a ceiling, and mu must be valid everywhere.

T18 is without replacement: k orthogonal blocks take turns, in whatever order, and T counts cycles. A cycle has every
direction of the gradient once, but sees a part of it only when others have been used already. What is lost by that is
at most the factor :math:`(1 + \gamma L \ell)^2`, and :math:`\ell` grows like the logarithm of k. With one block nothing
is lost, and T18 is T1_sharp.
"""

from rac_theory.algebra import Let, between, powers
from rac_theory.proofs import (
    NUMBERS,
    Fact,
    G,
    assumed,
    gap_next,
    grant,
    iterate,
    mean,
    one,
    plus,
    proved,
    sign,
    telescope,
    weights,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    gap,
    mean_squared_gradient,
    rac_lora_exact,
    rac_lora_in_turns,
    rac_lora_stochastic,
    reductions,
    weighted_squared_gradient,
)
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_cost_of_turns,
    known_largest_projection,
    polyak_lojasiewicz,
    smooth,
    smooth_along_sketch,
    structured_noise,
)
from rac_theory.statements.symbols import (
    L_H,
    A,
    C,
    L,
    T,
    beta,
    ell,
    gamma,
    gap0,
    gap0_upper,
    lambda_max,
    lambda_min,
    mu,
)
from rac_theory.theorems import rac_lora_gd, stochastic
from rac_theory.theorems.shared import axioms, end, half, pl

_SOURCE = "derived from the curvature of f seen through the sketch"
_EXACT = (smooth_along_sketch, gamma * L_H < 2, lambda_min > 0)
_NOISY = (smooth_along_sketch, structured_noise, gamma * L_H * beta < 2, lambda_min > 0, known_largest_projection)
_CASE = "x_1^2/2 on R^4, H on a column of a Hadamard matrix, L_H = 1/4"

T13 = Theorem(
    id="T13",
    name="rac_lora_gd_nonconvex_gain",
    source=_SOURCE,
    about=rac_lora_exact,
    given=(*_EXACT, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (gamma * (2 - gamma * L_H) * lambda_min * T),
    tightest=Tightest(1.0, f"{_CASE}, gamma = 1/L_H: an equality at every T"),
)

T13_pl = Theorem(
    id="T13_pl",
    name="rac_lora_gd_pl_gain",
    source=_SOURCE,
    about=rac_lora_exact,
    given=(*_EXACT, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= (1 - gamma * (2 - gamma * L_H) * mu * lambda_min) ** T * gap0,
    tightest=Tightest(1.0, f"{_CASE}, any step: an equality at every T"),
)

q = Let("q", L_H * A * gamma**2 * lambda_max, "growth that noise causes, a step")
w = Let("w", 1 / (1 + q), "weight of a step relative to the one before")
W_T = Let("W_T", powers(w, 1, T), "sum of the weights from w to w^T")

T14 = Theorem(
    id="T14",
    name="rac_lora_sgd_nonconvex_gain",
    source=_SOURCE,
    about=rac_lora_stochastic,
    given=(*_NOISY, bounded_below),
    claim=E(weighted_squared_gradient(w))
    <= (gap0_upper / (gamma * lambda_min * W_T) + L_H * gamma * C * lambda_max / (2 * lambda_min))
    / (1 - L_H * gamma * beta / 2),
    tightest=Tightest(1.0, f"{_CASE}, gamma = 1/L_H, x_1 = 1, noise +-e_1: 1 against 1 + 1/T"),
)

rho = Let(
    "rho",
    1 - 2 * gamma * mu * lambda_min * (1 - L_H * gamma * beta / 2) + L_H * gamma**2 * lambda_max * A,
    "factor of the gap, a step",
)

T14_pl = Theorem(
    id="T14_pl",
    name="rac_lora_sgd_pl_gain",
    source=_SOURCE,
    about=rac_lora_stochastic,
    given=(*_NOISY, certified_minimum, polyak_lojasiewicz, rho >= 0, rho < 1),
    claim=E(gap) <= rho**T * gap0 + powers(rho, 0, T - 1) * L_H * gamma**2 * lambda_max * C / 2,
    tightest=Tightest(1.0, f"{_CASE}, additive noise along e_1: an equality at every T"),
)

_TURNS = (smooth, smooth_along_sketch, between(0, gamma * L_H, 2), known_cost_of_turns)
_IN_TURNS = "derived from the descent lemma in each block and the Lipschitz gradient between them"

cycle_gain = Let("theta", gamma * (2 - gamma * L_H) / (1 + gamma * L * ell) ** 2, "gain of a cycle")

T18 = Theorem(
    id="T18",
    name="cyclic_rac_lora_nonconvex",
    source=_IN_TURNS,
    about=rac_lora_in_turns,
    given=(*_TURNS, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (cycle_gain * T),
    descends=True,
    tightest=Tightest(1.0, "one block, a multiple of the identity at gamma = 1/L: an equality at every T"),
)

cycle_factor = Let("rho", 1 - mu * cycle_gain, "factor of the gap, a cycle")

T18_pl = Theorem(
    id="T18_pl",
    name="cyclic_rac_lora_pl",
    source=_IN_TURNS,
    about=rac_lora_in_turns,
    given=(*_TURNS, certified_minimum, polyak_lojasiewicz, cycle_factor >= 0),
    claim=E(gap) <= cycle_factor**T * gap0,
    descends=True,
    tightest=Tightest(1.0, "one block, a multiple of the identity, any step: an equality at every T"),
)

TRIED = {
    "in turns": "T18 T18_pl",
    **dict.fromkeys(("1/L_H", "coordinate descent"), "T13 T13_pl"),
    **dict.fromkeys(("minibatch", "noisy"), "T14 T14_pl"),
}

REDUCTIONS = (
    *reductions({T14: T13, T14_pl: T13_pl}, *stochastic.NO_NOISE),
    *reductions(
        {T13: rac_lora_gd.T1_sharp, T13_pl: rac_lora_gd.T2_sharp, T14: stochastic.T5, T14_pl: stochastic.T6},
        {L_H: L},
        "Q = L I, of which E[H Q H] is L E[H]: nothing is known of f but L",
    ),
)


# Proofs.
_, short_enough = assumed(between(0, gamma * L_H, 2))
drift = plus[gamma] * plus[L] * sign(ell, known_cost_of_turns)
drifts = proved("", 1 + gamma * L * ell > 0, one + drift)
used = grant("size", NUMBERS["used"])
gains = proved("", cycle_gain >= 0, plus[gamma] * short_enough / drifts / drifts)


def cycle() -> Fact:
    """What a cycle gains, of the gradient at its beginning."""
    # ((1 + delta) a)^2 - (a + b)^2 is a product, for delta = gamma L ell and b <= delta a.
    drifted = (2 * used + drift * used) + grant("size", NUMBERS["missed"])
    split = (1 + gamma * L * ell) ** 2 * NUMBERS["used"] ** 2 >= G @ G
    gradient = proved("What a cycle sees", split, axioms.parts + axioms.lipschitz * drifted)
    inequality = gap_next <= gap_at_W - cycle_gain / 2 * (G @ G)
    return mean(proved("One cycle, in any order", inequality, axioms.turns + half * gains * gradient))


def prove_T18() -> tuple[Fact, Fact]:
    slope = half * gains
    return telescope(cycle(), one, slope, gap0_upper, end), slope * weights(one)


def prove_T18_pl() -> tuple[Fact, Fact]:
    (factor,) = assumed(cycle_factor >= 0)
    return iterate(cycle() + gains * pl, factor, gap0), one
