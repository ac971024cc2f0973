"""True theorems that are not ours get a proof; no false one does, each of which is refuted by a case first."""

from fractions import Fraction

import pytest

from rac_theory import GD, Case, Constants, Status, prove, theorems, verify
from rac_theory.algebra import equal
from rac_theory.algebra.expression import lifted
from rac_theory.proofs.fact import granted, read
from rac_theory.proofs.prove import _beyond_counts, _weight_at, replayed
from rac_theory.statements import assumptions, symbols
from rac_theory.statements import assumptions as known
from rac_theory.statements.symbols import (
    A,
    C,
    K,
    L,
    N,
    T,
    eta,
    gamma,
    gap0,
    gap0_upper,
    lambda_max,
    lambda_min,
    mu,
    s,
    t,
)
from rac_theory.theorems import E, federated, gap, mean_squared_gradient
from rac_theory.theorems import weighted_squared_gradient as weighted

from .false_theorems import FALSE, LINE, is_false, like, slow

rho, a, short = 1 - gamma * mu * lambda_min, federated.a, gamma * L <= 1
mean, S = E(mean_squared_gradient), theorems.T1.claim.bound
BOUND, T8 = theorems.T2.claim.bound, theorems.T8.claim.bound
PL, BELOW = (known.polyak_lojasiewicz,), (known.bounded_below,)
FLOOR = a * (lambda_max / lambda_min) * symbols.zeta_squared / (mu * (1 - a))
# Each left side and each rule of induction; of all 45 but T5_step a proof is found.
TWICE = [
    *("T1", "T2", "T1_tight", "T2_tight", "T3_sharp", "T3_isotropic", "T4", "T5", "T9d"),
    *("T10", "T16", "T18_pl", "T19", "T19_pl", "T20_pl"),
]
TRUE = {
    **{f"twice {id}": like(id, E(theorems.ALL[id].metric) <= 2 * theorems.ALL[id].claim.bound) for id in TWICE},
    "a step later": like("T2", E(gap) <= rho ** (T - 1) * gap0, T >= 1),
    "two steps later": like("T2", E(gap) <= rho ** (T - 2) * gap0, T >= 2),
    "a factor that is more than one": like("T18_pl", E(gap) <= theorems.T18_pl.claim.bound * (1 + gamma * L)),
    "a step less to count": like("T1", mean <= S.at({T: T - 1}), T >= 2),
    "shorter steps": like("T2", E(gap) <= BOUND, 3 * gamma * L <= 1, without=(short,)),
    "steps that are strictly shorter": like("T2", E(gap) <= BOUND, gamma * L < 1, without=(short,)),
    "the start beside it": like("T2_tight", E(gap) <= theorems.T2_tight.claim.bound + gap0),
    "strong convexity for PL": like("T2", E(gap) <= BOUND.at({mu: s}), known.strongly_convex, without=PL),
    "no sketch": like("T2", E(gap) <= (1 - gamma * mu) ** T * gap0, equal(lambda_min, 1), without=(lambda_min > 0,)),
    "assumptions that are not used, one without a normal form": like(
        "T2", E(gap) <= BOUND, known.structured_noise, A <= 1, gamma ** Fraction(11, 10) * L <= 1
    ),
    "a certified infimum": like("T1", mean <= S.at({gap0_upper: gap0}), known.certified_minimum, without=BELOW),
    "half a step, as T1_sharp": like("T1", mean <= S * Fraction(2, 3), gamma * L <= Fraction(1, 2), without=(short,)),
    "a sum of two bounds": like("T1", mean <= S + L * gap0_upper / T),
    "half the rate of T3": like("T3", E(gap) <= (gap0 + symbols.distance0**2 / (2 * gamma)) / (1 + lambda_min * T / 2)),
    "a larger start of T3": like("T3", E(gap) <= (gap0 + symbols.distance0**2 / gamma) / (1 + lambda_min * T)),
    "N + 2 for N + 1 in T8": like("T8", E(gap) <= T8.at({N + 1: N + 2})),
    "twice the floor of T10": like("T10", E(gap) <= (1 - (1 - a) * eta * K * mu * lambda_min) ** T * gap0 + FLOOR),
}


@pytest.mark.long
@pytest.mark.parametrize("name", TRUE)
def test_a_proof_is_found(name):
    """Would catch a search that knows our claims alone, and a rule or a check that refuses what is right."""
    proof = prove(TRUE[name])
    assert proof is not None
    assert proof.theorem is TRUE[name]


def test_what_a_proof_needed_and_is_proved_is_no_longer_needed():
    """Catches a fact that goes on to rest on it."""
    shorter, fact = 3 * gamma * L <= 1, prove("T2").fact
    again = replayed(fact, {short: granted("", short, shorter)})
    assert short in fact.by
    assert again.by == fact.by - {short} | {shorter}
    assert again.value == fact.value


def test_T_minus_1_is_proved_by_a_power_that_exists():
    """With T >= 1 given; its bound is larger than that of T2 by a step."""
    proof = prove(TRUE["a step later"])
    assert (T >= 1) in proof.needs
    bound = proof.theorem.bound(Constants(gamma=1.0, mu=0.5, lambda_min=0.5, gap0=1.0), 2)
    assert bound[1:].tolist() == [1.0, 0.75]


def test_a_weight_is_not_negative_at_each_t_as_a_power_of_what_is_not():
    """And no other power is one of those: of T - 1 - t more would have to be known."""
    signs = (granted("", mu >= 0),)
    assert _weight_at(mu**t, signs).value == read(mu**t)
    assert _weight_at(mu**2, signs).value == read(mu**2)
    assert _weight_at((mu - 1) ** t, signs) is None


def test_one_more_than_what_counts_is_positive():
    """Of sums of all that counts, and of nothing else: catches one of all three that is forgotten."""
    sums = (T + N - K >= 0, T - N >= 0, N - K + mu >= 0, T >= 0)
    found = [fact for one in sums for fact in _beyond_counts([granted("", one)])]
    assert [(fact.value, fact.strict) for fact in found] == [(read(1 + of), True) for of in (T + N - K, T - N)]


VOID = C * (C / C**2)
"""Reads as 1, and is 0 where C is: zero times what is not known is zero."""


@pytest.mark.parametrize("name", FALSE)
def test_a_false_theorem_has_no_proof(name):
    """A rate, a factor, an eigenvalue, an exponent, or a number of steps that is wrong, and what is not assumed."""
    assert is_false(FALSE[name])
    assert prove(FALSE[name]) is None


ABUSES = {
    "a number that is read as 1": like("T2", E(gap) <= slow**T * gap0 * VOID, assumptions.structured_noise),
    "weights that are read as 1": like(
        "T1", E(weighted(VOID)) <= 2 * gap0_upper / (lambda_min * gamma * T), assumptions.structured_noise
    ),
    "a step size as an exponent": like("T2", E(gap) <= slow**T * gap0 * lifted(-1) ** (2 * gamma)),
}


@pytest.mark.parametrize("name", ABUSES)
def test_what_is_read_is_what_is_computed(name):
    """On L x^2/2 with gamma = 1/2 and no noise: found false, and proved."""
    assert verify(ABUSES[name], Case(GD(gamma=0.5), LINE, steps=4)).status == Status.VIOLATED
    assert prove(ABUSES[name]) is None
