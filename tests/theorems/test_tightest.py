"""Every theorem says how near an exact value is known to come to its bound."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Case, RACLoRA, sketches, theorems, verify
from rac_theory.problems import Quadratic
from rac_theory.theorems import Theorem, Tightest


@pytest.mark.parametrize("t", theorems.ALL.values(), ids=lambda t: t.id)
def test_every_theorem_of_ours_has_a_number_and_a_case(t):
    """The numbers themselves are reproduced beside the theorems; nothing may exceed 1, or the theorem is false."""
    assert isinstance(t.tightest, Tightest)
    assert 0 < t.tightest.ratio <= 1
    assert t.tightest.case
    assert "\n" not in t.tightest.case
    assert len(t.tightest.case) <= 120


@pytest.mark.parametrize("t", [theorems.T1, theorems.T2, theorems.T1_sharp, theorems.T2_sharp], ids=lambda t: t.id)
@pytest.mark.parametrize("gamma_L", [1.0, 0.3, 1.7])
def test_the_equalities_of_the_spine(t, gamma_L):
    """T1 at GD and 1/L, T2 for a Haar sketch at 1/L, T2_sharp at any step; T1_sharp loses E f(W^T), by hand."""
    problem = Quadratic.left(2 * np.eye(4), np.ones((4, 3)))
    if t.id in ("T1", "T2") and gamma_L != 1:
        gamma_L = 1.0
    sketch = None if t.metric is theorems.T1.metric and gamma_L == 1 else sketches.Haar(4, 1)
    algorithm = GD(0.5) if sketch is None else RACLoRA(sketch, gamma_L / 2)
    verdict = verify(t, Case(algorithm, problem, steps=40))
    assert verdict.evidence == "exact"
    lost = 0.0
    if sketch is not None and t.metric is theorems.T1.metric:
        lost = (1 - gamma_L * (2 - gamma_L) / 4) ** np.arange(1, 41)
    np.testing.assert_allclose(verdict.mean[1:] / verdict.bound[1:], 1 - lost, rtol=1e-9)
    assert t.tightest.ratio == 1.0


def test_a_theorem_of_a_user_need_not_have_one():
    """Nothing is shown of it then; catches a number that is taken over, or asked for."""
    t = theorems.T2
    users = Theorem(id="X", source="", mark="derived", about=t.about, given=t.given, claim=t.claim)
    assert users.tightest is None
    assert "attained" not in users._repr_html_()
    near = replace(users, tightest=Tightest(0.5, "somewhere"))
    assert "up to 0.5 of the bound: somewhere" in near._repr_html_()
