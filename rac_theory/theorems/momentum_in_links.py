r"""Momentum that is forgotten: links of K steps of heavy ball along one H, from M = 0, with exact gradients.

Within a link :math:`f + \frac{\gamma b}{2} \|M\|^2` does not rise, so that a link gains what its first step does, less
the share of momentum. T counts links. It is a promise of safety, not of speed: of later steps nothing is counted.
"""

from collections.abc import Mapping
from math import inf

from rac_theory.algebra import Expression, Lemma, Let, Relation, between
from rac_theory.statements import E, Theorem, Tightest, gap, mean_squared_gradient, momentum_in_links, reductions
from rac_theory.statements.assumptions import bounded_below, certified_minimum, polyak_lojasiewicz, smooth
from rac_theory.statements.symbols import L, T, gamma, gap0, gap0_upper, lambda_min, mu
from rac_theory.statements.symbols import momentum as b

_SOURCE = "derived: heavy ball does not raise f + gamma b ||M||^2 / 2 within a link"
_SHORT = gamma * L + 2 * b <= 2

theta = Let("theta", gamma * (2 - b - gamma * L), "gain of a link")
rho = Let("rho", 1 - mu * lambda_min * theta, "factor of the gap, a link")

_GIVEN = (smooth, b >= 0, between(0, gamma * L, 2), _SHORT)
_LEMMAS: Mapping[Expression, tuple[Relation, Lemma]] = {theta: (_SHORT, Lemma((0, inf), {L: "down"}))}

T23 = Theorem(
    id="T23",
    name="momentum_in_links_nonconvex",
    source=_SOURCE,
    mark="derived",
    about=momentum_in_links,
    given=(*_GIVEN, bounded_below, lambda_min > 0),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (theta * lambda_min * T),
    descends=True,
    lemmas=_LEMMAS,
    tightest=Tightest(1.0, "b = 0 and K = 1, where it is T1_sharp; with b > 0 no link is known that gains so little"),
)

T23_pl = Theorem(
    id="T23_pl",
    name="momentum_in_links_pl",
    source=_SOURCE,
    mark="derived",
    about=momentum_in_links,
    given=(*_GIVEN, certified_minimum, polyak_lojasiewicz, lambda_min > 0),
    claim=E(gap) <= rho**T * gap0,
    descends=True,
    lemmas={**_LEMMAS, rho: (_SHORT, Lemma((0, 1), {L: "up", mu: "down", lambda_min: "down"}))},
    tightest=Tightest(1.0, "b = 0 and K = 1, where it is T2_sharp: an equality at every T"),
)

TRIED = {"momentum in links": "T23 T23_pl"}

REDUCTIONS = reductions(
    {
        T23: E(mean_squared_gradient) <= 2 * gap0_upper / (lambda_min * gamma * (2 - gamma * L) * T),
        T23_pl: E(gap) <= (1 - gamma * (2 - gamma * L) * mu * lambda_min) ** T * gap0,
    },
    {b: 0},
    "no momentum: T1_sharp and T2_sharp",
)
