"""Products of powers and sums, as people write them: the number and constants first, then sums, then letters of f."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

from rac_theory.algebra import (
    Expression,
    Let,
    Monomial,
    Negative,
    Polynomial,
    Product,
    Quotient,
    Sum,
    Symbol,
    constant,
    lifted,
    symbols_of,
)
from rac_theory.proofs.drawn import Drawn
from rac_theory.statements import symbols
from rac_theory.statements.symbols import T, t

_ORDER = (
    *("gamma", "eta", "N", "K", "L", "L_max", "L_H", "A", "beta", "mu", "nu", "s"),
    *("omega", "lambda_min", "lambda_max", "C", "D", "D_in"),
)
_NAMED = "s_N", "s_K", "r_N", "r_K", "v", "u", "a_K", "kappa", "e"
_RANK = {symbol: i for i, symbol in enumerate((*(getattr(symbols, name) for name in _ORDER), *_NAMED))}

Monomials: TypeAlias = Mapping[Expression, int]
Factors: TypeAlias = tuple[Fraction, dict[Expression, int]]
"""A number, and powers of expressions that it is multiplied by."""

Place: TypeAlias = tuple[int, int, str]
LAST = symbols.j
"""A number of steps, where T is the number of all."""
_AT_FIRST = symbols.gap0, symbols.gap0_upper, symbols.distance0


def multiplied(number: Fraction, powers: Monomials) -> Expression:
    """Write a product of powers: the number and constants first, then sums, then letters of f, over one line."""
    if not number:
        return lifted(0)
    factors = sorted(powers, key=_place)
    above = [factor if powers[factor] == 1 else factor ** powers[factor] for factor in factors if powers[factor] > 0]
    below = [factor if powers[factor] == -1 else factor ** -powers[factor] for factor in factors if powers[factor] < 0]
    above = [*([lifted(abs(number.numerator))] if abs(number.numerator) != 1 or not above else []), *above]
    below = [*([lifted(number.denominator)] if number.denominator != 1 else []), *below]
    top, bottom = (Product(tuple(side)) if len(side) > 1 else (*side, lifted(1))[0] for side in (above, below))
    quotient = Quotient(top, bottom) if below else top
    return Negative(quotient) if number < 0 else quotient


@lru_cache(maxsize=4096)
def content(polynomial: Polynomial) -> tuple[Fraction, dict[Expression, int], Polynomial]:
    """Return the number and the powers of letters that all terms share, and the rest, whose first term is positive."""
    terms = [(dict(monomial), times) for monomial, times in polynomial.terms]
    if not terms:
        return Fraction(1), {}, polynomial
    plain = {key for powers, _ in terms for key, power in powers.items() if isinstance(power, int)}
    least = {key: min(powers.get(key, 0) for powers, _ in terms) for key in plain}
    number = Fraction(math.gcd(*(t.numerator for _, t in terms)), math.lcm(*(t.denominator for _, t in terms)))
    number = -number if min(polynomial.terms, key=simplest)[1] < 0 else number
    shared = frozenset((key, -power) for key, power in least.items() if power)
    rest = polynomial * Polynomial(frozenset({(shared, 1)})) * constant(1 / number)
    return number, {key: power for key, power in least.items() if power}, rest


def less(powers: Mapping[Any, int], others: Mapping[Any, int]) -> dict[Any, int]:
    """The powers of a quotient."""
    difference = {key: powers.get(key, 0) - others.get(key, 0) for key in (*powers, *others)}
    return {key: power for key, power in difference.items() if power}


def product(pairs: Sequence[Factors]) -> Factors:
    """Multiply."""
    number, powers = Fraction(1), dict[Expression, int]()
    for times, factors in pairs:
        number *= times
        for key, power in factors.items():
            powers[key] = powers.get(key, 0) + power
    return number, {key: power for key, power in powers.items() if power}


def added(terms: Sequence[Expression]) -> Expression:
    """Write a sum, of sums too, without zeros; it begins with a term that is not subtracted, if there is one."""
    flat = [part for term in terms for part in (term.terms if isinstance(term, Sum) else (term,)) if part != lifted(0)]
    first = next((i for i, part in enumerate(flat) if not isinstance(part, Negative)), 0)
    flat = [*flat[first : first + 1], *flat[:first], *flat[first + 1 :]]
    return Sum(tuple(flat)) if len(flat) > 1 else (*flat, lifted(0))[0]


def _place(factor: Expression) -> Place:
    """Constants first, then what is made of them, what was at the start, and letters of f."""
    kind = 3 if isinstance(factor, Drawn) else 2 if factor in _AT_FIRST or not _constants(factor) else 1
    is_letter = isinstance(factor, Symbol) or (isinstance(factor, Let) and T not in symbols_of(factor))
    return (
        0 if kind == 1 and is_letter else kind,
        _RANK.get((isinstance(factor, Let) and factor.letter) or factor, len(_RANK)),
        repr(factor),
    )


def _constants(factor: Expression) -> bool:
    return all(
        symbol.constant or symbol in (T, LAST, t) for symbol in symbols_of(factor) if not isinstance(factor, Let)
    )


def simplest(term: tuple[Monomial, int | Fraction]) -> tuple[int, list[Place]]:
    """Few and well known factors first."""
    keys = [key if isinstance(key, Expression) else Symbol(repr(key)) for key, _ in term[0]]
    return sum(abs(power) if isinstance(power, int) else 9 for _, power in term[0]), sorted(map(_place, keys))
