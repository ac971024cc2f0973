r"""Standard normal numbers by Box and Muller's method, in whole-array operations.

Sketches of long columns spend more time on their random numbers than on anything else, and the generator's own method
decides number by number. Here a radius :math:`\sqrt{-2 \log u}` and half an angle :math:`\phi/2` in
:math:`[0, \pi)` give two independent normals,

.. math:: \cos\phi = \frac{2}{1 + t^2} - 1, \qquad \sin\phi = \frac{2t}{1 + t^2}, \qquad t = \tan(\phi/2),

as tangents and logarithms are vectorised where sines are not. Their last bits may differ from one kind of processor to
another, as those of matrix products do; on one machine they never do.

References
----------
G. E. P. Box and M. E. Muller, *A note on the generation of random normal deviates*, Ann. Math. Statist. 29 (1958).
"""

import math

import numpy as np

from problems.checks import Array

_PAIRS = 1 << 13  # at once: these arrays stay in the cache of one core


def standard_normals(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw independent standard normal numbers of a shape."""
    count = math.prod(shape)
    pairs = -(-count // 2)
    normals, scratch = np.empty(2 * pairs), np.empty((2, min(_PAIRS, pairs)))
    for first in range(0, pairs, _PAIRS):
        part = normals[2 * first : 2 * (first + _PAIRS)].reshape(2, -1)
        _draw_pairs(rng, part, scratch[:, : part.shape[1]])
    return normals[:count].reshape(shape)


def _draw_pairs(rng: np.random.Generator, normals: Array, scratch: Array) -> None:
    """Fill two rows with the cosines and the sines of the same angles, times the same radii."""
    radii, scaled = scratch
    cosines, t = normals
    rng.random(out=radii)
    np.log(np.subtract(1.0, radii, out=radii), out=radii)  # of numbers in (0, 1]
    np.sqrt(np.multiply(radii, -2.0, out=radii), out=radii)
    rng.random(out=t)
    np.tan(np.multiply(t, np.pi, out=t), out=t)
    np.add(np.multiply(t, t, out=scaled), 1.0, out=scaled)
    np.divide(radii, scaled, out=scaled)
    np.add(scaled, scaled, out=scaled)  # 2 r / (1 + t^2)
    np.subtract(scaled, radii, out=cosines)
    np.multiply(t, scaled, out=t)
