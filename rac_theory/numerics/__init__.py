"""Numerics: arrays and numbers in, arrays and numbers out, with no concept of this library. Projections, eigenvalues,
rounding, exact rational arithmetic, random streams, and the statistics of bets: evidence, confidence limits, and the
account from which levels are spent. It uses base. It must not know what a sketch, a problem or a theorem is.
"""

from rac_theory.numerics import evidence, rational
from rac_theory.numerics.account import Account, for_constants
from rac_theory.numerics.confidence import empirical_bernstein_lower, empirical_bernstein_upper, kl_lower, kl_upper
from rac_theory.numerics.eigenvalue_certificate import EigenvalueCertificate, certified
from rac_theory.numerics.eigenvalues import eigenvalues, extreme_eigenvalues, lapack_rounding
from rac_theory.numerics.evidence import Past, excess, log_average, log_wealth
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
from rac_theory.numerics.rational import Matrix
from rac_theory.numerics.rounding import rounded
from rac_theory.numerics.semidefinite import squares

__all__ = [
    "BLOCKS",
    "LARGE",
    "PROJECTION",
    "RUNS",
    "SHORT",
    "Account",
    "EigenvalueCertificate",
    "Matrix",
    "Past",
    "Randomness",
    "alike",
    "certified",
    "child",
    "coordinate",
    "diagonal_of",
    "eigenvalues",
    "empirical_bernstein_lower",
    "empirical_bernstein_upper",
    "entries",
    "evidence",
    "excess",
    "extreme_eigenvalues",
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
    "lower_mean",
    "matrix",
    "multiple_of_identity",
    "orthonormal_range",
    "project",
    "project_onto",
    "projection",
    "proved_bound",
    "raised",
    "rational",
    "rounded",
    "seed_sequence",
    "squares",
    "sum_of_logarithms",
    "unit",
    "upper_mean",
]
