"""Where randomness comes from: an argument, a seed, a SeedSequence or a Generator, never a global (SPEC 7)."""

import operator
from typing import TypeAlias

import numpy as np

from rac_theory.base import shown

Randomness: TypeAlias = int | np.random.SeedSequence | np.random.Generator | None
"""What every keyword ``rng`` accepts; None asks the operating system for fresh entropy."""


def seed_sequence(rng: Randomness) -> np.random.SeedSequence:
    """Return the root of a tree of independent streams.

    A seed or a SeedSequence gives the same root each time, so the same call gives the same numbers; a Generator gives
    a fresh child each time, as a generator should.
    """
    if isinstance(rng, np.random.Generator):
        seeds = rng.bit_generator.seed_seq
        if not isinstance(seeds, np.random.SeedSequence):
            raise ValueError(f"rng must have been made by numpy.random.default_rng, got one seeded by {seeds!r}")
        return seeds.spawn(1)[0]
    if isinstance(rng, np.random.SeedSequence):
        return np.random.SeedSequence(rng.entropy, spawn_key=rng.spawn_key, pool_size=rng.pool_size)
    if rng is None:
        return np.random.SeedSequence()
    try:
        if isinstance(rng, bool | np.ma.MaskedArray):  # which Python counts, and NumPy without its mask
            raise TypeError
        return np.random.SeedSequence(operator.index(rng))
    except Exception:  # whatever the class of a user does when it is asked
        raise ValueError(f"rng must be a seed >= 0, a SeedSequence, a Generator or None, got {shown(rng)}") from None


# The streams below a root, told apart by words that no spawn counter reaches.
BLOCKS, RUNS, PROJECTION = 0xB10C, 0x4B5, 0x9807


def generator(seeds: np.random.SeedSequence) -> np.random.Generator:
    """Return a generator on a stream: SFC64, the fastest of NumPy's; drawing is the floor of small experiments."""
    return np.random.Generator(np.random.SFC64(seeds))


def child(root: np.random.SeedSequence, *key: int) -> np.random.SeedSequence:
    """Return the stream of ``root`` at ``key``: a pure function of both, unlike ``spawn``, which counts its calls."""
    return np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key), pool_size=root.pool_size)
