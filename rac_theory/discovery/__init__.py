"""Discovery: theorems that are found from what a step is. It uses base, algebra, algorithms, statements, proofs and
theorems. It must not know runs: what is found is proved for every case.
"""

from rac_theory.discovery.discover import Discovery, discover

__all__ = ["Discovery", "discover"]
