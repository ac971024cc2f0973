"""Reading as a direction: whether a value can fall, or rise, as one of its symbols grows.

The rules of a sum, a product, a quotient and a power come first. Where they decide nothing, the derivative of a
quotient of polynomials may have a sign that is proved on the whole box (``algebra.box``). Nothing is sampled.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from rac_theory.algebra import expression as kinds
from rac_theory.algebra.expression import Expression, Number, Relation, Symbol, symbols_of
from rac_theory.algebra.polynomial import in_letters
from rac_theory.algebra.polynomials import Polynomial
from rac_theory.algebra.sign import ZERO, Region, Signs, Way

_BACK: Mapping[Way | None, Way | None] = {"up": "down", "down": "up", "none": "none", None: None}


class Direction(NamedTuple):
    """Whether an expression rises or falls with a symbol, None where neither is proved; and what the proof uses.

    Rules for sums, products and powers are always used. ``origins`` has what was used besides: "polynomial" for a
    normal form, and the ``origin`` of each lemma.
    """

    trend: Way | None
    origins: frozenset[str]


def direction(expression: Expression, symbol: Symbol, region: Region) -> Direction:
    """Return which way an expression goes as a symbol grows, everything else staying where it is in the region.

    Parameters
    ----------
    expression : Expression
    symbol : Symbol
        What grows.
    region : Region
        Where its symbols lie.

    Returns
    -------
    Direction

    Examples
    --------
    >>> from rac_theory.algebra import Region, Symbol, direction
    >>> L, mu, kappa, T = Symbol("L"), Symbol("mu"), Symbol("kappa"), Symbol("T")
    >>> region = Region({L: (0, 1), kappa: (0, 1), T: (1, 9)}, places={mu: kappa * L})
    >>> direction((1 - mu) ** T * L, mu, region).trend, direction((1 - mu) ** T * L, L, region).trend
    ('down', 'up')
    >>> direction(L * (1 - L), L, region).trend is None
    True
    """
    reading = _Ways(region, set())
    trend = reading.way(expression, symbol)
    return Direction(trend, frozenset(reading.used))


def slacks(relation: Relation) -> Iterator[Expression]:
    """Yield for each sign of a relation, but "=", what must not be negative."""
    for a, how, b in zip(relation.terms, relation.signs, relation.terms[1:], strict=False):
        if how != "=":
            yield b - a if how in ("<", "<=") else a - b


def together(ways: Iterable[Way | None]) -> Way | None:
    """Return the way of all, "none" if none of them moves, None if they differ or one is not known."""
    moving = set(ways) - {"none"}
    return "none" if not moving else moving.pop() if len(moving) == 1 else None


class _Ways(Signs):
    def way(self, e: Expression, symbol: Symbol) -> Way | None:
        if symbol not in symbols_of(e):
            return "none"
        if e in self.region.lemmas and symbol in self.region.lemmas[e].ways:
            self.used.add(self.region.lemmas[e].origin)
            return self.region.lemmas[e].ways[symbol]
        trend = self._by_rule(e, symbol)
        if trend is not None or isinstance(e, kinds.Let):
            return trend
        return "up" if self._is_slope("up", e, symbol) else "down" if self._is_slope("down", e, symbol) else None

    def _by_rule(self, e: Expression, symbol: Symbol) -> Way | None:
        match e:
            case Symbol():
                return "up"
            case kinds.Let(value=value):
                return self.way(value, symbol)
            case kinds.Negative(value):
                return _BACK[self.way(value, symbol)]
            case kinds.Sum(terms):
                return together(self.way(term, symbol) for term in terms)
            case kinds.Product(factors):
                return self._of_product(factors, symbol)
            case kinds.Quotient(numerator, denominator) if self.sign(denominator):
                above = self._times(self.way(numerator, symbol), [denominator])
                return together([above, _BACK[self._times(self.way(denominator, symbol), [numerator])]])
            case kinds.Power(base, exponent) if symbol not in symbols_of(exponent):
                return self._of_power(base, exponent, symbol)
            case kinds.Powers(base, first, last) if symbol not in symbols_of(first, last) and self.sign(base) == 1:
                return self._times(self.way(base, symbol), [first])
            case kinds.Total() if symbol not in symbols_of(e.steps):
                return together(inner.way(term, symbol) for inner, term in self.terms(e))
            case kinds.Maximum(of):
                return self._of_largest(of, symbol)
            case kinds.Choice(Relation(signs=(_,)) as condition, then, otherwise) if "=" not in condition.signs:
                (slack,) = slacks(condition)
                switched = self._times(self.way(slack, symbol), [then - otherwise])
                return together([self.way(then, symbol), self.way(otherwise, symbol), switched])
        return None

    def _times(self, trend: Way | None, factors: Iterable[Expression]) -> Way | None:
        """The way of what is multiplied by factors that have a sign."""
        if trend in ("none", None):
            return trend
        for factor in factors:
            sign = self.sign(factor)
            trend = trend if sign == 1 else _BACK[trend] if sign == -1 else None
        return trend

    def _of_power(self, base: Expression, exponent: Expression, symbol: Symbol) -> Way | None:
        if self.sign(exponent) != 1:
            return None
        if self.sign(base) == 1:
            return self.way(base, symbol)
        is_even = isinstance(exponent, Number) and exponent.value % 2 == 0
        return self._times(self.way(base, symbol), [base]) if is_even else None

    def _of_product(self, factors: tuple[Expression, ...], symbol: Symbol) -> Way | None:
        if ZERO in factors:
            return "none"
        others = {i: (*factors[:i], *factors[i + 1 :]) for i in range(len(factors))}
        trend = together(self._times(self.way(factor, symbol), others[i]) for i, factor in enumerate(factors))
        sums = [i for i, factor in enumerate(factors) if isinstance(factor, kinds.Powers) and factor.first == ZERO]
        return (
            self._of_geometric(factors[sums[0]], kinds.Product(others[sums[0]]), symbol)
            if not trend and sums
            else trend
        )

    def _of_geometric(self, powers: Expression, factor: Expression, symbol: Symbol) -> Way | None:
        """c (1 + b + ... + b^n) is c / (1 - b) times 1 - b^(n+1), for b in [0, 1]: both may go one way."""
        assert isinstance(powers, kinds.Powers)
        trend = _BACK[self.way(powers.base, symbol)]
        inside = self.sign(powers.base) == self.sign(1 - powers.base) == self.sign(factor) == 1
        if trend not in ("up", "down") or not inside or symbol in symbols_of(powers.last):
            return None
        return trend if self._is_slope(trend, factor / (1 - powers.base), symbol) else None

    def _of_largest(self, of: tuple[Expression, ...], symbol: Symbol) -> Way | None:
        """Without those that others are never below."""
        members = list(of)
        for member in of:
            if any(self.sign(rival - member) == 1 for rival in members if rival != member):
                members.remove(member)
        return together(self.way(member, symbol) for member in members)

    def _is_slope(self, trend: Way, e: Expression, symbol: Symbol) -> bool:
        """Whether the derivative has the sign of a way, and what it divides by is zero at an end at most.

        Which is so if that has a sign and goes one way itself: ``(a - b) / (a - b)^2`` has such a slope, and jumps.
        """
        try:
            ratio = in_letters(e, self.region.lemmas)
        except ZeroDivisionError:
            return False
        above, below = ratio.numerator, ratio.denominator
        if not self._is_in(above, symbol) or not self._is_in(below, symbol):
            return False
        rise, steepness = above.derivative(symbol), below.derivative(symbol)
        if self._proved_sign(below) is None or self._proved_sign(steepness) is None:
            return False
        slope = rise * below + -(above * steepness)
        return self.proved(slope if trend == "up" else -slope)

    def _is_in(self, p: Polynomial, symbol: Symbol) -> bool:
        """Whether it depends on a symbol as a polynomial, and not also inside another letter."""
        return all(letter == symbol or symbol not in symbols_of(letter) for letter in p.letters())
