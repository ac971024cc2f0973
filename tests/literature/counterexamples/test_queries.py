"""C20 and C21 by second routes: a matrix of moments by enumeration, and what would make their witnesses fail."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, RACLoRA, exact_rate
from rac_theory.literature.counterexamples.counterexample import exact
from rac_theory.literature.counterexamples.queries import (
    averaged_rate,
    moment_matrix,
    of_full_descent,
    radius_between,
    steep_and_flat,
)
from rac_theory.sketches import Gaussian, Haar

FLAT = Fraction(1, 10)


@pytest.mark.parametrize(("d", "q"), [(2, 1), (3, 2), (5, 3)])
def test_the_matrix_of_moments_has_the_rate_of_the_library(d, q):
    """Two routes to one radius, in fractions and by the recursion. Catches a and b exchanged, q/d for (q/d)^2."""
    for gamma in (Fraction(1, 2), Fraction(3, 2)):
        low, high = radius_between(moment_matrix(d, q, FLAT, gamma))
        rate = exact_rate(Case(RACLoRA(Haar(d, q), float(gamma)), steep_and_flat(d, FLAT)))
        assert 0 <= high - low < Fraction(1, 10**8)
        assert float(low) - 1e-9 <= rate <= float(high) + 1e-9


def test_bounds_of_a_radius_are_on_both_sides():
    """[[2, 1], [1, 1]] has (3 + sqrt 5)/2. Catches min and max exchanged."""
    low, high = radius_between(exact([[2, 1], [1, 1]]))
    assert (2 * low - 3) ** 2 <= 5 <= (2 * high - 3) ** 2


def test_the_best_step_of_full_descent():
    """No step of a fine grid is better, and its own is as good. Catches a root that is forgotten."""
    steps = np.linspace(1.0, 2.0, 2001)
    worst = np.maximum((1 - steps) ** 2, (1 - steps * float(FLAT)) ** 2)
    assert worst.min() == pytest.approx(float(of_full_descent(FLAT)), rel=1e-2)
    assert worst.min() >= float(of_full_descent(FLAT)) - 1e-12
    own = 2 / (1 + float(FLAT))
    assert (1 - own) ** 2 == pytest.approx(float(of_full_descent(FLAT)))


@pytest.mark.parametrize(("d", "q"), [(2, 1), (3, 2), (4, 4)])
def test_the_rate_of_an_average_is_what_draws_have(d, q):
    """200 000 draws of ||x - tau BB'x||^2, within 5 standard errors (alpha 6e-7). Catches d + q for d + q + 1."""
    B = Gaussian(d, q).sample(np.random.default_rng(7), 200_000)
    x = np.eye(d)[0]
    left = x - np.einsum("kdi,ki->kd", B, B[:, 0]) / (d + q + 1)
    seen = np.square(left).sum(axis=1)
    assert abs(seen.mean() - float(averaged_rate(d, q))) < 5 * seen.std() / 200_000**0.5
