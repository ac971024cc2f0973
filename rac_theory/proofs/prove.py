"""Proofs of theorems: those of this library are stored, for others one is searched for."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache

from rac_theory.algebra import Expression, Ratio, Relation
from rac_theory.algebra.expression import Maximum, lifted
from rac_theory.algebra.polynomials import Atom
from rac_theory.proofs.available import available
from rac_theory.proofs.fact import Fact, proved, read
from rac_theory.proofs.facts import assumed, below_maximum
from rac_theory.proofs.induction import cases
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.proof import Proof
from rac_theory.proofs.search import search, stretched
from rac_theory.proofs.shape import Shape, shapes
from rac_theory.proofs.stored import STORED
from rac_theory.theorems import ALL, E, Theorem, theorem_named
from rac_theory.theorems.symbols import L, gamma, s

_SPLIT = gamma * (L + s) <= 2
"""Where the one or the other square of T4 is the larger."""


def prove(theorem: Theorem | str) -> Proof | None:
    """Return a proof of a theorem: the stored one for a theorem of this library, otherwise one that a search finds.

    Returns
    -------
    Proof or None
        None if no proof was found, which does not make the theorem false.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from rac_theory import prove
    >>> from rac_theory.theorems import T2, E, gap
    >>> from rac_theory.theorems.symbols import T, gamma, gap0, lambda_min, mu
    >>> half = replace(T2, id="half", claim=E(gap) <= (1 - gamma * mu * lambda_min / 2) ** T * gap0)
    >>> twice = replace(T2, id="twice", claim=E(gap) <= (1 - 2 * gamma * mu * lambda_min) ** T * gap0)
    >>> [prove(each) is not None for each in (T2, half, twice)]
    [True, True, False]
    """
    theorem = theorem_named(theorem)
    if ALL.get(theorem.id) is theorem and theorem.id in STORED:
        return _written_down(theorem.id)
    return searched(theorem)


@cache
def _written_down(id: str) -> Proof:
    return Proof(ALL[id], *STORED[id]())


def searched(theorem: Theorem) -> Proof | None:
    """Look for a proof, whether or not one is written down."""
    facts = available(theorem)
    return _looser_than_ours(theorem, facts) or _from_one_step(theorem, facts)


def _looser_than_ours(theorem: Theorem, facts: Sequence[Fact]) -> Proof | None:
    """A proof of a claim whose bound is one of ours, and what is not negative."""
    bound = theorem.claim.bound
    for ours in ALL.values():
        if not isinstance(bound, Expression) or ours.metric.expected != theorem.metric.expected:
            continue
        proof = _written_down(ours.id)
        if theorem.holding.issuperset(proof.needs) and isinstance(ours.claim.bound, Expression):
            times = proved("What the claim is multiplied by", proof.times.value.expression > 0, proof.times)
            spare = _looked_for(bound - ours.claim.bound, (*facts, times))
            with suppress(Missing):  # the claim may divide by what may be zero
                if spare is not None:
                    return Proof(theorem, proof.fact + spare * times, times)
    return None


def _from_one_step(theorem: Theorem, facts: Sequence[Fact]) -> Proof | None:
    """A proof from what is true of a step, by a rule of induction."""
    for shape in shapes(theorem):
        found = _found(shape, facts)
        with suppress(Missing):  # and what is not assumed may be used
            if found is not None:
                return Proof(theorem, *shape.conclude(found))
    return None


def strongest(theorem: Theorem) -> Proof | None:
    """Return a proof of the strongest claim that is found with the shape of a theorem and another constant.

    Returns
    -------
    Proof or None
        Of a theorem that differs in its claim alone, which may be the stronger or the weaker one; None if the claim
        has no shape that is known, or nothing of its shape was proved.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from rac_theory.proofs import strongest
    >>> from rac_theory.theorems import T2, E, gap
    >>> from rac_theory.theorems.symbols import T, gamma, gap0, lambda_min, mu
    >>> strongest(replace(T2, id="half", claim=E(gap) <= (1 - gamma * mu * lambda_min / 2) ** T * gap0)).theorem.claim
    E[f(W^T)] - f* <= (1 - gamma lambda_min mu)^T (f(W^0) - f*)
    """
    facts = available(theorem)
    for shape in shapes(theorem):
        goal, way = read(shape.goals["step"] - shape.stretch), read(shape.stretch)
        found = [stretched(goal, way, case) for case in _cases(read(shape.goals["step"]), facts)]
        if None not in found:
            times = min(each for each in found if each is not None)
            if times == 0:  # nothing is left of the claim that could be made stronger
                continue
            claim = E(theorem.metric) <= (theorem.claim.bound if times == 1 else shape.stronger(lifted(times)))
            best = _from_one_step(replace(theorem, id=f"{theorem.id}, strongest", claim=claim, tightest=None), facts)
            if best is not None:
                return best
    return None


def _found(shape: Shape, facts: Sequence[Fact]) -> dict[str, Fact] | None:
    """The facts that a shape asks for."""
    found: dict[str, Fact] = {}
    for name, goal in shape.goals.items():
        beside = shape.beside(found)
        fact = _looked_for(goal, (*facts, *beside))
        if fact is None:
            return None
        found[name] = fact
    return found


def _looked_for(goal: Expression, facts: Sequence[Fact]) -> Fact | None:
    """A fact that an expression is not negative: in two cases if there is a maximum in it."""
    try:
        value = read(goal)
    except (ValueError, ZeroDivisionError):  # it has no normal form
        return None
    found = [search(value, case) for case in _cases(value, facts)]
    if None in found:
        return None
    few, *many = (each for each in found if each is not None)
    return cases(few, many[0], _SPLIT) if many else few


def _cases(value: Ratio, facts: Sequence[Fact]) -> tuple[Sequence[Fact], ...]:
    """What is known in each case: in one if there is no maximum in a value, else in two."""
    largest = [one.expression for one in value.numerator.letters() if isinstance(one, Atom)]
    of = [fact for one in largest if isinstance(one, Maximum) for fact in below_maximum(*one.of)]
    return tuple((*facts, *of, *assumed(Relation(_SPLIT.terms, (sign,)))) for sign in ("<=", ">=")) if of else (facts,)
