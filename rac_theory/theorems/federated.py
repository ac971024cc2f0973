"""Fed-RAC-LoRA: M clients take K full gradient steps, or an epoch, under one sketch, and the server averages.

In T9 and T10, and their kin, L is the largest constant of a client. Where K = 1 clients do not drift, a = 0, and
nothing needs to be known of how they differ.

T9rr and T10rr are about Fed-RAC-LoRA as it is run: a reshuffled epoch of each client, or K full steps, of a fraction
of the clients. A round is one step of the total length along a gradient that is off, as in the sharp theorems about
epochs and rounds. Clients drift by s_K, as those that take full steps; that the order of an epoch is random lets only
u of what components of one client disagree about enter, where v enters of what clients disagree about. Sampling adds
omega times the mean square of what clients do, which is at most 1 + s_K times as long as their gradient. L is the
largest constant of a component, K the number of components of a client; if clients take full steps, of a client, and
of steps.
"""

from collections.abc import Mapping

from rac_theory.algebra import Expression, Lemma, Let, Relation, maximum, powers, total
from rac_theory.proofs import (
    NUMBERS,
    Fact,
    G,
    Granted,
    H,
    assumed,
    drifted,
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
from rac_theory.proofs import E as expected
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    fed_rac_lora,
    fed_rac_lora_sampled,
    gap,
    mean_squared_gradient,
    reductions,
    weighted_squared_gradient,
)
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_client_heterogeneity,
    known_client_variance,
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
    N,
    T,
    eta,
    gamma,
    gap0,
    gap0_upper,
    lambda_max,
    lambda_min,
    mu,
    omega,
    zeta_squared,
)
from rac_theory.statements.symbols import L as L_of_f
from rac_theory.statements.symbols import L_max as L
from rac_theory.theorems import rac_lora_gd, reshuffling, stochastic
from rac_theory.theorems.reshuffling import AS_NOISE, any_a, any_r, any_s, as_noise, s_K
from rac_theory.theorems.shared import end, half, most, moves, pl

_ROUND = (smooth_components, eta * K * L <= 1, lambda_min > 0, known_largest_projection)
_SOURCE = "derived from the drift of K local steps in the range of the shared sketch"

_SHARP = (smooth_components, eta * K * L <= 1, lambda_min > 0, known_largest_projection, known_client_heterogeneity)
_SOURCE_SHARP = (
    "derived from the drift of K local steps in the range of the shared sketch, without splitting the variance"
)

Gamma = Let("Gamma", eta * K, "total step of a round")
a = Let("a", 1 / K * total(k, K, ((1 + eta * L) ** k - 1) ** 2), "how far clients drift in a round", "a_K")
q = Let("q", Gamma * a * lambda_max * L, "growth that drift causes, a round")
w = Let("w", 1 / (1 + q), "weight of a round relative to the one before")
W_T = Let("W_T", powers(w, 1, T), "sum of the weights from w to w^T")
rho = Let("rho", 1 - (1 - a) * Gamma * mu * lambda_min + q, "factor of the gap, a round")

_LEMMAS: Mapping[Expression, tuple[Relation, Lemma]] = {a: (eta * K * L <= 1, Lemma((0, 1)))}

T9 = Theorem(
    id="T9",
    name="fed_rac_lora_nonconvex",
    source=_SOURCE,
    about=fed_rac_lora,
    given=(*_ROUND, bounded_below, known_client_variance),
    claim=E(mean_squared_gradient)
    <= (2 * gap0_upper / (Gamma * lambda_min * T) + a * (lambda_max / lambda_min) * zeta_squared) / (1 - a),
    tightest=Tightest(1.0, "K = 1, where it is T1; 0.933 for K = 2 with identical clients x^2/2 at Gamma L = 1"),
    lemmas=_LEMMAS,
)

T9d = Theorem(
    id="T9d",
    name="fed_rac_lora_nonconvex_data",
    source=_SOURCE,
    about=fed_rac_lora,
    given=(*_ROUND, bounded_below, known_client_heterogeneity),
    claim=E(weighted_squared_gradient(w))
    <= (2 * gap0_upper / (Gamma * lambda_min * W_T) + a * (lambda_max / lambda_min) * D) / (1 - a),
    tightest=Tightest(1.0, "K = 1, where it is T1; 0.824 for K = 2 with identical clients"),
    lemmas=_LEMMAS,
)

# Sharper: squares of clients' gradients are not split.
q_sharp = Let("q", Gamma * s_K**2 * lambda_max * L, "growth that drift causes, a round")
w_sharp = Let("w", 1 / (1 + q_sharp), "weight of a round relative to the one before")
W_T_sharp = Let("W_T", powers(w_sharp, 1, T), "sum of the weights from w to w^T")
rho_sharp = Let("rho", 1 - Gamma * mu * lambda_min + q_sharp, "factor of the gap, a round")

T9d_sharp = Theorem(
    id="T9d_sharp",
    name="fed_rac_lora_nonconvex_sharp",
    source=_SOURCE_SHARP,
    about=fed_rac_lora,
    given=(*_SHARP, bounded_below),
    claim=E(weighted_squared_gradient(w_sharp))
    <= 2 * gap0_upper / (Gamma * lambda_min * W_T_sharp) + s_K**2 * (lambda_max / lambda_min) * D,
    tightest=Tightest(1.0, "K = 1, where it is T1; identical clients x^2/2 at Gamma L = 1 for K = 2"),
)

T10 = Theorem(
    id="T10",
    name="fed_rac_lora_pl",
    source=_SOURCE,
    about=fed_rac_lora,
    given=(*_ROUND, certified_minimum, polyak_lojasiewicz, known_client_variance),
    claim=E(gap)
    <= (1 - (1 - a) * Gamma * mu * lambda_min) ** T * gap0
    + a * (lambda_max / lambda_min) * zeta_squared / (2 * mu * (1 - a)),
    tightest=Tightest(
        1.0, "K = 1, where it is T2; 0.952 for K = 2 with identical clients and a sketch that hardly ever moves"
    ),
    lemmas=_LEMMAS,
)

T10d = Theorem(
    id="T10d",
    name="fed_rac_lora_pl_data",
    source=_SOURCE,
    about=fed_rac_lora,
    given=(*_ROUND, certified_minimum, polyak_lojasiewicz, known_client_heterogeneity, rho >= 0, rho < 1),
    claim=E(gap) <= rho**T * gap0 + powers(rho, 0, T - 1) * (Gamma / 2) * a * lambda_max * D,
    tightest=Tightest(
        1.0, "K = 1, where it is T2; 0.84 for K = 2 with identical clients and a sketch that hardly ever moves"
    ),
    lemmas=_LEMMAS,
)

T10d_sharp = Theorem(
    id="T10d_sharp",
    name="fed_rac_lora_pl_sharp",
    source=_SOURCE_SHARP,
    about=fed_rac_lora,
    given=(*_SHARP, certified_minimum, polyak_lojasiewicz, rho_sharp >= 0, rho_sharp < 1),
    claim=E(gap) <= rho_sharp**T * gap0 + powers(rho_sharp, 0, T - 1) * (Gamma / 2) * s_K**2 * lambda_max * D,
    tightest=Tightest(
        1.0, "K = 1, where it is T2; identical clients x^2/2 at Gamma L = 1 for K = 2: an equality at every T"
    ),
)

# As it is run: epochs, of a fraction of the clients.
_COMMON = (lambda_min > 0, known_largest_projection, known_heterogeneity, known_heterogeneity_within, known_sampling)
_EPOCHS = (smooth_components, eta * K * L <= 1, *_COMMON)
_SOURCE_EPOCHS = (
    "derived from the drift of the epochs of clients in the range of the shared sketch, and the law of sampling"
)

r = Let(
    "r",
    eta * L / (K * maximum(K - 1, 1)) * total(k, K, k * (1 + eta * L) ** (k - 1)),
    "how much the order of an epoch matters",
    "r_K",
)
v = Let(
    "v", s_K**2 + Gamma * L * omega * (1 + s_K) ** 2, "how much drift and sampling cost, of what clients differ by", "v"
)
u = Let(
    "u", r * (s_K + Gamma * L * omega * (1 + s_K)), "how much they cost, of what components of a client differ by", "u"
)
q_rr = Let("q", Gamma * v * lambda_max * L, "growth that drift and sampling cause, a round")
w_rr = Let("w", 1 / (1 + q_rr), "weight of a round relative to the one before")
W_T_rr = Let("W_T", powers(w_rr, 1, T), "sum of the weights from w to w^T")
rho_rr = Let("rho", 1 - Gamma * mu * lambda_min + q_rr, "factor of the gap, a round")

T9rr = Theorem(
    id="T9rr",
    name="fed_rac_lora_epochs_nonconvex",
    source=_SOURCE_EPOCHS,
    about=fed_rac_lora_sampled,
    given=(*_EPOCHS, bounded_below),
    claim=E(weighted_squared_gradient(w_rr))
    <= 2 * gap0_upper / (Gamma * lambda_min * W_T_rr) + (lambda_max / lambda_min) * (v * D + u * D_in),
    tightest=Tightest(1.0, "K = 1, where it is T1; identical components x^2/2 at Gamma L = 1 for K = 2"),
)

T10rr = Theorem(
    id="T10rr",
    name="fed_rac_lora_epochs_pl",
    source=_SOURCE_EPOCHS,
    about=fed_rac_lora_sampled,
    given=(*_EPOCHS, certified_minimum, polyak_lojasiewicz, rho_rr >= 0, rho_rr < 1),
    claim=E(gap) <= rho_rr**T * gap0 + powers(rho_rr, 0, T - 1) * (Gamma / 2) * lambda_max * (v * D + u * D_in),
    tightest=Tightest(
        1.0,
        "(x - 1)^2/2 and (x + 1)^2/2, clients by chance with one step, or components of one at eta = 1/2: an equality",
    ),
)

TRIED = {"federated": "T9 T9d T9d_sharp T10 T10d T10d_sharp", "client epochs": "T9rr T10rr"}

REDUCTIONS = (
    *reductions(
        {
            **dict.fromkeys((T9, T9d, T9d_sharp), rac_lora_gd.T1),
            **dict.fromkeys((T10, T10d, T10d_sharp), rac_lora_gd.T2),
        },
        {K: 1, eta: gamma, L: L_of_f},
        "one local step, in which clients do not drift, however they differ; L is the largest constant of a client",
    ),
    *reductions(
        {T9: rac_lora_gd.T1, T10: rac_lora_gd.T2},
        {zeta_squared: 0, gamma: (1 - a) * Gamma, L_of_f: L},
        "equal clients, such as one alone (M = 1): a round is said to do what 1 - a of its length does",
    ),
    *reductions(
        {reshuffling.T7d_sharp: T9d_sharp, reshuffling.T8d_sharp: T10d_sharp},
        {N: 2, K: 2},
        "two steps: in either order they drift like two local ones, s = r",
    ),
    *reductions(
        {T9rr: rac_lora_gd.T1, T10rr: rac_lora_gd.T2},
        {K: 1, omega: 0, eta: gamma, L: L_of_f},
        "one step of all clients",
    ),
    *reductions(
        {T9rr: T9d_sharp, T10rr: T10d_sharp},
        {omega: 0, D_in: 0},
        "all clients take part, and the components of each are alike, as in full gradient steps",
    ),
)
_ANY = {a: any_a, s_K: any_s}
_DRIFT, _SHARP_DRIFT = (Gamma, any_a, any_a), (Gamma, any_s**2, 0)
_of_sampling = [x * (1 + any_s) * Gamma * L * omega for x in (1 + any_s, any_r)]
_SAMPLED_ROUND = as_noise(Gamma, any_s**2 + _of_sampling[0], 0) | {
    C: ((any_s**2 + _of_sampling[0]) * D + (any_r * any_s + _of_sampling[1]) * D_in) / (Gamma * L)
}
DRIFT_AS_NOISE = (
    *reductions({T9: stochastic.T5}, _ANY | as_noise(*_DRIFT, zeta_squared), AS_NOISE),
    *reductions({T9d: stochastic.T5, T10d: stochastic.T6}, _ANY | as_noise(*_DRIFT), AS_NOISE),
    *reductions({T9d_sharp: stochastic.T5, T10d_sharp: stochastic.T6}, _ANY | as_noise(*_SHARP_DRIFT), AS_NOISE),
    *reductions({T10: stochastic.LIMIT}, _ANY | as_noise(*_DRIFT, zeta_squared), AS_NOISE),
    *reductions(
        {T9rr: stochastic.T5, T10rr: stochastic.T6},
        {s_K: any_s, r: any_r, **_SAMPLED_ROUND},
        "drift and sampling do what noise does",
    ),
)


# Proofs.
axioms = Granted(a, s_K, r)
(fits,) = assumed(eta * K * L <= 1)
_step = axioms.local_triangle + plus[eta] * axioms.local_smooth
_drift = drifted(_step, one + plus[eta] * plus[L], eta, s_K / L)
_length = axioms.round_error + plus[L] * mean(_drift, "m")
round_error = mean(
    _length * (axioms.s_K_sign * mean(grant("size", NUMBERS["own"]), "m") + grant("size", NUMBERS["off"]))
    + axioms.s_K_sign * axioms.s_K_sign * axioms.jensen
    + axioms.squared_error
)

_Gamma = plus[eta] * plus[K]
_sampling = plus[L] * _Gamma * sign(omega, known_sampling)
_s = axioms.s_K_sign
_of_clients = _s * axioms.r_K_below_s + _sampling * (one + _s) * (one + axioms.r_K_below_s)
_of_components = _s * axioms.r_K_sign + _sampling * (one + _s) * axioms.r_K_sign


of_clients, of_components = proved("", v - u >= 0, _of_clients), proved("", u >= 0, _of_components)
v_sign = proved("", v >= 0, of_clients + of_components)

LEMMAS = (round_error, stands_for(v), stands_for(u), of_clients, of_components, v_sign)


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
    inequality = expected(gap_next) <= (1 + q_rr) * gap_at_W + noise - Gamma / 2 * lambda_min * (G @ G)
    return proved("One round", inequality, drawn)


def prove_T9rr() -> tuple[Fact, Fact]:
    slope = half * _Gamma * moves
    growth = one + _Gamma * most * plus[L] * v_sign
    return telescope(sampled_round(), growth, slope, gap0_upper, end), slope * weights(growth)


def prove_T10rr() -> tuple[Fact, Fact]:
    (factor,) = assumed(rho_rr >= 0)
    return iterate(sampled_round() + _Gamma * plus[lambda_min] * pl, factor, gap0), one
