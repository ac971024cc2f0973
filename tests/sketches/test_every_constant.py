"""Every constant of bounds that are not attained: each theorem is evaluated once more, as its page has it. A bound that
has slack remains a bound where a number in it grows, so draws refute few wrong ones. Here each number is typed again,
with other integrals and without arrays. That the theorems are true of draws is asked in ``test_between_bounds`` and
``test_entry_moments``."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad

from rac_theory.sketches import KaimingUniform, Rademacher, SparseSigns, Uniform
from rac_theory.sketches.distributions import anisotropic_gaussian as gaussian_columns
from rac_theory.sketches.distributions import uniform as permutations
from rac_theory.sketches.distributions.uniform import _row
from rac_theory.sketches.laws.leverage import Row, variance_of_share
from tests.sketches.by_hand import uniform_rule


def shares(d, r, row):
    """The bound of ``laws.leverage`` on the variance of a share, at each delta."""
    (v, g, R), n = row, d - 1
    u = r**2 + v - r
    for delta in (k / 20 for k in range(1, 20)):
        P = r * (math.exp(-delta) / (1 - delta) ** (1 - delta)) ** (n / R)
        good = v + 2 * g * (u / ((1 - delta) * n) + (R + r) * P) + (r + g) * u / ((1 - delta) ** 2 * n)
        yield good / n**2 + P


def test_the_share_of_a_row():
    """At the best delta, and rounded up. Catches each constant, as in one case or another no term is small."""
    for d, r, row in (
        (4096, 16, Row(20.0, 0.5, 49.0)),
        (100, 2, Row(3.0, 2.0, 5.0)),
        (60, 3, Row(0.5, 4.0, 4.0)),
        (50, 1, Row(9.0, 0.1, 2.5)),
        (100_000, 2, Row(0.1, 0.1, 1.5)),
    ):
        best = min(shares(d, r, row))
        assert best < 1
        assert best * (1 + 5e-13) <= variance_of_share(d, r, row) <= best * (1 + 2e-12)
        assert variance_of_share(1, 1, row) == variance_of_share(2, 1, row) == 1


@pytest.mark.parametrize(
    ("sketch", "entries", "largest"),
    [
        (Rademacher(60, 2), {-1.0: 1 / 2, 1.0: 1 / 2}, 1),
        (SparseSigns(900, 2, 0.25), {-1.0: 1 / 8, 0.0: 3 / 4, 1.0: 1 / 8}, 1),
        # Three Gauss-Legendre points have the first five moments of numbers uniform on [-1, 1].
        (KaimingUniform(300, 2), {-math.sqrt(0.6): 5 / 18, 0.0: 4 / 9, math.sqrt(0.6): 5 / 18}, 1),
        (Rademacher(5, 2), {-1.0: 1 / 2, 1.0: 1 / 2}, 1),
    ],
    ids=repr,
)
def test_a_row_of_independent_entries(sketch, entries, largest):
    """v, g and R by all rows, and the corners by what they bound: E[rank^2] and E[h^2], at both ends. Catches each
    moment of an entry, and a mean square that is above the mean."""
    d, r = sketch.dim, sketch.rank
    size = sum(p * z**2 for z, p in entries.items())
    rows = [(np.array(row) / math.sqrt(size), math.prod(map(entries.get, row))) for row in product(entries, repeat=r)]
    variance = sum(p * (z @ z) ** 2 for z, p in rows) - r**2
    uneven = np.linalg.eigvalsh(sum(p * (z @ z) * np.outer(z, z) for z, p in rows) - r * np.eye(r))
    row = Row(variance, float(np.abs(uneven).max()), r * largest / size)
    corners = sketch.entry_moments()
    rank = corners[0].share(d) * d
    mean = float(rank / d)
    assert rank == pytest.approx(r, rel=1e-2 if d > 5 else 0.1)
    assert all(corner.share(d) == rank / d for corner in corners)
    assert {d * one.square + d * (d - 1) * one.pair for one in corners} == {rank**2, r * rank}
    ends = sorted({float(one.square) for one in corners})
    most = min(mean, mean**2 + variance_of_share(d, r, row))
    assert ends == pytest.approx([mean**2, most], rel=1e-11)
    assert (most == mean) == (d == 5)


@pytest.mark.parametrize(("d", "r", "epsilon", "variance"), [(5, 2, 0.4, 0.02), (9, 4, 0.1, 0.05), (40, 3, 0.7, 1e-3)])
def test_the_numbers_of_laws_that_permutations_leave_alone(d, r, epsilon, variance):
    """Each as the theorem of ``uniform`` has it, and p, y and x at all eight corners of their equations."""
    square = (math.sqrt(variance) + 2 * math.sqrt(epsilon) / d) ** 2
    kappa, ones = (r - 1) / (d - 1), 1 - epsilon  # the least of both
    e = (d - 1) / d
    solved = []
    for alone, ranks, own in product((1 - epsilon / (r - 1), 1), (r - 1, r - 1 + r * epsilon / (r - 1)), (0, 1)):
        left = [[1, d, e], [d - 1, 2, e], [e**2, 2 * e**2, e**4 + (d - 1) / d**4]]
        solved.append(np.linalg.solve(left, [alone, ranks, ranks * (d - 1) / d**2 + own * square / kappa]))
    p, y, x = np.transpose(solved)
    known = permutations.moment_bounds(d, r, epsilon, variance)
    for found, each in ((known.p_and_y, p + y), (known.x, x), (known.y, y)):
        assert found == pytest.approx((each.min(), each.max()), rel=1e-11)
    xi = math.sqrt(d * epsilon * square) * d / ((d - 1) * (d - 2))
    assert (known.beta_per_a, known.beta_per_kappa) == pytest.approx((epsilon, epsilon / (r - 1)), rel=1e-14)
    assert known.xi_per_kappa == pytest.approx(xi / kappa, rel=1e-12)
    assert known.xi_per_root == pytest.approx(xi / math.sqrt(ones * kappa), rel=1e-12)
    crossing = [
        (r - 1) * math.sqrt((1 - epsilon) / ((r - 1 + epsilon) * (d - 1))),
        (r - 1 + 2 * epsilon) / math.sqrt((r - 1) * (d - 1)),
    ]
    assert known.alpha_and_beta == pytest.approx(crossing, rel=1e-14)


@pytest.mark.parametrize(("d", "r"), [(4, 2), (4, 3), (9, 4)])
def test_a_uniform_sketch_favours_the_ones(d, r):
    """What least squares leave of them, by a rule that is exact. Catches 3r + 2, 3r and another law of a row."""
    grid, weight = uniform_rule(r)
    combination = np.linalg.lstsq(grid * np.sqrt(weight)[:, None], np.sqrt(weight))[0]
    left = weight @ (1 - grid @ combination) ** 2
    X = np.random.default_rng(d).standard_normal((d, d))
    known = permutations.moment_bounds(d, r, left, variance_of_share(d, r, _row(r)))
    found, true = Uniform(d, r).curvature_bound(X @ X.T), permutations.between_bounds(X @ X.T, known)
    np.testing.assert_allclose(found.matrix, true.matrix, rtol=1e-11)
    assert (found.off, found.slack) == pytest.approx((true.off, true.slack), rel=1e-11)


@pytest.mark.parametrize(("d", "r"), [(5, 2), (8, 5)])
def test_a_bound_of_such_laws_is_made_of_its_numbers(d, r):
    """In the blocks of the ones and of their complement. Catches a factor of what is only known up to its size."""
    X = np.random.default_rng(r).standard_normal((d, d))
    S, known = X @ X.T / 1000, permutations.moment_bounds(d, r, 0.2, 0.03)
    found = permutations.between_bounds(S, known)
    e, J, (low, high) = np.ones(d) / math.sqrt(d), np.eye(d) - 1 / d, known.alpha_and_beta
    sigma, t, R = e @ S @ e, J @ S @ e, J @ S @ J
    own, trace = np.diagonal(R), np.trace(R)
    left = known.beta_per_a * trace / (d - 1)
    matrix = (sigma + left) * np.outer(e, e) + (low + high) / 2 * (np.outer(e, t) + np.outer(t, e))
    matrix += known.p_and_y[1] * R
    matrix += J @ np.diag(known.x[1] * own + known.y[1] * trace + known.beta_per_kappa * sigma) @ J
    np.testing.assert_allclose(found.matrix, matrix, rtol=1e-11)
    off = (high - low) / 2 * np.linalg.norm(t) + 2 * known.xi_per_kappa * np.abs(t).max()
    off += known.xi_per_root * np.linalg.norm(own - trace / d)
    widths = np.array([known.p_and_y, known.x, known.y]) @ [-1, 1]
    slack = 2 * off + sigma * (known.beta_per_kappa + known.beta_per_a) + left
    slack += widths @ [np.linalg.norm(S), own.max(), trace]
    assert (found.off, found.slack) == pytest.approx((off, slack), rel=1e-11)


def inverse_moments(s):
    """``E[q^-1]`` of all of s, by plain quadrature."""
    values, counts = np.unique(s, return_counts=True)

    def integrand(x):
        return math.exp(x - counts @ np.log1p(2 * math.exp(x) * values) / 2)

    return quad(integrand, -40, 5, limit=500, epsabs=0, epsrel=1e-12)[0]


@pytest.mark.parametrize(("k", "r", "top"), [(40, 2, 1.5), (80, 4, 2.0), (300, 2, 1.2)])
def test_the_moments_of_gaussian_columns(k, r, top):
    """Each line of the theorem, r + 2 variances above the others: then j_m is a moment of an inverse chi square. And
    outwards by a part in 1e9 or a few. Catches each constant and power, and r + 1 or r + 3 that are left out."""
    s, n = np.r_[np.ones(k - r - 2), np.full(r + 2, top)], k - r - 2
    j1, j2, j3 = 1 / (n - 2), 1 / ((n - 2) * (n - 4)), 1 / ((n - 2) * (n - 4) * (n - 6))
    l1, mu = inverse_moments(s), top * j1 * j2
    mixed = r**2 * j3 * (1 + 1.37 * (r - 1) * top * j3 ** (1 / 3))
    least = max(0, r * l1**2 - 12 * top * mixed)
    known = gaussian_columns.moments(s, r)
    across = r * j2 + r * (r - 1) * mu
    for found, true, sign in (
        (known.low, s * r * l1 - s**2 * (r**2 + 2 * r) * j2, -1),
        (known.high, s * r * j1 / (1 + s * r * j1), 1),
        (known.square, (r**2 + 2 * r) * j2, 1),
        (known.across, across, 1),
        (known.across_at_least, least, -1),
        (known.pair, r**2 * j2 + across, 1),
        (known.pair_without_loss, r * (r + 1) * l1**2, -1),
        (known.loss, r**3 * j3 + 11 * mixed, 1),
    ):
        off = sign * (np.asarray(found) - true)
        assert (off >= 0).all()
        assert (off <= 2.5e-9 * np.abs(true) + 1e-11).all()
    assert gaussian_columns.moments(s[-9:], 2) is None


@pytest.mark.parametrize(("k", "r"), [(300, 2), (40, 2)])
def test_a_bound_of_gaussian_columns_is_made_of_its_moments(k, r):
    """Entry by entry, over more rows than are taken at once, and where nothing is known from below. Catches an end, a
    half, and a diagonal that is counted."""
    s = np.linspace(1.0, 1.5, k)
    X = np.random.default_rng(0).standard_normal((k, 5))
    S = X @ X.T
    found = gaussian_columns.between_bounds(S, s, r)
    s = s / s.sum()
    known = gaussian_columns.moments(s, r)
    least = np.maximum(known.pair_without_loss - np.add.outer(s, s) * known.loss, 0) * np.outer(s, s)
    least, most = least / np.sqrt(np.outer(known.high, known.high)), np.outer(s, s) * known.pair
    most = most / np.sqrt(np.outer(known.low, known.low))
    across = np.outer(s, s) * known.across / known.low[:, None]
    np.fill_diagonal(across, np.minimum(known.high, s**2 * known.square) / known.low)
    matrix = (least + most) / 2 * S
    np.fill_diagonal(matrix, across @ np.diagonal(S))
    np.testing.assert_allclose(found.matrix, matrix, rtol=1e-11)
    width = (most - least) * S * (1 - np.eye(k))
    off = np.linalg.norm(width) / 2
    lost = 1 - known.across_at_least / known.across * (known.low / known.high).min()
    assert found.off == pytest.approx(off, rel=1e-11)
    assert found.slack == pytest.approx(2 * off + lost * matrix.diagonal().max(), rel=1e-11)
    assert (known.across_at_least > 0) == (least.min() > 0) == (k == 300)
