"""Theorems that are false, and cases that refute them."""

from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np

from rac_theory import GD, Case, RACLoRA, Status, sketches, theorems, verify
from rac_theory.algebra import between, choice, total
from rac_theory.algebra.expression import lifted
from rac_theory.problems import Quadratic
from rac_theory.statements import assumptions
from rac_theory.statements.symbols import L, T, distance0, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu, t
from rac_theory.theorems import E, Theorem, gap, mean_squared_gradient, squared_distance
from rac_theory.theorems import weighted_squared_gradient as weighted

LINE = Quadratic.left([[1.0]], W_star=[[1.0]])
VALLEY = Quadratic.left(np.diag([0.5, 1.0]), W_star=[[1.0], [1.0]])
STEEP = Quadratic.left(np.diag([0.01, 1.0]), W_star=[[1.0], [1.0]])
SAME = Quadratic.left(np.eye(2), W_star=[[1.0], [1.0]])
ONE, UNEVEN = sketches.Coordinate(2, 1), sketches.WeightedCoordinate(2, 1, [1, 9])


def like(id: str, claim, *more, without=()) -> Theorem:
    """One of our theorems with another claim, with more assumptions, or fewer."""
    ours = theorems.ALL[id]
    given = tuple(one for one in ours.given if one not in without)
    return replace(ours, id=f"like {id}", claim=claim, given=(*given, *more), tightest=None, descends=False)


@cache
def cases() -> tuple[Case, ...]:
    """Cases with exact expectations, in which our bounds are attained or nearly so."""
    gd = [Case(GD(gamma=step), LINE, steps=12) for step in (0.05, 0.1, 0.5, 1.0, 1.9)]
    gd += [Case(GD(gamma=1.9), VALLEY, steps=6)]
    drawn = [Case(RACLoRA(ONE, gamma=step), SAME, steps=12) for step in (0.5, 1.0)]
    drawn += [Case(RACLoRA(ONE, gamma=1.0), STEEP, steps=12)]
    drawn += [Case(RACLoRA(UNEVEN, gamma=1.0), problem, steps=40) for problem in (SAME, STEEP)]
    return (*gd, *drawn)


def is_false(theorem: Theorem) -> bool:
    """Whether a case refutes it exactly."""
    return any(verify(theorem, case).status == Status.VIOLATED for case in cases())


slow = 1 - gamma * mu * lambda_min
_high, _near = assumptions.known_largest_projection, assumptions.known_minimiser
_step = gamma * L <= 1
_start = gap0 + distance0**2 / (2 * gamma)
_mean, _S = E(mean_squared_gradient), 2 * gap0_upper / (lambda_min * gamma)

FALSE: dict[str, Theorem] = {
    "twice the rate": like("T2", E(gap) <= (1 - 2 * gamma * mu * lambda_min) ** T * gap0),
    "lambda_max": like("T2", E(gap) <= (1 - gamma * mu * lambda_max) ** T * gap0, _high),
    "T + 1": like("T2", E(gap) <= slow ** (T + 1) * gap0),
    "half of the start": like("T2", E(gap) <= slow**T * gap0 / 2),
    "less than nothing": like("T2", E(gap) <= -(slow**T) * gap0),
    "a longer step": like("T2", E(gap) <= slow**T * gap0, without=(_step,)),
    "a step up to 2/L": like("T2", E(gap) <= slow**T * gap0, between(0, gamma * L, 2), without=(_step,)),
    "a bit faster": like("T2", E(gap) <= (slow - (gamma * mu * lambda_min) ** 2) ** T * gap0),
    "at once at 1/L": like("T2", E(gap) <= choice(gamma * L < 1, 1, 0) * gap0),
    "a distance for a gap": like("T2", E(squared_distance) <= slow**T * gap0, _near),
    "a quarter of a distance": like("T2", E(gap) <= slow**T * distance0**2 / 4, _near),
    "the mean of two bounds, halved": like("T2", E(gap) <= (slow**T * gap0 + slow ** (2 * T) * gap0) / 4),
    "one sees all": like("T1", _mean <= 2 * gap0_upper / (gamma * T)),
    "T + 1 in a mean": like("T1", _mean <= _S / (T + 1)),
    "T^2": like("T1", _mean <= _S / T**2),
    "early steps count more": like("T1", E(weighted(lifted(Fraction(1, 2)))) <= _S / T),
    "T + 1 terms": like("T1", _mean <= _S / total(t, T + 1, lifted(1))),
    "the mean falls as the last": like("T1", _mean <= 2 * L * (1 - gamma * L * lambda_min) ** T * gap0_upper),
    "no distance": like("T3", E(gap) <= gap0 / (1 + lambda_min * T)),
    "accelerated": like("T3", E(gap) <= _start / (1 + lambda_min * T**2)),
}  # fmt: skip
