"""RAC-LoRA with exact gradients: the paper's two main theorems, and what their proofs give for longer steps, and with
what they leave out.
"""

from fractions import Fraction

from rac_theory.algebra import Lemma, Let, between, powers, sqrt
from rac_theory.proofs import E as expected
from rac_theory.proofs import (
    Fact,
    G,
    G_next,
    H,
    accumulate,
    assumed,
    b,
    below_one,
    cases,
    flat,
    gap_is_positive,
    gap_next,
    grant,
    instance,
    iterate,
    low,
    mean,
    mu_below_L,
    one,
    plus,
    power,
    proved,
    square,
    square_of,
    square_root,
    sum_of_powers,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import (
    E,
    Reduction,
    Theorem,
    Tightest,
    Values,
    gap,
    mean_squared_gradient,
    rac_lora_exact,
    reductions,
)
from rac_theory.statements.assumptions import bounded_below, certified_minimum, polyak_lojasiewicz, smooth
from rac_theory.statements.symbols import L, T, gamma, gap0, gap0_upper, j, lambda_max, lambda_min, mu
from rac_theory.theorems.shared import axioms, exact, half, length, pl, stable

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
    about=rac_lora_exact,
    given=(smooth, between(0, gamma * L, 2), bounded_below, lambda_min > 0),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (lambda_min * gamma * (2 - gamma * L) * T),
    descends=True,
    tightest=Tightest(1.0, "GD on a multiple of the identity at gamma = 1/L: an equality at every T"),
)

rho = Let("rho", 1 - gamma * L * (2 - gamma * L) * lambda_min, "factor of the gap, a step")

T1_tight = Theorem(
    id="T1_tight",
    name="rac_lora_gd_nonconvex_tight",
    source="derived from the descent lemma and the largest gradient that a gap allows, at every step",
    about=rac_lora_exact,
    given=(smooth, between(0, gamma * L, 2), bounded_below, lambda_min > 0),
    claim=E(mean_squared_gradient) <= 2 * L / T * powers(rho, 0, T - 1) * gap0_upper,
    descends=True,
    tightest=Tightest(1.0, "any isotropic sketch on a multiple of the identity: an equality at every T and step"),
)

T2_sharp = Theorem(
    id="T2_sharp",
    name="rac_lora_gd_pl_sharp",
    source="derived from the descent lemma and H = H' = H^2",
    about=rac_lora_exact,
    given=(smooth, between(0, gamma * L, 2), certified_minimum, polyak_lojasiewicz, lambda_min > 0),
    claim=E(gap) <= (1 - gamma * (2 - gamma * L) * mu * lambda_min) ** T * gap0,
    descends=True,
    tightest=Tightest(1.0, "a multiple of the identity, isotropic sketch, any step: an equality at every T"),
)

kappa = Let("kappa", mu / L, "mu in units of L", "kappa")
e = Let("e", gamma * L * (2 - gamma * L) * lambda_min, "gain of a step, of ||grad f||^2 / (2 L)", "e")
# The square of a mean of two roots, by what they lack to 1: the rate of a short step would be lost beside 1.
R = Let("R", sqrt(1 - e), "root of the factor at mu = L")
Q = Let("Q", sqrt(1 - kappa * e * (1 + kappa) / 2), "root of what PL at both ends leaves")
_lacking = kappa * (1 - R) + 2 * (1 - Q)
rho_tight = Let("rho", (1 - _lacking / (2 + kappa)) ** 2, "factor of the gap, a step")

T2_tight = Theorem(
    id="T2_tight",
    name="rac_lora_gd_pl_tight",
    source="derived from the descent lemma with what it leaves out, and PL at both ends of a step",
    about=rac_lora_exact,
    given=(smooth, between(0, gamma * L, 2), certified_minimum, polyak_lojasiewicz, lambda_min > 0),
    claim=E(gap) <= rho_tight**T * gap0,
    descends=True,
    tightest=Tightest(1.0, "as T2_sharp, which it is on a multiple of the identity: an equality at every T and step"),
    lemmas={
        rho_tight: (between(0, gamma * L, 2), Lemma((0, 1), {L: "up", mu: "down", lambda_min: "down"})),
    },
)

TRIED = {"1/L": "T1 T2", "2/L": "T1_sharp T1_tight T2_sharp T2_tight"}

LONGEST_STEP: tuple[Values, str] = (
    {L: 1 / gamma},
    "gamma L = 1, the longest step of the paper, where gamma (2 - gamma L) is gamma",
)
NO_SKETCH: tuple[Values, str] = {lambda_min: 1, lambda_max: 1}, "H = I: gradient descent"
REDUCTIONS = (
    *reductions({T1_sharp: T1, T2_sharp: T2}, *LONGEST_STEP),
    *reductions(
        {
            T1: E(mean_squared_gradient) <= 2 * gap0_upper / (gamma * T),
            T1_sharp: E(mean_squared_gradient) <= 2 * gap0_upper / (gamma * (2 - gamma * L) * T),
            T2: E(gap) <= (1 - gamma * mu) ** T * gap0,
            T2_sharp: E(gap) <= (1 - gamma * (2 - gamma * L) * mu) ** T * gap0,
        },
        *NO_SKETCH,
    ),
    Reduction(
        subject=T1_tight,
        target=T1_sharp,
        times=1 - rho**T,
        because="always: the sum of powers of rho is (1 - rho^T) / (1 - rho)",
    ),
    *reductions({T2_tight: T2_sharp}, {mu: L}, "as steep in every direction: the next gradient tells nothing new"),
)


# Proofs.
def long_step() -> Fact:
    """(4) of T1."""
    inequality = expected(gap_next) <= gap_at_W - gamma * (2 - gamma * L) * lambda_min / 2 * (G @ G)
    return proved("One step", inequality, mean(exact) + half * plus[gamma] * stable * low(G))


def prove_T1_tight() -> tuple[Fact, Fact]:
    loss = gamma * L * (2 - gamma * L) * lambda_min
    rho = proved("", 1 - loss >= 0, square_of(1 - gamma * L) + length * stable * below_one)
    p = 2 * plus[L] * sum_of_powers(rho, j)
    step = p * long_step() + power(rho, j) * flat
    return accumulate(step, p, j, gap0_upper), plus[T]


# The mean of both roots, whose square is the factor of T2_tight, and the b that makes it so.
U = G - H(G) * (gamma * L)
x = Let("x", (kappa * R + 2 * Q) / (2 + kappa))
best = Let("b_x", R / x)
_ENOUGH = 1 - e <= (1 + e) * b

kappa_sign = proved("", kappa > 0, plus[mu] / plus[L])
at_most_L = proved("", kappa <= 1, mu_below_L / plus[L])
e_sign = proved("", e >= 0, length * stable * plus[lambda_min])
two_and_kappa = proved("", 2 + kappa > 0, 2 * one + kappa_sign)

# What is under the roots.
e_below_1 = proved("", e <= 1, below_one + plus[lambda_min] * square_of(1 - gamma * L))
below_Q = proved("", 1 - kappa * e * (1 + kappa) / 2 >= 0, e_below_1 + half * e_sign * at_most_L * two_and_kappa)
root_R, root_Q = square_root(R, e_below_1), square_root(Q, below_Q)
root = square_root(R, *assumed(e < 1))

# PL at W and at W+, and what a step gains.
pl_at_W = proved("", kappa * gap_at_W <= G @ G / (2 * L), pl / plus[L])
pl_at_next = proved(
    "", kappa * expected(gap_next) <= expected(G_next @ G_next) / (2 * L), half * mean(axioms.pl_next) / plus[L]
)
gained = half * plus[gamma] * stable * low(G)
gain = proved("", e / (2 * L) * (G @ G) <= gamma * (2 - gamma * L) / 2 * expected(G @ H(G)), gained)


def for_any_b() -> Fact:
    """(6) of T2, times the number below its fraction, for any parameter b of Young's inequality."""
    (is_positive,), (at_most_1,), (enough,) = map(assumed, (b > 0, b <= 1, _ENOUGH))
    young = mean(square(G_next * b - U)) / is_positive
    drawn = mean(grant("remainder", rac_lora_exact)) + Fraction(1, 4) * young / plus[L] + half * at_most_1 * pl_at_next
    rest = (one + half * at_most_1 / is_positive) * gain + half * enough / is_positive * pl_at_W
    left = 1 - kappa * ((1 + e) * b - (1 - e)) / (2 * b)
    return proved("", (1 + kappa * (1 - b) / 2) * expected(gap_next) <= left * gap_at_W, drawn + rest)


def at_most_1() -> tuple[Fact, Fact]:
    """R and x are at most 1."""
    below = proved("", R <= 1, e_sign / proved("", 1 + R > 0, one + root))
    beside_Q = proved("", 1 + Q > 0, one + root_Q)
    Q_below = proved("", Q <= 1, half * e_sign * kappa_sign * (one + kappa_sign) / beside_Q)
    return below, proved("", x <= 1, (kappa_sign * below + 2 * Q_below) / two_and_kappa)


def shortly() -> Fact:
    """One step where e < 1, with the best b."""
    x_sign = proved("", x > 0, (kappa_sign * root + 2 * root_Q) / two_and_kappa)
    order = proved("", R <= Q, half * e_sign * at_most_L * two_and_kappa / proved("", R + Q > 0, root + root_Q))
    sign = proved("", best > 0, root / x_sign)
    small = proved("", best <= 1, 2 * order / two_and_kappa / x_sign)
    R_below, x_below = at_most_1()
    enough = proved("", _ENOUGH.at({b: best}), sign * (R_below + root * x_below + e_sign))
    times = proved("", 1 + kappa * (1 - best) / 2 > 0, one + half * kappa_sign * small)
    fallen = instance(for_any_b(), b, best, {b > 0: sign, b <= 1: small, _ENOUGH: enough})
    return proved("", expected(gap_next) <= rho_tight * gap_at_W, fallen / times)


def at_once() -> Fact:
    """One step where e = 1: then H = I, and U = 0."""
    (is_all,) = assumed(e >= 1)
    drawn = (
        mean(grant("remainder", rac_lora_exact))
        + Fraction(1, 4) * mean(grant("stays", letters=(e,))) / plus[L]
        + half * pl_at_next
        + gain
    )
    fallen = proved("", (2 + kappa) / 2 * expected(gap_next) <= (1 - kappa * e) * gap_at_W, drawn + e_sign * pl_at_W)
    left = kappa_sign * root_R * (kappa_sign * root_R + 4 * root_Q) + 2 * kappa_sign * is_all
    enough = proved("", 2 * (1 - kappa * e) / (2 + kappa) <= rho_tight, left / two_and_kappa / two_and_kappa)
    rest = enough * gap_is_positive[certified_minimum]
    return proved("", expected(gap_next) <= rho_tight * gap_at_W, 2 * fallen / two_and_kappa + rest)


def prove_T2_tight() -> tuple[Fact, Fact]:
    x_sign = (kappa_sign * root_R + 2 * root_Q) / two_and_kappa
    rho = proved("", rho_tight >= 0, x_sign * x_sign)
    return iterate(cases(shortly(), at_once(), e < 1), rho, gap0), one
