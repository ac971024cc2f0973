"""Fed-RAC-LoRA: M clients take K full gradient steps of size eta under one sketch, and the server averages.

L is the largest constant of a client. Where K = 1 clients do not drift, a = 0, and nothing needs to be known of how
they differ.
"""

from collections.abc import Mapping

from rac_theory.algebra import Expression, Lemma, Let, Relation, powers, total
from rac_theory.proofs import NUMBERS, Granted, assumed, drifted, grant, k, mean, one, plus
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    fed_rac_lora,
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
    known_largest_projection,
    polyak_lojasiewicz,
    smooth_components,
)
from rac_theory.statements.symbols import (
    D,
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
    zeta_squared,
)
from rac_theory.statements.symbols import L as L_of_f
from rac_theory.statements.symbols import L_max as L
from rac_theory.theorems import rac_lora_gd, reshuffling, stochastic
from rac_theory.theorems.sharp_drift import AS_NOISE, any_a, any_s, as_noise, s_K

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

TRIED = {"federated": "T9 T9d T9d_sharp T10 T10d T10d_sharp"}

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
)
_ANY = {a: any_a, s_K: any_s}
_DRIFT, _SHARP_DRIFT = (Gamma, any_a, any_a), (Gamma, any_s**2, 0)
DRIFT_AS_NOISE = (
    *reductions({T9: stochastic.T5}, _ANY | as_noise(*_DRIFT, zeta_squared), AS_NOISE),
    *reductions({T9d: stochastic.T5, T10d: stochastic.T6}, _ANY | as_noise(*_DRIFT), AS_NOISE),
    *reductions({T9d_sharp: stochastic.T5, T10d_sharp: stochastic.T6}, _ANY | as_noise(*_SHARP_DRIFT), AS_NOISE),
    *reductions({T10: stochastic.LIMIT}, _ANY | as_noise(*_DRIFT, zeta_squared), AS_NOISE),
)


# Proofs.
axioms = Granted(a, s_K)
(fits,) = assumed(eta * K * L <= 1)
_step = axioms.local_triangle + plus[eta] * axioms.local_smooth
_drift = drifted(_step, one + plus[eta] * plus[L], eta, s_K / L)
_length = axioms.round_error + plus[L] * mean(_drift, "m")
round_error = mean(
    _length * (axioms.s_K_sign * mean(grant("size", NUMBERS["own"]), "m") + grant("size", NUMBERS["off"]))
    + axioms.s_K_sign * axioms.s_K_sign * axioms.jensen
    + axioms.squared_error
)


LEMMAS = (round_error,)
