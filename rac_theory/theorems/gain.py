r"""RAC-LoRA by the gain of a step: what counts of a random M in W - M G, where f is curved by no more than Q.

Plain steps on one factor, merged, as RAC-LoRA is trained in practice, have M = tau B B', projected ones M = gamma H,
and others fit their draw: T12 and T15 are about their gain nu. Where no draw can go uphill mu may be local, and more
steps may follow under the same M.

T26 is about M = gamma B D B' with a preconditioner D on the factor, which may depend on all that was drawn, on this H
and on the gradient: nothing is asked of it but ``a I <= D <= A I``. The gradient is exact. What Adam divides by is a
D of this kind only as long as it is bounded from both sides.

T13 and T14 are T1_sharp, T2_sharp, T5 and T6 with L_H, the smoothness along the sketch, for L. L_H is at most L, and
may be far smaller. Steps may be as long as 2/L_H allows, so that a single draw may go uphill: no metric has a
ceiling, and mu must be valid everywhere.

T18 is without replacement: k orthogonal blocks take turns, in whatever order, and T counts cycles. A cycle has every
direction of the gradient once, but sees a part of it only when others have been used already. What is lost by that is
at most the factor :math:`(1 + \gamma L \ell)^2`, and :math:`\ell` grows like the logarithm of k. With one block
nothing is lost, and T18 is T1_sharp.
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
    low,
    mean,
    one,
    plus,
    proved,
    sign,
    telescope,
    weights,
)
from rac_theory.proofs import G as gradient_at_W
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    gap,
    mean_squared_gradient,
    one_exact_step,
    plain_gaussian_rac_lora,
    plain_or_fitted,
    rac_lora_exact,
    rac_lora_in_turns,
    rac_lora_preconditioned,
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
    positive_gain,
    positive_gaussian_gain,
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
    largest_weight,
    least_weight,
    longest_step,
    mu,
    nu,
)
from rac_theory.theorems import rac_lora_gd, stochastic
from rac_theory.theorems.shared import axioms, end, half, moves, pl

_SOURCE_ANY = "derived from the curvature of f and the second moment of M"

T12_nonconvex = Theorem(
    id="T12_nonconvex",
    name="plain_rac_lora_nonconvex",
    source=_SOURCE_ANY,
    about=plain_or_fitted,
    given=(longest_step < 2, positive_gain, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (nu * T),
    descends=True,
    tightest=Tightest(1.0, "plain steps with orthonormal columns, where it is T1_sharp"),
)

T12_pl = Theorem(
    id="T12_pl",
    name="plain_rac_lora_pl",
    source=_SOURCE_ANY,
    about=plain_or_fitted,
    given=(longest_step < 2, positive_gain, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= (1 - mu * nu) ** T * gap0,
    descends=True,
    tightest=Tightest(1.0, "Q and E[2M - M Q M] multiples of the identity, K = 1: an equality at every T"),
)

T12_gaussian = Theorem(
    id="T12_gaussian",
    name="plain_gaussian_rac_lora_pl",
    source=_SOURCE_ANY,
    about=plain_gaussian_rac_lora,
    given=(positive_gaussian_gain, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= (1 - mu * nu) ** T * gap0,
    tightest=Tightest(1.0, "a multiple of the identity: an equality at every T"),
)

T15 = Theorem(
    id="T15",
    name="gain_of_a_step_nonconvex",
    source=_SOURCE_ANY,
    about=one_exact_step,
    given=(positive_gain, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (nu * T),
    tightest=Tightest(1.0, "projected steps of an even sketch and Q = L I, where it is T1_sharp"),
)

T15_pl = Theorem(
    id="T15_pl",
    name="gain_of_a_step_pl",
    source=_SOURCE_ANY,
    about=one_exact_step,
    given=(positive_gain, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= (1 - mu * nu) ** T * gap0,
    tightest=Tightest(1.0, "Q and E[2M - M Q M] multiples of the identity: an equality at every T"),
)

_OF_WEIGHTS = "derived: the descent lemma along H, with D between a and A"
_WEIGHTED = (smooth, least_weight > 0, gamma * L * largest_weight < 2, lambda_min > 0)
_gain = gamma * least_weight * (2 - gamma * L * largest_weight) * lambda_min

T26 = Theorem(
    id="T26",
    name="preconditioned_rac_lora_nonconvex",
    source=_OF_WEIGHTS,
    about=rac_lora_preconditioned,
    given=(*_WEIGHTED, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (_gain * T),
    descends=True,
    tightest=Tightest(1.0, "a = A, where it is T1_sharp with the step gamma A"),
)

factor = Let("rho", 1 - _gain * mu, "factor of the gap, a step")

T26_pl = Theorem(
    id="T26_pl",
    name="preconditioned_rac_lora_pl",
    source=_OF_WEIGHTS,
    about=rac_lora_preconditioned,
    given=(*_WEIGHTED, certified_minimum, polyak_lojasiewicz, factor >= 0),
    claim=E(gap) <= factor**T * gap0,
    descends=True,
    tightest=Tightest(1.0, "a = A, a multiple of the identity, isotropic sketch: an equality at every T"),
)

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
    **dict.fromkeys(("1/L_H", "coordinate descent"), "T15 T15_pl T13 T13_pl"),
    **dict.fromkeys(("step per draw", "inverse on range"), "T12_nonconvex T12_pl T15 T15_pl"),
    "plain": "T12_nonconvex T12_pl",
    "plain gaussian": "T12_gaussian",
    "preconditioned": "T26 T26_pl",
    "in turns": "T18 T18_pl",
    **dict.fromkeys(("minibatch", "noisy"), "T14 T14_pl"),
}

REDUCTIONS = (
    *reductions(
        {T12_nonconvex: rac_lora_gd.T1_sharp, T12_pl: rac_lora_gd.T2_sharp},
        {nu: gamma * (2 - gamma * L) * lambda_min, longest_step: gamma * L},
        "orthonormal columns, B B' = H, and tau = gamma",
    ),
    *reductions(
        {T12_nonconvex: T15, T12_pl: T15_pl, T12_gaussian: T15_pl},
        {},
        "the same claim: of steps of which no draw goes uphill, or of one whose nu is known by moments of a Gaussian",
    ),
    *reductions(
        {T15: T13, T15_pl: T13_pl},
        {nu: gamma * (2 - gamma * L_H) * lambda_min},
        "projected steps, where E[2M - MQM] is at least gamma (2 - gamma L_H) E[H]",
    ),
    *reductions(
        {T15: rac_lora_gd.T1_sharp, T15_pl: rac_lora_gd.T2_sharp},
        {nu: gamma * (2 - gamma * L) * lambda_min},
        "projected steps and Q = L I, where E[2M - MQM] is gamma (2 - gamma L) E[H]",
    ),
    *reductions(
        {T26: rac_lora_gd.T1_sharp, T26_pl: rac_lora_gd.T2_sharp},
        {least_weight: 1, largest_weight: 1},
        "D = I: the projected step",
    ),
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
gains = proved("", cycle_gain > 0, plus[gamma] * short_enough / drifts / drifts)


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


(weighs,) = assumed(least_weight > 0)
(short,) = assumed(gamma * L * largest_weight < 2)
_slope = half * plus[gamma] * weighs * short


def _step() -> Fact:
    """One step: descent along H, and what D makes of it."""
    paid = grant("descent", rac_lora_preconditioned) + half * plus[L] * plus[gamma] * plus[gamma] * axioms.weighs_most
    return mean(paid + half * plus[gamma] * short * axioms.weighs_least) + _slope * low(gradient_at_W)


def prove_T26() -> tuple[Fact, Fact]:
    slope = _slope * moves
    return telescope(_step(), one, slope, gap0_upper, end), slope * weights(one)


def prove_T26_pl() -> tuple[Fact, Fact]:
    (factor_sign,) = assumed(factor >= 0)
    return iterate(_step() + 2 * _slope * moves * pl, factor_sign, gap0), one
