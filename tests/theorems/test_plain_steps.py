"""T12: RAC-LoRA with the plain step, where nu stands for gamma lambda_min."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, Constants, Local, RACLoRA, Status, sketches, theorems, verify
from rac_theory.problems import Quadratic
from rac_theory.theorems import E, gap

T12_nonconvex, T12_pl = theorems.T12_nonconvex, theorems.T12_pl
GOOD = (Status.HOLDS, Status.CONSISTENT)


def plain(sketch, tau, side="left", K=1, lora_alpha=None):
    """The plain step with ``gamma (lora_alpha / r)^2 = tau``."""
    lora_alpha = lora_alpha or float(sketch.rank)
    return RACLoRA(sketch, tau * (sketch.rank / lora_alpha) ** 2, side, Local(K), lora_alpha)


def constants_of(algorithm, problem, W0=None):
    return Constants.of(Case(algorithm, problem, W0, steps=1))


def test_nu_against_numbers_worked_out_by_hand():
    """L = 2. Gaussian, d = 4, r = 2, tau = .05: 2 * 2 * .05 - 2 * 2 * 7 * .05^2 = .13. The scaling of LoRA counts.

    Two draws: B B' = Diag(1, 0) and Diag(0, 4), tau = .2: 2 tau m - L tau^2 m^2 is .4 - .08 and 1.6 - 1.28.
    """
    problem = Quadratic.left(2 * np.eye(4), np.ones((4, 1)))
    for lora_alpha in (2.0, 16.0):
        known = constants_of(plain(sketches.Gaussian(4, 2), 0.05, lora_alpha=lora_alpha), problem)
        assert known.nu == pytest.approx(0.13)
        assert math.isinf(known.longest_step)
    draws = np.array([[[1.0], [0.0]], [[0.0], [2.0]]])
    problem = Quadratic.left(2 * np.eye(2), np.ones((2, 1)))
    known = constants_of(plain(sketches.FiniteSupport(draws, [0.3, 0.7]), 0.2), problem)
    assert known.nu == pytest.approx(min(0.3 * 0.32, 0.7 * 0.32))
    assert known.longest_step == pytest.approx(2 * 0.2 * 4)


@pytest.mark.parametrize("t", [T12_nonconvex, T12_pl])
def test_the_first_inner_step_is_all_that_counts(t):
    """Draws with eigenvalues 0 and 1/L: ten inner steps do what one does, and ten times nu is false."""
    problem = Quadratic.left(np.eye(30), np.ones((30, 1)))
    algorithm = plain(sketches.Coordinate(30, 1), 1.0, K=10)
    true = constants_of(algorithm, problem)
    assert true.nu == pytest.approx(1 / 30)
    assert verify(t, Case(algorithm, problem, steps=200), runs=200, rng=0).status in GOOD
    false = replace(true, nu=10 * true.nu)
    assert verify(t, Case(algorithm, problem, steps=200), runs=200, rng=0, constants=false).status is Status.VIOLATED


def test_a_bound_on_the_mean_length_is_not_enough(exact_over_bound):
    """B^2 = 4 with probability 1/4, else 0, and tau = 1: E[tau B^2] = 1/L, and the gap grows threefold a step."""
    sketch = sketches.FiniteSupport(np.array([[[2.0]], [[0.0]]]), [0.25, 0.75])
    problem = Quadratic.left(np.eye(1), np.zeros((1, 1)))
    case = Case(plain(sketch, 1.0), problem, np.ones((1, 1)), steps=3)
    true = Constants.of(case)
    assert true.nu == pytest.approx(0.25 * (8 - 16))
    assert len(T12_pl.unmet(case, true)) == 2
    false, maps = replace(true, nu=1.0, f_star=0.0), [(0.25, -3.0, 0.0), (0.75, 1.0, 0.0)]
    assert exact_over_bound(replace(T12_pl, claim=E(gap) <= Fraction(1, 2)), false, maps, 1.0, 1.0, 3) == (
        pytest.approx([3.0, 9.0, 27.0])
    )
