"""What a theorem is about, what follows a step, and facts that are read off a method: of ours it stands in a table, and
of a reader's nothing is believed that a false claim could be proved by.
"""

import pickle
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import add

import pytest

from rac_theory import GD, Case, Constants, Decreasing, Status, prove, verify
from rac_theory.algebra import Relation
from rac_theory.algorithms import MOMENTUM, SHIFTED_MOMENTUM
from rac_theory.proofs import Proof, about_of, checker, facts_of, induction, schemas, search
from rac_theory.proofs.drawn import H
from rac_theory.proofs.export import exported
from rac_theory.proofs.fact import granted, read
from rac_theory.proofs.quantities import E as expected
from rac_theory.proofs.quantities import G, V, error, g, gap_next
from rac_theory.proofs.quantities import gap as gap_at_W
from rac_theory.statements import About, assumptions
from rac_theory.statements.about import Step, fresh_projection, implied, rac_lora_exact, rac_lora_stochastic, step_of
from rac_theory.statements.symbols import L, T, distance0, gamma, gap0, lambda_min, mu
from rac_theory.theorems import T2, E, Theorem, gap, squared_distance
from rac_theory.theorems.ours import STORED
from tests.as_one_test import as_one_test
from tests.proofs.missing import missing
from tests.refused import raises, wrong

from .false_theorems import LINE
from .from_facts import LONGER, MINE, facts_for
from .from_facts import searched as found

OURS = {name: one for name, one in vars(assumptions).items() if isinstance(one, About)}
SHRINKING = Case(Decreasing(GD(gamma=0.5), 1.0), LINE, steps=12)
"""Steps that decrease, on which the rate of the first is false."""


def anything(case: Case, c: Constants) -> None:
    """Any algorithm."""


def searched(theorem: Theorem) -> Proof | None:
    """Look for a proof, with ours of T2 as a lemma; all lemmas would take seconds."""
    return search(theorem, [prove("T2")])


def about(algorithm, of: Theorem = T2, **changed) -> Theorem:
    return replace(of, id="mine", about=algorithm, tightest=None, descends=False, **changed)


class Deaf(About):
    """A record that asks a case of nothing that it implies."""

    def __call__(self, case, constants):
        return None


@dataclass(frozen=True)
class Impostor:
    """A function that says that it is rac_lora_exact, or whatever it is compared with."""

    def __call__(self, case, c):
        return None

    def __eq__(self, other):
        return True

    def __hash__(self):
        return hash(rac_lora_exact)


def _in_disguise() -> About:
    """A record with the name, the module, the step and the words of ours, that admits anything."""
    record = About(partial(anything), (), rac_lora_exact.step)
    for name in ("__name__", "__module__", "__doc__"):
        object.__setattr__(record, name, getattr(rac_lora_exact, name))
    return record


CLAIMS_TO_BE = {
    "a function": anything,
    "a step": About(anything, step=rac_lora_exact.step),
    "the name": _in_disguise(),
    "another admission": replace(rac_lora_exact, admits=anything, implies=()),
    "a deaf subclass": Deaf(anything, (rac_lora_exact,)),
    "equality": Impostor(),
}


@pytest.mark.parametrize("name", CLAIMS_TO_BE)
def test_no_record_of_a_readers_makes_a_false_claim_proved(name):
    """The attack: a case in which T2's rate is false is admitted, and what is said of its steps would prove it."""
    theorem = about(CLAIMS_TO_BE[name])
    assert verify(theorem, SHRINKING).status is Status.VIOLATED
    assert searched(theorem) is None
    why = r"mine does not assume: .*RAC-LoRA with the projected step and the exact"
    missing(why, Proof, theorem, *STORED["T2"]())


def test_a_step_that_is_said_to_be_twice_as_long_proves_no_rate_that_is_twice_as_fast():
    """The attack by a false rule: the cases are ours, and only what follows a step is another."""
    mine = About(rac_lora_exact.admits, (fresh_projection,), Step(2 * gamma, ("G",)))
    given = (assumptions.smooth, 2 * gamma * L <= 1, assumptions.certified_minimum, assumptions.polyak_lojasiewicz)
    theorem = about(mine, given=(*given, lambda_min > 0), claim=E(gap) <= (1 - 2 * gamma * mu * lambda_min) ** T * gap0)
    assert verify(theorem, Case(GD(gamma=0.25), LINE, steps=6)).status is Status.VIOLATED
    assert searched(theorem) is None
    wrong("must be one of steps", schemas.grant, "descent", mine)
    length, zero = granted("", V @ V <= V @ V), granted("", lambda_min >= 0)
    unknown, start = r"after a step is not known of <About rac_lora_exact>", induction.Psi.of(distance0, mine)
    missing(unknown, induction.iterate, length, zero, start)
    psi = induction.Psi(mine, V @ V, gap0, {gap0: zero})
    missing("after a step is not known of", induction.potential, psi, *[length] * 4, lambda_min)


def test_what_a_record_implies_is_asked_of_each_case():
    """So a proof by it is about no case in which it is false."""

    @partial(About, implies=(rac_lora_exact,))
    def mine(case, c):
        """Anything."""

    theorem = about(mine)
    proof = searched(theorem)
    assert proof is not None
    assert proof.needs[0] is mine
    assert verify(theorem, SHRINKING).status is Status.NOT_APPLICABLE
    assert verify(theorem, Case(GD(gamma=0.5), LINE, steps=12)).status is Status.HOLDS
    file = exported(proof)
    assert "\ngiven rac_lora_exact\ngiven fresh_projection\n" in file
    checker.check(file)
    assert "ip (grad W) (grad W)" in proof.coq()  # the space of an exact step
    without = file.replace("given rac_lora_exact\n", "")
    raises(checker.Refused, "this is not assumed: rac_lora_exact", checker.check, without)


_CURVED = (assumptions.smooth, gamma * L <= 1, assumptions.convex, assumptions.known_minimiser, assumptions.isotropic)


def test_a_reader_may_follow_distances_too():
    """By the step of what an algorithm implies: no distance grows."""
    mine = About(anything, (rac_lora_exact,))
    proof = searched(about(mine, given=_CURVED, claim=E(squared_distance) <= distance0**2))
    assert proof is not None
    checker.check(exported(proof))
    assert "step_of_sq_V" in proof.coq()


def test_the_table_and_each_value_say_the_same_step(monkeypatch):
    """In two languages; a row that says another length, vector, constant or end is an error where it is used.

    And who has a step, and who draws afresh, is the same for kernel and checker.
    """
    assert {name for name, one in OURS.items() if one.step is not None} == checker.STEPS.keys()
    assert {name for name, one in OURS.items() if fresh_projection in implied(one)} == checker.IMPLIED
    for name, words in [*checker.STEPS.items()]:
        assert schemas.move_of(OURS[name]) is not None
        L_or_L_max, _, to, step, *_ = map(checker.text, checker.nodes(words))
        for row in (
            f"mu smooth {to} {step}",
            f"{L_or_L_max} smooth distance {step}",
            f"{L_or_L_max} smooth {to} {step.replace('-1', '-2')}",
            f"{L_or_L_max} smooth {to} (+ {step} V)",
        ):
            monkeypatch.setitem(checker.STEPS, name, row)
            why = f"what a step of {name} is must be said by the table as by itself"
            wrong(why, schemas._move.__wrapped__, name)


def test_what_a_distance_is_after_a_step():
    """Of GaLore the point after the first of several steps is known, and not the next iterate.

    It rests on the algorithm, and what becomes of a gap does not, a letter for whatever the next iterate is.
    """
    after = {name: induction.after(one).get(V @ V) for name, one in OURS.items()}
    noisy, estimated = V - H(g) * gamma, V - (H(G) + H(error)) * gamma
    assert (read(after["rac_lora_stochastic"]) - read(expected(noisy @ noisy))).is_zero
    assert (read(after["rac_lora_by_differences"]) - read(expected(estimated @ estimated))).is_zero
    elsewhere = {"galore_exact", "rac_lora_accelerated"}  # a step from Y
    assert {name for name, each in after.items() if each is not None} == checker.STEPS.keys() - elsewhere
    assert induction.after()[gap_at_W] == expected(gap_next)
    one, after = granted("", gamma >= gamma - 1), V - H(G) * gamma
    step, falls = (granted("", said) for said in (expected(after @ after) <= V @ V, expected(gap_next) <= gap_at_W))
    assert rac_lora_exact in induction.iterate(step, one, induction.Psi.of(distance0, rac_lora_exact)).by
    assert rac_lora_exact not in induction.iterate(falls, one, induction.Psi.of(gap0, rac_lora_exact)).by


def _of_distance(about: str) -> str:
    step = checker.text(checker.nodes(checker.STEPS[about])[3])
    return f"""{checker.VERSION}
theorem X
about {about}
given (known distance0)
given (> lambda_min 0)
claim (<= D_T (^ distance0 2))
fact 1 granted number : (< 0 1)
fact 2 granted square (+ V {step}) : (<= 0 (dot (+ V {step}) (+ V {step})))
fact 3 rule mean H 2 : (<= 0 (E (dot (+ V {step}) (+ V {step}))))
fact 4 rule sign : (<= 0 0)
fact 5 rule iterate distance0 (dot V V) 3 1 4 4 4 1 4 : (<= D_T (+ (^ distance0 2) (* T 0)))"""


def test_the_checker_asks_what_a_step_is_where_a_distance_is_followed():
    """A fact that is about another number than what V is after a step leaves something that is drawn."""
    for about, why in (
        ("rac_lora_stochastic", "must not depend on what is drawn"),
        ("galore_exact", "what V is after a step is not known of galore_exact"),
    ):
        raises(checker.Refused, why, checker.check, _of_distance(about))


def test_a_record_comes_back_from_a_pickle_as_the_one_that_is_there():
    """Else facts that rest on ours would rest on a copy; one without a name comes back as another like it."""
    assert pickle.loads(pickle.dumps(rac_lora_stochastic)) is rac_lora_stochastic
    nameless = About(anything, (rac_lora_exact,))
    again = pickle.loads(pickle.dumps(nameless))
    assert (again.admits, again.implies, again.step) == (anything, (rac_lora_exact,), None)


@as_one_test(
    ("arguments", "said"),
    [
        ((None,), "admits must be a function of a case and its constants, or be of such functions, got None"),
        ((About,), "admits must be a function"),
        ((anything, (1,)), "implies must be a function of a case and its constants, or be of such functions, got 1"),
        ((anything, rac_lora_exact), r"implies must be a tuple of predicates, .* got <About rac_lora_exact>"),
        ((anything, (), "gamma"), "step must be a Step, got 'gamma'"),
    ],
)
def test_what_is_no_record_is_refused(arguments, said):
    wrong(said, About, *arguments)


PLAIN = GD(0.1).method
READ = {
    "rac_lora_exact": (PLAIN, ("G",)),
    "rac_lora_stochastic": (MINE, ("g",)),
    "rac_lora_by_differences": (PLAIN, ("G", "error")),
    "rac_lora_momentum": (MOMENTUM, ("g",)),
}
SEARCHED = ("T1", "T1_sharp", "T2", "T5", "T6", "T13", "T14", "T14_pl")
GENERATED = (*SEARCHED, "T2_sharp", "T2_tight", "T5_step", "T13_pl")


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
    proof = found(id)
    assert proof is not None
    checker.check(exported(proof))


@pytest.mark.parametrize("id", GENERATED)
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
    wrong(r"nothing is granted of such a step: Step\(length=2 gamma", facts_of, LONGER)
    # With exact gradients, which are noisy ones whose noise is zero.
    wrong("nothing is granted of such a step", facts_of, SHIFTED_MOMENTUM)
