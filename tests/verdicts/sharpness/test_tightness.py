"""The tightness meter: 1 where a theorem is an equality, above 1 elsewhere, below 1 only for a false constant."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, Unsupported, theorems, tightness
from rac_theory.problems import LeastSquares, LogisticRegression, Quadratic
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate
from tests.as_one_test import as_one_test

rng = np.random.default_rng(0)
MULTIPLE = Quadratic.left(2 * np.eye(5), np.ones((5, 2)))
STEEP = Quadratic.left(np.diag([0.1, 0.5, 1.0]), np.ones((3, 2)))
FITTED = LeastSquares(rng.standard_normal((20, 4)), rng.standard_normal(20))


def test_t2_is_an_equality_on_multiples_of_the_identity():
    """And in the row that is drawn most rarely. Catches a bound and an expectation that are one step apart, or a gap
    counted from elsewhere. A false constant shows."""
    case = Case(RACLoRA(Haar(5, 2), 1 / MULTIPLE.L), MULTIPLE, steps=40)
    rare = Case(RACLoRA(WeightedCoordinate(3, 1, [1, 2, 3]), 1.0), Quadratic.left(np.eye(3), np.eye(3, 1)), steps=20)
    for theorem, some in (("T2", case), ("T2_sharp", case), ("T2", rare)):
        np.testing.assert_allclose(tightness(theorem, some), 1.0, rtol=1e-9)
    constants = Constants.of(case)
    ratio = tightness(theorems.T2, case, constants=replace(constants, lambda_min=1.05 * constants.lambda_min))
    np.testing.assert_allclose(ratio, (0.58 / 0.6) ** np.arange(41), rtol=1e-9)


def test_t1_and_t4_are_equalities_too():
    """T1 from t = 1 on, d = 1 and gamma = 1/L: the first gradient is all there is, and the bound is 2 Delta_0 L / t.

    T4 is about the distance, where curvatures are equal.
    """
    problem = Quadratic.left(np.ones((1, 1)), np.ones((1, 1)))
    ratio = tightness(theorems.T1, Case(RACLoRA(Haar(1, 1), 1.0), problem, steps=5))
    assert np.isnan(ratio[0])
    np.testing.assert_allclose(ratio[1:], 1.0, rtol=1e-9)
    case = Case(RACLoRA(Haar(5, 2), 0.8 / MULTIPLE.L), MULTIPLE, steps=20)
    np.testing.assert_allclose(tightness(theorems.T4, case), 1.0, rtol=1e-9)
    steep = tightness(theorems.T4, Case(RACLoRA(Haar(3, 1), 0.8 / STEEP.L), STEEP, steps=20))
    assert steep[1:].min() > 1.001


@as_one_test(
    ("theorem", "problem", "sketch"),
    product(("T1", "T2", "T1_sharp", "T2_sharp"), (STEEP, FITTED), (lambda d: Haar(d, 1), lambda d: Coordinate(d, 2))),
)
def test_no_bound_is_exceeded(theorem, problem, sketch):
    case = Case(RACLoRA(sketch(problem.shape[0]), 0.9 / problem.L), problem, steps=60)
    ratio = tightness(theorem, case)
    known = ratio[np.isfinite(ratio)]
    assert known.size >= 20
    assert known.min() >= 1 - 1e-9
    assert known.max() > 1.01


def test_what_the_certificate_of_the_minimum_leaves_open_is_nan():
    case = Case(RACLoRA(Haar(4, 4), 1 / FITTED.L), FITTED, steps=3000)
    ratio = tightness("T2", case)
    bound = theorems.T2.bound(Constants.of(case), 3000)
    open_ = bound <= 100 * FITTED.f_star_error
    assert open_.any()
    np.testing.assert_array_equal(np.isnan(ratio), open_)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(ValueError, match="must meet the assumptions of T2: gamma"):
        tightness("T2", Case(RACLoRA(Haar(5, 2), 1.5 / MULTIPLE.L), MULTIPLE, steps=5))
    with pytest.raises(ValueError, match="theorem must be one of"):
        tightness("T99", Case(RACLoRA(Haar(5, 2), 0.1), MULTIPLE, steps=5))
    problem = LogisticRegression(rng.standard_normal((6, 2)), [0, 1, 0, 1, 1, 0], l2=0.1)
    with pytest.raises(Unsupported, match="only quadratics"):
        tightness("T2", Case(RACLoRA(Haar(2, 1), 0.1), problem, steps=5))


def test_below_the_smallest_normal_numbers_nothing_is_told():
    """T2 is an equality here, and at t = 62 both are a few multiples of 5e-324: 4 of them over 3 once was a ratio."""
    bowl = Quadratic.left(np.eye(2), np.ones((2, 1)))
    case = Case(RACLoRA(Haar(2, 2), gamma=0.9975), bowl, np.array([[0.38], [0.25]]), steps=64)
    ratio = tightness("T2_sharp", case)
    bound = theorems.T2_sharp.bound(Constants.of(case), 64)
    assert (bound[-6:] < 1e-300).all()
    assert np.isnan(ratio[bound < 1e-300]).all()
    np.testing.assert_allclose(ratio[bound > 1e-290], 1.0, rtol=1e-12)
