"""Theorems: the concept, metrics, assumptions, and the theorems themselves, a family in a file. By id
(``theorems.T1``), and all of them in their order (``theorems.ALL``). It uses numerics, drawing, sketches, algorithms
and cases. It must not know runs or verdicts: a theorem is true or false without them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from problems import checks
from problems.members import being
from rac_theory.theorems import assumptions
from rac_theory.theorems.convex import rac_lora_gd_convex as T3
from rac_theory.theorems.convex import rac_lora_gd_convex_isotropic as T3_isotropic
from rac_theory.theorems.convex import rac_lora_gd_convex_sharp as T3_sharp
from rac_theory.theorems.convex import rac_lora_gd_strongly_convex as T4
from rac_theory.theorems.federated import fed_rac_lora_nonconvex as T9
from rac_theory.theorems.federated import fed_rac_lora_nonconvex_data as T9d
from rac_theory.theorems.federated import fed_rac_lora_pl as T10
from rac_theory.theorems.federated import fed_rac_lora_pl_data as T10d
from rac_theory.theorems.metric import Metric, gap, mean_squared_gradient, squared_distance, weighted_squared_gradient
from rac_theory.theorems.plain_steps import plain_gaussian_rac_lora_pl as T12_gaussian
from rac_theory.theorems.plain_steps import plain_rac_lora_nonconvex as T12_nonconvex
from rac_theory.theorems.plain_steps import plain_rac_lora_pl as T12_pl
from rac_theory.theorems.rac_lora_gd import rac_lora_gd_nonconvex as T1
from rac_theory.theorems.rac_lora_gd import rac_lora_gd_nonconvex_sharp as T1_sharp
from rac_theory.theorems.rac_lora_gd import rac_lora_gd_nonconvex_tight as T1_tight
from rac_theory.theorems.rac_lora_gd import rac_lora_gd_pl as T2
from rac_theory.theorems.rac_lora_gd import rac_lora_gd_pl_sharp as T2_sharp
from rac_theory.theorems.reshuffling import rac_lora_rr_nonconvex as T7
from rac_theory.theorems.reshuffling import rac_lora_rr_nonconvex_data as T7d
from rac_theory.theorems.reshuffling import rac_lora_rr_pl as T8
from rac_theory.theorems.reshuffling import rac_lora_rr_pl_data as T8d
from rac_theory.theorems.sharp_drift import fed_rac_lora_nonconvex_sharp as T9d_sharp
from rac_theory.theorems.sharp_drift import fed_rac_lora_pl_sharp as T10d_sharp
from rac_theory.theorems.sharp_drift import rac_lora_rr_nonconvex_sharp as T7d_sharp
from rac_theory.theorems.sharp_drift import rac_lora_rr_pl_sharp as T8d_sharp
from rac_theory.theorems.stochastic import rac_lora_sgd_nonconvex as T5
from rac_theory.theorems.stochastic import rac_lora_sgd_nonconvex_step as T5_step
from rac_theory.theorems.stochastic import rac_lora_sgd_pl as T6
from rac_theory.theorems.theorem import Assumption, Theorem, theorem

ALL: Mapping[str, Theorem] = MappingProxyType(
    {
        value.id: value
        for value in (
            *(T1, T2, T1_sharp, T1_tight, T2_sharp, T3, T3_sharp, T3_isotropic, T4, T5, T5_step, T6),
            *(T7, T7d, T7d_sharp, T8, T8d, T8d_sharp, T9, T9d, T9d_sharp, T10, T10d, T10d_sharp),
            *(T12_nonconvex, T12_pl, T12_gaussian),
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
    being("theorem", theorem, Theorem, ", or the id of one of ours")
    return theorem


__all__ = [
    "ALL",
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
    "Assumption",
    "Metric",
    "T1_sharp",
    "T1_tight",
    "T2_sharp",
    "T3_isotropic",
    "T3_sharp",
    "T5_step",
    "T7d",
    "T7d_sharp",
    "T8d",
    "T8d_sharp",
    "T9d",
    "T9d_sharp",
    "T10d",
    "T10d_sharp",
    "T12_gaussian",
    "T12_nonconvex",
    "T12_pl",
    "Theorem",
    "assumptions",
    "gap",
    "mean_squared_gradient",
    "squared_distance",
    "theorem",
    "theorem_named",
    "weighted_squared_gradient",
]
