"""Fed-RAC-LoRA: M clients take K full gradient steps of size eta under one sketch, and the server averages.

L is the largest constant of a client. Where K = 1 clients do not drift, a = 0, and nothing needs to be known of how
they differ.
"""

from collections.abc import Mapping

from rac_theory.algebra import Expression, Let, Relation, Symbol, powers, total
from rac_theory.algebra.sign import Lemma
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    fed_rac_lora,
    known_client_heterogeneity,
    known_client_variance,
    known_largest_projection,
    polyak_lojasiewicz,
    smooth_components,
)
from rac_theory.statements.claim import E
from rac_theory.statements.metric import gap, mean_squared_gradient, weighted_squared_gradient
from rac_theory.statements.symbols import D, K, T, eta, gap0, gap0_upper, lambda_max, lambda_min, mu, zeta_squared
from rac_theory.statements.symbols import L_max as L
from rac_theory.statements.theorem import Theorem, Tightest

_ROUND = (smooth_components, eta * K * L <= 1, lambda_min > 0, known_largest_projection)
_SOURCE = "derived from the drift of K local steps in the range of the shared sketch"

k = Symbol("k")
Gamma = Let("Gamma", eta * K, "total step of a round")
a = Let("a", 1 / K * total(k, K, ((1 + eta * L) ** k - 1) ** 2), "how far clients drift in a round")
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
