"""Which of our theorems a found one is: by its claim as it stands, or with the best number for a parameter in it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from rac_theory.algebra import Expression, Ratio, Relation, identical, number, simplified, symbols_of, truth
from rac_theory.discovery.linear import by_powers
from rac_theory.discovery.listed import listed
from rac_theory.discovery.program import at_random
from rac_theory.proofs import Missing, Proof, drawn_in, read, search
from rac_theory.statements import E, Theorem, relations_in
from rac_theory.statements.symbols import T, gap0, young
from rac_theory.theorems import ALL, prove


def recognised(proof: Proof) -> tuple[str, ...]:
    """Return the ids of our theorems that have the claim of one that was found, and follow from it or need no more."""
    return tuple(id for id, ours in ALL.items() if _is(ours, proof))


def _is(ours: Theorem, proof: Proof) -> bool:
    theorem, bound, aim = proof.theorem, proof.theorem.claim.bound, ours.claim.bound
    if not isinstance(bound, Expression) or not isinstance(aim, Expression):
        return False
    if not identical(ours.metric.expected, theorem.metric.expected):
        return False
    if young in symbols_of(bound):
        alike = ours.about == theorem.about and {gap0, T} <= {*symbols_of(aim)}
        best = best_parameter(bound, aim) if alike else None
        given = relations_in(*theorem.given)
        return best is not None and _are_met([relation.at({young: best}) for relation in given], ours)
    if not _are_close(aim, bound) or not identical(aim, bound):
        return False
    same = replace(theorem, claim=E(ours.metric) <= bound)
    with suppress(Missing):  # a left side of ours may divide by what is not known here to be positive
        claimed = Proof(same, proof.fact, proof.times)
        return search(ours, (claimed,), combine=lambda *_: None) is not None or _is_given(ours, same)
    return False


def _are_close(left: Expression, right: Expression) -> bool:
    """Whether two expressions are equal to some digits at numbers at random: most are not, and that takes no time."""
    rng = np.random.default_rng(0)
    values = {symbol.name: rng.uniform(0.02, 0.1) for symbol in symbols_of(left, right)} | {"N": 3, "K": 3, "T": 5}
    return bool(np.isclose(number(left, values), number(right, values), rtol=1e-6))


def _is_given(ours: Theorem, theorem: Theorem) -> bool:
    """Whether what the proof of one of ours needs is given in another theorem, or met where that is true."""
    proof = prove(ours)
    if proof is None:
        return False
    needs = {*proof.needs} - theorem.holding
    relations = [need for need in needs if isinstance(need, Relation)]
    return len(relations) == len(needs) and _are_met(relations, theorem)


def best_parameter(bound: Expression, aim: Expression) -> Expression | None:
    """Return the parameter for which a found bound is least, and one of ours; None if it never is.

    Where their factors are equal, the difference is a square in the parameter, but for what has one sign.
    """
    factor, least = (read(side.at({T: 1, gap0: 1})) for side in (bound, aim))
    difference = Ratio(factor.numerator) - least * Ratio(factor.denominator)
    parts = by_powers(difference.numerator, young)
    low = min(parts)
    if young in difference.denominator.letters() or not parts.keys() <= {low, low + 1, low + 2}:
        return None
    constant, slope, square = (Ratio(parts.get(low + k, read(0).numerator)) for k in range(3))
    if square.is_zero or not identical((slope * slope - constant * square * read(4)).expression, read(0).expression):
        return None
    return simplified(-slope / (square * read(2))).expression


def _are_met(relations: Sequence[Relation], theorem: Theorem) -> bool:
    """Whether relations are met by constants at random that a theorem allows."""
    facts = [fact for fact in listed(theorem) if not drawn_in(fact.value)]
    at = at_random(symbols_of(*relations), facts, theorem, np.random.default_rng(0))
    values = {symbol.name: numbers for symbol, numbers in at.items()}
    return all(np.all(truth(relation, values, 1e-9)) for relation in relations)
