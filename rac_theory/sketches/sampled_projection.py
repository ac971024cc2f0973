r"""Bounds on the extreme eigenvalues of E[H] from draws of a sketch, with no factor of the dimension.

Let v be a unit eigenvector of E[H] for its smallest eigenvalue. The scalars :math:`v^\top H_i v` lie in [0, 1] and have
mean lambda_min, and the smallest eigenvalue of the sample mean is at most :math:`v^\top \bar H v`, whatever v is. A
lower confidence bound for the mean of a [0, 1] variable that depends on the sample mean alone and increases with it is
therefore valid for lambda_min when it is fed the smallest eigenvalue of the sample mean: the *safe* end.

The other end needs no matrix inequality either. For any direction u fixed before a draw, :math:`u^\top H u` has mean at
least lambda_min. So let u be the bottom eigenvector of the mean of the draws *before*: Chernoff's bound holds for
variables whose means, given the past, are at least lambda_min, and an upper confidence bound for the average of
:math:`u^\top H_i u` is one for lambda_min. The largest eigenvalue is the mirror image of all this.
"""

from dataclasses import dataclass

import numpy as np

from rac_theory.base import progress
from rac_theory.base.checks import Array
from rac_theory.numerics import Account, extreme_eigenvalues, kl_lower, kl_upper, orthonormal_range
from rac_theory.sketches.draws import draw
from rac_theory.sketches.sketch import Sketch

_BLOCK_NUMBERS = 5 << 13  # numbers drawn at once: a block should stay in the cache
_FIRST = 8  # the first checkpoint comes after an eighth of the draws at the latest, the next ones at every doubling


@dataclass(frozen=True, eq=False)
class SampledSpectrum:
    """The mean of ``draws`` projections, (d, d), and one confidence bound for each end of each extreme eigenvalue."""

    mean: Array
    draws: int
    lambda_min: float
    lambda_min_upper: float
    lambda_max_lower: float
    lambda_max: float


class _Directions:
    """Two directions, each fixed before the draws that it sees, and the sums of u'Hu over those draws."""

    def __init__(self, dim: int) -> None:
        self.u = np.zeros((dim, 2))
        self.total, self.n = np.zeros((dim, dim)), 0
        self.sums, self.seen = np.zeros(2), 0

    def look(self, total: Array, n: int) -> None:
        """Add what the draws since the last turn had along the directions: u'(sum of H)u says it all at once."""
        if self.n:
            self.sums += np.einsum("di,de,ei->i", self.u, total - self.total, self.u)
            self.seen += n - self.n

    def turn(self, total: Array, n: int) -> None:
        """Point to the bottom and the top of the mean of the draws so far, for the draws to come."""
        self.u = np.linalg.eigh(total)[1][:, [0, -1]]
        self.total, self.n = total.copy(), n


def sample_spectrum(
    sketch: Sketch, alpha: float, draws: int, width: float | None, rng: np.random.Generator
) -> SampledSpectrum:
    """Sample until the relative width of the interval for lambda_min is reached, or all the draws are taken.

    Memory does not grow with the number of draws. With a ``width`` the k-th checkpoint is given the level
    ``alpha / (k (k + 1))``, which sums to alpha; without one only the last checkpoint is looked at, at level alpha.
    Every bound has an account of its own.
    """
    d = sketch.dim
    block = max(1, min(_BLOCK_NUMBERS // (d * sketch.rank), -(-draws // _FIRST)))
    total, n, checkpoint, k = np.zeros((d, d)), 0, block, 0
    directions, account = _Directions(d), Account(alpha)
    while True:
        size = min(block, draws - n, checkpoint - n)
        rows = np.swapaxes(orthonormal_range(draw(sketch, rng, size)), 1, 2).reshape(-1, d)
        total += rows.T @ rows
        n += size
        progress.advance(size)
        if n < min(checkpoint, draws):
            continue
        k, checkpoint = k + 1, 2 * checkpoint
        directions.look(total, n)
        if n == draws or width is not None:
            level = account.draw(f"look {k}", alpha if width is None else alpha / (k * (k + 1)))
            found = _bounds(total / n, n, directions, level)
            narrow = width is not None and found.lambda_min_upper - found.lambda_min <= width * found.lambda_min
            if n == draws or narrow:
                return found
        directions.turn(total, n)


def _bounds(mean: Array, n: int, directions: _Directions, alpha: float) -> SampledSpectrum:
    low, high = np.clip(extreme_eigenvalues(mean), 0.0, 1.0)
    if not directions.seen:
        return SampledSpectrum(mean, n, kl_lower(low, n, alpha), 1.0, 0.0, kl_upper(high, n, alpha))
    bottom, top = np.clip(directions.sums / directions.seen, 0.0, 1.0)
    return SampledSpectrum(
        mean,
        n,
        lambda_min=kl_lower(low, n, alpha),
        lambda_min_upper=kl_upper(bottom, directions.seen, alpha),
        lambda_max_lower=kl_lower(top, directions.seen, alpha),
        lambda_max=kl_upper(high, n, alpha),
    )
