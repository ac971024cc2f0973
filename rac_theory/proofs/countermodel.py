"""Numbers at which all facts are true and a goal is not: then there is no proof, and none needs to be looked for.

A proof is a sum of facts about f, a step or a sketch, times products of facts about constants. At any numbers for its
letters at which all facts hold it is not negative, and so the goal is not either. What is known of f at W is linear in
its letters once the constants are numbers: a small linear program finds the numbers, where there are any. Roots, and
powers with symbolic exponents, are letters to the search, and so they are here.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from operator import sub
from typing import Any

import numpy as np
import scipy  # whose parts are loaded when they are first used: optimize takes longer than all else here
from numpy.typing import NDArray
from scipy.sparse import block_diag

from rac_theory.base.checks import Array
from rac_theory.proofs.columns import Facts, Powers, Terms
from rac_theory.proofs.drawn import Drawn

_TRIED = 20_000
_KEPT = 100
_SCALES = np.geomspace(1.0, 50.0, 200)
_STRICTLY = 1e-9
_LOWEST, _HIGHEST = 0.01, 4.0  # of constants: scales do not matter, what is near to an edge does
_CLEARLY = 1e-4  # relative to the terms of a goal: what is above it is rounding


def refuted(goal: Terms, candidates: Facts) -> bool:
    """Whether numbers were found at which all facts hold, and the goal is negative."""
    drawn = [isinstance(letter, Drawn) for letter in candidates.letters]
    states = [candidates.terms(fact.value.numerator) for fact in candidates.states]
    constants = _allowed(candidates)
    linear, *facts = (_in_drawn(terms, constants, drawn) for terms in (goal, *states))
    return _is_negative(linear, facts, len(constants))


def _allowed(candidates: Facts) -> Array:
    """Random numbers for all letters at which all facts about constants hold, many of them at an edge of these."""
    rng = np.random.default_rng(0)
    slacks = [(candidates.terms(fact.value.numerator), fact.strict) for fact in candidates.slacks]
    size = (_TRIED, len(candidates.letters))
    X = np.exp(rng.uniform(np.log(_LOWEST), np.log(_HIGHEST), size))
    X = X[_hold(slacks, X)][:_KEPT]
    if not len(X):  # an equation between constants is met by no random numbers
        return X
    pushed = [X]
    for scales in (_SCALES, 1 / _SCALES):
        steps = np.ones((len(X), len(scales), len(candidates.letters)))
        one_each = rng.integers(0, len(candidates.letters), len(X))
        steps[np.arange(len(X)), :, one_each] = scales
        points = X[:, None] * steps
        held = np.logical_and.accumulate(_hold(slacks, points.reshape(-1, size[1])).reshape(len(X), -1), axis=1)
        pushed.append(points[np.arange(len(X)), np.maximum(held.sum(axis=1) - 1, 0)])
    return np.concatenate(pushed)


def _hold(slacks: Sequence[tuple[Terms, bool]], X: Array) -> NDArray[np.bool_]:
    """Where facts about constants hold, strict ones strictly: (n, letters) to (n,)."""
    holding = np.ones(len(X), bool)
    for terms, is_strict in slacks:
        value = _values(terms, X)
        holding &= (value > _STRICTLY) if is_strict else (value >= 0)
    return holding


def _values(terms: Terms, X: Array) -> Array:
    total = np.zeros(len(X))
    for powers, times in terms.items():
        factors = [X[:, i] ** power for i, power in enumerate(powers) if power]
        total += float(times) * reduce(np.multiply, factors, np.ones(len(X)))
    return total


def _in_drawn(terms: Terms, X: Array, drawn: Sequence[bool]) -> dict[Powers, Array]:
    """A polynomial in what is drawn alone, the constants being numbers, (n, letters): its coefficients, each (n,)."""
    groups: dict[Powers, dict[Powers, Fraction]] = {}
    for powers, times in terms.items():
        of_drawn = tuple(power * is_drawn for power, is_drawn in zip(powers, drawn, strict=True))
        groups.setdefault(of_drawn, {})[tuple(map(sub, powers, of_drawn))] = times
    return {of_drawn: _values(of_constants, X) for of_drawn, of_constants in groups.items()}


def _is_negative(goal: dict[Powers, Array], facts: Sequence[dict[Powers, Array]], n: int) -> bool:
    """Whether a linear form can be negative where others are not, in each product of what is drawn as in a number.

    All coefficients are (n,): it is enough if it can be at one of these.
    """
    names = list(dict.fromkeys(name for form in (goal, *facts) for name in form if any(name)))
    constant, zero = (0,) * len(next(iter(goal), ())), np.zeros(n)
    offset, size = goal.get(constant, zero), np.sum([zero, *map(abs, goal.values())], axis=0)
    if not names:
        return bool((offset < -_CLEARLY * size).any())
    c = np.array([goal.get(name, zero) for name in names]).T
    A = np.array([[-form.get(name, zero) for name in names] for form in facts]).reshape(len(facts), len(names), n)
    b = np.array([form.get(constant, zero) for form in facts]).reshape(len(facts), n)
    with np.errstate(divide="ignore", invalid="ignore"):  # programs are alike in size, which tolerances are for
        c, offset = np.nan_to_num(c / size[:, None]), np.nan_to_num(offset / size)
        rows = np.nan_to_num(1 / np.maximum(np.abs(A).max(axis=1), np.abs(b)), posinf=0.0)
    lowest = _lowest(c, (A * rows[:, None]).transpose(2, 0, 1), (b * rows).T)
    return any(low + at < -_CLEARLY for low, at in zip(lowest, offset, strict=True))


def _lowest(c: Array, A: Array, b: Array) -> Iterator[float]:
    """The least of each ``c x`` where ``A x <= b`` and ``|x| <= 1``, nan where nothing is: (n, k), (n, f, k), (n, f).

    One program has the blocks of many beside each other, as to set one up takes longer than to solve it. The first are
    few: often one of them is enough.
    """
    first, size = 0, 1
    while first < len(c):
        part = slice(first, first + size)
        yield from _together(c[part], A[part], b[part])
        first, size = first + size, 4 * size


def _together(c: Array, A: Array, b: Array) -> Array:
    """The least of each, (n,), of one program; where that has no solution, of its halves."""
    n, k = c.shape
    blocks: Any = block_diag(A, format="csr")  # which stubs do not know to be accepted
    solution = scipy.optimize.linprog(c.ravel(), A_ub=blocks, b_ub=b.ravel(), bounds=(-1, 1))
    if solution.x is not None:
        return np.asarray(np.vecdot(c, solution.x.reshape(n, k)))
    if n == 1:
        return np.full(1, np.nan)
    halves = slice(n // 2), slice(n // 2, n)
    return np.concatenate([_together(c[half], A[half], b[half]) for half in halves])
