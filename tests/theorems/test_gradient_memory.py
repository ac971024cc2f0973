"""T27 and T27_pl: EF21 with a fresh H, where they hold exactly, are refuted, and are not applicable."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, Constants, Noisy, Status, theorems, tightness, verify
from rac_theory.algorithms import EF21, FEEDBACK, H, Method, gradient, state
from rac_theory.problems import PLSine
from rac_theory.sketches import Coordinate, FiniteSupport, Haar, WeightedCoordinate
from rac_theory.statements.symbols import L, T, gamma, gap0, gap0_upper, lambda_min, mu

from .asked_of_each import holds_exactly, names_what_is_broken, refutes
from .second_routes.moments import check_below, enumerated, on_axes
from .small_cases import LEAST, LINE, SKEW, WEIGHTED

BOTH = ("T27", "T27_pl")


def coin(p, d):
    """H is I with probability p, and else 0: a gradient is taken anew, or the last one is used again."""
    return FiniteSupport(np.stack([np.eye(d), np.zeros((d, d))]), np.array([p, 1 - p]))


def case(problem, sketch, gamma_L, steps=2000, method=EF21, **more):
    return Case(method(sketch, gamma=gamma_L / problem.L, **more), problem, steps=steps)


EXACT = {
    "quadratic": case(SKEW, Coordinate(4, 1), 0.1),
    "weighted": case(SKEW, WEIGHTED, 0.04),
    "Haar": case(SKEW, Haar(4, 2), 0.2),
    "coin": case(SKEW, coin(0.3, 4), 0.12),
    "no sketch": case(LEAST, None, 0.9),
}


test_it_holds_exactly = holds_exactly(BOTH, EXACT)


@pytest.mark.parametrize(("gamma_L", "share"), [(0.12, 0.5), (0.07, 0.3), (0.02, 0.5)])
def test_it_holds_by_enumeration_where_f_is_not_quadratic(gamma_L, share):
    """All draws of 12 steps on a function that is not convex, H on one of two axes."""
    problem, start = PLSine((2, 1)), np.array([[2.0], [-1.5]])
    algorithm = EF21(WeightedCoordinate(2, 1, [share, 1 - share]), gamma=gamma_L / problem.L)
    c = Constants.of(Case(algorithm, problem, start, steps=12))

    def step(P, W, V):
        V = V + P @ (problem.gradient(W) - V)
        return W - c.gamma * V, V

    curves = enumerated(problem, step, on_axes(share), (start, 0 * start), 12)
    for id in BOTH:
        check_below(theorems.ALL[id], curves, c)


def test_where_it_is_attained():
    """H = I, where V is the gradient, at gamma = 1/L: an equality at every T. Catches a start that costs something
    there, and 2 for 1 in what is gained."""
    once = Case(EF21(None, gamma=1.0), LINE, [[1.0]], steps=4)
    np.testing.assert_allclose(tightness("T27", once)[1:], 1.0, rtol=1e-9)
    short = Case(EF21(None, gamma=1e-3), LINE, [[1.0]], steps=1)
    assert tightness("T27_pl", short)[1] == pytest.approx(1 / (1 - 1e-3))


_unseen = 2 * gamma * L * (1 - lambda_min) / lambda_min
ONCE = Case(EF21(None, gamma=1.0), LINE, [[1.0]], steps=40)
COIN = Case(EF21(coin(0.3, 1), gamma=0.1), LINE, [[1.0]], steps=200)
REFUTED = {
    "1.9 for 2": ("T27", Fraction(19, 10) * gap0_upper * (1 + _unseen) / (gamma * T), ONCE),
    "T^2 for T": ("T27", 2 * gap0_upper * (1 + _unseen) / (gamma * T**2), ONCE),
    "as if H were I in every step": ("T27_pl", (1 - gamma * mu) ** (2 * T) * gap0, COIN),
    "twice the rate": ("T27_pl", (1 - gamma * mu) ** (4 * T) * gap0 * (1 + _unseen), COIN),
}


test_tampered_with_it_is_refuted = refutes(REFUTED)


def test_the_rate_of_full_steps_is_not_kept_where_steps_are_longer():
    """Where theta is negative runs diverge: gamma L = 1 with a coin of 1/4. Catches a condition that is not needed."""
    long = verify("T27", case(SKEW, coin(0.25, 4), 1.0))
    assert long.status is Status.NOT_APPLICABLE
    bare = replace(theorems.T27, id="bare", given=(*theorems.T27.given[:2], theorems.T27.given[3]))
    assert verify(bare, case(SKEW, coin(0.25, 4), 1.0)).status is Status.VIOLATED


W, V = state("W", "V")
LATER = Method({W: W - gamma * V, V: V + H(gradient(W) - V)}, start={V: 0})
NOT_APPLICABLE = {
    "the theorem is about the method EF21, the algorithm is Method({X": case(SKEW, WEIGHTED, 0.04, method=FEEDBACK),
    "the theorem is about the method EF21, the algorithm is Method({W": case(SKEW, WEIGHTED, 0.04, method=LATER),
    "gradients must be exact": case(SKEW, WEIGHTED, 0.04, gradients=Noisy(0.1)),
    "lambda_min > 0": case(SKEW, WeightedCoordinate(4, 1, [0.5, 0.5, 0.0, 0.0]), 0.04),
    ">= 0": case(SKEW, WEIGHTED, 0.06),
}


test_each_assumption_that_is_broken_is_named = names_what_is_broken(BOTH, NOT_APPLICABLE)


def test_short_steps_are_allowed():
    """gamma L <= lambda_min/2 for T27, lambda_min/4 for T27_pl with any mu <= L. Catches an edge on the page."""
    low = np.linspace(0.001, 1, 1000)
    for x, room in ((low / 2, low), (low / 4, low - 2 * low / 4)):
        assert np.all((1 - x) * low * room >= 2 * x**2 * (1 - low) * (2 - 2 * low + room))
