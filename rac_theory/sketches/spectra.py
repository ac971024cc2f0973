r"""The spectrum of the expected projection of a sketch: the number lambda_min that decides every rate.

Where E[H] is known its extreme eigenvalues are bounded with their own rounding, and it is asked whether it can be one.

**From draws**, with no factor of the dimension. Let v be a unit eigenvector of E[H] for its smallest eigenvalue. The
scalars :math:`v^\top H_i v` lie in [0, 1] and have mean lambda_min, and the smallest eigenvalue of the sample mean is
at most :math:`v^\top \bar H v`, whatever v is. A lower confidence bound for the mean of a [0, 1] variable that depends
on the sample mean alone and increases with it is therefore valid for lambda_min when it is fed the smallest eigenvalue
of the sample mean: the *safe* end.

The other end needs no matrix inequality either. For any direction u fixed before a draw, :math:`u^\top H u` has mean at
least lambda_min. So let u be the bottom eigenvector of the mean of the draws *before*: Chernoff's bound holds for
variables whose means, given the past, are at least lambda_min, and an upper confidence bound for the average of
:math:`u^\top H_i u` is one for lambda_min. The largest eigenvalue is the mirror image of all this.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rac_theory.base import Array, Value, checks, one_blas_thread, progress
from rac_theory.numerics import (
    EPS,
    Account,
    EigenvalueCertificate,
    Randomness,
    certified,
    eigenvalues,
    extreme_eigenvalues,
    generator,
    kl_lower,
    kl_upper,
    orthonormal_range,
    rational,
    seed_sequence,
)
from rac_theory.sketches.draws import check_draws, draw
from rac_theory.sketches.moments import Mean, Moments
from rac_theory.sketches.sketch import Sketch

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_BLOCK_NUMBERS = 5 << 13  # numbers drawn at once: a block should stay in the cache
_FIRST = 8  # the first checkpoint comes after an eighth of the draws at the latest, the next ones at every doubling


class _Directions:
    """Two directions, each fixed before the draws that it sees, and the sums of u'Hu over those draws."""

    def __init__(self) -> None:
        self.n, self.sums, self.seen = 0, np.zeros(2), 0

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
) -> "Spectrum":
    """Sample until the relative width of the interval for lambda_min is reached, or all the draws are taken.

    Memory does not grow with the number of draws. With a ``width`` the k-th checkpoint is given the level
    ``alpha / (k (k + 1))``, which sums to alpha; without one only the last checkpoint is looked at, at level alpha.
    Every bound has an account of its own.
    """
    d = sketch.dim
    block = max(1, min(_BLOCK_NUMBERS // (d * sketch.rank), -(-draws // _FIRST)))
    total, n, checkpoint, k = np.zeros((d, d)), 0, block, 0
    directions, account = _Directions(), Account(alpha)
    while True:
        size = min(block, draws - n, checkpoint - n)
        rows = orthonormal_range(draw(sketch, rng, size)).mT.reshape(-1, d)
        total += rows.T @ rows
        n += size
        progress.advance(size)
        if n < min(checkpoint, draws):
            continue
        k, checkpoint = k + 1, 2 * checkpoint
        directions.look(total, n)
        if n == draws or width is not None:
            level = account.draw(f"look {k}", alpha if width is None else alpha / (k * (k + 1)))
            sampled = _bounds(total / n, n, directions, level, alpha)
            low, high = sampled.lambda_min, sampled.lambda_min_upper
            if n == draws or (width is not None and high - low <= width * low):
                return sampled
        directions.turn(total, n)


def _bounds(mean: Array, n: int, directions: _Directions, level: float, alpha: float) -> "Spectrum":
    """Bound each end of each extreme eigenvalue at a level, from the mean and from what the directions saw."""
    low, high = np.clip(extreme_eigenvalues(mean), 0.0, 1.0)
    bottom_upper, top_lower = 1.0, 0.0
    if directions.seen:
        bottom, top = np.clip(directions.sums / directions.seen, 0.0, 1.0)
        bottom_upper, top_lower = kl_upper(bottom, directions.seen, level), kl_lower(top, directions.seen, level)
    ends = kl_lower(low, n, level), kl_upper(high, n, level), bottom_upper, top_lower
    return Spectrum(*ends, mean, "sampled", alpha, n)


_OF_ENTRIES = 4e-12  # relative: how far entries of E[H] that are no simple quotients may be off
DRAWS = 65_536
"""Draws of a sketch without a closed form: the sampled lower bound loses about sqrt(d / (draws r)) relative."""


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum(Value):
    """What is known of E[H]; dimensionless, eigenvalues in [0, 1].

    Attributes
    ----------
    lambda_min, lambda_max : float or Fraction
        The extreme eigenvalues. Where ``how`` is "sampled" they are the safe ends: a lower bound of the smallest and an
        upper bound of the largest eigenvalue. All four bounds hold together with probability ``1 - 4 alpha``, each
        with ``1 - alpha``.
    lambda_min_upper, lambda_max_lower : float or Fraction
        The other two ends. Where nothing is sampled they are the same two numbers again, and no ends of their own:
        lambda_min is then rounded down and lambda_max up, by some 4e-12 of themselves at most, unless they are exact.
    matrix : (dim, dim)
        E[H], or its sample mean; Fractions where the spectrum is exact.
    how : str
        "closed form", "enumerated" or "sampled"; "unknown" where there is no sketch to ask.
    alpha : float
        The level of each bound; 0 where nothing is sampled.
    draws : int
        How many draws stand behind the bounds.
    on_trust : bool
        Whether this is what a user's sketch declares, unchecked.

    Examples
    --------
    >>> from rac_theory import sketches, spectrum
    >>> known = spectrum(sketches.CountSketch(3, 2), exact=True)
    >>> known.lambda_min, known.expected_rank, known.how
    (Fraction(7, 12), Fraction(7, 4), 'enumerated')
    """

    lambda_min: float | Fraction
    lambda_max: float | Fraction
    lambda_min_upper: float | Fraction
    lambda_max_lower: float | Fraction
    matrix: NDArray[Any]
    how: Literal["closed form", "enumerated", "sampled", "unknown"]
    alpha: float = 0.0
    draws: int = 0
    on_trust: bool = False

    @property
    def expected_rank(self) -> float | Fraction:
        """Trace of ``matrix``: E[rank], or its sample mean."""
        trace = self.matrix.trace()
        return trace if isinstance(trace, Fraction) else float(trace)

    @property
    def certificate(self) -> EigenvalueCertificate | None:
        """Why no eigenvalue is below ``lambda_min``, checked in fractions; None unless the spectrum is exact."""
        return certified(self.matrix.tolist(), self.lambda_min) if isinstance(self.lambda_min, Fraction) else None

    @property
    def slowdown(self) -> float:
        """How many times the steps of full gradient descent are promised, see ``slowdown``."""
        return slowdown(self.lambda_min)

    @property
    def provenance(self) -> str:
        """One line on how the eigenvalues are known."""
        if self.how != "sampled":
            return f"{self.how} of E[H]" + ", on trust" * self.on_trust
        return f"safe end of a Chernoff-Hoeffding bound at level {self.alpha:g} from {self.draws} draws"

    def _repr_html_(self) -> str:
        from rac_theory.drawing import html

        return html.together(
            html.heading("E[H]", "x".join(map(str, self.matrix.shape))),
            html.facts(
                [
                    ("smallest eigenvalue", _interval(self.lambda_min, self.lambda_min_upper)),
                    ("largest eigenvalue", _interval(self.lambda_max_lower, self.lambda_max)),
                    ("expected rank", f"{float(self.expected_rank):.6g}"),
                    ("known by", self.provenance),
                ]
            ),
        )

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the eigenvalues of ``matrix`` on matplotlib axes, made if none are given; return the axes."""
        from rac_theory.drawing import plot

        matrix = self.matrix
        even = _is_multiple_of_identity(matrix)
        values = np.diagonal(matrix) if even else eigenvalues(matrix.astype(np.float64))[0]
        interval = (float(self.lambda_min), float(self.lambda_min_upper))
        title = f"E[H], {'x'.join(map(str, self.matrix.shape))}, {self.how}" + f" from {self.draws} draws" * bool(
            self.draws
        )
        return plot.eigenvalues(values, interval, title=title, ax=ax)


NO_SKETCH = Spectrum(1.0, 1.0, 1.0, 1.0, np.empty((0, 0)), "closed form")
"""The spectrum of H = I."""

UNKNOWN = Spectrum(math.nan, math.nan, math.nan, math.nan, np.empty((0, 0)), "unknown")
"""The spectrum of what is no projection."""


def _interval(low: float | Fraction, high: float | Fraction) -> str:
    """Return a number, exactly if it is a Fraction, or the interval that it is in."""
    lower, upper = (str(end) if isinstance(end, Fraction) else f"{end:.6g}" for end in (low, high))
    return lower if lower == upper else f"in [{lower}, {upper}]"


def slowdown(lambda_min: float | Fraction) -> float:
    """Return how many times the steps of full gradient descent are promised: 1/lambda_min, inf where it is 0.

    That is the ratio by T1, and by T2 as gamma mu goes to 0. By T2 in general it is at least that:
    -log(1 - x) / -log(1 - lambda_min x), x = gamma mu.
    """
    return 1 / float(lambda_min) if lambda_min > 0 else math.inf


def spectrum(
    sketch: Sketch,
    *,
    alpha: float = 1e-3,
    draws: int = DRAWS,
    width: float | None = None,
    rng: Randomness = None,
    exact: bool = False,
) -> Spectrum:
    """Return the extreme eigenvalues of E[H]: from what is known of it (see ``sketches.moments``), else by sampling.

    Parameters
    ----------
    sketch : Sketch
    alpha : float
        Probability with which each sampled bound may be wrong.
    draws : int
        How many draws to take, at most, where there is nothing better.
    width : float, optional
        Stop sampling as soon as ``lambda_min_upper - lambda_min <= width * lambda_min``. The bounds then hold at every
        moment at which sampling could have stopped, which makes them a little wider.
    rng : seed, SeedSequence or Generator
        Unused where nothing is sampled.
    exact : bool
        Enumerate the matrices as they are stored in rational arithmetic and return Fractions: an eigenvalue itself
        where it is found to be rational (see ``numerics.rational``), else a certified bound about 1e-15 on its safe
        side.

    Returns
    -------
    Spectrum

    Raises
    ------
    ValueError
        If the sketch does not keep its promises, or ``exact`` is asked of one whose support is unknown or too large.

    Examples
    --------
    >>> from rac_theory import sketches, spectrum
    >>> known = spectrum(sketches.Uniform(3, 2), draws=4000, rng=0)
    >>> print(f"{known.how}: {known.lambda_min:.2f} to {known.lambda_min_upper:.2f}")  # below r/d: not centred
    sampled: 0.50 to 0.56
    """
    check_draws(sketch)
    checks.finite("alpha", alpha, above=0, below=1)
    checks.integer("draws", draws, 1)
    if width is not None:
        checks.finite("width", width, above=0)
    moments, root = Moments(sketch), seed_sequence(rng)
    if checks.boolean("exact", exact):
        return _enumerated_exactly(moments)
    if moments.mean is not None:
        return _of_mean(moments.mean, moments)
    # At these sizes more threads of BLAS wait for each other, and the bits depend on their number.
    with one_blas_thread(), progress.task("draws", draws):
        return sample_spectrum(sketch, alpha, draws, width, generator(root))


def closed_form(sketch: Sketch) -> Spectrum | None:
    """Return the spectrum that the sketch itself knows, or None. Nothing is drawn, so that any dimension is quick.

    A multiple of the identity that is stored as ``sketches.laws.isotropy.isotropic`` stores it takes time and memory
    proportional to ``dim``; any other diagonal matrix is only read, any other matrix is decomposed.

    Parameters
    ----------
    sketch : Sketch

    Returns
    -------
    Spectrum or None

    Raises
    ------
    ValueError
        If what the sketch claims cannot be the mean of projections.

    Examples
    --------
    >>> from rac_theory import sketches
    >>> from rac_theory.sketches.spectra import closed_form
    >>> print(f"{closed_form(sketches.Gaussian(10_000, 16)).lambda_min:.4f}, {closed_form(sketches.Uniform(3, 2))}")
    0.0016, None
    """
    moments = Moments(sketch)
    mean = moments.mean
    return _of_mean(mean, moments) if mean is not None and mean.how == "closed form" else None


def _of_mean(mean: Mean, moments: Moments) -> Spectrum:
    matrix = read_only(mean.source, mean.matrix, moments.sketch.dim)
    ends = extremes(matrix)
    if mean.how == "closed form":
        check_claim(mean.source, matrix, ends, moments.sketch.rank)
    low, high = max(ends[0], 0.0), min(ends[1], 1.0)
    return Spectrum(low, high, low, high, matrix, mean.how, on_trust=moments.on_trust)


def _enumerated_exactly(moments: Moments) -> Spectrum:
    if moments.support is None:
        raise ValueError(f"exact must be False for a sketch without a small finite support, got {moments.sketch!r}")
    matrices, probabilities = moments.support
    M = rational.mean(
        [rational.projection(rational.rational(S.tolist())) for S in matrices],
        [Fraction(p) for p in probabilities.tolist()],
    )
    low, high = rational.smallest_eigenvalue(M), rational.largest_eigenvalue(M)
    matrix = np.array(M, dtype=object)
    return Spectrum(low, high, low, high, matrix, "enumerated", on_trust=moments.on_trust)


def read_only(name: str, matrix: Array, dim: int) -> Array:
    """Return a checked copy, which for a Toeplitz view holds ``2 dim - 1`` numbers, as the original does."""
    if not (isinstance(matrix, np.ndarray) and matrix.shape == (dim, dim) and _is_toeplitz_view(matrix)):
        return checks.array(name, matrix, shape=(dim, dim))
    return sliding_window_view(checks.array(name, np.concatenate([matrix[:0:-1, 0], matrix[0]])), dim)[::-1]


def _is_toeplitz_view(matrix: Array) -> bool:
    """Whether one step down and one to the right lead to the same place in memory."""
    return len(matrix) > 1 and matrix.strides[0] == -matrix.strides[1]


def _is_multiple_of_identity(matrix: Array) -> bool:
    """Whether that is seen without reading, let alone copying, dim x dim numbers."""
    return _is_toeplitz_view(matrix) and not matrix[0, 1:].any()


def extremes(matrix: Array) -> tuple[float, float]:
    """Return bounds on the extreme eigenvalues, that allow for the rounding of the entries themselves.

    A multiple of the identity whose trace is a whole number is exact if its entry is, else it is off by its last digit.
    Other entries are sums and integrals, to about 1e-12 of themselves; but an eigenvalue is never above 1.
    """
    if _is_multiple_of_identity(matrix):
        entry, trace = float(matrix[0, 0]), len(matrix) * Fraction(float(matrix[0, 0]))
        if trace.denominator == 1:
            return entry, entry
        off = 4 * EPS if abs(trace - round(trace)) < 4 * EPS * trace else _OF_ENTRIES
        return entry * (1 - off), entry * (1 + off)
    low, high = extreme_eigenvalues(matrix)
    diagonal = np.count_nonzero(matrix) == np.count_nonzero(np.diagonal(matrix))
    off = 0.0 if low == 1 else _OF_ENTRIES * (low if diagonal else high)
    return low - off, high * (1 + _OF_ENTRIES)


def check_claim(name: str, matrix: Array, ends: tuple[float, float], rank: int) -> None:
    """Refuse what no mean of projections can be; whether it is the right one is for ``check_sketch`` to ask."""
    low, high = ends
    trace = float(np.trace(matrix))
    mirrored = (matrix[0], matrix[:, 0]) if _is_toeplitz_view(matrix) else (matrix, matrix.T)
    if not np.abs(np.subtract(*mirrored)).max() <= 1e-9:
        raise ValueError(f"{name} must be symmetric, got {matrix[0, -1]:.6g} opposite {matrix[-1, 0]:.6g}")
    if low < -1e-9 or high > 1 + 1e-9 or trace > rank + 1e-9:
        raise ValueError(
            f"{name} must have eigenvalues in [0, 1] and trace at most rank={rank}, "
            f"got eigenvalues in [{low:.6g}, {high:.6g}] and trace {trace:.6g}"
        )
