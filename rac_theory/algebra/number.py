"""Reading as numbers, in floating point and without cancellation where bounds would have it.

Bounds are full of ``rho^T`` with rho just below one, and of ``(1 - w^T) / (1 - w)`` with w just below one. So each
expression is read twice: its number, and its number less one, which keeps the digits that the first has lost.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, reduce
from operator import mul
from typing import Any, NamedTuple

import numpy as np

from rac_theory.algebra import expression as kinds
from rac_theory.algebra.expression import Expression, Number, Relation, Symbol, symbols_of
from rac_theory.algebra.fraction import LONGEST as LONGEST

_ONE = Number(Fraction(1))
_MINUS_ONE = kinds.Negative(_ONE)
_NEAR = 0.5  # how far from one a number has digits to lose to it


class _Reading:
    """A number, and the number less one, which is worked out where it is asked for."""

    def __init__(self, number: Any, less_one: Callable[[], Any] | None = None) -> None:
        self.number, self._less_one = number, less_one

    @cached_property
    def less_one(self) -> Any:
        return self.number - 1 if self._less_one is None else self._less_one()


class _Values(NamedTuple):
    """The numbers of symbols by name, and the readings of definitions, which are read once each, by identity."""

    numbers: Mapping[str, Any]
    read: dict[int, _Reading]


def number(expression: Expression, values: Mapping[str, Any]) -> Any:
    """Return the number of an expression, given those of its symbols by name; arrays broadcast.

    A quotient by zero is infinite, or nan if it is zero by zero; a product with a factor of zero, whatever T, is zero
    even if another is not known; all else that is made of nan is nan, the power of exponent zero too.

    Parameters
    ----------
    expression : Expression
    values : mapping of str to float or array
        The number of each symbol, by its name; arrays are broadcast.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError
        If a total has more than 2^20 steps.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.algebra import Symbol, number
    >>> mu, T = Symbol("mu"), Symbol("T")
    >>> number((1 - mu) ** T, {"mu": 1e-20, "T": np.array([0.0, 1e20, 2e20])}).round(4).tolist()
    [1.0, 0.3679, 0.1353]
    """
    with np.errstate(all="ignore"):
        at = {name: np.asarray(value, dtype=np.float64)[()] for name, value in values.items()}
        return _read(expression, _Values(at, {})).number


def truth(relation: Relation, values: Mapping[str, Any], rounding: float = 0.0) -> Any:
    """Whether a relation holds between numbers; ``rounding``, relative, is what "or equal" allows. nan never does.

    Parameters
    ----------
    relation : Relation
    values : mapping of str to float or array
        The number of each symbol, by its name.
    rounding : float
        What "or equal" allows, relative to the right side.

    Returns
    -------
    bool or array of bool

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, truth
    >>> x = Symbol("x")
    >>> [bool(truth(10 * x <= 3, {"x": 0.1 + 0.1 + 0.1}, rounding)) for rounding in (0.0, 1e-12)]
    [False, True]
    """
    with np.errstate(all="ignore"):
        return _truth(relation, [number(term, values) for term in relation.terms], rounding)


def _truth(relation: Relation, terms: Sequence[Any], rounding: float = 0.0) -> Any:
    holds = (_HOLDS[sign](a, b, rounding) for a, sign, b in zip(terms, relation.signs, terms[1:], strict=False))
    return reduce(np.logical_and, holds)


# Without rounding first: what rounding allows beside infinity is nan.
_HOLDS: Mapping[str, Any] = {
    "<": lambda a, b, rounding: a < b,
    ">": lambda a, b, rounding: a > b,
    "<=": lambda a, b, rounding: (a <= b) | (a <= b + rounding * abs(b)),
    ">=": lambda a, b, rounding: (a >= b) | (a >= b - rounding * abs(b)),
    "=": lambda a, b, rounding: (a == b) | ((abs(a - b) <= rounding * abs(b)) & np.isfinite(b)),
}


def _read(expression: Expression, at: _Values) -> _Reading:
    match expression:
        case Symbol(name=name):
            return _Reading(at.numbers[name])
        case Number(value):
            return _exact(value)
        case kinds.Let(value=value):
            if id(expression) not in at.read:
                at.read[id(expression)] = _read(value, at)
            return at.read[id(expression)]
        case kinds.Negative(value):
            return _Reading(-_read(value, at).number)
        case kinds.Sum(terms):
            return _sum(terms, at)
        case kinds.Product(factors):
            return _Reading(_product([_read(factor, at).number for factor in factors]))
        case kinds.Quotient(numerator, denominator):
            return _quotient(_read(numerator, at), _read(denominator, at))
        case kinds.Power(base, exponent):
            return _power(_read(base, at), _read(exponent, at).number)
        case kinds.Powers(base, first, last):
            return _powers(_read(base, at), _read(first, at).number, _read(last, at).number)
        case kinds.Total(index, steps, term):
            return _total(index.name, _read(steps, at).number, term, at)
        case kinds.Maximum(of):
            read = [_read(member, at) for member in of]
            return _Reading(
                reduce(np.maximum, [value.number for value in read]),
                lambda: reduce(np.maximum, [value.less_one for value in read]),
            )
        case kinds.Choice(condition, then, otherwise):
            return _choice(condition, _read(then, at), _read(otherwise, at), at)
    raise TypeError(f"expression must be an Expression, got {expression!r}")


def _exact(value: Fraction) -> _Reading:
    return _Reading(np.float64(float(value)), lambda: np.float64(float(value - 1)))


def _sum(terms: Sequence[Expression], at: _Values) -> _Reading:
    units = terms.count(_ONE) - terms.count(_MINUS_ONE)
    signed = [
        (-1, _read(term.value, at)) if isinstance(term, kinds.Negative) else (1, _read(term, at))
        for term in terms
        if term not in (_ONE, _MINUS_ONE)
    ]
    return _Reading(_summed(signed, units), lambda: _summed(signed, units - 1))


def _summed(signed: Sequence[tuple[int, _Reading]], units: int) -> Any:
    """A sum of numbers with signs, and of units; a unit meets the first of the other sign, which is read less one."""
    parts = [sign * read.number for sign, read in signed]
    against = -1 if units > 0 else 1
    met = [i for i, (sign, _) in enumerate(signed) if sign == against] if units else []
    if met:
        parts[met[0]] = against * signed[met[0]][1].less_one
        units += against
    return sum(parts, start=np.float64(units))


def _product(factors: list[Any]) -> Any:
    """A product, in which a single number of zero decides; one of many, at some t, may be a power that underflows."""
    product = reduce(mul, factors)
    if not np.isnan(product).any():
        return product
    decided = any(np.ndim(factor) == 0 and factor == 0 for factor in factors)
    infinite = reduce(np.logical_or, map(np.isinf, factors))
    return np.where(decided & ~infinite, 0.0, product)


def _quotient(a: _Reading, b: _Reading) -> _Reading:
    quotient = np.divide(a.number, b.number + 0.0)  # by plus zero: it has no sign here

    def less_one() -> Any:
        near = (abs(a.less_one) < _NEAR) & (abs(b.less_one) < _NEAR)
        less_one = np.where(near, a.less_one - b.less_one, a.number - b.number) / b.number
        return np.where(np.isfinite(less_one), less_one, quotient - 1)

    return _Reading(quotient, less_one)


def _power(base: _Reading, exponent: Any) -> _Reading:
    """Go by way of the base less one where the base has lost digits of it, as a large exponent brings them back."""
    lost = (abs(base.less_one) < _NEAR) & (base.number - 1 != base.less_one)
    logarithm = exponent * np.log1p(base.less_one)
    power = np.where(lost, np.exp(logarithm), base.number**exponent)
    power = np.where(np.isnan(base.number + exponent), np.nan, power)  # or nan ** 0 were 1

    def less_one() -> Any:
        near = (base.less_one > -_NEAR) & (abs(logarithm) < _NEAR)
        return np.where(near, np.expm1(logarithm), power - 1)

    return _Reading(power, less_one)


def _powers(base: _Reading, first: Any, last: Any) -> _Reading:
    count = last - first + 1
    gained = _power(base, count).less_one / base.less_one
    counted = (base.less_one == 0) | (count == 1)  # one power is itself, to the last digit
    return _Reading(_power(base, first).number * np.where(counted, count, gained))


def _choice(condition: Relation, then: _Reading, otherwise: _Reading, at: _Values) -> _Reading:
    numbers = [_read(term, at).number for term in condition.terms]
    unknown, holds = reduce(np.logical_or, [np.isnan(number) for number in numbers]), _truth(condition, numbers)

    def chosen(a: Any, b: Any) -> Any:
        return np.where(unknown, np.nan, np.where(holds, a, b))

    return _Reading(chosen(then.number, otherwise.number), lambda: chosen(then.less_one, otherwise.less_one))


def _total(index: str, steps: Any, term: Expression, at: _Values) -> _Reading:
    """A sum along an axis of its own, before all that arrays have; each of many has as many terms as its steps say."""
    if np.any(steps > LONGEST):
        raise ValueError(f"a total must have at most {LONGEST} steps, got {np.max(steps):g}")
    free = [at.numbers[symbol.name] for symbol in symbols_of(term) if symbol.name != index]
    k = np.arange(np.max(steps, where=~np.isnan(steps), initial=0))
    if np.ndim(steps) and not any(map(np.ndim, free)):  # many sums of the same terms: each goes on from another
        terms = np.broadcast_to(_read(term, _Values({**at.numbers, index: k}, {})).number, k.shape)
        sums = np.append(0.0, np.cumsum(terms, dtype=np.longdouble)).astype(np.float64)
        return _Reading(np.where(np.isnan(steps), np.nan, sums[np.nan_to_num(np.ceil(steps)).clip(0).astype(int)]))
    k = k.reshape(-1, *[1] * max(map(np.ndim, [steps, *free])))
    terms = _read(term, _Values({**at.numbers, index: k}, {})).number
    return _Reading(np.where(np.isnan(steps), np.nan, np.sum(np.where(k < steps, terms, 0), axis=0)))
