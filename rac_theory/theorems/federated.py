"""Fed-RAC-LoRA: M clients take K full gradient steps of size eta under one sketch, and the server averages.

L is the largest constant of a client. Where K = 1 clients do not drift, a = 0, and nothing needs to be known of how
they differ.
"""

from collections.abc import Mapping

from rac_theory.algebra import Expression, Lemma, Let, Relation, powers, total
from rac_theory.proofs import Granted, assumed, drifted, k, mean, one, plus
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    fed_rac_lora,
    gap,
    mean_squared_gradient,
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
from rac_theory.statements.symbols import D, K, T, eta, gap0, gap0_upper, lambda_max, lambda_min, mu, zeta_squared
from rac_theory.statements.symbols import L_max as L
from rac_theory.theorems.sharp_drift import s_K

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
    mark="derived",
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
    mark="derived",
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
    mark="derived",
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
    mark="derived",
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
    mark="derived",
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
    mark="derived",
    about=fed_rac_lora,
    given=(*_SHARP, certified_minimum, polyak_lojasiewicz, rho_sharp >= 0, rho_sharp < 1),
    claim=E(gap) <= rho_sharp**T * gap0 + powers(rho_sharp, 0, T - 1) * (Gamma / 2) * s_K**2 * lambda_max * D,
    tightest=Tightest(
        1.0, "K = 1, where it is T2; identical clients x^2/2 at Gamma L = 1 for K = 2: an equality at every T"
    ),
)

TRIED = {"federated": "T9 T9d T9d_sharp T10 T10d T10d_sharp"}


# Proofs.
known = Granted(a, s_K)
(fits,) = assumed(eta * K * L <= 1)
_step = known.local_triangle + plus[eta] * known.local_smooth
_drift = drifted(_step, one + plus[eta] * plus[L], eta, s_K / L)
_length = known.round_error + plus[L] * mean(_drift, "m")
round_error = mean(
    _length * (known.s_K_sign * known.own_sign + known.error_sign)
    + known.s_K_sign * known.s_K_sign * known.jensen
    + known.squared_error
)


LEMMAS = (round_error,)
