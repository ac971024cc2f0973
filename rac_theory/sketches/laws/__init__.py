"""Theorems about laws of ranges and of ranks, which give several sketches their closed forms."""

from rac_theory.sketches.laws.finite import Support, equally_likely
from rac_theory.sketches.laws.rotation_invariance import from_invariants, uniform_range
from rac_theory.sketches.laws.second_moments import CurvatureBound, SecondMoment, lifted, on_blocks, summed
from rac_theory.sketches.laws.signed_permutations import EntryMoments

__all__ = [
    "CurvatureBound",
    "EntryMoments",
    "SecondMoment",
    "Support",
    "equally_likely",
    "from_invariants",
    "lifted",
    "on_blocks",
    "summed",
    "uniform_range",
]
