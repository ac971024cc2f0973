"""A method of which one run decides: what it says of itself is tried, before it is judged by its own word."""

import numpy as np
import pytest

from rac_theory import GD, Case, RACLoRA, expected, verify
from rac_theory.algorithms import GaLore
from rac_theory.problems import Quadratic
from rac_theory.sketches import Gaussian
from rac_theory.testing import assert_converges_to

PROBLEM = Quadratic.left(np.diag([1.0, 2.0]), np.ones((2, 2)))


class Careless(RACLoRA):
    deterministic = True


def test_one_run_does_not_decide_of_a_method_that_draws():
    """Would catch a flag that is taken at its word: by one run in two T2, which is proved, is VIOLATED, exactly."""
    case = Case(Careless(Gaussian(2, 1), 0.5), PROBLEM, steps=10)
    asked = (lambda: verify("T2", case), lambda: expected(case), lambda: assert_converges_to(case, 0.0, tolerance=1.0))
    for ask in asked:
        with pytest.raises(ValueError, match=r"Careless\.deterministic must be False: another seed gives other steps"):
            ask()


@pytest.mark.parametrize("algorithm", [GD(0.5), GD(1e99), GaLore(1, 0.5)])
def test_one_run_decides_of_a_method_that_draws_nothing(algorithm):
    """Also where it diverges."""
    assert expected(Case(algorithm, PROBLEM, steps=3)).how == "one run"
