"""The kit for problems: it passes all of ours, and each false claim gets its own sentence and a witness that shows it.

No test here is statistical: a search either finds a counterexample, which is one, or it does not.
"""

import math
import re
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.special import expit

from rac_theory import problems
from rac_theory.problems import FromFunctions, LeastSquares, LogisticRegression, Quadratic, Smoothness
from rac_theory.testing import check_problem
from rac_theory.testing.problems import check_problem as calls
from rac_theory.testing.problems import derivatives
from tests.mutants import wrong_problem_calls as wrong_calls
from tests.testing.cases import cases
from tests.testing.failing import expect_refusal, refuted

RNG = np.random.default_rng(611)
X = RNG.normal(size=(20, 3)) * [1.0, 2.0, 0.5]
SPARSE = csr_array(X * (RNG.random(X.shape) < 0.6))
Y = RNG.normal(size=(20, 2))
TWO, THREE = np.arange(20) % 2, np.arange(20) % 3
S, R = X.T @ X / 20 + np.eye(3), Y.T @ Y
SINGULAR = np.array([[2.0, 1, 1], [1, 2, -1], [1, -1, 2]])  # three times a projection of rank 2
W_STAR = RNG.normal(size=(3, 2))
SOFTMAX = problems.SoftmaxRegression(X, THREE, l2=0.2)

OURS = {
    "quadratic, left": Quadratic.left(S, W_STAR),
    "quadratic, singular": Quadratic.left(SINGULAR, W_STAR, start=np.ones((3, 2))),
    "quadratic, kronecker": Quadratic.kronecker(S, R, W_STAR),
    "quadratic, full": Quadratic.full(np.kron(S, R) + np.ones((6, 6)), W_STAR),
    "quadratic, 20 entries": Quadratic.left(np.diag(np.linspace(0.01, 7, 10)), np.ones((10, 2))),
    "least squares": LeastSquares(X, Y),
    "least squares, ridge": LeastSquares(X, Y, l2=0.3),
    "least squares, rank 2": LeastSquares(X[:, [0, 1, 1]], Y),
    "least squares, sparse": LeastSquares(SPARSE, Y),
    "logistic": LogisticRegression(X, TWO),
    "logistic, ridge": LogisticRegression(X, TWO, l2=0.2),
    "logistic, sparse": LogisticRegression(SPARSE, TWO, l2=0.2),
    "softmax": problems.SoftmaxRegression(X, THREE),
    "softmax, ridge": SOFTMAX,
    "nonconvex": problems.NonconvexLogistic(X, TWO, lam=0.5),
    "PL sine": problems.PLSine((2, 2)),
    "network": problems.TanhNetwork(X, THREE, np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 1.0]]), l2=0.1),
    "network of two layers": problems.TwoLayerNetwork(X, THREE, hidden=2, cap=2.0, l2=0.1),
    "federated": problems.Federated(SOFTMAX, 4),
    "federated, uneven": problems.Federated.by_label(SOFTMAX, 3),
    "diabetes": LeastSquares.diabetes(),
    "breast cancer": LogisticRegression.breast_cancer(l2=0.1),
    "wine, separable": problems.SoftmaxRegression.wine(),
}


@pytest.mark.long
@pytest.mark.parametrize("problem", OURS.values(), ids=OURS.keys())
def test_ours_pass(problem):
    check_problem(problem)


def test_gradients_of_next_to_nothing_are_rounding():
    """A head that is capped far below its weights has gradients of 1e-10 where others have 1: those of a list and of
    its components differ by 2e-19, which was taken for another mean."""
    check_problem(problems.TwoLayerNetwork([[2.0], [0.0]], [0, 1], hidden=1, cap=0.01))


def test_a_client_that_weighs_more_is_a_larger_component():
    """Client 0 is 3/2 of itself as a component. Taken for the client alone its lower bound would seem too high."""
    weighted = problems.Federated(OURS["least squares, ridge"], 2, weights=(3.0, 1.0))
    check_problem(weighted)
    too_high = weighted.component_infima + 1e-2 * np.array([1.0, -2.0])
    refuted("component 0 claims", check_problem, Broken(weighted, component_infima=too_high))


class Broken:
    """A correct problem, least squares with a ridge unless told otherwise, to be broken member by member."""

    def __init__(self, base=OURS["least squares, ridge"], **members):
        vars(self).update(members, base=base)

    def __getattr__(self, name):
        if name in ("value_and_gradient", "eigenbasis", "single_precision", "hessian", "subset"):
            raise AttributeError(name)  # protocols ask for the members of problem.py, not for these
        return getattr(self.base, name)


def scalar_weights(W):
    """A logistic gradient whose weights are one number, that of the mean score."""
    signs = OURS["logistic, ridge"].y[:, None]
    miss = expit(-(signs * (X @ W)).mean(axis=(-2, -1), keepdims=True))
    return -X.T @ (miss * signs) / 20 + 0.2 * W


def scalar_hessian(W):
    """Its weights are one number, that of the mean score."""
    p = expit(float(np.mean(X @ W)))
    return lambda V: p * (1 - p) * X.T @ (X @ V) / 20 + 0.2 * V


RIDGE, QUADRATIC, RANK_2 = OURS["least squares, ridge"], OURS["quadratic, left"], OURS["least squares, rank 2"]
LOGISTIC, SINE, NONCONVEX, LOGIT = (OURS[name] for name in ("logistic", "PL sine", "nonconvex", "logistic, ridge"))
PARTS = RIDGE.component_gradient
ANOTHER, BASIS, NOISE = LeastSquares(X, 1.01 * Y, l2=0.3), QUADRATIC.eigenbasis, np.random.default_rng(0)
ONE_TOO_HIGH = RIDGE.component_infima + np.where(np.arange(20) == 3, 1e-3, -1.0)  # whose mean gives nothing away
WIDE = Smoothness.isotropic(9.0, (2, 3))


def writes(W):
    G = RIDGE.gradient(W)
    W *= 2
    return G


def mean_over_runs(W):
    return RIDGE.value(W) if W.ndim == 2 else np.full(W.shape[:-2], np.mean(RIDGE.value(W)))


def runs_mixed(W):
    G = RIDGE.gradient(W)
    return G if W.ndim == 2 or not len(W) else G - G.mean(axis=0) + G[0]


def twice_XY_in_components(W, rows):
    return PARTS(W, rows) - np.swapaxes(X[rows], 1, 2) @ Y[rows] / rows.shape[1]


def same_list_for_all(W, rows):
    return PARTS(W, rows if rows.shape[1] == 1 else np.repeat(rows[:1], len(W), axis=0))


@cases(
    "broken, message",
    (Broken(gradient=lambda W: RIDGE.gradient(W) - X.T @ Y / 20), "must be the gradient of value: along D it says"),
    (
        Broken(component_gradient=twice_XY_in_components),
        rf"must average to gradient over all 20 components: .* bias of {np.linalg.norm(X.T @ Y) / 20:.3g}, where",
    ),
    (Broken(LOGIT, gradient=scalar_weights), "gradient must be the gradient of value"),
    (Broken(LOGIT, hessian=scalar_hessian), r"hessian\(W\)\(D\) must be the derivative of the gradient along D"),
    (Broken(value=mean_over_runs), "value must treat each matrix of a batch alone"),
    (Broken(gradient=runs_mixed), "gradient must treat each matrix of a batch alone"),
    (
        Broken(value=lambda W: np.sum(W**2) / 2),
        r"value must map shape \(1, 3, 2\) to \(1,\), got \(\): batch axes lead",
    ),
    (
        Broken(value=lambda W: RIDGE.value(W) if W.size else np.zeros(1)),
        r"value must map shape \(0, 3, 2\) to \(0,\), got \(1,\)",
    ),
    (Broken(value=lambda W: None), "value must return numbers, it returned None: is a return missing"),
    (Broken(gradient=writes), "must leave its argument alone"),
    (Broken(gradient=lambda W: RIDGE.gradient(W) * (1 + 1e-12 * NOISE.random())), "must be a function of W"),
    (Broken(component_gradient=lambda W, i: PARTS(W, i) / 20), "averages to 0.05 times the gradient"),
    (Broken(component_gradient=lambda W, i: PARTS(W, i) * i.shape[1]), "must be the mean over the list of each run"),
    (Broken(component_gradient=same_list_for_all), "must be the mean over the list of each run"),
    (Broken(QUADRATIC, eigenbasis=replace(BASIS, floor=BASIS.floor + 1)), "eigenbasis must give f as floor"),
    (Broken(QUADRATIC, eigenbasis=replace(BASIS, left=2 * BASIS.left)), "eigenbasis must have orthogonal left and"),
    (Broken(value_and_gradient=lambda W: (RIDGE.value(W), 0 * W)), r"value_and_gradient must return gradient\(W\)"),
    (Broken(single_precision=ANOTHER.single_precision), "single_precision must be the same function"),
    (Broken(L=math.inf), "L must be a finite number, or nan if it is unknown, it is inf"),
    (Broken(mu=1e9), "mu must be at most L"),
    (Broken(shape=(3, 2.0)), "shape must be a pair"),
    (Broken(L=RIDGE.L / 2, mu=0.0, strong_convexity=0.0), r"L must bound .* this pair has"),
    (Broken(L=RIDGE.L * 0.999), r"L must bound"),
    (Broken(SOFTMAX, L=SOFTMAX.L / 2), r"L must bound"),
    (Broken(SINE, L=7.9), r"L must bound"),
    (Broken(NONCONVEX, L=NONCONVEX.L * 0.99), r"L must bound"),
    (Broken(RANK_2, strong_convexity=RANK_2.mu), r"strong_convexity must be at most .* is it a PL constant\?"),
    (Broken(strong_convexity=RIDGE.mu * 1.02, mu=RIDGE.mu * 1.02), "strong_convexity must be at most"),
    (Broken(SINE, convex=True), "convex must be False, or f have non-negative"),
    (Broken(mu=1.05 * RIDGE.mu), "mu must be a PL constant"),
    (Broken(SINE, mu=1.02 * SINE.mu), "mu must be a PL constant"),
    (Broken(LOGISTIC, mu=1e-3), "mu must be a PL constant"),
    (Broken(f_star=RIDGE.f_star + 1e-3), "f_star must be within f_star_error"),
    (Broken(f_star=RIDGE.f_star - 1e-2, f_lower=0.0), "f_star is|mu and f_star must fit"),
    (Broken(f_star=RIDGE.f_star - 1e-2, f_lower=0.0, W_star=None), "mu and f_star must fit"),
    (Broken(LOGISTIC, f_lower=0.69), "f_lower must bound f from below"),
    (Broken(W_star=RIDGE.W_star + 1e-3), "W_star must be a minimiser"),
    (Broken(L_max=RIDGE.L_max * 0.99), "L_max must bound"),
    (Broken(component_infima=RIDGE.component_infima + 1e-3), "component_infima must be lower bounds: their mean"),
    (Broken(component_infima=ONE_TOO_HIGH, subset=RIDGE.subset), "component 3 claims"),
    (Broken(component_infima=np.zeros(3)), r"component_infima must have shape \(20,\)"),
    (Broken(certified_step=lambda W, G: 0.1), "certified_step must return a step >= 0 for each W, of shape"),
    (Broken(smoothness=3.0), r"smoothness must be a Smoothness, or None if it is unknown, it is 3\.0"),
    (Broken(smoothness=WIDE), r"smoothness must be for W of shape \(3, 2\), it is for \(2, 3\)"),
    (object(), "object must have the member 'shape'"),
    (wrong_calls.SingleValue(), "must be computed in double precision"),
    (wrong_calls.SingleInside(), "must be computed in double precision"),
    (wrong_calls.SingleGradient(), "must be computed in double precision"),
    (wrong_calls.BiasedByAPercent(), "a stochastic gradient has a bias of .* where the gradient has norm"),
)
def test_each_false_claim_has_its_sentence(broken, message):
    """Faults of every kind; constants are off by at most the factor given, so that much is sure to be seen here."""
    refuted(message, check_problem, broken)


@pytest.mark.parametrize("length", [1e-6, 1e6])
def test_a_slope_is_seen_alike_along_a_direction_of_any_length(length):
    """Catches differences that become too long to see anything, as they grow with the direction."""
    W, value = np.ones((1, 1)), lambda W: np.sin(W).sum(axis=(1, 2))
    for off, wrong in ((1 - 1e-4, True), (1, False), (1 + 1e-4, True)):
        found = derivatives._derivative(value, lambda W, by=off * length: by * np.cos(W), W, length * W, scale=0.0)
        assert found[2] is wrong
        np.testing.assert_allclose(found[1], length * math.cos(1), rtol=1e-6)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_right_ones_pass_in_any_unit(unit):
    """Catches noise that is not relative to the gradient, and rounding that is not in proportion to results."""
    check_problem(Quadratic.left(unit * S, W_STAR))
    probe = SimpleNamespace(name="Problem", resolution=0.0, gradient_scale=0.0)
    truth = np.array([unit])
    for times, words in ((0.95, ""), (1.05, "is an earlier result kept")):
        before = truth + times * 2e4 * np.finfo(float).eps * unit
        expect_refusal(words, calls._compare, probe, "value", (W_STAR, W_STAR), before, truth, before)


@pytest.mark.long
def test_what_is_not_broken_passes_and_what_claims_nothing():
    for seed, base in enumerate((RIDGE, QUADRATIC, RANK_2, LOGISTIC, SINE, SOFTMAX, OURS["quadratic, singular"])):
        check_problem(Broken(base), rng=seed)
    check_problem(wrong_calls.Plain())
    check_problem(LeastSquares(X[:1], Y[:1]))  # a sum of one
    check_problem(FromFunctions((2, 2), lambda W: np.sum(W**4), lambda W: 4 * W**3))


def test_the_pair_against_L_is_a_witness():
    """The numbers of the sentence can be had again from the matrices that it carries."""
    caught = refuted("L must bound", check_problem, Broken(QUADRATIC, L=0.9 * QUADRATIC.L))
    A, B = caught.witness["A"], caught.witness["B"]
    stretch = np.linalg.norm(QUADRATIC.gradient(A) - QUADRATIC.gradient(B)) / np.linalg.norm(A - B)
    assert stretch > 0.9 * QUADRATIC.L
    assert f"{stretch:.6g}" in str(caught)


def strip(**claimed):
    """Curvature 9 along the first entry in a strip around 6 that no landmark touches, and 1 elsewhere."""

    def value(W):
        first = W[..., 0, 0]
        middle = np.clip(first - 5.5, 0, 1)
        return np.sum(W**2, axis=(-2, -1)) / 2 + 8 * (middle**2 / 2 + np.maximum(first - 6.5, 0))

    def gradient(W):
        return W + 8 * np.clip(W[..., :1, :] - 5.5, 0, 1) * np.array([[1.0], [0.0]])

    return FromFunctions((2, 1), value, gradient, batched=True, **claimed)


def test_curvature_far_from_every_landmark_is_found_by_descent():
    """Along trajectories or climbs."""
    refuted("L must bound", check_problem, strip(L=4.5))
    check_problem(strip(L=9))


@pytest.mark.parametrize("place", [0.37, 23.0])
def test_a_narrow_bend_is_not_passed_over(place):
    """Curvature -2 within a tenth of one place of a line, and 1 elsewhere: no random place need lie so near."""

    def slope(x):
        t = np.clip((x - place) / 0.1, -1, 1)
        return x - 0.3 * np.where(t < 0, (1 + t) ** 2 / 2, 0.5 + t - t**2 / 2)

    def value(W):
        u = (W - place) / 0.1
        t = np.clip(u, -1, 1)
        bend = np.where(t < 0, (1 + t) ** 3, 1 + 3 * t + 3 * t**2 - t**3) / 6 + np.maximum(u - 1, 0)
        return np.sum(W**2 / 2 - 0.03 * bend, axis=(-2, -1))

    of = partial(FromFunctions, (1, 1), value, slope, batched=True)
    refuted("convex must be False", check_problem, of(L=2.0, convex=True))
    refuted(r"L must bound .* L is 1\.5", check_problem, of(L=1.5))


@pytest.mark.long
@pytest.mark.parametrize("wrong", wrong_calls.FALSE, ids=lambda wrong: wrong.__name__)
def test_what_is_right_when_called_once_is_refuted(wrong):
    """Caches that go by closeness, by a number or by the array; batches, lists and subsets; single precision."""
    refuted("must", check_problem, wrong())


def test_a_stale_result_has_its_sentence():
    kept = wrong_calls.remembering("gradient", wrong_calls.close)()
    witness = refuted(r"after calls at A .* is an earlier result kept", check_problem, kept).witness
    assert np.allclose(witness["A"], witness["B"])


@pytest.mark.parametrize("constant", ["L", "mu", "strong_convexity", "L_max"])
def test_five_per_cent_of_a_constant_are_found_where_it_is_attained(constant):
    """On quadratics, least squares and logistic losses, whose constants are attained; those of softmax are bounds."""
    factor = 0.95 if constant.startswith("L") else 1.05
    for name in ("quadratic, kronecker", "least squares, ridge", "logistic, ridge", "breast cancer"):
        base = OURS[name]
        if hasattr(base, constant):
            others = {"L": {"mu": 0.0, "strong_convexity": 0.0}, "strong_convexity": {"mu": factor * base.mu}}
            members = others.get(constant, {}) | {constant: factor * getattr(base, constant)}
            refuted(f"{constant} must|mu must", check_problem, Broken(base, **members))


@pytest.mark.long
def test_steps_that_are_certified_are_taken():
    """A step that is too long is refuted with W and HG; the right ones are among ``ours``. Of the network ten times
    what is proved, which is within five of what is true."""
    rng = np.random.default_rng(0)
    X, two, three = rng.standard_normal((20, 3)), rng.integers(0, 2, 20), rng.integers(0, 3, 20)
    right, network = LogisticRegression(X, two, 0.1), problems.TwoLayerNetwork(X, three, hidden=3, cap=math.inf)
    check_problem(right)
    for base, times in ((right, 2.5), (network, 10)):
        wrong = Broken(base, certified_step=lambda W, G, of=base, times=times: times * of.certified_step(W, G))
        caught = refuted(r"certified_step must certify f\(W - s H G\) <= f\(W\) - s/2", check_problem, wrong)
        W, HG = caught.witness["W"], caught.witness["HG"]
        G = wrong.gradient(W)
        assert float((HG * (G - HG)).sum()) == pytest.approx(0, abs=1e-9 * float((G**2).sum()))  # H is a projection
        s = float(wrong.certified_step(W[None], G[None])[0])
        lengths = s * np.linspace(0.01, 1.0, 100)
        falls = wrong.value(W) - wrong.value(W - lengths[:, None, None] * HG)
        assert (falls < lengths / 2 * float((HG**2).sum())).any()


@pytest.mark.parametrize(("part", "refuses"), [(0.9, False), (1.1, True)])
@pytest.mark.parametrize("size", [0.0, 10.0])
def test_a_matrix_of_a_batch_is_off_by_more_than_a_billionth(size, part, refuses):
    """Of itself, and of a thousandth where it is zero: catches a part of one over that."""
    off = part * 1e-9 * (1e-3 + size)
    problem = SimpleNamespace(shape=(2, 1), gradient=np.zeros_like)
    problem.value = lambda W: size + np.zeros(W.shape[:-2]) + off * (W.ndim > 2)
    probe = SimpleNamespace(problem=problem, name="P", rng=np.random.default_rng)
    expect_refusal("must treat each matrix of a batch alone" * refuses, calls._check_batch, probe, (3,))


# --- a smoothness: each Q that is too small somewhere is refuted, by a step that shows it

EYE, GRAM, CENTRED = np.eye(3), X.T @ X / 20, np.eye(3) - 1 / 3


def plus_rounding(S):
    return (S + S.T) / 2 + 1e-12 * np.eye(len(S))


def of(*terms):
    return Smoothness([(plus_rounding(S), plus_rounding(R)) for S, R in terms])


def rescaled(name, factor):
    """Broken by a factor alone."""
    base = OURS[name]
    return Broken(base, smoothness=Smoothness([(factor * S, R) for S, R in base.smoothness.terms]))


def flattened(name):
    """Broken along the direction of most curvature alone, which is made to curve half as much."""
    base = OURS[name]
    [(S, R)] = base.smoothness.terms
    values, U = np.linalg.eigh(S)
    values[-1] /= 2
    return Broken(base, smoothness=of(((U * values) @ U.T, R)))


ATTAINED = ["quadratic, left", "quadratic, kronecker", "least squares", "logistic", "logistic, ridge", "nonconvex"]
STEEP = Smoothness([(np.diag([4.5, 1.0]), np.eye(1))])  # far from every landmark; along the second entry it is right
OF_SOFTMAX = [
    of((GRAM, CENTRED / 2)),  # the penalty is forgotten, and nothing else curves where columns move alike
    of((GRAM, CENTRED / 4), (0.2 * EYE, EYE)),  # a quarter, as for two classes
    of((GRAM + 0.2 * EYE, CENTRED / 2)),  # the penalty is centred, too
    of((GRAM, CENTRED / 2), (0.1 * EYE, EYE)),  # half of the penalty
    of((CENTRED / 2, GRAM), (0.2 * EYE, EYE)),  # factors swapped
    of((EYE, CENTRED / 2), (0.2 * EYE, EYE)),  # without the features
    of((np.diag(np.diag(GRAM)), CENTRED / 2), (0.2 * EYE, EYE)),  # the diagonal of X'X
]
FALSE = {
    **{f"{name}, less": rescaled(name, 0.95) for name in (*ATTAINED, "quadratic, singular", "least squares, rank 2")},
    **{f"{name}, one direction": flattened(name) for name in ATTAINED},
    **{f"softmax {k}": Broken(SOFTMAX, smoothness=Q) for k, Q in enumerate(OF_SOFTMAX)},
    "PL sine, less": rescaled("PL sine", 0.95),
    "a steep strip": strip(L=9.0, smoothness=STEEP),
}


@pytest.mark.parametrize("problem", FALSE.values(), ids=FALSE)
def test_false_ones_are_refuted(problem):
    """Five per cent less, and half in the direction that curves most."""
    refuted(r"smoothness must bound f\(W \+ D\)", check_problem, problem)


def test_true_ones_that_are_looser_pass():
    """I/2 and L I are true. Catches a check that refuses more than is false."""
    for Q in (of((GRAM / 2 + 0.2 * EYE, EYE)), Smoothness.isotropic(SOFTMAX.L, (3, 3))):
        check_problem(Broken(SOFTMAX, smoothness=Q))
    check_problem(Broken(SOFTMAX, smoothness=None))
    check_problem(strip(L=9.0, smoothness=Smoothness([(np.diag([9.0, 1.0]), np.eye(1))])))


@pytest.mark.long
def test_a_bend_that_no_value_can_show_is_found():
    """``10^9 + 10^-4 (1 - cos 100 w)``: far below the rounding of values, but gradients show that it curves by 1."""

    def value(W):
        return 1e9 + 1e-4 * np.sum(1 - np.cos(100 * W))

    def problem(curvature):
        Q = Smoothness([([[curvature]], [[1.0]])])
        return FromFunctions((1, 1), value, lambda W: 1e-2 * np.sin(100 * W), L=1.0, smoothness=Q)

    check_problem(problem(1.0))
    refuted(r"there and back, and so .* by 0\.9: it is 0\.99", check_problem, problem(0.9))


def test_a_negative_curvature_is_no_counterexample():
    """The bound is from above alone: ``-x^2 / 2`` is below every tangent. Catches a check of absolute values."""
    flat = Smoothness([(np.zeros((1, 1)), np.eye(1))])
    check_problem(FromFunctions((1, 1), lambda W: -np.sum(W**2) / 2, lambda W: -W, L=1.0, smoothness=flat))


def test_the_step_is_a_witness():
    """The numbers of the sentence can be had again from the matrices that it carries."""
    problem = rescaled("quadratic, kronecker", 0.9)
    caught = refuted("the bound is", check_problem, problem)
    W, D = caught.witness["W"], caught.witness["D"]
    rise = problem.value(W + D) - problem.value(W) - np.sum(problem.gradient(W) * D)
    bound = np.sum(D * problem.smoothness.times(D)) / 2
    assert rise > bound
    said = [float(x) for x in re.search(r"the bound is (\S+), f rises by (\S+), at", str(caught)).groups()]
    np.testing.assert_allclose(said, [bound, rise], rtol=1e-5)
