"""Proofs of theorems: ours are written down, those of others are looked for, with ours as lemmas."""

from rac_theory.proofs import Proof, search
from rac_theory.statements import Theorem
from rac_theory.theorems.ours import ALL, LEMMAS, proof_of


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
    >>> from rac_theory.statements.symbols import T, gamma, gap0, lambda_min, mu
    >>> half = replace(T2, id="half", claim=E(gap) <= (1 - gamma * mu * lambda_min / 2) ** T * gap0)
    >>> twice = replace(T2, id="twice", claim=E(gap) <= (1 - 2 * gamma * mu * lambda_min) ** T * gap0)
    >>> [prove(each) is not None for each in (T2, half, twice)]
    [True, True, False]
    """
    if isinstance(theorem, str):
        theorem = ALL[theorem]
    if ALL.get(theorem.id) is theorem:
        return proof_of(theorem.id)
    return searched(theorem)


def searched(theorem: Theorem) -> Proof | None:
    """Look for a proof, whether or not one is written down."""
    bounded = theorem.metric.expected  # only what bounds the same can be a lemma: others are not made for this
    return search(theorem, (proof_of(id) for id, ours in ALL.items() if ours.metric.expected == bounded), LEMMAS)
