"""Numerics: arrays and numbers in, arrays and numbers out, with no concept of this library. Projections, eigenvalues,
rounding, exact rational arithmetic, random streams, and the statistics of bets: evidence, confidence limits, and the
account from which levels are spent. It uses base. It must not know what a sketch, a problem or a theorem is.
"""

from rac_theory.numerics import evidence, rational
from rac_theory.numerics.account import Account, for_constants
from rac_theory.numerics.bets import Bets, log_wealth_without_range
from rac_theory.numerics.confidence import (
    at_least,
    divergence,
    empirical_bernstein_lower,
    empirical_bernstein_upper,
    far_by_chance,
    kl_lower,
    kl_upper,
)
from rac_theory.numerics.eigenvalue_certificate import EigenvalueCertificate, certified
from rac_theory.numerics.eigenvalues import eigenvalues, extreme_eigenvalues, lapack_rounding
from rac_theory.numerics.evidence import Past, either_side, excess, log_average, log_wealth, shortfall
from rac_theory.numerics.exchange import (
    cosine,
    exchanged,
    overlap,
    repeats,
    symmetric_evidence,
    symmetric_wealth,
    unfair,
)
from rac_theory.numerics.factors import (
    alike,
    coordinate,
    diagonal_of,
    entries,
    identity,
    matrix,
    multiple_of_identity,
    raised,
)
from rac_theory.numerics.largest_eigenvalue import LARGE, largest_eigenvalue, proved_bound
from rac_theory.numerics.limits import lower_mean, upper_mean
from rac_theory.numerics.linalg import SHORT, orthonormal_range, project, project_onto, projection, unit
from rac_theory.numerics.logarithms import largest_logarithm, sum_of_logarithms
from rac_theory.numerics.randomness import BLOCKS, PROJECTION, RUNS, Randomness, child, generator, seed_sequence
from rac_theory.numerics.rational import Matrix, rounded
from rac_theory.numerics.semidefinite import squares

__all__ = [
    "BLOCKS",
    "LARGE",
    "PROJECTION",
    "RUNS",
    "SHORT",
    "Account",
    "Bets",
    "EigenvalueCertificate",
    "Matrix",
    "Past",
    "Randomness",
    "alike",
    "at_least",
    "certified",
    "child",
    "coordinate",
    "cosine",
    "diagonal_of",
    "divergence",
    "eigenvalues",
    "either_side",
    "empirical_bernstein_lower",
    "empirical_bernstein_upper",
    "entries",
    "evidence",
    "excess",
    "exchanged",
    "extreme_eigenvalues",
    "far_by_chance",
    "for_constants",
    "generator",
    "identity",
    "kl_lower",
    "kl_upper",
    "lapack_rounding",
    "largest_eigenvalue",
    "largest_logarithm",
    "log_average",
    "log_wealth",
    "log_wealth_without_range",
    "lower_mean",
    "matrix",
    "multiple_of_identity",
    "orthonormal_range",
    "overlap",
    "project",
    "project_onto",
    "projection",
    "proved_bound",
    "raised",
    "rational",
    "repeats",
    "rounded",
    "seed_sequence",
    "shortfall",
    "squares",
    "sum_of_logarithms",
    "symmetric_evidence",
    "symmetric_wealth",
    "unfair",
    "unit",
    "upper_mean",
]
