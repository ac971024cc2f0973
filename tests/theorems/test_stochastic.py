"""T5, T5_step, T6 and T19: one stochastic gradient a sketch, where bounds are attained, and where they end."""

import math

import numpy as np
import pytest

from rac_theory import SGD, Case, Constants, Decreasing, Minibatch, Noisy, Status, theorems, verify
from rac_theory.problems import LeastSquares

from .small_cases import LINE, exact_over_bound

T5, T5_step, T6, T19 = theorems.T5, theorems.T5_step, theorems.T6, theorems.T19


def test_additive_noise_attains_T5_in_the_limit():
    """x^2/2, gamma = 1, x^0 = 1 and noise of variance 1: all squares are 1, the bound is 1 + 1/T, exactly."""
    for t in (T5, T5_step):
        verdict = verify(t, Case(SGD(1.0, Noisy(1.0)), LINE, [[1.0]], steps=400))
        assert (verdict.evidence, t.tightest.ratio) == ("exact", 1.0)
        assert verdict.status is not Status.VIOLATED
        np.testing.assert_allclose(verdict.bound[1:], 1 + 1 / np.arange(1, 401))
        np.testing.assert_allclose(verdict.mean[1:], 1.0)


def test_how_tight_T5_step_is_without_constant_noise():
    """63/74 at T = 3 for g = x (1 +- 1/sqrt(3)), gamma = 1: 4 and 2 may not be taken down by more than that."""
    c = Constants(1.0, L=1.0, lambda_min=1.0, lambda_max=1.0, A=1 / 3, beta=1.0, C=0.0, f_star=0.0, gap0_upper=0.5)
    maps = [(0.5, sign / 3**0.5, 0.0) for sign in (1, -1)]
    assert exact_over_bound(T5_step, c, maps, 1.0, 1.0, 3)[2] == pytest.approx(63 / 74)


@pytest.mark.parametrize(("d", "kappa", "gamma"), [(2, 10, 0.3), (5, 4, 1.4), (6, 10, 0.3)])
def test_the_floor_of_the_noise_cannot_do_without_kappa(d, kappa, gamma):
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


def test_what_T19_loses_to_noise():
    """By hand: the gap that is left, which is all at T = 1, and what the first step loses for all."""
    verdict = verify(T19, Case(Decreasing(SGD(0.5, Noisy(1.0)), 2.0, power=0.5), LINE, [[1.0]], steps=30))
    found = verdict.mean[1:] / verdict.bound[1:]
    square, added, left = 1.0, 0.0, 0.0
    for t in range(30):
        size = 0.5 * math.sqrt(2 / (t + 2))
        left, added = left + size * square, added + size**2 / 2
        square = (1 - size) ** 2 * square + size**2
        assert found[t] == pytest.approx(0.75 * left / (0.5 + added), rel=1e-9)
        if t == 0:
            assert found[0] == pytest.approx(1 - square / 2 / (0.5 + added), rel=1e-9)
    assert (found[0], round(found[9], 3)) == (pytest.approx(0.6), 0.876)


def test_T19_ends_where_noise_grows_with_f():
    """With A > 0 the first step must fall like 1/sqrt(h_T), and then the bound falls like sqrt(log T / T)."""
    rows = LeastSquares([[1.0], [2.0], [1.0]], Y=[0.0, 1.0, -1.0])
    step = Decreasing(SGD(0.2, Minibatch(1)), 1.0, power=0.5)
    reasons = [verify(T19, Case(step, rows, [[5.0]], steps=steps)) for steps in (3, 50)]
    assert reasons[0].status is not Status.NOT_APPLICABLE
    assert reasons[1].status is Status.NOT_APPLICABLE
    assert "Q < 1 is not met" in reasons[1].reason
    c = Constants.of(Case(step, rows, [[5.0]]))
    shares = []
    for T in (10**3, 10**4, 10**5):
        gamma = 1 / math.sqrt(2 * c.L * c.A * np.sum(1 / np.arange(1.0, T + 1)))
        shorter = Constants.of(Case(Decreasing(SGD(gamma, Minibatch(1)), 1.0, power=0.5), rows, [[5.0]]))
        shares.append(T19.bound(shorter, T)[-1] * math.sqrt(T / math.log(T)))
    assert max(shares) < 1.2 * min(shares)
