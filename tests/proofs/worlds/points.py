"""What is granted, as a table: a row for each point of each world, a column for each term; and what is too strong."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np

from rac_theory.algebra import Expression, Ratio, Relation, Symbol, number, symbols_of
from rac_theory.algebra.expression import lifted
from rac_theory.algebra.polynomials import ONE, Polynomial
from rac_theory.proofs.drawn import H
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.facts import assumed, even, high, low, no_step_or_more, nothing, square, square_of
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.quantities import G, V, Z
from rac_theory.statements.assumption import Assumption, Condition, KnownConstant
from rac_theory.statements.symbols import L_H, L, gamma, lambda_max, lambda_min, s
from rac_theory.theorems.ours import STORED, granted

from .world import World, alike

ALLOWED = 1e-9
"""What rounding may do, in units of the sum of the sizes of all terms."""
TINY = 1e-6


@dataclass(frozen=True)
class Points:
    """The terms (points, terms) of a value that should not be negative, and at each point numbers of its symbols."""

    terms: np.ndarray
    numbers: dict

    @property
    def slack(self) -> np.ndarray:
        """How far it is from equality, relative to its terms; negative where it is false."""
        return relative(self.terms)


def relative(terms: np.ndarray) -> np.ndarray:
    """The sum of each row in units of the sum of the sizes of its terms; what is tiny is nothing but rounding."""
    return np.sum(terms, axis=1) / np.maximum(np.sum(abs(terms), axis=1), TINY)


@cache
def stored(id: str) -> tuple[Fact, ...]:
    """Return the facts of the proof of a theorem, which is put together once."""
    return tuple(STORED[id]())


@cache
def all_granted() -> dict[str, Fact]:
    """Return by name and wording what modules grant, and what proofs that are written down rest on; not assumptions."""
    found = [*granted(), nothing, no_step_or_more]
    found += [fact(v) for fact in (low, high, even) for v in (G, V, Z, V - G * gamma)]
    found += [square(G), square(Z), square(H(Z)), *(square_of(1 - gamma * one) for one in (L, L_H, s))]
    for id in STORED:
        with suppress(Missing):  # a proof that no longer is one is seen by tests of its own
            found += [leaf for fact in stored(id) for leaf in leaves(fact, set())]
    named = {f"{key(fact)} [{_by(fact)}]": fact for fact in found if fact.said is not None}
    return {name: named[name] for name in sorted(named)}


PARTS = range(8)
"""Of the facts that are granted: to list them all takes seconds, which whoever collects tests should not need."""


def some_of_them(part: int) -> dict[str, Fact]:
    """Return one part of the facts that are granted."""
    granted = all_granted()
    return {name: granted[name] for name in [*granted][part :: len(PARTS)]}


def key(fact: Fact) -> str:
    """Its name and wording."""
    return f"{fact.name}: {fact!r}"


def leaves(fact: Fact, seen: set[int]) -> Iterator[Fact]:
    """Yield what a fact rests on that follows from nothing, without what is assumed of numbers."""
    if id(fact) in seen:
        return
    seen.add(id(fact))
    if not fact.of and not _is_assumed(fact):
        yield fact
    for product in fact.of:
        for each in product:
            yield from leaves(each, seen)


def _is_assumed(fact: Fact) -> bool:
    """Whether it is what its one assumption says, word by word."""
    return len(fact.by) == 1 and fact.said in [each.said for one in fact.by for each in assumed(one)]


def _by(fact: Fact) -> str:
    return ", ".join(sorted(map(short, fact.by)))


def short(one: Assumption) -> str:
    """An assumption in few words."""
    if isinstance(one, KnownConstant):
        return one.symbol.constant
    return one.name if isinstance(one, Condition) else getattr(one, "__name__", repr(one))


def points(columns: Sequence[Expression], by: Iterable[Assumption], worlds: Sequence[World]) -> tuple[Points, int]:
    """Return the table of a sum of columns, and of how many worlds: those that have its letters and meet ``by``."""
    symbols = symbols_of(*columns, lambda_min, lambda_max)
    needed = symbols_of(*columns)
    numeric = [one for one in by if isinstance(one, Relation | KnownConstant)]
    others = frozenset(by).difference(numeric)  # sets know the hashes of what is in them
    tables, found = [], 0
    for group in alike(tuple(worlds)):
        one = group.worlds[0]
        if others <= one.meets and all(map(one.has, needed)):
            chosen = np.logical_and.reduce([np.ones(len(group.worlds), bool), *map(group.met, numeric)])
            if chosen.any():
                tables.append(group.table(symbols, chosen))
                found += int(chosen.sum())
    numbers = dict(zip(symbols, np.concatenate([np.zeros((0, len(symbols))), *tables]).T, strict=True))
    known, count = {one.name: each for one, each in numbers.items()}, sum(map(len, tables))
    terms = np.stack([np.broadcast_to(number(column, known), (count,)) for column in columns], axis=1)
    # Where N = 1, r is 0 / 0, and s r is 0: the library says so of numbers, not of arrays.
    for i in np.flatnonzero(np.isnan(terms).any(axis=1)):
        at = {name: each[i] for name, each in known.items()}
        terms[i] = [number(column, at) for column in columns]
    return Points(terms, numbers), found


def columns_of(said: Relation) -> list[Expression]:
    """The terms of the larger side less the smaller: those of a polynomial if it is one, else the sides."""
    assert said.signs in (("<=",), ("<",))
    left, right = said.terms
    value = read(right - left)
    if value.denominator != ONE or not value.numerator.terms:
        return [right, -left] if left != lifted(0) else [right]
    return [Ratio(Polynomial(frozenset({term}))).expression for term in ordered(value)]


def ordered(value: Ratio) -> list[tuple[frozenset, Fraction]]:
    """The terms of a value, in an order that is the same each time."""
    return sorted(value.numerator.terms, key=lambda term: repr(Polynomial(frozenset({term}))))


MARGIN = 1e-6
"""How far a wrong inequality must be from true to be refuted, relative to its terms."""


def stronger(said: Relation, at: Points) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what is changed, and the terms after it, for all that asks for more at some point."""
    if at.terms.shape[1] == 1:  # a sign, which no factor makes stronger
        yield "at least 1/20", np.append(at.terms, np.full((len(at.terms), 1), -1 / 20), axis=1)
        return
    for what, j, times in _changes(said, at):
        terms = at.terms.copy()
        terms[:, j] *= times
        if np.any(terms.sum(axis=1) < at.terms.sum(axis=1) - MARGIN * abs(at.terms).sum(axis=1)):
            yield what, terms


def is_refuted(terms: np.ndarray) -> bool:
    return bool(np.any(relative(terms) < -MARGIN))


def _changes(said: Relation, at: Points) -> Iterator[tuple[str, int, np.ndarray | float]]:
    left, right = said.terms
    value = read(right - left)
    terms = ordered(value) if value.denominator == ONE else []
    for j in range(at.terms.shape[1]):
        named = f"term {j + 1}" if not terms else repr(value.numerator.__class__(frozenset({terms[j]})))
        yield f"{named}: 5% more", j, 1.05
        yield f"{named}: 5% less", j, 0.95
        yield f"{named}: left out", j, 0.0
        if not terms:
            continue
        powers = {key: power for key, power in terms[j][0] if isinstance(key, Symbol) and isinstance(power, int)}
        for one, other in ((lambda_min, lambda_max), (lambda_max, lambda_min)):
            if one in powers and other in at.numbers:
                yield f"{named}: {other!r} for {one!r}", j, _ratio(at.numbers[other], at.numbers[one]) ** powers[one]
        for key, power in powers.items():
            if abs(power) > 1:
                for by in (-1 / 20, 1 / 20):
                    yield f"{named}: power {power * (1 + by):g} of {key!r}", j, _power(at.numbers[key], power * by)


def _ratio(a, b):
    return np.divide(a, b, out=np.ones_like(a), where=b != 0)


def _power(x, exponent):
    return np.power(x, exponent, out=np.ones_like(x), where=x > 0)
