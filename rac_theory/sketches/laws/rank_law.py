r"""The rank of a random matrix with independent rows from a finite set, by exact arithmetic.

The rank depends on the lines that rows span. A *flat* is the set of all those lines that lie in some subspace; call its
dimension k, and its mass the probability that a row lies in that subspace (a zero row always does). For d independent
rows and any flat F,

.. math:: \sum_{G \subseteq F} P(\text{rows span } G) = P(\text{rows lie in } F) = \mathrm{mass}(F)^d.

Hence, with integers :math:`c_k(G)` that solve :math:`\sum_{G \supseteq F} c_k(G) = [\dim F = k]` from the largest flat
downwards (Moebius inversion, with the sums exchanged so that nothing depends on d or on the probabilities),

.. math:: P(\mathrm{rank} = k) = \sum_F [\dim F = k]\, P(\text{rows span } F) = \sum_G c_k(G)\, \mathrm{mass}(G)^d.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

MAX_LINES = 64
"""A flat is a set of lines, one bit each of a machine word."""

MAX_FLATS = 20_000
"""Beyond it the rank law is given up: it is reached by random signs with seven columns, not with six."""

_Integers = NDArray[np.int64]


def expected_rank(entries: Mapping[int, Fraction], dim: int, rank: int) -> Fraction | None:
    r"""Return E[rank] of a dim x rank matrix with independent entries, or None where it is beyond the limits.

    Let q be the largest probability of a value. A subspace of dimension k is a graph over some k coordinates, so a
    column lies in it with probability at most :math:`q^{d-k}`: the other entries are determined by those k. Hence
    (Odlyzko's argument) a column depends on the k before it with at most that probability, and
    :math:`E[r - \mathrm{rank}] \le \sum_{k<r} q^{d-k} < q^{d-r+1} / (1-q)`. Below 1e-15 the answer is r less half of
    that: never r itself, as two columns may be equal, and a single one zero unless no entry can be.

    Parameters
    ----------
    entries : mapping
        Values of an entry, small integers, and their probabilities, positive and below one.

    References
    ----------
    A. M. Odlyzko, On subspaces spanned by random selections of +-1 vectors, 1988.
    """
    if rank == 1 and 0 not in entries:
        return Fraction(1)
    q = float(max(entries.values()))
    if q ** (dim - rank + 1) < 1e-15 * (1 - q):
        return rank - Fraction(1, 2 * 10**15)
    if len(entries) ** rank > 2 * MAX_LINES + 1:
        return None
    rows = {
        row: math.prod((entries[entry] for entry in row), start=Fraction(1))
        for row in itertools.product(entries, repeat=rank)
    }
    law = rank_law(rows, dim)
    return None if law is None else sum((k * p for k, p in enumerate(law)), Fraction(0))


def rank_law(rows: Mapping[tuple[int, ...], Fraction], dim: int) -> list[Fraction] | None:
    """Return the probabilities of the ranks 0, 1, ... of ``dim`` independent rows, or None beyond the limits.

    Parameters
    ----------
    rows : mapping
        Values of a row, small integers, and their probabilities.
    """
    lines: dict[tuple[int, ...], Fraction] = defaultdict(Fraction)
    for row, probability in zip(_primitive(np.array(list(rows))).tolist(), rows.values(), strict=True):
        lines[tuple(row)] += probability
    zero = lines.pop((0,) * len(next(iter(rows))), Fraction(0))
    lattice = _lattice(tuple(lines))
    if lattice is None:
        return None
    flats, coefficients = lattice
    # Integers over one denominator, and the few different masses once each: Fractions would be slow here.
    unit = math.lcm(zero.denominator, *(p.denominator for p in lines.values()))
    mass = int(zero * unit) + flats.astype(object) @ np.array([int(p * unit) for p in lines.values()], dtype=object)
    by_mass: dict[int, _Integers] = defaultdict(lambda: np.zeros(coefficients.shape[1], dtype=np.int64))
    for m, c in zip(mass, coefficients, strict=True):
        by_mass[m] += c
    total = sum(c.astype(object) * m**dim for m, c in by_mass.items())
    return [Fraction(int(numerator), unit**dim) for numerator in total]


@lru_cache(maxsize=32)
def _lattice(lines: tuple[tuple[int, ...], ...]) -> tuple[NDArray[np.bool_], _Integers] | None:
    """Return all flats, (flats, lines), and the coefficients c_k of each, (flats, 1 + largest rank).

    Level by level: a flat is followed by those that one more line spans with it. Modulo the flat, lines with the same
    such follower are parallel, so the followers are read off the lines' residues.
    """
    if len(lines) > MAX_LINES:
        return None
    level: dict[int, _Integers] = {0: np.array(lines, dtype=np.int64)}  # flat as a set of bits: residues of all lines
    flats: list[int] = []
    dimension: list[int] = []
    for k in itertools.count():
        flats += level
        dimension += [k] * len(level)
        above: dict[int, _Integers] = {}
        for flat, residues in level.items():
            for residue, parallel in _parallel(residues).items():
                if (follower := flat | parallel) not in above:
                    above[follower] = _modulo(residues, np.array(residue))
            if len(flats) + len(above) > MAX_FLATS:
                return None
        if not above:
            break
        level = above
    bits = np.array(flats, dtype=np.uint64)
    coefficients = np.eye(k + 1, dtype=np.int64)[dimension]
    for i in range(len(flats) - 2, -1, -1):  # what contains a flat comes after it
        coefficients[i] -= coefficients[i + 1 :][bits[i + 1 :] & bits[i] == bits[i]].sum(axis=0)
    return (bits[:, None] >> np.arange(len(lines), dtype=np.uint64)) & np.uint64(1) == 1, coefficients


def _parallel(residues: _Integers) -> dict[tuple[int, ...], int]:
    """Group the lines by their residue, as sets of bits; the lines of the flat itself have residue zero."""
    groups: dict[tuple[int, ...], int] = defaultdict(int)
    for i, residue in enumerate(map(tuple, residues.tolist())):
        if any(residue):
            groups[residue] |= 1 << i
    return groups


def _modulo(residues: _Integers, line: _Integers) -> _Integers:
    """Eliminate a coordinate of the line from all residues, in integers."""
    pivot = int(np.flatnonzero(line)[0])
    return _primitive(residues * line[pivot] - np.outer(residues[:, pivot], line))


def _primitive(rows: _Integers) -> _Integers:
    """Scale integer rows so that parallel ones are equal: coprime entries, the first of them positive."""
    first = np.take_along_axis(rows, (rows != 0).argmax(axis=1)[:, None], axis=1)
    scale = np.gcd.reduce(rows, axis=1)[:, None] * np.sign(first)
    return rows // np.where(scale == 0, 1, scale)
