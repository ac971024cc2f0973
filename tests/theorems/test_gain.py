"""T12 to T15: nu, the gain of a step, and L_H, the smoothness along a sketch, beyond which single draws go uphill."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import eigvalsh

from rac_theory import Case, Constants, RACLoRA, simulate, theorems
from rac_theory.problems import LeastSquares, Quadratic, SoftmaxRegression
from rac_theory.proofs.available import about_constants
from rac_theory.proofs.combination import combined as search
from rac_theory.proofs.fact import read
from rac_theory.sketches import FiniteSupport, Gaussian, Haar
from rac_theory.statements.symbols import L, gamma, lambda_min
from rac_theory.theorems import E, gap
from tests.as_one_test import as_one_test

from .small_cases import LINE, exact_over_bound

T12_pl, T13_pl = theorems.T12_pl, theorems.T13_pl


def test_nu_against_numbers_worked_out_by_hand():
    """L = 2. Gaussian, d = 4, r = 2, tau = .05: 2 * 2 * .05 - 2 * 2 * 7 * .05^2 = .13. The scaling of LoRA counts.

    Two draws: B B' = Diag(1, 0) and Diag(0, 4), tau = .2: 2 tau m - L tau^2 m^2 is .4 - .08 and 1.6 - 1.28.
    """
    problem = Quadratic.left(2 * np.eye(4), np.ones((4, 1)))
    for step, lora_alpha in ((0.05, 2.0), (0.05 / 64, 16.0)):
        known = Constants.of(Case(RACLoRA(Gaussian(4, 2), step, lora_alpha=lora_alpha), problem))
        assert known.nu == pytest.approx(0.13)
        assert math.isinf(known.longest_step)
    draws = np.array([[[1.0], [0.0]], [[0.0], [2.0]]])
    problem = Quadratic.left(2 * np.eye(2), np.ones((2, 1)))
    known = Constants.of(Case(RACLoRA(FiniteSupport(draws, [0.3, 0.7]), 0.2, lora_alpha=1.0), problem))
    assert known.nu == pytest.approx(min(0.3 * 0.32, 0.7 * 0.32))
    assert known.longest_step == pytest.approx(2 * 0.2 * 4)


def test_a_bound_on_the_mean_length_is_not_enough():
    """B^2 = 4 with probability 1/4, else 0, and tau = 1: E[tau B^2] = 1/L, and the gap grows threefold a step."""
    sketch = FiniteSupport([[[2.0]], [[0.0]]], [0.25, 0.75])
    case = Case(RACLoRA(sketch, 1.0, lora_alpha=1.0), LINE, np.ones((1, 1)), steps=3)
    true = Constants.of(case)
    assert true.nu == pytest.approx(0.25 * (8 - 16))
    assert len(T12_pl.unmet(case, true)) == 2
    false, maps = replace(true, nu=1.0, f_star=0.0), [(0.25, -3.0, 0.0), (0.75, 1.0, 0.0)]
    start = replace(T12_pl, claim=E(gap) <= Fraction(1, 2))
    assert exact_over_bound(start, false, maps, 1.0, 1.0, 3) == pytest.approx([3.0, 9.0, 27.0])


def test_with_orthonormal_columns_the_plain_step_is_the_projected_one():
    """T12 is T13 there, by nu as it is computed for a Haar sketch; and so are the runs."""
    rng, haar = np.random.default_rng(5), Haar(4, 2)
    X = rng.standard_normal((12, 4))
    data, softmax = LeastSquares(X, X[:, :3] ** 2, l2=0.3), SoftmaxRegression(X, np.arange(12) % 3, l2=0.5)
    plain, projected = (Case(RACLoRA(haar, 1.4 / data.L, lora_alpha=a), data, steps=20) for a in (2.0, None))
    c = replace(Constants.of(plain), L_H=Constants.of(projected).L_H)
    for of_plain, of_projected, rtol in ((theorems.T12_nonconvex, theorems.T13, 2e-12), (T12_pl, T13_pl, 1e-10)):
        np.testing.assert_allclose(of_plain.bound(c, 40), of_projected.bound(c, 40), rtol=rtol)  # nu is rounded down
    runs, same = (simulate(replace(case, problem=softmax), runs=5, rng=3) for case in (plain, projected))
    np.testing.assert_allclose(runs.values, same.values, rtol=1e-12)


OF_L = gamma * (2 - gamma * L) * lambda_min
"""The gain of a projected step where Q = L I."""


@pytest.mark.parametrize("id", ["T1", "T2"])
def test_what_stands_for_the_gain_in_the_paper_is_less(id):
    """gamma lambda_min <= gamma (2 - gamma L) lambda_min, exactly, from gamma L <= 1 alone; no more of it follows."""
    facts = about_constants(theorems.ALL[id])
    assert search(read(OF_L - gamma * lambda_min), facts) is not None
    assert search(read(OF_L - Fraction(21, 20) * gamma * lambda_min), facts) is None
    without = about_constants(theorems.ALL[f"{id}_sharp"])  # which asks gamma L < 2
    assert search(read(OF_L - gamma * lambda_min), without) is None


@as_one_test("seed", range(20))
def test_the_simpler_number_of_T12_is_less(seed):
    """nu_1 = lambda_min(E[tau (2 - L tau ||B||^2) BB']) <= nu, of draws no longer than 2/L, on random laws of B and Q.

    It is an equality for orthonormal columns and Q = L I. Would catch ||B|| for its square, and 1 for the 2.
    """
    rng = np.random.default_rng(seed)
    B, p = rng.standard_normal((5, 4, 2)), rng.dirichlet(np.ones(5))
    if seed == 0:
        B = np.linalg.qr(B)[0]
    Q = np.eye(4) if seed == 0 else np.cov(rng.standard_normal((4, 6)))
    largest = eigvalsh(Q)[-1]
    lengths = np.linalg.norm(B, 2, axis=(1, 2)) ** 2
    tau = rng.uniform(0.1, 1.9) / largest / lengths.max()
    M = tau * B @ np.swapaxes(B, 1, 2)
    nu = eigvalsh(np.tensordot(p, 2 * M - M @ Q @ M, axes=1))[0]
    simple = eigvalsh(np.tensordot(p * (2 - largest * tau * lengths), M, axes=1))[0]
    assert simple <= nu + 1e-12
    assert seed or simple == pytest.approx(nu, rel=1e-12)


P, EPS = 1 / 400, 1 / 20
SEEN = np.array([1.0, EPS])  # u_1^2 of the rare sketch: e_1 with probability P, else (sqrt eps, +-sqrt(1 - eps))
CHANCES = np.array([P, 1 - P])


def of_lines(Q, *draws):
    """L_H and lambda_min of sketches of rank one, [(probability, direction)]: the least with E[HQH] <= L_H E[H]."""
    H = [(p, np.outer(u, u)) for p, u in draws]
    mean = sum(p * X for p, X in H)
    return eigvalsh(sum(p * X @ Q @ X for p, X in H), mean)[-1], eigvalsh(mean)[0]


def rare():
    """L_H and lambda_min of the rare sketch on x_1^2/2: 799/8380 and 419/8000."""
    tilted = [np.array([EPS**0.5, sign * (1 - EPS) ** 0.5]) for sign in (1, -1)]
    return of_lines(np.diag([1.0, 0.0]), (P, np.eye(2)[0]), *(((1 - P) / 2, u) for u in tilted))


def test_PL_must_hold_everywhere():
    """x_1^2/2 up to |x_1| = 1, from where it starts, and straight lines beyond, with the rare sketch at 1/L_H.

    On {f <= f(W^0)} mu is 1. All draws are gone through: 8.3e-3 at T = 12, where T13_pl would have 3.5e-5.
    Catches a constant that is valid on the sublevel set alone taken for one that is valid.
    """
    smooth, least = rare()
    assert (smooth, least) == pytest.approx((799 / 8380, 419 / 8000))
    gamma, x, chance = 1 / smooth, np.array([1.0]), np.array([1.0])
    for _ in range(12):
        x = (x[:, None] - gamma * SEEN * np.clip(x, -1, 1)[:, None]).ravel()
        chance = (chance[:, None] * CHANCES).ravel()
    exact = chance @ np.where(abs(x) <= 1, x**2 / 2, abs(x) - 0.5)
    c = Constants(gamma=gamma, L_H=smooth, lambda_min=least, mu=1.0, gap0=0.5)
    assert exact == pytest.approx(8.34e-3, rel=1e-3)
    assert T13_pl.bound(c, 12)[-1] == pytest.approx(3.51e-5, rel=1e-3)


def test_several_steps_under_one_sketch_do_not_go_by_L_H():
    """Two steps of 1/(2 L_H) on x_1^2/2 under the rare sketch, K = N = 2 of equal clients or components.

    The gap grows by 1.1067 a round, where T10 with L_H for L would have .5193: the gradient in the second step
    depends on the draw. For one step of 1/L_H T13_pl has .4507, and the exact factor is at most that.
    """
    smooth, least = rare()
    eta = 1 / (2 * smooth)
    factor = float(CHANCES @ (1 - eta * SEEN) ** 4)
    assert factor == pytest.approx(1.1067, rel=1e-4)
    c = Constants(
        gamma=eta, L_max=smooth, mu=1.0, lambda_min=least, lambda_max=1 - least, inner_steps=2, D=0.0,
        sigma_squared=0.0, zeta_squared=0.0, gap0=0.5, gap0_upper=0.5,
    )  # fmt: skip
    powers = factor ** np.arange(61)
    means = np.cumsum(powers)[:-1] / np.arange(1, 61)
    for id in ("T8d_sharp", "T10", "T10d", "T10d_sharp", "T7d_sharp", "T9", "T9d", "T9d_sharp"):
        bound = theorems.ALL[id].bound(c, 60)
        assert bound[-1] < (powers / 2 if theorems.ALL[id].metric is gap else means)[-1], id
    assert theorems.T10.bound(c, 1)[1] / 0.5 == pytest.approx(0.5193, rel=1e-3)
    one = CHANCES @ (1 - SEEN / smooth) ** 2
    assert one == pytest.approx(1 - least / smooth)
    assert one == pytest.approx(0.4507, rel=1e-3)


def test_the_rate_of_T2_tight_is_not_one_for_L_H():
    """(x_1^2 + x_2^2/5)/2, lines at 45 degrees: L_H = 3/5, and at 1/L_H the factor is 5/6, as in T13_pl; not .8265."""
    Q, u = np.diag([1.0, 0.2]), np.array([[1.0, 1.0], [1.0, -1.0]]) / 2**0.5
    smooth, least = of_lines(Q, (0.5, u[0]), (0.5, u[1]))
    assert (smooth, least) == pytest.approx((0.6, 0.5))
    steps = [np.eye(2) - np.outer(v, v) @ Q / smooth for v in u]
    after = sum(M.T @ Q @ M for M in steps) / 2
    exact = after[1, 1] / Q[1, 1]  # from a start on the second axis
    c = Constants(gamma=1 / smooth, L=smooth, L_H=smooth, mu=0.2, lambda_min=least, gap0=1.0)
    assert exact == pytest.approx(5 / 6)
    assert T13_pl.bound(c, 1)[1] == pytest.approx(5 / 6)
    assert theorems.T2_tight.bound(c, 1)[1] == pytest.approx(0.82654, abs=1e-5)
