"""What is known of the signs of constants, and what must be given besides so that a number is not negative."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from operator import mul, truediv

import numpy as np

from rac_theory.algebra import ONE, Expression, Polynomial, Ratio, Relation, Symbol, divided, lifted, simplified, term
from rac_theory.base.checks import Array
from rac_theory.discovery.linear import numbers
from rac_theory.proofs import Fact, Missing, assumed, combined, content, one, proved

_CLEARLY = 1e-9
_MANY = 9
"""With more letters than these a sum is asked for unless it follows at once: to look for more takes ten seconds."""


class Signs:
    """Facts about constants, to which conditions are added as they are needed.

    Parameters
    ----------
    facts : sequence of Fact
        What is known.
    at : mapping
        Constants at which these are true, (n,) each.
    where : sequence of int
        Those at which what was found holds: conditions are made true there.
    write : callable
        A polynomial as people write it.
    """

    def __init__(
        self,
        facts: Sequence[Fact],
        at: Mapping[Symbol, Array],
        where: Sequence[int],
        write: Callable[[Polynomial], Expression],
    ) -> None:
        self._granted, self._at, self._where, self._write = tuple(facts), at, list(where), write
        self.conditions: tuple[Relation, ...] = ()
        self._products: tuple[Fact, ...] = ()
        self._found: dict[tuple[Ratio, bool, int], Fact | None] = {}

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What is known, and what is given besides."""
        return (*self._granted, *(fact for condition in self.conditions for fact in assumed(condition)))

    def fact(self, value: Ratio, *, strictly: bool = False) -> Fact | None:
        """Return the fact that a number is not negative, by what assumes the least, or that it is positive; or None."""
        if value.number is not None:
            return one * value.number if value.number > 0 else None
        key = (value, strictly, len(self.conditions))
        if key not in self._found:
            self._found[key] = self._looked_for(value, self.conditions, strictly=strictly)
        return self._found[key]

    def _looked_for(self, value: Ratio, conditions: Sequence[Relation], *, strictly: bool) -> Fact | None:
        """The fact that a number is not negative where some conditions are met, unless it is seen to be negative."""
        given = [fact for condition in conditions for fact in assumed(condition)]
        met = np.logical_and.reduce([numbers(fact.value, self._at) >= 0 for fact in given], initial=True)
        if (met & (numbers(value, self._at) < -_CLEARLY)).any():
            return None
        allowed = [fact for fact in self._granted if fact.by.isdisjoint({*self.conditions} - {*conditions})]
        same = (fact for fact in (*self._products, *allowed, *given) if fact.value == value)
        sign = min(same, key=lambda fact: (strictly and not fact.strict, len(fact.by)), default=None)
        if sign is None and conditions == self.conditions:
            sign = self._by_factors(value, strictly=strictly)
        efforts = 2 if len(self._at) > _MANY else 3
        return sign or combined(value, (*self._products, *allowed, *given), efforts=efforts)

    def _by_factors(self, value: Ratio, *, strictly: bool) -> Fact | None:
        """The fact that a quotient of products is not negative, by the signs of all that is multiplied."""
        sides = value.numerator, value.denominator
        divisor = content(value.denominator)[2]
        letters = content(sides[0])[1]
        above = [*_powers(letters), *self.sums(sides[0])]
        below = [*_powers(letters, -1), *_powers(content(sides[1])[1]), *([divisor] if len(divisor.terms) > 1 else [])]
        times = simplified(value * _product(below) / _product(above)).number
        if len(above) + len(below) < 2 or times is None or times <= 0:
            return None
        signed = [*((factor, strictly) for factor in above), *((factor, True) for factor in below)]
        facts = [fact for factor, sign in signed if (fact := self.fact(Ratio(factor), strictly=sign)) is not None]
        factors, divisors = facts[: len(above)], facts[len(above) :]
        is_known = len(facts) == len(above) + len(below) and all(fact.strict and fact.name for fact in divisors)
        return reduce(truediv, divisors, reduce(mul, factors, one * times)) if is_known else None

    def known(self, value: Ratio, *, strictly: bool = False) -> Fact:
        """Return the same; ``Missing`` if it is not known. What it divides by has one name, also if it is a product."""
        of_sums = [
            fact
            for factor in self.sums(value.denominator)
            if (fact := self.fact(Ratio(factor), strictly=True)) is not None
        ]
        divisor = Ratio(content(value.denominator)[2])
        if len(of_sums) > 1 and all(fact.value != divisor for fact in self._products):
            product = reduce(mul, of_sums)
            times = simplified(divisor / product.value).number
            if times is not None and times > 0:
                self._products += (proved("", divisor.expression > 0, product * times),)
                self._found.clear()
        sign = self.fact(value, strictly=strictly)
        if sign is None:
            raise Missing(f"{value!r} >= 0 is not known")
        return sign

    def need(self, value: Ratio, *, strictly: bool = False) -> None:
        """Give the signs of the factors of a number that are not known, so that it is not negative, or positive."""
        if value.is_zero:
            if strictly:
                raise Missing("0 is not positive")
            return
        sign = self.fact(value, strictly=strictly)
        if sign is not None and (sign.strict or not strictly):
            return
        below = (letter for letter, power in content(value.numerator)[1].items() if power < 0)
        for factor in (*map(term, below), *self._factors(value.denominator)):
            self._give(factor, strictly=True)
        for factor in self._factors(value.numerator):
            self._give(factor, strictly=strictly)

    def simplify(self) -> None:
        """Leave out conditions that follow from the others."""
        for condition in self.conditions:
            (goal,) = assumed(condition)
            others = tuple(relation for relation in self.conditions if relation is not condition)
            sign = self._looked_for(goal.value, others, strictly=goal.strict)
            if sign is not None and (sign.strict or not goal.strict):
                granted = (fact for fact in self._granted if condition not in fact.by)
                self._granted = (*granted, proved("", condition, sign))  # a quotient can be divided by what has a name
                self.conditions = others
                self._found.clear()

    def _factors(self, p: Polynomial) -> Iterator[Polynomial]:
        """The letters and sums of which a polynomial is a product; an even power has no sign to ask for."""
        yield from (term(letter) for letter, power in content(p)[1].items() if power % 2)
        yield from self.sums(p)

    def sums(self, p: Polynomial) -> Iterator[Polynomial]:
        """The sums of which a polynomial is a product, but for letters and a number."""
        rest = content(p)[2]
        for factor in [fact.value.numerator for fact in self.facts]:
            while min(len(factor.terms), len(rest.terms)) > 1 and (left := divided(rest, factor)) is not None:
                yield factor
                rest = left
        if len(rest.terms) > 1:
            yield rest

    def _give(self, factor: Polynomial, *, strictly: bool) -> None:
        if 2 * (numbers(Ratio(factor), self._at)[self._where] > 0).sum() < len(self._where):
            factor = -factor
        sign = self.fact(Ratio(factor), strictly=strictly)
        if sign is None or (strictly and not sign.strict):
            self.conditions += (self._relation(factor, strictly=strictly),)
        elif sign.of:
            number = Ratio(factor).expression
            self._granted += (proved("", number > 0 if sign.strict else number >= 0, sign),)

    def _relation(self, p: Polynomial, *, strictly: bool) -> Relation:
        """Write that a polynomial is not negative, or positive, without a minus."""
        sides = [
            {(monomial, times if more else -times) for monomial, times in p.terms if (times > 0) is more}
            for more in (False, True)
        ]
        less, more = (self._write(Polynomial(frozenset(side))) for side in sides)
        if not sides[0]:
            return Relation((more, lifted(0)), (">" if strictly else ">=",))
        return Relation((less, more), ("<" if strictly else "<=",))


def _powers(letters: Mapping[Expression, int], times: int = 1) -> Iterator[Polynomial]:
    """Each letter as often as it is a factor, or as it divides."""
    for letter, power in letters.items():
        yield from [term(letter)] * max(times * power, 0)


def _product(factors: Sequence[Polynomial]) -> Ratio:
    return Ratio(reduce(mul, factors, ONE))
