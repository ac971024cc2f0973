"""T12: RAC-LoRA with the plain step, where nu stands for gamma lambda_min."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, Constants, Local, Noisy, RACLoRA, Status, sketches, theorems, verify
from rac_theory.ledger.ensemble import informative_steps
from rac_theory.problems import LeastSquares, LogisticRegression, NonconvexLogistic, PLSine, Quadratic
from rac_theory.theorems import E, gap

T12_nonconvex, T12_pl, T12_gaussian = theorems.T12_nonconvex, theorems.T12_pl, theorems.T12_gaussian
ALL = [T12_nonconvex, T12_pl, T12_gaussian]
GOOD = (Status.HOLDS, Status.CONSISTENT)


def plain(sketch, tau, side="left", K=1, lora_alpha=None):
    """The plain step with ``gamma (lora_alpha / r)^2 = tau``."""
    lora_alpha = lora_alpha or float(sketch.rank)
    return RACLoRA(sketch, tau * (sketch.rank / lora_alpha) ** 2, side, Local(K), lora_alpha)


def constants_of(algorithm, problem, W0=None):
    return Constants.of(Case(algorithm, problem, W0, steps=1))


def test_nu_against_numbers_worked_out_by_hand():
    """L = 2. Gaussian, d = 4, r = 2, tau = .05: 2 * 2 * .05 - 2 * 2 * 7 * .05^2 = .13. The scaling of LoRA counts.

    Two draws: B B' = Diag(1, 0) and Diag(0, 4), tau = .2: 2 tau m - L tau^2 m^2 is .4 - .08 and 1.6 - 1.28.
    """
    problem = Quadratic.left(2 * np.eye(4), np.ones((4, 1)))
    for lora_alpha in (2.0, 16.0):
        known = constants_of(plain(sketches.Gaussian(4, 2), 0.05, lora_alpha=lora_alpha), problem)
        assert known.nu == pytest.approx(0.13)
        assert math.isinf(known.longest_step)
    draws = np.array([[[1.0], [0.0]], [[0.0], [2.0]]])
    problem = Quadratic.left(2 * np.eye(2), np.ones((2, 1)))
    known = constants_of(plain(sketches.FiniteSupport(draws, [0.3, 0.7]), 0.2), problem)
    assert known.nu == pytest.approx(min(0.3 * 0.32, 0.7 * 0.32))
    assert known.longest_step == pytest.approx(2 * 0.2 * 4)


REAL = LeastSquares.linnerud(l2=0.5)
CASES = {
    "real": (REAL, sketches.Haar(3, 2), "left", 1),
    "real, right, three steps": (REAL, sketches.WeightedCoordinate(3, 1, [1, 2, 4]), "right", 3),
    "real, not quadratic": (LogisticRegression.breast_cancer(l2=0.8), sketches.Coordinate(30, 15), "left", 2),
    "anisotropic": (PLSine((4, 3)), sketches.WeightedCoordinate(4, 2, [1, 8, 8, 8]), "left", 2),
    "draws of several lengths": (
        Quadratic.kronecker(np.diag([0.5, 1.0]), np.diag([0.8, 0.9, 1.0]), np.ones((2, 3))),
        sketches.FiniteSupport(np.array([[[1.0], [0.0]], [[0.3], [0.9]]]), [0.4, 0.6]),
        "left",
        2,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_they_hold(name):
    problem, sketch, side, K = CASES[name]
    algorithm = plain(sketch, 1 / problem.L, side, K)
    case = Case(algorithm, problem, steps=1)
    steps = informative_steps([T12_nonconvex, T12_pl], case, Constants.of(case), 400)
    for t in (T12_nonconvex, T12_pl):
        verdict = verify(t, Case(algorithm, problem, steps=steps), runs=256, rng=0)
        assert verdict.status in GOOD, verdict
        assert verdict.informative_from is not None


def test_the_nonconvex_form_holds_on_real_data_that_are_not_convex():
    problem = NonconvexLogistic.breast_cancer(lam=0.1)
    algorithm = plain(sketches.Coordinate(30, 15), 1 / problem.L, K=2)
    verdict = verify(T12_nonconvex, Case(algorithm, problem, steps=100), runs=64, rng=0)
    assert verdict.status in GOOD
    assert verify(T12_pl, Case(algorithm, problem, steps=100)).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("name", ["real", "real, right", "PL, not convex", "real, not quadratic", "right, n = 3"])
def test_the_gaussian_one_holds(name):
    problem, side = {
        "real": (REAL, "left"),
        "real, right": (REAL, "right"),
        "PL, not convex": (PLSine((4, 3)), "left"),
        "real, not quadratic": (LogisticRegression.breast_cancer(l2=0.8), "left"),
        "right, n = 3": (Quadratic.left(np.diag([0.5, 1.0]), np.ones((2, 3))), "right"),
    }[name]
    d = problem.shape[0 if side == "left" else 1]
    r = min(2, d - 1)
    algorithm = plain(sketches.Gaussian(d, r), 1 / (problem.L * (d + r + 1)), side)
    verdict = verify(T12_gaussian, Case(algorithm, problem, steps=60), runs=400, rng=0)
    assert verdict.status in GOOD
    assert verdict.informative_from is not None


TWO_LENGTHS = sketches.FiniteSupport(np.array([[[0.5**0.5]], [[1.0]]]), [0.5, 0.5])


def test_the_PL_form_is_an_equality_on_the_identity(exact_over_bound):
    """x^2/2 and tau B^2 = 1/2 or 1: nu = 7/8, the mean of (1 - tau B^2)^2 is 1/8."""
    problem = Quadratic.left(np.eye(1), np.zeros((1, 1)))
    true = replace(constants_of(plain(TWO_LENGTHS, 1.0), problem, np.ones((1, 1))), f_star=0.0)
    assert true.nu == pytest.approx(7 / 8)
    maps = [(0.5, 0.5, 0.0), (0.5, 0.0, 0.0)]
    np.testing.assert_allclose(exact_over_bound(T12_pl, true, maps, 1.0, 1.0, 12), 1.0, rtol=1e-9)
    # What the other form loses is E f(W^T): 1 - (1/8)^T.
    ratio = exact_over_bound(T12_nonconvex, true, maps, 1.0, 1.0, 12)
    np.testing.assert_allclose(ratio, [1 - 8.0**-T for T in range(1, 13)], rtol=1e-9)
    assert T12_nonconvex.tightest.ratio == T12_pl.tightest.ratio == 1.0


@pytest.mark.parametrize("tau", [0.05, 0.25, 0.6])
def test_the_gaussian_one_is_an_equality_on_the_identity(exact_over_bound, tau):
    """d = r = 1: E(1 - tau b^2)^2 = 1 - 2 tau + 3 tau^2, as E b^4 = 3. Another power of tau, or of r, is refuted."""
    problem = Quadratic.left(np.eye(1), np.zeros((1, 1)))
    true = replace(constants_of(plain(sketches.Gaussian(1, 1), tau), problem, np.ones((1, 1))), f_star=0.0)
    # The law with atoms 0 and +-sqrt(3), of weights 2/3 and 1/6 each, has the Gaussian second and fourth moments.
    maps = [(2 / 3, 1.0, 0.0), (1 / 3, 1 - 3 * tau, 0.0)]
    np.testing.assert_allclose(exact_over_bound(T12_gaussian, true, maps, 1.0, 1.0, 30), 1.0, rtol=1e-8)
    without_fourth = 2 * tau  # the descent without what the length of B costs
    normalised = 2 * tau - tau**2  # as if B B' were a projection
    for nu in (without_fourth, normalised, 1.01 * true.nu):
        assert exact_over_bound(T12_gaussian, replace(true, nu=nu), maps, 1.0, 1.0, 30).max() > 1
    assert T12_gaussian.tightest.ratio == 1.0


@pytest.mark.parametrize("d", [3, 30])
def test_the_gaussian_gain_falls_like_one_over_d(d):
    """A tenfold d: r/(L (d + r + 1)) at the best step, and r/L is refuted by far; by sampling."""
    problem = Quadratic.left(np.eye(d), np.ones((d, 2)))
    algorithm = plain(sketches.Gaussian(d, 1), 1 / (d + 2))
    true = constants_of(algorithm, problem)
    assert true.nu == pytest.approx(1 / (d + 2))
    assert verify(T12_gaussian, Case(algorithm, problem, steps=10), runs=400, rng=0).status in GOOD
    false = replace(true, nu=2 / (d + 2))
    assert verify(T12_gaussian, Case(algorithm, problem, steps=10), runs=400, rng=0, constants=false).status is (
        Status.VIOLATED
    )


@pytest.mark.parametrize("t", [T12_nonconvex, T12_pl])
def test_the_first_inner_step_is_all_that_counts(t):
    """Draws with eigenvalues 0 and 1/L: ten inner steps do what one does, and ten times nu is false."""
    problem = Quadratic.left(np.eye(30), np.ones((30, 1)))
    algorithm = plain(sketches.Coordinate(30, 1), 1.0, K=10)
    true = constants_of(algorithm, problem)
    assert true.nu == pytest.approx(1 / 30)
    assert verify(t, Case(algorithm, problem, steps=200), runs=200, rng=0).status in GOOD
    false = replace(true, nu=10 * true.nu)
    assert verify(t, Case(algorithm, problem, steps=200), runs=200, rng=0, constants=false).status is Status.VIOLATED


def test_the_largest_eigenvalue_for_the_smallest_is_refuted(exact_over_bound):
    """All error on an axis of probability 1/20."""
    nu = Constants(gamma=1.0, mu=1.0, nu=0.05, lambda_min=1.0, f_star=0.0, gap0=0.5, gap0_upper=0.5)
    maps = [(0.05, np.diag([0.0, 1.0]), np.zeros(2)), (0.95, np.diag([1.0, 0.0]), np.zeros(2))]
    for t in ALL:
        assert exact_over_bound(t, nu, maps, np.eye(2), [1.0, 0.0], 60).max() <= 1 + 1e-12
        assert exact_over_bound(t, replace(nu, nu=0.95), maps, np.eye(2), [1.0, 0.0], 60).max() > 1


def test_a_bound_on_the_mean_length_is_not_enough(exact_over_bound):
    """B^2 = 4 with probability 1/4, else 0, and tau = 1: E[tau B^2] = 1/L, and the gap grows threefold a step."""
    sketch = sketches.FiniteSupport(np.array([[[2.0]], [[0.0]]]), [0.25, 0.75])
    problem = Quadratic.left(np.eye(1), np.zeros((1, 1)))
    case = Case(plain(sketch, 1.0), problem, np.ones((1, 1)), steps=3)
    true = Constants.of(case)
    assert true.nu == pytest.approx(0.25 * (8 - 16))
    assert len(T12_pl.unmet(case, true)) == 2
    false, maps = replace(true, nu=1.0, f_star=0.0), [(0.25, -3.0, 0.0), (0.75, 1.0, 0.0)]
    assert exact_over_bound(replace(T12_pl, claim=E(gap) <= Fraction(1, 2)), false, maps, 1.0, 1.0, 3) == (
        pytest.approx([3.0, 9.0, 27.0])
    )


def a_case(t, tau=0.2, **more):
    sketch = sketches.Gaussian(4, 1) if t is T12_gaussian else sketches.Coordinate(4, 1)
    problem = Quadratic.left(np.diag([0.5, 1.0, 1.5, 2.0]), np.ones((4, 2)))
    return Case(RACLoRA(sketch, tau / 2, **({"lora_alpha": 1.0} | more)), problem, steps=5)


@pytest.mark.parametrize("t", ALL)
@pytest.mark.parametrize(
    ("change", "sentence", "about"),
    [
        ({"nu": math.nan}, "needs a known nu > 0: nu is unknown", ALL),
        ({"nu": -0.1}, "needs a known nu > 0: nu is -0.1", ALL),
        ({"gap0_upper": math.nan}, "f(W^0) - f* must be known, gap0_upper is nan", [T12_nonconvex]),
        ({"gap0": math.nan}, "f(W^0) - f* must be known, gap0 is nan", [T12_pl, T12_gaussian]),
        ({"mu": 0.0}, "Polyak-Lojasiewicz inequality needs a known mu > 0: mu is 0", [T12_pl, T12_gaussian]),
        ({"longest_step": 2.0}, "max lambda(M Q) < 2 is not met: longest_step is ", [T12_nonconvex, T12_pl]),
        ({"longest_step": math.nan}, "max lambda(M Q) < 2 is not met: longest_step is ", [T12_nonconvex, T12_pl]),
    ],
)
def test_each_assumption(t, change, sentence, about):
    case = a_case(t)
    true = Constants.of(case)
    assert t.unmet(case, true) == ()
    unmet = t.unmet(case, replace(true, **change))
    assert any(sentence in words for words in unmet) == (t in about)
    assert len(unmet) == (t in about)


@pytest.mark.parametrize("t", ALL)
def test_the_algorithm_is_named_first(t):
    def sentence(**more):
        case = a_case(t, **more)
        (unmet,) = t.unmet(case, Constants.of(case))
        return unmet

    assert sentence(lora_alpha=None) == "the theorem is about RAC-LoRA with the plain step, lora_alpha is not set"
    assert sentence(gradients=Noisy(1.0)) == "gradients must be full gradients, they come from Noisy"
    if t is T12_gaussian:
        assert sentence(gradients=Local(2)) == "there must be one step before the merge, there are 2"
        coordinate = a_case(T12_pl)
        assert t.unmet(coordinate, Constants.of(coordinate)) == ("the sketch must be Gaussian",)
    else:  # a Gaussian sketch has no longest draw
        gaussian = a_case(T12_gaussian)
        (unmet,) = t.unmet(gaussian, Constants.of(gaussian))
        told = "(largest eigenvalue of M Q over all draws of a step W - M G: below 2 none goes uphill)"
        assert unmet == f"max lambda(M Q) < 2 is not met: longest_step is inf {told}"
