"""Discovery: theorems that are found from what a step is, the best rate at given constants, each with what proves it,
and what a proved rate leaves of the exact one. It uses base, numerics, algebra, algorithms, cases, runs, statements,
proofs and theorems. It must not know verdicts: what is found is judged like any other claim.
"""

from rac_theory.discovery.best_rate import BestRate, best_rate
from rac_theory.discovery.discover import Discovery, discover
from rac_theory.discovery.share_of_rate import ShareOfRate, best_letters, share_at, share_of_rate

__all__ = ["BestRate", "Discovery", "ShareOfRate", "best_letters", "best_rate", "discover", "share_at", "share_of_rate"]
