"""Step sizes of the ledger by a second route: each is where its theorem is at its best, or about to end."""

import math
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest

from rac_theory import Constants, theorems
from rac_theory.ledger.theorem_settings import HORIZON, SETTINGS
from rac_theory.problems import LeastSquares
from rac_theory.statements.symbols import read
from rac_theory.theorems import federated, gain, stochastic
from tests.as_one_test import as_one_test


@cache
def known(name, rank):
    """The case of a setting at 1/L, and its constants."""
    rng = np.random.default_rng(4)
    problem = LeastSquares(rng.standard_normal((24, 6)), rng.standard_normal((24, 2)), l2=0.5)
    setting = SETTINGS[name]
    sketch = (setting.only or ("weighted_coordinate",))[0]
    case = setting.named_case(setting.prepare(problem), None, sketch, rank, setting.sides[0])
    return case, Constants.of(case)


def tried(name, rank=2, **changes):
    """A case at 1/L, its constants, with others if some are given, and the step."""
    case, constants = known(name, rank)
    constants = replace(constants, **changes)
    return case, constants, SETTINGS[name].step(constants, case)


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


@pytest.mark.parametrize(("setting", "louder"), [("minibatch", 1.0), ("minibatch", 100.0), ("noisy", 100.0)])
def test_noise_costs_at_most_a_quarter(setting, louder):
    """What the bounds of T6 and T5 end at. Catches a step that is twice as long."""
    for claim, changes in (("T6", {}), ("T5", {"mu": 0.0})):
        case, constants, _ = tried(setting, **changes)
        noisy = replace(constants, C=louder * constants.C)
        gamma = SETTINGS[setting].step(noisy, case)
        theorem = theorems.ALL[claim]
        without = theorem.bound(replace(noisy, gamma=gamma, C=0.0), 10**6)[-1]
        cost = theorem.bound(replace(noisy, gamma=gamma), 10**6)[-1] - without
        assert 0 < cost <= theorem.metric.ceiling(noisy) / 4
    if louder > 1:
        assert cost > theorem.metric.ceiling(noisy) / 10  # the noise decides, not the factor


def test_the_step_of_the_horizon_is_the_longest():
    """Of 400 steps, which stored rows have."""
    assert SETTINGS["horizon"].longest == HORIZON == 400
    case, constants, gamma = tried("horizon")
    assert unmet("T5_step", case, constants, gamma, HORIZON) == ""
    assert "gamma^2 L A lambda_max T <= 1 is not met" in unmet("T5_step", case, constants, 1.001 * gamma, HORIZON)


def test_the_step_of_an_epoch_is_half_of_the_longest():
    """That of T8d where its PL constant is small, else that of T7d."""
    for claim, changes, reason in (
        ("T8d", {"mu": 0.02}, "rho < 1"),
        ("T8d", {}, "2 eta N L <= 1"),
        ("T7d", {"mu": 0.0}, "2 eta N L <= 1"),
    ):
        case, constants, gamma = tried("reshuffled", **changes)
        assert unmet(claim, case, constants, 1.99 * gamma) == ""
        assert f"{reason} is not met" in unmet(claim, case, constants, 2.01 * gamma)


RATES = [{}, {"mu": 0.0}, *({"mu": float(mu)} for mu in np.geomspace(1e-3, 1.0, 12))]


def test_drift_costs_at_most_a_third_of_the_rate():
    """And would cost more at twice the step, whatever the rate is. Catches a fourth, or another share, of some rate."""
    for changes in RATES:
        _, constants, gamma = tried("federated", **changes)

        def share(gamma, constants=constants):
            c = replace(constants, gamma=gamma)
            a, total = read(federated.a, c), read(federated.Gamma, c)
            rate = total * (c.mu or c.L_max * c.lambda_max / c.lambda_min) * c.lambda_min
            return total * a * c.lambda_max * c.L_max / ((1 - a) * rate)

        assert share(gamma) <= 1 / 3
        assert share(2 * gamma) > 1 / 3 or 2 * gamma * constants.inner_steps * constants.L_max > 1


@pytest.mark.long
def test_drift_and_sampling_cost_a_third_of_the_rate_and_a_quarter_of_the_gap():
    """And one of them would cost more at twice the step. Catches a step at whose floor T10rr says nothing."""
    noise = [{"D": 0.0, "D_in": 0.0}, {"D": 0.0, "D_in": 1e5}, {"D": 1e3, "D_in": 0.0}, {"D": 1e4, "D_in": 1e4}]
    for changes in (*RATES, *(each | rate for each in noise for rate in RATES)):
        _, constants, gamma = tried("client epochs", **changes)

        def costs(gamma, constants=constants):
            c = replace(constants, gamma=gamma)
            v, u = read(federated.v, c), read(federated.u, c)
            condition, steepness = c.lambda_max / c.lambda_min, c.mu or c.L_max
            floor = condition * (v * c.D + u * c.D_in) / (2 * steepness)
            return 3 * v * condition * c.L_max / steepness if c.mu else 3 * v, 4 * floor / c.gap0_upper

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
    at, *beside = (float(read(gain.cycle_gain, replace(constants, gamma=best * k))) for k in (1.0, 0.98, 1.02))
    assert at > max(beside)
    assert at == pytest.approx(1 / (constants.L_H + 2 * constants.L * constants.ell), rel=1e-12)


def test_multiples_of_one_over_L_are_said_by_their_names():
    """Along a sketch the step goes by its own smoothness."""
    for name, multiple in (("1/L", 1.0), ("1.5/L", 1.5), ("galore", 1.0), ("plain", 1.0), ("differences", 1.0)):
        case, constants, gamma = tried(name, rank=1)
        assert (case.algorithm.gamma, gamma) == (1 / constants.L, multiple / constants.L), name
    assert tried("certified")[2] == tried("step per draw")[2] == 1.0
    assert tried("preconditioned", rank=3)[0].algorithm.weights.tolist() == [1, 0.75, 0.5]
    for L_H in (0.3, 4.0):
        assert tried("1/L_H", L_H=L_H)[2] == tried("coordinate descent", L_H=L_H)[2] == 1 / L_H
        _, constants, gamma = tried("in turns", L_H=L_H)
        assert gamma == 1 / (L_H + constants.L * constants.ell)


@as_one_test(("A", "beta"), product((0.0, 0.1, 3.0), (0.0, 0.7)))
def test_steps_that_fall_like_a_root_are_the_longest_that_leave_half(A, beta):
    """Half of 2/(L beta), beta at least a tenth; or Q is a half after 500 steps. Catches a sum of other squares."""
    case, constants, _ = tried("root steps", A=A, beta=beta)
    falling = SETTINGS["root steps"].shorten(case.algorithm, constants)
    assert (falling.power, falling.offset) == (0.5, 1.0)
    gamma = falling.algorithm.gamma
    spent = float(read(stochastic.Q, replace(constants, gamma=gamma, offset=1.0), T=500))
    assert spent <= 0.5
    assert spent > 0.499 or gamma == 1 / (2 * constants.L * (beta or 0.1))


def test_steps_that_fall_like_1_over_t_have_the_least_offset_that_is_allowed():
    """Both relations of T19_pl are equalities. Catches a kappa without noise, and an offset that is one too large."""
    case, constants, _ = tried("harmonic steps", A=0.3)

    def unmet_at(algorithm):
        c = replace(constants, gamma=algorithm.algorithm.gamma, offset=algorithm.offset)
        return "; ".join(theorems.T19_pl.unmet(replace(case, algorithm=algorithm), c))

    falling = SETTINGS["harmonic steps"].shorten(case.algorithm, constants)
    assert falling.power == 1.0
    assert unmet_at(falling) == ""
    first = falling.algorithm.gamma
    shorter, sooner = first * 0.999, falling.offset * 0.999
    assert "c mu lambda_min >= 1" in unmet_at(replace(falling, algorithm=replace(falling.algorithm, gamma=shorter)))
    steeper = replace(falling.algorithm, gamma=first / 0.999)
    assert "t_0 >= kappa + 1" in unmet_at(replace(falling, offset=sooner, algorithm=steeper))
    for nothing in ({"mu": 0.0}, {"mu": math.nan}, {"lambda_min": 0.0}):
        plain = SETTINGS["harmonic steps"].shorten(case.algorithm, replace(constants, **nothing))
        assert (plain.algorithm.gamma, plain.offset, plain.power) == (case.algorithm.gamma, 1.0, 1.0)


def test_noise_that_does_not_grow_is_taken_for_some_that_grows_by_a_tenth():
    """1/(L beta) where noise is all that limits a step, and 1/(L (beta + 1)) where no rate is known: by hand."""
    for beta, least in ((0.0, 0.1), (0.05, 0.1), (0.7, 0.7)):
        quiet = {"A": 0.0, "C": 0.0, "beta": beta}
        _, constants, gamma = tried("noisy", **quiet)
        assert gamma == pytest.approx(1 / (constants.L * least), rel=1e-12)
        assert tried("noisy", mu=0.0, **quiet)[2] == pytest.approx(1 / (constants.L * (least + 1)), rel=1e-12)
        assert tried("horizon", **quiet)[2] == pytest.approx(1 / (constants.L * least), rel=1e-12)


@as_one_test("name", SETTINGS)
def test_where_nothing_is_promised_a_step_is_still_one(name):
    """Of a frozen sketch, without a rate, and where the gain is not known: 1/L there. Catches a step of 0 or nan."""
    one = 1 / known(name, 1)[1].L
    for changes in ({"lambda_min": 0.0}, {"mu": 0.0}, {"L_H": math.nan, "nu": math.nan}, {"L_H": 0.0, "nu": math.nan}):
        gamma = tried(name, rank=1, **changes)[2]
        assert 0 < gamma < math.inf
        if name in ("noisy", "minibatch") and "lambda_min" in changes:
            assert gamma == one
        if name in ("1/L_H", "coordinate descent", "in turns", "plain gaussian") and "L_H" in changes:
            assert gamma == one
        if name == "reshuffled" and "L_H" not in changes:  # half of the longest
            assert gamma == pytest.approx(1 / (4 * known(name, 1)[1].L_max * known(name, 1)[1].inner_steps), rel=1e-12)
