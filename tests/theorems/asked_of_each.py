"""What is asked of each theorem about a method with a memory, from a table of its cases."""

from dataclasses import replace

import pytest

from rac_theory import Status, theorems, verify
from rac_theory.statements import E


def of_pairs(ids, cases):
    """Return the pairs of a theorem and a case, as parameters: a case may name its own theorems before itself."""
    rows = [(*(case if isinstance(case, tuple) else (ids, case)), name) for name, case in cases.items()]
    pairs = [pytest.param(id, case, name, id=f"{name}-{id}") for its, case, name in rows for id in its]
    return pytest.mark.parametrize(("id", "case", "name"), pairs)


def holds_exactly(ids, cases):
    """Return the test that a theorem holds by exact expectations: catches a bound that is too low."""

    @of_pairs(ids, cases)
    def test(id, case, name):
        verdict = verify(id, case)
        assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact"), verdict

    return test


def names_what_is_broken(ids, cases):
    """Return the test that where one assumption is not met it is named: catches one that is not looked at."""

    @of_pairs(ids, cases)
    def test(id, case, name):
        verdict = verify(id, case)
        assert verdict.status is Status.NOT_APPLICABLE
        assert any(name in unmet for unmet in verdict.unmet), verdict.unmet

    return test


def refutes(cases):
    """Return the test that a theorem with another bound is refuted: each false one, (id, bound, case), by its name."""

    @pytest.mark.parametrize("name", cases)
    def test(name):
        id, bound, case = cases[name]
        theorem = theorems.ALL[id]
        false = replace(theorem, id="false", claim=E(theorem.metric) <= bound, lemmas={})
        assert verify(false, case, runs=512, rng=0).status is Status.VIOLATED

    return test


def ratios(id, case):
    """The exact expectation at each T >= 1, of its bound."""
    verdict = verify(id, case)
    assert verdict.evidence == "exact"
    return verdict.mean[1:] / verdict.bound[1:]
