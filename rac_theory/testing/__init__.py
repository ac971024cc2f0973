"""For the tests of those who build on this library: checks and assertions that fail with what names the fix."""

from rac_theory.testing.assert_converges_to import assert_converges_to
from rac_theory.testing.assert_does_not_converge import assert_does_not_converge
from rac_theory.testing.assert_rate_bound import assert_rate_bound
from rac_theory.testing.check_algorithm import check_algorithm
from rac_theory.testing.check_problem import check_problem
from rac_theory.testing.check_sketch import check_sketch
from rac_theory.testing.not_shown import NotShown
from rac_theory.testing.refuted import Refuted

__all__ = [
    "NotShown",
    "Refuted",
    "assert_converges_to",
    "assert_does_not_converge",
    "assert_rate_bound",
    "check_algorithm",
    "check_problem",
    "check_sketch",
]
