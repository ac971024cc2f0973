"""The search for a proof: a linear program proposes how often to take which products of facts, exact arithmetic decides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import combinations_with_replacement
from operator import add, mul
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_matrix

from rac_theory.algebra import Ratio
from rac_theory.algebra.polynomials import ONE, Monomial, Polynomial
from rac_theory.proofs.drawn import drawn_in
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import one

_MOST_SLACKS, _ROUNDS, _MOST_COLUMNS, _HIGHEST = 3, 3, 4000, 6
_TINY = 1e-9

Terms = Mapping[Monomial, Fraction]


@dataclass(frozen=True)
class Column:
    """A product of facts, with its value."""

    terms: Terms
    fact: Fact


class Facts:
    """Facts to choose from: signs of letters, other facts about constants, and facts about f, a step, a sketch."""

    def __init__(self, every: Sequence[Fact]) -> None:
        plain = [fact for fact in every if fact.value.denominator == ONE]
        self.states = [fact for fact in plain if drawn_in(fact.value)]
        others = [fact for fact in plain if not drawn_in(fact.value)]
        self.signs: dict[Any, Fact] = {}
        for fact in others:
            letter = _single_letter(fact)
            if letter is not None and not (letter in self.signs and self.signs[letter].strict):
                self.signs[letter] = fact
        self.slacks = [fact for fact in others if len(fact.value.numerator.terms) > 1]

    def bases(self, slacks: int, *, of_constants: bool) -> list[Column]:
        """Return products of up to so many facts about constants, with one about f in each or without."""
        found = []
        for count in range(slacks + 1):
            for chosen in combinations_with_replacement(self.slacks, count):
                product = reduce(mul, chosen, one)
                found += [_column(product)] if of_constants else [_column(state * product) for state in self.states]
                found += [] if of_constants else [_column(product)] * bool(chosen)
        return found

    def multiple(self, column: Column, monomial: Mapping[Any, int]) -> Fact:
        """Return a column times a product of powers of positive letters."""
        fact = column.fact
        for letter, power in monomial.items():
            for _ in range(abs(power)):
                fact = fact * self.signs[letter] if power > 0 else fact / self.signs[letter]
        return fact

    def allows(self, monomial: Mapping[Any, int]) -> bool:
        """Whether a product of powers of letters is known to be positive, or at least not negative."""
        return all(
            letter in self.signs and abs(power) <= _HIGHEST and (power > 0 or self.signs[letter].strict)
            for letter, power in monomial.items()
        )


def search(target: Ratio, facts: Facts, stretch: Ratio | None = None) -> tuple[Fact, Fraction] | None:
    """Look for a fact whose value is the target; with ``stretch``, target + x stretch for the largest x.

    Returns the fact and x, which is 0 without a stretch; None if nothing was found, from which nothing follows.
    """
    if target.denominator != ONE or (stretch is not None and stretch.denominator != ONE):
        return None
    goal, way = dict(target.numerator.terms), {} if stretch is None else dict(stretch.numerator.terms)
    of_constants = not drawn_in(target)
    for slacks in range(_MOST_SLACKS + 1):
        columns = _columns(facts, facts.bases(slacks, of_constants=of_constants), {*goal, *way})
        if columns and (found := _solve(goal, way, columns, facts)) is not None:
            return found
    return None


def _columns(facts: Facts, bases: list[Column], wanted: set[Monomial]) -> list[tuple[Column, Mapping[Any, int]]]:
    """Multiples of products that have a term in common with what is wanted, or with one another."""
    chosen: dict[tuple[int, frozenset[Any]], tuple[Column, Mapping[Any, int]]] = {}
    todo, seen = set(wanted), set(wanted)
    for _ in range(_ROUNDS):
        by_state: dict[frozenset[Any], list[Monomial]] = {}
        for monomial in todo:
            by_state.setdefault(_state(monomial, facts), []).append(monomial)
        fresh: set[Monomial] = set()
        for i, base in enumerate(bases):
            for term in base.terms:
                for monomial in by_state.get(_state(term, facts), ()):
                    ratio = _ratio(monomial, term)
                    key = i, frozenset(ratio.items())
                    if key in chosen or not facts.allows(ratio):
                        continue
                    chosen[key] = base, ratio
                    fresh.update(_times(each, ratio) for each in base.terms)
                    if len(chosen) >= _MOST_COLUMNS:
                        return list(chosen.values())
        todo = fresh - seen
        seen |= fresh
    return list(chosen.values())


def _solve(goal: Terms, way: Terms, columns: Sequence[tuple[Column, Mapping[Any, int]]], facts: Facts):
    """The combination that is the goal, found in floating point and computed again in fractions."""
    every: list[Terms] = [{_times(m, ratio): q for m, q in base.terms.items()} for base, ratio in columns]
    if way:
        every.append({m: -q for m, q in way.items()})
    rows = {m: i for i, m in enumerate(dict.fromkeys(m for terms in (goal, *every) for m in terms))}
    entries = [(rows[m], j, float(q)) for j, terms in enumerate(every) for m, q in terms.items()]
    i, j, q = zip(*entries, strict=True)
    matrix = csc_matrix((q, (i, j)), shape=(len(rows), len(every)))
    right = np.zeros(len(rows))
    for m, times in goal.items():
        right[rows[m]] = float(times)
    cost = np.array([1 + 0.1 * sum(map(abs, ratio.values())) - 0.01 * base.fact.strict for base, ratio in columns])
    cost = np.append(1e-6 * cost, -1.0) if way else cost
    answer = linprog(cost, A_eq=matrix, b_eq=right, bounds=(0, None), method="highs-ds")
    if answer.status != 0:
        return None
    support = [k for k, x in enumerate(answer.x) if x > _TINY]
    exact = _exactly([every[k] for k in support], goal)
    if exact is None or any(x < 0 for x in exact):
        return None
    times = dict(zip(support, exact, strict=True))
    stretched = times.pop(len(columns), Fraction(0))
    products = [facts.multiple(*columns[k]) * x for k, x in times.items() if x]
    return (reduce(add, products), stretched) if products else None


def _exactly(columns: Sequence[Terms], goal: Terms) -> list[Fraction] | None:
    """Solve for the numbers of columns that add up to the goal, by elimination; None if there are none or many."""
    rows = [
        [terms.get(m, Fraction(0)) for terms in columns] + [goal.get(m, Fraction(0))]
        for m in {*goal, *(m for t in columns for m in t)}
    ]
    for k in range(len(columns)):
        pivot = next((row for row in rows[k:] if row[k]), None)
        if pivot is None:
            return None
        rows.remove(pivot)
        rows.insert(k, [each / pivot[k] for each in pivot])
        for n, row in enumerate(rows):
            if n != k and row[k]:
                rows[n] = [a - row[k] * b for a, b in zip(row, rows[k], strict=True)]
    if any(row[-1] for row in rows[len(columns) :]):
        return None
    return [rows[k][-1] for k in range(len(columns))]


def _column(fact: Fact) -> Column:
    return Column(dict(fact.value.numerator.terms), fact)


def _single_letter(fact: Fact) -> Any:
    """The letter that a fact says is positive, or not negative."""
    if len(fact.value.numerator.terms) != 1:
        return None
    ((monomial, times),) = fact.value.numerator.terms
    powers = list(monomial)
    return powers[0][0] if times == 1 and len(powers) == 1 and powers[0][1] == 1 else None


def _state(monomial: Monomial, facts: Facts) -> frozenset[Any]:
    return frozenset(pair for pair in monomial if pair[0] not in facts.signs)


def _ratio(above: Monomial, below: Monomial) -> dict[Any, int]:
    powers, divisors = dict(above), dict(below)
    letters = {key for key in (*powers, *divisors) if powers.get(key) != divisors.get(key)}
    return {key: powers.get(key, 0) - divisors.get(key, 0) for key in letters}


def _times(monomial: Monomial, ratio: Mapping[Any, int]) -> Monomial:
    powers = dict(monomial)
    for letter, power in ratio.items():
        powers[letter] = powers.get(letter, 0) + power
    return frozenset((letter, power) for letter, power in powers.items() if power)
