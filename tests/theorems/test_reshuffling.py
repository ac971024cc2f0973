"""T7 and T8 with their forms: how near they come on identical components, under one reshuffled epoch a sketch."""

from dataclasses import replace

import pytest

from rac_theory import Constants, theorems

from .small_cases import exact_over_bound

T7, T7d, T7d_sharp = theorems.T7, theorems.T7d, theorems.T7d_sharp
T8, T8d, T8d_sharp = theorems.T8, theorems.T8d, theorems.T8d_sharp


def identical(N, p=1.0):
    """N components x^2/2, x^0 = 1, at eta = 1/(2N): one map, whatever the order, with probability p."""
    eta = 1 / (2 * N)
    constants = Constants(
        gamma=eta, inner_steps=N, L_max=1.0, mu=1.0, lambda_min=p, lambda_max=p, sigma_squared=0.0, D=0.0, f_star=0.0,
        gap0=0.5, gap0_upper=0.5,
    )  # fmt: skip
    return constants, [(1 - p, 1.0, 0.0), (p, (1 - eta) ** N, 0.0)]


@pytest.mark.parametrize("N", [2, 3, 20])
def test_the_sharp_forms_are_sharper(N):
    """Wherever both apply; the noise of T7d is larger by 16 (N + 1)/7 at small steps and N = 2, and more for others."""
    c = replace(identical(N, 0.25)[0], lambda_max=0.5, L_max=2.0, mu=0.5, D=5.0, gap0=3.0, gap0_upper=3.5)
    for share in (0.01, 0.3, 1.0):
        at = replace(c, gamma=share / (2 * N * c.L_max))
        for simple, sharp in ((T7d, T7d_sharp), (T8d, T8d_sharp)):
            assert (sharp.bound(at, 50)[1:] < simple.bound(at, 50)[1:]).all()


@pytest.mark.parametrize(("N", "T7_ratio", "T7d_ratio"), [(2, 0.569, 0.536), (3, 0.585, 0.564), (200, 0.615, 0.614)])
def test_how_tight_the_first_term_is(N, T7_ratio, T7d_ratio):
    """7/18 / (1 - (1 - 1/2N)^2N) is the limit of T7; the numbers of ``tightest``."""
    ratio, of_data = (exact_over_bound(t, *identical(N), 1.0, 1.0, 60) for t in (T7, T7d))
    assert ratio[-1] == pytest.approx(7 / 18 / (1 - (1 - 1 / (2 * N)) ** (2 * N)), rel=1e-6)
    assert ratio.max() == pytest.approx(T7_ratio, abs=1e-3)
    assert of_data.max() == pytest.approx(T7d_ratio, abs=2e-3)
    assert T7.tightest.ratio == T7d.tightest.ratio == 0.615


@pytest.mark.parametrize(("N", "T8_ratio", "T8d_ratio"), [(2, 0.591, 0.510), (3, 0.611, 0.563), (200, 0.648, 0.648)])
def test_how_tight_the_rate_is(N, T8_ratio, T8d_ratio):
    """Where the bound has halved, under a sketch that hardly ever moves."""
    constants, maps = identical(N, 1e-3)
    for t, nearest in ((T8, T8_ratio), (T8d, T8d_ratio)):
        bound = t.bound(constants, 3000)[1:]
        ratio = exact_over_bound(t, constants, maps, 1.0, 1.0, 3000)[bound <= 0.25]
        assert ratio[0] == pytest.approx(nearest, abs=2e-3)
        assert t.tightest.ratio == 0.648
