r"""RAC-LoRA that sees values of f alone: T1 and T2 with a floor for the error of finite differences.

A step needs r directional derivatives, and a forward difference is off by :math:`h L / 2` at most, as is a central one.
So ``b^2 = r (h L / 2)^2``, and what the theorems lose goes to zero with h.
"""

from rac_theory.algebra import powers
from rac_theory.statements import E, Theorem, Tightest, gap, mean_squared_gradient, rac_lora_by_differences
from rac_theory.statements.assumptions import bounded_below, certified_minimum, known_bias, polyak_lojasiewicz, smooth
from rac_theory.statements.symbols import L, T, bias_squared, gamma, gap0, gap0_upper, lambda_min, mu

_SOURCE = "derived from the descent lemma and the error of a finite difference, h L / 2"

T20 = Theorem(
    id="T20",
    name="rac_lora_differences_nonconvex",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_by_differences,
    given=(smooth, gamma * L <= 1, bounded_below, lambda_min > 0, known_bias),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (lambda_min * gamma * T) + bias_squared / lambda_min,
    tightest=Tightest(1.0, "L x^2/2 at gamma = 1/L, in the limit of a large T"),
)

_rho = 1 - gamma * mu * lambda_min  # that of T2

T20_pl = Theorem(
    id="T20_pl",
    name="rac_lora_differences_pl",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_by_differences,
    given=(smooth, gamma * L <= 1, certified_minimum, polyak_lojasiewicz, lambda_min > 0, known_bias),
    claim=E(gap) <= _rho**T * gap0 + powers(_rho, 0, T - 1) * gamma * bias_squared / 2,
    tightest=Tightest(1.0, "a multiple of the identity, isotropic sketch, gamma = 1/L: an equality at every T"),
)

TRIED = {"differences": "T20 T20_pl"}
