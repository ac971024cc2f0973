"""Every theorem says how near an exact value is known to come to its bound."""

from dataclasses import replace

from rac_theory import theorems
from rac_theory.theorems import Theorem, Tightest
from tests.as_one_test import as_one_test


@as_one_test("t", theorems.ALL.values(), ids=lambda t: t.id)
def test_every_theorem_of_ours_has_a_number_and_a_case(t):
    """The numbers themselves are reproduced beside the theorems; nothing may exceed 1, or the theorem is false."""
    assert isinstance(t.tightest, Tightest)
    assert 0 < t.tightest.ratio <= 1
    assert t.tightest.case
    assert "\n" not in t.tightest.case
    assert len(t.tightest.case) <= 120


def test_a_theorem_of_a_user_need_not_have_one():
    """Nothing is shown of it then; catches a number that is taken over, or asked for."""
    t = theorems.T2
    users = Theorem(id="X", source="", mark="derived", about=t.about, given=t.given, claim=t.claim)
    assert users.tightest is None
    assert "attained" not in users._repr_html_()
    near = replace(users, tightest=Tightest(0.5, "somewhere"))
    assert "up to 0.5 of the bound: somewhere" in near._repr_html_()
