"""A bound of L_H from draws against laws of which L_H is known exactly, and against its definition."""

import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import eigvalsh
from scipy.optimize import brentq

from rac_theory import Bernoulli, spectrum
from rac_theory.gains import along_draws as of_draws
from rac_theory.gains.along_draws import Sampling, _bound, _tilt, along_draws, means
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.one_side import OFF, along_one_side
from rac_theory.gains.ratio import largest_ratio
from rac_theory.numerics.linalg import projection
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches import Coordinate, CountSketch, FiniteSupport, FromFunction, Haar, KaimingUniform, SparseSigns
from tests.gains.matrices import semidefinite, swapped
from tests.sketches.without_claims import WithoutClaims as Own

EPS = float(np.finfo(float).eps)


def sampling(alpha, draws, seed):
    return Sampling(alpha, draws, np.random.SeedSequence(seed))


LINES = FiniteSupport([[[1.0], [1.0]], [[1.0], [-1.0]], [[1.0], [0.0]], [[0.0], [1.0]]], [0.1, 0.1, 0.4, 0.4])


@pytest.mark.parametrize(("sketch", "true"), [(Haar(2, 1), 3 / 4), (Haar(4, 2), 2 / 3), (LINES, 9 / 10)])
def test_it_is_false_as_seldom_as_it_says(sketch, true):
    """Below the truth at most 33 times of 300 at level 0.05: alpha 2e-5.

    Without the margin it would be so for a third of 100 or more: 33 of 300 have a probability below 1e-18. By hand:
    (2 + 1)/(d + 2) for a line, (dr + 2d - 2)/((d - 1)(d + 2)), and (.4 + .2/4)/(.4 + .2/2).
    """
    S = np.diag(np.eye(sketch.dim)[0])
    assert math.isclose(along_one_side(sketch, S).L_H, true, rel_tol=1e-9)
    own, rngs = Own(sketch), map(np.random.default_rng, range(100))
    bounds = [along_draws(own, [S], sampling(0.05, 500, seed)).bounds[0] for seed in range(300)]
    assert sum(bound < true for bound in bounds) <= 33
    assert np.mean(bounds) < 1.15 * true
    bare = [_bound(S, 0, means(own, [S], 60, rng), means(own, [S], 440, rng), 1 - 1e-12) for rng in rngs]
    assert sum(bound < true for bound in bare) >= 33


@pytest.mark.parametrize("sketch", [Haar(5, 2), Coordinate(5, 2), CountSketch(5, 2)], ids=repr)
def test_it_is_the_least_that_the_draws_do_not_refute(sketch):
    """By bisection: a K - b T - log(1/alpha)/n I has no eigenvalue below zero, a from c by its definition.

    Catches all draws for those after the first, alpha for what is left of it for each matrix, and twice the exponent.
    """
    matrices, alpha, draws = [semidefinite(5, 2, 0), semidefinite(5, 3, 1) + np.eye(5)], 0.01, 4000
    found = along_draws(Own(sketch), matrices, sampling(alpha, draws, 3))
    assert found.how == "a bound at level 0.01 from 4000 draws"
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(3)))
    first, rest = means(Own(sketch), matrices, 500, rng), means(Own(sketch), matrices, 3500, rng)
    cost = math.log(len(matrices) / alpha) / 3500
    for S, one, other, bound in zip(matrices, first.T, rest.T, found.bounds, strict=True):
        low, high = np.linalg.eigvalsh(S)[[0, -1]]
        w = high - low
        b = _tilt(first.K, one - low * first.K, 500, w, cost)

        def least(c, b=b, w=w, other=other, low=low):
            a = -math.log1p(-c / w * -math.expm1(-b * w))
            return eigvalsh(a * rest.K - b * (other - low * rest.K) - cost * np.eye(5))[0]

        assert bound == pytest.approx(low + brentq(least, 0.01 * w, w, xtol=1e-13), rel=1e-8)
        assert low < bound < high


def test_means_are_those_of_the_draws():
    """Over several blocks, and with draws that lose rank. Catches a transpose, and a block that is left out."""
    sketch, S = Own(CountSketch(40, 8)), semidefinite(40, 3, 1)
    found = means(sketch, [S, np.eye(40)], 300, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    H = np.concatenate([projection(sketch.sample(rng, size)) for size in (128, 128, 44)])
    np.testing.assert_allclose(found.K, H.mean(axis=0), rtol=0, atol=1e-13)
    np.testing.assert_allclose(found.T[0], (H @ S @ H).mean(axis=0), rtol=0, atol=1e-11)
    np.testing.assert_allclose(found.T[1], found.K, rtol=0, atol=1e-13)
    assert found.off == OFF + 1.01 * (128 * 8 + 3 + 2 * 40 + 8 + 8) * 8 * EPS
    assert np.trace(means(Own(Haar(5, 2)), [], 1, rng).K) == pytest.approx(2)
    nothing = means(sketch, [S], 0, rng)
    assert not nothing.K.any()
    assert not nothing.T[0].any()


def test_a_block_of_draws_has_as_many_rows_as_there_are_dimensions(monkeypatch):
    """Where fewer numbers would do. Catches fewer rows, by which every draw costs more."""
    monkeypatch.setattr(of_draws, "_BLOCK_NUMBERS", 8)
    sizes = []
    draw = of_draws.draw
    monkeypatch.setattr(of_draws, "draw", lambda sketch, rng, size: sizes.append(size) or draw(sketch, rng, size))
    means(Own(Haar(5, 2)), [np.eye(5)], 7, np.random.default_rng(0))
    means(Own(Haar(2, 1)), [np.eye(2)], 7, np.random.default_rng(0))
    assert sizes == [3, 3, 1, 4, 3]
    monkeypatch.setattr(of_draws, "_WORK", 5 * 5 * 2 * (1 + 2 * 3) * 3000)  # of three matrices, and H
    found = along_draws(Own(Haar(5, 2)), [semidefinite(5, 2, seed) for seed in range(3)], sampling(0.01, 10**6, 0))
    assert found.how == "a bound at level 0.01 from 3000 draws"
    alone = sampling(0.01, 10, 0)
    assert alone.shared(1) == [alone]


def test_a_bound_has_its_margins():
    """Typed again, at numbers that are small beside what they are made of. Catches a margin, and what may be off."""
    S, K, T = np.diag([-1.0, 1.0]), np.diag([0.5, 0.25]), np.array([[-0.25, 0.0], [0.0, 0.05]])
    first, rest = (of_draws.Means(K, [T], 1e-6, draws) for draws in (100, 900))
    width, cost = 2 * (1 + EPS), math.log(100) * (1 + 4 * EPS) / 900
    b = _tilt(K, T + K, 100, width, cost)
    off_T = 2 * b * 1e-6 * (math.sqrt(2) + 1)
    a = largest_ratio(b * (T + K) + cost * np.eye(2), K, off_T=off_T, off_K=1e-6)
    share = math.expm1(-a) / math.expm1(-b * width) * (1 + 16 * EPS)
    exact = Fraction(width) * Fraction(share) - 1
    found = _bound(S, 0, first, rest, 0.01)
    assert math.nextafter(found, -1) < exact <= found < 0.5


def test_b_is_the_best_of_a_grid_for_what_the_first_draws_show():
    """Of means with one basis, typed again: they have one draw of all directions beside them, of which S says nothing.

    Catches a b that forgets the width of S, or the cost, and a basis that is turned the other way.
    """
    rng, grid = np.random.default_rng(0), 2.0 ** np.linspace(-12, 4, 25)
    for draws, cost in ((1, 0.1), (3, 0.3), (10, 1e-3), (1000, 0.01), (1000, 1e-4), (10**5, 1e-6), (30, 2.0)) * 4:
        k, width = rng.uniform(0, 1, 4) ** 3, rng.uniform(0.5, 4)
        t = k * rng.uniform(0, width, 4)
        each = (grid[:, None] * t * draws / width + cost * (draws + 1)) / (k * draws + 1)
        best = grid[np.argmin(np.expm1(-each.max(axis=1)) / np.expm1(-grid))]
        U = np.linalg.qr(rng.standard_normal((4, 4)))[0]
        assert _tilt(U * k @ U.T, U * t @ U.T, draws, width, cost) == pytest.approx(best / width, rel=1e-9)


def test_what_was_not_seen_may_be_as_steep_as_anything():
    """One coordinate never comes, or one direction. Catches a pseudo-inverse."""
    S = np.diag([1.0, 2.0, 3.0])
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    flat = FiniteSupport([np.eye(3)[:, :1], np.eye(3)[:, 1:2]], [0.5, 0.5])
    tilted = FiniteSupport(turned @ flat.matrices, flat.probabilities)
    for sketch in (flat, tilted):
        (bound,) = along_draws(Own(sketch), [S], sampling(0.01, 2000, 0)).bounds
        assert 3.0 <= bound <= 3.0 * (1 + 1e-13)


def test_a_multiple_of_the_identity_only_moves_it():
    """Catches a width that is the largest eigenvalue, which is twice too wide here, and one that is too narrow."""
    S, sketch = np.diag([1.0, 0.5, 0.25]), Own(Haar(3, 1))
    own, moved, scaled = along_draws(sketch, [S, S + 8 * np.eye(3), 8 * S], sampling(0.01, 2000, 0)).bounds
    assert 0.75 < own < 0.85  # (2 + 1.75)/5 is the truth
    assert moved == pytest.approx(own + 8, rel=1e-9)
    assert scaled == pytest.approx(8 * own, rel=1e-9)
    assert along_draws(sketch, [8 * np.eye(3)], sampling(0.01, 2000, 0)).bounds == [8.0]


Q = Smoothness([(np.diag([4.0, 1.0, 1.0, 0.5]), np.eye(3))])


def test_it_is_told_and_can_be_repeated():
    """Catches a level that is not told, a seed that is not used, and draws that were not asked for."""
    own = FromFunction(4, 2, lambda rng: rng.standard_normal((4, 2)))
    found = smoothness_along(own, Q, alpha=0.01, draws=4000, rng=1)
    assert found == smoothness_along(own, Q, alpha=0.01, draws=4000, rng=1)
    assert found.L_H != smoothness_along(own, Q, alpha=0.01, draws=4000, rng=2).L_H
    assert (found.alpha, found.provenance) == (0.01, "at most: a bound at level 0.01 from 4000 draws")
    assert smoothness_along(Haar(4, 2), Q).L_H < found.L_H < 4
    assert smoothness_along(own, Smoothness(swapped(Q.terms)), side="right", alpha=0.01, draws=4000, rng=1) == found
    for draws in (0, 2, 20):  # log(100) 2 d / r are 18.4
        few = smoothness_along(own, Q, alpha=0.01, draws=draws, rng=1)
        assert few.alpha == (0.01 if draws == 20 else 0)
        assert few.L_H == 4 or draws == 20
    half = FiniteSupport([np.eye(4)[:, 2:3], np.eye(4)[:, 3:]], [0.5, 0.5])
    nothing = smoothness_along(Own(half), Q, draws=2000, rng=0)
    assert nothing == (4.0, "L, as a bound at level 0.001 from 2000 draws is no less", 1e-3)
    large = Smoothness.of_terms([(np.diag(np.arange(4096.0)), np.eye(1))])
    large = smoothness_along(FromFunction(4096, 16, lambda rng: rng.standard_normal((4096, 16))), large)
    assert large == (4095.0, "L, as nothing better is known of this sketch", 0.0)
    for wrong in ({"alpha": 0.0}, {"alpha": 1.0}, {"draws": -1}, {"rng": -1}):
        with pytest.raises(ValueError, match=f"^{next(iter(wrong))} must be"):
            smoothness_along(own, Q, **wrong)


def test_sums_and_coins_share_the_level():
    """Both bounds of a sum, and both sides of a coin, have half of alpha. Catches a level that is spent twice."""
    terms = [(semidefinite(4, 4, 0), semidefinite(3, 3, 1)), (semidefinite(4, 4, 2), semidefinite(3, 3, 3))]
    own = Own(Coordinate(4, 2))
    found = smoothness_along(own, Smoothness(terms), alpha=0.02, draws=5000, rng=0)
    bounds = along_draws(own, [S for S, _ in terms], sampling(0.02, 5000, 0)).bounds
    total = sum(bound * np.linalg.eigvalsh(R)[-1] for bound, (_, R) in zip(bounds, terms, strict=True))
    assert (found.alpha, found.L_H) == (0.02, pytest.approx(min(total, Smoothness(terms).largest)))
    both = Smoothness([(np.diag([4.0, 1.0, 1.0, 0.5]), np.diag([2.0, 1.0, 1.0]))])
    coins = {Own(Coordinate(3, 1)): 0.02, Coordinate(3, 1): 0.01}
    for right, alpha in coins.items():
        coin = smoothness_along(Bernoulli(own, right, 0.1), both, alpha=0.02, draws=5000, rng=0)
        assert coin.alpha == alpha
        assert "a bound at level 0.01 from 5000 draws" in coin.provenance
        assert smoothness_along(Bernoulli(own.inner, Coordinate(3, 1), 0.1), both).L_H <= coin.L_H <= both.largest


def test_draws_are_asked_where_a_bound_is_loose():
    """A spike, of which bounds between moments say nothing. Catches a bound that is not used, and alpha for nothing."""
    spike = Smoothness([(np.diag(np.eye(64)[0]), np.eye(1))])
    for sketch in (KaimingUniform(64, 4), SparseSigns(64, 4, 0.5)):
        found = smoothness_along(sketch, spike, draws=20_000, rng=0)
        assert (found.alpha, found.provenance) == (1e-3, "at most: a bound at level 0.001 from 20000 draws")
        assert 4 / 64 < found.L_H < 0.2
        without = smoothness_along(sketch, spike, draws=0)
        assert without.alpha == 0
        assert without.L_H > 2 * found.L_H
    tight = smoothness_along(KaimingUniform(1024, 2), Smoothness([(np.diag(1 + np.arange(1024.0)), np.eye(1))]))
    assert tight.alpha == 0
    assert "between bounds" in tight.provenance


def test_what_a_user_claims_is_taken_on_trust_and_says_so():
    """Catches a claim that passes for what is proved here, and a word of trust where none is needed."""
    known = Coordinate(4, 2)  # what a user's class knows, or says so
    claims = SimpleNamespace(dim=4, rank=2, sample=known.sample, second_moment=known.second_moment)
    lists = SimpleNamespace(dim=4, rank=2, sample=known.sample, support=known.support)
    for own in (claims, lists):
        found = smoothness_along(own, Q)
        assert math.isclose(found.L_H, smoothness_along(known, Q).L_H, rel_tol=1e-9)
        assert found.provenance.endswith(", on trust")
        assert spectrum(own).provenance.endswith(" of E[H], on trust")
    assert smoothness_along(claims, Smoothness.isotropic(3.0, (4, 3))).provenance == "H (l I) H = l H"
    for ours in (known, FiniteSupport(*known.support())):
        assert "trust" not in smoothness_along(ours, Q).provenance + spectrum(ours).provenance
    assert spectrum(lists, exact=True).on_trust
