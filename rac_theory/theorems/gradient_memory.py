r"""What is kept is a gradient: EF21 with a fresh H at each step.

``V+ = V + H (G - V)`` and ``W+ = W - gamma V+``, from V = 0, with the exact gradient G at W. Of gradients it needs HG
alone, as steps along H do; V is of full size, and so are steps. What H does not see of G is what V had there, and
``M = G - V``, how far V is behind, shrinks on average by what H sees of it and grows by what W moves.

T27 and T27_pl hold where H = I with the constants of T1 and T2. They promise no speed-up.
"""

from rac_theory.algebra import Lemma, Let
from rac_theory.proofs import E as expected
from rac_theory.proofs import (
    Fact,
    G,
    G_next,
    H,
    M,
    Psi,
    assumed,
    below_one,
    gap_next,
    grant,
    iterate,
    low,
    mean,
    memory_of,
    one,
    plus,
    proved,
    square,
    telescope,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import E, Theorem, Tightest, gap, mean_squared_gradient, rac_lora_ef21, reductions
from rac_theory.statements.assumptions import bounded_below, certified_minimum, polyak_lojasiewicz, smooth
from rac_theory.statements.symbols import L, T, gamma, gap0, gap0_upper, lambda_min, mu
from rac_theory.theorems.shared import axioms, end, half, moves, pl

_SOURCE = "derived: the descent lemma along V, and Young's inequality for how far V is behind"

lag = 2 * gamma * L * (1 - lambda_min) / lambda_min
"""How much a gap counts more because V is zero at first, and not the gradient."""
theta = Let(
    "theta",
    1 - gamma * L - 2 * (gamma * L) ** 2 * (1 - lambda_min) * (2 - lambda_min) / lambda_min**2,
    "share of the step",
)

T27 = Theorem(
    id="T27",
    name="gradient_memory_nonconvex",
    source=_SOURCE,
    about=rac_lora_ef21,
    given=(smooth, lambda_min > 0, theta >= 0, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper * (1 + lag) / (gamma * T),
    tightest=Tightest(1.0, "x^2/2, H = 1, gamma = 1, where V is the gradient: an equality at every T"),
)

room = Let("room", lambda_min - 2 * gamma * mu, "what H sees, less twice what the gap falls by")
slack = Let(
    "slack",
    (1 - gamma * L) * lambda_min * room - 2 * (gamma * L) ** 2 * (1 - lambda_min) * (2 - 2 * lambda_min + room),
    "share of the step, times lambda_min room",
)
rho = Let("rho", 1 - gamma * mu, "factor of the gap, a step")

T27_pl = Theorem(
    id="T27_pl",
    name="gradient_memory_pl",
    source=_SOURCE,
    about=rac_lora_ef21,
    given=(smooth, lambda_min > 0, room > 0, slack >= 0, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= rho**T * gap0 * (1 + lag),
    lemmas={
        rho: (room > 0, Lemma((0, 1), {mu: "down"}, "given")),
        room: (room > 0, Lemma((0, 1), {mu: "down", lambda_min: "up"}, "given")),
        slack: (slack >= 0, Lemma((0, 1), {mu: "down", L: "down", lambda_min: "up"}, "given")),
    },
    tightest=Tightest(0.5, "x^2/2, H = 1, steps that tend to 0, where the bound has halved"),
)

TRIED = {"EF21": "T27 T27_pl"}

REDUCTIONS = reductions(
    {T27: E(mean_squared_gradient) <= 2 * gap0_upper / (gamma * T), T27_pl: E(gap) <= rho**T * gap0},
    {lambda_min: 1},
    "H = I, where V is the gradient: T1 and T2",
)


# Proofs.
memory, then = memory_of(rac_lora_ef21)
behind = M - H(M)
"""What H does not see of how far V is behind: V+ is G less that."""


share = plus[gamma] * below_one / moves
"""How much of ``||M||^2`` is in psi."""
psi = gap_at_W + share.value.expression * (memory @ memory)
after = expected(gap_next) + share.value.expression * expected(then @ then)


def _paid(left: Fact, factor: Fact, spared: Fact) -> Fact:
    """A step of psi, which is multiplied by a factor: Young's inequality is taken with what is ``left`` of lambda_min,
    over ``2 - 2 lambda_min``; ``spared`` is how much of ``||V+||^2`` is left."""
    size, turned = plus[gamma], G_next - G
    young = mean(square(behind * (left.value.expression / 2) - turned * (1 - lambda_min)))
    return (
        mean(grant("descent", rac_lora_ef21))
        + share * (2 * below_one + left) / left * mean(axioms.turned_by)
        + 2 * size / moves / left * young
        + size * factor / moves * low(M)
        + half * size * spared * mean(square(G - behind))
    )


def prove_T27() -> tuple[Fact, Fact]:
    (fits,) = assumed(theta >= 0)
    slope = half * plus[gamma]
    step = proved("One step", after <= psi - gamma / 2 * (G @ G), _paid(moves, one, fits))
    of = Psi(rac_lora_ef21, psi, gap0_upper, share=share)
    return telescope(step, one, slope, of, end + share * square(M)), slope * plus[T]


def prove_T27_pl() -> tuple[Fact, Fact]:
    (some,) = assumed(room > 0)
    (enough,) = assumed(slack >= 0)
    left = proved("", room > 0, some)
    factor = proved("", rho >= 0, half * (one + below_one + left))
    step = proved("One step", after <= rho * psi, _paid(left, factor, enough / moves / left) + plus[gamma] * pl)
    of = Psi(rac_lora_ef21, psi, gap0, share=share)
    return iterate(step, factor, of, share * square(M)), grant("number")
