"""The proofs of our theorems, a family a file: each returns the fact that a claim is, and by what it is multiplied."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from rac_theory.proofs.fact import Fact
from rac_theory.proofs.stored import (
    any_step,
    certified,
    convex,
    exact_steps,
    gain,
    leading_subspace,
    next_gradient,
    noisy_steps,
    several_steps,
)
from rac_theory.theorems import ALL

Recipe: TypeAlias = Callable[[], tuple[Fact, Fact]]

STORED: Mapping[str, Recipe] = MappingProxyType(
    {
        id: getattr(family, id)
        for id in ALL
        for family in (
            *(exact_steps, next_gradient, convex, noisy_steps, several_steps, any_step, gain, certified),
            leading_subspace,
        )
        if hasattr(family, id)
    }
)
"""By id."""
