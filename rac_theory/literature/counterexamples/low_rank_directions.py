r"""C22: a random direction of low rank has less variance because it is shorter, and L promises it no more a query.

SubZero asks along :math:`P = U Z V^\top`, U and V with orthonormal columns and uniform ranges, Z Gaussian; a
traditional query along all mn numbers. What L alone promises a query follows from two moments of the estimate
:math:`\langle G, P \rangle P`: its mean, c G, and its mean square, s |G|^2. At the best step that is
:math:`\frac{c^2}{2 s L} \|G\|^2`, and all that is gained where f bends by L in every direction. Ranges that
are drawn among coordinates have the same two moments as uniform ones, as both have
:math:`\mathrm{E} \|U^\top G V\|^2 = \frac{r^2}{mn} \|G\|^2`.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product

import numpy as np

from rac_theory.algorithms import RACLoRA
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.literature.counterexamples.rational_factors import combined, exact, inner, squared
from rac_theory.numerics import Matrix
from rac_theory.problems import Quadratic
from rac_theory.sketches import Gaussian, Haar

G = exact([[2, -1], [0, 3], [1, 1]])
SHAPE = (3, 2)
GAUSSIAN = ((0, Fraction(2, 3)), (1, Fraction(1, 6)), (-1, Fraction(1, 6)))
"""Three values that, times the root of three, have the moments of a normal number up to the fifth."""


def queries(rank: int | None) -> Iterator[tuple[Fraction, Matrix]]:
    """Yield the probability of each direction, and the direction over the root of three; all numbers where no rank is.

    Directions of a rank are zero but for r rows and r columns, each pair of subsets being as likely.
    """
    m, n = SHAPE
    sizes = SHAPE if rank is None else (rank, rank)
    places = [*product(combinations(range(m), sizes[0]), combinations(range(n), sizes[1]))]
    for rows, columns in places:
        for drawn in product(GAUSSIAN, repeat=len(rows) * len(columns)):
            entries, P = iter(drawn), [[Fraction(0)] * n for _ in range(m)]
            chance = Fraction(1, len(places))
            for i, j in product(rows, columns):
                value, probability = next(entries)
                P[i][j], chance = Fraction(value), chance * probability
            yield chance, P


def moments(rank: int | None) -> tuple[Matrix, Fraction]:
    """Return the mean of <G, P> P and of its squared norm, by enumeration."""
    mean, square = combined((0, G)), Fraction(0)
    for chance, P in queries(rank):
        along = inner(G, P)
        mean = combined((1, mean), (3 * chance * along, P))
        square += 9 * chance * along**2 * squared(P)
    return mean, square


def of_low_rank(rank: int, m: int, n: int) -> tuple[Fraction, Fraction]:
    """Return the mean of SubZero's estimate as a share of G, and its mean square over the squared norm of G."""
    share = Fraction(rank**2, m * n)
    return share, share * (rank**2 + 2)


def of_all_numbers(m: int, n: int) -> tuple[Fraction, Fraction]:
    """Return the same of a Gaussian direction of all mn numbers."""
    return Fraction(1), Fraction(m * n + 2)


def variance(share: Fraction, square: Fraction) -> Fraction:
    """Return the mean squared distance of the estimate to G, over the squared norm of G."""
    return square - 2 * share + 1


def gained(share: Fraction, square: Fraction) -> Fraction:
    """Return what L promises a query at its best step, over ``|G|^2 / 2L``."""
    return share**2 / square


def gather(example: Counterexample) -> Witness:
    """Enumerate 3 x 2, and compare the two moments where r^2 < mn."""
    m, n = SHAPE
    low, full = of_low_rank(1, m, n), of_all_numbers(m, n)
    enumerated = all(
        moments(rank) == (combined((told[0], G)), told[1] * squared(G))
        for rank, told in ((1, low), (2, of_low_rank(2, m, n)), (None, full))
    )
    large = [(r, m, n) for r in (1, 2, 4) for m in (4, 8, 16) for n in (4, 8) if r * r < m * n]
    shorter = all(variance(*of_low_rank(*one)) < variance(*of_all_numbers(*one[1:])) for one in large)
    less = all(gained(*of_low_rank(*one)) < gained(*of_all_numbers(*one[1:])) for one in large)
    stretched = variance(Fraction(1), low[1] / low[0] ** 2)
    checks = (
        Check.exact(
            "the means and mean squares of rank 1, rank 2 and all numbers are those of the formulas", enumerated
        ),
        Check.exact(
            f"at rank 1 of {m} x {n} the estimate has the variance {variance(*low)} of the squared gradient, that of "
            f"all numbers {variance(*full)}, as its mean is {low[0]} of the gradient: it is shorter",
            shorter,
        ),
        Check.exact(
            f"made as long, it has the variance {stretched}, and at its best step L promises a query {gained(*low)} "
            f"of |G|^2/2L, and {gained(*full)} to one of all numbers: more, wherever r^2 < mn",
            less and stretched > variance(*full),
        ),
        _by_sampling(example),
    )
    ranks = np.arange(1, 17)
    curves = {
        "low rank": (ranks, np.array([float(gained(*of_low_rank(r, 16, 16))) for r in ranks.tolist()])),
        "all numbers": (ranks, np.full(16, float(gained(*of_all_numbers(16, 16))))),
    }
    return Witness(checks, Lines(curves, {}, "rank $r$ of 16 x 16", "gain of a query"))


def _by_sampling(example: Counterexample) -> Check:
    """Uniform ranges: the mean square of 40 000 draws, within five standard errors (alpha 6e-7)."""
    (m, n), rng, count = SHAPE, np.random.default_rng(example.seed), 40_000
    gradient = np.array(G, dtype=float)
    U, V = Haar(m, 1).sample(rng, count), Haar(n, 1).sample(rng, count)
    U, V = U / np.linalg.norm(U, axis=1, keepdims=True), V / np.linalg.norm(V, axis=1, keepdims=True)
    z = rng.standard_normal(count)
    along = z * np.einsum("kir,ij,kjr->k", U, gradient, V)
    squares = (along * z) ** 2
    told = float(of_low_rank(1, m, n)[1] * squared(G))
    off = abs(squares.mean() - told) / (squares.std() / count**0.5)
    return Check.bounded(
        f"40 000 draws of uniform ranges have this mean square, {off:.1f} standard errors off", off < 5
    )


C22 = Counterexample(
    id="C22",
    name="directions of low rank",
    statement="A query along a random direction of rank r has less variance than one of all mn numbers as it is "
    "shorter; L promises it r^2 / (mn (r^2 + 2)) of |G|^2 / 2L at its best step, and 1 / (mn + 2) to one of all "
    "numbers, which is more wherever r^2 < mn.",
    source="derived; that the estimate has less variance is a claim of the abstract of arXiv:2410.08989",
    mark="derived",
    cause="a shorter step",
    problem=Quadratic.left(np.eye(3), np.array(G, dtype=float)),
    method=RACLoRA(Gaussian(3, 1), 0.1),
    start=np.zeros(SHAPE),
    gather=gather,
    condition="ranges are uniform and drawn afresh; what a range gains that is kept for some steps is not decided",
)
