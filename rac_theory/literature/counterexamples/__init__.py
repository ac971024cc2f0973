"""Counterexamples: claims that fail, each with a case, a witness and the reason, by id (``counterexamples.C1``) and all
of them (``counterexamples.ALL``); and the diagnosis of a run of factors that went wrong. It must not know the ledger.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rac_theory.literature.counterexamples.another_minimiser import C14
from rac_theory.literature.counterexamples.averaged_factors import C9
from rac_theory.literature.counterexamples.carried_momentum import C24
from rac_theory.literature.counterexamples.counterexample import Answer, Check, Counterexample, Witness
from rac_theory.literature.counterexamples.decay_beside_projection import C25
from rac_theory.literature.counterexamples.divergence import C3, C6
from rac_theory.literature.counterexamples.factors_at_a_solution import C11, C12
from rac_theory.literature.counterexamples.fixed_order import C23, C27
from rac_theory.literature.counterexamples.loss_of_smoothness import C1
from rac_theory.literature.counterexamples.lost_merges import C13
from rac_theory.literature.counterexamples.low_rank import C2
from rac_theory.literature.counterexamples.momentum import C26, C28, C29
from rac_theory.literature.counterexamples.noisy_subspace import C10, GALORE
from rac_theory.literature.counterexamples.printed_theorems import C30, C31
from rac_theory.literature.counterexamples.queries import C20, C21, C22
from rac_theory.literature.counterexamples.randomised import C7
from rac_theory.literature.counterexamples.restarts import C4
from rac_theory.literature.counterexamples.shrinking_step import C8
from rac_theory.literature.counterexamples.stuck_subspace import C5

ALL: Mapping[str, Counterexample] = MappingProxyType(
    {
        example.id: example
        for example in (
            *(C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14),
            *(C20, C21, C22, C23, C24, C25, C26, C27, C28, C29, C30, C31, GALORE),
        )
    }
)

__all__ = ["ALL", "Answer", "Check", "Counterexample", "Witness"]
__all__ += sorted({*globals()} & {example.id.upper() for example in ALL.values()})  # GALORE is the name of GaLore
