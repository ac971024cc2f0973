"""RAC-LoRA with one reshuffled epoch a sketch; L is the largest constant of a component, N their number.

How far several steps under one sketch drift is what epochs and rounds share. An epoch of N reshuffled steps, or a
round of K local ones, is one step of the total length along a gradient that is off by at most ``s^2 ||HG||^2`` and v
times the spread of the gradients. The theorems differ in v: ``s r`` for an epoch, ``s^2`` for a round. Both are 0 for
a single step, where the theorems are T1 and T2.
"""

from fractions import Fraction

from rac_theory.algebra import Expression, Lemma, Let, Symbol, lifted, powers, total
from rac_theory.proofs import Granted, k, one, proved
from rac_theory.statements import (
    E,
    Reduction,
    Theorem,
    Tightest,
    gap,
    mean_squared_gradient,
    rac_lora_reshuffled,
    reductions,
    weighted_squared_gradient,
)
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_heterogeneity,
    known_largest_projection,
    known_variance,
    polyak_lojasiewicz,
    smooth_components,
)
from rac_theory.statements.symbols import (
    A,
    C,
    D,
    K,
    N,
    T,
    beta,
    eta,
    gamma,
    gap0,
    gap0_upper,
    lambda_max,
    lambda_min,
    mu,
    sigma_squared,
)
from rac_theory.statements.symbols import L as L_of_f
from rac_theory.statements.symbols import L_max as L
from rac_theory.theorems import rac_lora_gd, stochastic

s = Let("s", 1 / N * total(k, N, (1 + eta * L) ** k - 1), "how far the steps of an epoch drift", "s_N")
r = Let(
    "r",
    eta * L / (N * (N - 1)) * total(k, N, k * (1 + eta * L) ** (k - 1)),
    "how much the order of an epoch matters",
    "r_N",
)
s_K = Let("s", 1 / K * total(k, K, (1 + eta * L) ** k - 1), "how far clients drift in a round", "s_K")

# In a reduction the drifts may be any numbers.
any_s, any_r, any_a = (Symbol(name, unit="drift") for name in ("s", "r", "a"))
AS_NOISE = "a drift takes from the gain and adds to the floor as noise does"


def as_noise(
    length: Expression, v: object, u: object, spread: Expression | None = None
) -> dict[Expression, Expression | int | Fraction]:
    """Return the noise that a drift amounts to in one step of this length.

    It is v times the spread of the gradients, which is at most 2 L times the gap and D, or a ``spread``, and it takes u
    of the gain.
    """
    v, u = Let("v", lifted(v)), Let("u", lifted(u))
    return {
        gamma: length,
        L_of_f: L,
        A: v / length if spread is None else 0,
        beta: (1 + u) / (length * L),
        C: v * (D if spread is None else spread) / (length * L),
    }


_EPOCH = (smooth_components, 2 * eta * N * L <= 1, lambda_min > 0, known_largest_projection)
_SOURCE = "derived from a lemma on one reshuffled epoch in the range of the sketch"

_SHARP = (smooth_components, eta * N * L <= 1, lambda_min > 0, known_largest_projection, known_heterogeneity)
_SOURCE_SHARP = "derived from the drift of a reshuffled epoch in the range of the sketch, without estimates of the sums"

q = Let(
    "q", Fraction(4, 9) * eta**3 * N * (N + 1) * L**3 * lambda_max, "growth that the order of an epoch causes, an epoch"
)
w = Let("w", 1 / (1 + q), "weight of an epoch relative to the one before")
W_T = Let("W_T", powers(w, 1, T), "sum of the weights from w to w^T")
loss = Fraction(7, 9) * eta * N * mu * lambda_min
rho = Let("rho", 1 - loss + q, "factor of the gap, an epoch")

T7 = Theorem(
    id="T7",
    name="rac_lora_rr_nonconvex",
    source=_SOURCE,
    about=rac_lora_reshuffled,
    given=(*_EPOCH, bounded_below, known_variance),
    claim=E(mean_squared_gradient)
    <= 18 * gap0_upper / (7 * eta * N * lambda_min * T)
    + Fraction(4, 7) * eta**2 * L**2 * (N + 1) * (lambda_max / lambda_min) * sigma_squared,
    tightest=Tightest(0.615, "identical components x^2/2 at eta = 1/(2N), N and T to infinity; 0.569 for N = 2"),
)

T7d = Theorem(
    id="T7d",
    name="rac_lora_rr_nonconvex_data",
    source=_SOURCE,
    about=rac_lora_reshuffled,
    given=(*_EPOCH, bounded_below, known_heterogeneity),
    claim=E(weighted_squared_gradient(w))
    <= 18 * gap0_upper / (7 * eta * N * lambda_min * W_T)
    + Fraction(4, 7) * eta**2 * L**2 * (N + 1) * (lambda_max / lambda_min) * D,
    tightest=Tightest(0.615, "identical components x^2/2 at eta = 1/(2N), N and T to infinity; 0.536 for N = 2"),
)

# Sharper: squares in the range of the sketch are not split, and the sums stay as they are.
q_sharp = Let("q", eta * N * s * r * lambda_max * L, "growth that drift causes, an epoch")
w_sharp = Let("w", 1 / (1 + q_sharp), "weight of an epoch relative to the one before")
W_T_sharp = Let("W_T", powers(w_sharp, 1, T), "sum of the weights from w to w^T")
rho_sharp = Let("rho", 1 - (1 - s**2 + s * r) * eta * N * mu * lambda_min + q_sharp, "factor of the gap, an epoch")

_LEMMAS = {1 - s**2 + s * r: (eta * N * L <= 1, Lemma((0, 1), {L: "down"}))}

T7d_sharp = Theorem(
    id="T7d_sharp",
    name="rac_lora_rr_nonconvex_sharp",
    source=_SOURCE_SHARP,
    about=rac_lora_reshuffled,
    given=(*_SHARP, bounded_below),
    claim=E(weighted_squared_gradient(w_sharp))
    <= (2 * gap0_upper / (eta * N * lambda_min * W_T_sharp) + s * r * (lambda_max / lambda_min) * D)
    / (1 - s**2 + s * r),
    tightest=Tightest(1.0, "N = 1, where it is T1; identical components x^2/2 at eta = 1/(2L) for N = 2"),
    lemmas=_LEMMAS,
)

T8 = Theorem(
    id="T8",
    name="rac_lora_rr_pl",
    source=_SOURCE,
    about=rac_lora_reshuffled,
    given=(*_EPOCH, certified_minimum, polyak_lojasiewicz, known_variance),
    claim=E(gap)
    <= (1 - loss) ** T * gap0
    + Fraction(2, 7) * eta**2 * L**2 * (N + 1) * (lambda_max / lambda_min) * (sigma_squared / mu),
    tightest=Tightest(
        0.648, "identical components, a sketch that hardly ever moves, where the bound has halved; 0.591 for N = 2"
    ),
)

T8d = Theorem(
    id="T8d",
    name="rac_lora_rr_pl_data",
    source=_SOURCE,
    about=rac_lora_reshuffled,
    given=(*_EPOCH, certified_minimum, polyak_lojasiewicz, known_heterogeneity, rho >= 0, rho < 1),
    claim=E(gap)
    <= rho**T * gap0 + powers(rho, 0, T - 1) * Fraction(2, 9) * eta**3 * N * (N + 1) * L**2 * lambda_max * D,
    tightest=Tightest(
        0.648, "identical components, a sketch that hardly ever moves, where the bound has halved; 0.51 for N = 2"
    ),
)

T8d_sharp = Theorem(
    id="T8d_sharp",
    name="rac_lora_rr_pl_sharp",
    source=_SOURCE_SHARP,
    about=rac_lora_reshuffled,
    given=(*_SHARP, certified_minimum, polyak_lojasiewicz, rho_sharp >= 0, rho_sharp < 1),
    claim=E(gap) <= rho_sharp**T * gap0 + powers(rho_sharp, 0, T - 1) * (eta * N / 2) * s * r * lambda_max * D,
    tightest=Tightest(1.0, "(x - 1)^2/2 and (x + 1)^2/2 at eta = 1/2, any sketch: an equality at every T"),
    lemmas=_LEMMAS,
)

TRIED = {"reshuffled": "T7 T7d T7d_sharp T8 T8d T8d_sharp"}

REDUCTIONS = (
    *reductions(
        {T7d_sharp: rac_lora_gd.T1, T8d_sharp: rac_lora_gd.T2},
        {N: 1, eta: gamma, L: L_of_f},
        "one component, which is f",
    ),
    *reductions(
        {T7: rac_lora_gd.T1, T8: rac_lora_gd.T2},
        {sigma_squared: 0, gamma: Fraction(7, 9) * eta * N, L_of_f: L},
        "equal components, such as one alone: an epoch is said to do what 7/9 of its length does",
    ),
    Reduction(
        subject=T7,
        target=rac_lora_gd.T1,
        at={N: 1, sigma_squared: 0, eta: gamma, L: L_of_f},
        times=Fraction(9, 7),
        because="one component: half of the longest step, and 7/9 of the gain, are what the simple constants cost",
    ),
)
_DRIFT = eta * N, Fraction(4, 9) * eta**2 * L**2 * (N + 1), Fraction(2, 9)
_SHARP_DRIFT = eta * N, any_s * any_r, any_s**2 - any_s * any_r
DRIFT_AS_NOISE = (
    *reductions({T7: stochastic.T5}, as_noise(*_DRIFT, sigma_squared), AS_NOISE),
    *reductions({T7d: stochastic.T5, T8d: stochastic.T6}, as_noise(*_DRIFT), AS_NOISE),
    *reductions(
        {T7d_sharp: stochastic.T5, T8d_sharp: stochastic.T6},
        {s: any_s, r: any_r, **as_noise(*_SHARP_DRIFT)},
        AS_NOISE,
    ),
    *reductions({T8: stochastic.LIMIT}, as_noise(*_DRIFT, sigma_squared), AS_NOISE),
)


# Proofs.
axioms = Granted(s, r)


kept_of_epoch = proved(
    "", 1 - s**2 + s * r > 0, axioms.s_below_1 * (one + axioms.s_sign) + axioms.s_sign * axioms.r_sign
)

LEMMAS = (kept_of_epoch,)
