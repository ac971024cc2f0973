"""Our theorems by id, in the order of their families; the proofs of those for which one is written by hand; and which
theorem is which at the ends of its range: one step, one component, no noise, no sketch.
"""

import copyreg
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from types import MappingProxyType, ModuleType
from typing import Any, TypeAlias

from rac_theory.proofs import Fact, Proof, facts_in, instances, letters_in
from rac_theory.statements import Reduction, Theorem
from rac_theory.theorems import (
    bernoulli,
    convex,
    federated,
    found,
    gain,
    gradient_memory,
    momentum,
    rac_lora_gd,
    reshuffling,
    stochastic,
    variants,
)

Recipe: TypeAlias = Callable[[], tuple[Fact, Fact]]
"""What returns the fact that a claim is, and by what it is multiplied."""

FAMILIES: tuple[ModuleType, ...] = (
    rac_lora_gd,
    convex,
    stochastic,
    reshuffling,
    federated,
    gain,
    variants,
    momentum,
    gradient_memory,
)


def _in_order() -> Mapping[str, Theorem]:
    theorems: dict[str, Theorem] = {}
    for family in FAMILIES:
        for value in vars(family).values():
            if isinstance(value, Theorem) and theorems.setdefault(value.id, value) is not value:
                raise ValueError(f"{value.id} is the id of two theorems, one of them in {family.__name__}")
    # From T12 on families are told apart by what they assume and not by their numbers.
    return MappingProxyType(
        dict(sorted(theorems.items(), key=lambda pair: max(11, int(re.findall(r"\d+", pair[0])[0]))))
    )


ALL: Mapping[str, Theorem] = _in_order()
LEMMAS: tuple[Fact, ...] = tuple(fact for family in FAMILIES for fact in getattr(family, "LEMMAS", ()))
"""What is known of the names in our claims, and may be used in proofs of others."""

BY_HAND: Mapping[str, Recipe] = MappingProxyType(
    {id: recipe for id in ALL for family in FAMILIES if (recipe := getattr(family, f"prove_{id}", None)) is not None}
)
"""By id, what makes a proof that is written in the file of a family: of what the search does not find."""


@cache
def proof_of(id: str) -> Proof:
    """Return our proof of a theorem of ours, which is made once."""
    proof = Proof(ALL[id], *BY_HAND[id]()) if id in BY_HAND else found.recalled(ALL[id], LEMMAS)
    if proof is None:
        raise ValueError(f"no proof of {id} is found: write prove_{id} in the file of its family")
    return proof


def _found(id: str) -> tuple[Fact, Fact]:
    return proof_of(id).fact, proof_of(id).times


STORED: Mapping[str, Recipe] = MappingProxyType({id: BY_HAND.get(id, partial(_found, id)) for id in ALL})
"""By id, what makes a proof of each."""


def granted() -> Iterator[Fact]:
    """Yield all that is granted of what our theorems are about, but for what is granted of any vector or number."""
    yield from instances(None, letters_in(*(theorem.claim.relation for theorem in ALL.values())))
    yield from (fact for fact in facts_in(*LEMMAS, stochastic.root_size, *stochastic.ahead.values()) if not fact.of)


def _of_id(id: str) -> Theorem:
    return ALL[id]


def _reduced(theorem: Theorem) -> Any:
    """Pickle one of ours as its id, so that it comes back as the one that is there."""
    return (_of_id, (theorem.id,)) if ALL.get(theorem.id) is theorem else theorem.__reduce_ex__(2)


copyreg.pickle(Theorem, _reduced)


def _together(name: str) -> tuple[Reduction, ...]:
    """The reductions of all families, those together that have the same values for the same reason."""
    groups: dict[str, list[Reduction]] = {}
    for family in (*FAMILIES, bernoulli):
        for reduction in getattr(family, name, ()):
            groups.setdefault(f"{reduction.because} {reduction.values}", []).append(reduction)
    return tuple(reduction for group in groups.values() for reduction in group)


AT_THE_ENDS = _together("REDUCTIONS")
"""At its simplest setting each theorem is a plain one. T7d and T8d are not T1 and T2 for one component, as their growth
q does not vanish there."""

DRIFT_AS_NOISE = _together("DRIFT_AS_NOISE")
"""One epoch, or round, is one step with noise: T5, T6, or T6 with the sum of powers of rho to infinity."""

REDUCTIONS = (*AT_THE_ENDS, *DRIFT_AS_NOISE)
