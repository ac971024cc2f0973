"""Several steps under one sketch, with the drift as the proofs have it: sharper than the simple constants, and longer.

An epoch of N reshuffled steps, or a round of K local ones, is one step of the total length along a gradient that is off
by at most ``s^2 ||HG||^2`` and v times the spread of the gradients. The theorems differ in v: ``s r`` for an epoch,
``s^2`` for a round. Both are 0 for a single step, where the theorems are T1 and T2.
"""

from rac_theory.algebra import Let, powers, total
from rac_theory.algebra.sign import Lemma
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    fed_rac_lora,
    known_client_heterogeneity,
    known_heterogeneity,
    known_largest_projection,
    polyak_lojasiewicz,
    rac_lora_reshuffled,
    smooth_components,
)
from rac_theory.statements.claim import E
from rac_theory.statements.metric import gap, weighted_squared_gradient
from rac_theory.statements.symbols import D, K, N, T, eta, gap0, gap0_upper, lambda_max, lambda_min, mu
from rac_theory.statements.symbols import L_max as L
from rac_theory.statements.theorem import Theorem, Tightest
from rac_theory.theorems.federated import Gamma, k

_COMMON = (lambda_min > 0, known_largest_projection)
_EPOCH = (smooth_components, eta * N * L <= 1, *_COMMON, known_heterogeneity)
_ROUND = (smooth_components, eta * K * L <= 1, *_COMMON, known_client_heterogeneity)
_OF_EPOCH = "derived from the drift of a reshuffled epoch in the range of the sketch, without estimates of the sums"
_OF_ROUND = "derived from the drift of K local steps in the range of the shared sketch, without splitting the variance"

# Of an epoch.
s = Let("s", 1 / N * total(k, N, (1 + eta * L) ** k - 1), "how far the steps of an epoch drift")
r = Let(
    "r", eta * L / (N * (N - 1)) * total(k, N, k * (1 + eta * L) ** (k - 1)), "how much the order of an epoch matters"
)
q = Let("q", eta * N * s * r * lambda_max * L, "growth that drift causes, an epoch")
w = Let("w", 1 / (1 + q), "weight of an epoch relative to the one before")
W_T = Let("W_T", powers(w, 1, T), "sum of the weights from w to w^T")
rho = Let("rho", 1 - (1 - s**2 + s * r) * eta * N * mu * lambda_min + q, "factor of the gap, an epoch")

_LEMMAS = {1 - s**2 + s * r: (eta * N * L <= 1, Lemma((0, 1), {L: "down"}))}

T7d_sharp = Theorem(
    id="T7d_sharp",
    name="rac_lora_rr_nonconvex_sharp",
    source=_OF_EPOCH,
    mark="derived",
    about=rac_lora_reshuffled,
    given=(*_EPOCH, bounded_below),
    claim=E(weighted_squared_gradient(w))
    <= (2 * gap0_upper / (eta * N * lambda_min * W_T) + s * r * (lambda_max / lambda_min) * D) / (1 - s**2 + s * r),
    tightest=Tightest(1.0, "N = 1, where it is T1; identical components x^2/2 at eta = 1/(2L) for N = 2"),
    lemmas=_LEMMAS,
)

T8d_sharp = Theorem(
    id="T8d_sharp",
    name="rac_lora_rr_pl_sharp",
    source=_OF_EPOCH,
    mark="derived",
    about=rac_lora_reshuffled,
    given=(*_EPOCH, certified_minimum, polyak_lojasiewicz, rho >= 0, rho < 1),
    claim=E(gap) <= rho**T * gap0 + powers(rho, 0, T - 1) * (eta * N / 2) * s * r * lambda_max * D,
    tightest=Tightest(1.0, "(x - 1)^2/2 and (x + 1)^2/2 at eta = 1/2, any sketch: an equality at every T"),
    lemmas=_LEMMAS,
)

# Of a round.
s_K = Let("s", 1 / K * total(k, K, (1 + eta * L) ** k - 1), "how far clients drift in a round")
q_K = Let("q", Gamma * s_K**2 * lambda_max * L, "growth that drift causes, a round")
w_K = Let("w", 1 / (1 + q_K), "weight of a round relative to the one before")
W_T_K = Let("W_T", powers(w_K, 1, T), "sum of the weights from w to w^T")
rho_K = Let("rho", 1 - Gamma * mu * lambda_min + q_K, "factor of the gap, a round")

T9d_sharp = Theorem(
    id="T9d_sharp",
    name="fed_rac_lora_nonconvex_sharp",
    source=_OF_ROUND,
    mark="derived",
    about=fed_rac_lora,
    given=(*_ROUND, bounded_below),
    claim=E(weighted_squared_gradient(w_K))
    <= 2 * gap0_upper / (Gamma * lambda_min * W_T_K) + s_K**2 * (lambda_max / lambda_min) * D,
    tightest=Tightest(1.0, "K = 1, where it is T1; identical clients x^2/2 at Gamma L = 1 for K = 2"),
)

T10d_sharp = Theorem(
    id="T10d_sharp",
    name="fed_rac_lora_pl_sharp",
    source=_OF_ROUND,
    mark="derived",
    about=fed_rac_lora,
    given=(*_ROUND, certified_minimum, polyak_lojasiewicz, rho_K >= 0, rho_K < 1),
    claim=E(gap) <= rho_K**T * gap0 + powers(rho_K, 0, T - 1) * (Gamma / 2) * s_K**2 * lambda_max * D,
    tightest=Tightest(
        1.0, "K = 1, where it is T2; identical clients x^2/2 at Gamma L = 1 for K = 2: an equality at every T"
    ),
)
