"""T5, T5_step and T6: RAC-LoRA with one stochastic gradient a sketch."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Case, Constants, Noisy, Status, sketches, theorems, verify
from rac_theory.algorithms import SGD, Bernoulli
from rac_theory.problems import Quadratic

T5, T5_step, T6 = theorems.T5, theorems.T5_step, theorems.T6


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


def test_bernoulli_with_noise_is_exact():
    """Two sides, noise, and lambda_max above lambda_min: T5 and T6 hold by the expectation itself."""
    problem = Quadratic.kronecker(np.diag([0.5, 1.0, 0.7, 0.8]), np.diag([0.6, 1.0, 0.9]), np.ones((4, 3)))
    left, right = sketches.WeightedCoordinate(4, 1, [1, 2, 3, 6]), sketches.Haar(3, 1)
    for t in (T5, T6):
        verdict = verify(t, Case(Bernoulli(left, right, 0.5, 0.6, Noisy(0.05)), problem, steps=200))
        assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
        assert verdict.informative_from is not None
