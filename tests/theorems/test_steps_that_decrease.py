"""T19 and T19_pl: what their page says of where they are tight, what they lose, and where they end."""

import math

import numpy as np
import pytest

from rac_theory import GD, SGD, Case, Constants, Decreasing, Minibatch, Noisy, Status, theorems, verify
from rac_theory.problems import LeastSquares

from .small_cases import LINE

T19 = theorems.T19
ROWS = LeastSquares([[1.0], [2.0], [1.0]], Y=[0.0, 1.0, -1.0])


def ratios(theorem, algorithm, start=1.0, steps=30):
    verdict = verify(theorem, Case(algorithm, LINE, [[start]], steps=steps))
    assert verdict.evidence == "exact"
    return verdict.mean[1:] / verdict.bound[1:]


def test_what_T19_loses_to_noise():
    """By hand: the gap that is left, which is all at T = 1, and what the first step loses for all. Without noise 0."""
    np.testing.assert_allclose(ratios(T19, Decreasing(GD(1.0), 2.0, power=0.5)), 1.0, rtol=1e-9)
    found = ratios(T19, Decreasing(SGD(0.5, Noisy(1.0)), 2.0, power=0.5))
    square, added, left, sizes = 1.0, 0.0, 0.0, 0.0
    for t in range(30):
        size = 0.5 * math.sqrt(2 / (t + 2))
        sizes, left, added = sizes + size, left + size * square, added + size**2 / 2
        square = (1 - size) ** 2 * square + size**2
        assert found[t] == pytest.approx(0.75 * left / (0.5 + added), rel=1e-9)
        if t == 0:
            assert found[0] == pytest.approx(1 - square / 2 / (0.5 + added), rel=1e-9)
    assert (found[0], round(found[9], 3)) == (pytest.approx(0.6), 0.876)


def test_T19_ends_where_noise_grows_with_f():
    """With A > 0 the first step must fall like 1/sqrt(h_T), and then the bound falls like sqrt(log T / T)."""
    step = Decreasing(SGD(0.2, Minibatch(1)), 1.0, power=0.5)
    reasons = [verify(T19, Case(step, ROWS, [[5.0]], steps=steps)) for steps in (3, 50)]
    assert reasons[0].status is not Status.NOT_APPLICABLE
    assert reasons[1].status is Status.NOT_APPLICABLE
    assert "Q < 1 is not met" in reasons[1].reason
    c = Constants.of(Case(step, ROWS, [[5.0]]))
    shares = []
    for T in (10**3, 10**4, 10**5):
        gamma = 1 / math.sqrt(2 * c.L * c.A * np.sum(1 / np.arange(1.0, T + 1)))
        shorter = Constants.of(Case(Decreasing(SGD(gamma, Minibatch(1)), 1.0, power=0.5), ROWS, [[5.0]]))
        shares.append(T19.bound(shorter, T)[-1] * math.sqrt(T / math.log(T)))
    assert max(shares) < 1.2 * min(shares)
