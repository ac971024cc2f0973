"""Proofs for several steps under one sketch: epochs in T7 and T8, rounds in T9 and T10."""

from fractions import Fraction

from rac_theory.algebra import Symbol
from rac_theory.proofs import facts_of_several_steps as known
from rac_theory.proofs.drawn import H, mean
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import G, assumed, below_one, low, mu_below_L_max, nothing, one, plus, sign, square
from rac_theory.proofs.induction import drifted, iterate, settle, telescope, weights
from rac_theory.proofs.stored.exact_steps import end, half, moves, pl
from rac_theory.statements.assumptions import known_client_variance, known_largest_projection, known_variance
from rac_theory.statements.symbols import (
    K,
    N,
    eta,
    gap0,
    gap0_upper,
    lambda_max,
    lambda_min,
    mu,
    sigma_squared,
    zeta_squared,
)
from rac_theory.statements.symbols import L_max as L
from rac_theory.theorems import federated, reshuffling, sharp_drift

most = sign(lambda_max, known_largest_projection)
seen = mean(square(H(G)))


def _as_one(descent: Fact, count: Symbol, fits: Fact, error: Fact) -> Fact:
    """Several steps as one of their total length along a gradient that is off: the descent lemma, and the error."""
    return mean(descent) + half * plus[eta] * plus[count] * (fits * mean(square(H(known.gbar))) + error)


def _may_contract(length: Fact, count: Symbol) -> Fact:
    """That ``1 - eta N mu lambda_min`` is not negative, where ``eta N L <= 1``."""
    return length + plus[eta] * plus[count] * (mu_below_L_max + plus[mu] * below_one)


# An epoch.
(whole,) = assumed(eta * N * L <= 1)
(short,) = assumed(2 * eta * N * L <= 1)
_Gamma = plus[eta] * plus[N]
_small = Fraction(4, 9) * plus[eta] * plus[eta] * plus[L] * plus[L] * (plus[N] + one)
_rest = half * (one + short)


def simple_epoch(variance: Fact) -> Fact:
    """(5) of T7, with what is known of the variance at W."""
    sizes = known.simple_s * seen + known.simple_r * mean(known.sigma_sign)
    quarter = Fraction(2, 9) * short * (one + 2 * _Gamma * plus[L]) * seen
    order = _small * (known.sigma_seen + most * variance)
    kept = Fraction(7, 9) * low(G)
    return _as_one(known.epoch, N, _rest, known.epoch_error) + half * _Gamma * (sizes + quarter + order + kept)


_by_data = known.sigma_of_data + square(G)
_slope = Fraction(7, 18) * _Gamma * moves
_q = one + Fraction(4, 9) * plus[eta] * plus[eta] * _Gamma * (plus[N] + one) * plus[L] * plus[L] * plus[L] * most


def T7() -> tuple[Fact, Fact]:
    return telescope(simple_epoch(known.sigma_known), one, _slope, gap0_upper, end), _slope * weights(one)


def T7d() -> tuple[Fact, Fact]:
    return telescope(simple_epoch(_by_data), _q, _slope, gap0_upper, end), _slope * weights(_q)


def _falling_epoch(variance: Fact) -> Fact:
    return simple_epoch(variance) + Fraction(7, 9) * _Gamma * plus[lambda_min] * pl


def T8() -> tuple[Fact, Fact]:
    rho = Fraction(2, 9) * one + Fraction(7, 9) * _may_contract(_rest, N)
    kappa = most / moves
    floor = Fraction(9, 14) * _small * kappa * sign(sigma_squared, known_variance) / plus[mu]
    return settle(_falling_epoch(known.sigma_known), rho, gap0, floor, nothing), one


def T8d() -> tuple[Fact, Fact]:
    (rho,) = assumed(reshuffling.rho >= 0)
    return iterate(_falling_epoch(_by_data), rho, gap0), one


kept_of_epoch = known.s_below_1 * (one + known.s_sign) + known.s_sign * known.r_sign


def sharp_epoch() -> Fact:
    """An epoch of T7, sharper: squares in the range of the sketch are not split."""
    squares = known.s_sign * known.r_sign * (known.squares_seen + most * known.sigma_of_data)
    kept = kept_of_epoch * low(G)
    return _as_one(known.epoch, N, whole, known.epoch_error) + half * _Gamma * (squares + kept)


def T7d_sharp() -> tuple[Fact, Fact]:
    slope = half * _Gamma * moves * kept_of_epoch
    growth = one + _Gamma * known.s_sign * known.r_sign * most * plus[L]
    return telescope(sharp_epoch(), growth, slope, gap0_upper, end), slope * weights(growth)


def T8d_sharp() -> tuple[Fact, Fact]:
    (rho,) = assumed(sharp_drift.rho >= 0)
    return iterate(sharp_epoch() + _Gamma * kept_of_epoch * plus[lambda_min] * pl, rho, gap0), one


# A round.
(fits,) = assumed(eta * K * L <= 1)
_Gamma_K = plus[eta] * plus[K]
_step = known.local_triangle + plus[eta] * known.local_smooth
_drift = drifted(_step, one + plus[eta] * plus[L], eta, sharp_drift.s_K / L)
_length = known.round_error + plus[L] * mean(_drift, "m")
round_error = mean(
    _length * (known.s_K_sign * known.own_sign + known.error_sign)
    + known.s_K_sign * known.s_K_sign * known.jensen
    + known.squared_error
)
_a = known.simple_s_K + known.s_K_sign * known.s_K_sign


def simple_round(disagreement: Fact) -> Fact:
    """(5) of T9, with what is known of the disagreement at W."""
    sizes = known.simple_s_K * (seen + mean(known.zeta_sign))
    drift = _a * (known.zeta_seen + most * disagreement)
    kept = known.a_below_1 * low(G)
    return _as_one(known.round_, K, fits, round_error) + half * _Gamma_K * (sizes + drift + kept)


_slope_of_round = half * _Gamma_K * moves * known.a_below_1
_by_clients = known.zeta_of_data + square(G)
_q_K = one + _Gamma_K * _a * most * plus[L]


def T9() -> tuple[Fact, Fact]:
    slope = _slope_of_round
    return telescope(simple_round(known.zeta_known), one, slope, gap0_upper, end), slope * weights(one)


def T9d() -> tuple[Fact, Fact]:
    slope = _slope_of_round
    return telescope(simple_round(_by_clients), _q_K, slope, gap0_upper, end), slope * weights(_q_K)


def _falling_round(disagreement: Fact) -> Fact:
    return simple_round(disagreement) + _Gamma_K * known.a_below_1 * plus[lambda_min] * pl


def T10() -> tuple[Fact, Fact]:
    rho = _a + known.a_below_1 * _may_contract(fits, K)
    floor = half * _a * most / moves * sign(zeta_squared, known_client_variance) / plus[mu] / known.a_below_1
    return settle(_falling_round(known.zeta_known), rho, gap0, floor, nothing), one


def T10d() -> tuple[Fact, Fact]:
    (rho,) = assumed(federated.rho >= 0)
    return iterate(_falling_round(_by_clients), rho, gap0), one


def sharp_round() -> Fact:
    """A round of T9, sharper: squares of clients' gradients are not split."""
    squares = known.s_K_sign * known.s_K_sign * (known.client_squares_seen + most * known.zeta_of_data)
    return _as_one(known.round_, K, fits, round_error) + half * _Gamma_K * (squares + low(G))


def T9d_sharp() -> tuple[Fact, Fact]:
    slope = half * _Gamma_K * moves
    growth = one + _Gamma_K * known.s_K_sign * known.s_K_sign * most * plus[L]
    return telescope(sharp_round(), growth, slope, gap0_upper, end), slope * weights(growth)


def T10d_sharp() -> tuple[Fact, Fact]:
    (rho,) = assumed(sharp_drift.rho_K >= 0)
    return iterate(sharp_round() + _Gamma_K * plus[lambda_min] * pl, rho, gap0), one
