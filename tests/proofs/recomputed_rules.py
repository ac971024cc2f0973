"""What each rule concludes, computed from its premises in numbers: the larger side less the smaller."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from rac_theory.algebra import fraction, sqrt, symbols_of
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.induction import AFTER, LAST, V2
from rac_theory.proofs.quantities import G, Z, gap, moved, moved_mean, moved_next, own
from rac_theory.statements.metric import SCALED_GRADIENT, SQUARED_GRADIENT
from rac_theory.statements.symbols import distance0, gap0

STEPS, CLIENT_STEPS = 3, 2
DRAWS, CLIENTS = (Fraction(1, 3), Fraction(2, 3)), (Fraction(1, 2), Fraction(1, 2))
"""With which probability H is drawn, and how much each client counts."""
FIRST_OF = {gap: gap0, V2: distance0**2}
_LAST = "E[f(W^T)]"

Rule = Callable[[Any, Fact, Sequence[Fact], tuple[int, int]], Fraction]


def _geometric(ratio: Fraction, count: int) -> Fraction:
    return sum((ratio**i for i in range(count)), Fraction(0))


def _iterated(at, fact, premises, place):
    """Run T steps from x_0: each is ``rho x`` and what is left of the step."""
    step, rho = (at.made(one) for one in premises[:2])
    x = next(x for x in (gap, V2) if LAST[x] == fact.said.terms[0])
    number = at.numbers.value
    noise = step - (rho * number(x) - number(AFTER[x]))
    last = number(FIRST_OF[x])
    floor = at.made(premises[2]) if len(premises) == 4 else None
    for _ in range(STEPS):
        last = rho * last + (noise if floor is None else 0)
    if floor is not None:
        assert at.made(premises[3]) == floor - rho * floor - noise
    return last + (floor or 0) - number(LAST[x])


def _weighted(at, fact, premises, place):
    step, growth, slope, end = (at.made(one) for one in premises)
    number = at.numbers.value
    assert end == number(gap)
    is_scaled = SCALED_GRADIENT in symbols_of(fact.said)
    square, on_average = (Z @ Z, SCALED_GRADIENT) if is_scaled else (G @ G, SQUARED_GRADIENT)
    noise = step - (growth * number(gap) - number(AFTER[gap]) - slope * number(square))
    weights = sum((growth**-i for i in range(1, STEPS + 1)), Fraction(0))
    return number(gap0) + weights * noise - slope * weights * at.numbers.constants[on_average.name]


def _added(at, fact, premises, place):
    """Its p is known at j = T, which j is."""
    number = at.numbers.value
    return at.made(premises[1]) * number(gap0) - STEPS * at.numbers.constants["E||grad f(W^t)||^2"]


def _at_each(at, say, times=STEPS):
    """What is said at t = 0, 1, ..."""
    names = at.numbers.constants
    before, found = names["t"], []
    for k in range(times):
        names["t"] = Fraction(k)
        found.append(say())
    names["t"] = before
    return found


def _gathered(at, fact, premises, place):
    """The sums are added up term by term; ``1 - q sum h`` is what is known of it."""
    _step, q, theta, e, h, g, bounded, squares, end = premises
    number, square = at.numbers.value, at.numbers.constants[SQUARED_GRADIENT.name]
    assert (at.made(end), at.made(squares)) == (number(gap), number(G @ G))
    shares, sizes = (sum(_at_each(at, lambda one=one: at.said(one))) for one in (h, g))
    assert at.made(bounded) == 1 - at.made(q) * shares
    return number(gap0) + at.made(e) * shares - at.made(theta) * at.made(bounded) * sizes * square


def _weighed(at, fact, premises, place):
    """What noise adds is what is left of a step at each t."""
    step, a = premises
    number = at.numbers.value
    weights = _at_each(at, lambda: number(a.value.expression), STEPS + 1)
    left = _at_each(at, lambda: at.said(step))
    steps = zip(left, weights, weights[1:], strict=False)
    noise = sum(one - before * number(gap) + after * number(AFTER[gap]) for one, before, after in steps)
    return weights[0] * number(gap0) + noise - weights[STEPS] * number(LAST[gap])


def _power(at, fact, premises, place):
    """To the T, or to what a second premise says is a whole number that is not negative."""
    base, *exponent = (at.made(one) for one in premises)
    return base ** int(exponent[0] if exponent else STEPS)


def _squares(at, fact, premises, place):
    weights = _at_each(at, lambda: at.said(premises[0]))
    is_scaled = SCALED_GRADIENT in symbols_of(fact.said)
    return sum(weights) * at.numbers.constants[(SCALED_GRADIENT if is_scaled else SQUARED_GRADIENT).name]


def _positive(at, fact, premises, place):
    return sum(_at_each(at, lambda: at.said(premises[0])))


def _potential(at, fact, premises, place):
    _step, falls, above, below, loss, *shares = (at.made(one) for one in premises)
    number = at.numbers.value
    kinds = (gap, V2)[2 - len(shares) :]
    psi = sum(share * number(x) for share, x in zip(shares, kinds, strict=True)) - below
    p = (psi - above) / number(gap)
    assert falls == number(gap) - number(AFTER[gap])
    start = sum(share * number(FIRST_OF[x]) for share, x in zip(shares, kinds, strict=True))
    return start - (loss * STEPS + p) * number(LAST[gap])


def _drifted(at, fact, premises, place):
    step, g = (at.made(one, place) for one in premises)
    x, after, y, mean = (at.numbers.value(one, place) for one in (moved, moved_next, own, moved_mean))
    push = (step - g * x + after) / y
    return sum(push * _geometric(g, k) for k in range(CLIENT_STEPS)) / CLIENT_STEPS * y - mean


def _instance(at, fact, premises, place):
    """What is said of b, for the b that is chosen."""
    names = at.numbers.constants
    before = names.get("b")
    names["b"] = at.best_b()
    found = at.said(premises[0])
    names.pop("b") if before is None else names.update(b=before)
    return found


def _cases(at, fact, premises, place):
    one, other = (at.made(each, place) for each in premises)
    assert one == other
    return one


def _mean(at, fact, premises, place):
    over_H = fact.rule == "Mean over H"
    places = [(i, place[1]) if over_H else (place[0], i) for i in range(2)]
    chances = DRAWS if over_H else CLIENTS
    return sum(p * at.made(premises[0], each) for p, each in zip(chances, places, strict=True))


RULES: Mapping[str, Rule] = {
    "Iterated": _iterated,
    "Iterated down to a floor": _iterated,
    "Weighted and added": _weighted,
    "Added from the last step on": _added,
    "Added, with what noise lets grow": _gathered,
    "Added, with weights that grow": _weighed,
    "A sum over t": _positive,
    "A potential": _potential,
    "Iterated, and the mean over k": _drifted,
    "A power": _power,
    "A root": lambda at, fact, premises, place: fraction(sqrt(at.made(premises[0])), {}),
    "At W^T": lambda at, fact, premises, place: at.numbers.value(LAST[premises[0].said.terms[1]]),
    "Squares over t": _squares,
    "What is given": lambda at, fact, premises, place: at.made(premises[0]),
    "A sum of powers": lambda at, fact, premises, place: _geometric(at.made(premises[0]), STEPS),
    "A sum of weights": lambda at, fact, premises, place: (
        _geometric(1 / at.made(premises[0]), STEPS) / at.made(premises[0])
    ),
    "For b = b_x": _instance,
    "cases": _cases,
    "Mean over H": _mean,
    "Mean over m": _mean,
}
