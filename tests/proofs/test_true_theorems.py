"""True theorems that are not ours: weaker ones, under other assumptions, of other forms; a proof of each is found."""

from dataclasses import replace
from fractions import Fraction

import pytest

from rac_theory import prove, theorems
from rac_theory.algebra import equal
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    polyak_lojasiewicz,
    smooth,
    strongly_convex,
)
from rac_theory.statements.symbols import (
    K,
    L,
    N,
    T,
    distance0,
    eta,
    gamma,
    gap0,
    gap0_upper,
    lambda_max,
    lambda_min,
    mu,
    s,
    zeta_squared,
)
from rac_theory.theorems import E, federated, gap, mean_squared_gradient


def like(id, claim, *given):
    """One of ours with another claim, and perhaps other assumptions."""
    ours = theorems.ALL[id]
    return replace(ours, id="other", claim=claim, given=given or ours.given)


rho, a = 1 - gamma * mu * lambda_min, federated.a
_T8, _T5 = theorems.T8.claim.bound, theorems.T5

TRUE = {
    "strong convexity for PL": like(
        "T2",
        E(gap) <= (1 - gamma * s * lambda_min) ** T * gap0,
        *(smooth, gamma * L <= 1, certified_minimum, strongly_convex, lambda_min > 0),
    ),
    "no sketch": like(
        "T2",
        E(gap) <= (1 - gamma * mu) ** T * gap0,
        *(smooth, gamma * L <= 1, certified_minimum, polyak_lojasiewicz, equal(lambda_min, 1)),
    ),
    "an offset": like("T2", E(gap) <= 2 * rho**T * gap0),
    "an assumption without a normal form": like(
        "T2", E(gap) <= rho**T * gap0, *theorems.T2.given, gamma ** Fraction(11, 10) * L <= 1
    ),
    "a term beside it": like("T2", E(gap) <= rho**T * gap0 + gap0 / T),
    "a certified infimum": like(
        "T1",
        E(mean_squared_gradient) <= 2 * gap0 / (lambda_min * gamma * T),
        *(smooth, gamma * L <= 1, certified_minimum, lambda_min > 0),
    ),
    "half a step, as T1_sharp": like(
        "T1",
        E(mean_squared_gradient) <= Fraction(4, 3) * gap0_upper / (lambda_min * gamma * T),
        *(smooth, gamma * L <= Fraction(1, 2), bounded_below, lambda_min > 0),
    ),
    "a sum of two bounds": like(
        "T1", E(mean_squared_gradient) <= 2 * gap0_upper / (lambda_min * gamma * T) + L * gap0_upper / T
    ),
    "half the rate of T3": like("T3", E(gap) <= (gap0 + distance0**2 / (2 * gamma)) / (1 + lambda_min * T / 2)),
    "a larger start of T3": like("T3", E(gap) <= (gap0 + distance0**2 / gamma) / (1 + lambda_min * T)),
    "twice T3_isotropic": like("T3_isotropic", E(gap) <= distance0**2 / (gamma * lambda_min * T)),
    "twice T5": like("T5", E(_T5.metric) <= 2 * _T5.claim.bound),
    "N + 2 for N + 1 in T8": like("T8", E(gap) <= _T8.at({N + 1: N + 2})),
    "twice the floor of T10": like(
        "T10",
        E(gap)
        <= (1 - (1 - a) * eta * K * mu * lambda_min) ** T * gap0
        + a * (lambda_max / lambda_min) * zeta_squared / (mu * (1 - a)),
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("name", TRUE)
def test_a_proof_is_found(name):
    """Would catch a search that knows our claims alone, and a rule or a check that refuses what is right."""
    proof = prove(TRUE[name])
    assert proof is not None
    assert proof.theorem is TRUE[name]
