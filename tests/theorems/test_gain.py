"""T13 and T14: steps along a sketch, of which L_H is the smoothness; beyond 2/L single draws go uphill."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, Status, sketches, theorems, verify
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L_H
from rac_theory.statements.theorem import Theorem

T13, T13_pl, T14, T14_pl = theorems.T13, theorems.T13_pl, theorems.T14, theorems.T14_pl
P, EPS = 1 / 400, 1 / 20
SEEN = np.array([1.0, EPS])  # u_1^2 of the rare sketch: e_1 with probability P, else (sqrt eps, +-sqrt(1 - eps))
CHANCES = np.array([P, 1 - P])


def along(mean, seen):
    """The least number with ``seen <= L_H mean``."""
    eigenvalues, U = np.linalg.eigh(mean)
    root = U / np.sqrt(eigenvalues)
    return float(np.linalg.eigvalsh(root.T @ seen @ root)[-1])


def of_lines(Q, *draws):
    """L_H and lambda_min of sketches of rank one, [(probability, direction)]."""
    H = [(p, np.outer(u, u)) for p, u in draws]
    mean = sum(p * X for p, X in H)
    return along(mean, sum(p * X @ Q @ X for p, X in H)), np.linalg.eigvalsh(mean)[0]


@pytest.mark.parametrize("gamma", [0.5, 7 / 3, 4.0])
def test_haar_sketches_of_the_axis_of_a_quadratic(gamma):
    """x_1^2/2 on R^5 and rank one: E u_1^2 = 1/5, E u_1^4 = 3/35, so that L_H = 3/7; an equality beyond 2/L, too."""
    problem = Quadratic.left(np.diag([1.0, 0, 0, 0, 0]), np.ones((5, 1)))
    case = Case(RACLoRA(sketches.Haar(5, 1), gamma), problem, steps=9)
    verdict = verify(T13_pl, case, constants=replace(Constants.of(case), L_H=3 / 7))
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
    np.testing.assert_allclose(verdict.mean, (1 - 2 * gamma / 5 + 3 * gamma**2 / 35) ** np.arange(10) / 2, rtol=1e-9)
    np.testing.assert_allclose(verdict.mean, verdict.bound, rtol=1e-9)


def test_mu_may_be_larger_than_L_H(exact_over_bound):
    """x_1^2/2 on R^2 and a Haar sketch, E u_1^2 = 1/2 and E u_1^4 = 3/8, by two values with these moments: L_H = 3/4.

    Catches a proof, or a check, that asks for mu <= L_H: what is true is ``mu lambda_min <= L_H``.
    """
    c = Constants(gamma=4 / 3, mu=1.0, lambda_min=0.5, L_H=0.75, f_star=0.0, gap0=0.5, gap0_upper=0.5)
    maps = [(2 / 3, 1 - 4 / 3 * 0.75, 0.0), (1 / 3, 1.0, 0.0)]
    np.testing.assert_allclose(exact_over_bound(T13_pl, c, maps, 1.0, 1.0, 9), 1.0, rtol=1e-12)


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


@pytest.mark.parametrize("id", ["T8d_sharp", "T10", "T10d", "T10d_sharp", "T7d_sharp", "T9", "T9d", "T9d_sharp"])
def test_several_steps_under_one_sketch_do_not_go_by_L_H(id):
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
    theorem: Theorem = theorems.ALL[id]
    bound, powers = theorem.bound(c, 60)[1:], factor ** np.arange(61)
    assert np.isfinite(bound).all()
    exact = powers[1:] / 2 if theorem.metric is theorems.gap else np.cumsum(powers)[:-1] / np.arange(1, 61)
    assert exact[-1] > bound[-1]
    if id == "T10":
        assert bound[0] / 0.5 == pytest.approx(0.5193, rel=1e-3)
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


@pytest.mark.parametrize("theorem", [T13, T13_pl, T14, T14_pl], ids=lambda theorem: theorem.id)
def test_no_step_is_said_to_descend(theorem):
    """Or sampling would confirm beyond 2/L by a ceiling that is none: one draw can make f 90 times as large."""
    assert not theorem.descends
    assert L_H in theorem.symbols
    assert (1 - 1 / rare()[0]) ** 2 > 90 - 1
