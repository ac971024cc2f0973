"""Exact expectations: against sampling, against rational arithmetic, and each route against the others."""

from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import pytest

from rac_theory import GD, Case, RACLoRA, Unsupported, exact_rate, expected, simulate, sketches
from rac_theory.algorithms import SGD, Bernoulli
from rac_theory.algorithms.gradients import Exact, Noisy
from rac_theory.problems import FromFunctions, LeastSquares, LogisticRegression, Quadratic
from rac_theory.runs.expectations import rational_moments
from rac_theory.runs.expectations.expectation import moment_map
from rac_theory.runs.expectations.frame import frame_of
from rac_theory.runs.expectations.matrix_map import matrix_map
from rac_theory.runs.expectations.moment_map import curves
from rac_theory.sketches import Coordinate, Haar, KaimingUniform, Mixture, WeightedCoordinate
from tests.as_one_test import as_one_test


def symmetric(eigenvalues, seed=0):
    U = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(eigenvalues),) * 2))[0]
    return U * np.array(eigenvalues, dtype=float) @ U.T


rng = np.random.default_rng(1)
WIDE = rng.standard_normal((4, 3))
FEATURES = rng.standard_normal((6, 4))
DEFICIENT = np.column_stack([FEATURES[:, :3], FEATURES[:, 2]])
TARGETS = rng.standard_normal((6, 3))
SINGULAR = np.array([[1.0, 2.0, 0.0], [2.0, 5.0, 1.0], [0.0, 1.0, 1.0]])  # of rank 2, exactly

PROBLEMS = {
    "left": Quadratic.left(symmetric([0.2, 0.5, 1, 2]), WIDE),
    "singular": Quadratic.left(SINGULAR, WIDE.T),
    "kronecker": Quadratic.kronecker(symmetric([0.2, 0.5, 1, 2]), symmetric([0.5, 1, 3], 1), WIDE),
    "full": Quadratic.full(symmetric(np.linspace(0.2, 2, 12)), WIDE),
    "least squares": LeastSquares(FEATURES, TARGETS, l2=0.1),
    "deficient": LeastSquares(DEFICIENT, TARGETS),
}
SKETCHES = {
    "haar": lambda d: Haar(d, 1),
    "gaussian": lambda d: sketches.Gaussian(d, 2),
    "coordinate": lambda d: Coordinate(d, 2),
    "weighted": lambda d: WeightedCoordinate(d, 1, np.arange(1.0, d + 1)),
    "signs": lambda d: sketches.Rademacher(d, 1),
    "mixture": lambda d: Mixture([Haar(d, 1), Coordinate(d, 2)], [1, 3]),
    "anisotropic": lambda d: sketches.AnisotropicGaussian(d, 1, np.diag(np.arange(1.0, d + 1))),
}


def algorithm(problem, sketch, side, step=1.3):
    return RACLoRA(SKETCHES[sketch](PROBLEMS[problem].shape[side == "right"]), step / PROBLEMS[problem].L, side)


ALL = [(p, s, side) for p in PROBLEMS for s in SKETCHES for side in ("left", "right")]


def within_four_standard_errors(algo, problem, rng=6):
    """Of means of 2,000 runs at t = 1, 3 and 8; return the exact expectations."""
    exact = expected(Case(algo, problem, steps=8))
    runs = simulate(Case(algo, problem, steps=8), runs=2000, rng=rng)
    for sampled, curve in ((runs.gaps, exact.gap), (runs.squared_gradients, exact.squared_gradient)):
        assert curve[0] == pytest.approx(sampled[0, 0], rel=1e-12)
        error = sampled.std(axis=0) / np.sqrt(len(sampled))
        assert (np.abs(sampled.mean(axis=0) - curve)[[1, 3, 8]] <= 4 * error[[1, 3, 8]]).all()
    return exact


@pytest.mark.parametrize(
    ("problem", "sketch", "side"),
    [*zip([*PROBLEMS, "kronecker"], SKETCHES, ["left", "right"] * 3 + ["left"], strict=True)],
)
def test_sampled_means_agree(problem, sketch, side):
    """Within 4 standard errors of 2,000 runs at t = 1, 3 and 8, where the mean still is what most runs look like. 7
    cases of 6 numbers: alpha about 0.003 if they were independent and normal; the seed passes. Over eight steps a
    factor that is off by one percent a step adds up to more than four standard errors where r = 1."""
    exact = within_four_standard_errors(algorithm(problem, sketch, side), PROBLEMS[problem], rng=2)
    assert exact.how == "recursion"


def test_a_false_invariant_would_have_been_seen():
    """The power of the test above: with (d + 1) for (d + 2) in b it fails."""
    algo, problem = algorithm("left", "haar", "left"), PROBLEMS["left"]
    true = moment_map(algo, problem)
    b = float(true.coupling) * 6 / 5
    a = (1 - 2 * b * 4) / 16
    false = replace(true, decay=1 - true.h / 2 + (a + b) * true.h**2, coupling=b)
    runs = simulate(Case(algo, problem, steps=8), runs=20_000, rng=2)
    gaps = runs.gaps[:, 1:]  # at the start they are all the same
    error = gaps.std(axis=0) / np.sqrt(runs.runs)
    gap, *_ = curves(false, np.zeros((4, 3)), 8)
    assert np.abs(gaps.mean(axis=0) - gap[1:])[-1] / error[-1] > 5
    assert (np.abs(gaps.mean(axis=0) - expected(Case(algo, problem, steps=8)).gap[1:]) / error).max() <= 4


@pytest.mark.long
@pytest.mark.parametrize(
    ("problem", "sketch", "side"),
    [(p, s, side) for p, s, side in ALL if s in ("haar", "coordinate", "signs") and (s, p) != ("signs", "kronecker")],
)
def test_rational_arithmetic_agrees(problem, sketch, side):
    """To 1e-12: another formula, without eigenvalues, so it catches an error in either."""
    algo = algorithm(problem, sketch, side)
    exact = expected(Case(algo, PROBLEMS[problem], steps=2), exact=True)
    floats = expected(Case(algo, PROBLEMS[problem], steps=2))
    assert exact.how == "rational"
    assert all(isinstance(x, Fraction) for x in (*exact.gap, *exact.squared_gradient))
    # The gap of least squares is counted from a minimiser, exact in the one and rounded in the other.
    np.testing.assert_allclose(floats.gap, exact.gap.astype(float), rtol=1e-12)
    np.testing.assert_allclose(floats.squared_gradient, exact.squared_gradient.astype(float), rtol=1e-12)


def test_a_case_by_hand():
    """f = (x^2 + 4 y^2)/2 from (1, 1), one coordinate a step, gamma = 1/4: each coordinate falls alone. Of W minus (2,
    2), where W begins at (3, 3): catches W* that is added."""
    problem = Quadratic.left(np.diag([1.0, 4.0]), np.full((2, 1), 2.0), start=np.full((2, 1), 3.0))
    curve = expected(Case(RACLoRA(Coordinate(2, 1), 0.25), problem, steps=2), exact=True)
    x = Fraction(1, 2) * (1 + Fraction(9, 16))  # E of x^2: 1 or (3/4)^2
    y = Fraction(1, 2)  # 1 or 0
    assert list(curve.gap) == [Fraction(5, 2), (x + 4 * y) / 2, (x**2 + 4 * y**2) / 2]
    assert list(curve.squared_gradient) == [17, x + 16 * y, x**2 + 16 * y**2]
    assert repr(curve).startswith("<Expectation by rational, 2 steps, gap ")
    assert exact_rate(Case(RACLoRA(Coordinate(2, 1), 0.25), problem)) == pytest.approx(25 / 32, abs=1e-14)


def test_the_parts_of_rational_arithmetic():
    """Three thirds in floats are no one: weights are divided by their sum. A solution has zeros where pivots are zero.
    Catches pivots of one, of which there are two, that are passed over."""
    laws = rational_moments._laws(sketches.FiniteSupport(np.eye(3)[:, :, None], np.full(3, 1 / 3)))
    assert [weight for _, weight in laws] == [Fraction(1, 3)] * 3
    S = rational_moments._fractions(SINGULAR)
    T = S @ rational_moments._fractions(WIDE.T)
    W = rational_moments._solution(S, T)
    assert (S @ W == T).all()
    assert not W[2].any()


@pytest.mark.parametrize("problem", ["left", "kronecker", "full", "least squares"])
def test_the_distance_to_the_minimiser(problem):
    """Against sampled means and rational arithmetic; nan where there are more minimisers."""
    for sketch in ("haar", "coordinate"):
        algo = algorithm(problem, sketch, "left")
        exact = expected(Case(algo, PROBLEMS[problem], steps=2))
        fractions = expected(Case(algo, PROBLEMS[problem], steps=2), exact=True).squared_distance
        np.testing.assert_allclose(exact.squared_distance, fractions.astype(float), rtol=1e-12)
        runs = simulate(Case(algo, PROBLEMS[problem], steps=2), runs=2000, rng=8).W - PROBLEMS[problem].W_star
        distances = np.square(runs).sum(axis=(1, 2))
        assert abs(distances.mean() - exact.squared_distance[-1]) <= 4 * distances.std() / np.sqrt(2000)
    many = Case(algorithm("deficient", "haar", "left"), PROBLEMS["deficient"], steps=2)
    assert np.isnan(expected(many).squared_distance).all()


def test_a_direction_without_data_has_no_curvature():
    """Exactly none, whatever LAPACK leaves in its place: 1e-34 there would live for ever in a recursion."""
    curvatures = PROBLEMS["deficient"].eigenbasis.curvatures
    assert np.count_nonzero(curvatures) == np.linalg.matrix_rank(DEFICIENT) < len(curvatures)


@pytest.mark.parametrize("name", ["left", "singular", "kronecker", "least squares", "deficient"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_three_forms_agree(name, side):
    """The diagonal recursion, its closed form by an eigenproblem, and the recursion on matrices, over 100 steps."""
    problem, algo = PROBLEMS[name], algorithm(name, "haar", side)
    W = np.random.default_rng(3).standard_normal(problem.shape)
    curve = expected(Case(algo, problem, W, steps=100))
    diagonal = moment_map(algo, problem)
    theta, U = np.linalg.eigh(diagonal.matrices())
    weights = U.sum(axis=1) * np.einsum("gki,gk->gi", U, diagonal.start(W)) / 2
    closed = (theta ** np.arange(101)[:, None, None] * weights).sum(axis=(1, 2))
    np.testing.assert_allclose(closed, curve.gap, rtol=1e-10)
    by_matrix = matrix_map(frame_of(problem, side), algo.gamma, algo.sketch.second_moment)
    for ours, theirs in zip(curves(by_matrix, W, 100)[:2], (curve.gap, curve.squared_gradient), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    assert by_matrix.rate(problem.mu / 2) == pytest.approx(exact_rate(Case(algo, problem)), abs=1e-12)


@pytest.mark.parametrize(("sketch", "side"), [("haar", "left"), ("weighted", "right"), ("mixture", "left")])
def test_the_full_hessian_gives_the_same(sketch, side):
    """The recursion on all m n numbers knows nothing of columns that decouple."""
    problem, algo = PROBLEMS["kronecker"], algorithm("kronecker", sketch, side)
    whole = Quadratic.full(np.kron(problem.S, problem.R), problem.W_star)
    ours, theirs = (expected(Case(algo, one, steps=20)) for one in (problem, whole))
    np.testing.assert_allclose(ours.gap, theirs.gap, rtol=1e-11)
    np.testing.assert_allclose(ours.squared_gradient, theirs.squared_gradient, rtol=1e-11)
    assert exact_rate(Case(algo, whole)) == pytest.approx(exact_rate(Case(algo, problem)), abs=1e-11)


@pytest.mark.long
@pytest.mark.parametrize(("problem", "sketch", "side"), ALL[::5])
def test_the_rate_is_the_ratio_in_the_long_run(problem, sketch, side):
    """From a start that misses no direction, after 4,000 steps, each rescaled so that nothing underflows. Catches a
    direction without curvature left in the recursion, whose factor would be 1, and rounding errors that live on."""
    algo = algorithm(problem, sketch, side)
    moments = moment_map(algo, PROBLEMS[problem])
    state = moments.start(np.random.default_rng(4).standard_normal(PROBLEMS[problem].shape))
    for _ in range(4000):
        before = moments.readout(state)[0]
        state = moments.step(state / before)
    rate = exact_rate(Case(algo, PROBLEMS[problem]))
    assert 0 < rate < 1
    assert moments.readout(state)[0] == pytest.approx(rate, abs=1e-8)


def test_a_large_matrix_recursion_finds_its_rate_by_lanczos():
    """d = 12: 144 unknowns, and the diagonal map to compare with."""
    problem = Quadratic.left(symmetric(np.linspace(0.1, 1, 12)), np.ones((12, 1)))
    algo = RACLoRA(Haar(12, 2), 1.0)
    moments = matrix_map(frame_of(problem, "left"), 1.0, algo.sketch.second_moment)
    assert moments.rate(0.0) == pytest.approx(exact_rate(Case(algo, problem)), abs=1e-12)


def test_equal_curvatures_need_the_expected_projection_alone():
    """T2 is an equality there, for a sketch with neither a second moment nor a listed support."""
    d, mu, gamma = 12, 0.5, 1.5
    problem = Quadratic.left(mu * np.eye(d), np.ones((d, 2)))
    for side, sketch in (("left", KaimingUniform(d, 3)), ("right", KaimingUniform(2, 1))):
        curve = expected(Case(RACLoRA(sketch, gamma, side), problem, steps=30))
        factor = 1 - gamma * mu * (2 - gamma * mu) * sketch.rank / sketch.dim
        np.testing.assert_allclose(curve.gap, curve.gap[0] * factor ** np.arange(31), rtol=1e-12)
        np.testing.assert_allclose(curve.squared_gradient, 2 * mu * curve.gap, rtol=1e-12)
        assert exact_rate(Case(RACLoRA(sketch, gamma, side), problem)) == pytest.approx(factor, abs=1e-14)


@pytest.mark.parametrize("problem", [PROBLEMS["kronecker"], PROBLEMS["full"], PROBLEMS["deficient"]], ids=repr)
def test_gradient_descent_is_the_sketch_of_full_rank(problem):
    """One run, the recursion of the identity, that of a Haar sketch of full rank, and the textbook's rate."""
    gamma = 1.7 / problem.L
    run = expected(Case(GD(gamma), problem, steps=10))
    assert run.how == "one run"
    recursion, _, distances = curves(moment_map(GD(gamma), problem), np.zeros(problem.shape), 10)
    if problem.strong_convexity > 0:
        np.testing.assert_allclose(run.squared_distance, distances, rtol=1e-9)
    full = expected(Case(RACLoRA(Haar(problem.shape[0], problem.shape[0]), gamma), problem, steps=10))
    np.testing.assert_allclose(run.gap, recursion, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(full.gap, recursion, rtol=1e-9)
    expected_rate = max((1 - gamma * problem.mu) ** 2, (1 - gamma * problem.L) ** 2)
    assert exact_rate(Case(GD(gamma), problem)) == pytest.approx(expected_rate, abs=1e-10)


def test_a_frozen_sketch_never_gets_there():
    """One run; the recursion agrees, and the rate is 1, for part of the gap is out of reach."""
    problem = PROBLEMS["left"]
    algo = RACLoRA(sketches.Frozen(np.random.default_rng(5).standard_normal((4, 2))), 1 / problem.L)
    curve = expected(Case(algo, problem, steps=50))
    assert curve.how == "one run"
    np.testing.assert_allclose(curves(moment_map(algo, problem), np.zeros((4, 3)), 50)[0], curve.gap, rtol=1e-10)
    assert exact_rate(Case(algo, problem)) == pytest.approx(1, abs=1e-12)


def test_any_problem_will_do_for_one_run():
    problem = LogisticRegression(FEATURES, [0, 1, 0, 1, 1, 0], l2=0.1)
    curve = expected(Case(GD(1 / problem.L), problem, steps=5))
    runs = simulate(Case(GD(1 / problem.L), problem, steps=5))
    np.testing.assert_array_equal(curve.gap, runs.gaps[0])
    np.testing.assert_allclose(curve.values, runs.values[0], rtol=1e-14)
    unknown = FromFunctions((1, 1), value=lambda x: x[0, 0] ** 2, gradient=lambda x: 2 * x, start=np.ones((1, 1)))
    assert np.isnan(expected(Case(GD(0.1), unknown, steps=2)).gap).all()
    valley = Quadratic.left(np.diag([1.0, 0.0]), np.ones((2, 1)))  # of many minimisers none is the one
    known = {"convex": True, "mu": 2.0, "strong_convexity": 2.0, "start": np.ones((1, 1))}
    for some in (valley, FromFunctions((1, 1), lambda x: x[0, 0] ** 2, lambda x: 2 * x, **known)):
        distances = expected(Case(GD(0.1), some, steps=2)).squared_distance
        assert np.isnan(distances).tolist() == [True] * 3


def test_too_long_a_step_diverges_without_a_warning():
    algo = algorithm("left", "haar", "left", step=50.0)
    curve = expected(Case(algo, PROBLEMS["left"], steps=400))
    assert curve.gap[-1] == np.inf
    assert exact_rate(Case(algo, PROBLEMS["left"])) > 1


def test_who_changes_the_gradient_is_not_taken_for_a_quadratic():
    """A subclass that inherits the eigenbasis: without the check its curve would be that of the parent."""

    class Quartic(Quadratic):
        def value_and_gradient(self, W):
            V = W - self.W_star
            return (V**4).sum(axis=(-2, -1)) / 4, V**3

        def gradient(self, W):
            return self.value_and_gradient(W)[1]

    problem = Quartic.left(np.eye(2), 2 * np.ones((2, 1)))
    with pytest.raises(Unsupported, match=r"Quartic.eigenbasis must be that of its gradient, got squared norm 8 at W0"):
        expected(Case(RACLoRA(Haar(2, 1), 0.1), problem, steps=3))


@pytest.mark.parametrize("make", [Quadratic.left, Quadratic.full])
def test_a_penalty_that_is_flat_at_the_start_makes_another_problem(make):
    """Would catch a look at W0 alone: T2 HOLDS then, exactly, on a problem on which runs refute it."""

    class Penalised(Quadratic):
        def value_and_gradient(self, W):
            value, G = super().value_and_gradient(W)
            squares = np.square(W).sum(axis=(-2, -1))
            return value + squares**2 / 4, G + squares[..., None, None] * W

        def gradient(self, W):
            return self.value_and_gradient(W)[1]

    case = Case(RACLoRA(Haar(2, 1), 0.1), make(np.eye(2), np.ones((2, 1))), steps=3)
    other = replace(case, problem=make.__func__(Penalised, np.eye(2), np.ones((2, 1))))
    for ask in (expected, partial(expected, exact=True), exact_rate):
        ask(case)
        with pytest.raises(Unsupported, match=r"must be that of its gradient, got .* at a step away from W0"):
            ask(other)


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_a_run_from_a_minimiser_is_no_other_problem(scale):
    """What is left of terms that cancel is rounding: 1.6e-34 and 1.7e-34 are no two gradients. Would catch rounding
    that is measured by W alone, which is zero here, in expectations and in runs."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((12, 5)), rng.standard_normal((12, 3))
    problem = LeastSquares(scale * X, Y - X @ np.linalg.lstsq(X, Y, rcond=None)[0])
    for W in (problem.W_star, np.zeros((5, 3))):
        case = Case(RACLoRA(Haar(5, 2), 0.5 / problem.L), problem, W, steps=3)
        assert expected(case).gap[-1] < 1e-25
        assert simulate(case, runs=2, rng=0).gaps.max() < 1e-12


def test_claims_of_others_are_marked():
    """A user's sketch is believed, and whoever judges a theorem by it can tell."""
    mine = type("Mine", (Haar,), {})
    for sketch, claims in ((Haar(4, 1), False), (mine(4, 1), True), (Mixture([Haar(4, 1), mine(4, 2)], [1, 1]), True)):
        assert expected(Case(RACLoRA(sketch, 0.1), PROBLEMS["left"], steps=2)).on_trust is claims


@pytest.mark.parametrize(("problem", "sketch"), [*zip(PROBLEMS, ["haar", "coordinate", "weighted"] * 2, strict=True)])
def test_bernoulli_agrees_with_sampled_means(problem, sketch):
    """6 cases of 6 numbers within 4 standard errors: alpha below 0.003. Catches sides or p exchanged: p is 0.3."""
    (m, n), make = PROBLEMS[problem].shape, SKETCHES[sketch]
    algo = Bernoulli(make(m), make(n), 1.3 / PROBLEMS[problem].L, p=0.3)
    exact = within_four_standard_errors(algo, PROBLEMS[problem])
    assert exact.how == "recursion"
    assert 0 < exact_rate(Case(algo, PROBLEMS[problem])) < 1


def test_bernoulli_has_its_sides_as_extremes_and_two_routes():
    """p = 1 and p = 0 are the two sides; the recursion on rows is that on all numbers."""
    problem = PROBLEMS["least squares"]
    left, right, gamma = Haar(4, 2), Haar(3, 1), 1.2 / problem.L
    W = np.random.default_rng(7).standard_normal(problem.shape)
    for p, side, sketch in ((1.0, "left", left), (0.0, "right", right)):
        algorithms = Bernoulli(left, right, gamma, p=p), RACLoRA(sketch, gamma, side)
        one, other = (expected(Case(algo, problem, W, steps=10)).gap for algo in algorithms)
        np.testing.assert_allclose(one, other, rtol=1e-11)
    whole = Quadratic.full(np.kron(FEATURES.T @ FEATURES / 6 + 0.1 * np.eye(4), np.eye(3)), problem.W_star)
    for other, gradients in product((right, WeightedCoordinate(3, 1, [1, 2, 4])), (Exact(), Noisy(0.5))):
        algo = Bernoulli(left, other, gamma, p=0.4, gradients=gradients)
        by_rows, by_numbers = (expected(Case(algo, one, W, steps=10)) for one in (problem, whole))
        np.testing.assert_allclose(by_rows.gap, by_numbers.gap, rtol=1e-10)
        np.testing.assert_allclose(by_rows.squared_gradient, by_numbers.squared_gradient, rtol=1e-10)
        assert exact_rate(Case(algo, problem)) == pytest.approx(exact_rate(Case(algo, whole)), abs=1e-11)


def test_noise_falls_on_each_column_of_a_group():
    """Columns of the same curvatures are one group, and each has its noise: the recursion on all numbers says the same.
    Catches noise of one column for the group, and a share of it."""
    problem = PROBLEMS["least squares"]
    whole = Quadratic.full(np.kron(FEATURES.T @ FEATURES / 6 + 0.1 * np.eye(4), np.eye(3)), problem.W_star)
    for sketch in (WeightedCoordinate(4, 1, [1, 2, 4, 3]), Haar(4, 1)):
        algo = RACLoRA(sketch, 1.2 / problem.L, gradients=Noisy(0.5))
        by_rows, by_numbers = (expected(Case(algo, one, problem.W_star, steps=10)) for one in (problem, whole))
        np.testing.assert_allclose(by_rows.gap, by_numbers.gap, rtol=1e-10)


@as_one_test(("problem", "sketch", "side"), [c for c in ALL if c[1:] in (("haar", "left"), ("weighted", "right"))])
def test_additive_noise_agrees_with_sampled_means(problem, sketch, side):
    """12 cases of 6 numbers within 4 standard errors: alpha about 0.005, the noise as large as the gradient. Catches
    sigma^2 for an entry in place of the total, and noise that is counted once for all columns of a group."""
    plain = algorithm(problem, sketch, side)
    sigma = float(np.linalg.norm(PROBLEMS[problem].gradient(np.zeros((1, *PROBLEMS[problem].shape)))))
    algo = RACLoRA(plain.sketch, plain.gamma, side, gradients=Noisy(sigma))
    exact = within_four_standard_errors(algo, PROBLEMS[problem])
    assert exact.gap[8] > 1.1 * expected(Case(plain, PROBLEMS[problem], steps=8)).gap[8]
    assert exact_rate(Case(algo, PROBLEMS[problem])) == exact_rate(Case(plain, PROBLEMS[problem]))


def test_the_floor_of_sgd_is_that_of_the_textbook():
    """f = ||W||^2/2: E f tends to gamma sigma^2 / (2 (2 - gamma)), with H = I and with any isotropic H alike."""
    problem, gamma, sigma = Quadratic.left(np.eye(4), np.ones((4, 2))), 0.5, 3.0
    floor = gamma * sigma**2 / (2 * (2 - gamma))
    for algo in (
        SGD(gamma, Noisy(sigma)),
        RACLoRA(KaimingUniform(4, 1), gamma, gradients=Noisy(sigma)),
        RACLoRA(Haar(2, 1), gamma, "right", Noisy(sigma)),
        Bernoulli(Haar(4, 2), Haar(2, 1), gamma, gradients=Noisy(sigma)),
    ):
        curve = expected(Case(algo, problem, steps=300))
        assert curve.gap[-1] == pytest.approx(floor, rel=1e-9)
        assert curve.squared_gradient[-1] == pytest.approx(2 * floor, rel=1e-9)
