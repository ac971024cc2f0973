r"""GaLore with exact gradients: steps along the leading singular subspace of the gradient where it was last found.

A step counts each time that the subspace is found anew. No expectation is over draws, as there are none; and nothing is
said of noisy gradients, whose leading subspace may be that of the noise.
"""

from rac_theory.algebra import between
from rac_theory.statements import E, Theorem, Tightest, galore_exact, gap, mean_squared_gradient
from rac_theory.statements.assumptions import bounded_below, certified_minimum, polyak_lojasiewicz, smooth
from rac_theory.statements.symbols import L, T, delta, gamma, gap0, gap0_upper, mu

T17 = Theorem(
    id="T17",
    name="galore_gd_nonconvex",
    source="derived from the descent lemma and the largest r of min(m, n) squared singular values",
    mark="derived",
    about=galore_exact,
    given=(smooth, between(0, gamma * L, 2), bounded_below, delta > 0),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (delta * gamma * (2 - gamma * L) * T),
    descends=True,
    tightest=Tightest(
        1.0, "r = min(m, n): T1_sharp of GD; else 1 - (1 - delta) gamma L (2 - gamma L) / 2 on L ||W||^2"
    ),
)

T17_pl = Theorem(
    id="T17_pl",
    name="galore_gd_pl",
    source="derived from the descent lemma and the largest r of min(m, n) squared singular values",
    mark="derived",
    about=galore_exact,
    given=(smooth, between(0, gamma * L, 2), certified_minimum, polyak_lojasiewicz, delta > 0),
    claim=E(gap) <= (1 - gamma * (2 - gamma * L) * mu * delta) ** T * gap0,
    descends=True,
    tightest=Tightest(
        1.0, "a multiple of the identity, equal singular values at the start, T = 1; short steps: every T"
    ),
)

TRIED = dict.fromkeys(("galore", "lazy galore"), "T17 T17_pl")
