"""Polynomials on a box: exact proofs that one is nowhere negative.

Between its ends a polynomial is a mean of its Bernstein coefficients. Where all of them are at least zero, so is the
polynomial; where not, each half of the box is asked in turn.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from itertools import product
from operator import mul
from typing import Any, TypeAlias

import numpy as np

from rac_theory.algebra.polynomials import Monomial, Polynomial, constant, term

Range: TypeAlias = tuple[Fraction | int, Fraction | float]
"""The ends of an interval; the upper one may be infinite."""

_HALVINGS = 6


def is_nonnegative(p: Polynomial, ranges: Mapping[Any, Range]) -> bool:
    """Whether a polynomial is proved to be nowhere negative, each of its letters being in its range.

    Of False nothing follows. What is divided by must be positive inside its range.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, polynomial
    >>> from rac_theory.algebra.box import is_nonnegative
    >>> y, kappa = Symbol("y"), Symbol("kappa")
    >>> unit = {y: (0, 1), kappa: (0, 1)}  # zero inside the box, at y = 1/2
    >>> is_nonnegative(polynomial(1 - 4 * y * (1 - y) * kappa).numerator, unit)
    True
    >>> is_nonnegative(polynomial(1 - 5 * y * (1 - y) * kappa).numerator, unit)
    False
    """
    letters = p.letters()
    if not letters <= ranges.keys():
        return False
    lowest = {letter: min(0, *p.powers(letter).values()) for letter in letters}
    if any(power < 0 and ranges[letter][0] < 0 for letter, power in lowest.items()):
        return False
    scaled = reduce(mul, (term(letter, -power) for letter, power in lowest.items() if power), p)
    moved = scaled.at({letter: _from_unit(letter, *ranges[letter]) for letter in letters})
    bounded = [letter for letter in letters if ranges[letter][1] < math.inf]
    groups: dict[Monomial, dict[Monomial, Fraction]] = {}
    for monomial, coefficient in moved.terms:
        inside = frozenset((letter, power) for letter, power in monomial if letter in bounded)
        groups.setdefault(monomial - inside, {})[inside] = Fraction(coefficient)
    return all(_is_nonnegative_on_unit_box(_bernstein(group, bounded), _HALVINGS) for group in groups.values())


def _from_unit(letter: Any, low: Fraction | int, high: Fraction | float) -> Polynomial:
    """The letter in terms of one in [0, 1], or in [0, inf) if it has no upper end."""
    width = Fraction(high) - low if high < math.inf else Fraction(1)
    return constant(low) + term(letter, times=width)


def _bernstein(terms: Mapping[Monomial, Fraction], letters: list[Any]) -> Any:
    """The coefficients on the unit box, (degree + 1, ...), an axis for each letter."""
    exponents = [tuple(dict(monomial).get(letter, 0) for letter in letters) for monomial in terms]
    degrees = [max(column) for column in zip(*exponents, strict=True)]
    coefficients: Any = np.full([degree + 1 for degree in degrees], Fraction(0), dtype=object)
    for exponent, coefficient in zip(exponents, terms.values(), strict=True):
        coefficients[exponent] = coefficient
    for axis, n in enumerate(degrees):
        rows = [[Fraction(math.comb(i, j), math.comb(n, j)) for j in range(n + 1)] for i in range(n + 1)]
        coefficients = np.moveaxis(np.tensordot(np.array(rows, dtype=object), coefficients, axes=(1, axis)), 0, axis)
    return coefficients


def _is_nonnegative_on_unit_box(coefficients: Any, halvings: int) -> bool:
    if all(coefficient >= 0 for coefficient in coefficients.flat):
        return True
    corners = product(*({0, n - 1} for n in coefficients.shape))
    if halvings == 0 or any(coefficients[corner] < 0 for corner in corners):  # at a corner it is a value
        return False
    curved = [axis for axis, n in enumerate(coefficients.shape) if n > 2]  # there is one: else all are corners
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
