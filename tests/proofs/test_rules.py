"""Rules: whoever is told of one finds all of it in its member."""

from itertools import product
from pkgutil import resolve_name
from types import SimpleNamespace

import pytest

from rac_theory import prove
from rac_theory.proofs import checker
from rac_theory.proofs.rules import Rule
from rac_theory.theorems import ALL
from tests.as_one_test import as_one_test

BY_HAND = {"sign": "", "mean": "H m", "cases": "split", "instance": "place ()"}
"""What may be written beside the rules that the checker has by hand."""


def test_the_checker_has_each_rule_with_what_is_written_beside_it_and_no_other():
    """A rule that is spelled otherwise there, or asks for other arguments, would be refused in every file."""
    for rule in Rule:
        name, *beside = rule.checked.split()
        if name in checker.BY_HAND:
            assert set(beside) <= set(BY_HAND[name].split()), rule
        else:
            assert rule.checked == checker._RULES[name][0], rule
    assert checker._RULES.keys() | checker.BY_HAND.keys() == {rule.checked.split()[0] for rule in Rule}


def test_what_writes_its_lemma_for_coq_is_there():
    assert all(callable(resolve_name(f"rac_theory.proofs.coq.{rule.coq}")) for rule in Rule)


@pytest.mark.long
def test_rules_are_used_and_what_is_silent_is_a_fact_of_theirs():
    """All but those by which a claim of a reader's follows from one of ours."""
    used: dict[Rule, int] = {}
    for fact in (fact for id in ALL for fact in prove(id).facts if fact.rule):
        used[fact.rule] = max(used.get(fact.rule, 0), len(next(iter(fact.of))))
    assert used.keys() == {*Rule} - {Rule.SQUARES, Rule.LAST}
    for rule in (Rule.ITERATE, Rule.TELESCOPE, Rule.POTENTIAL):
        used[rule] += 1  # a reader's potential may begin with a gap and with a distance, ours with a gap
    assert [rule for rule, facts in used.items() if any(i >= facts for i in rule.silent)] == []


@as_one_test(("first", "second"), product([True, False], repeat=2))
def test_by_cases_something_is_strict_where_it_is_in_both(first, second):
    """Catches a fact that may be an equality in one of them, and is divided by."""
    where = SimpleNamespace(
        _stated=lambda node, lasting: ("<=", "T", 1), lasting=set(), holding=(), _defined=lambda *_: None,
        _same=lambda number, other: True,
    )  # fmt: skip
    facts = [checker.Fact(1, 0, "T", strict, frozenset(), False, (), "") for strict in (first, second)]
    said = checker.File._by_hand(where, "cases", ["T <= 1"], facts, ())
    assert said == (0, "T", first and second, frozenset())
