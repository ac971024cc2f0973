r"""RAC-LoRA without replacement: k orthogonal blocks take turns, in whatever order, and T counts cycles.

A cycle has every direction of the gradient once, but sees a part of it only when others have been used already. What is
lost by that is at most the factor :math:`(1 + \gamma L \ell)^2`, and :math:`\ell` grows like the logarithm of k. With
one block nothing is lost, and T18 is T1_sharp.
"""

from rac_theory.algebra import Let, between
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
from rac_theory.statements import E, Theorem, Tightest, gap, mean_squared_gradient, rac_lora_in_turns
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_cost_of_turns,
    polyak_lojasiewicz,
    smooth,
    smooth_along_sketch,
)
from rac_theory.statements.symbols import L_H, L, T, ell, gamma, gap0, gap0_upper, mu
from rac_theory.theorems.shared import axioms, end, half, pl

_GIVEN = (smooth, smooth_along_sketch, between(0, gamma * L_H, 2), known_cost_of_turns)
_SOURCE = "derived from the descent lemma in each block and the Lipschitz gradient between them"

theta = Let("theta", gamma * (2 - gamma * L_H) / (1 + gamma * L * ell) ** 2, "gain of a cycle")

T18 = Theorem(
    id="T18",
    name="cyclic_rac_lora_nonconvex",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_in_turns,
    given=(*_GIVEN, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (theta * T),
    descends=True,
    tightest=Tightest(1.0, "one block, a multiple of the identity at gamma = 1/L: an equality at every T"),
)

rho = Let("rho", 1 - mu * theta, "factor of the gap, a cycle")

T18_pl = Theorem(
    id="T18_pl",
    name="cyclic_rac_lora_pl",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_in_turns,
    given=(*_GIVEN, certified_minimum, polyak_lojasiewicz, rho >= 0),
    claim=E(gap) <= rho**T * gap0,
    descends=True,
    tightest=Tightest(1.0, "one block, a multiple of the identity, any step: an equality at every T"),
)

TRIED = {"in turns": "T18 T18_pl"}


# Proofs.
_, short_enough = assumed(between(0, gamma * L_H, 2))
drift = plus[gamma] * plus[L] * sign(ell, known_cost_of_turns)
drifts = proved("", 1 + gamma * L * ell > 0, one + drift)
used = grant("size", NUMBERS["used"])
gains = proved("", theta >= 0, plus[gamma] * short_enough / drifts / drifts)


def cycle() -> Fact:
    """What a cycle gains, of the gradient at its beginning."""
    # ((1 + delta) a)^2 - (a + b)^2 is a product, for delta = gamma L ell and b <= delta a.
    drifted = (2 * used + drift * used) + grant("size", NUMBERS["missed"])
    split = (1 + gamma * L * ell) ** 2 * NUMBERS["used"] ** 2 >= G @ G
    gradient = proved("What a cycle sees", split, axioms.parts + axioms.lipschitz * drifted)
    inequality = gap_next <= gap_at_W - theta / 2 * (G @ G)
    return mean(proved("One cycle, in any order", inequality, axioms.turns + half * gains * gradient))


def prove_T18() -> tuple[Fact, Fact]:
    slope = half * gains
    return telescope(cycle(), one, slope, gap0_upper, end), slope * weights(one)


def prove_T18_pl() -> tuple[Fact, Fact]:
    (factor,) = assumed(rho >= 0)
    return iterate(cycle() + gains * pl, factor, gap0), one
