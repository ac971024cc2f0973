"""What families share: what is granted of them, and pieces of proofs that several begin or end with."""

from fractions import Fraction

from rac_theory.algebra import between
from rac_theory.proofs import Granted, assumed, gap_is_positive, grant, sign
from rac_theory.statements import rac_lora_exact, rac_lora_stochastic
from rac_theory.statements.assumptions import (
    bounded_below,
    known_largest_projection,
    polyak_lojasiewicz,
    structured_noise,
)
from rac_theory.statements.symbols import L, gamma, lambda_max, lambda_min

axioms = Granted()
"""What is granted of no name, by the name of its schema."""

half = Fraction(1, 2)
end = gap_is_positive[bounded_below]
(short,) = assumed(gamma * L <= 1)
length, stable = assumed(between(0, gamma * L, 2))
_, pl = assumed(polyak_lojasiewicz)
moves = sign(lambda_min, lambda_min > 0)
noise = [*assumed(structured_noise)][-1]
most = sign(lambda_max, known_largest_projection)
exact, noisy = grant("descent", rac_lora_exact), grant("descent", rac_lora_stochastic)
unbiased = grant("unbiased", rac_lora_stochastic)
