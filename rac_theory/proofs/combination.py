"""A sum of facts that is a goal: a linear program proposes how often to take which facts, exact arithmetic decides."""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from itertools import chain
from operator import add, mul, truediv
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_matrix

from rac_theory.algebra import ONE, Ratio, simplified
from rac_theory.base.checks import Array
from rac_theory.proofs.columns import Column, Facts, Powers, Terms, divisor
from rac_theory.proofs.countermodel import refuted
from rac_theory.proofs.drawn import drawn_in
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import nothing, one

_EFFORTS = ((0, 4, 2), (1, 3, 2), (1, 5, 2), (2, 3, 2), (1, 3, 1), (1, 5, 1), (2, 3, 1))
"""How many facts about constants in a product, terms from the goal, and how far below it: little first. Programs
that reach less far below have fewer columns, and are solved where others are not."""
_METHODS = (("highs-ds", 2000), ("highs-ipm", 100))
"""The simplex method finds most proofs in tens of steps, but in some of the programs it would go on for ever."""
_LIMIT = 1
_TINY = 1e-9
_LIGHT = 1e-6


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
        if (times := _solve([column.terms for column in columns], target, _costs(columns))) is not None:
            strong, weak = (
                reduce(add, (candidates.fact(columns[k], strictly=strictly) * share for k, share in times.items()))
                for strictly in (True, False)
            )
            is_enough = bool(drawn_in(goal)) or weak.strict == strong.strict
            return reduce(truediv, divisors, weak if is_enough else strong)
    return None


def stretched(goal: Ratio, stretch: Ratio, facts: Sequence[Fact]) -> Fraction | None:
    """Return the largest x for which goal + x way was found to be a fact; None if none was."""
    divisors = divisor(goal + stretch, facts)
    if divisors is None or stretch.is_zero:
        return None
    times = reduce(mul, divisors, one).value
    cleared_goal, cleared_stretch = simplified(goal * times), simplified(stretch * times)
    if cleared_goal.denominator != ONE or cleared_stretch.denominator != ONE:
        return None
    candidates = Facts(facts, cleared_goal + cleared_stretch)
    target, direction = candidates.terms(cleared_goal.numerator), candidates.terms(cleared_stretch.numerator)
    best: Fraction | None = None
    for slacks, rounds, below in _EFFORTS:
        if best is not None and slacks > 1:  # that would take a minute, and has not been seen to find more
            break
        columns = candidates.columns([target, direction], slacks, rounds, below)
        rows = [*(column.terms for column in columns), {powers: -number for powers, number in direction.items()}]
        solution = _solve(rows, target, [*(_LIGHT * _costs(columns)), -1.0])
        if solution is not None and (best is None or solution.get(len(columns), 0) > best):
            best = solution.get(len(columns), Fraction(0))
    return best


def _solve(columns: Sequence[Terms], goal: Terms, costs: Sequence[float] | Array) -> dict[int, Fraction] | None:
    """How often to take which column for the goal, at the least cost: first in floating point, then in fractions."""
    if not columns:
        return None
    rows: dict[Powers, int] = {}
    of_goal, *of_columns = ([rows.setdefault(powers, len(rows)) for powers in terms] for terms in (goal, *columns))
    right = np.zeros(len(rows))
    right[of_goal] = [float(times) for times in goal.values()]
    ratios = (times.as_integer_ratio() for terms in columns for times in terms.values())
    values = [numerator / denominator for numerator, denominator in ratios]
    places = list(chain.from_iterable(of_columns)), np.repeat(range(len(columns)), list(map(len, columns)))
    matrix = csc_matrix((values, places), shape=(len(rows), len(columns)))
    for method, most in _METHODS:
        how: Any = {"method": method, "options": {"maxiter": most}}
        answer = linprog(np.asarray(costs), A_eq=matrix, b_eq=right, bounds=(0, None), **how)  # type: ignore[call-overload]  # sparse
        if answer.status != _LIMIT:
            break
    if answer.status != 0:
        return None
    support = [int(k) for k in np.flatnonzero(answer.x > _TINY)]
    exact = _exactly([columns[k] for k in support], goal)
    if exact is None or min(exact, default=0) < 0:
        return None
    return {k: weight for k, weight in zip(support, exact, strict=True) if weight} or None


def _costs(columns: Sequence[Column]) -> Array:
    """Short proofs are preferred, and what is strictly positive."""
    return np.array(
        [
            len(column.facts) + 0.1 * sum(map(abs, column.powers)) - 0.01 * all(fact.strict for fact in column.facts)
            for column in columns
        ]
    )


def _exactly(columns: Sequence[Terms], goal: Terms) -> list[Fraction] | None:
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
