r"""What is kept is a gradient: EF21 with a fresh H at each step.

``V+ = V + H (G - V)`` and ``W+ = W - gamma V+``, from V = 0, with the exact gradient G at W. Of gradients it needs HG
alone, as steps along H do; V is of full size, and so are steps. What H does not see of G is what V had there, and
``M = G - V``, how far V is behind, shrinks on average by what H sees of it and grows by what W moves.

T27 and T27_pl hold where H = I with the constants of T1 and T2. They promise no speed-up.
"""

from rac_theory.algebra import Expression, Lemma, Let
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
from rac_theory.theorems.shared import end, half, moves, pl

_SOURCE = "derived: the descent lemma along V, and Young's inequality for how far V is behind"

theta = Let(
    "theta",
    1 - gamma * L - 2 * (gamma * L) ** 2 * (1 - lambda_min) * (2 - lambda_min) / lambda_min**2,
    "share of the step",
)

T27 = Theorem(
    id="T27",
    name="gradient_memory_nonconvex",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_ef21,
    given=(smooth, lambda_min > 0, theta >= 0, bounded_below),
    claim=E(mean_squared_gradient)
    <= 2 * gap0_upper * (1 + 2 * gamma * L * (1 - lambda_min) / lambda_min) / (gamma * T),
    tightest=Tightest(1.0, "x^2/2, H = 1, gamma = 1, where V is the gradient: an equality at every T"),
)

room = Let("room", lambda_min - 2 * gamma * mu, "what H sees, less twice what a step gains")
slack = Let(
    "slack",
    (1 - gamma * L) * lambda_min * room - 2 * (gamma * L) ** 2 * (1 - lambda_min) * (2 - lambda_min),
    "share of the step, times lambda_min room",
)
rho = Let("rho", 1 - gamma * mu, "factor of the gap, a step")

T27_pl = Theorem(
    id="T27_pl",
    name="gradient_memory_pl",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_ef21,
    given=(smooth, lambda_min > 0, room > 0, slack >= 0, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= rho**T * gap0 * (1 + 2 * gamma * L * (1 - lambda_min) / room),
    tightest=Tightest(1.0, "a multiple of the identity, H = I, gamma = 1/L: an equality at every T"),
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


def _potential(left: Fact) -> tuple[Fact, Expression, Expression]:
    """``psi = f(W) - f* + c ||M||^2`` for ``c = gamma (1 - lambda_min)/left``: c, psi, and what that is after a step."""
    share = plus[gamma] * below_one / left
    c = share.value.expression
    return share, gap_at_W + c * (memory @ memory), expected(gap_next) + c * expected(then @ then)


def _paid(left: Fact, spared: Fact, factor: Fact) -> Fact:
    """A step of psi: Young's inequality is taken with ``lambda_min/(2 - 2 lambda_min)``; ``spared`` is how much of
    ``||V+||^2`` is left, ``factor`` how much of ``c ||M||^2``."""
    turned, size = G_next - G, plus[gamma]
    young = mean(square(behind * (lambda_min / 2) - turned * (1 - lambda_min)))
    return (
        mean(grant("descent", rac_lora_ef21))
        + size * below_one * (one + below_one) / moves / left * mean(grant("turned_by", rac_lora_ef21))
        + 2 * size / moves / left * young
        + size * factor / left * low(M)
        + half * size * spared * mean(square(G - behind))
    )


def prove_T27() -> tuple[Fact, Fact]:
    (fits,) = assumed(theta >= 0)
    share, psi, after = _potential(moves)
    step = proved("One step", after <= psi - gamma / 2 * (G @ G), _paid(moves, fits, one))
    slope = half * plus[gamma]
    of = Psi(rac_lora_ef21, psi, gap0_upper, share=share)
    return telescope(step, one, slope, of, end + share * square(M)), slope * plus[T]


def prove_T27_pl() -> tuple[Fact, Fact]:
    (some,) = assumed(room > 0)
    (enough,) = assumed(slack >= 0)
    left = proved("", room > 0, some)
    share, psi, after = _potential(left)
    factor = proved("", rho >= 0, half * (one + below_one + left))
    paid = _paid(left, enough / moves / left, factor) + plus[gamma] * pl
    step = proved("One step", after <= rho * psi, paid)
    of = Psi(rac_lora_ef21, psi, gap0, share=share)
    return iterate(step, factor, of, share * square(M)), grant("number")
