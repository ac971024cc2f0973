"""The language of theorems: symbols, metrics, claims, assumptions, and to which side constants may be rounded. It uses
base, drawing, problems, algebra, sketches, algorithms and cases. It must not know any theorem, proof or run.
"""

from rac_theory.base import answering
from rac_theory.statements import assumptions, metric, symbols
from rac_theory.statements.about import (
    About,
    Predicate,
    bernoulli_lora,
    fed_rac_lora,
    fed_rac_lora_sampled,
    galore_exact,
    implied,
    is_predicate,
    one_exact_step,
    plain_gaussian_rac_lora,
    plain_or_fitted,
    rac_lora_accelerated,
    rac_lora_by_differences,
    rac_lora_certified,
    rac_lora_exact,
    rac_lora_feedback,
    rac_lora_harmonic_steps,
    rac_lora_in_turns,
    rac_lora_momentum,
    rac_lora_preconditioned,
    rac_lora_reshuffled,
    rac_lora_root_steps,
    rac_lora_stochastic,
    step_of,
)
from rac_theory.statements.assumption import (
    Assumption,
    Condition,
    Known,
    breach_by_constants,
    parts,
    relations_in,
    sentence,
)
from rac_theory.statements.claim import Claim, E
from rac_theory.statements.directions import WHY, Rounding, directions
from rac_theory.statements.gradient_beside import squared_gradient_and_beside
from rac_theory.statements.gradient_with_weights import squared_gradient_with_weights
from rac_theory.statements.identity import Identity
from rac_theory.statements.metric import (
    SCALED_GRADIENT,
    SQUARED_GRADIENT,
    SQUARED_GRADIENT_BESIDE,
    Curves,
    Metric,
    gap,
    mean_squared_gradient,
    running_mean_before,
    squared_distance,
    weighted_squared_gradient,
)
from rac_theory.statements.reduction import Reduction, Side, Values, reductions
from rac_theory.statements.scaled_gradient import mean_scaled_squared_gradient
from rac_theory.statements.theorem import MARKS, Theorem, Tightest

__all__ = [
    "MARKS",
    "SCALED_GRADIENT",
    "SQUARED_GRADIENT",
    "SQUARED_GRADIENT_BESIDE",
    "WHY",
    "About",
    "Assumption",
    "Claim",
    "Condition",
    "Curves",
    "E",
    "Identity",
    "Known",
    "Metric",
    "Predicate",
    "Reduction",
    "Rounding",
    "Side",
    "Theorem",
    "Tightest",
    "Values",
    "assumptions",
    "bernoulli_lora",
    "breach_by_constants",
    "directions",
    "fed_rac_lora",
    "fed_rac_lora_sampled",
    "galore_exact",
    "gap",
    "implied",
    "is_predicate",
    "mean_scaled_squared_gradient",
    "mean_squared_gradient",
    "metric",
    "one_exact_step",
    "parts",
    "plain_gaussian_rac_lora",
    "plain_or_fitted",
    "rac_lora_accelerated",
    "rac_lora_by_differences",
    "rac_lora_certified",
    "rac_lora_exact",
    "rac_lora_feedback",
    "rac_lora_harmonic_steps",
    "rac_lora_in_turns",
    "rac_lora_momentum",
    "rac_lora_preconditioned",
    "rac_lora_reshuffled",
    "rac_lora_root_steps",
    "rac_lora_stochastic",
    "reductions",
    "relations_in",
    "running_mean_before",
    "sentence",
    "squared_distance",
    "squared_gradient_and_beside",
    "squared_gradient_with_weights",
    "step_of",
    "symbols",
    "weighted_squared_gradient",
]

answering(globals(), "About", "Theorem")
