"""Rules: whoever is told of one finds all of it in its member."""

from pkgutil import resolve_name
from types import SimpleNamespace

import pytest

from rac_theory import prove
from rac_theory.proofs import checker
from rac_theory.proofs.rules import Rule
from rac_theory.theorems import ALL

BY_HAND = {"sign": "", "mean": "H m", "cases": "split", "instance": "place ()"}
"""What may be written beside the rules that the checker has by hand."""


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name)
def test_the_checker_has_each_rule_with_what_is_written_beside_it(rule):
    """A rule that is spelled otherwise there, or asks for other arguments, would be refused in every file."""
    name, *beside = rule.checked.split()
    if name in checker.BY_HAND:
        assert set(beside) <= set(BY_HAND[name].split()), rule
    else:
        assert rule.checked == checker._RULES[name][0], rule


def test_the_checker_has_no_other_rule_by_which_a_proof_of_ours_could_go():
    names = {rule.checked.split()[0] for rule in Rule}
    assert checker._RULES.keys() | checker.BY_HAND.keys() == names


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name)
def test_what_writes_its_lemma_for_coq_is_there(rule):
    assert callable(resolve_name(f"rac_theory.proofs.coq.{rule.coq}"))


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


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True), (False, False)])
def test_by_cases_something_is_strict_where_it_is_in_both(first, second):
    """Catches a fact that may be an equality in one of them, and is divided by."""
    where = SimpleNamespace(
        _stated=lambda node, lasting: ("<=", "T", 1), lasting=set(), holding=(), _defined=lambda *_: None,
        _same=lambda number, other: True,
    )  # fmt: skip
    facts = [checker.Fact(1, 0, "T", strict, frozenset(), False, (), "") for strict in (first, second)]
    said = checker.File._by_hand(where, "cases", ["T <= 1"], facts, ())
    assert said == (0, "T", first and second, frozenset())
