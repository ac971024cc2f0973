r"""C20 to C22: how many directions a zeroth-order step should ask along, and what directions of low rank are worth.

C20, C21. On :math:`f = \frac12 (x_1^2 + \epsilon (x_2^2 + \ldots + x_d^2))` second moments of a step along q random
directions go by a 2 x 2 matrix D without negative entries, that of :math:`x_1^2` and that of the sum of the others. So
for any positive v its spectral radius lies between the least and the largest of :math:`(Dv)_i / v_i` (Collatz,
Wielandt).

C22. SubZero asks along :math:`P = U Z V^\top`, U and V with orthonormal columns and uniform ranges, Z Gaussian; a
traditional query along all mn numbers. What L alone promises a query follows from two moments of the estimate
:math:`\langle G, P \rangle P`: its mean, c G, and its mean square, s |G|^2. At the best step that is
:math:`\frac{c^2}{2 s L} \|G\|^2`, and all that is gained where f bends by L in every direction. Ranges that
are drawn among coordinates have the same two moments as uniform ones, as both have
:math:`\mathrm{E} \|U^\top G V\|^2 = \frac{r^2}{mn} \|G\|^2`.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product
from math import log

import numpy as np

from rac_theory.algorithms import RACLoRA
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Exact, Lines, Witness, exact
from rac_theory.problems import Quadratic
from rac_theory.runs import CURRENCIES, exact_rate, query_rates
from rac_theory.sketches import Gaussian, Haar, Moments

DIM, FLAT = 4, Fraction(1, 100)
LONG = Fraction(56, 15)
"""A step for a single query, in units of 1/L; the best is no worse."""
OFTEN = 99
"""The dimension for which averages are counted."""


def steep_and_flat(d: int, flat: Fraction) -> Quadratic:
    """Return the quadratic with one steep direction and d - 1 flat ones."""
    return Quadratic.left(np.diag([1.0, *[float(flat)] * (d - 1)]), np.zeros((d, 1)))


def moment_matrix(d: int, q: int, flat: Fraction, gamma: Fraction) -> Exact:
    """Return the matrix D of a projected step along q of d directions, on E x_1^2 and the sum of the others."""
    invariants = Moments(Haar(d, q)).invariants
    assert invariants is not None
    a, b = map(Fraction, invariants)
    mixed = gamma**2 * b

    def kept_square(curvature: Fraction) -> Fraction:
        return 1 - 2 * gamma * Fraction(q, d) * curvature + gamma**2 * (a + b) * curvature**2

    return exact(
        [
            [kept_square(Fraction(1)) + mixed, mixed * flat**2],
            [(d - 1) * mixed, kept_square(flat) + (d - 1) * mixed * flat**2],
        ]
    )


def radius_between(D: Exact) -> tuple[Fraction, Fraction]:
    """Return bounds of the spectral radius of a matrix with positive entries, next to each other."""
    values, vectors = np.linalg.eig(D.astype(float))
    leading = np.abs(vectors[:, np.argmax(np.abs(values))].real)
    v = [Fraction(float(x)).limit_denominator(10**12) for x in leading / leading.max()]
    ratios = D @ v / v
    return min(ratios), max(ratios)


def of_full_descent(flat: Fraction) -> Fraction:
    """Return the best rate of gradient descent, the full subspace: at 2/(1 + flat), where both ends are as slow."""
    return ((1 - flat) / (1 + flat)) ** 2


def gather_aligned(example: Counterexample) -> Witness:
    """Compare a single query with the full subspace: at 1/L, and at their own steps."""
    single, _ = radius_between(moment_matrix(DIM, 1, FLAT, Fraction(1)))
    _, longer = radius_between(moment_matrix(DIM, 1, FLAT, LONG))
    full, of_one_over_L = of_full_descent(FLAT), (1 - FLAT) ** 2
    four, four_longer, five_longer, full_twice = single**DIM, longer**DIM, longer ** (DIM + 1), full**2
    ahead, times = (log(x) / log(y) for x, y in ((of_one_over_L, four), (four_longer, full)))
    checks = (
        Check.exact(
            f"at 1/L a step of {DIM} queries leaves {float(of_one_over_L):.6f} of f, {DIM} steps of one query at least "
            f"{float(four):.6f}: the full subspace is ahead, by {ahead:.4f} in the exponent",
            of_one_over_L < four,
        ),
        _library_agrees(single, longer),
        _isotropic(),
    )
    against = (
        _between_both_ends(),
        Check.exact(
            f"{DIM} derivatives, or {2 * DIM} values for central differences: the full subspace at its best step "
            f"leaves {float(full):.6f} of f, {DIM} steps of one query of {LONG} / L at most {float(four_longer):.6f}, "
            f"{times:.2f} times as much in the exponent",
            four_longer < full,
        ),
        Check.exact(
            f"{2 * (DIM + 1)} values for forward differences: two full steps leave {float(full_twice):.6f}, {DIM + 1} "
            f"steps of one query at most {float(five_longer):.6f}",
            five_longer < full_twice,
        ),
    )
    return Witness(checks, _picture(example), against)


def _picture(example: Counterexample) -> Lines:
    numbers, curves = np.arange(1, DIM + 1), {}
    for best in (True, False):
        rates = [query_rate.rate for query_rate in query_rates(example.problem, numbers.tolist(), best=best)]
        for currency in ("derivatives", "forward"):
            costs = map(CURRENCIES[currency], numbers.tolist())
            speeds = [-log(rate) / cost for rate, cost in zip(rates, costs, strict=True)]
            curves[f"{'own best step' if best else '1/L'}, {currency}"] = speeds
    return Lines.over(numbers, curves, {}, "queries a step", "$-\\log$ rate an evaluation", yscale="linear")


def _library_agrees(at_L: Fraction, longer: Fraction) -> Check:
    problem = steep_and_flat(DIM, FLAT)
    rates = [exact_rate(Case(RACLoRA(Haar(DIM, 1), float(step)), problem)) for step in (1, LONG)]
    right = (abs(rate - float(exact)) < 1e-9 for rate, exact in zip(rates, (at_L, longer), strict=True))
    return Check.bounded("exact_rate of RAC-LoRA has the same rates, up to rounding", *right)


def _isotropic() -> Check:
    """On a multiple of a square D has one rate at 1/L, of which (1, d - 1) is the vector, and is zero for q = d."""
    rates = [radius_between(moment_matrix(DIM, q, Fraction(1), Fraction(1))) for q in range(1, DIM)]
    nothing = {*moment_matrix(DIM, DIM, Fraction(1), Fraction(1)).flat} == {0}
    as_said = [low == high == 1 - Fraction(q, DIM) for q, (low, high) in enumerate(rates, start=1)]
    return Check.exact(
        f"where no direction is steeper than another q queries leave 1 - q/{DIM} at 1/L, and the full subspace nothing",
        *as_said,
        nothing,
    )


def _between_both_ends() -> Check:
    """Of three numbers of queries the one in the middle may be the best, so that no end is."""
    single, four, ten = query_rates(steep_and_flat(10, Fraction(1, 5)), (1, 4, 10), currency="derivatives")
    of_one, of_ten = four.speed / single.speed, four.speed / ten.speed
    sentence = (
        "in ten dimensions with flat = 1/5, paid by derivatives, four queries at their best step are "
        f"{of_one:.3f} times as fast as one, and {of_ten:.3f} times as fast as ten"
    )
    return Check.bounded(sentence, of_one > 1.01, of_ten > 1.01)


C20 = Counterexample(
    id="C20",
    name="more queries of an aligned step",
    statement="Of four directions one is steep: at 1/L the full subspace is ahead of a single query, by less than 1% "
    "in the exponent; at their own steps a single query is the faster one, by any count of evaluations.",
    source="derived; the claim is that of the abstract of arXiv:2509.15552",
    cause="a step for all directions is too short for one",
    problem=steep_and_flat(DIM, FLAT),
    method=RACLoRA(Haar(DIM, 1), float(LONG)),
    start=np.ones((DIM, 1)),
    gather=gather_aligned,
    in_circulation='"the multi-query problem boils down to a choice not about an intermediate query size"',
)


def averaged_rate(d: int, q: int) -> Fraction:
    r"""Return the best rate of the mean of <G, u> u over q Gaussian directions on :math:`\frac12 \|x\|^2`.

    :math:`E \|x - \tau B B^\top x\|^2 = (1 - 2 \tau q + \tau^2 q (d + q + 1)) \|x\|^2`, the least at 1/(d + q + 1).
    """
    return 1 - Fraction(q, d + q + 1)


def gather_averaged(example: Counterexample) -> Witness:
    """Compare one query with two in two dimensions, by both differences, and with ten where there are 99."""
    single, two = averaged_rate(2, 1), averaged_rate(2, 2)
    twice, thrice, two_twice = single**2, single**3, two**2
    checks = (
        Check.exact(
            f"4 values for central differences: two steps of one query leave {twice} of f, one step of two {two}: "
            "single queries are the better ones",
            twice < two,
        ),
        _library_has(example, single, two),
        _gained_by_value(),
    )
    against = (
        Check.exact(
            f"6 values for forward differences, q + 1 a step: three steps of one query leave {thrice} of f, two "
            f"steps of two queries {two_twice}",
            two_twice < thrice,
        ),
    )
    numbers = range(1, 41)
    curves = {
        currency: [-log(averaged_rate(OFTEN, q)) / CURRENCIES[currency](q) for q in numbers]
        for currency in ("forward", "central")
    }
    picture = Lines.over(numbers, curves, {}, "queries a step", "$-\\log$ rate a value", yscale="linear")
    return Witness(checks, picture, against)


def _library_has(example: Counterexample, single: Fraction, two: Fraction) -> Check:
    rates = [exact_rate(Case(RACLoRA(Gaussian(2, q), q / (3 + q), lora_alpha=q**0.5), example.problem)) for q in (1, 2)]
    right = (abs(rate - float(exact)) < 1e-12 for rate, exact in zip(rates, (single, two), strict=True))
    return Check.bounded(f"exact_rate of the plain step has {single} and {two}, up to rounding", *right)


def _gained_by_value() -> Check:
    """For L-smooth f the gain of a step is q/((q + d + 1) L), and what it costs is q + 1."""
    gains = {q: Fraction(q, (q + OFTEN + 1) * (q + 1)) for q in range(1, OFTEN + 1)}
    best = max(gains, key=gains.__getitem__)
    return Check.exact(
        f"of L-smooth f in {OFTEN} dimensions the most is gained a value, by forward differences, with {best} queries, "
        f"{gains[best] / gains[1]} of what one gains",
        best**2 == OFTEN + 1,
    )


C21 = Counterexample(
    id="C21",
    name="more queries of an averaged step",
    statement="A single query is the best that the mean of <G, u> u can ask for where each costs the same, as for "
    "central differences; for forward ones, which share a value, about sqrt(d + 1) are.",
    source="derived; the claim is that of the abstract of arXiv:2509.15552",
    cause="what a query costs",
    problem=Quadratic.left(np.eye(2), np.zeros((2, 1))),
    method=RACLoRA(Gaussian(2, 1), 0.25, lora_alpha=1.0),
    start=np.ones((2, 1)),
    gather=gather_averaged,
    in_circulation="with ZO-Avg more than one query a step is always query-inefficient, in values of f too",
)

G = exact([[2, -1], [0, 3], [1, 1]])
SHAPE = (3, 2)
GAUSSIAN = ((0, Fraction(2, 3)), (1, Fraction(1, 6)), (-1, Fraction(1, 6)))
"""Three values that, times the root of three, have the moments of a normal number up to the fifth."""


def queries(rank: int | None) -> Iterator[tuple[Fraction, Exact]]:
    """Yield the probability of each direction, and the direction over the root of three; all numbers where no rank is.

    Directions of a rank are zero but for r rows and r columns, each pair of subsets being as likely.
    """
    m, n = SHAPE
    sizes = SHAPE if rank is None else (rank, rank)
    places = [*product(combinations(range(m), sizes[0]), combinations(range(n), sizes[1]))]
    for rows, columns in places:
        for drawn in product(GAUSSIAN, repeat=len(rows) * len(columns)):
            P, chance = 0 * G, Fraction(1, len(places))
            for (i, j), (value, probability) in zip(product(rows, columns), drawn, strict=True):
                P[i, j], chance = value, chance * probability
            yield chance, P


def moments(rank: int | None) -> tuple[Exact, Fraction]:
    """Return the mean of <G, P> P and of its squared norm, by enumeration."""
    mean, square = 0 * G, Fraction(0)
    for chance, P in queries(rank):
        products = (G * P).sum()
        mean += 3 * chance * products * P
        square += 9 * chance * products**2 * (P**2).sum()
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


def gather_low_rank(example: Counterexample) -> Witness:
    """Enumerate 3 x 2, and compare the two moments where r^2 < mn."""
    m, n = SHAPE
    low, full = of_low_rank(1, m, n), of_all_numbers(m, n)
    enumerated = True
    for rank, (share, mean_square) in ((1, low), (2, of_low_rank(2, m, n)), (None, full)):
        mean, square = moments(rank)
        enumerated &= bool((mean == share * G).all() and square == mean_square * (G**2).sum())
    large = [(r, m, n) for r in (1, 2, 4) for m in (4, 8, 16) for n in (4, 8) if r * r < m * n]
    shorter = [variance(*of_low_rank(*shape)) < variance(*of_all_numbers(*shape[1:])) for shape in large]
    less = [gained(*of_low_rank(*shape)) < gained(*of_all_numbers(*shape[1:])) for shape in large]
    stretched = variance(Fraction(1), low[1] / low[0] ** 2)
    checks = (
        Check.exact(
            "the means and mean squares of rank 1, rank 2 and all numbers are those of the formulas", enumerated
        ),
        Check.exact(
            f"at rank 1 of {m} x {n} the estimate has the variance {variance(*low)} of the squared gradient, that of "
            f"all numbers {variance(*full)}, as its mean is {low[0]} of the gradient: it is shorter",
            *shorter,
        ),
        Check.exact(
            f"made as long, it has the variance {stretched}, and at its best step L promises a query {gained(*low)} "
            f"of |G|^2/2L, and {gained(*full)} to one of all numbers: more, wherever r^2 < mn",
            *less,
            stretched > variance(*full),
        ),
        _by_sampling(example),
    )
    ranks = range(1, 17)
    curves = {
        "low rank": [gained(*of_low_rank(r, 16, 16)) for r in ranks],
        "all numbers": [gained(*of_all_numbers(16, 16))] * 16,
    }
    return Witness(checks, Lines.over(ranks, curves, {}, "rank $r$ of 16 x 16", "gain of a query"))


def _by_sampling(example: Counterexample) -> Check:
    """Uniform ranges: the mean square of 40 000 draws, within five standard errors (alpha 6e-7)."""
    (m, n), rng, count = SHAPE, np.random.default_rng(example.seed), 40_000
    gradient = G.astype(float)
    U, V = Haar(m, 1).sample(rng, count), Haar(n, 1).sample(rng, count)
    z = rng.standard_normal(count)
    estimates = z * np.einsum("kir,ij,kjr->k", U, gradient, V)
    squares = (estimates * z) ** 2
    second_moment = float(of_low_rank(1, m, n)[1] * (G**2).sum())
    off = abs(squares.mean() - second_moment) / (squares.std() / count**0.5)
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
    cause="a shorter step",
    problem=Quadratic.left(np.eye(3), G.astype(float)),
    method=RACLoRA(Gaussian(3, 1), 0.1),
    gather=gather_low_rank,
    condition="ranges are uniform and drawn afresh; what a range gains that is kept for some steps is not decided",
)
