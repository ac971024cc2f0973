"""Steps that problems certify: by their own method, or 1/L rounded down; what is none is named."""

import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory.problems.certified_step import certified_step, check_certifies

W = np.ones((2, 3, 4, 5))


def test_without_a_method_the_inverse_of_L_is_rounded_down():
    """1/5 is more than a fifth. Catches the product with L, a step that is a hair too long, and an unknown L."""
    for L in (0.5, 5.0, 1e-300):
        check_certifies(SimpleNamespace(L=L))
        steps = certified_step(SimpleNamespace(L=L), W, W)
        assert steps.shape == (2, 3)
        assert (steps == steps[0, 0]).all()
        assert Fraction(float(steps[0, 0])) <= 1 / Fraction(L) < Fraction(math.nextafter(steps[0, 0], math.inf))
    for L in (0.0, math.inf, math.nan, -1.0):
        with pytest.raises(ValueError, match=r"^problem must certify a step at each W, .* got L = "):
            check_certifies(SimpleNamespace(L=L))
        check_certifies(SimpleNamespace(L=L, certified_step=lambda W, G: None))


def test_what_is_no_step_for_each_matrix_is_named():
    """A shape before a sign; a step of zero is one."""
    for steps, came in (
        (-np.ones(3), r"shape \(3,\)"),
        (np.ones((2, 3, 1)), r"shape \(2, 3, 1\)"),
        (-np.ones((2, 3)), "-1"),
        (np.array([[1, 1, 1], [1, -0.5, math.nan]]), "-0.5"),
    ):
        problem = SimpleNamespace(L=1.0, certified_step=lambda W, G, steps=steps: steps)
        with pytest.raises(ValueError, match=rf"step >= 0 for each W, of shape \(2, 3\), got {came}$"):
            certified_step(problem, W, W)
    assert not certified_step(SimpleNamespace(certified_step=lambda W, G: np.zeros((2, 3))), W, W).any()
