r"""What a step that fits the draw is worth under a range that rotations leave alone, of Haar or Gaussian matrices.

In the eigenbasis of S the law is that of a range U again, and that of DU for every diagonal D of signs, so that E[M] is
diagonal. At rank one both kinds of step are :math:`u u^\top / (u^\top S u)`, and for a standard normal g in the place
of u, with :math:`1/y = \int_0^\infty e^{-sy} ds`,

.. math:: E \frac{g_i^2}{\sum_j s_j g_j^2}
    = \int_0^\infty (1 + 2 s s_i)^{-1} \prod_j (1 + 2 s s_j)^{-1/2} \, ds ,

which is smallest where :math:`s_i` is largest. Above rank one :math:`s_i M_{ii}` lies in [0, 1], as M is at most the
inverse of S, and its mean is bounded from draws. So is that of :math:`\max(s_i, c)\, M_{ii}` if curvatures in the range
are raised to c where they are smaller; c is what promises most by a first few draws.
"""

import numpy as np

from rac_theory.algorithms import FittedDescent
from rac_theory.base.checks import Array
from rac_theory.numerics import empirical_bernstein_lower, kl_lower
from rac_theory.sketches import draw_ranges

_WIDTH = 0.25
"""Of the intervals of log s: the integrand has no singularity within pi of the real line, so that no digit is lost."""

_ENDS = (-60.0, 200.0)  # of log(2 s s_max): what is left out is positive
_DOWN = 1 - 1e-10  # for what is rounded
_FIRST = 16  # one draw of so many decides about the floor
_NUMBERS = 1 << 20
"""The most diagonal entries that are looked at: 16,384 draws at dim 64, which are enough for a few per cent."""

_BLOCK = 1 << 18  # numbers of ranges at once


def on_a_line(spectrum: Array) -> float:
    """Return the smallest eigenvalue of ``E[u u' / (u'Su)]`` for eigenvalues of S, (d,), all positive; rounded down.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.gains.uniform_step import on_a_line
    >>> round(on_a_line(np.array([4.0, 1.0])), 9)  # 1 / (s + sqrt(s t)) in the plane, s the larger
    0.166666667
    """
    scaled = spectrum / spectrum.max()
    x = np.arange(*_ENDS, _WIDTH)
    logs = x - np.log1p(np.exp(x)) - 0.5 * sum(np.log1p(np.exp(x) * one) for one in scaled)
    return float(np.exp(logs).sum() * _WIDTH / (2 * spectrum.max()) * _DOWN)


def in_a_range(
    algorithm: FittedDescent, spectrum: Array, alpha: float, draws: int, rng: np.random.Generator
) -> tuple[float, int]:
    """Return a lower bound of the smallest eigenvalue of E[M], and from how many draws."""
    n = max(2, min(draws, _NUMBERS // len(spectrum)))
    first = max(1, n // _FIRST)
    few = _draws(algorithm, first, rng)
    floors = [float(spectrum.max()) * 2.0**-k for k in range(1, 13)]
    floor = max(floors, key=lambda each: _promised(algorithm, spectrum, each, few, alpha, n - first))
    return _bound(algorithm, spectrum, floor, _draws(algorithm, n - first, rng), alpha), n - first


def _draws(algorithm: FittedDescent, n: int, rng: np.random.Generator) -> list[Array]:
    block = max(1, _BLOCK // (algorithm.sketch.dim * algorithm.sketch.rank))
    return [draw_ranges(algorithm.sketch, rng, min(block, n - start)) for start in range(0, n, block)]


def _promised(algorithm: FittedDescent, spectrum: Array, floor: float, few: list[Array], alpha: float, n: int) -> float:
    """About what so many draws will promise, by a few: their means less the margin of their variances."""
    X = np.concatenate([_diagonals(algorithm, spectrum, floor, U) for U in few])
    cost = np.log(2 * len(spectrum) / alpha) / n
    return float((X.mean(axis=0) - np.sqrt(2 * cost * X.var(axis=0)) - cost / np.maximum(spectrum, floor)).min())


def _bound(algorithm: FittedDescent, spectrum: Array, floor: float, ranges: list[Array], alpha: float) -> float:
    """From all diagonals of M with curvatures of a range raised to a floor, which makes M smaller."""
    most = np.maximum(spectrum, floor)  # 1 / M_ii is at least that
    X = np.concatenate([_diagonals(algorithm, spectrum, floor, U) for U in ranges]) * most
    each = alpha / (2 * len(spectrum))
    variance = empirical_bernstein_lower(np.clip(X, 0.0, 1.0), each)
    mean = [kl_lower(float(one), len(X), each) for one in np.clip(X.mean(axis=0), 0.0, 1.0)]
    return float((np.maximum(variance, mean) / most).min() * _DOWN)


def _diagonals(algorithm: FittedDescent, spectrum: Array, floor: float, U: Array) -> Array:
    Ut = np.swapaxes(U, 1, 2)
    values, V = np.linalg.eigh(Ut @ (spectrum[:, None] * U))
    blocks = (V * np.maximum(values, floor)[:, None]) @ np.swapaxes(V, 1, 2)
    moved = algorithm.fitted(blocks[:, None], Ut[:, None])[:, 0]
    return np.asarray(np.einsum("kia,kai->ki", U, moved))
