"""Moves that are made by hand, and what a rule about them says."""

from inspect import signature

import numpy as np

from rac_theory.testing.algorithms.cause_by_moves import of_sketch


def bases(rng, *shape, rank=2, d=6):
    """Orthonormal columns of uniform ranges, of these axes."""
    return np.linalg.qr(rng.standard_normal((*shape, d, rank)))[0]


def projected(U, M):
    return U @ (np.swapaxes(U, -1, -2) @ M)


def but(M, place, value):
    """A copy with other values in a place."""
    changed = M.copy()
    changed[place] = value
    return changed


def ask(rule, moves):
    """What a rule says of moves; those about a sketch say nothing where there is none."""
    return (of_sketch(rule) if "view" in signature(rule).parameters else rule)(moves)
