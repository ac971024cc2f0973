"""RAC-LoRA with exact gradients: the paper's two main theorems, and what their proofs give for longer steps, and with
what they leave out.
"""

from rac_theory.algebra import Let, between, powers, sqrt
from rac_theory.algebra.sign import Lemma
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    polyak_lojasiewicz,
    rac_lora_exact,
    smooth,
)
from rac_theory.statements.claim import E
from rac_theory.statements.metric import gap, mean_squared_gradient
from rac_theory.statements.symbols import L, T, gamma, gap0, gap0_upper, lambda_min, mu
from rac_theory.statements.theorem import Theorem, Tightest

T1 = Theorem(
    id="T1",
    name="rac_lora_gd_nonconvex",
    source="arXiv:2410.08305v1, Theorem 5.3",
    mark="paper",
    about=rac_lora_exact,
    given=(smooth, gamma * L <= 1, bounded_below, lambda_min > 0),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (lambda_min * gamma * T),
    descends=True,
    tightest=Tightest(1.0, "GD on a multiple of the identity at gamma = 1/L: an equality at every T"),
)

T2 = Theorem(
    id="T2",
    name="rac_lora_gd_pl",
    source="arXiv:2410.08305v1, Theorem 5.5",
    mark="paper",
    about=rac_lora_exact,
    given=(smooth, gamma * L <= 1, certified_minimum, polyak_lojasiewicz, lambda_min > 0),
    claim=E(gap) <= (1 - gamma * mu * lambda_min) ** T * gap0,
    descends=True,
    tightest=Tightest(1.0, "a multiple of the identity, isotropic sketch, gamma = 1/L: an equality at every T"),
)

T1_sharp = Theorem(
    id="T1_sharp",
    name="rac_lora_gd_nonconvex_sharp",
    source="derived from the descent lemma and H = H' = H^2",
    mark="derived",
    about=rac_lora_exact,
    given=(smooth, between(0, gamma * L, 2), bounded_below, lambda_min > 0),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (lambda_min * gamma * (2 - gamma * L) * T),
    descends=True,
    tightest=Tightest(1.0, "GD on a multiple of the identity at gamma = 1/L: an equality at every T"),
)

T2_sharp = Theorem(
    id="T2_sharp",
    name="rac_lora_gd_pl_sharp",
    source="derived from the descent lemma and H = H' = H^2",
    mark="derived",
    about=rac_lora_exact,
    given=(smooth, between(0, gamma * L, 2), certified_minimum, polyak_lojasiewicz, lambda_min > 0),
    claim=E(gap) <= (1 - gamma * (2 - gamma * L) * mu * lambda_min) ** T * gap0,
    descends=True,
    tightest=Tightest(1.0, "a multiple of the identity, isotropic sketch, any step: an equality at every T"),
)

rho = Let("rho", 1 - gamma * L * (2 - gamma * L) * lambda_min, "factor of the gap, a step")

T1_tight = Theorem(
    id="T1_tight",
    name="rac_lora_gd_nonconvex_tight",
    source="derived from the descent lemma and the largest gradient that a gap allows, at every step",
    mark="derived",
    about=rac_lora_exact,
    given=(smooth, between(0, gamma * L, 2), bounded_below, lambda_min > 0),
    claim=E(mean_squared_gradient) <= 2 * L / T * powers(rho, 0, T - 1) * gap0_upper,
    descends=True,
    tightest=Tightest(1.0, "any isotropic sketch on a multiple of the identity: an equality at every T and step"),
)

kappa = Let("kappa", mu / L, "mu in units of L")
e = Let("e", gamma * L * (2 - gamma * L) * lambda_min, "gain of a step, of ||grad f||^2 / (2 L)")
# The square of a mean of two roots, by what they lack to 1: the rate of a short step would be lost beside 1.
R = Let("R", sqrt(1 - e), "root of the factor at mu = L")
Q = Let("Q", sqrt(1 - kappa * e * (1 + kappa) / 2), "root of what PL at both ends leaves")
_lacking = kappa * (1 - R) + 2 * (1 - Q)
rho_tight = Let("rho", (1 - _lacking / (2 + kappa)) ** 2, "factor of the gap, a step")

T2_tight = Theorem(
    id="T2_tight",
    name="rac_lora_gd_pl_tight",
    source="derived from the descent lemma with what it leaves out, and PL at both ends of a step",
    mark="derived",
    about=rac_lora_exact,
    given=(smooth, between(0, gamma * L, 2), certified_minimum, polyak_lojasiewicz, lambda_min > 0),
    claim=E(gap) <= rho_tight**T * gap0,
    descends=True,
    tightest=Tightest(1.0, "as T2_sharp, which it is on a multiple of the identity: an equality at every T and step"),
    lemmas={
        rho_tight: (between(0, gamma * L, 2), Lemma((0, 1), {L: "up", mu: "down", lambda_min: "down"})),
    },
)
