r"""RAC-LoRA with steps that are certified where they are taken: T1 with :math:`\gamma_t` for 1/L, and no L at all.

A certificate is about every orthogonal projection, of several layers about every block diagonal one, so that it does
not depend on the one that is drawn: that is all the proof needs. What is bounded is the mean of
:math:`\gamma_t \|\nabla f(W^t)\|^2`, in the unit of f.
"""

from rac_theory.statements import E, Theorem, Tightest, mean_scaled_squared_gradient, rac_lora_certified
from rac_theory.statements.assumptions import bounded_below
from rac_theory.statements.symbols import T, gap0_upper, lambda_min

T16 = Theorem(
    id="T16",
    name="rac_lora_certified_nonconvex",
    source="derived from a certificate of descent at every iterate and H = H' = H^2",
    mark="derived",
    about=rac_lora_certified,
    given=(bounded_below, lambda_min > 0),
    claim=E(mean_scaled_squared_gradient) <= 2 * gap0_upper / (lambda_min * T),
    descends=True,
    tightest=Tightest(1.0, "GD on a multiple of the identity, certified 1/L: an equality at every T"),
)

TRIED = {"certified": "T16"}
