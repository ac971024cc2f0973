"""What is taken for granted of a step where the curvature of f is bounded by an operator Q."""

from rac_theory.proofs.drawn import H, letter
from rac_theory.proofs.fact import Fact, granted
from rac_theory.proofs.facts import E, G, g, gap, gap_next
from rac_theory.statements.assumption import Assumption, Predicate
from rac_theory.statements.assumptions import (
    one_exact_step,
    plain_gaussian_rac_lora,
    plain_or_fitted,
    polyak_lojasiewicz,
    positive_gain,
    positive_gaussian_gain,
    rac_lora_exact,
    rac_lora_stochastic,
    smooth_along_sketch,
)
from rac_theory.statements.symbols import L_H, gamma, lambda_min, longest_step, mu, nu

# One step along a sketch, W+ = W - gamma HG, or W - gamma Hg, where f is curved by no more than Q.
_BELOW = "f lies below the quadratic of curvature Q that touches it at W"
bent = letter("<HG,QHG>", r"\langle HG, QHG \rangle", "H")
bent_by_noise = letter("<Hg,QHg>", r"\langle Hg, QHg \rangle", "H")
below_Q = granted(
    _BELOW, gap_next <= gap - gamma * (G @ H(G)) + gamma**2 / 2 * bent, smooth_along_sketch, rac_lora_exact
)
noisy_below_Q = granted(
    _BELOW,
    gap_next <= gap - gamma * (G @ H(g)) + gamma**2 / 2 * bent_by_noise,
    smooth_along_sketch,
    rac_lora_stochastic,
)
along = granted("E[H Q H] <= L_H E[H]", E(bent) <= L_H * E(G @ H(G)), smooth_along_sketch, rac_lora_exact)
noise_along = granted(
    "E[H Q H] <= L_H E[H], and g is independent of H",
    E(bent_by_noise) <= L_H * E(g @ H(g)),
    smooth_along_sketch,
    rac_lora_stochastic,
)
mu_below_L_H = granted(
    "A step of 1/L_H does not fall below f*",
    mu * lambda_min <= L_H,
    smooth_along_sketch,
    polyak_lojasiewicz,
    page="t13",
)

# Any step with a random M, W_1 = W - MG, and perhaps more of them under the same M.
_ABOUT = {
    plain_or_fitted: positive_gain,
    plain_gaussian_rac_lora: positive_gaussian_gain,
    one_exact_step: positive_gain,
}
gap_first = letter("f(W_1) - f*", r"f(W_1) - f^\star", "H", is_sum=True)
moved = letter("<G,MG>", r"\langle G, MG \rangle", "H")
bent_by_M = letter("<MG,QMG>", r"\langle MG, QMG \rangle", "H")
first: dict[Predicate, Fact] = {
    about: granted(_BELOW, gap_first <= gap - moved + bent_by_M / 2, by, about) for about, by in _ABOUT.items()
}
later: dict[Predicate, Fact] = {
    plain_or_fitted: granted(
        "No inner step rises", gap_next <= gap_first, positive_gain, plain_or_fitted, longest_step < 2
    ),
    **{
        about: granted("There is one step", gap_next <= gap_first, about)
        for about in (plain_gaussian_rac_lora, one_exact_step)
    },
}
gain: dict[Predicate, Fact] = {
    about: granted("nu is the smallest eigenvalue", nu * (G @ G) <= E(2 * moved - bent_by_M), by, about)
    for about, by in _ABOUT.items()
}
mu_nu_below_1: dict[Assumption, Fact] = {
    by: granted("A step does not fall below f*", mu * nu <= 1, by, polyak_lojasiewicz, page="t15")
    for by in (positive_gain, positive_gaussian_gain)
}
