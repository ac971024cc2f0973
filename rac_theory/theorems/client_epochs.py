"""Fed-RAC-LoRA as it is run: a reshuffled epoch of each client, or K full steps, of a fraction of the clients.

A round is one step of the total length along a gradient that is off, as in the sharp theorems about epochs and rounds.
Clients drift by s, as those that take full steps; that the order of an epoch is random lets only u of what components
of one client disagree about enter, where v enters of what clients disagree about. Sampling adds omega times the mean
square of what clients do, which is at most 1 + s times as long as their gradient. L is the largest constant of a
component, K the number of components of a client; if clients take full steps, of a client, and of steps.
"""

from rac_theory.algebra import Let, maximum, powers, total
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    fed_rac_lora_sampled,
    known_heterogeneity,
    known_heterogeneity_within,
    known_largest_projection,
    known_sampling,
    polyak_lojasiewicz,
    smooth_components,
)
from rac_theory.statements.claim import E
from rac_theory.statements.metric import gap, weighted_squared_gradient
from rac_theory.statements.symbols import D, D_in, K, T, eta, gap0, gap0_upper, lambda_max, lambda_min, mu, omega
from rac_theory.statements.symbols import L_max as L
from rac_theory.statements.theorem import Theorem, Tightest
from rac_theory.theorems.federated import Gamma, k
from rac_theory.theorems.sharp_drift import s_K as s

_COMMON = (lambda_min > 0, known_largest_projection, known_heterogeneity, known_heterogeneity_within, known_sampling)
_ROUND = (smooth_components, eta * K * L <= 1, *_COMMON)
_SOURCE = "derived from the drift of the epochs of clients in the range of the shared sketch, and the law of sampling"

r = Let(
    "r",
    eta * L / (K * maximum(K - 1, 1)) * total(k, K, k * (1 + eta * L) ** (k - 1)),
    "how much the order of an epoch matters",
)
v = Let("v", s**2 + Gamma * L * omega * (1 + s) ** 2, "how much drift and sampling cost, of what clients differ by")
u = Let("u", r * (s + Gamma * L * omega * (1 + s)), "how much they cost, of what components of a client differ by")
q = Let("q", Gamma * v * lambda_max * L, "growth that drift and sampling cause, a round")
w = Let("w", 1 / (1 + q), "weight of a round relative to the one before")
W_T = Let("W_T", powers(w, 1, T), "sum of the weights from w to w^T")
rho = Let("rho", 1 - Gamma * mu * lambda_min + q, "factor of the gap, a round")

T9rr = Theorem(
    id="T9rr",
    name="fed_rac_lora_epochs_nonconvex",
    source=_SOURCE,
    mark="derived",
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
    mark="derived",
    about=fed_rac_lora_sampled,
    given=(*_ROUND, certified_minimum, polyak_lojasiewicz, rho >= 0, rho < 1),
    claim=E(gap) <= rho**T * gap0 + powers(rho, 0, T - 1) * (Gamma / 2) * lambda_max * (v * D + u * D_in),
    tightest=Tightest(
        1.0,
        "(x - 1)^2/2 and (x + 1)^2/2, clients by chance with one step, or components of one at eta = 1/2: an equality",
    ),
)
