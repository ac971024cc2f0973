"""Literature: what is said in the field, and what decides it. ``counterexamples`` are claims that fail, each with a
case, a witness and the reason, by id, and the diagnosis of a run of factors that went wrong; ``published`` has what
others claim (``CLAIMS``, by id, and ``QUESTIONS``, which has the ids by question), and which theorems, counterexamples
and witnesses say that it is true, or how far. It uses base, numerics, drawing, problems, sketches, algorithms, cases,
runs, statements, proofs, theorems and verdicts. It must not know the ledger.
"""

import sys
from collections.abc import Mapping
from types import MappingProxyType

from rac_theory.base import NoMember, answering
from rac_theory.literature import counterexamples
from rac_theory.literature.counterexamples import ALL, low_rank
from rac_theory.literature.counterexamples.counterexample import Answer, Check, Counterexample, Witness
from rac_theory.literature.counterexamples.diagnosis import Cause, Diagnosis, diagnose
from rac_theory.literature.counterexamples.factor_loss import FactorLoss, FollowedRun, Moves, curvature_met
from rac_theory.literature.counterexamples.shrinking_step import smallest_on_slope
from rac_theory.literature.counterexamples.stuck_subspace import frozen_limit
from rac_theory.literature.published import adaptation, memory, subspaces
from rac_theory.literature.published.published_claim import PublishedClaim

CLAIMS: Mapping[str, PublishedClaim] = MappingProxyType(
    {claim.id: claim for claim in (*adaptation.CLAIMS, *subspaces.CLAIMS, *memory.CLAIMS)}
)

QUESTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Does it converge, and to what?": (
            *("rac-lora-gd", "rac-lora-sgd", "rac-lora-same-solution", "others-fail", "rac-lora-mends", "fails-loudly"),
            *("diverges-at-1-over-L", "far-from-optimum", "galore-fixed", "subtrack-3-2", "galore-exact"),
            *("galore-fails", "galore-large-batch", "golore", "golore-any-optimiser", "galore-decay"),
        ),
        "How fast is it?": (
            *("rac-lora-gd-pl", "rate-of-lora", "bernoulli", "fixed-order-slow", "random-order-mends"),
            *("heavy-ball-mean", "error-feedback-tight"),
        ),
        "How long may a step be, and how are factors scaled?": (
            *("step-of-lora", "factors-differ", "balance-is-best", "rslora-iff", "altlora-invariance", "apollo-a4"),
            "gum-weights",
        ),
        "What do the means of clients do?": (
            *("rac-lora-federated", "factors-in-turns", "federated-reshuffling", "rank-collapse"),
        ),
        "What does a query buy?": ("zo-align", "zo-avg", "subzero-variance"),
        "What is lost by rounding?": ("merge-drift",),
    }
)
"""The claims by what a reader may ask, each once."""


def __getattr__(name: str) -> Counterexample:
    """Return the counterexample of an id."""
    if name in counterexamples.__all__:
        return vars(counterexamples)[name]  # type: ignore[no-any-return]
    raise NoMember(sys.modules[__name__], name)


__all__ = [
    "ALL",
    "CLAIMS",
    "QUESTIONS",
    "Answer",
    "Cause",
    "Check",
    "Counterexample",
    "Diagnosis",
    "FactorLoss",
    "FollowedRun",
    "Moves",
    "PublishedClaim",
    "Witness",
    "counterexamples",
    "curvature_met",
    "diagnose",
    "frozen_limit",
    "low_rank",
    "smallest_on_slope",
]
__all__ += [name for name in counterexamples.__all__ if name not in __all__]

answering(globals())
