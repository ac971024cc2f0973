"""A sum of facts that is a goal: a linear program proposes how often to take which facts, exact arithmetic decides."""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from itertools import chain
from operator import add, mul, truediv
from typing import Any

import numpy as np
import scipy  # whose parts are loaded when they are first used: optimize takes longer than all else here
from scipy.sparse import csc_matrix

from rac_theory.algebra import ONE, Ratio, simplified
from rac_theory.base.checks import Array
from rac_theory.proofs.columns import Column, Facts, Packed, divisor, packed, unpacked
from rac_theory.proofs.countermodel import refuted
from rac_theory.proofs.drawn import drawn_in
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import nothing, one

_EFFORTS = ((0, 4, 2), (1, 1, 2), (1, 3, 2), (1, 5, 2), (2, 3, 2), (1, 3, 1), (1, 5, 1), (2, 3, 1))
"""How many facts about constants in a product, terms from the goal, and how far below it: little first. Programs
that reach less far below have fewer columns, and are solved where others are not."""
_METHODS = (("highs-ds", 2000), ("highs-ipm", 100))
"""The simplex method finds most proofs in tens of steps, but in some of the programs it would go on for ever."""
_LIMIT = 1
_TINY = 1e-9


def combined(goal: Ratio, facts: Sequence[Fact], *, efforts: int | None = None) -> Fact | None:
    """Look for a fact whose value is the goal, by so many efforts or by all; None if none was found, from which
    nothing follows."""
    if goal.is_zero:
        return nothing
    divisors = divisor(goal, facts)
    if divisors is None:
        return None
    cleared_goal = simplified(goal * reduce(mul, divisors, one).value)
    if cleared_goal.denominator != ONE:
        return None
    candidates = Facts(facts, cleared_goal)
    target = candidates.terms(cleared_goal.numerator)
    for effort, (slacks, rounds, below) in enumerate(_EFFORTS[:efforts]):
        if effort == 1 and refuted(target, candidates):  # most proofs take little, and to look for no more is quick
            return None
        columns = candidates.columns([target], slacks, rounds, below)
        if (times := _solve(columns, packed(target), _costs(columns, candidates))) is not None:
            strong, weak = (
                reduce(add, (candidates.fact(columns[k], strictly=strictly) * share for k, share in times.items()))
                for strictly in (True, False)
            )
            is_enough = bool(drawn_in(goal)) or weak.strict == strong.strict
            return reduce(truediv, divisors, weak if is_enough else strong)
    return None


def _solve(columns: Sequence[Column], goal: Packed, costs: Sequence[float] | Array) -> dict[int, Fraction] | None:
    """How often to take which column for the goal, at the least cost: first in floating point, then in fractions."""
    if not columns:
        return None
    rows = dict.fromkeys(chain(goal, chain.from_iterable(column.moved for column in columns)))
    place = dict(zip(rows, range(len(rows)), strict=True)).__getitem__
    right = np.zeros(len(rows))
    right[: len(goal)] = [float(times) for times in goal.values()]
    values = list(chain.from_iterable(column.product.numbers for column in columns))
    of_columns = list(map(place, chain.from_iterable(column.moved for column in columns)))
    ends = np.cumsum([0, *(len(column.moved) for column in columns)])
    matrix = csc_matrix((values, of_columns, ends), shape=(len(rows), len(columns)))
    matrix.sort_indices()
    for method, most in _METHODS:
        how: Any = {"method": method, "options": {"maxiter": most}}
        answer = scipy.optimize.linprog(np.asarray(costs), A_eq=matrix, b_eq=right, bounds=(0, None), **how)  # type: ignore[call-overload]  # sparse
        if answer.status != _LIMIT:
            break
    if answer.status != 0:
        return None
    support = [int(k) for k in np.flatnonzero(answer.x > _TINY)]
    exact = _exactly([columns[k].terms for k in support], goal)
    if exact is None or min(exact, default=0) < 0:
        return None
    return {k: weight for k, weight in zip(support, exact, strict=True) if weight} or None


def _costs(columns: Sequence[Column], candidates: Facts) -> Array:
    """Short proofs are preferred, with few powers of letters, and what is strictly positive."""
    powers = abs(unpacked([column.powers for column in columns], len(candidates.letters))).sum(axis=1)
    lengths = [len(column.product.facts) for column in columns]
    strict = np.array([column.product.strict for column in columns])
    return np.asarray(lengths + 0.1 * powers - 0.01 * strict)


def _exactly(columns: Sequence[Packed], goal: Packed) -> list[Fraction] | None:
    """Solve for the numbers of columns that add up to the goal, by elimination; None if there are none, or several."""
    places = dict.fromkeys(powers for terms in (*columns, goal) for powers in terms)
    rows = [[terms.get(powers, Fraction(0)) for terms in (*columns, goal)] for powers in places]
    for k in range(len(columns)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [entry / rows[k][k] for entry in rows[k]]
        for i, row in enumerate(rows):
            if i != k and row[k]:
                rows[i] = [a - row[k] * b for a, b in zip(row, rows[k], strict=True)]
    if any(row[-1] for row in rows[len(columns) :]):
        return None
    return [row[-1] for row in rows[: len(columns)]]
