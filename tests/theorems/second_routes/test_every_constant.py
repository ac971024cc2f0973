"""Each constant, sign, exponent, term, factor and limit of each claim, changed in turn: none is believed."""

import pytest

from rac_theory import theorems
from rac_theory.algebra import text

from .changed import changed_claims
from .exact import EXACT
from .proofs import PROOFS
from .reach import Point, is_met, relations
from .same import same

EVERY = {id: [*PROOFS[id], *EXACT.get(id, ())] for id in theorems.ALL}


@pytest.mark.parametrize("id", theorems.ALL)
def test_the_claim_is_an_equality_where_its_second_routes_say(id):
    """Up to 1e-9, by exact expectations and by the proof; would catch a second route that follows another theorem."""
    for equality in EVERY[id]:
        at = Point(equality.c, max(equality.times))
        assert all(is_met(relation, at) for relation in relations(theorems.ALL[id])), equality.case
        assert equality.agrees(theorems.ALL[id]), (equality.case, equality.apart(theorems.ALL[id]))


@pytest.mark.long
@pytest.mark.parametrize("id", theorems.ALL)
def test_no_change_survives(id):
    """Would catch each constant that is off by a tenth: some equality is missed by more than 1e-6.

    What survives must be the same claim in other words, exactly. And what is computed is what is read: a changed claim
    has another statement, in which one of its formulas is another.
    """
    theorem, surviving, killed, the_same = theorems.ALL[id], [], 0, 0
    printed = [text(formula) for formula in theorem.claim.formulas]
    for changed in changed_claims(theorem):
        assert any(text(formula) != before for formula, before in zip(changed.claim.formulas, printed, strict=False))
        if any(equality.refutes(changed) for equality in EVERY[id]):
            killed += 1
        elif same(theorem, changed):
            the_same += 1
        else:
            surviving.append(changed.statement)
    assert surviving == []
    assert killed > 30 > the_same


@pytest.mark.parametrize(
    ("id", "claim"),
    [
        ("T2", "E[f(W^T)] - f* <= (1 - gamma mu)^T (f(W^0) - f*)."),
        ("T1", "(1/T) sum_{t<T} E||grad f(W^t)||^2 <= (f(W^0) - f*) / (lambda_min gamma T)."),
        ("T3", "E[f(W^T)] - f* <= (f(W^0) - f* + ||W^0 - W*||^2 / (2 gamma)) / (1 + lambda_min T^2)."),
    ],
)
def test_what_once_survived_is_among_the_changes(id, claim):
    """Three wrong statements that a reader met on a page, while the right one was computed."""
    assert claim in {changed.statement for changed in changed_claims(theorems.ALL[id])}
