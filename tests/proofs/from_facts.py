"""Proofs that are looked for among the facts of a method, what is given, and nothing else."""

from rac_theory import theorems
from rac_theory.algebra import Relation, Symbol
from rac_theory.algorithms import H, Method, gradient, state
from rac_theory.proofs import Fact, Proof, facts_of, letters_in
from rac_theory.proofs.available import _averaged
from rac_theory.proofs.combination import combined
from rac_theory.proofs.facts import assumed
from rac_theory.proofs.prove import _from_one_step
from rac_theory.statements import About

X, Y = state("X", "Y")
gamma, b = Symbol("gamma"), Symbol("b")
MINE = Method({X: X - gamma * H(gradient(X)), Y: b * Y + H(gradient(X))}, start={Y: X})
"""Like ours in what it reports, whatever it keeps beside."""
LONGER = Method({X: X - 2 * gamma * H(gradient(X))})

ALONG = {"T1": "G", "T2": "G", "T13": "G", "T5": "g", "T6": "g", "T14": "g"}
"""What estimates the gradient in a theorem, by how its name begins."""


def facts_for(id: str, *cases: Relation) -> list[Fact]:
    """Return what is granted of ``MINE`` with the gradients of a theorem, and what that theorem gives, and cases."""
    theorem = getattr(theorems, id)
    of_method = facts_of(MINE, (ALONG[id.partition("_")[0]],), letters_in(theorem.claim.relation))
    holding = theorem.holding.union(cases)
    given = (fact for one in holding if not isinstance(one, About) for fact in assumed(one))
    return [fact for fact in (*of_method, *given) if fact.by <= holding]


def searched(id: str) -> Proof | None:
    """Look for a proof of a theorem of one step, from these alone."""
    averaged = (_averaged(fact) for fact in facts_for(id))
    known = {(fact.value, fact.strict): fact for fact in averaged if fact is not None}
    return _from_one_step(getattr(theorems, id), (*known.values(),), combined)
