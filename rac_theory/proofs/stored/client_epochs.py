"""Proofs for rounds of clients that are sampled, each with an epoch of its own: T9rr, T10rr."""

from rac_theory.proofs import facts_of_several_steps as known
from rac_theory.proofs.drawn import H, mean
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import E, G, assumed, gap, gap_next, low, one, plus, sign, square
from rac_theory.proofs.induction import iterate, telescope, weights
from rac_theory.proofs.stored.exact_steps import end, half, moves, pl
from rac_theory.proofs.stored.several_steps import fits, most
from rac_theory.statements.assumptions import known_sampling
from rac_theory.statements.symbols import D, D_in, K, eta, gap0, gap0_upper, lambda_max, lambda_min, omega
from rac_theory.statements.symbols import L_max as L
from rac_theory.theorems import client_epochs
from rac_theory.theorems.client_epochs import u, v
from rac_theory.theorems.federated import Gamma

_Gamma = plus[eta] * plus[K]
_sampling = plus[L] * _Gamma * sign(omega, known_sampling)
_s = known.s_K_sign
_of_clients = _s * known.r_K_below_s + _sampling * (one + _s) * (one + known.r_K_below_s)
_of_components = _s * known.r_K_sign + _sampling * (one + _s) * known.r_K_sign


of_clients, of_components = proved("", v - u >= 0, _of_clients), proved("", u >= 0, _of_components)
v_sign = proved("", v >= 0, of_clients + of_components)


def sampled_round() -> Fact:
    """(6) of T9rr, of all that is drawn."""
    moments = plus[eta] * plus[K] * known.unbiased_sample + half * plus[L] * _Gamma * _Gamma * known.sampled_square
    error = fits * mean(square(H(known.gbar))) + known.client_error + _sampling * known.client_length
    clients = of_clients * (known.clients_seen + most * known.clients_of_data)
    components = of_components * (known.components_seen + most * known.components_of_data)
    drawn = mean(known.sampled_round) + moments + half * _Gamma * (error + clients + components + low(G))
    noise = Gamma / 2 * lambda_max * (v * D + u * D_in)
    said = E(gap_next) <= (1 + client_epochs.q) * gap + noise - Gamma / 2 * lambda_min * (G @ G)
    return proved("One round", said, drawn)


def T9rr() -> tuple[Fact, Fact]:
    slope = half * _Gamma * moves
    growth = one + _Gamma * most * plus[L] * v_sign
    return telescope(sampled_round(), growth, slope, gap0_upper, end), slope * weights(growth)


def T10rr() -> tuple[Fact, Fact]:
    (rho,) = assumed(client_epochs.rho >= 0)
    return iterate(sampled_round() + _Gamma * plus[lambda_min] * pl, rho, gap0), one
