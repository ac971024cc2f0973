"""Proofs of theorems: ours are written down, those of others are looked for, with ours as lemmas."""

import warnings
from dataclasses import replace

from rac_theory.algebra import Expression
from rac_theory.base import being, checks, imported
from rac_theory.proofs import Proof, by_potential, knows_a_step, search, why_not
from rac_theory.statements import Theorem, sentence
from rac_theory.theorems.bernoulli import T11
from rac_theory.theorems.ours import ALL, LEMMAS, STORED, proof_of


def is_own(name: object) -> bool:
    """Whether a claim is named as a user's theorem in a file is, ``module:name``."""
    return isinstance(name, str) and ":" in name


def theorem_named(theorem: Theorem | str) -> Theorem:
    """Return a theorem for its id or a user's for ``module:name``, or one as it is; a ``ValueError`` for anything else.

    Examples
    --------
    >>> from rac_theory import theorems
    >>> theorems.theorem_named("T2") is theorems.T2 is theorems.theorem_named(theorems.T2)
    True
    """
    if isinstance(theorem, str):
        if is_own(theorem):
            imported_theorem = imported(theorem, "theorem")
            being("theorem", imported_theorem, Theorem, f" by the name {theorem}")
            return imported_theorem  # type: ignore[no-any-return]
        if theorem == T11.id:
            raise ValueError(
                f"theorem must bound a metric of runs, got {T11.id}, an identity of eigenvalues, whose proof is on "
                "paper: docs/theory/t11.md"
            )
        try:
            return ALL[checks.one_of("theorem", theorem, ALL)]
        except ValueError as error:
            raise ValueError(f"{error}; one of yours is module:name") from None
    being("theorem", theorem, Theorem, ", or the id of one of this library")
    return theorem


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
        None if no proof was found, which does not make the theorem false: ``why_not_proved`` says more. It warns if no
        fact is known of a step of what the theorem is about.

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
    theorem = theorem_named(theorem)
    if potential is not None:
        return by_potential(theorem, potential, LEMMAS)
    if ALL.get(theorem.id) is theorem:
        return proof_of(theorem.id)
    proof = searched(theorem)
    if proof is None and not knows_a_step(theorem):
        warnings.warn(f"{theorem.id}: {why_not(theorem)}", stacklevel=3)
    return proof


def why_not_proved(theorem: Theorem) -> str:
    """Say why no proof of a theorem was found, and what, if it were given as well, makes it follow from one of ours.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from rac_theory.theorems import T2, why_not_proved
    >>> told = why_not_proved(replace(T2, id="mine", given=T2.given[1:]))
    >>> print(told.rpartition("; ")[2].rpartition(": ||")[0])
    it follows from T2 once this is given as well: Lipschitz gradient of f
    """
    reason = why_not(theorem)
    for id in STORED if knows_a_step(theorem) and isinstance(theorem.claim.bound, Expression) else ():
        lemma = proof_of(id)
        lacking = [assumption for assumption in lemma.needs if assumption not in theorem.holding]
        if ALL[id].about in lacking or ALL[id].metric is not theorem.metric or len(lacking) > 2:
            continue
        if search(replace(theorem, given=(*theorem.given, *lacking)), [lemma], LEMMAS) is not None:
            given = " and ".join(sentence(assumption).removesuffix(".") for assumption in lacking)
            return f"{reason}; it follows from {id} once this is given as well: {given}"
    return reason


def searched(theorem: Theorem) -> Proof | None:
    """Look for a proof, whether or not one is written down."""
    bounded = theorem.metric.expected  # only what bounds the same can be a lemma: others are not made for this
    return search(theorem, (proof_of(id) for id, ours in ALL.items() if ours.metric.expected == bounded), LEMMAS)
