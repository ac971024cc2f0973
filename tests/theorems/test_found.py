"""What the search found is what it finds, and each theorem of which there is no line has a proof by hand."""

import pytest

from rac_theory.proofs import search
from rac_theory.proofs.found import Recalled
from rac_theory.theorems import found
from rac_theory.theorems.ours import ALL, BY_HAND, LEMMAS

FOUND = [id for id, lines in found.lines().items() if lines]
QUICK = ("T1", "T2", "T5", "T9", "T13", "T16", "T17")


def test_each_theorem_is_proved_by_hand_or_was_found():
    """Catches a theorem that was forgotten, and one that is in both."""
    assert tuple(found.lines()) == tuple(ALL), "python -m rac_theory.theorems writes the file anew"
    assert {id for id, lines in found.lines().items() if not lines} == {*BY_HAND}


@pytest.mark.parametrize("id", [pytest.param(id, marks=() if id in QUICK else pytest.mark.long) for id in FOUND])
def test_the_search_finds_what_the_file_has(id):
    """Catches a file that was written before a change of the search, of a schema or of a claim."""
    assert found.looked_for(ALL[id], LEMMAS) == found.lines()[id]


@pytest.mark.parametrize("id", FOUND)
def test_a_line_is_enough(id):
    """No proof is looked for: catches a label of a fact that no fact has, or two have."""
    assert search(ALL[id], (), LEMMAS, Recalled(found.lines()[id])) is not None


def test_where_no_line_is_kept_the_search_is_asked(monkeypatch):
    """Catches a file that must be whole before a theorem is added to it."""
    monkeypatch.setattr(found, "lines", dict)
    assert found.recalled(ALL["T2"], LEMMAS) is not None


def test_a_line_that_says_something_else_is_not_believed():
    """Half of a sum, or twice a fact, is no longer the value that is asked for; then the search is asked again."""
    growth, step = found.lines()["T2"]
    for wrong in ((growth, step.replace("1/2", "1/3")), (growth, step.rpartition(" + ")[0]), (growth, "1 nothing"), ()):
        assert search(ALL["T2"], (), LEMMAS, Recalled(wrong)) is None
