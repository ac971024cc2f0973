"""The proofs that are written down: one for each theorem, and none for a theorem that is changed."""

from functools import reduce
from operator import add, mul

from rac_theory import theorems
from rac_theory.algebra.expression import lifted
from rac_theory.algebra.roots import without_squares
from rac_theory.proofs import Proof, found
from rac_theory.proofs.drawn import H, mean
from rac_theory.proofs.fact import facts_in, read
from rac_theory.proofs.facts import instances, mu_below_L, nothing, plus, square
from rac_theory.proofs.quantities import G
from rac_theory.statements.symbols import L, mu
from rac_theory.theorems import prove
from rac_theory.theorems.ours import STORED
from tests.as_one_test import as_one_test
from tests.proofs.missing import missing


@as_one_test("id", theorems.ALL)
def test_each_theorem_has_a_proof(id):
    """A factor, sign or exponent that is wrong in a claim, or in what is proved, would be seen."""
    proof = prove(id)
    assert proof is not None
    assert proof.theorem is theorems.ALL[id]


def test_a_proof_is_of_its_own_theorem_alone():
    missing("the claim is not what is proved", Proof, theorems.T1_sharp, *STORED["T1_tight"]())
    missing("T1 does not assume: 0 < gamma L < 2", Proof, theorems.T1, *STORED["T1_sharp"]())


def test_a_fact_is_called_by_what_is_granted_and_what_has_no_schema_as_it_is_said():
    """On average too: by these names a stored proof finds its facts."""
    known = [mean(square(H(G))), square(G * L), nothing, mu_below_L, plus[mu]]
    names = ["square(1*HG)", "square(1L*G)", ":0<=0", "mu_below_L", "Polyak-Lojasiewicz:0<mu"]
    assert [*map(found._named, known)] == names
    assert mu_below_L in [*instances(mu_below_L.by, ())]
    assert mu_below_L not in [*instances([*mu_below_L.by][:1], ())]


@as_one_test("id", STORED)
def test_what_must_be_positive_is_said_to_be(id):
    """All that a claim is multiplied by, and what is divided by: catches 0 <= in a printed proof, for what is 0 <."""
    proof = prove(id)
    inverses = [fact for fact in facts_in(proof.fact, proof.times) if fact.name.startswith("1 / (")]
    divisors = [part for fact in inverses for product in fact.of for part in product]
    for fact in (*facts_in(proof.times), *divisors):
        assert fact.said is None or (fact.said.signs == ("<",)) is fact.strict, fact


@as_one_test("id", STORED)
def test_no_fact_is_idle(id):
    """Without what a fact adds a sum would be another number: catches a proof that rests on what it does not use."""
    proof = prove(id)
    for fact in facts_in(proof.fact, proof.times):
        if fact.rule or not fact.of or fact.name.startswith("1 / ("):
            continue
        sums = {p: times for p, times in fact.of.items() if not any(each.value.is_zero for each in p)}
        for part in {each for product in sums for each in product}:
            terms = [_value(product) * read(lifted(times)) for product, times in sums.items() if part in product]
            assert not without_squares(reduce(add, terms)).is_zero, (fact, part)


def _value(facts):
    return reduce(mul, (each.value for each in facts), read(lifted(1)))
