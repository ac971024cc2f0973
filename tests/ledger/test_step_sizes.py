"""Step sizes of the ledger by a second route: each is where its theorem is at its best, or about to end."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Constants, theorems
from rac_theory.ledger.step_sizes import HORIZON
from rac_theory.ledger.theorem_settings import SETTINGS
from rac_theory.problems import LeastSquares
from rac_theory.statements.symbols import read
from rac_theory.theorems import client_epochs, cyclic, federated, stochastic


def tried(name, mu=None, rank=2):
    """The case of a setting at 1/L, its constants, with another PL constant if one is given, and the step."""
    rng = np.random.default_rng(4)
    problem = LeastSquares(rng.standard_normal((24, 6)), rng.standard_normal((24, 2)), l2=0.5)
    setting = SETTINGS[name]
    sketch = (setting.only or ("weighted_coordinate",))[0]
    case = setting.named_case(setting.prepare(problem), None, sketch, rank, "left")
    constants = Constants.of(case)
    constants = constants if mu is None else replace(constants, mu=mu)
    return case, constants, setting.step(constants, case)


def unmet(claim, case, constants, gamma, steps=1):
    """What stands against a claim at another step, in words; nothing where it can be tried."""
    case = replace(case, algorithm=replace(case.algorithm, gamma=gamma), steps=steps)
    return "; ".join(map(str, theorems.ALL[claim].unmet(case, replace(constants, gamma=gamma))))


def test_without_additive_noise_the_step_of_minibatches_has_the_smallest_factor_of_t6():
    """Catches a kappa upside down, and an A that is forgotten: then a neighbour is better."""
    case, constants, _ = tried("minibatch")
    quiet = replace(constants, C=0.0)
    assert constants.beta > 0.1
    best = SETTINGS["minibatch"].step(quiet, case)
    at, shorter, longer = (read(stochastic.rho, replace(quiet, gamma=best * k)) for k in (1.0, 0.98, 1.02))
    assert at < min(shorter, longer)
    assert at == pytest.approx((shorter + longer) / 2, rel=1e-3)


@pytest.mark.parametrize("setting", ["minibatch", "noisy"])
@pytest.mark.parametrize("louder", [1.0, 100.0])
def test_noise_costs_at_most_a_quarter(setting, louder):
    """What the bounds of T6 and T5 end at. Catches a step that is twice as long."""
    for claim, mu in (("T6", None), ("T5", 0.0)):
        case, constants, _ = tried(setting, mu)
        noisy = replace(constants, C=louder * constants.C)
        gamma = SETTINGS[setting].step(noisy, case)
        theorem = theorems.ALL[claim]
        without = theorem.bound(replace(noisy, gamma=gamma, C=0.0), 10**6)[-1]
        cost = theorem.bound(replace(noisy, gamma=gamma), 10**6)[-1] - without
        assert 0 < cost <= theorem.metric.ceiling(noisy) / 4
    if louder > 1:
        assert cost > theorem.metric.ceiling(noisy) / 10  # the noise decides, not the factor


def test_the_step_of_the_horizon_is_the_longest():
    case, constants, gamma = tried("horizon")
    assert unmet("T5_step", case, constants, gamma, HORIZON) == ""
    assert "gamma^2 L A lambda_max T <= 1 is not met" in unmet("T5_step", case, constants, 1.001 * gamma, HORIZON)


def test_the_step_of_an_epoch_is_half_of_the_longest():
    """That of T8d where its PL constant is small, else that of T7d."""
    for claim, mu, reason in (
        ("T8d", 0.02, "rho < 1"),
        ("T8d", None, "2 eta N L <= 1"),
        ("T7d", 0.0, "2 eta N L <= 1"),
    ):
        case, constants, gamma = tried("reshuffled", mu)
        assert unmet(claim, case, constants, 1.99 * gamma) == ""
        assert f"{reason} is not met" in unmet(claim, case, constants, 2.01 * gamma)


@pytest.mark.parametrize("mu", [None, 0.0])
def test_drift_costs_at_most_a_third_of_the_rate(mu):
    """And would cost more at twice the step."""

    def share(gamma):
        c = replace(constants, gamma=gamma)
        a, total = read(federated.a, c), read(federated.Gamma, c)
        rate = total * (c.mu or c.L_max * c.lambda_max / c.lambda_min) * c.lambda_min
        return total * a * c.lambda_max * c.L_max / ((1 - a) * rate)

    _, constants, gamma = tried("federated", mu)
    assert share(gamma) <= 1 / 3
    assert share(2 * gamma) > 1 / 3 or 2 * gamma * constants.inner_steps * constants.L_max > 1


@pytest.mark.parametrize("mu", [None, 0.0])
def test_drift_and_sampling_cost_a_third_of_the_rate_and_a_quarter_of_the_gap(mu):
    """And one of them would cost more at twice the step. Catches a step at whose floor T10rr says nothing."""

    def costs(gamma):
        c = replace(constants, gamma=gamma)
        v, u = read(client_epochs.v, c), read(client_epochs.u, c)
        condition, steepness = c.lambda_max / c.lambda_min, c.mu or c.L_max
        floor = condition * (v * c.D + u * c.D_in) / (2 * steepness)
        return 3 * v * condition * c.L_max / steepness, 4 * floor / c.gap0_upper

    _, constants, gamma = tried("client epochs", mu)
    assert max(costs(gamma)) <= 1 + 1e-12
    assert max(costs(2 * gamma)) > 1 or 2 * gamma * constants.inner_steps * constants.L_max > 1


def test_coordinate_descent_has_the_step_of_the_largest_diagonal_entry():
    """At rank one 1/max Q_ii, from the data; with more coordinates at a time E[HQH] has Q itself in it, too.

    Catches 1/L, which is shorter by a quarter here, and the diagonal alone at every rank.
    """
    for rank in (1, 2):
        case, constants, gamma = tried("coordinate descent", rank=rank)
        X = case.problem.X
        Q = X.T @ X / len(X) + 0.5 * np.eye(6)
        diagonal = np.diag(np.diag(Q))
        smooth = np.linalg.eigvalsh(((rank - 1) * Q + (6 - rank) * diagonal) / 5)[-1]
        assert gamma == pytest.approx(1 / smooth, rel=1e-12)
        assert gamma > 1.2 / constants.L
        assert unmet("T13_pl", case, constants, 1.99 * gamma) == ""
        assert "gamma L_H < 2 is not met" in unmet("T13_pl", case, constants, 2.01 * gamma)


def test_the_step_of_plain_gaussian_sketches_has_the_largest_nu():
    """nu of ``Constants.of``, which knows nothing of the step: catches a dimension that is the wrong side's."""
    case, _, gamma = tried("plain gaussian")
    nu = [Constants.of(replace(case, algorithm=replace(case.algorithm, gamma=k * gamma))).nu for k in (1.0, 0.9, 1.1)]
    assert nu[0] > max(nu[1:])
    assert nu[1] == pytest.approx(nu[2], rel=1e-9)


def test_the_step_of_blocks_in_turns_has_the_largest_gain():
    """1/(L_H + 2 L ell), by hand; catches an ell that is forgotten or counted twice: then a neighbour is better."""
    _, constants, best = tried("in turns", rank=1)
    at, *beside = (float(read(cyclic.theta, replace(constants, gamma=best * k))) for k in (1.0, 0.98, 1.02))
    assert at > max(beside)
    assert at == pytest.approx(1 / (constants.L_H + 2 * constants.L * constants.ell), rel=1e-12)
