"""Discovery: theorems that are found from what a step is, and the best rate at given constants, each with what proves
it. It uses base, numerics, algebra, algorithms, cases, statements, proofs and theorems. It must not know runs: what is
found is proved for every case.
"""

from rac_theory.discovery.best_rate import BestRate, best_rate
from rac_theory.discovery.discover import Discovery, discover

__all__ = [
    "BestRate",
    "Discovery",
    "best_rate",
    "discover",
]
