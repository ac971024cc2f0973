"""Bounds on the rounding of values and gradients, and the certificates made of them, by exact and 60-digit arithmetic.

Least squares are held against what the standard model of floating point allows, others against cases where one of the
terms of a bound is all there is. Each test names the term that it would miss.
"""

import itertools
import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import problems
from rac_theory.problems import LeastSquares, LogisticRegression, Quadratic, SoftmaxRegression
from rac_theory.problems.certified_step import certified_step
from rac_theory.problems.features import adjoint_rounding, score_errors
from rac_theory.problems.mean import Mean
from rac_theory.problems.minimise import minimise
from tests.as_one_test import as_one_test
from tests.problems.exact import exact, infimum

UNIT = Fraction(1, 2**53)


def growth(n):
    """The relative error of n roundings in a row at most (Higham, Accuracy and Stability, Lemma 3.1)."""
    return n * UNIT / (1 - n * UNIT)


def norm(vector):
    """An upper bound of the length of a vector of Fractions."""
    return math.sqrt(vector @ vector) * (1 + 1e-14)


def least_squares_cases():
    """Residuals that are all rounding, none at all, and all the targets; penalties that are nothing and everything."""
    rng = np.random.default_rng(0)
    for N, d in ((1, 1), (5, 2), (4, 7), (6, 9)):
        for l2, scale in ((0.0, 1.0), (0.3, 1e-8), (1e8, 1.0)):
            X = scale * rng.standard_normal((N, d))
            W = rng.standard_normal((d, 1)) / scale
            for Y in (X @ W, X @ W + 1e-15, rng.standard_normal((N, 1)), 1e6 * X @ W):
                yield LeastSquares(X, Y, l2), W
            yield LeastSquares(X, np.ones(N), l2), np.zeros((d, 1))


@as_one_test(("problem", "W"), [*least_squares_cases()])
def test_least_squares_allow_for_all_that_the_model_allows(problem, W):
    """Catches errors of scores, of sums over samples, of the penalty or of a square left out, or taken at a quarter.

    The gradient is off by the worst corner of the residuals' errors, and the sums over samples and of the penalty.
    """
    x, (y, w), l2, (N, d) = (
        exact(problem.X),
        (exact(a)[:, 0] for a in (problem.Y, W)),
        Fraction(problem.l2),
        problem.X.shape,
    )
    r = x @ w - y
    off = growth(d + 1) * (abs(x) @ abs(w)) + UNIT * abs(y)
    value, gradient = r @ r / (2 * N) + l2 * (w @ w) / 2, x.T @ r / N + l2 * w
    value_off = (2 * abs(r) + off) @ off / (2 * N) + growth(N + d + 6) * value
    corner = max(norm(x.T @ (off * (1, *signs)) / N) for signs in itertools.product((-1, 1), repeat=N - 1))
    sums = growth(N + 2) * (abs(x).T @ (abs(r) + off)) / N + growth(3) * l2 * abs(w)
    assert abs(Fraction(float(problem.value(W))) - value) <= Fraction(problem.rounding(W))
    assert value_off <= Fraction(problem.rounding(W))
    assert norm(exact(problem.gradient(W))[:, 0] - gradient) <= problem.gradient_rounding(W)
    assert corner + norm(sums) <= problem.gradient_rounding(W)


def test_each_allowance_of_least_squares_is_the_one_that_is_derived():
    """In roundings, by hand: residuals 2, -10, -3, scores and targets of sizes 3, 8, 0 and 1, 2, 3.

    Catches each number that is another, half of a square, and the share of singular values beside that of these lines.
    """
    X, W, eps = np.array([[3.0, 0.0], [0.0, -4.0], [0.0, 0.0]]), np.array([[1.0], [2.0]]), 2.0**-52
    problem, off = LeastSquares(X, [1.0, 2.0, 3.0], 0.5), math.sqrt(14**2 + 36**2 + 6**2)
    assert problem.rounding(W) / eps == pytest.approx(math.sqrt(113) * off / 3 + 64 * (113 / 6 + 5 / 4))
    sums = 38 * math.hypot(3 * 2, 4 * 10) / 3 + 8 * 0.5 * 5**0.5
    assert problem.gradient_rounding(W) / eps == pytest.approx(math.sqrt((16 / 3 + 0.5) / 3) * off + sums)
    one = LeastSquares([[1.0]], [1.0])
    assert one.rounding(np.ones((1, 1))) / eps**2 == pytest.approx(5**2 / 2)
    assert [(1 - one.mu) / eps, (one.L - 1) / eps] == pytest.approx([2 * 12 + 8] * 2, abs=0.6)
    mean = Mean([Known(offset=offset, at=0.0) for offset in (1.0, 2.0, 3.0)])
    assert mean.rounding(np.ones((1, 1))) / eps == pytest.approx(6 * 3)
    assert mean.gradient_rounding(np.ones((1, 1))) / eps == pytest.approx(6 * 2)


def test_scores_and_adjoints_allow_for_all_that_the_model_allows():
    """Catches a bound that does not grow with d or N, that is a quarter, or that sees terms cancel."""
    rng = np.random.default_rng(1)
    for d in (1, 2, 5, 30, 200):
        X, W = rng.standard_normal((3, d)), rng.standard_normal((d, 2))
        allowed = (growth(d) * (abs(exact(X)) @ abs(exact(W))).T).astype(float)
        assert (score_errors(X, W) >= allowed).all()
        assert (score_errors(X, W) <= 8 * allowed + 1e-30).all() or d < 5
    for N in (1, 20, 200):
        X, Z = rng.standard_normal((N, 2)), rng.standard_normal((1, N))
        sums = abs(exact(X.T)) @ abs(exact(Z[0]))
        assert norm(growth(2 * N) * sums) <= adjoint_rounding(X, Z) <= norm(growth(70 * N) * sums)


def value_and_gradient(problem, W):
    """Both in the digits of the context: cross-entropy with l2, logistic or softmax; a gradient of rows."""
    x = [[Decimal(v) for v in row] for row in problem.X.tolist()]
    w, l2, N = [[Decimal(v) for v in row] for row in W.tolist()], Decimal(problem.l2), len(problem.X)
    logistic = isinstance(problem, LogisticRegression)
    positions = problem.y > 0 if logistic else np.searchsorted(problem.classes, problem.labels)
    value, G = l2 / 2 * sum(v * v for row in w for v in row), [[l2 * v for v in row] for row in w]
    for row, own in zip(x, positions, strict=True):
        z = [sum(a * r[j] for a, r in zip(row, w, strict=True)) for j in range(len(w[0]))]
        z = [Decimal(0), *z] if logistic else z
        weights = [(s - max(z)).exp() for s in z]
        value += (sum(weights).ln() + max(z) - z[int(own)]) / N
        p = [v / sum(weights) - (j == int(own)) for j, v in enumerate(weights)][-len(w[0]) :]
        G = [[g + a * q / N for g, q in zip(line, p, strict=True)] for line, a in zip(G, row, strict=True)]
    return value, G


def cross_entropy_cases():
    """Scores that cancel; no scores; a loss below eps; large scores that lead by little; a penalty beside tiny data."""
    rng = np.random.default_rng(2)
    for k in range(8):
        big = 1e8 * (1 + rng.random())
        W = np.array([[1.0], [1 + 1e-9 * rng.standard_normal()]]) * (1 + rng.random())
        yield LogisticRegression([[big, -big], [big, -big]], [0, 1]), W
        yield SoftmaxRegression([[big, -big]] * 3, [0, 1, 2]), np.hstack([W, -W, 0 * W])
        yield SoftmaxRegression(rng.standard_normal((3, 2)), [0, 1, 2]), np.zeros((2, 3))
        yield LogisticRegression([[1.0], [-1.0]], [0, 1]), np.full((1, 1), -40.0 - k)
        large, little = 280 + 9 * k + rng.random(), 28 + 3 * rng.random()  # each loss is about exp(-little)
        leads = np.array([[large, large - little, 0], [large - little, large, 0], [0, 0, little]])
        yield SoftmaxRegression(np.eye(3), [0, 1, 2]), leads
        yield LogisticRegression([[1e-9], [-2e-9]], [0, 1], 1 / 3), np.full((1, 1), 0.1 + rng.random())


@as_one_test(("problem", "W"), [each for each in cross_entropy_cases() if hasattr(each[0], "y")])
def test_a_certified_step_is_rounded_down(problem, W):
    """Catches a step from the loss as it is computed, which is 0 below eps; and one without the penalty."""
    with localcontext() as context:
        context.prec = 60
        value, _ = value_and_gradient(problem, W)
        longest = max(sum(Decimal(v) ** 2 for v in row) for row in problem.X.tolist())
        steepest = min(Decimal(problem.L), longest * value + Decimal(problem.l2))
        assert Decimal(float(problem.certified_step(W[None], W[None])[0])) * steepest <= 1


def test_what_a_certified_step_allows_a_loss_grows_with_it():
    """(1500 + d) eps (1 + f) in single precision, at the loss of one margin. Catches 1 + f that is left out."""
    problem, W, eps = LogisticRegression([[1.0], [-1.0]], [1, -1]), np.array([[1.5]], np.float32), 2.0**-23
    f = math.log1p(math.exp(-1.5))
    allowed = 1 / float(problem.certified_step(W, W)) - f
    assert allowed == pytest.approx(1501 * eps * (1 + f) + 8 * eps * f + 6 * eps * 1.5 * f, rel=5e-3)


@as_one_test("own", [False, True])
def test_a_certified_step_in_single_precision_is_no_longer(own):
    """Of 200 steps half would be rounded up, to the nearest number of single precision; by hand, in both ways."""
    rng = np.random.default_rng(3)
    for step in rng.uniform(0.1, 1.0, 200):
        problem = LeastSquares([[1.0]], Y=[1.0])
        vars(problem)["L"] = 1 / step
        if own:
            vars(problem)["certified_step"] = lambda W, G, step=step: np.full(W.shape[:-2], step)
        single = certified_step(problem, np.ones((1, 1, 1), np.float32), np.ones((1, 1, 1), np.float32))
        assert single.dtype == np.float32
        assert step * (1 - 2e-7) < float(single[0]) <= (step if own else 1 / problem.L)


@as_one_test(("problem", "W"), [*cross_entropy_cases()])
def test_cross_entropies_are_as_near_as_they_say(problem, W):
    """Catches errors of scores, of large scores, of numbers of size one, of sums or of the penalty left out."""
    with localcontext() as context:
        context.prec = 60
        value, G = value_and_gradient(problem, W)
        assert abs(Decimal(float(problem.value(W))) - value) <= Decimal(problem.rounding(W))
        found = problem.gradient(W).tolist()
        off = sum((Decimal(a) - b) ** 2 for f, g in zip(found, G, strict=True) for a, b in zip(f, g, strict=True))
        assert off.sqrt() <= Decimal(problem.gradient_rounding(W))


@dataclass
class Known:
    """f = offset + ||W - at||^2, whose value and gradient may be off by as much as it says they are."""

    offset: float = 1.0
    at: float = 1.0
    value_off: float = 0.0
    gradient_off: float = 0.0
    allowed: tuple = (0.0, 0.0)

    shape, convex, L, strong_convexity = (1, 1), True, 4.0, 2.0
    f_lower = property(lambda self: self.offset)

    def value(self, W):
        return self.offset + (W[..., 0, 0] - self.at) ** 2 + self.value_off

    def gradient(self, W):
        return 2 * (W - self.at) + self.gradient_off

    def value_and_gradient(self, W):
        return self.value(W), self.gradient(W)

    def hessian(self, W):
        return lambda V: 2 * V

    def rounding(self, W):
        return self.allowed[0]

    def gradient_rounding(self, W):
        return self.allowed[1]


def test_a_certificate_holds_where_values_and_gradients_are_off_by_all_that_is_allowed():
    """Catches f* that is not raised by the rounding of a value, and a width with one of them instead of two.

    It is attained: f is quadratic. Catches a slack that is halved or left out, and the gradient's rounding.
    """
    for off in (-1e-6, 1e-6):
        minimum = minimise(Known(offset=1e6, at=1e-4, value_off=off, allowed=(1e-6, 0.0)), max_steps=0)
        assert minimum.f_lower <= 1e6 + 1e-9
        assert minimum.f_star + 1e-9 >= 1e6
        assert minimum.f_star_error == pytest.approx(1e-8 + 2e-6)
    for off in (0.0, 1e-4):
        minimum = minimise(Known(offset=1e6, at=3e-4, gradient_off=off, allowed=(0.0, off)), max_steps=0)
        assert 1e6 - 1e-8 <= minimum.f_lower <= 1e6 + 1e-9
        assert minimum.f_star > 1e6 + 8e-8


def test_a_certificate_wider_than_its_tolerance_does_not_count():
    """1.2e-12 of f is too much, and 0.8e-12 is not. Catches a tolerance that is twice as large, or half.

    Values of 1 that may be off by 5: f >= 0 is known better. Catches the width without that.
    """
    minimum = minimise(Known(offset=1e6, at=1.1e-3), max_steps=0)
    assert math.isnan(minimum.f_star)
    assert minimum.f_lower == 0
    assert minimise(Known(offset=1e6, at=0.9e-3), max_steps=0).f_star >= 1e6
    assert minimise(Known(at=0.0, allowed=(5.0, 0.0))).f_lower == 0


def test_the_rounding_of_a_mean_is_that_of_its_terms_and_its_own():
    """Terms whose values are exact, or off by a known error. Catches its own part, or theirs, left out or divided."""
    rng = np.random.default_rng(3)
    W = np.zeros((1, 1))
    for count in (3, 5, 11) * 30:
        terms = [Known(offset=offset, at=at) for offset, at in rng.uniform(0.1, 1, (count, 2)).tolist()]
        values = [Fraction(float(term.value(W))) for term in terms]
        slopes = [Fraction(float(term.gradient(W)[0, 0])) for term in terms]
        mean = Mean(terms)
        assert abs(Fraction(float(mean.value(W))) - sum(values) / count) <= Fraction(mean.rounding(W))
        assert abs(Fraction(float(mean.gradient(W)[0, 0])) - sum(slopes) / count) <= mean.gradient_rounding(W)
        assert mean.rounding(W) <= 1e-14
        assert mean.gradient_rounding(W) <= 1e-14
    off = Mean([Known(allowed=(2.0, 3.0)), Known(allowed=(4.0, 5.0))])
    assert (off.rounding(W), off.gradient_rounding(W)) == pytest.approx((3, 4), rel=1e-12)


def test_the_minimum_of_a_mean_is_certified_at_its_lower_end():
    """Catches f_star in the place of f_lower."""
    mean, one_says_no_rounding = (
        Mean([Known(), other]) for other in (Known(offset=2.0), Quadratic.left([[2.0]], [[1.0]]))
    )
    assert mean.f_lower == mean.f_star - mean.f_star_error < 1.5 <= mean.f_star
    assert math.isnan(one_says_no_rounding.f_star)


def test_the_minimum_of_least_squares_is_in_its_interval():
    """Catches f* at the value as computed, a width with one rounding, and the ends exchanged."""
    rng = np.random.default_rng(4)
    for l2 in (0.0, 1e-3) * 60:
        problem = LeastSquares(rng.standard_normal((6, 2)), rng.standard_normal((6, 3)), l2)
        assert problem.f_lower <= infimum(problem) <= problem.f_star


@pytest.mark.parametrize("shift", [1e-3, 1e-8])
def test_the_interval_holds_at_whatever_point_the_solver_leaves(monkeypatch, shift):
    """A point that is off along the flattest direction, where gradients are smallest. Catches L in the place of mu."""
    X, Y = np.array([[1.0, 1.0], [1.0, 1 + 1e-3], [1.0, 1.0]]), np.array([[1.0], [3.0], [2.0]])
    right, flat = problems.least_squares.least_norm_solution(X, Y, 0.0), np.linalg.svd(X)[2][1][:, None]
    monkeypatch.setattr(problems.least_squares, "least_norm_solution", lambda *_: right + shift * flat)
    problem = LeastSquares(X, Y)
    assert problem.f_lower <= infimum(problem) <= problem.f_star


def test_the_certificate_of_least_squares_counts_the_rounding_of_the_gradient():
    """Where mu is 1e-13 it is most of the width. Catches the computed norm of the gradient alone."""
    problem = LeastSquares([[1.0, 1.0], [1.0, 1 + 1e-6], [1.0, 1.0]], [1e6, 3.3, -2.2e6])
    W = problem.W_star
    size = float(np.linalg.norm(problem.gradient(W))) + problem.gradient_rounding(W)
    certified, rounding = size**2 / (2 * problem.mu), problem.rounding(W)
    assert problem.f_star_error >= certified > 2 * rounding
    assert problem.f_star_error - certified == pytest.approx(2 * rounding, rel=1e-3)  # of both ends
