"""Fed-RAC-LoRA as it is run: a reshuffled epoch of each client, or K full steps, of a fraction of the clients.

A round is one step of the total length along a gradient that is off, as in the sharp theorems about epochs and rounds.
Clients drift by s, as those that take full steps; that the order of an epoch is random lets only u of what components
of one client disagree about enter, where v enters of what clients disagree about. Sampling adds omega times the mean
square of what clients do, which is at most 1 + s times as long as their gradient. L is the largest constant of a
component, K the number of components of a client; if clients take full steps, of a client, and of steps.
"""

from rac_theory.algebra import Let, maximum, powers, total
from rac_theory.proofs import E as expected
from rac_theory.proofs import (
    Fact,
    G,
    Granted,
    H,
    assumed,
    gap_next,
    gbar,
    grant,
    iterate,
    k,
    low,
    mean,
    one,
    plus,
    proved,
    sign,
    square,
    stands_for,
    telescope,
    weights,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import E, Theorem, Tightest, fed_rac_lora_sampled, gap, reductions, weighted_squared_gradient
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_heterogeneity,
    known_heterogeneity_within,
    known_largest_projection,
    known_sampling,
    polyak_lojasiewicz,
    smooth_components,
)
from rac_theory.statements.symbols import (
    C,
    D,
    D_in,
    K,
    T,
    eta,
    gamma,
    gap0,
    gap0_upper,
    lambda_max,
    lambda_min,
    mu,
    omega,
)
from rac_theory.statements.symbols import L as L_of_f
from rac_theory.statements.symbols import L_max as L
from rac_theory.theorems import federated, rac_lora_gd, stochastic
from rac_theory.theorems.federated import Gamma, fits
from rac_theory.theorems.shared import end, half, most, moves, pl
from rac_theory.theorems.sharp_drift import any_r, any_s, as_noise
from rac_theory.theorems.sharp_drift import s_K as s

_COMMON = (lambda_min > 0, known_largest_projection, known_heterogeneity, known_heterogeneity_within, known_sampling)
_ROUND = (smooth_components, eta * K * L <= 1, *_COMMON)
_SOURCE = "derived from the drift of the epochs of clients in the range of the shared sketch, and the law of sampling"

r = Let(
    "r",
    eta * L / (K * maximum(K - 1, 1)) * total(k, K, k * (1 + eta * L) ** (k - 1)),
    "how much the order of an epoch matters",
    "r_K",
)
v = Let(
    "v", s**2 + Gamma * L * omega * (1 + s) ** 2, "how much drift and sampling cost, of what clients differ by", "v"
)
u = Let("u", r * (s + Gamma * L * omega * (1 + s)), "how much they cost, of what components of a client differ by", "u")
q = Let("q", Gamma * v * lambda_max * L, "growth that drift and sampling cause, a round")
w = Let("w", 1 / (1 + q), "weight of a round relative to the one before")
W_T = Let("W_T", powers(w, 1, T), "sum of the weights from w to w^T")
rho = Let("rho", 1 - Gamma * mu * lambda_min + q, "factor of the gap, a round")

T9rr = Theorem(
    id="T9rr",
    name="fed_rac_lora_epochs_nonconvex",
    source=_SOURCE,
    about=fed_rac_lora_sampled,
    given=(*_ROUND, bounded_below),
    claim=E(weighted_squared_gradient(w))
    <= 2 * gap0_upper / (Gamma * lambda_min * W_T) + (lambda_max / lambda_min) * (v * D + u * D_in),
    tightest=Tightest(1.0, "K = 1, where it is T1; identical components x^2/2 at Gamma L = 1 for K = 2"),
)

T10rr = Theorem(
    id="T10rr",
    name="fed_rac_lora_epochs_pl",
    source=_SOURCE,
    about=fed_rac_lora_sampled,
    given=(*_ROUND, certified_minimum, polyak_lojasiewicz, rho >= 0, rho < 1),
    claim=E(gap) <= rho**T * gap0 + powers(rho, 0, T - 1) * (Gamma / 2) * lambda_max * (v * D + u * D_in),
    tightest=Tightest(
        1.0,
        "(x - 1)^2/2 and (x + 1)^2/2, clients by chance with one step, or components of one at eta = 1/2: an equality",
    ),
)

TRIED = {"client epochs": "T9rr T10rr"}

REDUCTIONS = (
    *reductions(
        {T9rr: rac_lora_gd.T1, T10rr: rac_lora_gd.T2},
        {K: 1, omega: 0, eta: gamma, L: L_of_f},
        "one step of all clients",
    ),
    *reductions(
        {T9rr: federated.T9d_sharp, T10rr: federated.T10d_sharp},
        {omega: 0, D_in: 0},
        "all clients take part, and the components of each are alike, as in full gradient steps",
    ),
)
_of_sampling = [x * (1 + any_s) * Gamma * L * omega for x in (1 + any_s, any_r)]
_SAMPLED_ROUND = as_noise(Gamma, any_s**2 + _of_sampling[0], 0) | {
    C: ((any_s**2 + _of_sampling[0]) * D + (any_r * any_s + _of_sampling[1]) * D_in) / (Gamma * L)
}
DRIFT_AS_NOISE = reductions(
    {T9rr: stochastic.T5, T10rr: stochastic.T6},
    {s: any_s, r: any_r, **_SAMPLED_ROUND},
    "drift and sampling do what noise does",
)


# Proofs.
axioms = Granted(s, r)
_Gamma = plus[eta] * plus[K]
_sampling = plus[L] * _Gamma * sign(omega, known_sampling)
_s = axioms.s_K_sign
_of_clients = _s * axioms.r_K_below_s + _sampling * (one + _s) * (one + axioms.r_K_below_s)
_of_components = _s * axioms.r_K_sign + _sampling * (one + _s) * axioms.r_K_sign


of_clients, of_components = proved("", v - u >= 0, _of_clients), proved("", u >= 0, _of_components)
v_sign = proved("", v >= 0, of_clients + of_components)

LEMMAS = (stands_for(v), stands_for(u), of_clients, of_components, v_sign)


def sampled_round() -> Fact:
    """(6) of T9rr, of all that is drawn."""
    moments = plus[eta] * plus[K] * axioms.unbiased_sample + half * plus[L] * _Gamma * _Gamma * axioms.sampled_square
    error = fits * mean(square(H(gbar))) + axioms.client_error + _sampling * axioms.client_length
    clients = of_clients * (axioms.clients_seen + most * axioms.clients_of_data)
    components = of_components * (axioms.components_seen + most * axioms.components_of_data)
    drawn = (
        mean(grant("descent", fed_rac_lora_sampled)) + moments + half * _Gamma * (error + clients + components + low(G))
    )
    noise = Gamma / 2 * lambda_max * (v * D + u * D_in)
    inequality = expected(gap_next) <= (1 + q) * gap_at_W + noise - Gamma / 2 * lambda_min * (G @ G)
    return proved("One round", inequality, drawn)


def prove_T9rr() -> tuple[Fact, Fact]:
    slope = half * _Gamma * moves
    growth = one + _Gamma * most * plus[L] * v_sign
    return telescope(sampled_round(), growth, slope, gap0_upper, end), slope * weights(growth)


def prove_T10rr() -> tuple[Fact, Fact]:
    (factor,) = assumed(rho >= 0)
    return iterate(sampled_round() + _Gamma * plus[lambda_min] * pl, factor, gap0), one
