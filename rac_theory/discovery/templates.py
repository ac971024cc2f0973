"""How a claim may follow from one step: what is looked for there, and by which rule it follows then."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import chain
from operator import mul
from typing import NamedTuple, TypeAlias

import numpy as np

from rac_theory.algebra import ONE, Expression, Let, Maximum, Ratio, Relation, Symbol, cancelled, divided, powers
from rac_theory.discovery.linear import by_powers, linear
from rac_theory.discovery.listed import memory
from rac_theory.discovery.signs import Signs
from rac_theory.proofs import (
    COURSES,
    E,
    Fact,
    G,
    G_next,
    Gx,
    H,
    Missing,
    Psi,
    Shape,
    Vector,
    accumulate,
    assumed,
    available,
    below_maximum,
    concluded,
    content,
    followed,
    gap_is_positive,
    grant,
    high,
    iterate,
    low,
    mean,
    move_of,
    one,
    ordered,
    plus,
    power,
    proved,
    read,
    shapes,
    sign,
    square,
    sum_of_powers,
    telescope,
    weights,
)
from rac_theory.statements import (
    Assumption,
    Claim,
    Metric,
    Predicate,
    Theorem,
    gap,
    mean_squared_gradient,
    squared_distance,
    weighted_squared_gradient,
)
from rac_theory.statements import E as expected
from rac_theory.statements.assumptions import bounded_below, certified_minimum
from rac_theory.statements.symbols import (
    C,
    L,
    T,
    distance0,
    gamma,
    gap0,
    gap0_upper,
    j,
    lambda_max,
    lambda_min,
    momentum,
    mu,
)
from rac_theory.statements.symbols import second_young as u
from rac_theory.statements.symbols import share_of_memory as z
from rac_theory.statements.symbols import young as y
from rac_theory.statements.symbols import young_of_memory as v
from rac_theory.theorems import LEMMAS

S = G @ G
_ONE = Ratio(ONE)
Values: TypeAlias = Mapping[str, Ratio]
"""What is looked for, by its name."""
Taken: TypeAlias = Iterable[tuple[Fact, Ratio]]
"""Facts, and how often each is taken."""
Write: TypeAlias = Callable[[Ratio], Expression]
"""A number as people write it."""
Conclusion: TypeAlias = tuple[Claim, Fact, Fact]
"""A claim, the fact that it is, and by what it is multiplied."""


class Sought(NamedTuple):
    """A number that is looked for.

    Attributes
    ----------
    of : Expression
        What it is multiplied by.
    cost : float
        What it is worth to have less of it.
    least, most : float
        Between which it makes a claim that is worth having.
    """

    of: Expression
    cost: float
    least: float = 0.0
    most: float = np.inf


@dataclass(frozen=True, kw_only=True)
class Template:
    """A form of a step: ``fixed``, and multiples of what is ``unknown``, are a sum of facts and a number.

    Attributes
    ----------
    name : str
    about : callable
        The algorithm.
    start : Assumption
        What a claim rests on that begins with the gap.
    claim : Claim
        One of its form: facts are granted of the names in it.
    given : tuple of Relation
        For which numbers a letter of the form may stand.
    fixed : Expression
        What is no multiple of what is looked for.
    unknown : mapping
        What is looked for, by its name.
    signs : callable or None
        What must not be negative for the rule, and whether it must be positive; None if that is what is looked for.
    conclude : callable
        What was found, the step, what is left of it, the signs and how a number is written, to the conclusion.
    spared : Expression or None
        A square that makes room for longer steps if it is left over.
    extra : tuple of Fact
        What may be used besides.
    without : tuple of Fact
        What is not used.
    tries : int
        Of how many supports a proof is tried, the most frequent first.
    needed : callable
        What must not be negative so that a fact may be taken so often.
    added : callable
        What was found, the facts and the signs, and what is true of a step, to the fact that it is.
    """

    name: str
    about: Predicate
    start: Assumption = bounded_below
    claim: Claim = expected(gap) <= gap0
    given: tuple[Relation, ...] = ()
    fixed: Expression
    unknown: Mapping[str, Sought]
    signs: Callable[[Values], Iterable[tuple[Ratio, bool]]] | None = None
    conclude: Callable[[Values, Fact, Ratio, Signs, Write], Conclusion]
    spared: Expression | None = None
    extra: tuple[Fact, ...] = ()
    without: tuple[Fact, ...] = ()
    tries: int = 8
    needed: Callable[[Ratio, Values], Iterable[Ratio]] = lambda value, found: (value,)
    added: Callable[[Values, Taken, Signs, Relation], Fact]

    def asked(self, values: Values) -> Iterable[tuple[Ratio, bool]]:
        """Return what must not be negative, and whether it must be positive: what is looked for where it has a sign."""
        if self.signs is not None:
            return self.signs(values)
        return [(values[name], sought.least > 0) for name, sought in self.unknown.items()]


def templates(about: Predicate, metric: Metric) -> tuple[Template, ...]:
    """Return the forms of a step from which a bound on a metric may follow, but for ``potential_iterated``.

    Raises
    ------
    ValueError
        If none is known for such a metric.
    """
    if metric is gap:
        return () if memory(about) else (iterated(about), _with_next_gradient(about))
    if metric is mean_squared_gradient:
        return (potential(about),) if memory(about) else (telescoped(about), accumulated(about))
    if metric is squared_distance and not memory(about):
        return (iterated(about, metric=metric),)
    kept = " of what keeps something from step to step" * bool(memory(about))
    raise ValueError(f"metric must be gap, mean_squared_gradient or squared_distance, got {metric!r}{kept}")


def of_form(theorem: Theorem) -> Iterator[Template]:
    """Yield what is looked for where the form of a claim is given: another constant in it, of which more is better.

    What the claim has names for is written out where it is a quotient of polynomials: a name has no sign of its own.
    """
    if not isinstance(bound := theorem.claim.bound, Expression):
        return
    names = {name: name.value for name in bound.named if _is_plain(name.value)}
    maxima = (part for part in bound.within() if isinstance(part, Maximum))
    largest = [*chain.from_iterable(below_maximum(*maximum.members) for maximum in maxima)]

    def conclude_by(shape: Shape, floor: Ratio) -> Callable[[Values, Fact, Ratio, Signs, Write], Conclusion]:
        def conclude(values: Values, step: Fact, rest: Ratio, signs: Signs, write: Write) -> Conclusion:
            times = values["times"]
            sums = [Ratio(side) for side in (times.numerator, times.denominator) if len(side.terms) > 1]
            stronger = shape.stronger(
                times.expression, lambda value: write(cancelled(value, [part.numerator for part in sums]))
            )
            divisor = read(stronger).denominator  # what a claim or a step divides by has a name
            divides = [part for part in sums if times.denominator != ONE or divided(divisor, part.numerator)]
            named = [_positive(part, signs) for part in divides]
            slopes = (read(goal) * times for name, goal in shape.goals.items() if name == "theta")
            divisors = [side for side in (times.denominator, floor.denominator) if side != ONE]
            spare = cancelled((times - _ONE) * floor - rest, divisors)
            signed = [step if spare.is_zero else step + signs.known(spare)]
            signed += [signs.known(slope, strictly=True) for slope in slopes]  # of which the claim is a quotient
            claim = theorem.claim if times == _ONE else expected(theorem.metric) <= stronger
            claimed = replace(theorem, given=(*theorem.given, *signs.conditions), claim=claim, tightest=None)
            for fact, of_claim in concluded(claimed, available(claimed, (*LEMMAS, *largest, *named, *signed))):
                return claim, reduce(mul, named, fact), reduce(mul, named, of_claim)
            raise Missing(f"{claimed.statement} does not follow")

        return conclude

    for shape in shapes(theorem):
        stretch = read(shape.stretch)
        floor = (linear(stretch) or {}).get(None, read(0))  # what more progress leaves for noise
        progress = stretch if floor.is_zero else cancelled(stretch - floor, [floor.denominator])
        if not stretch.is_zero:
            yield Template(
                name=f"{theorem.id} with another constant",
                about=theorem.about,
                claim=theorem.claim,
                extra=tuple(largest),
                fixed=(shape.goals["step"] - progress.expression).at(names),
                unknown={"times": Sought(progress.expression.at(names), -1.0, least=_LITTLE)},
                conclude=conclude_by(shape, floor),
                added=_summed,
            )


def _is_plain(value: Expression) -> bool:
    """Whether an expression is a quotient of polynomials in constants."""
    quotient = read(value)
    letters = quotient.numerator.letters() | quotient.denominator.letters()
    return all(isinstance(letter, Symbol | Let) for letter in letters)


def _positive(value: Ratio, signs: Signs) -> Fact:
    """That a number is positive, by name: by what has none nothing may be divided."""
    return proved("", value.expression > 0, signs.known(value, strictly=True))


def _summed(values: Values, shares: Taken, signs: Signs, inequality: Relation) -> Fact:
    """The sum of facts, by the name of what it says."""
    first, *others = (fact * signs.known(times) for fact, times in shares)
    return proved("One step", inequality, sum(others, first))


def _summed_and_divided(values: Values, shares: Taken, signs: Signs, inequality: Relation) -> Fact:
    """The same, where many are divided by products: the longest of these divides the sum, once."""
    signed = [(fact, share, signs.known(share)) for fact, share in shares]
    divisors = {share.denominator for _, share, _ in signed}
    longest = Ratio(max(divisors, key=lambda divisor: len(divisor.terms)))
    divisor = proved("", longest.expression > 0, signs.known(longest, strictly=True))
    first, *others = (
        fact * proved("", cancelled(share * longest, [*divisors]).expression >= 0, known * divisor)
        for fact, share, known in signed
    )
    return proved("One step", inequality, sum(others, first) / divisor)


def _with_next_gradient(about: Predicate) -> Template:
    """With Young's inequality between the gradient at W+ and what a step predicts of it, for the y that may help: the
    best one has a root in it."""
    e = gamma * L * (2 - gamma * L) * lambda_min
    useful = y <= 1, 1 - e <= (1 + e) * y
    young = mean(square(G_next * y - (G - H(G) * (gamma * L))))
    return iterated(about, "iterate with any y of G+", (young, *chain(*map(assumed, useful))), useful)


def iterated(
    about: Predicate,
    name: str = "iterate",
    extra: tuple[Fact, ...] = (),
    given: tuple[Relation, ...] = (),
    metric: Metric = gap,
) -> Template:
    """``x+ <= rho x + e``, of a gap or of a squared distance."""
    psi = Psi.of(gap0 if metric is gap else distance0, about)
    x, at_first, _, (start, *_) = COURSES[psi.start]

    def conclude(values: Values, step: Fact, rest: Ratio, signs: Signs, write: Write) -> Conclusion:
        fact = iterate(step, signs.known(values["rho"]), psi)
        return expected(metric) <= _decay(values["rho"], rest, write, at_first), fact, one

    return Template(
        name=name,
        about=about,
        extra=extra,
        given=given,
        start=start,
        fixed=-psi.after,
        unknown={"rho": Sought(x, 1.0, most=1 - _LITTLE if metric is gap else np.inf)},  # few distances fall
        conclude=conclude,
        added=_summed,
    )


def telescoped(about: Predicate) -> Template:
    """``theta ||G||^2 <= (1 + q) x - x+ + e``."""
    (x, *_), later = followed(gap0_upper)

    def conclude(values: Values, step: Fact, rest: Ratio, signs: Signs, write: Write) -> Conclusion:
        growth, theta = (signs.known(share, strictly=True) for share in (_ONE + values["q"], values["theta"]))
        fact, times = (
            telescope(step, growth, theta, gap0_upper, gap_is_positive[bounded_below]),
            theta * weights(growth),
        )
        divisor = Ratio(content(values["theta"].numerator)[2])
        if len(divisor.numerator.terms) > 1 and signs.known(divisor, strictly=True).of:  # no sum that is given
            fact, times = (part * _positive(divisor, signs) for part in (fact, times))
        if values["q"].is_zero:
            return _mean(values["theta"], rest, write), fact, times
        w = Let("w", 1 / write(_ONE + values["q"]), "weight of a step relative to the one before")
        first = gap0_upper / (write(values["theta"]) * powers(w, 1, T))
        bound = first if rest.is_zero else first + write(rest / values["theta"])
        return expected(weighted_squared_gradient(w)) <= bound, fact, times

    return Template(
        name="telescope",
        about=about,
        fixed=x - later,
        unknown={"q": Sought(x, 1e3), "theta": Sought(-S, -1.0, least=_LITTLE)},
        conclude=conclude,
        added=_summed,
    )


def accumulated(about: Predicate) -> Template:
    """``||G||^2 <= p(j+1) x - p(j) x+`` with ``p(j+1) = a p(j) + b``; p stands for p(j), whatever j is."""
    (x, *_), later = followed(gap0_upper)
    p = Symbol("p")

    def line(value: Ratio) -> tuple[Ratio, Ratio]:
        """What p is multiplied by, and the rest."""
        parts = by_powers(value.numerator, p)
        if not parts.keys() <= {0, 1} or p in value.denominator.letters():
            raise Missing(f"{value!r} is not linear in what is added up")
        slope, rest = (Ratio(parts[k]) / Ratio(value.denominator) if k in parts else read(0) for k in (1, 0))
        return slope, rest

    def falls(value: Ratio, values: Values) -> bool:
        """Whether it is a multiple of the powers of a, as it is zero where p would stand still."""
        (slope, rest), (a, b) = line(value), line(values["next"])
        return not slope.is_zero and (slope * b + rest * (_ONE - a)).is_zero

    def needed(value: Ratio, values: Values) -> Iterable[Ratio]:
        slope, rest = line(value)
        return (rest,) if falls(value, values) else (slope, rest)

    def share(values: Values, signs: Signs) -> Fact:
        a, b = map(signs.known, line(values["next"]))
        return b * sum_of_powers(a, j)

    def multiplier(value: Ratio, values: Values, signs: Signs) -> Fact:
        slope, rest = line(value)
        if falls(value, values):
            return signs.known(rest) * power(signs.known(line(values["next"])[0]), j)
        parts = [signs.known(rest)] if not rest.is_zero else []
        parts += [signs.known(slope) * share(values, signs)] if not slope.is_zero else []
        return sum(parts[1:], parts[0])

    def added(values: Values, shares: Taken, signs: Signs, inequality: Relation) -> Fact:
        first, *others = (fact * multiplier(times, values, signs) for fact, times in shares)
        return sum(others, first)

    def asked(values: Values) -> Iterable[tuple[Ratio, bool]]:
        a, b = line(values["next"])
        return (a, False), (b, True)

    def conclude(values: Values, step: Fact, rest: Ratio, signs: Signs, write: Write) -> Conclusion:
        a, b = map(write, line(values["next"]))
        fact = accumulate(step, share(values, signs), j, gap0_upper)
        return expected(mean_squared_gradient) <= b / T * powers(a, 0, T - 1) * gap0_upper, fact, plus[T]

    return Template(
        name="accumulate",
        about=about,
        fixed=-S - p * later,
        unknown={"next": Sought(x, 1.0)},
        signs=asked,
        conclude=conclude,
        needed=needed,
        added=added,
    )


def potential(about: Predicate) -> Template:
    """``theta ||G||^2 <= psi - psi+ + e`` with ``psi = x + c ||M||^2``, M being what is kept from step to step."""
    (x, *_), later = followed(gap0_upper)
    M, then = _kept(about)

    def conclude(values: Values, step: Fact, rest: Ratio, signs: Signs, write: Write) -> Conclusion:
        theta, c = signs.known(values["theta"], strictly=True), signs.known(values["c"])
        psi = x + c.value.expression * (M @ M)
        above = gap_is_positive[bounded_below] + c * square(M)
        fact = telescope(step, one, theta, Psi(about, psi, gap0_upper, share=c), above)
        return _mean(values["theta"], rest, write), fact, theta * plus[T]

    return Template(
        name="potential",
        about=about,
        fixed=x - later,
        unknown={"theta": Sought(-S, -1.0, least=_LITTLE), "c": Sought(M @ M - E(then @ then), _LITTLE)},
        conclude=conclude,
        spared=E(Gx @ H(Gx)),
        added=_summed,
    )


def potential_iterated(about: Predicate, theta: Ratio) -> Template:
    """``psi+ <= rho psi + e`` with such a psi, and ``rho = 1 - 2 mu theta``: so much is left of the gap where a step
    leaves ``theta ||G||^2``, by the inequality of Polyak and Lojasiewicz."""
    (x, *_), later = followed(gap0)
    M, then = _kept(about)
    rho = _ONE - read(2 * mu) * theta

    def conclude(values: Values, step: Fact, rest: Ratio, signs: Signs, write: Write) -> Conclusion:
        c = signs.known(values["c"])
        psi = x + c.value.expression * (M @ M)
        fact = iterate(step, signs.known(rho), Psi(about, psi, gap0, share=c), c * square(M))
        return expected(gap) <= _decay(rho, rest, write), fact, one

    return Template(
        name="potential iterated",
        about=about,
        start=certified_minimum,
        fixed=rho.expression * x - later,
        unknown={"c": Sought(rho.expression * (M @ M) - E(then @ then), _LITTLE)},
        conclude=conclude,
        spared=E(Gx @ H(Gx)),
        added=_summed,
    )


class _Weighed(NamedTuple):
    """What a step of some length uses besides, what is given of its letters, and how its factor is written."""

    name: str
    given: tuple[Relation, ...]
    facts: tuple[Fact, ...]
    rho: Expression
    without: tuple[Fact, ...] = ()


def potential_weighed(about: Predicate) -> Iterator[Template]:
    """``psi+ <= rho psi + e`` with any such psi, ``c = gamma z``, any y in Young's inequality between the gradient
    at W+ and what a step predicts of it, and any v in that between M and the gradient at X."""
    (x, *_), later = followed(gap0)
    M, then = _kept(about)
    try:
        fallen = fallen_by_next_gradient(about)
    except ValueError:  # no more is granted of such a step than the descent lemma
        return
    c = plus[gamma] * sign(z, z > 0)
    psi = Psi(about, x + gamma * z * (M @ M), gap0, share=c)
    noise = gamma * lambda_max * C * (gamma * L**2 * (1 + y) + _of_Gx) / (2 * _divisor)

    def conclude(values: Values, step: Fact, rest: Ratio, signs: Signs, write: Write) -> Conclusion:
        below = signs.known(Ratio(values["rho"].denominator), strictly=True)
        # By which Coq will divide: it is asked for by name.
        divisor = proved(
            "", (below.value * below.value * read(_of_next)).expression > 0, below * below * _is_positive()
        )
        fact = iterate(step, signs.known(values["rho"]), psi, c * (divisor / divisor) * square(M))
        short = {read(form): form for form in (*(steps.rho for steps in weighed), noise)}
        return expected(gap) <= _decay(values["rho"], rest, lambda value: short.get(value) or write(value)), fact, one

    weighed = _short_steps(M), _any_steps(M)
    for steps in weighed:
        yield Template(
            name=f"potential iterated with any y of G+, z and v of M, {steps.name}",
            about=about,
            start=certified_minimum,
            given=steps.given,
            fixed=-later - gamma * z * E(then @ then),
            unknown={"rho": Sought(psi.value, 1.0, most=1 - _LITTLE)},
            conclude=conclude,
            extra=(fallen, _is_positive(), *steps.facts, *chain(*map(assumed, steps.given))),
            without=steps.without,
            tries=1,  # the proofs of others have more terms than are taken at once
            added=_summed_and_divided,
        )


_of_next = 2 * L + mu - mu * y
_divisor = y * _of_next
_of_Gx, _fallen = 2 * z * _divisor, L * (1 - gamma * L) * (1 + y)
_with_M, _without_M = 1 + momentum * v, 1 - gamma * mu * momentum * v
_SIGNS = (momentum >= 0, u > 0, v > 0, z > 0)
_LETTERS = (*_SIGNS, y > 0, y <= 1)


def _short_steps(M: Vector) -> _Weighed:
    """Of a length of at most 1 / L: with the inequality of Polyak and Lojasiewicz at X, and what E[H] makes of
    ``M - (u + v) G_X`` at least, of ``M - v G_X`` at most."""
    of_PL = _without_M * (gamma * L * lambda_min * (1 + y) - (1 - y) ** 2)
    of_PL += gamma * lambda_min * (_fallen - _with_M * _of_Gx)
    spread = _of_Gx - gamma * mu * (_fallen - _of_Gx)
    of_M = v * momentum**2 * _without_M * (_of_Gx + gamma**2 * L**3 * lambda_max * (1 + y))
    of_M += momentum * lambda_min * spread
    of_M += v * momentum**2 * gamma**2 * L * mu * lambda_min * (_fallen - _with_M * _of_Gx)
    enough = (1 + 2 * momentum * v + momentum * u) * _of_Gx <= _fallen
    least = (lambda_max - lambda_min) * v * _without_M * _of_Gx <= lambda_min * u * spread
    given = (
        *(*_LETTERS, gamma * mu * momentum * v < 1, 1 - y <= gamma * L * lambda_min * (1 + y), enough, least),
        *(of_M <= 2 * z * v * (_divisor * _without_M - mu * of_PL), mu * of_PL <= _divisor * _without_M),
    )
    of_enough, of_least, is_short, moves = chain(
        *map(assumed, (enough, least, gamma * mu * momentum * v < 1, lambda_min > 0))
    )
    b, of_u, of_v, of_z = (sign(letter, order) for letter, order in zip((momentum, u, v, z), _SIGNS, strict=True))
    of_Gx = 2 * of_z * sign(y, y > 0) * _is_positive()
    follow = (
        proved("", _with_M * _of_Gx <= _fallen, of_enough + b * (of_u + of_v) * of_Gx),
        proved(
            "",
            v * _without_M * _of_Gx + u * spread > 0,
            (of_least + (ordered + moves) * of_v * is_short * of_Gx) / moves,
        ),
    )
    facts = mean(square(H(M) - H(Gx) * v)), low(M - Gx * (u + v)), high(M - Gx * v)
    rho = 1 - mu * of_PL / (_divisor * _without_M)
    return _Weighed("steps of at most 1 / L", given, (*facts, *follow), rho, without=(high(M),))


def _any_steps(M: Vector) -> _Weighed:
    """Of any length: with Young's inequality between the gradients at W and X instead, with any u."""
    left = L * (1 + y) * (2 + u - gamma * L * (1 + u)) - (1 + u) * _with_M * _of_Gx
    enough, above = 1 - y <= gamma * lambda_min * left, 2 * L * y + mu * (1 - y)
    rho = above - gamma * mu * lambda_min * left
    turned = (1 + u) * (gamma * L**2 * (1 + y) + _with_M * _of_Gx) - L * (1 + y)
    of_M = u * _of_Gx * momentum * (momentum * v + lambda_max) + v * lambda_max * (gamma * L * momentum) ** 2 * turned
    given = (
        *_LETTERS,
        _fallen <= _with_M * _of_Gx,
        enough,
        of_M <= 2 * z * u * v * rho,
        gamma * mu * lambda_min * left <= above,
    )
    of_enough, at_most_1, moves = chain(*map(assumed, (enough, y <= 1, lambda_min > 0)))
    follows = proved("", left >= 0, (of_enough + at_most_1) / plus[gamma] / moves)
    facts = mean(square(H(M) - H(Gx) * v)), mean(square(H(G) * (1 + u) - H(Gx))), follows
    return _Weighed("steps of any length", given, facts, rho / _divisor)


def _is_positive() -> Fact:
    (at_most_1,) = assumed(y <= 1)
    return proved("", _of_next > 0, 2 * plus[L] + plus[mu] * at_most_1)


def fallen_by_next_gradient(about: Predicate) -> Fact:
    """How far f falls at least: the descent lemma with its remainder, and the inequality of Polyak and Lojasiewicz at
    W+, by Young's inequality with any y."""
    (x, *_), later = followed(gap0)
    move = move_of(about)
    if move is None:
        raise ValueError(f"it is not known what a step of {about!r} is")
    (at_most_1,), above_0 = tuple(assumed(y <= 1)), sign(y, y > 0)
    divisor = proved("", _divisor > 0, above_0 * _is_positive())
    descent = E(G @ move.by) + L / 2 * E(move.by @ move.by)
    fallen = (
        2 * plus[L] * above_0 * mean(grant("remainder", about))
        + Fraction(1, 2) * mean(square(G_next * y - (G + move.by * L)))
        + Fraction(1, 2) * above_0 * at_most_1 * mean(grant("pl_next"))
    )
    return proved("", later <= (2 * L * y * x + L * (1 + y) * descent + (1 - y) / 2 * S) / _divisor, fallen / divisor)


_LITTLE = 1e-4


def _kept(about: Predicate) -> tuple[Vector, Vector]:
    vectors = memory(about)
    if vectors is None:
        raise ValueError(f"{about!r} keeps nothing from step to step")
    return vectors


def _decay(rho: Ratio, rest: Ratio, write: Write, at_first: Expression = gap0) -> Expression:
    """``rho^T`` times what there is at first, and what noise adds."""
    if rest.is_zero:
        return write(rho) ** T * at_first
    named = Let("rho", write(rho), "factor a step")
    return named**T * at_first + powers(named, 0, T - 1) * write(rest)


def _mean(theta: Ratio, rest: Ratio, write: Write) -> Claim:
    """The mean of squared gradients is at most ``x_0 / (theta T)``, and what noise adds."""
    first = write(read(gap0_upper / T) / theta)
    return expected(mean_squared_gradient) <= (first if rest.is_zero else first + write(rest / theta))
