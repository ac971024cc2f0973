"""What is taken for granted of a cycle, in which each of k orthogonal blocks has one turn.

G_i is the gradient when block i has its turn, H_i the projection on it, and braces hold a part for each block: the
length of such a list is the root of the sum of its squares. Only the order of the blocks is drawn.
"""

from rac_theory.proofs.drawn import letter
from rac_theory.proofs.fact import granted
from rac_theory.proofs.facts import G, gap, gap_next
from rac_theory.statements.assumptions import rac_lora_in_turns, smooth, smooth_along_sketch
from rac_theory.statements.symbols import L_H, L, ell, gamma

# A cycle of blocks, from W to W+.
used = letter("||{H_i G_i}||", r"\Vert \{ H_i G_i \} \Vert", "H")
missed = letter("||{H_i (G - G_i)}||", r"\Vert \{ H_i (G - G_i) \} \Vert", "H")
used_sign, missed_sign = granted("A length", used >= 0), granted("A length", missed >= 0)
turns = granted(
    "Descent lemma in each block, H_i Q H_i <= L_H H_i",
    gap_next <= gap - gamma * (2 - gamma * L_H) / 2 * used**2,
    smooth_along_sketch,
    rac_lora_in_turns,
    page="t18",
)
parts = granted(
    "The blocks hold every direction once; triangle inequality", (used + missed) ** 2 >= G @ G, rac_lora_in_turns
)
lipschitz = granted(
    "The gradient is Lipschitz, moves and parts in orthogonal blocks add up by their squares",
    missed <= gamma * L * ell * used,
    smooth,
    rac_lora_in_turns,
    page="t18",
)
