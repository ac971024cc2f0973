"""Where a bound is attained nothing stronger is found, and what a search cannot do without is known."""

from dataclasses import replace
from fractions import Fraction

import pytest

from rac_theory import theorems
from rac_theory.proofs.prove import searched
from rac_theory.theorems import E
from rac_theory.theorems.symbols import L, T, gamma, gap0, gap0_upper, lambda_min, mu

LESS, MORE = Fraction(99, 100), Fraction(101, 100)
slope = lambda_min * gamma

STRONGER = {
    "T1: a hundredth less": ("T1", LESS * 2 * gap0_upper / (slope * T)),
    "T1: a hundredth of a step more": ("T1", 2 * gap0_upper / (slope * (T + Fraction(1, 100)))),
    "T2: a rate of a hundredth more": ("T2", (1 - MORE * gamma * mu * lambda_min) ** T * gap0),
    "T2: a hundredth less": ("T2", LESS * (1 - gamma * mu * lambda_min) ** T * gap0),
    "T2_sharp: 2.01 for 2": ("T2_sharp", (1 - gamma * (Fraction(201, 100) - gamma * L) * mu * lambda_min) ** T * gap0),
}


@pytest.mark.parametrize("name", STRONGER)
def test_a_claim_that_is_a_hundredth_stronger_has_no_proof(name):
    """The theorems are equalities somewhere, so each of these is false: a search that proves too much would be seen."""
    id, bound = STRONGER[name]
    ours = theorems.ALL[id]
    assert ours.tightest.ratio == 1
    assert searched(replace(ours, id=name, claim=E(ours.metric) <= bound, descends=False)) is None
