"""A Lyapunov function of a reader's own: what it proves is checked by kernel and checker, what fails is named."""

from dataclasses import replace

import pytest

from rac_theory import prove, theorems
from rac_theory.proofs import G, M, Missing, V, Vz, checker, exported, gap, one, star
from rac_theory.statements import symbols
from rac_theory.statements.assumptions import known_minimiser
from rac_theory.statements.symbols import C, L, T, distance0, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu, s
from rac_theory.theorems import E
from rac_theory.theorems import gap as mean_gap
from tests.as_one_test import as_one_test

T1, T2, T4, T4_gap, T20_pl, T21, T22 = (theorems.ALL[id] for id in ["T1", "T2", "T4", "T4_gap", "T20_pl", "T21", "T22"])
GIVEN = (
    *(each for each in T22.given if "theta" not in repr(each)),
    2 * gamma * L <= 1,
    lambda_max <= 1 - symbols.momentum,
)
FLOOR = (gamma * L + (1 - gamma * L) / 2) * C * lambda_max / lambda_min
CLAIM = E(T22.metric) <= 2 * gap0_upper / (gamma * lambda_min * T) + FLOOR
SIMPLE = replace(T22, id="simple", given=GIVEN, claim=CLAIM, lemmas={}, tightest=None)
ACCELERATED = replace(T21, id="T21 of mine", given=(*T21.given, lambda_min > 0, symbols.alpha <= 1))
BOTH = replace(
    T4_gap,
    id="both",
    given=(*T4_gap.given, known_minimiser),
    claim=E(mean_gap) <= (1 - gamma * s * lambda_min) ** T * (gap0 + s * distance0**2 / 2),
    lemmas={},
    tightest=None,
)
C_M = gamma * (1 - gamma * L) / 4


@pytest.mark.parametrize(("theorem", "psi"), [(T1, gap), (T1, 2 * gap), (T2, gap), (T4_gap, gap), (T20_pl, gap)])
def test_a_potential_proves(theorem, psi):
    """In T20_pl with noise: catches a sum of powers that is asked to begin elsewhere than at rho^0."""
    proof = prove(theorem, potential=psi)
    assert proof.theorem is theorem
    assert proof.fact.schema[1].value == psi
    checker.check(exported(proof))


@pytest.mark.long
@pytest.mark.parametrize(
    ("theorem", "psi"),
    [
        (SIMPLE, gap + C_M * (M @ M)),
        (ACCELERATED, gap + symbols.s_0 * symbols.lambda_0 / 2 * star(Vz, Vz)),
        (theorems.T4, V @ V),
        (BOTH, gap + s * lambda_min / 2 * star(V, V)),
    ],
    ids=["momentum", "acceleration", "distance", "distance in the norm of the inverse of E[H], less lambda_min times"],
)
def test_a_potential_of_what_is_kept_proves(theorem, psi):
    """Accepted by the checker and written for Coq; the noise of momentum, and the distance of Z, are in it."""
    proof = prove(theorem, potential=psi)
    checker.check(exported(proof))
    assert "Theorem" in proof.coq()


def of_T2(bound, **changed):
    return replace(T2, id="other", claim=E(mean_gap) <= bound, **changed)


NO_SIGN = replace(T4, id="no sign", given=tuple(each for each in T4.given if repr(each) != "lambda_min > 0"))
LESS = E(T4.metric) <= (1 - gamma * s * lambda_min) ** T * distance0**2 / lambda_min
FAILS = {
    "psi must be a sum of multiples of f(W) - f*": (T2, gap + G @ G),
    "psi must be at least f(W) - f*": (T2, gap / 2),
    "psi must begin where the claim does": (T2, 2 * gap),
    "how much of ||V||^2 is in psi must not be negative": (T2, gap - V @ V),
    "how much of ||M||^2 is in psi must not be negative": (SIMPLE, gap - C_M * (M @ M)),
    "psi must fall in a step, on average": (
        of_T2((1 - 2 * gamma * mu * lambda_min) ** T * gap0, given=(*T2.given, 2 * gamma * L <= 1)),
        gap,
    ),
    "the factor of a step must not be negative": (of_T2((gamma * mu * lambda_min - 1) ** T * gap0), gap),
    "the bound must be rho^T times": (of_T2(gap0 / (T + 1) ** 3), gap),
    "the bound has nothing that is known at W^0": (of_T2(1 / T), gap),
    "what a step is must be known": (theorems.T16, gap),
    "lambda_min must be positive": (NO_SIGN, star(V, V)),
    # which it is, and so how much of ||W^0 - W*||^2 is in psi is known
    "psi must be at least ||V||^2": (replace(T4, id="star", given=(*T4.given, gamma * L <= 1), claim=LESS), star(V, V)),
}


@pytest.mark.parametrize("why", FAILS)
def test_the_premise_that_fails_is_named(why):
    theorem, psi = FAILS[why]
    with pytest.raises(Missing) as refused:
        prove(theorem, potential=psi)
    assert str(refused.value).startswith(why), refused.value
    assert "\n" not in str(refused.value)


@as_one_test("psi", [mean_gap, 1.0, one, "gap"])
def test_what_is_no_potential_is_refused_in_a_sentence(psi):
    with pytest.raises(ValueError, match=r"potential must be a sum such as gap \+ c \* \(M @ M\)"):
        prove(T2, potential=psi)


def test_a_bound_that_is_a_function_is_refused():
    function = of_T2(lambda c, t: 1.0 + 0 * t, falls="linear", lemmas={})
    with pytest.raises(Missing, match="the bound is a function"):
        prove(function, potential=gap)
