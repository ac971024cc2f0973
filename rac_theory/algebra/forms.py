"""Forms that no operator of Python makes: relations of three terms, sums, roots and choices."""

from fractions import Fraction

from rac_theory.algebra.expression import (
    Choice,
    Expression,
    Maximum,
    Powers,
    Symbol,
    Total,
    lifted,
)
from rac_theory.algebra.relation import Relation


def between(low: object, middle: Expression, high: object) -> Relation:
    """Return ``low < middle < high``."""
    return Relation((lifted(low), middle, lifted(high)), ("<", "<"))


def equal(left: Expression, right: object) -> Relation:
    """Return ``left = right``."""
    return Relation((left, lifted(right)), ("=",))


def sqrt(value: Expression) -> Expression:
    """Return a square root."""
    return value ** Fraction(1, 2)


def powers(base: Expression, first: object, last: object) -> Expression:
    """Return the sum of consecutive powers of a base, from the first to the last."""
    return Powers(base, lifted(first), lifted(last))


def total(index: Symbol, steps: object, term: Expression) -> Expression:
    """Return the sum of a term over ``index < steps``, from 0."""
    return Total(index, lifted(steps), term)


def maximum(*of: object) -> Expression:
    """Return the largest of several."""
    return Maximum(tuple(map(lifted, of)))


def choice(condition: Relation, then: object, otherwise: object) -> Expression:
    """Return ``then`` where a relation holds, else ``otherwise``."""
    return Choice(condition, lifted(then), lifted(otherwise))
