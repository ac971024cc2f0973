"""Reading as numbers, in floating point and without cancellation where bounds would have it.

Bounds are full of ``rho^T`` with rho just below one, and of ``(1 - w^T) / (1 - w)`` with w just below one. So each
expression has two readings here: its number, and its number less one, which keeps the digits that the first has lost.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import Any

import numpy as np

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

_ONE = Number(Fraction(1))


def number(expression: Expression, values: Mapping[str, Any]) -> Any:
    """Return the number of an expression, given those of its symbols by name; arrays broadcast.

    A quotient by zero is infinite, or nan if it is zero by zero; a product with a factor of zero, whatever T, is zero
    even if another is not known; all else that is made of nan is nan.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.algebra import Symbol, number
    >>> mu, T = Symbol("mu"), Symbol("T")
    >>> number((1 - mu) ** T, {"mu": 1e-20, "T": np.array([0.0, 1e20, 2e20])}).round(4).tolist()
    [1.0, 0.3679, 0.1353]
    """
    known = {name: np.asarray(value, dtype=np.float64)[()] for name, value in values.items()}
    with np.errstate(all="ignore"):
        return _number(expression, known)


def truth(relation: Relation, values: Mapping[str, Any], rounding: float = 0.0) -> Any:
    """Whether a relation holds between numbers; ``rounding``, relative, is what "or equal" allows. nan never does."""
    with np.errstate(all="ignore"):
        terms = [number(term, values) for term in relation.terms]
        holds = (_HOLDS[sign](a, b, rounding) for a, sign, b in zip(terms, relation.signs, terms[1:], strict=False))
        return reduce(np.logical_and, holds)


_HOLDS: Mapping[str, Any] = {
    "<": lambda a, b, rounding: a < b,
    ">": lambda a, b, rounding: a > b,
    "<=": lambda a, b, rounding: a <= b + rounding * abs(b),
    ">=": lambda a, b, rounding: a >= b - rounding * abs(b),
    "=": lambda a, b, rounding: abs(a - b) <= rounding * abs(b),
}


def _number(expression: Expression, at: Mapping[str, Any]) -> Any:
    match expression:
        case Number(value):
            return np.float64(float(value))
        case Symbol(name=name):
            return at[name]
        case Let(value=value):
            return _number(value, at)
        case Negative(value):
            return -_number(value, at)
        case Sum(terms):
            if Negative(_ONE) in terms:
                return _less_one(_without(Negative(_ONE), terms), at)
            return sum((_number(term, at) for term in terms[1:]), start=_number(terms[0], at))
        case Product(factors):
            return _product([_number(factor, at) for factor in factors])
        case Quotient(numerator, denominator):
            return np.divide(_number(numerator, at), _number(denominator, at))
        case Power(base, exponent):
            return _power(_number(base, at), _less_one(base, at), _number(exponent, at))
        case Powers(base, first, last):
            start = _power(_number(base, at), _less_one(base, at), _number(first, at))
            return start * _geometric(_less_one(base, at), _number(last - first + 1, at))
        case Total(index, steps, term):
            return np.sum(_number(term, {**at, index.name: np.arange(float(_number(steps, at)))}) + 0.0)
        case Maximum(of):
            return reduce(np.maximum, [_number(each, at) for each in of])
        case Choice(condition, then, otherwise):
            unknown = sum(_number(term, at) for term in condition.terms) * 0  # nan where one of them is
            return np.where(truth(condition, at), _number(then, at), _number(otherwise, at)) + unknown
    raise TypeError(f"expression must be an Expression, got {expression!r}")


def _less_one(expression: Expression, at: Mapping[str, Any]) -> Any:
    """The number of an expression minus one."""
    match expression:
        case Number(value):
            return np.float64(float(value - 1))
        case Let(value=value):
            return _less_one(value, at)
        case Sum(terms) if _ONE in terms:
            return _number(_without(_ONE, terms), at)
        case Quotient(numerator, denominator):
            return (_less_one(numerator, at) - _less_one(denominator, at)) / _number(denominator, at)
        case Power(base, exponent):
            return np.expm1(_number(exponent, at) * np.log1p(_less_one(base, at)))
    return _number(expression, at) - 1


def _power(base: Any, less_one: Any, exponent: Any) -> Any:
    """``base ** exponent``; by way of ``less_one`` where the base has lost digits of it, which t may need."""
    lost = (base - 1 != less_one) & (less_one > -1) & (abs(less_one) < 1)
    return np.where(lost, np.exp(exponent * np.log1p(less_one)), base**exponent)


def _geometric(less_one: Any, count: Any) -> Any:
    """``1 + b + ... + b^(count - 1)`` for a base b, ``less_one`` being b - 1."""
    gained = np.where(less_one > -1, np.expm1(count * np.log1p(less_one)), (1 + less_one) ** count - 1)
    return np.where(less_one == 0, count, gained / less_one)


def _product(factors: list[Any]) -> Any:
    """A product, in which a single number of zero decides; one of many, at some t, may be a power that underflows."""
    product = reduce(mul, factors)
    if not np.isnan(product).any():
        return product
    decided = any(np.ndim(factor) == 0 and factor == 0 for factor in factors)
    infinite = reduce(np.logical_or, map(np.isinf, factors))
    return np.where(decided & ~infinite, 0.0, product)


def _without(term: Expression, terms: tuple[Expression, ...]) -> Expression:
    i = terms.index(term)
    rest = (*terms[:i], *terms[i + 1 :])
    return rest[0] if len(rest) == 1 else Sum(rest)
