"""T20: finite differences, on cases of several kinds; where it is attained, refuted, and not applicable."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Bernoulli, Case, Constants, FiniteDifferences, RACLoRA, Status, theorems, verify
from rac_theory.problems import LeastSquares, LogisticRegression, PLSine, Quadratic, SoftmaxRegression
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate

from .asked_of_each import holds_exactly

RNG = np.random.default_rng(22)
ROUND = Quadratic.left(2 * np.eye(4), np.ones((4, 2)))
LEAST = LeastSquares(RNG.normal(size=(20, 4)), RNG.normal(size=(20, 2)), l2=0.1)
SOFTMAX = SoftmaxRegression(RNG.normal(size=(20, 4)), np.arange(20) % 3, l2=0.1)
T20, T20_pl = theorems.T20, theorems.T20_pl


def case(problem, sketch, h, steps=40, *, central=False, times=1.0, **more):
    algorithm = RACLoRA(sketch, times / problem.L, gradients=FiniteDifferences(h, central), **more)
    return Case(algorithm, problem, steps=steps)


EXACT = {
    "quadratic": case(ROUND, Coordinate(4, 1), 0.5),
    "least squares": case(LEAST, Coordinate(4, 2), 0.02),
    "right": case(LEAST, Coordinate(2, 1), 0.02, side="right"),
    "central": case(LEAST, Coordinate(4, 1), 0.02, central=True),
    "weighted": case(LEAST, WeightedCoordinate(4, 1, [0.4, 0.3, 0.2, 0.1]), 0.02),
    "short steps": case(LEAST, Coordinate(4, 2), 0.02, times=0.3),
    "softmax, no sketch": case(SOFTMAX, None, 0.02),
    "not convex, no sketch": case(PLSine((2, 2)), None, 0.3),
}


test_it_holds_exactly = holds_exactly(["T20", "T20_pl"], EXACT)


@pytest.mark.parametrize("id", ["T20", "T20_pl"])
def test_it_is_not_refuted_by_runs(id):
    verdict = verify(theorems.ALL[id], case(SOFTMAX, Haar(4, 2), 0.02, 30), runs=128, rng=0)
    assert verdict.status is Status.CONSISTENT


def test_the_bound_of_gradients_is_approached():
    """One number at 1/L, from far away: all but what the last gap is of the first. Catches half of the first term."""
    problem = Quadratic.left([[1.0]], [[1.0]])
    verdict = verify(T20, case(problem, None, 1e-3, 5))
    np.testing.assert_allclose(verdict.mean[1:] / verdict.bound[1:], 1.0, rtol=1e-6)
    assert T20.tightest.ratio == T20_pl.tightest.ratio == 1


@pytest.mark.parametrize("id", ["T20", "T20_pl"])
def test_without_its_floor_it_is_false(id):
    """Tampered with: the theorem with b = 0 is T1 or T2, of which one run is enough to refute it."""
    far = case(ROUND, Coordinate(4, 1), 2.0, 200)
    known = replace(Constants.of(far), bias_squared=0.0)
    assert verify(theorems.ALL[id], far, constants=known).status is Status.VIOLATED


def test_what_is_not_known_of_f_is_asked_too():
    flat = case(LogisticRegression(RNG.normal(size=(9, 3)), np.arange(9) % 2), Haar(3, 1), 0.1, 5)
    assert any("mu" in told for told in verify(T20_pl, flat).unmet)
    no_L = replace(Constants.of(flat), L=np.nan, bias_squared=np.nan)
    unmet = verify(T20, flat, constants=no_L).unmet
    assert any("b^2" in told for told in unmet)
    assert any("L" in told for told in unmet)
    assert verify(T20, Case(GD(0.5), ROUND, steps=3)).status is Status.NOT_APPLICABLE


def test_a_coin_has_no_known_errors():
    coin = Bernoulli(Haar(4, 1), Haar(2, 1), 0.5, gradients=FiniteDifferences(0.1))
    assert np.isnan(Constants.of(Case(coin, ROUND, steps=3)).bias_squared)
