"""What is asked of every theorem about a method with a memory: where it holds, and what is refuted and not met."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Constants, Status, theorems, verify
from rac_theory.statements import E

from . import (
    test_acceleration,
    test_error_feedback,
    test_gradient_memory,
    test_momentum,
    test_momentum_in_links,
    test_preconditioned,
)

ACCELERATION, MOMENTUM, LINKS = ("T21", "T21_H"), ("T22", "T22_pl"), ("T23", "T23_pl")
FEEDBACK, GRADIENT, WEIGHTS = ("T25",), ("T27", "T27_pl"), ("T26", "T26_pl")
EXACT = {
    ACCELERATION: test_acceleration.EXACT,
    MOMENTUM: test_momentum.EXACT,
    LINKS: test_momentum_in_links.EXACT,
    FEEDBACK: test_error_feedback.EXACT,
    GRADIENT: test_gradient_memory.EXACT,
}


@pytest.mark.parametrize(("id", "name"), [(id, name) for ids, cases in EXACT.items() for id in ids for name in cases])
def test_it_holds_exactly(id, name):
    (case,) = (cases[name] for ids, cases in EXACT.items() if id in ids)
    verdict = verify(id, case)
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact"), verdict


REFUTED = {
    f"{test.REFUTED[name][0]}: {name}": test.REFUTED[name]
    for test in (test_momentum_in_links, test_preconditioned, test_error_feedback, test_gradient_memory)
    for name in test.REFUTED
}


@pytest.mark.parametrize("name", REFUTED)
def test_tampered_with_it_is_refuted(name):
    id, bound, case = REFUTED[name]
    false = replace(theorems.ALL[id], id="false", claim=E(theorems.ALL[id].metric) <= bound, lemmas={})
    verdict = verify(false, case)
    assert verdict.status is Status.VIOLATED, verdict


BROKEN = [
    *((ids, why, case) for why, (ids, case) in test_acceleration.NOT_APPLICABLE.items()),
    *((ids, why, case) for why, (ids, case) in test_momentum.NOT_APPLICABLE.items()),
    *((ids, why, case) for why, (ids, case) in test_momentum_in_links.NOT_APPLICABLE.items()),
    *((FEEDBACK, why, case) for why, case in test_error_feedback.NOT_APPLICABLE.items()),
    *((GRADIENT, why, case) for why, case in test_gradient_memory.NOT_APPLICABLE.items()),
    *((WEIGHTS, why, case) for why, case in test_preconditioned.NOT_APPLICABLE.items()),
]


@pytest.mark.parametrize(("id", "why", "case"), [(id, why, case) for ids, why, case in BROKEN for id in ids])
def test_each_assumption_that_is_broken_is_named(id, why, case):
    verdict = verify(id, case)
    assert verdict.status is Status.NOT_APPLICABLE
    assert any(why in sentence for sentence in verdict.unmet), verdict.unmet


UNKNOWN = [
    (test_acceleration.EXACT["weighted"], test_acceleration.UNKNOWN),
    (test_momentum.EXACT["weighted"], test_momentum.UNKNOWN),
    (test_momentum_in_links.EXACT["at the edge"], test_momentum_in_links.UNKNOWN),
    (test_error_feedback.EXACT["weighted"], test_error_feedback.UNKNOWN),
]


@pytest.mark.parametrize(
    ("case", "name", "id"), [(case, name, id) for case, asked in UNKNOWN for name, ids in asked.items() for id in ids]
)
def test_each_constant_that_is_not_known_is_asked_for(case, name, id):
    unknown = replace(Constants.of(case), **{name: np.nan})
    assert verify(id, case, constants=unknown).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(("id", "module"), [("T22", test_momentum), ("T25", test_error_feedback)])
def test_beta_above_1_is_named(id, module):
    case = module.EXACT["weighted"]
    more = replace(Constants.of(case), beta=1.5)
    assert any("beta <= 1" in sentence for sentence in verify(id, case, constants=more).unmet)
