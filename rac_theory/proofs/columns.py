"""What a proof may be made of: products of facts that have terms in common with the goal, or with one another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property, reduce
from itertools import combinations_with_replacement
from operator import mul
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rac_theory.algebra import ONE, Monomial, Polynomial, Ratio, divided, simplified
from rac_theory.proofs.drawn import drawn_in
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import one

_MOST, _ABOVE, _FAR = 60_000, 2, 99

_BITS = 16
"""Of each power in one number for all, that of the first letter above all others: such numbers add up as powers do."""

Powers: TypeAlias = tuple[int, ...]
Terms: TypeAlias = Mapping[Powers, Fraction]
Packed: TypeAlias = Mapping[int, Fraction]


def packed(terms: Terms) -> Packed:
    """Return terms with one number for the powers of each."""
    return {_packed(powers): times for powers, times in terms.items()}


def _packed(powers: Sequence[int]) -> int:
    return sum(power << _BITS * i for i, power in enumerate(reversed(powers)))


def unpacked(numbers: Sequence[int], letters: int) -> NDArray[np.int_]:
    """Return the powers (n, letters) of n numbers."""
    half = _packed([1 << _BITS - 1] * letters)  # added, so that none is negative
    written = b"".join([(number + half).to_bytes(2 * letters, "big") for number in numbers])
    return np.frombuffer(written, ">u2").reshape(len(numbers), letters).astype(int) - (1 << _BITS - 1)


@dataclass(frozen=True)
class Product:
    """A product of facts, and its value as terms."""

    facts: tuple[Fact, ...]
    terms: Packed

    @cached_property
    def numbers(self) -> list[float]:
        """The number of each term, rounded."""
        return list(map(float, self.terms.values()))

    @cached_property
    def strict(self) -> bool:
        """Whether each fact says that something is positive."""
        return all(fact.strict for fact in self.facts)


class Column(NamedTuple):
    """A product of facts, times powers of positive letters; with the powers of each term then."""

    product: Product
    powers: int
    moved: list[int]

    @property
    def terms(self) -> Packed:
        """What it comes to."""
        return dict(zip(self.moved, self.product.terms.values(), strict=True))


class Facts:
    """Facts to choose from, as far as they can have to do with a goal.

    Attributes
    ----------
    signs : mapping
        Letters that are positive, or not negative, to the facts that say so.
    slacks : sequence of Fact
        Other facts about constants.
    states : sequence of Fact
        Facts about f, a step or a sketch.
    """

    def __init__(self, every: Sequence[Fact], goal: Ratio) -> None:
        integral = [fact for fact in (cleared(fact, every) for fact in every) if fact is not None]
        states, constants = (
            [fact for fact in integral if bool(drawn_in(fact.value)) is drawn] for drawn in (True, False)
        )
        self.signs, self._weakest = _signs(constants), _signs(constants, strictly=False)
        slacks = [fact for fact in constants if len(fact.value.numerator.terms) > 1]
        reached = _letters(goal.numerator)
        self.states = _reached(states, reached, {*self.signs}) if drawn_in(goal) else []
        self.slacks = _reached(slacks, reached, set())
        self.letters = [*self.signs, *sorted(reached - {*self.signs}, key=repr)]
        self.place = {letter: i for i, letter in enumerate(self.letters)}

    def terms(self, p: Polynomial) -> Terms:
        """Return a polynomial as powers of the letters and their numbers."""
        # In order, so that the same search has the same linear programs each time.
        return dict(sorted((self._powers(monomial), Fraction(times)) for monomial, times in p.terms))

    def _powers(self, monomial: Monomial) -> Powers:
        powers = [0] * len(self.letters)
        for letter, power in _pairs(monomial):
            powers[self.place[letter]] = power
        return tuple(powers)

    def products(self, slacks: int) -> Iterator[tuple[tuple[Fact, ...], Terms]]:
        """Yield each product of so many facts about constants, times one about f if the goal is about f."""
        for chosen in combinations_with_replacement(self.slacks, slacks):
            constant = reduce(mul, (fact.value.numerator for fact in chosen), one.value.numerator)
            multiples = [((*chosen, state), state.value.numerator * constant) for state in self.states]
            multiples += [(chosen or (one,), constant)] if chosen or not self.states else []
            # What has letters of its own, as the product of powers with symbolic exponents, is of no use.
            yield from ((facts, self.terms(p)) for facts, p in multiples if _letters(p) <= self.place.keys())

    def columns(self, goals: Sequence[Terms], slacks: int, rounds: int, below: int) -> list[Column]:
        """Return products of at most so many facts about constants, times powers, that can add up to goals.

        A term is looked for that makes up a goal, or that takes away what another product has too much of.
        """
        products = [product for count in range(slacks + 1) for product in self.products(count)]
        near = [powers for goal in goals for powers in goal]
        ranges = [self._range(terms, near, below) for _, terms in products]
        moving = [Product(facts, packed(terms)) for facts, terms in products]
        signs = [[times < 0 for times in product.terms.values()] for product in moving]
        fresh = {(powers, times > 0) for goal in goals for powers, times in goal.items()}
        powers_of = cache(lambda number: tuple(unpacked([number], len(self.letters))[0].tolist()))
        visited, columns = set(fresh), dict[tuple[int, int], Column]()
        fixed = [0] * (len(self.letters) - len(self.signs))
        state, guards = (1 << _BITS * len(fixed)) - 1, _packed([1 << _BITS - 1] * len(self.signs) + fixed)
        for _ in range(rounds):
            by_state: dict[tuple[int, bool], list[int]] = {}
            for powers, is_more in fresh:
                by_state.setdefault(((place := _packed(powers)) & state, is_more), []).append(place)
            fresh = set()
            for i, (product, allowed) in enumerate(zip(moving, ranges, strict=True)):
                is_tried = len(columns) < _MOST and allowed is not None
                # A guard falls where the least power is taken from a smaller one, or a larger one from the largest.
                up = guards - _packed([*(powers[0] for powers in allowed or ()), *fixed])
                down = guards + _packed([*(powers[-1] for powers in allowed or ()), *fixed])
                for term, is_less in zip(product.terms, signs[i], strict=True) if is_tried else ():
                    for target in by_state.get((term & state, not is_less), ()):
                        ratio = target - term
                        if (i, ratio) not in columns and (ratio + up) & (down - ratio) & guards == guards:
                            moved = [powers + ratio for powers in product.terms]
                            columns[i, ratio] = Column(product, ratio, moved)
                            fresh.update(zip(map(powers_of, moved), signs[i], strict=True))
            fresh -= visited
            visited |= fresh
            if not fresh:
                break
        return list(columns.values())

    def _range(self, terms: Terms, goal: Sequence[Powers], below: int) -> list[range] | None:
        """By which powers of each sign a product may be multiplied: those that keep it near the goal; None if none."""
        signs = [fact.strict for fact in self.signs.values()]
        sides = zip(zip(*terms, strict=True), zip(*goal, strict=True), signs, strict=False)
        ranges = [
            range(
                max(min(0, *near) - below - min(powers), -_FAR if strict else 0),
                max(0, *near) + _ABOVE - max(powers) + 1,
            )
            for powers, near, strict in sides
        ]
        return ranges if all(ranges) else None

    def fact(self, column: Column, *, strictly: bool) -> Fact:
        """Return a column as a fact, by signs that are strict, or of letters in it by those that assume the least."""
        multiple = reduce(mul, column.product.facts)
        (powers,) = unpacked([column.powers], len(self.letters))
        for power, (letter, sign) in zip(powers, self.signs.items(), strict=False):
            for _ in range(abs(power)):
                multiple = multiple / sign if power < 0 else multiple * (sign if strictly else self._weakest[letter])
        return multiple


def cleared(fact: Fact, facts: Sequence[Fact]) -> Fact | None:
    """Return a fact times what it divides by, if other facts say that this is positive; else None."""
    divisors = divisor(fact.value, facts)
    if not divisors:
        return None if divisors is None else fact
    integral = fact * reduce(mul, divisors)
    return proved("Times a denominator", simplified(integral.value).expression >= 0, integral)


def divisor(value: Ratio, facts: Sequence[Fact]) -> list[Fact] | None:
    """Return strict facts whose product is the denominator of a value, up to a number and positive letters; or None."""
    rest, divisors = value.denominator, list[Fact]()
    for fact in facts:
        is_sum = fact.strict and fact.value.denominator == ONE and len(fact.value.numerator.terms) > 1
        while is_sum and rest != ONE and (quotient := divided(rest, fact.value.numerator)) is not None:
            rest, divisors = quotient, [*divisors, fact]
    return divisors if len(rest.terms) == 1 else None


def _signs(facts: Sequence[Fact], *, strictly: bool = True) -> dict[Any, Fact]:
    """The letters that facts say are positive, or not negative: by what is strict, or by what assumes the least."""
    signs: dict[Any, Fact] = {}
    for fact in facts:
        ((monomial, times), *others) = fact.value.numerator.terms or ((frozenset(), Fraction(0)),)
        pairs = list(_pairs(monomial))
        if not others and times == 1 and len(pairs) == 1 and pairs[0][1] == 1:
            letter = pairs[0][0]
            if letter not in signs or (fact.strict if strictly else len(fact.by) < len(signs[letter].by)):
                signs[letter] = fact
    return signs


def _reached(facts: Sequence[Fact], reached: set[Any], apart_from: set[Any]) -> list[Fact]:
    """The facts that share a letter with what is reached, directly or through others; their letters are added to it."""
    chained, rest = list[Fact](), list(facts)
    while near := [fact for fact in rest if reached & _letters(fact.value.numerator) - apart_from]:
        chained += near
        for fact in near:
            reached |= _letters(fact.value.numerator)
        rest = [fact for fact in rest if fact not in near]
    return chained


def _letters(p: Polynomial) -> set[Any]:
    return {letter for monomial, _ in p.terms for letter, _ in _pairs(monomial)}


def _pairs(monomial: Monomial) -> Iterator[tuple[Any, int]]:
    """Letters and their powers; a power with a symbolic exponent is a letter of its own."""
    for key, value in monomial:
        yield (key, value) if isinstance(value, int) else ((key, value), 1)
