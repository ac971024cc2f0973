"""Which theorem is which at the ends of its range: one step, one component, no noise, no sketch.

Each stands in the file of a family; here are all of them, those together that have the same values for the same reason.
T7d and T8d are not T1 and T2 for one component: their growth q does not vanish there.
"""

from rac_theory.statements import Reduction
from rac_theory.theorems import bernoulli
from rac_theory.theorems.ours import FAMILIES


def _together(name: str) -> tuple[Reduction, ...]:
    groups: dict[str, list[Reduction]] = {}
    for family in (*FAMILIES, bernoulli):
        for reduction in getattr(family, name, ()):
            groups.setdefault(f"{reduction.because} {reduction.values}", []).append(reduction)
    return tuple(reduction for group in groups.values() for reduction in group)


AT_THE_ENDS = _together("REDUCTIONS")
"""At its simplest setting each theorem is a plain one."""

DRIFT_AS_NOISE = _together("DRIFT_AS_NOISE")
"""One epoch, or round, is one step with noise: T5, T6, or T6 with the sum of powers of rho to infinity."""

REDUCTIONS = (*AT_THE_ENDS, *DRIFT_AS_NOISE)
