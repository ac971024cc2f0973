"""What is taken for granted of steps that decrease, at every t: their sizes, and what one of them does to f."""

from collections.abc import Mapping

from rac_theory.algebra import Expression
from rac_theory.proofs.drawn import H
from rac_theory.proofs.fact import granted
from rac_theory.proofs.facts import E, G, g, gap, gap_next
from rac_theory.statements.assumption import Assumption
from rac_theory.statements.assumptions import rac_lora_harmonic_steps, rac_lora_root_steps, smooth
from rac_theory.statements.symbols import L, gamma, t, t_0
from rac_theory.theorems import decreasing

SIZES: Mapping[Assumption, Expression] = {
    rac_lora_root_steps: decreasing.gamma_t,
    rac_lora_harmonic_steps: decreasing.c / (t + t_0),
}
"""The size of step t, by what a theorem is about."""

# One step of a size that depends on t, at every t.
count = {about: granted("A count", t >= 0, about) for about in SIZES}
offset = {about: granted("An offset", t_0 > 0, about) for about in SIZES}
later = {about: granted("A count and an offset", t + t_0 > 0, about) for about in SIZES}
noisy = {
    about: granted(
        "Descent lemma", gap_next <= gap - size * (G @ H(g)) + L / 2 * size**2 * (H(g) @ H(g)), smooth, about
    )
    for about, size in SIZES.items()
}
unbiased = {about: granted("g is unbiased and independent of H", E(G @ H(G)) <= E(G @ H(g)), about) for about in SIZES}
root_size = granted("A step size", decreasing.gamma_t > 0, rac_lora_root_steps)
root_falls = granted("None is longer than the first", decreasing.gamma_t <= gamma, rac_lora_root_steps)
