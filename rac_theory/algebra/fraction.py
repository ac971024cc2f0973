"""Reading in exact arithmetic: what a proof and a second opinion on rounding need."""

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from operator import eq, ge, gt, le, lt

from rac_theory.algebra import expression as kinds
from rac_theory.algebra.expression import Expression, Number, Relation, Symbol

Exact = Fraction | float
"""An exact number; a float is infinite, or nan where there is no number."""

LONGEST, MOST_BITS = 2**20, 2**22
"""How many steps a total may have, whose terms as numbers are in memory at once; and how long a power may be."""


def fraction(expression: Expression, values: Mapping[str, Fraction | int]) -> Exact:
    """Return the exact value of an expression, given those of its symbols by name; inf for a quotient by zero.

    Parameters
    ----------
    expression : Expression
    values : mapping of str to Fraction or int
        The number of each symbol, by its name.

    Returns
    -------
    Fraction or float
        A float is infinite, or nan where there is no number.

    Raises
    ------
    ValueError
        If an exponent is no whole number, a square root is none of a fraction's square, or a value is no exact number.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.algebra import Symbol, fraction, sqrt
    >>> mu, T = Symbol("mu"), Symbol("T")
    >>> fraction((1 - mu) ** T / 2, {"mu": Fraction(1, 3), "T": 3})
    Fraction(4, 27)
    >>> fraction(sqrt(1 - mu**2), {"mu": Fraction(3, 5)})
    Fraction(4, 5)
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
        case kinds.Let(value=value):
            return _fraction(value, at)
        case kinds.Negative(value):
            return -_fraction(value, at)
        case kinds.Sum(terms):
            return _sum(_fraction(term, at) for term in terms)
        case kinds.Product(factors):
            values = [_fraction(factor, at) for factor in factors]
            return Fraction(0) if 0 in values and math.inf not in map(abs, values) else _product(values)
        case kinds.Quotient(numerator, denominator):
            return _divided(_fraction(numerator, at), _fraction(denominator, at))
        case kinds.Power(base, exponent):
            power = _fraction(exponent, at)
            return _root(_fraction(base, at)) if power == Fraction(1, 2) else _power(_fraction(base, at), power)
        case kinds.Powers(base, first, last):
            x, count = _fraction(base, at), Fraction(_whole_number(_fraction(last - first + 1, at)))
            start = _power(x, _fraction(first, at))
            times = count if x == 1 else _divided(_sum([_power(x, count), Fraction(-1)]), _sum([x, Fraction(-1)]))
            return _product([start, times])
        case kinds.Total(index, steps, term):
            indices = range(_whole_number(_fraction(steps, at)))
            if len(indices) > LONGEST:
                raise ValueError(f"a total must have at most {LONGEST} steps, got {len(indices)}")
            return _sum(_fraction(term, {**at, index.name: k}) for k in indices)
        case kinds.Maximum(of):
            members = [_fraction(member, at) for member in of]
            return math.nan if any(map(_unknown, members)) else max(members)
        case kinds.Choice(condition, then, otherwise):
            if any(_unknown(_fraction(term, at)) for term in condition.terms):
                return math.nan
            return _fraction(then if holds(condition, at) else otherwise, at)
    raise TypeError(f"expression must be an Expression, got {expression!r}")


def holds(relation: Relation, values: Mapping[str, Fraction | int]) -> bool:
    """Whether a relation holds exactly; nan never does."""
    terms = [_fraction(term, values) for term in relation.terms]
    return all(_HOLDS[sign](a, b) for a, sign, b in zip(terms, relation.signs, terms[1:], strict=False))


_HOLDS = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq}


def _sum(terms: Iterable[Exact]) -> Exact:
    """A sum, in which what is infinite never meets a fraction, which as a float might overflow."""
    values = list(terms)
    infinite = [term for term in values if isinstance(term, float)]
    if not infinite:
        return sum(values, Fraction(0))
    return infinite[0] if len(set(infinite)) == 1 else math.nan


def _product(factors: Iterable[Exact]) -> Exact:
    values = list(factors)
    if any(isinstance(factor, float) for factor in values):
        return math.prod(float(_sign(factor)) if isinstance(factor, Fraction) else factor for factor in values)
    return math.prod(values, start=Fraction(1))


def _divided(a: Exact, b: Exact) -> Exact:
    if b == 0:
        return _product([_sign(a), math.inf])
    if isinstance(b, float):
        return _product([a, Fraction(0)]) if math.isinf(b) else math.nan
    return a / b if isinstance(a, Fraction) else _product([a, b])


def _power(base: Exact, exponent: Exact) -> Exact:
    power = _whole_number(exponent)
    if _unknown(base) or power == 0:
        return math.nan if _unknown(base) else Fraction(1)
    bits = max(map(int.bit_length, base.as_integer_ratio())) if isinstance(base, Fraction) else 0
    if bits > 1 and bits * abs(power) > MOST_BITS:
        raise ValueError(
            f"a power must have at most {MOST_BITS:,} bits in exact arithmetic, got the exponent {power:,}"
        )
    return _divided(Fraction(1), base**-power) if power < 0 else base**power


def _root(value: Exact) -> Exact:
    if isinstance(value, float):
        return math.nan if value < 0 else value
    root = Fraction(math.isqrt(abs(value.numerator)), math.isqrt(value.denominator))
    if root**2 != value:
        raise ValueError(f"a square root must be a fraction in exact arithmetic, got that of {value}")
    return root


def _sign(value: Exact) -> Exact:
    return value if _unknown(value) else Fraction((value > 0) - (value < 0))


def _unknown(value: Exact) -> bool:
    return value != value


def _whole_number(value: Exact) -> int:
    if not isinstance(value, Fraction) or value.denominator != 1:
        raise ValueError(f"an exponent must be a whole number in exact arithmetic, got {value}")
    return value.numerator
