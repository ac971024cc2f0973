"""From one step to T of them: what is true at every W, with numbers that no draw changes, is true on average.

Most rules are about steps that are the same at each t; ``gather``, ``weigh`` and the sums over t also take others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from rac_theory.algebra import (
    Expression,
    Relation,
    Symbol,
    cancelled,
    identical,
    lifted,
    powers,
    sqrt,
    symbols_of,
    total,
)
from rac_theory.proofs.drawn import Drawn, drawn_in, star
from rac_theory.proofs.fact import Fact, follows, proved, read, same
from rac_theory.proofs.facts import nothing
from rac_theory.proofs.facts import one as once
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.quantities import (
    NUMBERS,
    E,
    G,
    Gx,
    V,
    Z,
    distance,
    gap,
    gap_next,
    moved,
    moved_mean,
    moved_next,
    own,
)
from rac_theory.proofs.rules import Rule
from rac_theory.proofs.schemas import move_of, square_kept
from rac_theory.statements import (
    SCALED_GRADIENT,
    SQUARED_GRADIENT,
    SQUARED_GRADIENT_AT_ITERATE,
    Assumption,
    Condition,
    Predicate,
    metric,
    weighted_squared_gradient,
)
from rac_theory.statements.assumptions import bounded_below, certified_minimum, known_minimiser, smooth
from rac_theory.statements.symbols import K, L, T, distance0, gap0, gap0_upper, t

k = Symbol("k")
"""A step of a client in a round."""

S, Z2, V2 = G @ G, Z @ Z, V @ V


class Course(NamedTuple):
    """A number at W that is followed, what it is at most at W^0, what its mean at W^T is called, what that rests on."""

    x: Expression
    at_first: Expression
    at_last: Expression
    by: tuple[Assumption, ...]


COURSES: Mapping[Symbol, Course] = {
    gap0: Course(gap, gap0, metric.gap.expected, (certified_minimum,)),
    gap0_upper: Course(gap, gap0_upper, metric.gap.expected, (bounded_below,)),
    distance0: Course(V2, distance0**2, metric.squared_distance.expected, (known_minimiser,)),
}
"""By what is known at W^0."""

ADDED: Mapping[Expression, Symbol] = {
    S: SQUARED_GRADIENT,
    Z2: SCALED_GRADIENT,
    Gx @ Gx: SQUARED_GRADIENT_AT_ITERATE,
    NUMBERS["norm"]: metric.GRADIENT_NORM,
}
"""What a number at W is on average at W^t, in means over t."""


def after(about: Predicate | None = None) -> Mapping[Expression, Expression]:
    """Return what numbers at W are on average at W+: a gap in any algorithm, distances where a step is known."""
    move = None if about is None else move_of(about)
    if move is None or not move.moves_W:
        return {gap: E(gap_next)}
    then = V + move.by
    return {gap: E(gap_next), distance: E(star(then, then)), V2: E(then @ then)}


class Psi(NamedTuple):
    """A potential: a sum of multiples of the gap, of distances, and of the square of what an algorithm keeps.

    Attributes
    ----------
    about : Predicate or None
        By whose step it falls; None if it is a gap, which is one in any algorithm.
    value : Expression
    start : Symbol
        Of what is followed: ``gap0``, ``gap0_upper`` or ``distance0``.
    most : mapping of Symbol to Fact, optional
        By what is known at W^0, how much of that psi is at most, beside what is kept.
    below : Fact, optional
        That it is: of what is at most itself nothing is asked.
    share : Fact, optional
        How much of the square of what is kept is in psi: it is not negative.
    """

    about: Predicate | None
    value: Expression
    start: Symbol
    most: Mapping[Symbol, Fact] | None = None
    below: Fact = nothing
    share: Fact = nothing

    @classmethod
    def of(cls, start: Symbol, about: Predicate | None = None) -> "Psi":
        """Return what is followed from a start as a potential of itself."""
        return cls(about, COURSES[start].x, start)

    @property
    def shares(self) -> Mapping[Symbol, Fact]:
        """By what is known at W^0, how much of that psi is at most."""
        return {self.start: once} if self.most is None else self.most

    @property
    def kept(self) -> tuple[Expression, Expression, Expression] | None:
        """The square of what is kept, on average after a step, and at first, if the algorithm keeps anything."""
        try:
            square, then, first = square_kept(self.about)
        except Missing:
            return None
        return square, then, first.at({gap0: gap0_upper}) if self.start == gap0_upper else first

    @property
    def after(self) -> Expression:
        """What it is on average after a step."""
        later = {**after(self.about), **({} if self.kept is None else {self.kept[0]: self.kept[1]})}
        for square in (V2, distance):
            if square in drawn_in(read(self.value)) and square not in later:
                raise Missing(f"what {square!r} is after a step is not known of {self.about or 'any algorithm'!r}")
        _sum_of("psi", self.value, later)
        return self.value.at(later)

    @property
    def at_first(self) -> Expression:
        """What it is at most at W^0."""
        bound = sum((number_of(fact) * COURSES[start].x for start, fact in self.shares.items()), lifted(0))
        first = sum((number_of(fact) * COURSES[start].at_first for start, fact in self.shares.items()), lifted(0))
        if self.kept is not None:
            square, _, kept0 = self.kept
            share = _share_of(self.value, square, (gap, distance, V2, square))
            bound, first = bound + share * square, first + share * kept0
            same(self.share, share)
        same(self.below, bound - self.value)
        return first

    @property
    def by(self) -> list[Assumption]:
        """What that rests on: on the algorithm where psi is more than a gap."""
        starts = [*self.shares, *(() if self.kept is None else symbols_of(self.kept[2]))]
        premises = [assumption for start in COURSES if start in starts for assumption in COURSES[start].by]
        premises += [smooth] * (L in starts)  # a gradient is as large as L and a gap allow
        return premises if self.about is None or drawn_in(read(self.value)) <= {gap} else [self.about, *premises]

    def facts(self) -> tuple[Fact, ...]:
        """What is said of how it begins."""
        return (self.below, self.share, *self.shares.values())


def _potential(psi: Psi | Symbol) -> Psi:
    return psi if isinstance(psi, Psi) else Psi.of(psi)


def _share_of(value: Expression, state: Expression, states: Iterable[Expression]) -> Expression:
    return value.at({letter: lifted(int(letter == state)) for letter in states})


def _sum_of(name: str, value: Expression, states: Iterable[Expression]) -> None:
    """Raise ``Missing`` if a value is no sum of constant multiples of some numbers at W."""
    parts = {state: _share_of(value, state, states) for state in states}
    if not (read(value) - read(sum((share * state for state, share in parts.items()), lifted(0)))).is_zero:
        raise Missing(f"{name} must be a sum of multiples of {', '.join(map(repr, states))}, it is {value!r}")
    constant(*parts.values())


def followed(start: Symbol) -> tuple[Course, Expression]:
    """Return what is followed from a start, and its mean at W+, in any algorithm."""
    return COURSES[start], Psi.of(start).after


def iterate(step: Fact, rho: Fact, psi: Psi | Symbol, above: Fact = nothing) -> Fact:
    """``psi+ <= rho psi + e`` with ``rho >= 0`` and ``psi >= x`` makes
    ``x_T <= rho^T psi_0 + (1 + ... + rho^(T-1)) e``; x is what is followed from the start of psi."""
    psi = _potential(psi)
    _fixed(t, step, rho, above, *psi.facts())
    factor, course = number_of(rho), COURSES[psi.start]
    same(above, psi.value - course.x)
    e = _rest(step, factor * psi.value - psi.after)
    bound = factor**T * psi.at_first + powers(factor, 0, T - 1) * e
    fact = follows(Rule.ITERATE, course.at_last <= bound, psi.by, step, rho, above, *psi.facts())
    return replace(fact, schema=("psi", psi))


def telescope(step: Fact, growth: Fact, theta: Fact, psi: Psi | Symbol, above: Fact, squares: Expression = S) -> Fact:
    """``theta S <= g psi - psi+ + e`` with ``g > 0``, ``psi >= 0``, times the weight w^(t+1) for ``w = 1/g``, added:
    ``theta W_T`` times the mean of S with weights w^t is at most ``psi_0 + W_T e``, for ``W_T = w + ... + w^T``; S is a
    squared gradient, or a sum of multiples of those at W and at X."""
    psi = _potential(psi)
    _fixed(t, step, growth, theta, above, *psi.facts())
    g, slope = number_of(growth, strict=True), number_of(theta)
    same(above, psi.value)
    _sum_of("what is added", squares, ADDED)
    e = _rest(step, g * psi.value - slope * squares - psi.after)
    W_T, mean = powers(1 / g, 1, T), weighted_squared_gradient(1 / g).expected.at({SQUARED_GRADIENT: squares.at(ADDED)})
    facts = step, growth, theta, above, *psi.facts()
    fact = follows(Rule.TELESCOPE, slope * W_T * mean <= psi.at_first + W_T * e, psi.by, *facts)
    return replace(fact, schema=("psi", psi, squares))


def accumulate(step: Fact, p: Fact, j: Symbol, start: Symbol) -> Fact:
    """``S <= p(j+1) x - p(j) x+`` for all j, with ``p >= 0`` and ``p(0) = 0``: the sum of S is at most ``p(T) x_0``."""
    (x, x0, _, by), later = followed(start)
    share = number_of(p)
    _fixed(t, step, p)
    if j in (T, t) or j.unit != "count" or j.constant or asked_of(j, step, p):
        raise ValueError(f"{j!r} must stand for every whole number that is not negative")
    same(step, share.at({j: j + 1}) * x - share * later - S)
    if not read(share.at({j: 0})).is_zero:
        raise Missing(f"p must begin with 0, not with {share.at({j: 0})!r}")
    total_of_S = T * metric.mean_squared_gradient.expected
    return follows(Rule.ACCUMULATE, total_of_S <= share.at({j: T}) * x0, by, step, p)


def potential(psi: Psi, step: Fact, falls: Fact, above: Fact, c: Fact, p: Expression) -> Fact:
    """``psi+ <= psi - c x`` and ``x+ <= x`` with ``c >= 0`` and ``p x <= psi``: ``(c T + p) x_T`` is at most ``psi_0``;
    x is the gap."""
    _fixed(t, step, falls, above, c, *psi.facts())
    loss = number_of(c)
    constant(p)
    same(step, psi.value - psi.after - loss * gap)
    same(falls, gap - E(gap_next))
    same(above, psi.value - p * gap)
    claim = (loss * T + p) * metric.gap.expected <= psi.at_first
    fact = follows(Rule.POTENTIAL, claim, psi.by, step, falls, above, c, *psi.facts())
    return replace(fact, schema=("psi", psi, p))


def gather(
    step: Fact, q: Fact, theta: Fact, e: Fact, h: Fact, g: Fact, bounded: Fact, squares: Fact, end: Fact, start: Symbol
) -> Fact:
    """``theta g(t) S <= (1 + q h(t)) x - x+ + e h(t)`` at each t, none of q, theta, e, g(t), h(t), S, x negative, and
    ``q (h(0) + ... + h(T-1)) <= 1``: ``theta (1 - q sum h) sum g(t) S_t`` is at most ``x_0 + e sum h``.

    The largest mean M of x before T is at most ``x_0 + e sum h + M q sum h``, and so is what M stands for added up.
    """
    (x, x0, _, by), later = followed(start)
    _at_every_t(step, q, theta, e, bounded, squares, end)
    _fixed(t, q, theta, e)
    growth, slope, noise = map(number_of, (q, theta, e))
    share, size = _at_each(h), _at_each(g)
    same(step, (1 + growth * share) * x - later + noise * share - slope * size * S)
    same(squares, S)
    same(end, x)
    shares = total(t, T, share)
    same(bounded, 1 - growth * shares)
    left = slope * (1 - growth * shares) * total(t, T, size * SQUARED_GRADIENT)
    facts = step, q, theta, e, h, g, bounded, squares, end
    return follows(Rule.GATHER, left <= x0 + noise * shares, by, *facts)


def weigh(step: Fact, a: Fact, times: Expression, e: Expression, start: Symbol) -> Fact:
    """``a(t+1) x+ <= a(t) x + c e(t)`` at each t, with ``a(t) >= 0``: ``a(T) x_T`` is at most ``a(0) x_0`` and c times
    the sum of ``e(t)``."""
    (x, x0, last, by), later = followed(start)
    weight = _at_each(a)
    _at_every_t(step)
    constant(times, e)
    if _has(t, times):
        raise Missing(f"{times!r} must be the same at each t")
    same(step, weight * x + times * e - weight.at({t: t + 1}) * later)
    claim = weight.at({t: T}) * last <= weight.at({t: 0}) * x0 + times * total(t, T, e)
    return follows(Rule.WEIGH, claim, by, step, a)


def squares_added(g: Fact, squares: Fact) -> Fact:
    """A sum over t < T of squares, each times what is not negative at each t, is not negative."""
    _at_every_t(squares)
    of = next((of for of in ADDED if read(of) == squares.value), S)
    same(squares, of)
    return follows(Rule.SQUARES, total(t, T, _at_each(g) * ADDED[of]) >= 0, [], g, squares)


def some(g: Fact) -> Fact:
    """A sum over t < T of what is positive at each t is positive."""
    if not g.strict:
        raise Missing(f"it must be known to be positive, but {g!r} is all that is known")
    return follows(Rule.SUM, total(t, T, _at_each(g)) > 0, [], g)


def share_beside(fact: Fact) -> Expression:
    """Return how much of the squared gradient at X is in what ``telescope`` adds."""
    return _share_of(fact.schema[2], Gx @ Gx, ADDED)


def drifted(step: Fact, growth: Fact, push: Expression, mean: Expression) -> Fact:
    """``x_(k+1) <= g x_k + c y`` with ``g >= 0``, ``x_0 = 0``: over K steps the mean of x is at most ``mean y``, for
    the mean of ``c (1 + ... + g^(k-1))``; x is how far a client is, y the length of its gradient in H."""
    g = number_of(growth)
    constant(push, mean)
    _fixed(k, step, growth)
    if _has(k, push):
        raise Missing(f"{push!r} must be the same at each {k!r}")
    same(step, g * moved + push * own - moved_next)
    if not identical(mean, 1 / K * total(k, K, push * powers(g, 0, k - 1))):
        raise Missing(f"{mean!r} is not the mean over {K!r} steps of {push!r} times sums of powers of {g!r}")
    return follows(Rule.DRIFT, moved_mean <= mean * own, [], step, growth)


def lasting(end: Fact) -> Fact:
    """A gap or a squared distance that is not negative at each W is not on average at W^T."""
    course = next((row for row in COURSES.values() if read(row.x) == end.value), COURSES[gap0])
    same(end, course.x)
    return follows(Rule.LAST, course.at_last >= 0, [], end)


def power(base: Fact, exponent: Expression, *counts: Fact) -> Fact:
    """Powers of what is not negative are not negative, if the exponent is whole and not negative.

    A letter is such an exponent; of a sum of whole numbers another fact says that it is not negative.
    """
    _counted(exponent)
    if not isinstance(exponent, Symbol):
        (at_least_zero,) = counts
        same(at_least_zero, exponent)
    return follows(Rule.POWER, number_of(base) ** exponent >= 0, [], base, *counts)


def discharged(fact: Fact, relation: Relation, proof: Fact) -> Fact:
    """A fact that rests on a relation rests, once that is proved, on what proves it."""
    proved("", relation, proof)
    constant(*relation.terms)  # what is true of it on average alone would be multiplied as what is true at W
    assert fact.said is not None
    return replace(follows(Rule.GIVEN, fact.said, [], fact, proof), by=(fact.by - {relation}) | proof.by)


def sum_of_powers(base: Fact, count: Symbol) -> Fact:
    """The sum of the first powers of what is not negative, so many as a whole number says, is not negative."""
    _counted(count)
    return follows(Rule.POWERS, powers(number_of(base), 0, count - 1) >= 0, [], base)


def square_root(root: Expression, radicand: Fact) -> Fact:
    """The root of what is not negative is not negative, and the root of what is positive is positive."""
    if read(root) != read(sqrt(number_of(radicand))):
        raise Missing(f"{root!r} is not the root of what {radicand!r} is about")
    return follows(Rule.ROOT, root > 0 if radicand.strict else root >= 0, [], radicand)


def weights(growth: Fact) -> Fact:
    """The sum of the weights that make gaps telescope is positive."""
    return follows(Rule.WEIGHTS, powers(1 / number_of(growth, strict=True), 1, T) > 0, [], growth)


def cases(below: Fact, above: Fact, split: Relation) -> Fact:
    """What follows from ``a <= b``, or from ``a < b``, and follows from ``a >= b`` as well, is true."""
    turned = Relation(split.terms, (">=",))
    if split.signs not in (("<=",), ("<",)):
        raise ValueError(f"split must say that one number is at most, or less than, another, got {split!r}")
    constant(*split.terms)  # what is true of some draws has no mean, and what is true at some W is not iterated
    same(above, below.value.expression)
    by = (below.by - {split}) | (above.by - {turned})
    least = min(below, above, key=lambda fact: fact.strict)
    return Fact(least.value, least.strict, by, {(below, above): Fraction(1)}, Rule.CASES.value, least.said, Rule.CASES)


def instance(fact: Fact, letter: Symbol, number: Expression, met: Mapping[Relation, Fact]) -> Fact:
    """What is true of any number of which something is assumed is true of one for which each assumption is proved."""
    constant(number)
    relations = asked_of(letter, fact)
    is_one = letter in _meant(fact) or isinstance(letter, Drawn) or letter.constant or letter.unit == "count"
    if is_one or letter.argument is not None or not relations or fact.said is None:
        raise ValueError(f"{letter!r} must stand for any number of which something is assumed, in what has a name")
    places: dict[Any, Expression] = {letter: number}
    for relation in relations:
        constant(*relation.terms)
        proved("For one number", relation.at(places), met[relation])
    placed = follows(Rule.INSTANCE, fact.said.at(places), [], fact, *met.values(), name=f"For {letter!r} = {number!r}")
    return replace(placed, by=(fact.by - relations).union(*(proof.by for proof in met.values())))


def asked_of(letter: Symbol, *facts: Fact) -> set[Relation]:
    """Return what facts assume of a letter."""
    relations = (assumption for fact in facts for assumption in fact.by if isinstance(assumption, Relation))
    return {relation for relation in relations if _has(letter, relation)}


def _has(letter: Symbol, of: Expression | Relation) -> bool:
    """Whether something is said of a letter, or of what is another quantity at each."""
    return any(letter in symbol.within() for symbol in symbols_of(of))


def _meant(fact: Fact) -> set[Symbol]:
    """The letters that are not any number: T, those of what is there after T steps, or of a condition."""
    conditions = [assumption.inequality for assumption in fact.by if isinstance(assumption, Condition)]
    return {T, *ADDED.values(), *symbols_of(*conditions, *(row.at_last for row in COURSES.values()))}


def number_of(fact: Fact, *, strict: bool = False) -> Expression:
    """The number that a fact says is not negative, or positive: no draw must change it."""
    if strict and not fact.strict:
        raise Missing(f"it must be known to be positive, but {fact!r} is all that is known")
    value = fact.value.expression
    constant(value)
    return value


def _rest(step: Fact, explained: Expression) -> Expression:
    """What is left of a step: a number that no draw changes."""
    rest = cancelled(step.value - read(explained), [step.value.denominator]).expression
    constant(rest)
    return rest


def _counted(exponent: Expression) -> None:
    """Raise ``Missing`` unless an exponent is made of whole numbers."""
    if strange := [letter for letter in symbols_of(exponent) if letter.unit != "count"]:
        raise Missing(f"{exponent!r} must be a whole number, {strange[0]!r} is none")


def _fixed(letter: Symbol, *facts: Fact) -> None:
    """Raise ``Missing`` if facts are other ones at another step, or are assumed of some steps alone."""
    for fact in facts:
        if _has(letter, fact.value.expression) or asked_of(letter, fact):
            raise Missing(f"{fact!r} must be the same at each {letter!r}")


def constant(*values: Expression) -> None:
    """Raise ``Missing`` if a value depends on a draw, or on W."""
    for value in values:
        if drawn := drawn_in(read(value)):
            raise Missing(f"{value!r} must not depend on what is drawn, as {', '.join(map(repr, drawn))} does")


def _at_each(fact: Fact) -> Expression:
    """The number that a fact says is not negative at each t, of which nothing is assumed."""
    _at_every_t(fact)
    return number_of(fact)


def _at_every_t(*facts: Fact) -> None:
    if relations := asked_of(t, *facts):
        raise ValueError(
            f"t must stand for every whole number that is not negative, {relations.pop()!r} is asked of it"
        )
