"""Components: they average to the whole, their constants survive a search, and D bounds how far they disagree.

Lower bounds of their losses are below the infima, by little: in Fractions, and by their duals in 60 digits.
"""

import math
import pickle
from decimal import Decimal, localcontext
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_array

from rac_theory.problems import LeastSquares, LogisticRegression, SoftmaxRegression
from rac_theory.problems.finite_sum import cross_entropy_infima, gradient_variance, heterogeneity, ridge_infima
from tests.as_one_test import as_one_test
from tests.problems.test_every_problem import EVERY as PROBLEMS
from tests.problems.test_every_problem import KNOWN, THREE, TWO, X, Y, some

EVERY = {name: problem for name, problem in PROBLEMS.items() if hasattr(problem, "component_gradient")}
RIDGE = [name for name, problem in EVERY.items() if getattr(problem, "l2", 0) > 0 and problem.convex]
LINEAR = [name for name, problem in EVERY.items() if name in KNOWN and "sparse" not in name]
N = len(X)


@pytest.fixture(params=EVERY.values(), ids=EVERY.keys())
def problem(request):
    return request.param


def every_component(problem, W):
    """The gradients of all components at one W, (N, m, n)."""
    N = problem.n_components
    return problem.component_gradient(np.repeat(W[None], N, axis=0), np.arange(N)[:, None])


def test_all_components_once_make_the_gradient(problem):
    """Catches a regulariser left out of, or divided among, the components, and a mean that is a sum."""
    W = some(problem, 1, 4)
    order = np.random.default_rng(0).permutation(problem.n_components)
    G, expected = problem.component_gradient(W, np.tile(order, (len(W), 1))), problem.gradient(W)
    scale = 1 + np.abs(expected).max(axis=(-2, -1), keepdims=True)
    np.testing.assert_array_less(np.abs(G - expected) / scale, 1e-12)


def test_a_component_is_the_slope_of_its_own_value(problem):
    """Catches rows and labels that are paired wrongly, which the average over all would hide, and values that are not
    the mean of those of components.
    """
    W, h = np.random.default_rng(2).normal(size=problem.shape), 1e-5
    basis = np.eye(W.size).reshape(-1, *W.shape)
    components = [problem.subset([i]) for i in range(problem.n_components)]
    for alone, G in zip(components, every_component(problem, W), strict=True):
        slopes = (alone.value(W + h * basis) - alone.value(W - h * basis)) / (2 * h)
        np.testing.assert_allclose(G, slopes.reshape(W.shape), rtol=0, atol=1e-8 * (1 + np.abs(G).max()))
    W = some(problem, 3, 4)
    np.testing.assert_allclose(np.mean([alone.value(W) for alone in components], axis=0), problem.value(W), rtol=1e-12)


def test_each_run_has_its_own_components(problem):
    """Catches indices shared between runs; a component that is listed twice counts twice. Nothing overflows."""
    W, rng = some(problem, 4, count=2), np.random.default_rng(5)
    indices = rng.integers(problem.n_components, size=(len(W), 3))
    for run, own, G in zip(W, indices, problem.component_gradient(W, indices), strict=True):
        expected = every_component(problem, run)[own].mean(axis=0)
        np.testing.assert_allclose(G, expected, rtol=1e-12, atol=1e-12 * (1 + np.abs(expected).max()))
    far = np.full((2, *problem.shape), 1e6) * [[[1.0]], [[-1.0]]]
    assert np.isfinite(problem.component_gradient(far, np.array([[0, 1], [2, 3]]))).all()


def stretch(problem, i, W, V):
    alone = problem.subset([i])
    return np.linalg.norm(alone.gradient(W + V) - alone.gradient(W)) / np.linalg.norm(V)


@pytest.mark.long
@pytest.mark.parametrize("name", LINEAR)
def test_L_max_survives_a_search(name):
    """No pair of points stretches the gradient of a component by more, here of those with the longest samples."""
    problem, rng, worst = EVERY[name], np.random.default_rng(6), 0.0
    size = int(np.prod(problem.shape))
    for i in np.argsort(np.square(X).sum(axis=1))[-3:]:
        starts = [scale * rng.normal(size=2 * size) for scale in (0.1, 1.0, 10.0) for _ in range(2)]
        best = max(starts, key=lambda z: stretch(problem, i, *z.reshape(2, *problem.shape)))
        found = minimize(
            lambda z, i=i: -stretch(problem, i, *z.reshape(2, *problem.shape)), best, options={"maxiter": 15}
        )
        worst = max(worst, -found.fun)
    assert worst <= problem.L_max * (1 + 1e-7)


@as_one_test("name", LINEAR)
def test_L_max_is_attained(name):
    """Catches a constant twice too large, which a search for a larger stretch would never see."""
    problem = EVERY[name]
    i = int(np.argmax(np.square(problem.X).sum(axis=1)))
    direction, W = np.eye(problem.shape[1])[0], np.zeros(problem.shape)
    if "softmax" in name:
        direction[1] = -1.0
        W[:, 2:] = -1e3 * problem.X[i][:, None]  # two labels share all the probability
    V = 1e-5 * problem.X[i][:, None] * direction
    assert stretch(problem, i, W - V / 2, V) >= problem.L_max * (1 - 1e-6)


@as_one_test("name", RIDGE)
def test_ridge_infima_are_those_that_newton_finds(name):
    """Two routes: the closed form or the dual, and a certified minimisation of the component alone."""
    problem = EVERY[name]
    for i, bound in enumerate(problem.component_infima):
        alone = problem.subset([i])
        assert bound <= alone.f_star
        assert alone.f_star - bound <= 1e-12 * alone.f_star


@as_one_test("name", [name for name in EVERY if name not in RIDGE])
def test_without_a_ridge_the_bound_is_zero(name):
    problem = EVERY[name]
    assert not problem.component_infima.flags.writeable
    assert problem.component_infima.tolist() == [0.0] * problem.n_components


def test_zero_rows_have_the_loss_of_knowing_nothing():
    rows = np.vstack([np.zeros(3), X[1:]])
    assert LeastSquares(rows, Y).component_infima[0] == pytest.approx(np.sum(Y[0] ** 2) / 2, rel=1e-14)
    assert LogisticRegression(rows, TWO).component_infima[0] == pytest.approx(math.log(2), rel=1e-13)
    infima = SoftmaxRegression(csr_array(rows), THREE, l2=0.1).component_infima
    assert infima[0] == pytest.approx(math.log(3), rel=1e-13)
    assert infima[0] <= math.log(3)
    assert not LeastSquares(rows, Y).component_infima[1:].any()

    # Even a row of 1e-200, whose square underflows, fits its target: a bound of ||y||^2 / 2 would be false.
    assert LeastSquares(np.vstack([np.full(3, 1e-200), X[1:]]), Y).component_infima[0] == 0.0
    assert ridge_infima(np.array([0.0]), np.array([2.0]), 0.0)[0] == pytest.approx(1.0)


def test_heterogeneity_bounds_the_variance(problem):
    """``sigma^2(W) <= 2 L_max (f - f*) + D`` at every scale; with f_lower where f* is unknown.

    The variance is that of the components, one by one, where L_max is unknown, too.
    """
    W = some(problem, 8, count=1)
    for run, found in zip(W, gradient_variance(problem, W), strict=True):
        G = every_component(problem, run)
        assert found == pytest.approx(np.square(G - G.mean(axis=0)).sum(axis=(1, 2)).mean(), rel=1e-9, abs=1e-12)
    if math.isfinite(problem.L_max):
        W = some(problem, 7, count=20)
        reference = problem.f_star if math.isfinite(problem.f_star) else problem.f_lower
        bound = 2 * problem.L_max * (problem.value(W) - reference) + heterogeneity(problem)
        assert (gradient_variance(problem, W) <= bound * (1 + 1e-10)).all()
        assert problem.L_max * (1 + 1e-12) >= problem.L


def test_heterogeneity_is_attained_at_the_minimum():
    """Equality, so that half of D, or D with L for L_max, would be refuted; nothing, where one matrix fits all.

    Of rows of norm 1, where ``||grad f_i||^2 = 2 L_max f_i``: the inequalities are equalities.
    """
    problem = LeastSquares(X / np.linalg.norm(X, axis=1, keepdims=True), Y)
    sigma_squared = gradient_variance(problem, problem.W_star[None])[0]
    assert sigma_squared == pytest.approx(heterogeneity(problem), rel=1e-12)
    assert 0.9 * problem.L_max > problem.L
    assert 0 <= heterogeneity(LeastSquares(X, X @ np.ones((3, 2)))) < 1e-20


@as_one_test(
    ("constants", "D"),
    [
        ({"f_star": math.nan, "f_lower": math.nan}, math.nan),
        ({"L_max": math.nan}, math.nan),
        ({}, 0.2),
        ({"component_infima": np.array([np.nan, 0.0])}, math.nan),
        ({"component_infima": np.array([5.0, 0.0])}, 0.0),  # a poor f_lower
        ({"f_star": 2.5, "f_lower": 2.0, "L_max": 3.0, "component_infima": np.array([1.0, 2.0])}, 6.0),
        ({"f_star": math.nan, "f_lower": 0.5}, 1.0),
    ],
)
def test_heterogeneity_by_hand(constants, D):
    """Rounded up, not negative, unknown where a constant is. Catches f_lower in the place of f_star."""
    known = {"f_star": 0.1, "f_lower": 0.0, "L_max": 1.0, "component_infima": np.zeros(2)}
    np.testing.assert_equal(heterogeneity(SimpleNamespace(**known | constants)), D)


def test_a_subset_of_all_rows_is_the_problem(problem):
    """To rounding: features may lie otherwise in memory, and then BLAS adds in another order on some processors."""
    W, whole = some(problem, 9, 4), problem.subset(np.arange(problem.n_components))
    np.testing.assert_allclose(whole.value(W), problem.value(W), rtol=1e-14)
    gradients = problem.gradient(W)
    np.testing.assert_allclose(whole.gradient(W), gradients, rtol=1e-14, atol=1e-14 * np.abs(gradients).max())
    np.testing.assert_equal((whole.L, whole.L_max, whole.shape), (problem.L, problem.L_max, problem.shape))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(whole)).value(W), whole.value(W))


def test_a_subset_keeps_the_labels_of_the_whole_and_computes_its_own_constants():
    problem, squares = EVERY["softmax, ridge"], EVERY["least squares"]
    assert problem.L > 0  # cached in the whole, not to be carried over
    one = problem.subset([0, 3])  # samples of one class
    assert one.shape == problem.shape
    assert one.L != problem.L
    assert set(one.labels) == {0}
    with pytest.raises(ValueError, match="read-only"):
        one.labels[0] = 1
    for whole, rows, message in (
        (squares, [2, 20], r"rows must be in 0..19, got 2..20"),
        (squares, [], "rows must be a non-empty list of row numbers, got"),
        (LeastSquares(np.vstack([np.zeros(3), X[1:]]), Y), [0], "X must not be zero"),
    ):
        with pytest.raises(ValueError, match=message):
            whole.subset(rows)


def test_ridge_infima_are_below_the_infima_at_every_scale():
    """Catches the last roundings dropped or turned, and a share that underflows: its digits are no bound."""
    rng = np.random.default_rng(0)
    zeros = 0
    for _ in range(4000):
        norm, target = (10.0 ** rng.uniform(-200, 200, 2)).tolist()
        l2 = float(10.0 ** rng.uniform(-300, 300))
        found = float(ridge_infima(np.array([norm]), np.array([target]), l2)[0])
        infimum = Fraction(target) * Fraction(l2) / (2 * (Fraction(norm) + Fraction(l2)))
        assert Fraction(found) <= infimum
        zeros += found == 0
        assert found == 0 or infimum <= Fraction(found) * (1 + Fraction(1, 10**14))
    assert zeros < 2000
    assert ridge_infima(np.ones(1), np.full(1, 4.0), 1.0) == 1 - 8 * 2.0**-52  # what is left for rounding


def test_targets_are_squared_from_below():
    """A one, and many squares that a sum rounds up to eps each. Catches sums to nearest, or up."""
    Y = np.full((2, 200), 1.06e-8)
    Y[:, 0] = 1.0
    for order in "CF":  # the sum goes one by one where columns are contiguous
        problem = LeastSquares(np.ones((2, 1)), np.array(Y, order=order), 1e20)  # whose share is 1, to rounding
        infimum = sum(Fraction(y) ** 2 for y in Y[0].tolist()) * Fraction(10**20, 2 * (10**20 + 1))
        assert Fraction(float(problem.component_infima[0])) <= infimum


def dual(q, classes):
    """The largest ``h(s) + s log(k - 1) - q s^2 / 2``, by bisection of its slope: concave in s."""
    gain, low, high = Decimal(classes - 1).ln(), Decimal("1e-60"), 1 - Decimal("1e-50")
    while high / low > 1 + Decimal("1e-28"):
        middle = (low * high).sqrt()
        rises = ((1 - middle) / middle).ln() + gain > q * middle
        low, high = (middle, high) if rises else (low, middle)
    return -low * low.ln() - (1 - low) * (1 - low).ln() + low * gain - q * low * low / 2


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_cross_entropy_infima_are_below_the_infima(classes):
    """Catches the roundings dropped or turned, a class too many, and a penalty that is stretched too little."""
    rng = np.random.default_rng(classes)
    with localcontext() as context:
        context.prec = 60
        for _ in range(25):
            norm, l2 = float(10.0 ** rng.uniform(-3, 3)), float(10.0 ** rng.uniform(-12, 12))
            stretch = Fraction(1) if classes == 2 else Fraction(classes, classes - 1)
            found = float(cross_entropy_infima(np.array([norm]), l2, classes, float(stretch))[0])
            q = stretch * Fraction(norm) / Fraction(l2)
            infimum = dual(Decimal(q.numerator) / Decimal(q.denominator), classes)
            assert Decimal(found) <= infimum <= Decimal(found) * (1 + Decimal("1e-13"))


def test_what_cancels_leaves_more_for_rounding():
    """Of a steep loss the two terms are three times their difference. Catches an allowance for the difference alone."""
    with localcontext() as context:
        context.prec = 60
        found = float(cross_entropy_infima(np.array([1e6]), 1e-6, 2, 1.0)[0])
        assert Decimal("1.4e-14") < dual(Decimal(10) ** 12, 2) / Decimal(found) - 1 < Decimal("3e-14")
