"""The spectrum of the expected projection of a sketch: the number lambda_min that decides every rate."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from problems import checks
from problems.checks import Array
from problems.eigenvalues import extreme_eigenvalues
from rac_theory.confidence import kl_lower, kl_upper
from rac_theory.linalg import orthonormal_range
from rac_theory.randomness import Randomness, seed_sequence
from rac_theory.sketch import HasExpectedProjection, Sketch, check_draws, draw

DRAWS = 65_536
"""Draws of a sketch without a closed form: the sampled lower bound loses about sqrt(d / (draws r)) relative."""

_BLOCK_NUMBERS = 1 << 20  # numbers drawn at once, so that memory does not grow with the number of draws


@dataclass(frozen=True, eq=False)
class Spectrum:
    """What is known of E[H]; dimensionless, eigenvalues in [0, 1].

    Attributes
    ----------
    lambda_min, lambda_max : float
        The extreme eigenvalues where ``how`` is "closed form". Where it is "sampled", the safe ends: a lower bound of
        the smallest and an upper bound of the largest eigenvalue, each true with probability ``1 - alpha``.
    matrix : (dim, dim)
        E[H], or its sample mean.
    how : str
        "closed form" or "sampled"; "unknown" where there is no sketch to ask.
    alpha : float
        The level of the bounds; 0 for a closed form.
    draws : int
        How many draws stand behind them; 0 for a closed form.
    """

    lambda_min: float
    lambda_max: float
    matrix: Array
    how: Literal["closed form", "sampled", "unknown"]
    alpha: float = 0.0
    draws: int = 0

    @property
    def expected_rank(self) -> float:
        """Trace of ``matrix``: E[rank], or its sample mean."""
        return float(np.trace(self.matrix))

    @property
    def provenance(self) -> str:
        """One line on how the eigenvalues are known."""
        if self.how != "sampled":
            return f"{self.how} of E[H]"
        return f"safe end of a Chernoff-Hoeffding bound at level {self.alpha:g} from {self.draws} draws"


def spectrum(sketch: Sketch, *, alpha: float = 1e-3, draws: int = DRAWS, rng: Randomness = None) -> Spectrum:
    r"""Return the extreme eigenvalues of E[H], from a closed form if the sketch has one, else by sampling.

    The sampled end is safe without any matrix inequality. Let v be a unit eigenvector of E[H] for its smallest
    eigenvalue. The scalars :math:`v^\top H_i v` lie in [0, 1] and have mean lambda_min, and the smallest eigenvalue of
    the sample mean is at most :math:`v^\top \bar H v`, whatever v is. A lower confidence bound for the mean of a
    [0, 1] variable that depends on the sample mean alone and increases with it is therefore valid for lambda_min when
    it is fed the smallest eigenvalue of the sample mean. The largest eigenvalue is the mirror image.

    Parameters
    ----------
    sketch : Sketch
    alpha : float
        Probability with which each sampled bound may be wrong.
    draws : int
        How many draws to take where there is no closed form.
    rng : seed, SeedSequence or Generator
        Unused where there is a closed form.
    """
    check_draws(sketch)
    if isinstance(sketch, HasExpectedProjection):
        shape = (sketch.dim, sketch.dim)
        matrix = checks.array(
            f"{type(sketch).__name__}.expected_projection()", sketch.expected_projection(), shape=shape
        )
        low, high = extreme_eigenvalues(matrix)
        return Spectrum(max(low, 0.0), min(high, 1.0), matrix, "closed form")
    checks.finite("alpha", alpha, above=0)
    checks.integer("draws", draws, 1)
    matrix = _mean_projection(sketch, draws, np.random.default_rng(seed_sequence(rng)))
    low, high = extreme_eigenvalues(matrix)
    return Spectrum(
        kl_lower(min(max(low, 0.0), 1.0), draws, alpha),
        kl_upper(min(max(high, 0.0), 1.0), draws, alpha),
        matrix,
        "sampled",
        alpha,
        draws,
    )


def _mean_projection(sketch: Sketch, draws: int, rng: np.random.Generator) -> Array:
    """Average H over the draws; blocks of orthonormal columns are stacked, so that the sum is one product a block."""
    total = np.zeros((sketch.dim, sketch.dim))
    block = max(1, _BLOCK_NUMBERS // (sketch.dim * sketch.rank))
    for done in range(0, draws, block):
        Q = orthonormal_range(draw(sketch, rng, min(block, draws - done)))
        columns = np.moveaxis(Q, 1, 0).reshape(sketch.dim, -1)
        total += columns @ columns.T
    return total / draws
