"""Laws of which only bounds of moments are known: each bound against the moments of all draws, and of many."""

import itertools
import math
from functools import cache

import numpy as np
import pytest

from rac_theory.numerics.linalg import orthonormal_range, projection
from rac_theory.sketches import AnisotropicGaussian, FiniteSupport, Uniform
from rac_theory.sketches.distributions import anisotropic_gaussian as gaussian_columns
from rac_theory.sketches.distributions import uniform as permutations
from rac_theory.sketches.distributions.anisotropic_gaussian import EntryBounds, moments
from rac_theory.sketches.distributions.uniform import MomentBounds, _row, moment_bounds
from rac_theory.sketches.laws.leverage import variance_of_share
from rac_theory.sketches.laws.rotation_invariance import uniform_range
from rac_theory.sketches.moments import Moments
from tests.sketches.by_hand import uniform_rule


def all_permutations(B):
    """Return the projections of B with its rows in all orders, (d!, d, d)."""
    return projection(np.stack([B[list(order)] for order in itertools.permutations(range(len(B)))]))


def semidefinite(d, rank, rng):
    X = rng.standard_normal((rank, d)) + rng.choice([0.0, 1.0])
    return X.T @ X


def total(bound):
    return float(np.linalg.eigvalsh(bound.matrix)[-1]) + bound.off


class Truth:
    """The numbers of the lemma for equally likely draws, (n, d, d), that permutations leave alone."""

    def __init__(self, H, r):
        d = H.shape[1]
        e, J = np.ones(d) / math.sqrt(d), np.eye(d) - 1 / d
        a, b, K = H @ e @ e, H @ e @ J, J @ H @ J
        self.a, self.kappa = a.mean(), (r - a.mean()) / (d - 1)
        self.beta, self.alpha = (a - a**2).mean() / (d - 1), (a * (r - a)).mean() / (d - 1)
        self.xi = np.einsum("nii,ni->n", K, b).mean() * d / ((d - 1) * (d - 2))
        share = (d - 1) / d
        left = [[1, d, share], [d - 1, 2, share], [share**2, 2 * share**2, share**4 + (d - 1) / d**4]]
        right = [self.kappa - self.beta, ((r - a) ** 2).mean() / (d - 1), (K[:, 0, 0] ** 2).mean()]
        self.p, self.y, self.x = np.linalg.solve(left, right)
        self.epsilon, self.variance = 1 - a.mean(), float(H[:, 0, 0].var())
        self.b, self.K, self.J, self.e = b, K, J, e

    def exact(self):
        """Return bounds that are the numbers themselves, but for xi and E[a^2], of which there is one bound."""
        d, root = len(self.e), math.sqrt(self.a * self.kappa)
        ends = ((one, one) for one in np.array([self.p + self.y, self.x, self.y]) / self.kappa)
        crossing = ((self.alpha + self.beta) / root,) * 2
        known = ((d - 1) * self.beta / self.a, self.beta / self.kappa, crossing, *ends)
        return MomentBounds(*known, abs(self.xi) / self.kappa, abs(self.xi) / root)

    def normalised(self, H, S):
        """E[H]^-1/2 E[HSH] E[H]^-1/2."""
        W = self.J / math.sqrt(self.kappa) + np.outer(self.e, self.e) / math.sqrt(self.a)
        return W @ (H @ S @ H).mean(axis=0) @ W


@cache
def some_laws(d, r, seed):
    """Laws of all orders of rows, with their numbers: of one matrix, of near equal rows, and with ones in some draws.
    But those to which ones mean next to nothing."""
    rng = np.random.default_rng(seed)
    ones = np.column_stack([np.ones(d), rng.standard_normal((d, r - 1))])
    across = rng.standard_normal((d, r))
    across -= across.mean(axis=0)
    spike, near = np.eye(d)[:, :r] + 0.3, 1 + rng.standard_normal((d, r)) / 3
    each = [[B] for B in (rng.random((d, r)), near, ones, 0.3 * ones + across, ones + 0.1 * across, spike)]
    laws = [np.concatenate([*map(all_permutations, B)]) for B in (*each, [ones, across], [*[ones] * 9, across])]
    return [(H, true) for H in laws if (true := Truth(H, r)).epsilon <= 0.95]


LAWS = [(4, 2, 0), (5, 2, 1), (5, 3, 2), (5, 4, 0), (5, 2, 2)]


@pytest.mark.parametrize(("d", "r", "seed"), LAWS)
def test_numbers_of_the_lemma_are_within_their_bounds(d, r, seed):
    """With epsilon and V as they are. Catches each of the bounds without one of its terms."""
    for _, true in some_laws(d, r, seed):
        bound, exact = moment_bounds(d, r, true.epsilon, true.variance), true.exact()
        for name in ("beta_per_a", "beta_per_kappa", "xi_per_kappa", "xi_per_root"):
            assert getattr(exact, name) <= getattr(bound, name) * (1 + 1e-9) + 1e-12
        for name in ("alpha_and_beta", "p_and_y", "x", "y"):
            (low, high), (one, _) = getattr(bound, name), getattr(exact, name)
            assert low - 1e-9 <= one <= high + 1e-9


@pytest.mark.parametrize(("d", "r", "seed"), LAWS)
def test_a_favoured_direction_of_ones_is_bounded(d, r, seed):
    """As matrices, for S of all kinds, by the numbers themselves and by their bounds; and no more than slack is lost.
    Catches a term of E[HSH] that is forgotten, or stands in the wrong block."""
    rng = np.random.default_rng(seed)
    for H, true in some_laws(d, r, seed):
        u = rng.standard_normal(d)
        for S in (semidefinite(d, d, rng), semidefinite(d, 1, rng), np.outer(u, u), np.ones((d, d)), np.eye(d)):
            found = true.normalised(H, S)
            exact, ((c, _), (_, both)) = true.exact(), (true.exact().alpha_and_beta, true.exact().p_and_y)
            wider = [exact._replace(alpha_and_beta=ends) for ends in ((0.5 * c, c), (c, 1.5 * c))]
            wider.append(exact._replace(p_and_y=(both - abs(both), both)))
            for known in (exact, *wider, moment_bounds(d, r, true.epsilon, true.variance)):
                bound = permutations.between_bounds(S, known)
                above = bound.matrix + bound.off * np.eye(d) - found
                assert np.linalg.eigvalsh(above)[0] >= -1e-9 * np.trace(S)
                assert total(bound) - np.linalg.eigvalsh(found)[-1] <= bound.slack + 1e-9 * np.trace(S)


def test_the_lemma_has_the_coefficients_of_all_orders():
    """p, y, x and xi from three equations and one against E[KRK] and E[KRb] themselves."""
    rng = np.random.default_rng(0)
    for _, true in some_laws(5, 2, 0):
        p, y, x, xi, K, b, J = true.p, true.y, true.x, true.xi, true.K, true.b, true.J
        R, t = J @ semidefinite(5, 5, rng) @ J, J @ rng.standard_normal(5)
        on = J @ np.diag(np.diagonal(R)) @ J
        np.testing.assert_allclose((K @ R @ K).mean(axis=0), (p + y) * R + x * on + y * np.trace(R) * J, atol=1e-12)
        KRb, Ktb = np.einsum("nij,jk,nk->i", K, R, b) / len(K), np.einsum("nij,j,nk->ik", K, t, b) / len(K)
        np.testing.assert_allclose(KRb, xi * J @ np.diagonal(R), atol=1e-12)
        np.testing.assert_allclose(Ktb + Ktb.T, 2 * xi * J @ np.diag(t) @ J, atol=1e-12)


@pytest.mark.parametrize("r", [2, 3, 5])
def test_a_uniform_row_has_the_moments_of_a_rule_that_is_exact(r):
    """Three Gauss-Legendre points integrate polynomials of degree five in each number; the largest is at a corner."""
    grid, weight = uniform_rule(r)
    lengths, V = np.linalg.eigh((grid.T * weight) @ grid)
    z = grid @ (V / np.sqrt(lengths))
    square = (z**2).sum(axis=1)
    row = _row(r)
    assert weight @ square == pytest.approx(r, rel=1e-12)
    assert row.variance == pytest.approx(weight @ square**2 - r**2, rel=1e-12)
    uneven = np.linalg.eigvalsh((z.T * (weight * square)) @ z) - r
    assert row.uneven == pytest.approx(np.abs(uneven).max(), rel=1e-12)
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=r))) @ (V / np.sqrt(lengths))
    assert 0.8 * row.largest <= (corners**2).sum(axis=1).max() <= row.largest


def test_uniform_draws_are_within_the_two_numbers():
    """E[1 - a] and Var(H_11) at 4,096 x 16, 8 draws, all rows: six standard errors, alpha 4e-9. Catches 1/(3r) and a
    variance without its first term; both bounds are within a factor of 1.02 and 1.7."""
    d, r = 4096, 16
    Q = orthonormal_range(Uniform(d, r).sample(np.random.default_rng(0), 8))
    left = 1 - (Q.sum(axis=1) ** 2).sum(axis=1) / d
    shares = (((Q**2).sum(axis=2) - r / d) ** 2).mean(axis=1)
    for draws, bound, width in ((left, 1 / (3 * r + 1), 1.02), (shares, variance_of_share(d, r, _row(r)), 1.7)):
        error = 6 * draws.std() / math.sqrt(8)
        assert draws.mean() - error <= bound <= width * draws.mean()


@pytest.mark.parametrize(("k", "r"), [(40, 2), (40, 5), (400, 8)])
def test_moments_of_equal_variances_are_within_the_bounds(k, r):
    """E[HMH] = a M + b (M' + tr(M) I) is known there. Catches r^2 for r^2 + 2r, and one of two parts of a pair."""
    a, b = map(float, uniform_range(k, r))
    known = moments(np.ones(k), r)
    assert known.low[0] <= r / k <= known.high[0]
    assert a + 2 * b <= known.square
    assert known.across_at_least <= b <= known.across
    assert known.pair_without_loss - 2 * known.loss <= a + b <= known.pair
    if k == 400:
        assert known.pair < 1.2 * (a + b)
        assert known.across < 1.2 * b


@pytest.mark.long
@pytest.mark.parametrize(("k", "r", "seed"), [(30, 2, 0), (60, 4, 1)])
def test_moments_of_unequal_variances_are_within_the_bounds(k, r, seed):
    """20,000 draws, means over groups of coordinates: six standard errors, alpha 2e-9 each. Catches bounds for which
    all variances are the mean one."""
    s = np.repeat([1.0, 2.0, 4.0], k // 3)
    H = projection(AnisotropicGaussian(k, r, np.diag(s)).sample(np.random.default_rng(seed), 20_000))
    known = moments(s, r)
    diagonal = np.einsum("nii->ni", H)

    def within(draws, low, high):
        error = 6 * draws.std() / math.sqrt(len(draws))
        assert low - error <= draws.mean() <= high + error
        return error / draws.mean()

    groups = [slice(g * k // 3, (g + 1) * k // 3) for g in range(3)]
    for g in groups:
        i = g.start
        assert within(diagonal[:, g].mean(axis=1), known.low[i], known.high[i]) < 0.02
        within((diagonal[:, g] ** 2).mean(axis=1) / s[i] ** 2, 0, known.square)
        for h in groups:
            pairs = [(i, j) for i in range(g.start, g.stop) for j in range(h.start, h.stop) if i < j]
            i, j = np.array(pairs or [(h.start, g.start)]).T
            scale = s[i[0]] * s[j[0]]
            squares = (H[:, i, j] ** 2).mean(axis=1) / scale
            within(squares, known.across_at_least, known.across)
            both = (diagonal[:, i] * diagonal[:, j]).mean(axis=1) / scale + squares
            within(both, known.pair_without_loss - (s[i[0]] + s[j[0]]) * known.loss, known.pair)


def test_what_is_unknown_is_within_the_bound_at_both_ends(monkeypatch):
    """E[HMH] = a M + b (M' + tr(M) I), with the factor off the diagonal between bounds and true at one of them. Catches
    what is taken at one end, a norm that is not added, and a loss that is not."""
    k, r, s = 30, 3, np.ones(30)
    a, b = map(float, uniform_range(k, r))
    share, factor = np.full(k, r / k), (a + b) * k**2  # variances are scaled to the sum 1
    for least, most, loss in ((1, 1, 0), (1, 1.5, 0), (0.5, 1, 0), (1.5, 1.5, 0.25 * k * factor)):
        known = EntryBounds(share, share, (a + 2 * b) * k**2, b * k**2, b * k**2, most * factor, least * factor, loss)
        monkeypatch.setattr(gaussian_columns, "moments", lambda s, rank, known=known: known)
        S = semidefinite(k, 5, np.random.default_rng(0))
        bound = gaussian_columns.between_bounds(S, s, r)
        true = (a * S + b * S + b * np.trace(S) * np.eye(k)) * k / r
        assert np.linalg.eigvalsh(bound.matrix + bound.off * np.eye(k) - true)[0] >= -1e-9
        if least == most == 1:
            np.testing.assert_allclose(bound.matrix, true, atol=1e-12)


def test_they_are_bounds_in_the_basis_of_the_covariance():
    """Turned by an orthogonal matrix, with two directions that are never seen. Catches the transpose of the basis."""
    rng = np.random.default_rng(0)
    k, r = 40, 3
    s = np.sort(rng.uniform(1, 2, k))
    U, S = np.linalg.qr(rng.standard_normal((k + 2, k)))[0], semidefinite(k + 2, k + 2, rng)
    turned = AnisotropicGaussian(k + 2, r, (U * s) @ U.T).curvature_bound(S)
    assert total(turned) == pytest.approx(total(gaussian_columns.between_bounds(U.T @ S @ U, s, r)), rel=1e-9)
    T = S[:k, :k]
    mixed = AnisotropicGaussian(k, r, np.diag(s[::-1])).curvature_bound(T)  # none stays in its place
    straight = AnisotropicGaussian(k, r, np.diag(s)).curvature_bound(T[::-1, ::-1])
    assert total(mixed) == pytest.approx(total(straight), rel=1e-12)


@pytest.mark.parametrize("tiny", [1e-17, 1e-300])
def test_a_basis_with_signs_is_an_order_of_coordinates(tiny):
    """LAPACK turns to -e_i what is a hair off the diagonal. Catches rows that stand twice, and a bound of nothing."""
    k, r = 60, 2
    s = np.random.default_rng(0).permutation(np.linspace(1, 1.2, k))
    straight, S = np.diag(s), np.diag(np.arange(1.0, k + 1))
    for i, j in itertools.combinations(range(0, k, 7), 2):
        turned = straight.copy()
        turned[i, j] = turned[j, i] = tiny
        one, other = (AnisotropicGaussian(k, r, covariance).curvature_bound(S) for covariance in (straight, turned))
        assert total(one) == pytest.approx(total(other), rel=1e-12)


@pytest.mark.parametrize("scale", [1e-304, 1e304])
def test_variances_have_no_scale(scale):
    """Catches a mean that overflows."""
    s, S = np.linspace(1, 2, 40), np.diag(np.arange(1.0, 41))
    scaled, plain = (total(gaussian_columns.between_bounds(S, variances, 3)) for variances in (scale * s, s))
    assert scaled == pytest.approx(plain, rel=1e-12)


def test_where_they_say_nothing_there_is_none():
    """Of other ranks, of few coordinates, of steep variances, and of what may draw as it likes."""

    def gaussian(k, rank, s):
        return AnisotropicGaussian(k, rank, np.diag(s))

    own = type("Own", (Uniform,), {})(9, 2)
    nothing = [Uniform(5, 1), Uniform(5, 5), Uniform(3, 2), gaussian(10, 2, np.linspace(1, 2, 10))]
    nothing += [gaussian(40, rank, np.linspace(1, 2, 40)) for rank in (1, 39, 40)]
    nothing.append(gaussian(40, 3, np.geomspace(1, 1e6, 40)))
    for sketch in nothing:
        assert sketch.curvature_bound(np.eye(sketch.dim)) is None
    for sketch in (FiniteSupport([np.eye(2)[:, :1]], [1.0]), own):
        assert Moments(sketch).curvature_bound is None
