"""For the tests of those who build on this library: assertions about runs, and checks of sketches, problems, algorithms
and trainers that fail with what names the fix. It uses base, numerics, problems, sketches, algorithms, cases, runs,
statements, proofs, theorems, discovery and verdicts. It must not know the ledger: a test makes its own cases.
"""

from rac_theory.base import answering
from rac_theory.testing.algorithms.check_algorithm import check_algorithm
from rac_theory.testing.bounds import assert_mean_below, assert_proved, assert_rate_bound
from rac_theory.testing.convergence import Share, assert_converges_to, assert_does_not_converge
from rac_theory.testing.failures import NotShown, Refuted
from rac_theory.testing.problems.check_problem import check_problem
from rac_theory.testing.sketches.check_sketch import check_sketch
from rac_theory.testing.trainers.check_chain import check_chain
from rac_theory.testing.trainers.check_federated import check_federated
from rac_theory.testing.trainers.check_projector import check_projector
from rac_theory.testing.trainers.check_refresh import check_refresh

__all__ = [
    "NotShown",
    "Refuted",
    "Share",
    "assert_converges_to",
    "assert_does_not_converge",
    "assert_mean_below",
    "assert_proved",
    "assert_rate_bound",
    "check_algorithm",
    "check_chain",
    "check_federated",
    "check_problem",
    "check_projector",
    "check_refresh",
    "check_sketch",
]

answering(globals())
