"""Proofs by the smoothness along the sketch: T13, T14."""

from rac_theory.proofs.drawn import mean
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import E, G, assumed, gap, gap_next, low, one, plus, sign, square_of, unbiased
from rac_theory.proofs.facts_of_gain import along, below_Q, mu_below_L_H, noise_along, noisy_below_Q
from rac_theory.proofs.induction import iterate, telescope, weights
from rac_theory.proofs.stored.exact_steps import end, half, moves, pl
from rac_theory.proofs.stored.noisy_steps import most, noise
from rac_theory.statements.assumptions import smooth_along_sketch
from rac_theory.statements.symbols import L_H, A, C, beta, gamma, gap0, gap0_upper, lambda_max, lambda_min
from rac_theory.theorems import gain

(stable,) = assumed(gamma * L_H < 2)
(damped,) = assumed(gamma * L_H * beta < 2)
kept = 1 - L_H * gamma * beta / 2
keeps = proved("", kept > 0, half * damped)
curvature = sign(L_H, smooth_along_sketch)
_square = plus[gamma] * plus[gamma]


def step() -> Fact:
    """(4) of T1 with L_H for L."""
    said = E(gap_next) <= gap - gamma * (2 - gamma * L_H) * lambda_min / 2 * (G @ G)
    drawn = mean(below_Q) + half * _square * along
    return proved("One step", said, drawn + half * plus[gamma] * stable * low(G))


def T13() -> tuple[Fact, Fact]:
    slope = half * plus[gamma] * stable * moves
    return telescope(step(), one, slope, gap0_upper, end), slope * weights(one)


def T13_pl() -> tuple[Fact, Fact]:
    fall = step() + plus[gamma] * stable * plus[lambda_min] * pl
    rho = square_of(1 - gamma * L_H) + plus[gamma] * stable * mu_below_L_H
    return iterate(fall, rho, gap0), one


def noisy_step() -> Fact:
    """One step of T5 with L_H for L, the sketch being averaged."""
    said = E(gap_next) <= (1 + gain.q) * gap + L_H * gamma**2 * lambda_max * C / 2 - gamma * lambda_min * kept * (G @ G)
    drawn = mean(noisy_below_Q) + plus[gamma] * unbiased + half * _square * (noise_along + curvature * noise)
    return proved("One step", said, drawn + plus[gamma] * keeps * low(G))


def T14() -> tuple[Fact, Fact]:
    growth = proved("", 1 + gain.q > 0, one + curvature * plus[A] * _square * most)
    slope = plus[gamma] * moves * keeps
    return telescope(noisy_step(), growth, slope, gap0_upper, end), slope * weights(growth)


def T14_pl() -> tuple[Fact, Fact]:
    (rho,) = assumed(gain.rho >= 0)
    return iterate(noisy_step() + 2 * plus[gamma] * plus[lambda_min] * keeps * pl, rho, gap0), one
