"""Proofs of theorems: our own are written down, for others one is looked for."""

from collections.abc import Callable
from fractions import Fraction

from rac_theory.algebra import Let
from rac_theory.algebra.expression import lifted
from rac_theory.proofs.available import available
from rac_theory.proofs.fact import Fact, Missing, read
from rac_theory.proofs.facts import nothing
from rac_theory.proofs.proof import Proof
from rac_theory.proofs.search import Facts, search
from rac_theory.proofs.shape import Shape, shapes
from rac_theory.proofs.stored import STORED
from rac_theory.theorems import ALL, E, Theorem, theorem_named


def prove(theorem: Theorem | str) -> Proof | None:
    """Return a proof, or None if none was found, which does not make the theorem false.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from rac_theory import prove
    >>> from rac_theory.theorems import T2, E, gap
    >>> from rac_theory.theorems.symbols import T, gamma, gap0, lambda_min, mu
    >>> prove("T2"), prove(replace(T2, id="weaker", claim=E(gap) <= (1 - gamma * mu * lambda_min / 2) ** T * gap0))
    (<Proof of T2>, <Proof of weaker>)
    """
    theorem = theorem_named(theorem)
    if ALL.get(theorem.id) is theorem and theorem.id in STORED:
        return Proof(theorem, *STORED[theorem.id]())
    return searched(theorem)


def searched(theorem: Theorem) -> Proof | None:
    """Look for a proof, whether or not one is written down."""
    facts = available(theorem)
    for shape in shapes(theorem):
        found = _found(shape, facts)
        if found is not None:
            return Proof(theorem, *shape.conclude(found))
    return None


def _found(shape, facts):
    found, every = {}, Facts(facts)
    for name, goal in shape.goals.items():
        if name == "step":
            every = Facts((*facts, *shape.beside(found)))
        target = read(goal)
        answer = (nothing, 0) if target.is_zero else search(target, every)
        if answer is None:
            return None
        found[name] = answer[0]
    return found
