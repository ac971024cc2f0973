r"""Variants of the step, each with an inequality of descent of its own: its length is certified where it is taken, it
is the steepest of a norm, goes along finite differences, or along the leading singular subspace of the gradient.

A certificate is about every orthogonal projection, of several layers about every block diagonal one, so that it does
not depend on the one that is drawn: that is all the proof of T16 needs, with :math:`\gamma_t` for 1/L and no L at all.

A steepest step looks at signs or norms, with exact gradients. T24 bounds the norm of the algorithm and not its square,
as such a step does not shrink with the gradient.

A step that sees values of f alone needs r directional derivatives. A forward difference is off by :math:`h L / 2` at
most, as is a central one, so that ``b^2 = r (h L / 2)^2``, and what T20 loses beside T1 goes to zero with h.

GaLore takes the leading singular subspace of an exact gradient where it was last found, and T17 counts a step each time
that it is found anew. Nothing is drawn, and of noisy gradients nothing is said: theirs may be a subspace of the noise.
"""

from rac_theory.algebra import between, powers
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    galore_exact,
    gap,
    mean_norm,
    mean_scaled_squared_gradient,
    mean_squared_gradient,
    rac_lora_by_differences,
    rac_lora_certified,
    rac_lora_steepest,
)
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_bias,
    known_span,
    polyak_lojasiewicz,
    smooth,
)
from rac_theory.statements.symbols import (
    L,
    T,
    bias_squared,
    delta,
    gamma,
    gap0,
    gap0_upper,
    lambda_min,
    mu,
    norm_share,
    span,
)

T16 = Theorem(
    id="T16",
    name="rac_lora_certified_nonconvex",
    source="derived from a certificate of descent at every iterate and H = H' = H^2",
    about=rac_lora_certified,
    given=(bounded_below, lambda_min > 0),
    claim=E(mean_scaled_squared_gradient) <= 2 * gap0_upper / (lambda_min * T),
    descends=True,
    tightest=Tightest(1.0, "GD on a multiple of the identity, certified 1/L: an equality at every T"),
)


T24 = Theorem(
    id="T24",
    name="rac_lora_steepest_nonconvex",
    source="derived from the descent lemma and what a projection leaves of a norm on average",
    about=rac_lora_steepest,
    given=(smooth, bounded_below, known_span, norm_share > 0),
    claim=E(mean_norm) <= gap0_upper / (gamma * norm_share * T) + L * gamma * span / (2 * norm_share),
    tightest=Tightest(1.0, "L x^2/2, H = 1, one step: an equality at T = 1; steps to and fro around 0: in the limit"),
)


_BY_DIFFERENCES = "derived from the descent lemma and the error of a finite difference, h L / 2"

T20 = Theorem(
    id="T20",
    name="rac_lora_differences_nonconvex",
    source=_BY_DIFFERENCES,
    about=rac_lora_by_differences,
    given=(smooth, gamma * L <= 1, bounded_below, lambda_min > 0, known_bias),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (lambda_min * gamma * T) + bias_squared / lambda_min,
    tightest=Tightest(1.0, "L x^2/2 at gamma = 1/L, in the limit of a large T"),
)

_factor_of_T2 = 1 - gamma * mu * lambda_min  # that of T2

T20_pl = Theorem(
    id="T20_pl",
    name="rac_lora_differences_pl",
    source=_BY_DIFFERENCES,
    about=rac_lora_by_differences,
    given=(smooth, gamma * L <= 1, certified_minimum, polyak_lojasiewicz, lambda_min > 0, known_bias),
    claim=E(gap) <= _factor_of_T2**T * gap0 + powers(_factor_of_T2, 0, T - 1) * gamma * bias_squared / 2,
    tightest=Tightest(1.0, "a multiple of the identity, isotropic sketch, gamma = 1/L: an equality at every T"),
)


T17 = Theorem(
    id="T17",
    name="galore_gd_nonconvex",
    source="derived from the descent lemma and the largest r of min(m, n) squared singular values",
    about=galore_exact,
    given=(smooth, between(0, gamma * L, 2), bounded_below, delta > 0),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (delta * gamma * (2 - gamma * L) * T),
    descends=True,
    tightest=Tightest(
        1.0, "r = min(m, n): T1_sharp of GD; else 1 - (1 - delta) gamma L (2 - gamma L) / 2 on L ||W||^2 / 2"
    ),
)

T17_pl = Theorem(
    id="T17_pl",
    name="galore_gd_pl",
    source="derived from the descent lemma and the largest r of min(m, n) squared singular values",
    about=galore_exact,
    given=(smooth, between(0, gamma * L, 2), certified_minimum, polyak_lojasiewicz, delta > 0),
    claim=E(gap) <= (1 - gamma * (2 - gamma * L) * mu * delta) ** T * gap0,
    descends=True,
    tightest=Tightest(
        1.0, "a multiple of the identity, equal singular values at the start, T = 1; short steps: every T"
    ),
)

TRIED = {
    "certified": "T16",
    "steepest": "T24",
    "differences": "T20 T20_pl",
    **dict.fromkeys(("galore", "lazy galore"), "T17 T17_pl"),
}
