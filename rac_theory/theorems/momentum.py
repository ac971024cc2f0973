r"""What is kept from step to step: momentum, and with error feedback what H leaves out of a step.

With momentum on projected gradients, a fresh H at each step, T1 and T2 hold at the shifted point.
``M+ = b M + H g`` and ``X+ = X - gamma (1 - b) M+``, g at X. The point ``W = X - gamma b M`` moves by ``- gamma H g``,
as without momentum, but for where g is taken. T22 and T22_pl are about W. They promise no speed-up.

T23 is about momentum that is forgotten: links of K steps of heavy ball along one H, from M = 0, with exact gradients.
Within a link :math:`f + \frac{\gamma b}{2} \|M\|^2` does not rise, so that a link gains what its first step does, less
the share of momentum. T counts links. It is a promise of safety, not of speed: of later steps nothing is counted.

Error feedback adds what H leaves out to the next step: ``V = D + gamma g``, ``X+ = X - H V`` and ``D+ = V - H V``, g at
X. The point ``W = X - D`` moves by ``- gamma g``, as without a sketch, but for where g is taken: there T25 is about W
and, in a share that is at least a half for short steps, about the model X itself. It needs full gradients and a D of
full size.
"""

from collections.abc import Mapping
from math import inf

from rac_theory.algebra import Expression, Lemma, Let, Relation, between, equal, powers
from rac_theory.proofs import E as expected
from rac_theory.proofs import (
    Fact,
    G,
    Gx,
    H,
    M,
    Psi,
    assumed,
    below_one,
    gap_next,
    grant,
    high,
    iterate,
    low,
    mean,
    memory_of,
    nothing,
    one,
    ordered,
    plus,
    proved,
    square,
    telescope,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    gap,
    mean_squared_gradient,
    momentum_in_links,
    rac_lora_feedback,
    rac_lora_momentum,
    reductions,
    squared_gradient_and_beside,
)
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_largest_projection,
    polyak_lojasiewicz,
    smooth,
    smooth_along_sketch,
    structured_noise,
)
from rac_theory.statements.symbols import L_H, A, C, L, T, beta, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu
from rac_theory.statements.symbols import momentum as b
from rac_theory.theorems.shared import axioms, end, half, moves, pl

_SOURCE = "derived: descent at the shifted point, and Young's inequality for the momentum"
_NOISE = (structured_noise, equal(A, 0), beta <= 1)

_forgotten = 1 - b

Lambda = Let("Lambda", lambda_max / _forgotten, "largest eigenvalue of E[H], over 1 - b")
theta = Let("theta", 1 - gamma * L - (gamma * L * b) ** 2 * Lambda * (1 + b * Lambda), "share of the gradient at X")

T22 = Theorem(
    id="T22",
    name="rac_lora_momentum_nonconvex",
    source=_SOURCE,
    about=rac_lora_momentum,
    given=(smooth, *_NOISE, b >= 0, b < 1, theta >= 0, lambda_min > 0, known_largest_projection, bounded_below),
    claim=E(mean_squared_gradient)
    <= 2 * gap0_upper / (gamma * lambda_min * T)
    + L * gamma * C * lambda_max / lambda_min * (1 + gamma * L * b**2 * Lambda),
    tightest=Tightest(1.0, "x^2/2, H = 1, b = 0, gamma = 1, where it is T1: an equality at every T"),
)

room = Let("room", 1 - b - gamma * lambda_min * mu, "what the momentum leaves of a step")
slack = Let(
    "slack",
    (1 - gamma * L) * (1 - b) * room - (gamma * L * b) ** 2 * lambda_max * (1 - b + b * lambda_max),
    "share of the gradient at X, times (1 - b) room",
)
rho = Let("rho", 1 - gamma * lambda_min * mu, "factor of the gap, a step")

T22_pl = Theorem(
    id="T22_pl",
    name="rac_lora_momentum_pl",
    source=_SOURCE,
    about=rac_lora_momentum,
    given=(
        *(smooth, *_NOISE, b >= 0, room > 0, slack >= 0),
        *(lambda_min > 0, known_largest_projection, certified_minimum, polyak_lojasiewicz),
    ),
    claim=E(gap)
    <= rho**T * gap0
    + powers(rho, 0, T - 1) * L * gamma**2 * lambda_max * C / 2 * (1 + gamma * L * b**2 * lambda_max / room),
    lemmas={  # where slack is not negative gamma L is at most 1
        **dict.fromkeys((rho, room), (room > 0, Lemma((0, 1), {lambda_min: "down", mu: "down"}, "given"))),
        slack: (slack >= 0, Lemma((0, 1), dict.fromkeys((lambda_min, mu, L, lambda_max), "down"), "given")),
    },
    tightest=Tightest(1.0, "a multiple of the identity, isotropic sketch, b = 0, gamma = 1/L: an equality at every T"),
)

theta_H = Let("theta", 1 - gamma * L_H - (gamma * L * b) ** 2 * Lambda * (1 + b * Lambda), "share of the gradient at X")

T22_H = Theorem(
    id="T22_H",
    name="rac_lora_momentum_gain",
    source=_SOURCE,
    about=rac_lora_momentum,
    given=(
        *(smooth, smooth_along_sketch, *_NOISE, b >= 0, b < 1, theta_H >= 0),
        *(lambda_min > 0, known_largest_projection, bounded_below),
    ),
    claim=E(mean_squared_gradient)
    <= 2 * gap0_upper / (gamma * lambda_min * T)
    + gamma * C * lambda_max / lambda_min * (L_H + gamma * L**2 * b**2 * Lambda),
    tightest=Tightest(1.0, "x_1^2/2 on R^4, H on a column of a Hadamard matrix, b = 0, gamma = 1/L_H, where it is T13"),
)

_OF_LINKS = "derived: heavy ball does not raise f + gamma b ||M||^2 / 2 within a link"
_SHORT = gamma * L + 2 * b <= 2

link_gain = Let("theta", gamma * (2 - b - gamma * L), "gain of a link")
link_factor = Let("rho", 1 - mu * lambda_min * link_gain, "factor of the gap, a link")

_IN_LINKS = (smooth, b >= 0, between(0, gamma * L, 2), _SHORT)
_KNOWN: Mapping[Expression, tuple[Relation, Lemma]] = {link_gain: (_SHORT, Lemma((0, inf), {L: "down"}))}

T23 = Theorem(
    id="T23",
    name="momentum_in_links_nonconvex",
    source=_OF_LINKS,
    about=momentum_in_links,
    given=(*_IN_LINKS, bounded_below, lambda_min > 0),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (link_gain * lambda_min * T),
    descends=True,
    lemmas=_KNOWN,
    tightest=Tightest(1.0, "b = 0 and K = 1, where it is T1_sharp; with b > 0 no link is known that gains so little"),
)

T23_pl = Theorem(
    id="T23_pl",
    name="momentum_in_links_pl",
    source=_OF_LINKS,
    about=momentum_in_links,
    given=(*_IN_LINKS, certified_minimum, polyak_lojasiewicz, lambda_min > 0),
    claim=E(gap) <= link_factor**T * gap0,
    descends=True,
    lemmas={**_KNOWN, link_factor: (_SHORT, Lemma((0, 1), {L: "up", mu: "down", lambda_min: "down"}))},
    tightest=Tightest(1.0, "b = 0 and K = 1, where it is T2_sharp: an equality at every T"),
)

feedback_share = Let(
    "theta",
    1 - gamma * L - 2 * (gamma * L) ** 2 * (2 - lambda_min - lambda_min**2) / lambda_min**2,
    "share of the gradient at X",
)

T25 = Theorem(
    id="T25",
    name="error_feedback_nonconvex",
    source="derived: descent at the shifted point, and Young's inequality for what is kept",
    about=rac_lora_feedback,
    given=(smooth, structured_noise, equal(A, 0), beta <= 1, lambda_min > 0, feedback_share >= 0, bounded_below),
    claim=E(squared_gradient_and_beside(feedback_share))
    <= 2 * gap0_upper / (gamma * T) + L * gamma * C * (1 + 2 * gamma * L * (1 - lambda_min) / lambda_min),
    tightest=Tightest(1.0, "x^2/2, H = 1, gamma = 1, where nothing is kept: an equality at every T"),
)

TRIED = {"momentum": "T22 T22_pl T22_H", "momentum in links": "T23 T23_pl", "error feedback": "T25"}

REDUCTIONS = (
    *reductions(
        {
            T22: E(mean_squared_gradient)
            <= 2 * gap0_upper / (gamma * lambda_min * T) + L * gamma * C * lambda_max / lambda_min,
            T22_pl: E(gap) <= rho**T * gap0 + powers(rho, 0, T - 1) * L * gamma**2 * lambda_max * C / 2,
            T22_H: E(mean_squared_gradient)
            <= 2 * gap0_upper / (gamma * lambda_min * T) + L_H * gamma * C * lambda_max / lambda_min,
        },
        {b: 0},
        "no momentum: T1 and T2 of noise that does not grow",
    ),
    *reductions(
        {
            T23: E(mean_squared_gradient) <= 2 * gap0_upper / (lambda_min * gamma * (2 - gamma * L) * T),
            T23_pl: E(gap) <= (1 - gamma * (2 - gamma * L) * mu * lambda_min) ** T * gap0,
        },
        {b: 0},
        "no momentum: T1_sharp and T2_sharp",
    ),
)


# Proofs.
noisy = grant("descent", rac_lora_momentum)
noise = axioms.noise_ahead
memory, then = memory_of(rac_lora_momentum)
(at_least_0,) = assumed(b >= 0)
(below_1,) = assumed(b < 1)
(fits,) = assumed(theta >= 0)
most = proved("", lambda_max > 0, ordered + moves)


def _step(left: Fact, spared: Fact, share: Fact, descent: Fact = noisy, bends: Fact = plus[L]) -> Fact:
    """One step of psi, on average, but for what the gradient at W pays: Young's inequality is taken with
    ``(1 - b)/lambda_max``; ``spared`` is how much of ``||H G_X||^2`` is left, ``left`` that 1 - b is positive, and
    ``bends`` by how much f is curved in the descent."""
    young = mean(square(H(M) * (1 - b) - H(Gx) * lambda_max))
    size = plus[gamma]
    return (
        mean(descent)
        + size * grant("unbiased_ahead", G)
        + 2 * share * at_least_0 * grant("unbiased_ahead", M * -1)
        + (half * bends * size * size + share) * noise
        + half * size * low(G)
        + half * size * high(G - Gx)
        + half * size * plus[lambda_max] * axioms.ahead
        + share * at_least_0 / left / most * young
        + share * at_least_0 * left / most * high(M)
        + half * size * spared * mean(square(H(Gx)))
    )


def _share(left: Fact) -> Fact:
    """How much of ``||M||^2`` is in psi: ``gamma^3 L^2 b^2 lambda_max`` over twice what is ``left``."""
    size = plus[gamma]
    return half * size * size * size * plus[L] * plus[L] * at_least_0 * at_least_0 * most / left


def _added(fits: Fact, floor: Expression, descent: Fact, bends: Fact, curvature: Fact) -> tuple[Fact, Fact]:
    """Steps of psi, added; ``curvature`` is what bounds the curvature of a step where ``descent`` has that."""
    left = proved("", 1 - b > 0, below_1)
    share = _share(left)
    m = share.value.expression
    psi = gap_at_W + m * (memory @ memory)
    after = expected(gap_next) + m * expected(then @ then)
    inequality = after <= psi + floor - gamma * lambda_min / 2 * (G @ G)
    step = proved("One step", inequality, _step(left, fits, share, descent, bends) + curvature)
    slope = half * plus[gamma] * moves
    of = Psi(rac_lora_momentum, psi, gap0_upper, share=share)
    return telescope(step, one, slope, of, end + share * square(M)), slope * plus[T]


def prove_T22() -> tuple[Fact, Fact]:
    floor = L * gamma**2 / 2 * lambda_max * C * (1 + gamma * L * b**2 * Lambda)
    return _added(fits, floor, noisy, plus[L], nothing)


def prove_T22_H() -> tuple[Fact, Fact]:
    bends, *_ = assumed(smooth_along_sketch)
    floor = gamma**2 / 2 * lambda_max * C * (L_H + gamma * L**2 * b**2 * Lambda)
    curvature = half * grant("along", rac_lora_momentum)
    (fits,) = assumed(theta_H >= 0)
    return _added(fits, floor, grant("below_Q", rac_lora_momentum), bends, curvature)


def prove_T22_pl() -> tuple[Fact, Fact]:
    (some,) = assumed(room > 0)
    (enough,) = assumed(slack >= 0)
    lost = plus[gamma] * plus[lambda_min] * plus[mu]
    left, remains = proved("", 1 - b > 0, some + lost), proved("", room > 0, some)
    share = _share(remains)
    m = share.value.expression
    psi = gap_at_W + m * (memory @ memory)
    floor = L * gamma**2 / 2 * lambda_max * C * (1 + gamma * L * b**2 * lambda_max / room)
    after = expected(gap_next) + m * expected(then @ then)
    paid = _step(left, enough / left / remains, share) + plus[gamma] * plus[lambda_min] * pl
    step = proved("One step", after <= rho * psi + floor, paid)
    factor = proved("", rho >= 0, remains + at_least_0)
    of = Psi(rac_lora_momentum, psi, gap0, share=share)
    return iterate(step, factor, of, share * square(M)), grant("number")


def prove_T25() -> tuple[Fact, Fact]:
    """``psi = f(W) - f* + c ||M||^2`` for ``M = D/gamma`` and ``c = gamma^3 L^2 / lambda_min``."""
    size, (memory, then) = plus[gamma], memory_of(rac_lora_feedback)
    share = size * size * size * plus[L] * plus[L] / moves
    c = share.value.expression
    psi = gap_at_W + c * (memory @ memory)
    floor = L * gamma**2 / 2 * C * (1 + 2 * gamma * L * (1 - lambda_min) / lambda_min)
    after = expected(gap_next) + c * expected(then @ then)
    left = share * below_one
    young = 2 * square(M * (lambda_min / 2) - Gx) / moves
    paid = (
        mean(grant("descent", rac_lora_feedback))
        + size * grant("unbiased_at_X", G)
        + half * size * axioms.ahead_by_error
        + share * axioms.low_of_sum
        + 2 * left * grant("unbiased_at_X", M * -1)
        + (half * plus[L] * size * size + left) * axioms.noise_at_X
        + left * young
        + half * size * size * size * plus[L] * plus[L] * moves * square(M)
    )
    step = proved("One step", after <= psi + floor - gamma / 2 * (G @ G + feedback_share * (Gx @ Gx)), paid)
    slope, above = half * size, end + share * square(M)
    of = Psi(rac_lora_feedback, psi, gap0_upper, share=share)
    return telescope(step, one, slope, of, above, G @ G + feedback_share * (Gx @ Gx)), slope * plus[T]
