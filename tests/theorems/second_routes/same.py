"""Whether a change changes anything: some, as the sign of what is squared, do not."""

import random
from fractions import Fraction

from rac_theory.algebra import Expression, fraction, identical, number, symbols_of
from rac_theory.statements.symbols import t
from rac_theory.theorems import ALL, Theorem

from .changed import weight

COUNTS = {"T": (1, 3, 4), "N": (11,), "K": (11,)}
"""Whole numbers; a tenth of 11 steps is a step."""


NAMES = tuple(sorted({one.name for theorem in ALL.values() for one in theorem.claim.symbols}))


def same(one: Theorem, other: Theorem) -> bool:
    """Whether both sides of two claims are the same numbers, exactly, at random rational points; with roots, at all."""
    pairs = [(one.claim.bound, other.claim.bound), (_of_left(one), _of_left(other))]
    return all(_equal(a, b, seed) for a, b in pairs if a is not None for seed in range(4))


def _of_left(theorem: Theorem) -> Expression | None:
    """The weights on the left, if they are no powers one relative to the one before: only that is in a mean."""
    weights = weight(theorem)
    return weights if weights is None or t not in symbols_of(weights) else weights.at({t: t + 1}) / weights


def _equal(a: Expression, b: Expression, seed: int) -> bool:
    rng = random.Random(seed)
    known = {name: Fraction(rng.randint(1, 97), 101 * rng.randint(1, 9)) for name in NAMES}
    known |= {name: rng.choice(counts) for name, counts in COUNTS.items()}
    known["t"] = rng.choice((0, 1, 3))
    known |= {"A": Fraction(0)} if seed == 0 else {}
    try:
        return fraction(a, known) == fraction(b, known)
    except ValueError:  # a root, or an exponent that is not whole, as in A^{11/10} > 0
        pass
    try:
        return identical(a, b)
    except ValueError:
        rounded = {name: float(value) for name, value in known.items()}
        return bool(number(a, rounded) == number(b, rounded))
