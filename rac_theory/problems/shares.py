"""How rows are divided among clients, evenly or as they are listed, and what a client inherits."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from rac_theory.base import NotReal, as_array, having, shown
from rac_theory.base.checks import integer
from rac_theory.numerics import rounded
from rac_theory.problems.finite_sum import Divisible, Indices


def even_shares(order: Indices, clients: int) -> list[Indices]:
    """Cut a sequence of all rows into consecutive shares, as even as can be, each in rising order."""
    M = integer("clients", clients, 1, len(order), "n_components")
    return [np.sort(share) for share in np.array_split(order, M)]


def partition(clients: Sequence[ArrayLike], N: int) -> list[Indices]:
    """Accept the rows of each client; every row belongs to exactly one."""
    rows = [_row_numbers(m, own) for m, own in enumerate(clients)]
    if np.sort(np.concatenate([np.empty(0, np.intp), *rows])).tolist() != list(range(N)):
        raise ValueError(f"clients must list each row 0..{N - 1} exactly once, got {sum(map(len, rows))} rows")
    return rows


def _row_numbers(m: int, own: ArrayLike) -> Indices:
    """Accept a list of integers, which may be empty here."""
    try:
        given = as_array(own)
    except NotReal as error:
        raise ValueError(f"clients[{m}] must be a list of row numbers, got {error}") from None
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise ValueError(f"clients[{m}] must be a list of row numbers, got {shown(own)}")
    return given.astype(np.intp)


def divisible(problem: Divisible) -> Divisible:
    """Accept a finite sum that can be divided."""
    having("problem", problem, "a finite sum that can be divided", ("subset", "n_components"))
    return problem


def client_of(problem: Divisible, m: int, rows: ArrayLike) -> Divisible:
    """The problem of client m, on its own rows."""
    try:
        return problem.subset(np.asarray(rows))
    except ValueError as error:
        raise ValueError(f"clients[{m}] must have rows that make a problem: {error}") from None


def inherited_convexity(problem: Divisible, clients: Sequence[Divisible], weight: Fraction) -> float:
    """The strong convexity that f has because ``f - weight * problem`` is a non-negative combination of clients."""
    s = float(problem.strong_convexity)
    return rounded(weight * Fraction(s), -math.inf) if s > 0 and all(client.convex for client in clients) else 0.0
