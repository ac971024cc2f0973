"""Which theorem is which at the ends of its range: one step, one component, no noise, no sketch.

T7d and T8d are not T1 and T2 for one component: their growth q does not vanish there.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeAlias

from rac_theory.algebra import Expression, Let, Symbol, lifted, maximum, symbols_of
from rac_theory.statements import Claim, E, Reduction, Theorem, gap, mean_squared_gradient, squared_distance
from rac_theory.statements.symbols import (
    L_H,
    A,
    C,
    D,
    D_in,
    K,
    L,
    L_max,
    N,
    T,
    beta,
    distance0,
    eta,
    gamma,
    gap0,
    gap0_upper,
    lambda_max,
    lambda_min,
    longest_step,
    mu,
    nu,
    omega,
    s,
    sigma_squared,
    zeta_squared,
)
from rac_theory.theorems import bernoulli, client_epochs, federated, rac_lora_gd, sharp_drift, stochastic
from rac_theory.theorems.any_step import T15, T12_gaussian, T12_nonconvex, T12_pl, T15_pl
from rac_theory.theorems.client_epochs import T9rr, T10rr
from rac_theory.theorems.convex import T3, T4, T3_isotropic, T3_sharp
from rac_theory.theorems.federated import T9, T10, Gamma, T9d, T9d_sharp, T10d, T10d_sharp
from rac_theory.theorems.gain import T13, T14, T13_pl, T14_pl
from rac_theory.theorems.rac_lora_gd import T1, T2, T1_sharp, T1_tight, T2_sharp, T2_tight
from rac_theory.theorems.reshuffling import T7, T8, T7d, T7d_sharp, T8d, T8d_sharp
from rac_theory.theorems.stochastic import T5, T6, T5_step

Values: TypeAlias = Mapping[Expression, Expression | int | Fraction]


def _each(pairs: Mapping[Theorem, Theorem | Claim], at: Values, because: str) -> tuple[Reduction, ...]:
    return tuple(Reduction(one=one, other=other, at=at, because=because) for one, other in pairs.items())


_LONGEST_STEP = _each(
    {T1_sharp: T1, T2_sharp: T2, T3_sharp: T3},
    {L: 1 / gamma},
    "gamma L = 1, the longest step of the paper, where gamma (2 - gamma L) is gamma",
)

_NO_NOISE = _each(
    {T5: T1_sharp, T5_step: T1, T6: T2_sharp, T14: T13, T14_pl: T13_pl},
    {A: 0, beta: 1, C: 0},
    "exact gradients, which are noise of size zero",
)

_ONE_STEP = _each(
    {T9: T1, T9d: T1, T9d_sharp: T1, T10: T2, T10d: T2, T10d_sharp: T2},
    {K: 1, eta: gamma, L_max: L},
    "one local step, in which clients do not drift, however they differ; L is the largest constant of a client",
) + _each(
    {T7d_sharp: T1, T8d_sharp: T2},
    {N: 1, eta: gamma, L_max: L},
    "one component, which is f",
)

_ALL_TAKE_PART = _each(
    {T9rr: T1, T10rr: T2},
    {K: 1, omega: 0, eta: gamma, L_max: L},
    "one step of all clients",
) + _each(
    {T9rr: T9d_sharp, T10rr: T10d_sharp},
    {omega: 0, D_in: 0},
    "all clients take part, and the components of each are alike, as in full gradient steps",
)

_NO_SPREAD = (
    *_each(
        {T7: T1, T8: T2},
        {sigma_squared: 0, gamma: Fraction(7, 9) * eta * N, L: L_max},
        "equal components, such as one alone: an epoch is said to do what 7/9 of its length does",
    ),
    Reduction(
        one=T7,
        other=T1,
        at={N: 1, sigma_squared: 0, eta: gamma, L_max: L},
        times=Fraction(9, 7),
        because="one component: half of the longest step, and 7/9 of the gain, are what the simple constants cost",
    ),
    *_each(
        {T9: T1, T10: T2},
        {zeta_squared: 0, gamma: (1 - federated.a) * Gamma, L: L_max},
        "equal clients, such as one alone (M = 1): a round is said to do what 1 - a of its length does",
    ),
)

_NO_SKETCH = tuple(
    Reduction(one=one, other=other, at={lambda_min: 1, lambda_max: 1}, because="H = I: gradient descent")
    for one, other in (
        (T1, E(mean_squared_gradient) <= 2 * gap0_upper / (gamma * T)),
        (T1_sharp, E(mean_squared_gradient) <= 2 * gap0_upper / (gamma * (2 - gamma * L) * T)),
        (T2, E(gap) <= (1 - gamma * mu) ** T * gap0),
        (T2_sharp, E(gap) <= (1 - gamma * (2 - gamma * L) * mu) ** T * gap0),
        (T3, E(gap) <= (gap0 + distance0**2 / (2 * gamma)) / (1 + T)),
        (T3_isotropic, E(gap) <= distance0**2 / (2 * gamma * T)),
        (T4, E(squared_distance) <= maximum((1 - gamma * s) ** 2, (1 - gamma * L) ** 2) ** T * distance0**2),
    )
)

_PLAIN = (
    *_each(
        {T12_nonconvex: T1_sharp, T12_pl: T2_sharp},
        {nu: gamma * (2 - gamma * L) * lambda_min, longest_step: gamma * L},
        "orthonormal columns, B B' = H, and tau = gamma",
    ),
    *_each(
        {T12_nonconvex: T15, T12_pl: T15_pl, T12_gaussian: T15_pl},
        {},
        "the same claim: of steps of which no draw goes uphill, or of one whose nu is known by moments of a Gaussian",
    ),
)

_GAIN = (
    *_each(
        {T15: T13, T15_pl: T13_pl},
        {nu: gamma * (2 - gamma * L_H) * lambda_min},
        "projected steps, where E[2M - MQM] is at least gamma (2 - gamma L_H) E[H]",
    ),
    *_each(
        {T15: T1_sharp, T15_pl: T2_sharp},
        {nu: gamma * (2 - gamma * L) * lambda_min},
        "projected steps and Q = L I, where E[2M - MQM] is gamma (2 - gamma L) E[H]",
    ),
)

_ALONG = _each(
    {T13: T1_sharp, T13_pl: T2_sharp, T14: T5, T14_pl: T6},
    {L_H: L},
    "Q = L I, of which E[H Q H] is L E[H]: nothing is known of f but L",
)

_TIGHT = (
    Reduction(
        one=T1_tight,
        other=T1_sharp,
        times=1 - rac_lora_gd.rho**T,
        because="always: the sum of powers of rho is (1 - rho^T) / (1 - rho)",
    ),
    *_each({T2_tight: T2_sharp}, {mu: L}, "as steep in every direction: the next gradient tells nothing new"),
)

_TWO_STEPS = _each(
    {T7d_sharp: T9d_sharp, T8d_sharp: T10d_sharp},
    {N: 2, K: 2},
    "two steps: in either order they drift like two local ones, s = r",
)


_SIDES = tuple(
    Reduction(one=either, other=end, at={bernoulli.p: p}, because="T11, a coin that always falls on the same side")
    for either in (claim.terms[1] for claim in bernoulli.T11.claims)
    for p, end in zip((1, 0), symbols_of(either)[1:], strict=True)
)


def _as_noise(
    length: Expression, v: object, u: object, bound: Symbol | None = None
) -> dict[Expression, Expression | int | Fraction]:
    """The noise that a drift amounts to in one step of this length.

    It is v times the spread of the gradients, which is at most 2 L times the gap and D, or a ``bound``, and it takes u
    of the gain.
    """
    v, u = Let("v", lifted(v)), Let("u", lifted(u))
    return {
        gamma: length,
        L: L_max,
        A: v / length if bound is None else 0,
        beta: (1 + u) / (length * L_max),
        C: v * (D if bound is None else bound) / (length * L_max),
    }


# The drifts may be any numbers here.
_s, _r, _a = (Symbol(name, unit="drift") for name in ("s", "r", "a"))
_ANY_DRIFT: dict[Expression, Expression | int | Fraction] = {
    sharp_drift.s: _s,
    sharp_drift.r: _r,
    sharp_drift.s_K: _s,
    federated.a: _a,
    client_epochs.r: _r,
}

_EPOCH = (eta * N, Fraction(4, 9) * eta**2 * L_max**2 * (N + 1), Fraction(2, 9))
_ROUND = (Gamma, _a, _a)
_SHARP_EPOCH = (eta * N, _s * _r, _s**2 - _s * _r)
_SHARP_ROUND = (Gamma, _s**2, 0)
_OF_SAMPLED = [x * (1 + _s) * Gamma * L_max * omega for x in (1 + _s, _r)]  # of what sampling adds
_SAMPLED_ROUND = _as_noise(Gamma, _s**2 + _OF_SAMPLED[0], 0) | {
    C: ((_s**2 + _OF_SAMPLED[0]) * D + (_r * _s + _OF_SAMPLED[1]) * D_in) / (Gamma * L_max)
}
_LIMIT = E(gap) <= stochastic.rho**T * gap0 + L * gamma**2 * lambda_max * C / (2 * (1 - stochastic.rho))
_BECAUSE = "a drift takes from the gain and adds to the floor as noise does"

DRIFT_AS_NOISE = (
    *_each({T7: T5}, _as_noise(*_EPOCH, sigma_squared), _BECAUSE),
    *_each({T7d: T5, T8d: T6}, _as_noise(*_EPOCH), _BECAUSE),
    *_each({T7d_sharp: T5, T8d_sharp: T6}, _ANY_DRIFT | _as_noise(*_SHARP_EPOCH), _BECAUSE),
    *_each({T9: T5}, _ANY_DRIFT | _as_noise(*_ROUND, zeta_squared), _BECAUSE),
    *_each({T9d: T5, T10d: T6}, _ANY_DRIFT | _as_noise(*_ROUND), _BECAUSE),
    *_each({T9d_sharp: T5, T10d_sharp: T6}, _ANY_DRIFT | _as_noise(*_SHARP_ROUND), _BECAUSE),
    *_each({T9rr: T5, T10rr: T6}, _ANY_DRIFT | _SAMPLED_ROUND, "drift and sampling do what noise does"),
    *_each({T8: _LIMIT}, _as_noise(*_EPOCH, sigma_squared), _BECAUSE),
    *_each({T10: _LIMIT}, _ANY_DRIFT | _as_noise(*_ROUND, zeta_squared), _BECAUSE),
)
"""One epoch, or round, is one step with noise: T5, T6, or T6 with the sum of powers of rho to infinity."""

AT_THE_ENDS = (
    *(*_LONGEST_STEP, *_NO_NOISE, *_ONE_STEP, *_ALL_TAKE_PART, *_NO_SPREAD, *_NO_SKETCH),
    *(*_PLAIN, *_GAIN, *_ALONG, *_TIGHT, *_TWO_STEPS, *_SIDES),
)
"""At its simplest setting each theorem is a plain one."""

REDUCTIONS = (*AT_THE_ENDS, *DRIFT_AS_NOISE)
