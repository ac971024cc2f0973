"""How far off plain arithmetic in floating point may be: each operation rounds, and passes on what it was given.

The rules are those of any textbook on rounding errors. They know nothing of ``number``, which may do better than plain
arithmetic, and must not do worse: ``UNIT`` allows eight roundings for each operation, for what it does instead.
"""

from fractions import Fraction
from itertools import pairwise

from hypothesis import assume

from rac_theory.algebra import fraction
from rac_theory.algebra.expression import (
    Choice,
    Let,
    Maximum,
    Negative,
    Number,
    Power,
    Powers,
    Product,
    Quotient,
    Sum,
    Total,
)

UNIT = Fraction(8, 2**53)


def bounded(tree, at):
    """The exact number of a tree, and a bound of the error that plain arithmetic makes in it."""
    exact, error = _bounded(tree, at)
    size = abs(exact) + error
    assume(size == 0 or Fraction(1, 10**60) < size < 10**60)  # no overflow, and no underflow
    return exact, error


def _bounded(tree, at):
    match tree:
        case Number(value):
            return value, UNIT * abs(value)
        case Let(value=value):
            return bounded(value, at)
        case Negative(value):
            exact, error = bounded(value, at)
            return -exact, error
        case Sum(terms):
            return _sum([bounded(term, at) for term in terms])
        case Product(factors):
            return _product([bounded(factor, at) for factor in factors])
        case Quotient(numerator, denominator):
            return _quotient(bounded(numerator, at), bounded(denominator, at))
        case Power(base, exponent):
            return _power(bounded(base, at), int(fraction(exponent, at)))
        case Powers(base, first, last):
            x, ends = bounded(base, at), range(int(fraction(first, at)), int(fraction(last, at)) + 1)
            return _sum([_power(x, k) for k in ends])
        case Total(index, steps, term):
            return _sum([bounded(term, at | {index.name: k}) for k in range(int(fraction(steps, at)))])
        case Maximum(of):
            read = [bounded(each, at) for each in of]
            return max(exact for exact, _ in read), max(error for _, error in read)
        case Choice(condition, then, otherwise):
            read = [bounded(term, at) for term in condition.terms]
            for (a, far), (b, off) in pairwise(read):
                assume(abs(a - b) > far + off)  # rounding does not choose
            bounded(then, at), bounded(otherwise, at)
            return bounded(then if fraction(Choice(condition, Number(1), Number(0)), at) else otherwise, at)
    return Fraction(at[tree.name]), Fraction(0)


def _sum(read):
    sizes = sum(abs(exact) + error for exact, error in read)
    return sum((exact for exact, _ in read), Fraction(0)), sum(error for _, error in read) + len(read) * UNIT * sizes


def _product(read):
    exact, largest = Fraction(1), Fraction(1)
    for value, error in read:
        exact, largest = exact * value, largest * (abs(value) + error)
    return exact, largest * (1 + UNIT) ** len(read) - abs(exact)


def _quotient(above, below):
    (a, far), (b, off) = above, below
    assume(abs(b) > 2 * off)
    exact = a / b
    return exact, (abs(a) + far) / (abs(b) - off) * (1 + UNIT) - abs(exact)


def _power(base, exponent):
    if exponent < 0:
        return _quotient((Fraction(1), Fraction(0)), _power(base, -exponent))
    exact, largest = base[0] ** exponent, (abs(base[0]) + base[1]) ** exponent
    return exact, largest * (1 + exponent * UNIT) - abs(exact)
