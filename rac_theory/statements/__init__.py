"""The language of theorems: symbols, metrics, claims, assumptions, and to which side constants may be rounded. It uses
problems, algebra, drawing, algorithms, sketches and cases. It must not know any theorem, proof or run.
"""

from rac_theory.statements import assumptions, symbols
from rac_theory.statements.assumption import Assumption, Condition, Known, Predicate
from rac_theory.statements.claim import Claim, E
from rac_theory.statements.identity import Identity
from rac_theory.statements.metric import Metric, gap, mean_squared_gradient, squared_distance, weighted_squared_gradient
from rac_theory.statements.scaled_gradient import mean_scaled_squared_gradient
from rac_theory.statements.theorem import MARKS, Theorem, Tightest

__all__ = [
    "MARKS",
    "Assumption",
    "Claim",
    "Condition",
    "E",
    "Identity",
    "Known",
    "Metric",
    "Predicate",
    "Theorem",
    "Tightest",
    "assumptions",
    "gap",
    "mean_scaled_squared_gradient",
    "mean_squared_gradient",
    "squared_distance",
    "symbols",
    "weighted_squared_gradient",
]
