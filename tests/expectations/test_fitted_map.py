"""Expectations of steps that fit the draw, by hand; those over whole supports are in tests/algorithms."""

import numpy as np
import pytest

from rac_theory import Case, InverseOnRange, StepPerDraw, expected
from rac_theory.problems import Quadratic
from rac_theory.sketches import FiniteSupport


@pytest.mark.parametrize("kind", [StepPerDraw, InverseOnRange])
def test_what_is_seldom_drawn_counts_as_seldom(kind):
    """A step along the flat axis arrives when it comes up: .98^t of the gap is left. Catches equal weights."""
    problem = Quadratic.left(np.diag([1.0, 0.1]), np.ones((2, 1)))
    sketch = FiniteSupport(np.eye(2)[..., None], [0.98, 0.02])
    curve = expected(Case(kind(sketch), problem, np.array([[1.0], [4.0]]), steps=20)).gap
    np.testing.assert_allclose(curve, 0.45 * 0.98 ** np.arange(21), rtol=1e-9)
