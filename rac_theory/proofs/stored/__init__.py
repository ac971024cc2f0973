"""The proofs of our theorems, a family a file: each returns the fact that a claim is, and by what it is multiplied."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from rac_theory.proofs.fact import Fact
from rac_theory.proofs.stored import (
    any_step,
    certified,
    client_epochs,
    convex,
    cyclic,
    decreasing_steps,
    differences,
    exact_steps,
    gain,
    leading_subspace,
    next_gradient,
    noisy_steps,
    several_steps,
)
from rac_theory.theorems import ALL

Recipe: TypeAlias = Callable[[], tuple[Fact, Fact]]

_FAMILIES = (
    *(exact_steps, next_gradient, convex, noisy_steps, several_steps, client_epochs),
    *(any_step, gain, certified, cyclic, decreasing_steps, differences, leading_subspace),
)

STORED: Mapping[str, Recipe] = MappingProxyType(
    {id: getattr(family, id) for id in ALL for family in _FAMILIES if hasattr(family, id)}
)
"""By id."""
