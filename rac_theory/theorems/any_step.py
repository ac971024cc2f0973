"""Any step W - M G with a random M, where f is curved by no more than Q: all that counts of M is its gain nu.

Plain steps on one factor, merged, as RAC-LoRA is trained in practice, have M = tau B B', projected ones M = gamma H,
and others fit their draw. Where no draw can go uphill mu may be local, and more steps may follow under the same M.

T26 is about M = gamma B D B' with a preconditioner D on the factor, which may depend on all that was drawn, on this H
and on the gradient: nothing is asked of it but ``a I <= D <= A I``. The gradient is exact. What Adam divides by is a D
of this kind only as long as it is bounded from both sides.
"""

from rac_theory.algebra import Let
from rac_theory.proofs import Fact, assumed, grant, iterate, low, mean, one, plus, telescope, weights
from rac_theory.proofs import G as gradient_at_W
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    gap,
    mean_squared_gradient,
    one_exact_step,
    plain_gaussian_rac_lora,
    plain_or_fitted,
    rac_lora_preconditioned,
    reductions,
)
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    polyak_lojasiewicz,
    positive_gain,
    positive_gaussian_gain,
    smooth,
)
from rac_theory.statements.symbols import (
    L_H,
    L,
    T,
    gamma,
    gap0,
    gap0_upper,
    lambda_min,
    largest_weight,
    least_weight,
    longest_step,
    mu,
    nu,
)
from rac_theory.theorems import gain, rac_lora_gd
from rac_theory.theorems.shared import axioms, end, half, moves, pl

_SOURCE = "derived from the curvature of f and the second moment of M"

T12_nonconvex = Theorem(
    id="T12_nonconvex",
    name="plain_rac_lora_nonconvex",
    source=_SOURCE,
    about=plain_or_fitted,
    given=(longest_step < 2, positive_gain, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (nu * T),
    descends=True,
    tightest=Tightest(1.0, "plain steps with orthonormal columns, where it is T1_sharp"),
)

T12_pl = Theorem(
    id="T12_pl",
    name="plain_rac_lora_pl",
    source=_SOURCE,
    about=plain_or_fitted,
    given=(longest_step < 2, positive_gain, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= (1 - mu * nu) ** T * gap0,
    descends=True,
    tightest=Tightest(1.0, "Q and E[2M - M Q M] multiples of the identity, K = 1: an equality at every T"),
)

T12_gaussian = Theorem(
    id="T12_gaussian",
    name="plain_gaussian_rac_lora_pl",
    source=_SOURCE,
    about=plain_gaussian_rac_lora,
    given=(positive_gaussian_gain, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= (1 - mu * nu) ** T * gap0,
    tightest=Tightest(1.0, "a multiple of the identity: an equality at every T"),
)

T15 = Theorem(
    id="T15",
    name="gain_of_a_step_nonconvex",
    source=_SOURCE,
    about=one_exact_step,
    given=(positive_gain, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (nu * T),
    tightest=Tightest(1.0, "projected steps of an even sketch and Q = L I, where it is T1_sharp"),
)

T15_pl = Theorem(
    id="T15_pl",
    name="gain_of_a_step_pl",
    source=_SOURCE,
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

TRIED = {
    **dict.fromkeys(("1/L_H", "coordinate descent"), "T15 T15_pl"),
    **dict.fromkeys(("step per draw", "inverse on range"), "T12_nonconvex T12_pl T15 T15_pl"),
    "plain": "T12_nonconvex T12_pl",
    "plain gaussian": "T12_gaussian",
    "preconditioned": "T26 T26_pl",
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
        {T15: gain.T13, T15_pl: gain.T13_pl},
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
)


# Proofs.
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
