"""Curvature as advice takes it: Q and its numbers by a second route, what it makes of sketches, and nonsense."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array

from rac_theory import Case, Constants, RACLoRA, best_step, sketches
from rac_theory.advice import Curvature, advise
from rac_theory.advice.training_option import FULL, gain_of_mixture, gain_of_side
from rac_theory.numerics.eigenvalues import lapack_rounding
from rac_theory.numerics.rational import rounded
from rac_theory.problems import LeastSquares, LogisticRegression, Quadratic, SoftmaxRegression
from rac_theory.problems.features import squared_row_norms
from rac_theory.sketches import FiniteSupport, named_sketch
from tests.as_one_test import as_one_test
from tests.refused import refused

RNG = np.random.default_rng(11)
X = RNG.standard_normal((40, 6)) * np.array([3.0, 1.0, 1.0, 0.5, 0.2, 0.1])
SCALES = {"least_squares": 1.0, "logistic": 0.25, "softmax": 0.5}


def option(shape, side, curvature, sketch="haar", rank=1, **choices):
    """The option of one side, sketch and rank."""
    options, notes = advise([shape], ranks=[rank], sketches=[sketch], curvature=curvature, **choices)
    assert notes == []
    (found,) = (one for one in options if one.side == side)
    return found


@as_one_test(("loss", "l2"), product(SCALES, (0.0, 0.3)))
def test_the_numbers_of_features(loss, l2):
    """L, rho and L / mu by eigvalsh of c X'X/N + l2 I. Catches another c, and l2 that is scaled with it."""
    known, sparse = (Curvature.of_features(features, loss=loss, l2=l2) for features in (X, csr_array(X)))
    assert sparse.rho == pytest.approx(known.rho, rel=1e-13)
    values = np.linalg.eigvalsh(SCALES[loss] * X.T @ X / len(X) + l2 * np.eye(6))
    assert values[-1] == pytest.approx(known.L, rel=1e-12)
    assert known.rho == pytest.approx(values.sum() / values[-1], rel=1e-12)
    mu = values[0] if loss == "least_squares" else l2
    assert known.condition == pytest.approx(values[-1] / mu, rel=1e-9) if mu else math.isnan(known.condition)
    assert (known.dim, known.examples) == (6, 40)


UNEVEN = FiniteSupport(np.eye(6)[..., None], np.arange(6, 0, -1) / 21)


@as_one_test(
    ("loss", "problem", "law"),
    [
        ("least_squares", LeastSquares(X, np.ones((40, 3)), l2=0.3), UNEVEN),
        ("logistic", LogisticRegression(X, np.resize([1, -1], 40), l2=0.3), sketches.Coordinate(6, 2)),
        ("softmax", SoftmaxRegression(X, np.resize([0, 1, 2], 40), l2=0.3), sketches.Haar(6, 2)),
        ("softmax", SoftmaxRegression(X, np.resize([0, 1, 2], 40), l2=0.3), UNEVEN),
    ],
)
def test_features_promise_what_the_problem_promises(loss, problem, law):
    """By Constants of a case at best_step. Catches a scale that does not cancel in nu L, and the step 1/L_H for it."""
    gamma = best_step(problem, law)
    c = Constants.of(Case(RACLoRA(law, gamma), problem, np.ones(problem.shape)))
    found = gain_of_side(law, Curvature.of_features(X, loss=loss, l2=0.3, side="left"), None)
    assert found.step == pytest.approx(gamma * problem.L, rel=1e-6)
    np.testing.assert_allclose(found.L_H * problem.L, c.L_H, rtol=1e-9)
    assert found.nu == pytest.approx(c.nu * problem.L, rel=1e-7)


@as_one_test("rank", (1, 2, 5, 9))
def test_L_H_by_rho_alone_is_the_formula(rank):
    """((dr + d - 2) + (d - r) rho) / ((d - 1)(d + 2)), in Fractions. Catches d + 1 for d + 2, and r for d - r."""
    d, rho = 9, Fraction(5, 2)
    expected = ((d * rank + d - 2) + (d - rank) * rho) / ((d - 1) * Fraction(d + 2))
    for sketch in ("haar", "gaussian"):
        one = option((d, d), "right", Curvature.of_rho(2.5), sketch, rank)
        assert expected <= Fraction(one.L_H) <= expected * (1 + Fraction(1, 10**15))
        assert one.nu == pytest.approx(rank / d / float(expected), rel=1e-14)
        assert Fraction(one.nu) <= Fraction(rank, d) / expected
        assert one.step * one.L_H <= 1


def test_rho_a_spectrum_and_features_agree_where_rotations_leave_the_law_alone():
    """Three routes to one L_H: two by rho, one by the matrix. Catches a trace that is a mean, or of the wrong side."""
    values = np.linalg.eigvalsh(X.T @ X / len(X))
    rho = Curvature.of_rho(values.sum() / values[-1])
    known = (Curvature.of_features(X), Curvature.of_spectrum(values), rho)
    found = [option((4, 6), "right", curvature, rank=2).nu for curvature in known]
    np.testing.assert_allclose(found, found[0], rtol=1e-11)
    transposed = option((6, 4), "left", Curvature.of_features(X, side="left"), rank=2)
    assert transposed.nu == found[0]
    assert option((2, 4), "right", Curvature.of_rho(4.0)).L_H == 1.0  # as large as its side


def test_the_other_side_gains_nothing():
    """Q = S (x) I has L_H = L along a sketch of the other side: the nu of 1/L. Catches sides that are swapped."""
    curvature = Curvature.of_features(X)
    left = option((5, 6), "left", curvature)
    assert (left.L_H, left.step, left.nu) == (1.0, 1.0, left.lambda_min)
    W = np.ones((5, 6))
    problem = Quadratic.kronecker(np.eye(5), X.T @ X / len(X), W)
    c = Constants.of(Case(RACLoRA(sketches.Haar(5, 1), 1 / problem.L), problem))
    np.testing.assert_allclose(c.L_H, problem.L, rtol=1e-12)
    assert c.nu * problem.L == pytest.approx(left.nu, rel=1e-9)


def test_what_rho_does_not_decide_is_L():
    """Of coordinates only the basis says it: a spectrum that is taken for the diagonal would promise too much."""
    for curvature in (Curvature.of_rho(2.0), Curvature.of_spectrum([4.0, 2.0, 1.0, 1.0, 0.0, 0.0])):
        one = option((3, 6), "right", curvature, "coordinate", 2)
        assert (one.L_H, one.nu) == (1.0, one.lambda_min)
        assert one.how == "closed form; L, as rho does not decide about this sketch"


@as_one_test("p", (0.0, 0.3, 0.8, 1.0))
def test_a_mixture_by_the_matrices_as_a_whole(p):
    """nu against the smallest eigenvalue of 2 g E[H] - g^2 E[HQH] on all entries, over both supports. Catches p on the
    wrong side, and a mean of both L_H with the weights of p alone."""
    m, n = 3, 6
    S = X.T @ X / len(X)
    curvature = Curvature.of_features(X)
    one = option((m, n), "mixture", curvature, "coordinate", 2, mixture=p)
    L, gamma = curvature.L, one.step / curvature.L
    N = np.zeros((m * n, m * n))
    Q = np.kron(np.eye(m), S)
    for weight, dim, lift in ((p, m, lambda H: np.kron(H, np.eye(n))), (1 - p, n, lambda H: np.kron(np.eye(m), H))):
        values, chances = named_sketch("coordinate", dim, 2).support()
        for B, chance in zip(values, chances, strict=True):
            H = lift(B @ B.T)
            N += weight * float(chance) * (2 * gamma * H - gamma**2 * H @ Q @ H)
    exact = np.linalg.eigvalsh(N)[0] * L
    assert one.nu <= exact * (1 + 1e-9)
    assert one.nu >= 0.97 * exact
    if p in (0.0, 1.0):
        side = option((m, n), "left" if p else "right", curvature, "coordinate", 2)
        assert one.nu == pytest.approx(side.nu, rel=1e-12)


def test_a_mixture_of_uneven_sides_weighs_the_ends():
    """E[HQH] <= c E[H] for all h in [k, K]: the mean is largest at the ends that are taken. Catches them swapped."""
    left = FULL._replace(lambda_min=0.1, lambda_max=0.5, L_H=0.4)
    right = FULL._replace(lambda_min=0.2, lambda_max=0.9, L_H=0.8)
    p = Fraction(1, 4)
    corners = [(h / 4 * 0.4 + 0.75 * k * 0.8) / (h / 4 + 0.75 * k) for h, k in product((0.1, 0.5), (0.2, 0.9))]
    found = gain_of_mixture(p, left, right)
    assert max(corners) == pytest.approx(found.L_H, rel=1e-12)
    assert (found.lambda_min, found.lambda_max) == pytest.approx((0.175, 0.8), rel=1e-12)  # p on the left
    assert found.nu == pytest.approx((0.25 * 0.1 + 0.75 * 0.2) / max(corners), rel=1e-12)


def test_every_number_of_a_gain_is_rounded_to_its_safe_side():
    """In Fractions, of numbers that are no floats: L_H and lambda_max up, lambda_min, the step and nu down."""
    low, high = (FULL._replace(lambda_min=a, lambda_max=b, L_H=c) for a, b, c in ((0.1, 0.3, 0.4), (0.1, 0.7, 0.9)))
    p = Fraction(1, 3)
    found, (a, b) = gain_of_mixture(p, low, high), (Fraction(0.1), Fraction(0.7))
    most = ((1 - p) * b * Fraction(0.9) + p * a * Fraction(0.4)) / ((1 - p) * b + p * a)
    known = Curvature.of_features(X, side="left")
    L, gamma = Fraction(known.L), best_step(known.problem, UNEVEN)  # least squares: the scale is 1
    c = Constants.of(Case(RACLoRA(UNEVEN, gamma), known.problem, np.ones((6, 1))))
    own = gain_of_side(UNEVEN, known, None)
    for least, exact, side in (
        (found.lambda_min, a, -1),
        (found.lambda_max, p * Fraction(0.3) + (1 - p) * b, 1),
        (found.L_H, most, 1),
        (found.step, 1 / most, -1),
        (found.nu, a / most, -1),
        (own.L_H, Fraction(c.L_H) / L, 1),
        (own.step, Fraction(gamma) * L, -1),
        (own.nu, Fraction(c.nu) * L, -1),
    ):
        assert 0 <= side * (Fraction(least) - exact) <= exact * Fraction(1, 2**52)
    assert found.how == FULL.how
    assert gain_of_mixture(p, low, high._replace(how="rho")).how == "left: no sketch, right: rho"
    assert gain_of_side(sketches.Haar(4, 1), Curvature("right", 5.0, dim=4), None).L_H == 1.0  # L, if rho is off


def test_wide_features_are_taken_by_rho():
    """Above 2,048 no X'X is formed: rho by singular values. Catches a trace that is not that of c X'X/N + l2 I."""
    wide = np.random.default_rng(3).standard_normal((20, 2049))
    known = Curvature.of_features(wide, loss="softmax", l2=0.2)
    s = np.linalg.svd(wide, compute_uv=False) ** 2 / (2 * len(wide))
    assert known.problem is None
    assert known.rho == pytest.approx((s.sum() + 2049 * 0.2) / (s[0] + 0.2), rel=1e-10)
    assert "X is too wide" in known.description
    assert option((1, 2049), "right", known, rank=1).nu > 1 / 2049


def test_numbers_are_rounded_up(monkeypatch):
    """rho and L / mu in Fractions; a trace that is a sum of floats has four eps for it. Catches any other direction."""
    found = Curvature.of_spectrum([10.0, 3.0, 3.0])
    for number, exact in ((found.rho, Fraction(16, 10)), (found.condition, Fraction(10, 3))):
        assert exact <= Fraction(number) <= exact * (1 + Fraction(1, 2**52))
    assert Fraction(Curvature.of_spectrum([3.0, 1.0]).rho) >= Fraction(4, 3)  # to nearest it is less
    assert Curvature.of_features(X[:, :4]).problem.shape == (4, 1)
    monkeypatch.setattr("rac_theory.advice.curvature.LARGEST_SIDE", 3)
    assert Curvature.of_features(X[:, :3]).problem is not None
    wide, eps = Curvature.of_features(np.eye(4)), 2.0**-52
    assert wide.problem is None
    trace = math.fsum(squared_row_norms(np.eye(4))) * (1 + 4 * eps)
    assert trace / 4 / wide.L <= wide.rho == rounded(Fraction(trace) / 4 / Fraction(wide.L), math.inf)


def test_the_penalty_is_told_where_there_is_one():
    assert "I, X 40x6" not in Curvature.of_features(X).description
    assert Curvature.of_features(X, l2=0.05).description == "X'X/N + 0.05 I, X 40x6"


def test_a_spectrum_that_ends_in_rounding_has_no_condition():
    """1e-17 beside 1 is a zero that LAPACK did not find, and no mu. Catches 1e17 times as many steps."""
    assert math.isnan(Curvature.of_spectrum([1.0, 0.5, 1e-17]).condition)
    assert Curvature.of_spectrum([1.0, 0.5, -1e-17]).condition == 2.0
    assert Curvature.of_spectrum([1.0, 0.5, 0.0]).condition == 2.0
    assert math.isnan(Curvature.of_spectrum([1.0, lapack_rounding(2)]).condition)  # as rounding may be, to the last bit
    assert Curvature.of_spectrum([1.0, -lapack_rounding(2)]).condition == 1.0


def test_nonsense():
    refused(
        (lambda: Curvature.of_features([[1.0, math.nan]]), "X must be finite, got 1 nan or infinite entries"),
        (lambda: Curvature.of_features([1.0, 2.0]), "X must have 2 axes"),
        (lambda: Curvature.of_features(np.zeros((3, 2))), "X must not be zero"),
        (lambda: Curvature.of_features([["a"]]), "X must be an array of real numbers"),
        (lambda: Curvature.of_features(X, loss="hinge"), "loss must be"),
        (lambda: Curvature.of_features(X, l2=-1.0), "l2 must be a finite number >= 0"),
        (lambda: Curvature.of_features(X, side="top"), "side must be"),
        (lambda: Curvature.of_spectrum([]), "spectrum must not be empty"),
        (lambda: Curvature.of_spectrum([1.0, -0.1]), r"eigenvalues of a semidefinite .*got -0\.1\.\.1"),
        (lambda: Curvature.of_spectrum([0.0]), "that is not zero, got 0..0"),
        (lambda: Curvature.of_spectrum([[1.0]]), "spectrum must have 1 axis"),
        (lambda: Curvature.of_spectrum([math.inf]), "spectrum must be finite"),
        (lambda: Curvature.of_rho(0.5), "rho must be a finite number >= 1, got 0.5"),
        (lambda: Curvature.of_rho(math.nan), "rho must be a finite number"),
        (lambda: Curvature.of_rho(2.0, side="both"), "side must be"),
        (lambda: advise([(3, 4)], curvature=Curvature.of_rho(4.5)), r"in 1\.\.4, the columns of 3x4, got 4.5"),
        (
            lambda: advise([(6, 4)], curvature=Curvature.of_features(X)),
            r"that of the columns of 6x4, 4 of them, got 6 .*; features on the left side\?",
        ),
        (
            lambda: advise([(5, 4)], curvature=Curvature.of_spectrum([1.0], side="left")),
            r"that of the rows of 5x4, 5 of them, got 1 \(a spectrum of 1 eigenvalues, the smallest for mu\)$",
        ),
    )


def test_a_second_moment_is_square_and_without_a_penalty_mu_is_known_of_least_squares_alone():
    """Catches a row that is broadcast to a matrix, rounding that is not of the size of S, and a loss with mu = 0."""
    for unit in (1e-3, 1e3):
        Curvature.of_second_moment(unit * np.array([[2.0, 1e-6], [0.0, 1.0]]), examples=2)
        with pytest.raises(ValueError, match="S must be symmetric and not zero"):
            Curvature.of_second_moment(unit * np.array([[2.0, 4e-6], [0.0, 1.0]]), examples=2)
    with pytest.raises(ValueError, match=r"S must be square, got shape \(1, 3\)"):
        Curvature.of_second_moment(np.ones((1, 3)), examples=2)
    with pytest.raises(ValueError, match=r"S must be semidefinite and not zero, .* got -1 on its diagonal"):
        Curvature.of_second_moment(np.diag([2.0, -1.0]), examples=2)  # of a positive trace
    flat = Curvature.of_second_moment(np.eye(2) / 1e3, examples=2)
    assert pytest.approx(1e-3) == flat.L  # in any unit
    rounded = Curvature.of_second_moment(np.diag([2.0, -1e-7]), examples=2, l2=0.5)  # what is below zero is rounding
    assert (rounded.problem.L, rounded.problem.mu) == pytest.approx((2.5 + 1e-7, 0.5), rel=1e-9)
    without, penalised = (Curvature.of_features(np.eye(3), loss="softmax", l2=l2).mu for l2 in (0.0, 0.5))
    assert math.isnan(without)
    assert penalised == 0.5
