"""Theorems, a family in a file: by id (``theorems.T1``), and all of them in their order (``theorems.ALL``). It uses
problems, algebra, statements. It must not know runs or verdicts: a theorem is true or false without them.
"""

import copyreg
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rac_theory.algebra import Relation
from rac_theory.problems import checks
from rac_theory.problems.members import being
from rac_theory.problems.naming import shown
from rac_theory.statements import assumptions, symbols
from rac_theory.statements.assumption import Assumption, Condition, Known, Predicate
from rac_theory.statements.claim import Claim, E
from rac_theory.statements.given import is_predicate
from rac_theory.statements.identity import Identity
from rac_theory.statements.metric import Metric, gap, mean_squared_gradient, squared_distance, weighted_squared_gradient
from rac_theory.statements.scaled_gradient import mean_scaled_squared_gradient
from rac_theory.statements.theorem import MARKS, Theorem, Tightest
from rac_theory.theorems.any_step import T15, T12_gaussian, T12_nonconvex, T12_pl, T15_pl
from rac_theory.theorems.bernoulli import T11
from rac_theory.theorems.certified import T16
from rac_theory.theorems.client_epochs import T9rr, T10rr
from rac_theory.theorems.convex import T3, T4, T3_isotropic, T3_sharp
from rac_theory.theorems.cyclic import T18, T18_pl
from rac_theory.theorems.decreasing import T19, T19_pl
from rac_theory.theorems.differences import T20, T20_pl
from rac_theory.theorems.federated import T9, T10, T9d, T10d
from rac_theory.theorems.gain import T13, T14, T13_pl, T14_pl
from rac_theory.theorems.leading_subspace import T17, T17_pl
from rac_theory.theorems.rac_lora_gd import T1, T2, T1_sharp, T1_tight, T2_sharp, T2_tight
from rac_theory.theorems.reshuffling import T7, T8, T7d, T8d
from rac_theory.theorems.sharp_drift import T7d_sharp, T8d_sharp, T9d_sharp, T10d_sharp
from rac_theory.theorems.stochastic import T5, T6, T5_step

ALL: Mapping[str, Theorem] = MappingProxyType(
    {
        value.id: value
        for value in (
            *(T1, T2, T1_sharp, T1_tight, T2_sharp, T2_tight, T3, T3_sharp, T3_isotropic, T4, T5, T5_step, T6),
            *(T7, T7d, T7d_sharp, T8, T8d, T8d_sharp, T9, T9d, T9d_sharp, T10, T10d, T10d_sharp, T9rr, T10rr),
            *(T12_nonconvex, T12_pl, T12_gaussian, T13, T13_pl, T14, T14_pl, T15, T15_pl, T16),
            *(T17, T17_pl, T18, T18_pl, T19, T19_pl, T20, T20_pl),
        )
    }
)


def theorem_named(theorem: Theorem | str) -> Theorem:
    """Return a theorem for its id, or a theorem as it is; a ``ValueError`` for anything else.

    Examples
    --------
    >>> from rac_theory import theorems
    >>> theorems.theorem_named("T2") is theorems.T2 is theorems.theorem_named(theorems.T2)
    True
    """
    if isinstance(theorem, str):
        return ALL[checks.one_of("theorem", theorem, ALL)]
    being("theorem", theorem, Theorem, ", or the id of one of this library")
    return theorem


def _reduced(theorem: Theorem) -> Any:
    """Pickle one of ours as its id, so that it comes back as the one that is there."""
    return (theorem_named, (theorem.id,)) if ALL.get(theorem.id) is theorem else theorem.__reduce_ex__(2)


copyreg.pickle(Theorem, _reduced)


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
    ['T4']
    >>> [theorem.id for theorem in theorems.listed(given=gamma * L <= 1, about=theorems.assumptions.rac_lora_exact)]
    ['T1', 'T2', 'T3', 'T3_isotropic']
    """
    if mark is not None:
        checks.one_of("mark", mark, MARKS)
    if about is not None and not is_predicate(about):
        raise ValueError(f"about must be a predicate, such as assumptions.rac_lora_exact, got {shown(about)}")
    if not (isinstance(given, str | Relation | Known | Condition | None) or is_predicate(given)):
        raise ValueError(f"given must be an assumption or a word of one, got {shown(given)}")
    return tuple(
        theorem
        for theorem in ALL.values()
        if about in (None, theorem.about) and mark in (None, theorem.mark) and _assumes(theorem, given)
    )


def _assumes(theorem: Theorem, given: Assumption | str | None) -> bool:
    if isinstance(given, str):
        return any(given.lower() in said.lower() for said in theorem.assumptions)
    return given is None or given in theorem.given


__all__ = [
    "ALL",
    "MARKS",
    "T1",
    "T2",
    "T3",
    "T4",
    "T5",
    "T6",
    "T7",
    "T8",
    "T9",
    "T10",
    "T11",
    "T13",
    "T14",
    "T15",
    "T16",
    "T17",
    "T18",
    "T19",
    "T20",
    "Assumption",
    "Claim",
    "Condition",
    "E",
    "Identity",
    "Known",
    "Metric",
    "T1_sharp",
    "T1_tight",
    "T2_sharp",
    "T2_tight",
    "T3_isotropic",
    "T3_sharp",
    "T5_step",
    "T7d",
    "T7d_sharp",
    "T8d",
    "T8d_sharp",
    "T9d",
    "T9d_sharp",
    "T9rr",
    "T10d",
    "T10d_sharp",
    "T10rr",
    "T12_gaussian",
    "T12_nonconvex",
    "T12_pl",
    "T13_pl",
    "T14_pl",
    "T15_pl",
    "T17_pl",
    "T18_pl",
    "T19_pl",
    "T20_pl",
    "Theorem",
    "Tightest",
    "assumptions",
    "gap",
    "listed",
    "mean_scaled_squared_gradient",
    "mean_squared_gradient",
    "squared_distance",
    "symbols",
    "theorem_named",
    "weighted_squared_gradient",
]
