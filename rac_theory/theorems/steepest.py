"""Steps that look at signs or norms: within the range of H the steepest of their size, with exact gradients.

Of what is bounded the norm is that of the algorithm, and not its square, as a step does not shrink with the gradient.
"""

from rac_theory.statements import E, Theorem, Tightest, mean_norm, rac_lora_steepest
from rac_theory.statements.assumptions import bounded_below, known_span, smooth
from rac_theory.statements.symbols import L, T, gamma, gap0_upper, seen, span

T24 = Theorem(
    id="T24",
    name="rac_lora_steepest_nonconvex",
    source="derived from the descent lemma and what a projection leaves of a norm on average",
    mark="derived",
    about=rac_lora_steepest,
    given=(smooth, bounded_below, known_span, seen > 0),
    claim=E(mean_norm) <= gap0_upper / (gamma * seen * T) + L * gamma * span / (2 * seen),
    tightest=Tightest(1.0, "L x^2/2, H = 1, one step: an equality at T = 1; steps to and fro around 0: in the limit"),
)

TRIED = {"steepest": "T24"}
