"""T3, T3_sharp, T3_isotropic and T4: RAC-LoRA with exact gradients on convex and strongly convex functions."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, Noisy, RACLoRA, Status, sketches, theorems, verify
from rac_theory.algorithms import SGD
from rac_theory.problems import FromFunctions, Quadratic

T3, T3_sharp, T3_isotropic, T4 = theorems.T3, theorems.T3_sharp, theorems.T3_isotropic, theorems.T4
GOOD = (Status.HOLDS, Status.CONSISTENT)


@pytest.mark.parametrize("t", [T3, T3_sharp])
def test_they_hold(t, kind, tried):
    (verdict,) = tried([t], kind, "1/L" if t is T3 else "1.5/L")
    assert verdict.status in GOOD
    assert verdict.informative_from is not None


def test_T3_isotropic_and_T4_hold(kind, tried):
    """One side or the coin, real data or not; T4 even where lambda_max is four times lambda_min, as L/s is small."""
    for verdict in tried([T3_isotropic, T4], kind, "1/L"):
        if verdict.theorem is T3_isotropic and verdict.constants.lambda_max > 3 * verdict.constants.lambda_min:
            assert verdict.status is Status.NOT_APPLICABLE
            assert verdict.unmet[0].startswith("E[H] must be a multiple of the identity")
        else:
            assert verdict.status in GOOD, verdict
            assert verdict.informative_from is not None


@pytest.mark.parametrize("t", [T3_isotropic, T4])
@pytest.mark.parametrize("name", ["haar", "coordinate"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_isotropic_ones_hold(t, name, side):
    """Exactly, at steps on both sides of 2/(L + s), where the two squares of T4 change places."""
    problem = Quadratic.kronecker(np.diag([0.4, 0.7, 1.0, 0.5]), np.diag([0.6, 1.0, 0.8]), np.ones((4, 3)))
    for gamma_L in (0.7, 1.0, 1.3, 1.8) if t is T4 else (0.5, 1.0):
        algorithm = RACLoRA(sketches.named_sketch(name, 4 if side == "left" else 3, 2), gamma_L / problem.L, side)
        verdict = verify(t, Case(algorithm, problem, steps=60))
        assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")


def test_T4_holds_for_an_anisotropic_sketch_and_is_informative():
    """L/s = 2, lambda_max / lambda_min = 4, gamma = 2/(L + s): m = 1/9, the factor is 1 - 0.1 (1 - 4/9)."""
    problem = Quadratic.left(np.diag([0.5, 1.0, 0.75, 0.6]), np.ones((4, 3)))
    algorithm = RACLoRA(sketches.WeightedCoordinate(4, 1, [1, 2, 3, 4]), 2 / 1.5)
    verdict = verify(T4, Case(algorithm, problem, steps=80))
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
    assert verdict.bound[1] / verdict.bound[0] == pytest.approx(1 - 0.1 + 0.4 / 9)
    assert verdict.informative_from is not None


@pytest.mark.parametrize(("gamma", "axis"), [(0.5, 0), (1.0, 0), (1.5, 0), (1.7, 1), (1.9, 1)])
def test_T4_is_an_equality_on_an_axis(gamma, axis):
    """f = (s x^2 + L y^2)/2 with s = 0.2 and L = 1: 2/(L + s) = 1.67 is where the slow axis changes."""
    W0 = np.zeros((2, 1))
    W0[axis] = 3.0
    problem = Quadratic.left(np.diag([0.2, 1.0]), np.zeros((2, 1)))
    algorithm = RACLoRA(sketches.Coordinate(2, 1), gamma)
    verdict = verify(T4, Case(algorithm, problem, W0, steps=30))
    assert verdict.status is Status.HOLDS
    np.testing.assert_allclose(verdict.mean, verdict.bound, rtol=1e-11)


def test_T4_needs_lambda_max():
    """The page's case: weights (.05, .95), curvatures .02 and 1 along (1, 1) and (1, -1): the distance expands."""
    Q = np.array([[1.02, -0.98], [-0.98, 1.02]]) / 2
    problem = Quadratic.left(Q, np.zeros((2, 1)))
    algorithm, W0 = RACLoRA(sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 1.9), np.array([[1.0], [0.0]])
    verdict = verify(T4, Case(algorithm, problem, W0, steps=3))
    assert verdict.status is Status.NOT_APPLICABLE
    assert "rho < 1 is not met: rho = 1.82917" in verdict.reason
    false = replace(verdict.constants, lambda_max=verdict.constants.lambda_min)
    verdict = verify(T4, Case(algorithm, problem, W0, steps=3), constants=false)
    assert (verdict.status, verdict.evidence) == (Status.VIOLATED, "exact")
    # T4's own words at t = 1: 1 - .05 + .05 (1 - .51 gamma)^2 + .95 (.49 gamma)^2 for gamma = 1.9.
    assert verdict.mean[1] == pytest.approx(0.95 + 0.05 * (1 - 0.51 * 1.9) ** 2 + 0.95 * (0.49 * 1.9) ** 2)


def huber(eta):
    """x^2/2 up to eta, then linear; GD with step 1 moves by eta a step."""
    return FromFunctions(
        (1, 1),
        lambda W: float(np.where(abs(W) > eta, eta * abs(W) - eta**2 / 2, W**2 / 2).sum()),
        lambda W: np.clip(W, -eta, eta),
        L=1.0,
        convex=True,
        f_star=0.0,
        W_star=np.zeros((1, 1)),
        start=np.ones((1, 1)),
    )


@pytest.mark.parametrize("T", [1, 5, 40])
def test_how_tight_T3_is_on_the_function_of_Huber(T):
    """T/(2T + 1) of T3_isotropic and n(n + 1) / (2 (n^2 + 2n - 1)) of T3, n = 2T + 1: both tend to their 1/2."""
    n, problem = 2 * T + 1, huber(1 / (2 * T + 1))
    plain, isotropic, sharp = (verify(t, Case(GD(1.0), problem, steps=T)) for t in (T3, T3_isotropic, T3_sharp))
    assert {verdict.status for verdict in (plain, isotropic)} <= {Status.HOLDS, Status.UNDECIDED}  # vacuous at T = 1
    assert plain.mean[T] / plain.bound[T] == pytest.approx(n * (n + 1) / (2 * (n * n + 2 * n - 1)))
    assert isotropic.mean[T] / isotropic.bound[T] == pytest.approx(T / n)
    np.testing.assert_array_equal(sharp.bound, plain.bound)


def test_how_tight_T3_is_for_a_sketch_that_hardly_ever_moves(exact_over_bound):
    """Half of (1 + pT)(1 - p)^T, whatever the step: 1/2 for small p."""
    p = 1e-4
    idle = Constants(gamma=1.0, L=1.0, lambda_min=p, lambda_max=p, f_star=0.0, gap0=0.5, distance0=1.0)
    ratio = exact_over_bound(T3, idle, [(p, 0.0, 0.0), (1 - p, 1.0, 0.0)], 1.0, 1.0, 5)
    np.testing.assert_allclose(ratio, [(1 + p * t) * (1 - p) ** t / 2 for t in range(1, 6)])


def test_how_tight_T3_is_on_a_slow_direction_of_many_coordinates():
    """The limit of k coordinates and T = tau k steps: m' = (1 - w - w tau)^2 - m; w and tau by a search.

    tests/sharpness/test_examples.py has the exact values for finite k, which are below. Half of T3 is false by it.
    """

    def ratio(w, tau):
        b, s = 1 - w, 1 - w * tau
        m = (b - w * tau) ** 2 + 2 * w * (b - w * tau) + 2 * w**2
        m += (1 - b**2 - 2 * w * b - 2 * w**2) * np.exp(-tau)
        return (w * s - w**2 / 2 + (m - s**2) / 2) * (1 + tau) / (w - w**2 / 2 + 0.5)

    w, tau = np.meshgrid(np.linspace(0.25, 0.35, 101), np.linspace(1, 1.6, 101))
    assert ratio(w, tau).max() == pytest.approx(T3.tightest.ratio, rel=2e-4)
    assert T3.tightest.ratio < ratio(0.2964, 1.276) < 0.52037
    assert T3_isotropic.tightest.ratio == 0.5


def test_how_tight_T3_sharp_is_near_the_longest_step(exact_over_bound):
    """gamma = 1.98 and p T = 0.55: by hand exp(-0.55 * 1.98 * 0.02) against (1 + 0.02/1.98) / (1 + 0.02 * 0.55).

    The bound has just fallen below the start there; at gamma = 1/L it is T3, with its 1/2.
    """
    p, T = 1e-4, 5500
    idle = Constants(gamma=1.98, L=1.0, lambda_min=p, lambda_max=p, f_star=0.0, gap0=0.5, distance0=1.0)
    ratio = exact_over_bound(T3_sharp, idle, [(p, 1 - 1.98, 0.0), (1 - p, 1.0, 0.0)], 1.0, 1.0, T)
    assert T3_sharp.bound(idle, T)[T] < 0.5
    assert ratio[-1] == pytest.approx(math.exp(-0.55 * 1.98 * 0.02) * 1.011 / (1 + 0.02 / 1.98), rel=1e-4)
    assert 0.97 < ratio[-1] < T3_sharp.tightest.ratio == 1.0
    assert exact_over_bound(T3_sharp, replace(idle, gap0=0.485), [(1.0, 1.0, 0.0)], 1.0, 1.0, T)[-1] > 1


def test_a_distance_or_a_gap_too_small_is_refuted():
    """T3 is tight up to 2: a quarter of the distance term is false on the function of Huber."""
    problem = huber(1 / 201)
    true = Constants.of(Case(GD(1.0), problem, steps=1))
    for t in (T3, T3_sharp, T3_isotropic):
        assert verify(t, Case(GD(1.0), problem, steps=100)).status is not Status.VIOLATED  # as loose as descent alone
        false = replace(true, distance0=true.distance0 / 2)
        assert verify(t, Case(GD(1.0), problem, steps=100), constants=false).status is Status.VIOLATED


def test_lambda_max_for_lambda_min_is_refuted():
    """All error in the coordinate that is drawn with probability 1/20: .95^t against 2/(1 + .95 t)."""
    W_star = np.zeros((2, 3))
    W_star[0, 0] = 1.0
    problem = Quadratic.left(np.eye(2), W_star)
    algorithm = RACLoRA(sketches.WeightedCoordinate(2, 1, [1, 19]), 1.0)
    for t in (T3, T3_sharp):
        verdict = verify(t, Case(algorithm, problem, steps=60))
        assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
        false = replace(verdict.constants, lambda_min=verdict.constants.lambda_max)
        assert verify(t, Case(algorithm, problem, steps=60), constants=false).status is Status.VIOLATED


def test_the_plain_form_is_false_for_longer_steps():
    """At gamma = 1.9/L on x^2/2 the gap falls by 0.81 a step: 2 - gamma L = 0.1 is what T3 lacks."""
    problem = Quadratic.left(np.eye(1), np.ones((1, 1)))
    assert verify(T3, Case(GD(1.9), problem, steps=30)).status is Status.NOT_APPLICABLE
    unchecked = replace(T3, given=())
    assert verify(unchecked, Case(GD(1.9), problem, steps=6)).status is Status.VIOLATED
    assert verify(T3_sharp, Case(GD(1.9), problem, steps=30)).status is Status.HOLDS


def a_case():
    problem = Quadratic.left(np.diag([0.5, 1.0, 1.5, 2.0]), np.ones((4, 2)))
    return Case(RACLoRA(sketches.Haar(4, 2), 0.5), problem, steps=5)


@pytest.mark.parametrize("t", [T3, T3_sharp, T3_isotropic, T4])
@pytest.mark.parametrize(
    ("change", "sentence", "about"),
    [
        ({"L": math.nan}, "Lipschitz gradient of f needs a known L > 0: L is unknown", "all"),
        ({"lambda_min": 0.0}, "lambda_min > 0 is not met: lambda_min is 0 (smallest eigenvalue of E[H], 0 if", "all"),
        ({"distance0": math.nan}, "||W^0 - W*|| must be known, distance0 is nan", "all"),
        ({"convex": False}, "f must be known to be convex", "T3"),
        ({"gap0": math.nan}, "f(W^0) - f* must be known, gap0 is nan", "T3"),
        ({"strong_convexity": 0.0}, "Strong convexity needs a known s > 0: strong_convexity is 0", "T4"),
        ({"strong_convexity": math.nan}, "Strong convexity needs a known s > 0: strong_convexity is unknown", "T4"),
        ({"lambda_max": math.nan}, "lambda_max must be known, it is nan (largest eigenvalue of E[H])", "T4"),
        ({"lambda_max": 0.9}, "E[H] must be a multiple of the identity, its eigenvalues reach from 0.5 to 0.9", "iso"),
    ],
)
def test_each_assumption(t, change, sentence, about):
    """Broken one by one; a theorem that does not make it is applicable still."""
    makes = {"all": True, "T3": t is not T4, "T4": t is T4, "iso": t is T3_isotropic}[about]
    case = a_case()
    assert t.unmet(case, Constants.of(case)) == ()
    unmet = t.unmet(case, replace(Constants.of(case), **change))
    assert any(words.startswith(sentence) for words in unmet) == makes
    if not makes and "lambda_max" not in change:
        assert unmet == ()


@pytest.mark.parametrize("t", [T3, T3_sharp, T3_isotropic, T4])
def test_the_algorithm_is_named_first(t):
    stochastic = replace(a_case(), algorithm=SGD(0.1, Noisy(1.0)))
    (unmet,) = t.unmet(stochastic, Constants(gamma=0.1))
    assert unmet == "gradients must be exact, they come from Noisy"
    plain = replace(a_case(), algorithm=RACLoRA(sketches.Haar(4, 2), 0.1, lora_alpha=2.0))
    assert t.unmet(plain, Constants(gamma=0.1)) == ("the theorem is about the projected step, lora_alpha is 2",)
