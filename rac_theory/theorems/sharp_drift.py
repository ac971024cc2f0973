"""How far several steps under one sketch drift: what epochs and rounds share.

An epoch of N reshuffled steps, or a round of K local ones, is one step of the total length along a gradient that is off
by at most ``s^2 ||HG||^2`` and v times the spread of the gradients. The theorems differ in v: ``s r`` for an epoch,
``s^2`` for a round. Both are 0 for a single step, where the theorems are T1 and T2.
"""

from rac_theory.algebra import Let, Symbol, total
from rac_theory.proofs import Fact, G, H, below_one, gbar, k, mean, mu_below_L_max, plus, square
from rac_theory.statements.symbols import K, N, eta, mu
from rac_theory.statements.symbols import L_max as L
from rac_theory.theorems.shared import half

s = Let("s", 1 / N * total(k, N, (1 + eta * L) ** k - 1), "how far the steps of an epoch drift", "s_N")
r = Let(
    "r",
    eta * L / (N * (N - 1)) * total(k, N, k * (1 + eta * L) ** (k - 1)),
    "how much the order of an epoch matters",
    "r_N",
)
s_K = Let("s", 1 / K * total(k, K, (1 + eta * L) ** k - 1), "how far clients drift in a round", "s_K")

seen = mean(square(H(G)))


def as_one(descent: Fact, count: Symbol, fits: Fact, error: Fact) -> Fact:
    """Several steps as one of their total length along a gradient that is off: the descent lemma, and the error."""
    return mean(descent) + half * plus[eta] * plus[count] * (fits * mean(square(H(gbar))) + error)


def may_contract(length: Fact, count: Symbol) -> Fact:
    """That ``1 - eta N mu lambda_min`` is not negative, where ``eta N L <= 1``."""
    return length + plus[eta] * plus[count] * (mu_below_L_max + plus[mu] * below_one)
