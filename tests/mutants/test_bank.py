"""The bank: every mutant is caught by each detector that must, its twin by none, and the page says so.

A detector that went blind, or one that cries wolf, fails here. Random ones have fixed seeds; alpha is 1e-3 for
``verify`` and 1e-6 for the checks and assertions, so a false alarm here, for another seed, has odds of 1 in 10 at most.
"""

import re
from pathlib import Path

import pytest

from rac_theory import Status, theorems

from . import bank, beyond_evidence
from .mutant import DETECTORS, caught

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "mutants.md"
NAMES = {"door"}.union(*DETECTORS.values())

pytestmark = pytest.mark.mutants


@pytest.mark.long
@pytest.mark.parametrize("mutant", bank.BANK, ids=bank.key)
def test_a_mutant_is_caught(mutant, record_property):
    seen = caught(mutant.kind, mutant.wrong)
    record_property("mutant", [bank.key(mutant), *seen])
    assert mutant.caught_by
    assert set(mutant.caught_by) <= NAMES
    missed = set(mutant.caught_by) - set(seen)
    assert not missed, f"{', '.join(sorted(missed))} must catch it, caught by {sorted(seen) or 'nothing'}"


TRIED = {}


def catches_of_a_twin(mutant):
    """What catches a twin, and what ``verify`` answers. Half of them are the twins of several mutants: each once.

    Algorithms are compared by their reprs, which name all parameters, or the digest of their arrays; problems and
    theorems by being one object, which is kept, so that no other takes its place.
    """
    trial = mutant.right()
    told = repr(trial.algorithm), trial.steps, repr(trial.W0), repr(trial.target)
    key = (mutant.kind, type(trial.algorithm), id(trial.problem), id(trial.theorem), *told)
    if key not in TRIED:
        TRIED[key] = trial, caught(mutant.kind, lambda: trial)
    return TRIED[key]


@pytest.mark.long
@pytest.mark.parametrize("mutant", [*bank.BANK, *bank.BEYOND], ids=bank.key)
def test_its_twin_is_not(mutant):
    """And the theorem applies to it, or else its passing would be empty."""
    trial, catches = catches_of_a_twin(mutant)
    assert catches == {}
    if trial.target is None:
        assert trial.answer.status is not Status.NOT_APPLICABLE, trial.answer.reason


@pytest.mark.parametrize("mutant", bank.BEYOND, ids=bank.key)
def test_what_no_evidence_can_refute_is_caught_by_its_proof(mutant, record_property):
    """Its bound stays above the largest exact value that is known, and its proof, followed in numbers, is above it."""
    seen = caught(mutant.kind, mutant.wrong)
    record_property("mutant", [bank.key(mutant), *seen, beyond_evidence.proof_against(mutant)])
    assert seen == {}
    assert mutant.room <= beyond_evidence.share(mutant) < 1
    assert beyond_evidence.proof_against(mutant)


def test_the_bank_is_large_and_its_names_are_told_apart():
    """At least 60, of all four kinds; and every theorem has a mutant."""
    everything = (*bank.BANK, *bank.BEYOND)
    assert len(bank.BANK) >= 60
    assert len({bank.key(mutant) for mutant in everything}) == len(everything)
    assert {mutant.kind for mutant in bank.BANK} == set(DETECTORS)
    mutated = {mutant.name.split(":")[0] for mutant in bank.BANK if mutant.kind == "theorem"}
    assert mutated == set(theorems.ALL)


def test_the_page_has_the_tables_that_the_code_prints():
    """If it has not, write them: ``python -c "from tests.mutants import bank; print(bank.page())"``."""
    (tables,) = re.findall(r"<!-- tables -->\n\n(.*?)\n<!-- end of tables -->", PAGE.read_text("utf-8"), re.DOTALL)
    assert tables == bank.page()
    assert f"{len(bank.BANK)} mutants" in PAGE.read_text("utf-8")
