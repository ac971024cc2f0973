"""Facts that are read off the expression of a method, and what is proved from them alone."""

from functools import reduce
from operator import add

import pytest

from rac_theory import GD, prove
from rac_theory.algebra import Relation
from rac_theory.algorithms import MOMENTUM, SHIFTED_MOMENTUM, H, Method, gradient
from rac_theory.proofs import about_of, checker, facts_of, schemas
from rac_theory.proofs.export import exported
from rac_theory.proofs.fact import read
from rac_theory.statements import About, assumptions
from rac_theory.statements.about import step_of

from .from_facts import MINE, X, facts_for, gamma, searched
from .refused import wrong

PLAIN = GD(0.1).method
READ = {
    "rac_lora_exact": (PLAIN, ("G",)),
    "rac_lora_stochastic": (MINE, ("g",)),
    "rac_lora_by_differences": (PLAIN, ("G", "error")),
    "rac_lora_momentum": (MOMENTUM, ("g",)),
}
SEARCHED = ("T1", "T1_sharp", "T2", "T5", "T6", "T13", "T14", "T14_pl")
STORED = (*SEARCHED, "T2_sharp", "T2_tight", "T5_step", "T13_pl")


@pytest.mark.parametrize("name", READ)
def test_what_is_read_off_is_what_the_trusted_table_says(name):
    """The constant, where it leads, what is added to W, and what is kept; catches any other length."""
    method, along = READ[name]
    assert about_of(method, along) is getattr(assumptions, name)
    step = step_of(method, along)
    L, _, to, row = checker.nodes(checker.STEPS[name])
    assert (step.constant.name, step.leads_to) == (L, to)
    moved = schemas.H(reduce(add, (schemas.VECTORS[each] for each in step.vectors)))
    off = [schemas._read(row) + moved * step.length]
    assert (name in checker.MEMORY) == (step.memory is not None)
    if step.memory is not None:
        kept, then = (schemas._read(checker.nodes(vector)[0]) for vector in checker.MEMORY[name][:2])
        off.append(then - kept * step.memory - moved)
    assert all(read(part).is_zero for each in off for part in each.parts.values())


@pytest.mark.parametrize("id", SEARCHED)
def test_a_theorem_is_found_from_generated_facts_alone(id):
    """By the kernel, which looks for it among these and what is given, and by the checker, which reads it by itself."""
    proof = searched(id)
    assert proof is not None
    checker.check(exported(proof))


@pytest.mark.parametrize("id", STORED)
def test_our_proofs_rest_on_generated_facts_alone(id):
    """But for signs of numbers, which are computed. T2_tight is proved in cases, which it assumes one by one."""
    proof = prove(id)
    cases = {one for fact in proof.granted if not fact.schema for one in fact.by if isinstance(one, Relation)}
    known = {_said(fact) for fact in facts_for(id, *cases)}
    assert not [fact for fact in proof.granted if _said(fact) not in known and fact.schema[:1] != ("sign",)]
    checker.check(exported(proof))


def _said(fact):
    return fact.value.expression, fact.strict, fact.by


def test_facts_of_another_step_are_not_among_them():
    """Would catch a fact of exact gradients in a proof about noisy ones, and one of GaLore or of blocks in turns."""
    exact, noisy = facts_of(PLAIN), facts_of(PLAIN, ("g",))
    assert not {_said(fact) for fact in prove("T1").granted} <= {_said(fact) for fact in noisy}
    for facts, about in ((exact, assumptions.rac_lora_exact), (noisy, assumptions.rac_lora_stochastic)):
        others = {one for fact in facts for one in fact.by if isinstance(one, About)} - {about, *about.implies}
        assert not others
    assert {"remainder", "unbiased"} & {fact.schema[0] for fact in exact} == {"remainder"}
    assert {"remainder", "unbiased"} & {fact.schema[0] for fact in noisy} == {"unbiased"}


def test_of_a_step_that_is_none_of_the_table_nothing_is_granted():
    longer = Method({X: X - 2 * gamma * H(gradient(X))})
    wrong(r"nothing is granted of such a step: Step\(length=2 gamma", facts_of, longer)
    # With exact gradients, which are noisy ones whose noise is zero.
    wrong("nothing is granted of such a step", facts_of, SHIFTED_MOMENTUM)
