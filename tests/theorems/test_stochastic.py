"""T5, T5_step and T6: RAC-LoRA with one stochastic gradient a sketch."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Case, Constants, Local, Minibatch, Noisy, RACLoRA, Status, sketches, theorems, verify
from rac_theory.algorithms import SGD, Bernoulli
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.statements.metric import Curves

T5, T5_step, T6 = theorems.T5, theorems.T5_step, theorems.T6
ALL = [T5, T5_step, T6]
GOOD = (Status.HOLDS, Status.CONSISTENT)
c = Constants(gamma=0.1, L=2.0, lambda_max=0.5, A=3.0)


def test_the_metric_weighs_early_steps_more():
    """Weights 1, 1/1.03, 1/1.03^2 at t = 3, with the q of the formula."""
    squares = np.array([[5.0, 1.0, 2.0, 9.0]])
    (averages,) = T5.metric.along(Curves(squares, squares), c)
    assert averages[3] == pytest.approx((5 + 1 / 1.03 + 2 / 1.03**2) / (1 + 1 / 1.03 + 1 / 1.03**2))
    assert math.isnan(averages[0])


@pytest.mark.parametrize(("claims", "setting"), [([T5, T6], "minibatch"), ([T5, T6, T5_step], "noisy")])
def test_they_hold(claims, setting, kind, tried):
    for verdict in tried(claims, kind, setting):
        assert verdict.status in GOOD
        assert verdict.informative_from is not None
        assert verdict.constants.C > 0


def test_T5_step_holds_for_minibatches_at_the_longest_step_of_its_horizon():
    problem, steps = LeastSquares.linnerud(l2=0.5), 400
    sketch, batch = sketches.WeightedCoordinate(3, 2, [1, 2, 6]), Minibatch(16)
    true = Constants.of(Case(RACLoRA(sketch, 0.1, "right", batch), problem, steps=steps))
    assert true.lambda_max > 1.5 * true.lambda_min
    gamma = min(1 / (true.L * true.beta), (true.L * true.A * true.lambda_max * steps) ** -0.5)
    verdict = verify(T5_step, Case(RACLoRA(sketch, gamma, "right", batch), problem, steps=steps), runs=128, rng=0)
    assert verdict.status in GOOD
    assert verdict.informative_from is not None


def test_additive_noise_attains_T5_in_the_limit():
    """x^2/2, gamma = 1, x^0 = 1 and noise of variance 1: all squares are 1, the bound is 1 + 1/T, exactly."""
    problem = Quadratic.left(np.eye(1), np.ones((1, 1)))
    for t in (T5, T5_step):
        verdict = verify(t, Case(SGD(1.0, Noisy(1.0)), problem, steps=400))
        assert verdict.evidence == "exact"
        assert verdict.status is not Status.VIOLATED
        np.testing.assert_allclose(verdict.bound[1:], 1 + 1 / np.arange(1, 401))
        np.testing.assert_allclose(verdict.mean[1:], 1.0)
        # The noise too small by a percent: 0.99 + 1/T is below 1 from T = 101 on. The start too small by one: never.
        false = replace(verdict.constants, C=0.99)
        assert verify(t, Case(SGD(1.0, Noisy(1.0)), problem, steps=400), constants=false).status is Status.VIOLATED
        assert t.tightest.ratio == 1.0


def multiplicative(A):
    """g = x (1 +- sqrt(A)) on x^2/2 with gamma = 1: (A, beta, C) is (A, 1, 0)."""
    constants = Constants(
        gamma=1.0, L=1.0, lambda_min=1.0, lambda_max=1.0, A=A, beta=1.0, C=0.0, f_star=0.0, gap0_upper=0.5
    )
    return constants, [(0.5, -(A**0.5), 0.0), (0.5, A**0.5, 0.0)]


def test_how_tight_T5_step_is_without_constant_noise(exact_over_bound):
    """63/74 at T = 3 with A = 1/3: 4 and 2 may not be taken down by more than that."""
    constants, maps = multiplicative(1 / 3)
    assert exact_over_bound(T5_step, constants, maps, 1.0, 1.0, 3)[2] == pytest.approx(63 / 74)


@pytest.mark.parametrize("gamma", [0.1, 0.7, 1.0, 1.6])
@pytest.mark.parametrize("side", ["left", "right"])
def test_T6_is_an_equality_on_the_identity(gamma, side):
    """Any step, any isotropic sketch, additive noise, with the constants of the library."""
    problem = Quadratic.left(np.eye(4), np.full((4, 4), 2.0))
    algorithm = RACLoRA(sketches.Haar(4, 1), gamma, side, Noisy(3.0))
    verdict = verify(T6, Case(algorithm, problem, steps=60))
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
    np.testing.assert_allclose(verdict.mean, verdict.bound, rtol=1e-10)


@pytest.mark.parametrize("replacing", [False, True])
def test_T6_is_an_equality_for_minibatches_of_equal_curvatures(exact_over_bound, replacing):
    """f_i = (x - a_i)^2/2, every batch enumerated: (A, beta, C) and their s as the library computes them."""
    a, p, gamma, b = np.arange(20.0) ** 1.5, 0.3, 0.8, 10
    problem = LeastSquares(np.ones((20, 1)), a)
    sketch = sketches.FiniteSupport(np.array([[[1.0]], [[0.0]]]), [p, 1 - p])
    case = Case(RACLoRA(sketch, gamma, gradients=Minibatch(b, replace=replacing)), problem, np.array([[7.0]]), steps=5)
    true = replace(Constants.of(case), f_star=0.0)  # values are counted from the minimum below
    s = 1 / b if replacing else (20 - b) / (b * 19)
    # The mean of a batch has mean 0 about the minimum, and variance s var(a): two atoms have the same moments.
    deviation = (s * a.var()) ** 0.5
    maps = [(1 - p, 1.0, 0.0), *((p / 2, 1 - gamma, sign * gamma * deviation) for sign in (1, -1))]
    start = 7.0 - a.mean()
    np.testing.assert_allclose(exact_over_bound(T6, true, maps, 1.0, start, 40), 1.0, rtol=1e-9)
    # A wrong power of the size b, b^-2 for b^-1, is false at b = 10, and so is a batch twice as large as it is.
    for factor in (1 / b, 0.5):
        false = replace(true, A=true.A * factor, C=true.C * factor)
        assert exact_over_bound(T6, false, maps, 1.0, start, 40).max() > 1.05


@pytest.mark.parametrize(("d", "kappa"), [(2, 4), (2, 10), (5, 4), (6, 10)])
@pytest.mark.parametrize("gamma", [0.3, 1.4])
def test_the_floor_of_the_noise_cannot_do_without_kappa(exact_over_bound, d, kappa, gamma):
    """d / (kappa + d - 1) of T5 and T6 in the long run: noise +-2 e_1, and u = (c, +-s/sqrt(d-1), ...) for the range.

    All signs and both values of the noise. Would catch kappa_H, or its square root for kappa = 10, taken out of either
    bound, and a page that calls the .25 and .1 of coordinates the largest.
    """
    s = ((d - 1) / (kappa + d - 1)) ** 0.5
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * (d - 1))).reshape(d - 1, -1).T
    u = np.column_stack([np.full(len(signs), (1 - s * s) ** 0.5), s / (d - 1) ** 0.5 * signs])
    H = u[:, :, None] * u[:, None, :]
    eigenvalues = np.linalg.eigvalsh(H.mean(axis=0))
    assert eigenvalues[-1] / eigenvalues[0] == pytest.approx(kappa)
    constants = Constants(
        gamma=gamma, L=1.0, mu=1.0, lambda_min=eigenvalues[0], lambda_max=eigenvalues[-1], A=0.0, beta=1.0, C=4.0,
        f_star=0.0, gap0=5e-19, gap0_upper=5e-19,
    )  # fmt: skip
    start, share = 1e-9 * np.eye(d)[0], 1 / (2 * len(H))
    maps = [(share, np.eye(d) - gamma * P, sign * gamma * 2 * P[0]) for P in H for sign in (1, -1)]
    steps = int(20 / (gamma * (2 - gamma) * eigenvalues[0]))
    expected = d / (kappa + d - 1)
    assert exact_over_bound(T6, constants, maps, np.eye(d), start, steps)[-1] == pytest.approx(expected, rel=1e-6)
    average = exact_over_bound(T5, constants, maps, np.eye(d), start, steps)
    assert (average <= expected).all()
    assert average[-1] == pytest.approx(expected, rel=0.15)
    end = average[-1] * steps - average[steps // 2 - 1] * (steps // 2)  # a sum over the second half, by differences
    assert end / (steps - steps // 2) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("t", ALL)
def test_noise_that_is_dropped_shows_at_large_T(t):
    """Noise of variance 4 on a small start: without its term every bound tends to zero, and the iterates do not."""
    problem = Quadratic.left(np.eye(3), np.ones((3, 3)))
    algorithm = RACLoRA(sketches.Coordinate(3, 1), 0.5, "right", Noisy(2.0))
    verdict = verify(t, Case(algorithm, problem, steps=300))
    assert verdict.evidence == "exact"
    assert verdict.status is not Status.VIOLATED
    false = replace(verdict.constants, C=0.0)
    assert verify(t, Case(algorithm, problem, steps=300), constants=false).status is Status.VIOLATED


@pytest.mark.parametrize("t", [T5, T5_step])
def test_a_rare_coordinate_refutes_lambda_max_for_lambda_min(t):
    """Everything is in the coordinate of probability 1/20, and there is hardly any noise."""
    W_star = np.zeros((2, 1))
    W_star[0, 0] = 1.0
    problem = Quadratic.left(np.eye(2), W_star)
    algorithm = RACLoRA(sketches.WeightedCoordinate(2, 1, [1, 19]), 1.0, gradients=Noisy(1e-3))
    assert verify(t, Case(algorithm, problem, steps=100)).status is Status.HOLDS
    true = Constants.of(Case(algorithm, problem, steps=1))
    false = replace(true, lambda_min=true.lambda_max)
    verdict = verify(t, Case(algorithm, problem, steps=100), constants=false)
    assert (verdict.status, verdict.evidence) == (Status.VIOLATED, "exact")


def test_bernoulli_with_noise_is_exact():
    """Two sides, noise, and lambda_max above lambda_min: T5 and T6 hold by the expectation itself."""
    problem = Quadratic.kronecker(np.diag([0.5, 1.0, 0.7, 0.8]), np.diag([0.6, 1.0, 0.9]), np.ones((4, 3)))
    left, right = sketches.WeightedCoordinate(4, 1, [1, 2, 3, 6]), sketches.Haar(3, 1)
    for t in (T5, T6):
        verdict = verify(t, Case(Bernoulli(left, right, 0.5, 0.6, Noisy(0.05)), problem, steps=200))
        assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
        assert verdict.informative_from is not None


def a_case(gamma=0.2, gradients=None, steps=50, **more):
    problem = LeastSquares(np.random.default_rng(0).standard_normal((12, 4)), np.arange(24.0).reshape(12, 2) / 9)
    sketch = sketches.WeightedCoordinate(4, 1, [1, 2, 3, 4])
    algorithm = RACLoRA(sketch, gamma / problem.L, gradients=gradients or Minibatch(6), **more)
    return Case(algorithm, problem, steps=steps)


@pytest.mark.parametrize("t", ALL)
@pytest.mark.parametrize(
    ("change", "sentence", "about"),
    [
        ({"L": math.nan}, "Lipschitz gradient of f needs a known L > 0: L is unknown", ALL),
        ({"lambda_min": 0.0}, "lambda_min > 0 is not met: lambda_min is 0 (smallest eigenvalue of E[H], 0 if", ALL),
        ({"lambda_max": math.nan}, "lambda_max must be known, it is nan (largest eigenvalue of E[H])", ALL),
        ({"C": math.nan}, "Structured noise needs a known C >= 0: C is unknown", ALL),
        ({"C": -1.0}, "Structured noise needs a known C >= 0: C is -1", ALL),
        ({"A": math.nan}, "Structured noise needs a known A >= 0: A is unknown", ALL),
        ({"gap0_upper": math.nan}, "f(W^0) - f* must be known, gap0_upper is nan", [T5, T5_step]),
        ({"gap0": math.nan}, "f(W^0) - f* must be known, gap0 is nan", [T6]),
        ({"mu": 0.0}, "Polyak-Lojasiewicz inequality needs a known mu > 0: mu is 0", [T6]),
    ],
)
def test_each_assumption(t, change, sentence, about):
    case = a_case()
    true = replace(Constants.of(case), A=0.1, beta=1.0, C=1.0)
    assert t.unmet(case, true) == ()
    unmet = t.unmet(case, replace(true, **change))
    assert any(words.startswith(sentence) for words in unmet) == (t in about)


@pytest.mark.parametrize("t", ALL)
def test_the_algorithm_is_named_first(t):
    local = a_case(gradients=Local(2))
    (unmet,) = t.unmet(local, Constants.of(local))
    assert unmet == "gradients must be one unbiased gradient a sketch with known noise, they come from Local"
    plain = a_case(lora_alpha=1.0)
    assert t.unmet(plain, Constants.of(plain)) == ("the theorem is about the projected step, lora_alpha is 1",)


def test_the_horizon_is_that_of_the_case():
    """The same step is admissible for 4 steps and not for 400: T5_step speaks of its last step."""
    short, long = a_case(gamma=0.5, steps=4), a_case(gamma=0.5, steps=400)
    assert T5_step.unmet(short, Constants.of(short)) == ()
    (unmet,) = T5_step.unmet(long, Constants.of(long))
    assert unmet.startswith("gamma^2 L A lambda_max T <= 1 is not met: ")
    assert unmet.endswith(", T=400")
