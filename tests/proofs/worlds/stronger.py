"""Facts that are worded too strongly: each number, letter and term of one is changed in turn."""

from collections.abc import Iterator

import numpy as np

from rac_theory.algebra import Relation, Symbol
from rac_theory.algebra.polynomials import ONE
from rac_theory.proofs.fact import read
from rac_theory.statements.symbols import lambda_max, lambda_min

from .points import Points, ordered, relative

MARGIN = 1e-6
"""How far a wrong inequality must be from true to be refuted, relative to its terms."""


def stronger(said: Relation, at: Points) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what is changed, and the terms after it, for all that asks for more at some point."""
    if at.terms.shape[1] == 1:  # a sign, which no factor makes stronger
        yield "at least 1/20", np.append(at.terms, np.full((len(at.terms), 1), -1 / 20), axis=1)
        return
    for what, j, times in _changes(said, at):
        terms = at.terms.copy()
        terms[:, j] *= times
        if np.any(terms.sum(axis=1) < at.terms.sum(axis=1) - MARGIN * abs(at.terms).sum(axis=1)):
            yield what, terms


def is_refuted(terms: np.ndarray) -> bool:
    return bool(np.any(relative(terms) < -MARGIN))


def _changes(said: Relation, at: Points) -> Iterator[tuple[str, int, np.ndarray | float]]:
    left, right = said.terms
    value = read(right - left)
    terms = ordered(value) if value.denominator == ONE else []
    for j in range(at.terms.shape[1]):
        named = f"term {j + 1}" if not terms else repr(value.numerator.__class__(frozenset({terms[j]})))
        yield f"{named}: 5% more", j, 1.05
        yield f"{named}: 5% less", j, 0.95
        yield f"{named}: left out", j, 0.0
        if not terms:
            continue
        powers = {key: power for key, power in terms[j][0] if isinstance(key, Symbol) and isinstance(power, int)}
        for one, other in ((lambda_min, lambda_max), (lambda_max, lambda_min)):
            if one in powers and other in at.numbers:
                yield f"{named}: {other!r} for {one!r}", j, _ratio(at.numbers[other], at.numbers[one]) ** powers[one]
        for key, power in powers.items():
            if abs(power) > 1:
                for by in (-1 / 20, 1 / 20):
                    yield f"{named}: power {power * (1 + by):g} of {key!r}", j, _power(at.numbers[key], power * by)


def _ratio(a, b):
    return np.divide(a, b, out=np.ones_like(a), where=b != 0)


def _power(x, exponent):
    return np.power(x, exponent, out=np.ones_like(x), where=x > 0)
