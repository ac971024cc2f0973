"""Polynomials on a box: exact proofs that one is nowhere negative.

Between its ends a polynomial is a mean of its Bernstein coefficients. Where all of them are at least zero, so is the
polynomial; where not, each half of the box is asked in turn.
"""

import math
from collections.abc import Container, Mapping
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from rac_theory.algebra.expression import Expression, Let, Negative, Number, Power, Product, Quotient, Sum

Monomial: TypeAlias = frozenset[tuple[Expression, int]]
"""Atoms with their exponents, which may be negative."""

Polynomial: TypeAlias = Mapping[Monomial, Fraction]
"""Monomials with coefficients that are not zero."""

Range: TypeAlias = tuple[Fraction | int, Fraction | float]
"""The ends of an interval; the upper one may be infinite."""

_HALVINGS = 6


def polynomial(expression: Expression, atoms: Container[Expression] = ()) -> Polynomial:
    """Return an expression as a polynomial in its symbols, in ``atoms``, and in all that is no polynomial itself.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.algebra.box import polynomial
    >>> x, y = Symbol("x"), Symbol("y")
    >>> for monomial, coefficient in polynomial((1 - x) ** 2 / y).items():
    ...     print(coefficient, sorted((atom.name, power) for atom, power in monomial))
    1 [('y', -1)]
    -2 [('x', 1), ('y', -1)]
    1 [('x', 2), ('y', -1)]
    """
    if expression not in atoms:
        match expression:
            case Number(value):
                return constant(value)
            case Let(value=value):
                return polynomial(value, atoms)
            case Negative(value):
                return minus(polynomial(value, atoms))
            case Sum(terms):
                return plus(*(polynomial(term, atoms) for term in terms))
            case Product(factors):
                return reduce(times, (polynomial(factor, atoms) for factor in factors))
            case Quotient(numerator, denominator) if len(divisor := polynomial(denominator, atoms)) == 1:
                return times(polynomial(numerator, atoms), _power(divisor, -1))
            case Power(base, Number(value)) if value.denominator == 1 and value >= 0:
                return _power(polynomial(base, atoms), int(value))
    return {frozenset({(expression, 1)}): Fraction(1)}


def constant(value: Fraction | int) -> Polynomial:
    """Return a number as a polynomial."""
    return {frozenset(): Fraction(value)} if value else {}


def plus(*polynomials: Polynomial) -> Polynomial:
    """Return a sum."""
    found: dict[Monomial, Fraction] = {}
    for each in polynomials:
        for monomial, coefficient in each.items():
            found[monomial] = found.get(monomial, Fraction(0)) + coefficient
    return {monomial: coefficient for monomial, coefficient in found.items() if coefficient}


def times(p: Polynomial, q: Polynomial) -> Polynomial:
    """Return a product."""
    return plus(*({_joined(m, n): a * b} for m, a in p.items() for n, b in q.items()))


def minus(p: Polynomial) -> Polynomial:
    """Return what has the other sign."""
    return {monomial: -coefficient for monomial, coefficient in p.items()}


def derivative(p: Polynomial, atom: Expression) -> Polynomial:
    """Return the derivative in an atom."""
    lower = {frozenset({(atom, -1)}): Fraction(1)}
    powers = {monomial: dict(monomial).get(atom, 0) for monomial in p}
    return times(lower, plus({m: coefficient * powers[m] for m, coefficient in p.items()}))


def substituted(p: Polynomial, values: Mapping[Any, Polynomial]) -> Polynomial:
    """Return a polynomial with others in the place of some atoms; what is divided by must be a single term."""

    def placed(atom: Expression, power: int) -> Polynomial:
        return _power(values[atom], power) if atom in values else {frozenset({(atom, power)}): Fraction(1)}

    def term(monomial: Monomial, coefficient: Fraction) -> Polynomial:
        return reduce(times, (placed(*each) for each in monomial), constant(coefficient))

    return plus(*(term(monomial, coefficient) for monomial, coefficient in p.items()))


def is_nonnegative(p: Polynomial, ranges: Mapping[Expression, Range]) -> bool:
    """Whether a polynomial is proved to be nowhere negative, each atom being in its range.

    Of False nothing follows. What is divided by must be positive inside its range.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.algebra.box import is_nonnegative, polynomial
    >>> y, kappa = Symbol("y"), Symbol("kappa")
    >>> unit = {y: (0, 1), kappa: (0, 1)}  # zero inside the box, at y = 1/2
    >>> is_nonnegative(polynomial(1 - 4 * y * (1 - y) * kappa), unit)
    True
    >>> is_nonnegative(polynomial(1 - 5 * y * (1 - y) * kappa), unit)
    False
    """
    atoms = {atom for monomial in p for atom, _ in monomial}
    if not all(atom in ranges for atom in atoms):
        return False
    lowest = {atom: min(0, *(dict(monomial).get(atom, 0) for monomial in p)) for atom in atoms if p}
    if any(power < 0 and ranges[atom][0] < 0 for atom, power in lowest.items()):
        return False
    whole = times({frozenset((atom, -power) for atom, power in lowest.items() if power): Fraction(1)}, p)
    moved = substituted(whole, {atom: _from_unit(atom, *ranges[atom]) for atom in atoms})
    bounded = [atom for atom in atoms if ranges[atom][1] < math.inf]
    beside: dict[Monomial, dict[Monomial, Fraction]] = {}
    for monomial, coefficient in moved.items():
        inside = frozenset((atom, power) for atom, power in monomial if atom in bounded)
        beside.setdefault(monomial - inside, {})[inside] = coefficient
    return all(_is_nonnegative_on_unit_box(_bernstein(each, bounded), _HALVINGS) for each in beside.values())


def _from_unit(atom: Expression, low: Fraction | int, high: Fraction | float) -> Polynomial:
    """The atom in terms of one in [0, 1], or in [0, inf) if it has no upper end."""
    width = Fraction(high) - low if high < math.inf else Fraction(1)
    return plus(constant(low), {frozenset({(atom, 1)}): width})


def _bernstein(p: Polynomial, atoms: list[Expression]) -> Any:
    """The coefficients on the unit box, (degree + 1, ...), an axis for each atom."""
    degrees = [max(dict(monomial).get(atom, 0) for monomial in p) for atom in atoms]
    found: Any = np.full([degree + 1 for degree in degrees], Fraction(0), dtype=object)
    for monomial, coefficient in p.items():
        found[tuple(dict(monomial).get(atom, 0) for atom in atoms)] = coefficient
    for axis, n in enumerate(degrees):
        rows = [[Fraction(math.comb(i, j), math.comb(n, j)) for j in range(n + 1)] for i in range(n + 1)]
        found = np.moveaxis(np.tensordot(np.array(rows, dtype=object), found, axes=(1, axis)), 0, axis)
    return found


def _is_nonnegative_on_unit_box(coefficients: Any, halvings: int) -> bool:
    if all(each >= 0 for each in coefficients.flat):
        return True
    corners = product(*({0, n - 1} for n in coefficients.shape))
    if halvings == 0 or any(coefficients[corner] < 0 for corner in corners):  # at a corner it is a value
        return False
    curved = [axis for axis, n in enumerate(coefficients.shape) if n > 2] or list(range(coefficients.ndim))
    halves = _halves(coefficients, curved[halvings % len(curved)])
    return all(_is_nonnegative_on_unit_box(half, halvings - 1) for half in halves)


def _halves(coefficients: Any, axis: int) -> tuple[Any, Any]:
    """The coefficients on either half of an axis, by de Casteljau's means."""
    means = np.moveaxis(coefficients, axis, 0)
    left, right = [means[0]], [means[-1]]
    while len(means) > 1:
        means = (means[1:] + means[:-1]) / 2
        left.append(means[0])
        right.append(means[-1])
    return np.stack(left), np.stack(right[::-1])


def _joined(m: Monomial, n: Monomial) -> Monomial:
    powers = dict(m)
    for atom, power in n:
        powers[atom] = powers.get(atom, 0) + power
    return frozenset((atom, power) for atom, power in powers.items() if power)


def _power(p: Polynomial, power: int) -> Polynomial:
    if power < 0:
        ((monomial, coefficient),) = p.items()
        return {frozenset((atom, each * power) for atom, each in monomial): coefficient**power}
    return reduce(times, [p] * power, constant(1))
