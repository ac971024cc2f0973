"""Proofs of theorems: ours are written down, those of others are looked for, with ours as lemmas."""

from functools import cache

from rac_theory.algebra import Expression
from rac_theory.proofs import Proof, by_potential, search
from rac_theory.statements import Theorem
from rac_theory.theorems.ours import ALL, LEMMAS, STORED


def prove(theorem: Theorem | str, *, potential: Expression | None = None) -> Proof | None:
    """Return a proof of a theorem: the stored one for a theorem of this library, otherwise one that a search finds.

    Parameters
    ----------
    theorem : Theorem or str
    potential : Expression, optional
        A Lyapunov function of your own, by which it is to be proved: a sum of multiples of ``gap``, of distances ``V @
        V`` and ``distance``, and of what an algorithm keeps, ``M @ M``, all of ``rac_theory.proofs``.

    Returns
    -------
    Proof or None
        None if no proof was found, which does not make the theorem false.

    Raises
    ------
    Missing
        If a potential does not prove it: one sentence, which names the premise that fails.

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

    A potential of your own, and what is missing where it does not fall:

    >>> from rac_theory.proofs import V, gap as gap_at_W
    >>> from rac_theory.theorems import T4_gap
    >>> prove(T4_gap, potential=gap_at_W)
    <Proof of T4_gap>
    >>> prove(T4_gap, potential=gap_at_W - V @ V)
    Traceback (most recent call last):
    rac_theory.proofs.missing.Missing: how much of ||V||^2 is in psi must not be negative: -1 >= 0 was not found
    """
    if isinstance(theorem, str):
        theorem = ALL[theorem]
    if potential is not None:
        return by_potential(theorem, potential, LEMMAS)
    if ALL.get(theorem.id) is theorem:
        return _written_down(theorem.id)
    return searched(theorem)


@cache
def _written_down(id: str) -> Proof:
    return Proof(ALL[id], *STORED[id]())


def searched(theorem: Theorem) -> Proof | None:
    """Look for a proof, whether or not one is written down."""
    return search(theorem, (_written_down(id) for id in STORED), LEMMAS)
