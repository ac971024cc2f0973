"""Where randomness comes from, an argument and never a global (SPEC 7), and standard normal numbers."""

import math
import operator
from typing import TypeAlias

import numpy as np
from numpy.polynomial import Polynomial

from rac_theory.base import Array, shown

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


_PAIRS = 1 << 14  # at once: enough that thirty calls cost little beside them
_LEVELS = 8  # of the continued fraction


def standard_normals(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    r"""Draw independent standard normal numbers of a shape, by Box and Muller's method in whole-array operations.

    Sketches of long columns spend more time on their random numbers than on anything else, and the generator's own
    method decides number by number. Here a radius :math:`r = \sqrt{2 \epsilon}`, :math:`\epsilon` exponential, and an
    angle :math:`\phi` uniform in :math:`[-\pi, \pi)` give two independent normals,

    .. math:: r \cos\phi = r - 8 r b^2, \qquad r \sin\phi = 8 r b\, (\tfrac12 - a), \qquad
        a = \sin^2 \tfrac\phi4, \quad b = \sin\tfrac\phi4 \cos\tfrac\phi4,

    and a and b follow from the tangent of a quarter of the angle, that is, from a quotient p/q:
    :math:`a = p^2 / (p^2 + q^2)` and :math:`b = p q / (p^2 + q^2)`. For p/q stands a convergent of Lambert's continued
    fraction

    .. math:: \tan x = \cfrac{x}{1 - \cfrac{x^2}{3 - \cfrac{x^2}{5 - \dots}}},

    whose eighth misses a quarter of an angle by less than 3e-16. All this is additions, multiplications, one division
    and one square root, which NumPy vectorises on every processor, and which IEEE 754 rounds alike on all of them;
    tangents and logarithms it vectorises on few.

    References
    ----------
    G. E. P. Box and M. E. Muller, *A note on the generation of random normal deviates*, Ann. Math. Statist. 29 (1958).
    J. H. Lambert, *Mémoire sur quelques propriétés remarquables des quantités transcendentes circulaires et
    logarithmiques* (1761): the continued fraction.
    """
    count = math.prod(shape)
    pairs = -(-count // 2)
    normals, scratch = np.empty(2 * pairs), np.empty((3, min(_PAIRS, pairs)))
    for first in range(0, pairs, _PAIRS):
        part = normals[2 * first : 2 * (first + _PAIRS)].reshape(2, -1)
        _draw_pairs(rng, part, scratch[:, : part.shape[1]])
    return normals[:count].reshape(shape)


def _draw_pairs(rng: np.random.Generator, normals: Array, scratch: Array) -> None:
    """Fill two rows with the cosines and the sines of the same angles, times the same radii."""
    radii, turns = normals
    square, p, q = scratch
    rng.random(out=turns)
    np.subtract(turns, 0.5, out=turns)
    np.multiply(turns, turns, out=square)
    _polynomial(_P, square, out=p)
    _polynomial(_Q, square, out=q)
    np.multiply(p, turns, out=p)
    b = np.multiply(p, q, out=turns)
    a = np.multiply(p, p, out=p)
    np.add(np.multiply(q, q, out=q), a, out=q)
    np.divide(math.sqrt(8), q, out=q)
    np.multiply(a, q, out=a)  # this and the next are sqrt(8) times what they are called
    np.multiply(b, q, out=b)
    rng.standard_exponential(out=radii)
    np.sqrt(np.multiply(radii, 2.0, out=radii), out=radii)
    scaled = np.multiply(radii, b, out=q)
    np.subtract(radii, np.multiply(scaled, b, out=square), out=radii)
    np.multiply(scaled, np.subtract(math.sqrt(2), a, out=a), out=turns)


def _polynomial(coefficients: list[float], x: Array, out: Array) -> None:
    """Evaluate a polynomial, highest power first, by Horner's rule."""
    leading, *others, last = coefficients
    np.multiply(x, leading, out=out)
    for coefficient in others:
        np.multiply(np.add(out, coefficient, out=out), x, out=out)
    np.add(out, last, out=out)


def _convergent(levels: int, scale: float) -> tuple[list[float], list[float]]:
    """Return P and Q, highest power first, of ``u P(u^2) / Q(u^2)``, a convergent of the tangent of ``scale u``."""
    before, now = ([Polynomial([part]) for part in pair] for pair in ((0.0, 1.0), (scale, 1.0)))
    z = Polynomial([0.0, scale**2])
    for level in range(1, levels):
        before, now = now, [(2 * level + 1) * b - z * a for a, b in zip(before, now, strict=True)]
    P, Q = ([float(c) for c in polynomial.trim().coef[::-1]] for polynomial in now)
    return P, Q


_P, _Q = _convergent(_LEVELS, math.pi / 2)  # a quarter of an angle is pi/2 times what lies in [-1/2, 1/2)
