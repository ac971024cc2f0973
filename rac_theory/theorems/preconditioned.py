r"""A bounded preconditioner on the factor: T1 and T2 of steps ``B D B' G`` with D between a and A.

D may depend on all that was drawn, on this H and on the gradient: nothing is asked of it but ``a I <= D <= A I``. The
gradient is exact. What Adam divides by is a D of this kind only as long as it is bounded from both sides.
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
    rac_lora_preconditioned,
    reductions,
)
from rac_theory.statements.assumptions import bounded_below, certified_minimum, polyak_lojasiewicz, smooth
from rac_theory.statements.symbols import (
    L,
    T,
    gamma,
    gap0,
    gap0_upper,
    lambda_min,
    largest_weight,
    least_weight,
    mu,
)
from rac_theory.theorems import rac_lora_gd
from rac_theory.theorems.shared import end, half, known, moves, pl

_SOURCE = "derived: the descent lemma along H, with D between a and A"
_GIVEN = (smooth, least_weight > 0, gamma * L * largest_weight < 2, lambda_min > 0)
_gain = gamma * least_weight * (2 - gamma * L * largest_weight) * lambda_min

T26 = Theorem(
    id="T26",
    name="preconditioned_rac_lora_nonconvex",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_preconditioned,
    given=(*_GIVEN, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (_gain * T),
    descends=True,
    tightest=Tightest(1.0, "a = A, where it is T1_sharp with the step gamma A"),
)

rho = Let("rho", 1 - _gain * mu, "factor of the gap, a step")

T26_pl = Theorem(
    id="T26_pl",
    name="preconditioned_rac_lora_pl",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_preconditioned,
    given=(*_GIVEN, certified_minimum, polyak_lojasiewicz, rho >= 0),
    claim=E(gap) <= rho**T * gap0,
    descends=True,
    tightest=Tightest(1.0, "a = A, a multiple of the identity, isotropic sketch: an equality at every T"),
)

TRIED = {"preconditioned": "T26 T26_pl"}

REDUCTIONS = reductions(
    {T26: rac_lora_gd.T1_sharp, T26_pl: rac_lora_gd.T2_sharp},
    {least_weight: 1, largest_weight: 1},
    "D = I: the projected step",
)


# Proofs.
(weighs,) = assumed(least_weight > 0)
(short,) = assumed(gamma * L * largest_weight < 2)
_slope = half * plus[gamma] * weighs * short


def _step() -> Fact:
    """One step: descent along H, and what D makes of it."""
    paid = grant("descent", rac_lora_preconditioned) + half * plus[L] * plus[gamma] * plus[gamma] * known.weighs_most
    return mean(paid + half * plus[gamma] * short * known.weighs_least) + _slope * low(gradient_at_W)


def prove_T26() -> tuple[Fact, Fact]:
    slope = _slope * moves
    return telescope(_step(), one, slope, gap0_upper, end), slope * weights(one)


def prove_T26_pl() -> tuple[Fact, Fact]:
    (factor,) = assumed(rho >= 0)
    return iterate(_step() + 2 * _slope * moves * pl, factor, gap0), one
