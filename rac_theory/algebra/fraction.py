"""Reading in exact arithmetic: what a proof and a second opinion on rounding need."""

import math
from collections.abc import Mapping
from fractions import Fraction
from operator import eq, ge, gt, le, lt

from rac_theory.algebra.expression import (
    Choice,
    Expression,
    Let,
    Maximum,
    Negative,
    Number,
    Power,
    Powers,
    Product,
    Quotient,
    Sum,
    Symbol,
    Total,
)
from rac_theory.algebra.relation import Relation

Exact = Fraction | float
"""An exact number; a float is infinite, or nan where there is no number."""


def fraction(expression: Expression, values: Mapping[str, Fraction | int]) -> Exact:
    """Return the exact value of an expression, given those of its symbols by name; inf for a quotient by zero.

    Raises
    ------
    ValueError
        If an exponent is no whole number, as that of a square root, or a value is no exact number.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.algebra import Symbol, fraction
    >>> mu, T = Symbol("mu"), Symbol("T")
    >>> fraction((1 - mu) ** T / 2, {"mu": Fraction(1, 3), "T": 3})
    Fraction(4, 27)
    """
    for name, value in values.items():
        if not isinstance(value, Fraction | int):
            raise ValueError(f"values must be whole numbers or fractions, got {name}={value!r}")
    return _fraction(expression, values)


def _fraction(expression: Expression, at: Mapping[str, Fraction | int]) -> Exact:
    match expression:
        case Number(value):
            return value
        case Symbol(name=name):
            return Fraction(at[name])
        case Let(value=value):
            return _fraction(value, at)
        case Negative(value):
            return -_fraction(value, at)
        case Sum(terms):
            return sum((_fraction(term, at) for term in terms), Fraction(0))
        case Product(factors):
            known = [_fraction(factor, at) for factor in factors]
            return Fraction(0) if 0 in known and math.inf not in map(abs, known) else _product(known)
        case Quotient(numerator, denominator):
            return _divided(_fraction(numerator, at), _fraction(denominator, at))
        case Power(base, exponent):
            return _power(_fraction(base, at), _fraction(exponent, at))
        case Powers(base, first, last):
            x, count = _fraction(base, at), _whole(_fraction(last - first + 1, at))
            start = _power(x, _fraction(first, at))
            return start * (count if x == 1 else _divided(_power(x, Fraction(count)) - 1, x - 1))
        case Total(index, steps, term):
            count = _whole(_fraction(steps, at))
            return sum((_fraction(term, {**at, index.name: k}) for k in range(count)), Fraction(0))
        case Maximum(of):
            return max(_fraction(each, at) for each in of)
        case Choice(condition, then, otherwise):
            return _fraction(then if holds(condition, at) else otherwise, at)
    raise TypeError(f"expression must be an Expression, got {expression!r}")


def holds(relation: Relation, values: Mapping[str, Fraction | int]) -> bool:
    """Whether a relation holds exactly."""
    terms = [_fraction(term, values) for term in relation.terms]
    return all(_HOLDS[sign](a, b) for a, sign, b in zip(terms, relation.signs, terms[1:], strict=False))


_HOLDS = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq}


def _product(factors: list[Exact]) -> Exact:
    product: Exact = Fraction(1)
    for factor in factors:
        product *= factor
    return product


def _divided(a: Exact, b: Exact) -> Exact:
    if b == 0:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a)
    return a / b


def _power(base: Exact, exponent: Exact) -> Exact:
    power = _whole(exponent)
    return _divided(1, base**-power) if power < 0 else base**power


def _whole(value: Exact) -> int:
    if value != value or value != math.floor(value):
        raise ValueError(f"an exponent must be a whole number in exact arithmetic, got {value}")
    return math.floor(value)
