"""What facts say as linear forms in the letters of a step: as numbers at random constants, and as quotients of
polynomials in the constants.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import mul
from typing import Any, TypeAlias

import numpy as np

from rac_theory.algebra import ONE, Atom, Let, Polynomial, Ratio, Symbol, cancelled
from rac_theory.base.checks import Array
from rac_theory.proofs import Drawn

Form: TypeAlias = Mapping[Drawn | None, Ratio]
"""Letters of a step and what each is multiplied by; what is no multiple of one stands at None."""

CONSTANTS = Symbol | Let | Atom
"""What a letter is that has a number where constants have: a name and a maximum have that of their expressions."""

_ZERO = Ratio(ONE) - Ratio(ONE)


def linear(value: Ratio) -> Form | None:
    """Return a value as a linear form, or None if it is none in letters that are numbers or constants."""
    parts: dict[Drawn | None, Polynomial] = {}
    for monomial, times in value.numerator.terms:
        drawn = [pair for pair in monomial if isinstance(pair[0], Drawn)]
        if len(drawn) > 1 or any(power != 1 for _, power in drawn):
            return None
        rest = Polynomial(frozenset({(monomial - {*drawn}, times)}))
        letter = drawn[0][0] if drawn else None
        parts[letter] = parts[letter] + rest if letter in parts else rest
    if not all(
        isinstance(letter, CONSTANTS) and not isinstance(letter, Drawn)
        for side in (*parts.values(), value.denominator)
        for letter in side.letters()
    ):
        return None
    return {letter: Ratio(coefficient, value.denominator) for letter, coefficient in parts.items()}


def by_powers(value: Polynomial, letter: Symbol) -> Mapping[int, Polynomial]:
    """Return what each power of a letter is multiplied by."""
    parts: dict[int, Polynomial] = {}
    for monomial, times in value.terms:
        power = dict(monomial).get(letter, 0)
        assert isinstance(power, int)
        part = Polynomial(frozenset({(monomial - {(letter, power)}, times)}))
        parts[power] = parts[power] + part if power in parts else part
    return parts


def numbers(value: Ratio, at: Mapping[Symbol, Array]) -> Array:
    """Return a value at many constants, (n,)."""
    above, below = (_sum(side, at) for side in (value.numerator, value.denominator))
    return np.asarray(above / below)


def _sum(p: Polynomial, at: Mapping[Symbol, Array]) -> Array:
    size = next(iter(at.values())).shape if at else ()
    total = np.zeros(size)
    for monomial, times in p.terms:
        total += reduce(mul, (at[letter] ** float(power) for letter, power in monomial), np.full(size, float(times)))
    return total


def solved(columns: Sequence[Form], goal: Form, factors: Sequence[Polynomial] = ()) -> list[Ratio] | None:
    """Return how often each column is taken for the goal, as a quotient of polynomials in the constants.

    None if there is no such sum, or more than one. Elimination takes the pivots with the fewest terms first, and
    cancels what it has divided by, and factors that may be there.
    """
    letters = dict.fromkeys(letter for form in (goal, *columns) for letter in form if letter is not None)
    rows = [[*(form.get(letter, _ZERO) for form in columns), goal.get(letter, _ZERO)] for letter in letters]
    rows = [row for row in rows if not all(value.is_zero for value in row)]
    divisors = [*factors]
    order: list[tuple[int, int]] = []
    for _ in columns:
        free = [i for i in range(len(rows)) if i not in dict(order)]
        used = {k for _, k in order}
        pivots = [(i, k) for i in free for k in range(len(columns)) if k not in used and not rows[i][k].is_zero]
        if not pivots:
            return None
        i, k = min(pivots, key=lambda position: (_size(rows[position[0]][position[1]]), _filled(rows[position[0]])))
        order.append((i, k))
        pivot = rows[i][k]
        divisors += [
            side for side in (pivot.numerator, pivot.denominator) if len(side.terms) > 1 and side not in divisors
        ]
        rows[i] = [value if value.is_zero else cancelled(value / pivot, divisors) for value in rows[i]]
        for below, row in enumerate(rows):
            if below != i and not (times := row[k]).is_zero:
                rows[below] = [
                    value if pivot_value.is_zero else cancelled(value - times * pivot_value, divisors)
                    for value, pivot_value in zip(row, rows[i], strict=True)
                ]
    if not all(row[-1].is_zero for i, row in enumerate(rows) if i not in dict(order)):
        return None
    return [rows[i][-1] for i, k in sorted(order, key=lambda pair: pair[1])]


def _size(value: Ratio) -> tuple[int, int]:
    return len(value.denominator.terms), len(value.numerator.terms)


def _filled(row: Sequence[Any]) -> int:
    return sum(not value.is_zero for value in row)
