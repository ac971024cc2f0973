"""Theorems, a family in a file: by id (``theorems.T1``), and all of them in their order (``theorems.ALL``). It uses
base, algebra, statements and proofs. It must not know runs or verdicts: a theorem is true or false without them.
"""

import sys

from rac_theory.algebra import Relation
from rac_theory.base import NoMember, answering, checks, shown
from rac_theory.statements import (
    MARKS,
    Assumption,
    Claim,
    Condition,
    E,
    Identity,
    KnownConstant,
    Metric,
    Predicate,
    Theorem,
    Tightest,
    assumptions,
    gap,
    is_predicate,
    mean_norm,
    mean_scaled_squared_gradient,
    mean_squared_gradient,
    squared_distance,
    symbols,
    weighted_squared_gradient,
)
from rac_theory.theorems import federated, reshuffling, stochastic
from rac_theory.theorems.bernoulli import T11
from rac_theory.theorems.ours import ALL, FAMILIES, LEMMAS, STORED, granted
from rac_theory.theorems.proving import is_own, prove, theorem_named, why_not_proved
from rac_theory.theorems.shared import exact


def __getattr__(name: str) -> Theorem:
    """Return the theorem of an id."""
    if name in ALL:
        return ALL[name]
    raise NoMember(sys.modules[__name__], name)


def __dir__() -> list[str]:
    return sorted({*globals(), *ALL})


def listed(
    *, about: Predicate | None = None, given: Assumption | str | None = None, mark: str | None = None
) -> tuple[Theorem, ...]:
    """Return our theorems that are about an algorithm, assume something, and bear a mark, in their order.

    Parameters
    ----------
    about : callable, optional
        Such as ``assumptions.rac_lora_exact``.
    given : Assumption or str, optional
        An assumption, or words or symbols of one, in small or capital letters.
    mark : "paper", "derived" or "second-hand", optional

    Examples
    --------
    >>> from rac_theory import theorems
    >>> from rac_theory.statements.symbols import L, gamma
    >>> [theorem.id for theorem in theorems.listed(mark="paper")]
    ['T1', 'T2']
    >>> [theorem.id for theorem in theorems.listed(given="strong convexity")]
    ['T4', 'T4_gap', 'T21', 'T21_H']
    >>> [theorem.id for theorem in theorems.listed(given=gamma * L <= 1, about=theorems.assumptions.rac_lora_exact)]
    ['T1', 'T2', 'T3', 'T3_isotropic', 'T4_gap']
    """
    if mark is not None:
        checks.one_of("mark", mark, MARKS)
    if about is not None and not is_predicate(about):
        raise ValueError(f"about must be a predicate, such as assumptions.rac_lora_exact, got {shown(about)}")
    if not (isinstance(given, str | Relation | KnownConstant | Condition | None) or is_predicate(given)):
        raise ValueError(f"given must be an assumption or a word of one, got {shown(given)}")
    return tuple(
        theorem
        for theorem in ALL.values()
        if about in (None, theorem.about) and mark in (None, theorem.mark) and _assumes(theorem, given)
    )


def _assumes(theorem: Theorem, given: Assumption | str | None) -> bool:
    if isinstance(given, str):
        return any(given.lower() in assumption.lower() for assumption in theorem.assumptions)
    return given is None or given in theorem.given


__all__ = [
    "ALL",
    "FAMILIES",
    "LEMMAS",
    "MARKS",
    "STORED",
    "T11",
    "Assumption",
    "Claim",
    "Condition",
    "E",
    "Identity",
    "KnownConstant",
    "Metric",
    "Theorem",
    "Tightest",
    "assumptions",
    "exact",
    "federated",
    "gap",
    "granted",
    "is_own",
    "listed",
    "mean_norm",
    "mean_scaled_squared_gradient",
    "mean_squared_gradient",
    "prove",
    "reshuffling",
    "squared_distance",
    "stochastic",
    "symbols",
    "theorem_named",
    "weighted_squared_gradient",
    "why_not_proved",
]
__all__ += [*ALL]

answering(globals())
