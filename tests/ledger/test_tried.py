"""Each theorem is tried somewhere: a family says in which settings, and what is forgotten is named."""

import pytest

from rac_theory.ledger import theorem_settings
from rac_theory.ledger.theorem_settings import SETTINGS
from rac_theory.theorems import ALL, convex


def test_each_theorem_is_tried():
    assert {id for setting in SETTINGS.values() for id in setting.claims} == {*ALL}


@pytest.mark.parametrize(
    ("setting", "ids", "said"),
    [
        ("2/L", "", "T3_sharp is tried in no setting of the ledger: name one in TRIED of rac_theory.theorems.convex"),
        ("2/L", "T3_sharp T33", "TRIED of a family must hold ids of theorems, got T33"),
    ],
)
def test_a_list_that_is_forgotten_is_a_sentence(monkeypatch, setting, ids, said):
    monkeypatch.setitem(convex.TRIED, setting, ids)
    with pytest.raises(ValueError, match=said):
        theorem_settings._tried()
