"""What is taken for granted of a step where the curvature of f is bounded by an operator Q, seen through a sketch."""

from rac_theory.proofs.drawn import H, letter
from rac_theory.proofs.fact import granted
from rac_theory.proofs.facts import E, G, g, gap, gap_next
from rac_theory.theorems.assumptions import (
    polyak_lojasiewicz,
    rac_lora_exact,
    rac_lora_stochastic,
    smooth_along_sketch,
)
from rac_theory.theorems.symbols import L_H, gamma, lambda_min, mu

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
along = granted("E[H Q H] <= L_H E[H]", E(bent) <= L_H * E(G @ H(G)), smooth_along_sketch)
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
