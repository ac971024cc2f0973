"""Smoothness along a sketch against a second route: dense generalised eigenproblems over all draws that can come."""

import math
from fractions import Fraction
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import eigh

from rac_theory import GD, AsymmetricLoRA, Bernoulli, RACLoRA, best_step, longest_step, sketches
from rac_theory.gains.gain import _end, _on_all_entries, along_whole, smoothness_along
from rac_theory.gains.one_side import _between, _of_entries, along_one_side, moments_of
from rac_theory.numerics.linalg import projection
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches import Coordinate, FiniteSupport, FromFunction, Frozen, Gaussian, Haar, WeightedCoordinate
from rac_theory.sketches.draws import checked_support
from rac_theory.sketches.laws import EntryMoments
from rac_theory.sketches.moments import Moments
from tests.as_one_test import as_one_test
from tests.gains.matrices import COMMON_BASIS, NO_COMMON_BASIS, M, N, known, semidefinite, swapped

LISTED = [
    Coordinate(M, 1),
    Coordinate(M, 2),
    sketches.CoordinateWithReplacement(M, 2),
    WeightedCoordinate(M, 1, [1, 2, 3, 0]),
    sketches.BlockPartition(M, 3),
    sketches.EquiangularFrame(M, 2),
    sketches.CountSketch(M, 2),
    sketches.Rademacher(M, 2),
    sketches.SparseSigns(M, 1, 0.2),
    Frozen(np.eye(M)[:, :2]),
    Frozen(np.random.default_rng(1).standard_normal((M, 3))),  # of E[H] one eigenvalue alone is zero
    FiniteSupport(np.random.default_rng(2).standard_normal((3, M, 2)), [0.2, 0.5, 0.3]),
    FiniteSupport(np.random.default_rng(3).standard_normal((2, M, 1)), [0.9, 0.1]),  # of E[H] two are zero
    sketches.Mixture([Coordinate(M, 2), Frozen(np.ones((M, 1)))], [1, 3]),
]

SUMS = COMMON_BASIS | {"no common basis": NO_COMMON_BASIS}


def dense(terms):
    return sum(np.kron(S, R) for S, R in terms)


def draws(sketch, lift):
    support, probabilities = checked_support(sketch)
    return [(float(p), lift(H)) for H, p in zip(projection(support), probabilities, strict=True)]


def by_eigenproblem(law, Q):
    """The largest eigenvalue of E[HQH] over E[H] on its range, and a direction in which it is attained."""
    K, T = sum(p * H for p, H in law), sum(p * H @ Q @ H for p, H in law)
    lengths, V = np.linalg.eigh(K)
    V = V[:, lengths > 1e-9]
    values, X = eigh(V.T @ T @ V, V.T @ K @ V)
    return values[-1], V @ X[:, -1]


def on_the_left(H):
    return np.kron(H, np.eye(N))


def close_above(bound, true):
    return true * (1 - 1e-13) <= bound <= true * (1 + 1e-8)


@pytest.mark.long
@as_one_test(("sketch", "terms"), product(LISTED, SUMS.values()), [f"{s}, {kind}" for s, kind in product(LISTED, SUMS)])
def test_it_is_the_eigenvalue_over_all_draws(sketch, terms):
    """Left and right, regular E[H] or singular, one Kronecker term or several. Catches the trace of the wrong side."""
    Q = Smoothness(terms)
    true, _ = by_eigenproblem(draws(sketch, on_the_left), dense(terms))
    left = smoothness_along(sketch, Q)
    right = smoothness_along(sketch, Smoothness(swapped(terms)), side="right")
    assert close_above(left.L_H, true)
    assert right == left
    assert Q.largest >= left.L_H
    assert "at most" not in left.provenance
    assert smoothness_along(RACLoRA(sketch, 0.1), Q) == left


@as_one_test(
    ("sketch", "other", "terms"),
    product(
        [LISTED[i] for i in (0, 9, 10, 12)],
        [Coordinate(N, 1), Frozen([[1.0], [2.0], [2.0]])],
        [SUMS[kind] for kind in ("one term", "blocks", "no common basis")],
    ),
)
def test_a_coin_has_that_of_its_own_law(sketch, other, terms):
    """Catches the larger of the two sides, their mean with the coin's weights, and a range of one side only."""
    Q, p = Smoothness(terms), 0.3
    law = [(p * w, H) for w, H in draws(sketch, on_the_left)]
    law += [((1 - p) * w, H) for w, H in draws(other, lambda H: np.kron(np.eye(M), H))]
    true, _ = by_eigenproblem(law, dense(terms))
    assert close_above(smoothness_along(Bernoulli(sketch, other, 0.1, p), Q).L_H, true)
    assert smoothness_along(Bernoulli(sketch, other, 0.1, 1.0), Q) == smoothness_along(sketch, Q)
    assert smoothness_along(Bernoulli(sketch, other, 0.1, 0.0), Q) == smoothness_along(other, Q, side="right")


def test_a_coin_on_large_matrices_has_a_mean_of_both_sides():
    """Against all entries, where they are few enough still. Catches weights without the shares of E[H]."""
    S, R = semidefinite(5, 5, 0), semidefinite(5, 5, 1)
    Q = Smoothness([(S, R)])
    coin = Bernoulli(Haar(5, 1), Haar(5, 3), 0.1, 0.25)
    top_S, top_R = np.linalg.eigvalsh(S)[-1], np.linalg.eigvalsh(R)[-1]
    left, right = haar(5, 1, top_S, np.trace(S)) * top_R, haar(5, 3, top_R, np.trace(R)) * top_S
    mean = (0.25 * left / 5 + 0.75 * right * 3 / 5) / (0.25 / 5 + 0.75 * 3 / 5)
    assert close_above(smoothness_along(coin, Q).L_H, mean)


def haar(d, r, L, trace):
    return ((d * r + d - 2) * L + (d - r) * trace) / ((d - 1) * (d + 2))


@as_one_test(
    ("sketch", "d", "r"),
    [
        *((Haar, d, r) for d, r in ((2, 1), (5, 1), (5, 3), (5, 5), (16, 4))),
        (Gaussian, 5, 3),
        (lambda d, r: sketches.AnisotropicGaussian(d, r, 2 * np.eye(d)), 5, 3),
    ],
)
def test_a_uniform_range_has_the_formula(sketch, d, r):
    """The next number that is not below a fraction. Catches one that is rounded down, or to the nearest.

    And a for b, (d + 1) for (d + 2), and the trace forgotten, which are off by a tenth at least.
    """
    for last in (float(d), 0.3, 0.7, 1.1, 1.3):
        spread = np.append(np.linspace(last / d, last, d)[:-1], last)
        found = smoothness_along(sketch(d, r), Smoothness([(np.diag(spread), np.eye(2))])).L_H
        exact = haar(d, r, Fraction(last), sum(map(Fraction, spread)))
        assert math.nextafter(found, -math.inf) < exact <= found, spread


@as_one_test(
    ("sketch", "L"), product([*LISTED, Haar(M, 2), sketches.SubsampledHadamard(M, 3), None], [0.1, 3.0, 0.0, 1 / 3])
)
def test_smoothness_in_all_directions_is_L(sketch, L):
    """Exactly, whatever the sketch. Catches any rounding there, by which steps of 1/L would be shorter."""
    Q = Smoothness.isotropic(L, (M, N))
    assert smoothness_along(sketch, Q).L_H == L
    assert smoothness_along(Bernoulli(sketch or Haar(M, 1), Coordinate(N, 1), 0.1), Q).L_H == L


def test_what_nobody_knows_has_L_and_says_so():
    """Where nothing is drawn. A projection that is drawn once is none of many, and H = I is no sketch."""
    Q = Smoothness(SUMS["one side"])
    own = FromFunction(M, 1, lambda rng: rng.standard_normal((M, 1)))
    for unknown, why in ((own, "nothing better"), (None, "no sketch"), (GD(0.1), "no sketch")):
        found = smoothness_along(unknown, Q, draws=0)
        assert (found.L_H, found.alpha) == (Q.largest, 0)
        assert why in found.provenance
    assert Q.largest == smoothness_along(AsymmetricLoRA(Coordinate(M, 1), 0.1), Q).L_H


def test_of_a_coin_with_a_law_that_nobody_knows():
    """An end of it is that of any projection, and on all entries there is nothing. Catches one end for the other."""
    own, known = FromFunction(2, 1, lambda rng: rng.standard_normal((2, 1))), WeightedCoordinate(2, 1, [1, 3])
    ends = [float(_end(sketch, name)) for sketch in (own, known) for name in ("lambda_min", "lambda_max")]
    assert ends == pytest.approx([0, 1, 0.25, 0.75])
    for left, right in ((own, known), (known, own)):
        assert _on_all_entries(0.1, left, right, Smoothness.isotropic(1.0, (2, 2)).terms) == []


def test_draws_that_are_all_zero_have_none():
    """Nothing moves, so that any number would do. Catches a range without a singular value."""
    still = FiniteSupport(np.zeros((2, M, 1)), [0.5, 0.5])
    for terms in SUMS.values():
        Q = Smoothness(terms)
        assert 1e-11 * Q.largest >= smoothness_along(still, Q).L_H
        coin = smoothness_along(Bernoulli(still, Coordinate(N, 1), 0.1), Q).L_H
        assert close_above(coin, smoothness_along(Coordinate(N, 1), Q, side="right").L_H)


def test_a_range_on_one_side_alone_is_that_of_all_entries():
    """Two lines: the ratio is asked on what they reach. Catches a direction of the other side that no draw has."""
    terms, lines = [(semidefinite(M, M, 1), np.eye(N))], LISTED[-2]
    left = moments_of(Moments(lines))
    assert left.basis.shape == (M, 2)
    true, _ = by_eigenproblem(draws(lines, lambda H: np.kron(H, np.eye(N))), dense(terms))
    assert close_above(along_whole(1.0, left, None, terms), true)
    assert along_one_side(lines, terms[0][0]).how == "enumerated over the support"


def test_probabilities_and_angles_of_no_size_lose_nothing():
    """A steep direction that seldom comes counts in full. Catches a range with a tolerance for probabilities."""
    S = np.diag([1.0, 1.0, 1.0, 100.0])
    axes = [np.eye(4)[:, :1], np.eye(4)[:, 3:]]
    rare = FiniteSupport(np.array(axes), [1 - 1e-16, 1e-16])
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    for U in (np.eye(4), turned):
        sketch = FiniteSupport(U @ rare.matrices, rare.probabilities)
        assert close_above(along_one_side(sketch, U @ S @ U.T)[0], 100.0)
    for angle in (1e-1, 1e-4, 1e-9, 1e-14):  # independent lines, however near: the steeper one decides
        lines = FiniteSupport([[[1.0], [0.0]], [[1.0], [angle]]], [0.5, 0.5])
        steeper = (1 + 100 * angle**2) / (1 + angle**2)
        found = along_one_side(lines, np.diag([1.0, 100.0]))[0]
        assert steeper * (1 - 1e-15) <= found <= steeper * (1 + 1e-8)


OF_ENTRIES = [sketches.Rademacher(12, 2), sketches.SparseSigns(12, 3, 0.5), sketches.KaimingUniform(12, 3)]


@pytest.mark.parametrize("sketch", OF_ENTRIES, ids=repr)
def test_between_bounds_it_is_at_least_that_of_each_corner(sketch):
    """And at least that of 20,000 draws at their worst direction, less 5 standard errors: alpha 3e-7 each.

    Catches an eigenvalue at one corner alone, and what the corner is away from another left out.
    """
    rng = np.random.default_rng(0)
    known = Moments(sketch).entries
    for S in (np.diag(np.arange(12.0)), np.diag(np.eye(12)[0]), semidefinite(12, 12, 1), np.ones((12, 12))):
        bound, how, _ = _between(known, S)
        assert "at most" in how
        assert Fraction(bound) >= max(_of_entries(corner, S) for corner in known) * (1 - Fraction(1, 10**12))
        H = projection(sketch.sample(rng, 10_000))
        _, worst = by_eigenproblem([(1e-4, one) for one in H], S)
        H = projection(sketch.sample(rng, 10_000))
        off = np.einsum("kij,jl,klm,i,m->k", H, S, H, worst, worst, optimize=True) - bound * (H @ worst @ worst)
        assert off.mean() <= 5 * off.std() / 100
    corners = (
        EntryMoments(Fraction(1, 2), Fraction(0), Fraction(3, 10)),
        EntryMoments(*map(Fraction, ("0.4", "0.1", "0.1"))),
    )
    bound = _between(corners, np.diag([5.0, 1.0])).L_H  # by hand: 5, and (6 - 1) / 10 over a half
    assert bound == pytest.approx(5 + 1 + 1e-9, rel=1e-15)


def test_steps_are_rounded_down_and_as_long_as_smoothness_allows():
    """1/L and 2/L where no more is known. Catches rounding to nearest, and the side exchanged."""
    for L in (0.1, 3.0, 7.0, 1 / 3):
        for step, numerator in ((best_step, 1), (longest_step, 2)):
            found = Fraction(step(SimpleNamespace(shape=(M, N), L=L), Haar(M, 1)))
            exact = numerator / Fraction(L)
            assert exact * (1 - Fraction(1, 10**15)) <= found <= exact
    spread = known(Q := Smoothness([(np.diag([8.0, 1, 1, 1]), np.eye(N))]))
    assert best_step(spread, Coordinate(M, 1)) == 1 / 8
    assert smoothness_along(Haar(M, 1), Q).L_H == 4.5
    assert 2 / 9 - 1e-16 <= best_step(spread, Haar(M, 1)) <= Fraction(2, 9)
    assert longest_step(spread, Haar(N, 1), side="right") == 1 / 4
    assert best_step(spread, None) == 1 / 8
    assert best_step(SimpleNamespace(shape=(M, N), L=0.0), Haar(M, 1)) == math.inf
    spread.L = 7.75  # which Q may exceed by what it is rounded up
    assert best_step(spread, Haar(M, M)) == best_step(SimpleNamespace(shape=(M, N), L=7.75), None)
    with pytest.raises(ValueError, match="problem must know its smoothness or its L, got L=nan"):
        best_step(SimpleNamespace(shape=(M, N), L=math.nan), Haar(M, 1))
    with pytest.raises(ValueError, match="sketch must be a sketch"):
        best_step(spread, "haar")
    with pytest.raises(ValueError, match=r"sketch\.dim must be n=3 for side='right'"):
        longest_step(spread, Haar(M, 1), side="right")


@pytest.mark.parametrize(
    ("sketch", "alpha", "how"),
    [(sketches.KaimingUniform(12, 2), 1e-3, "from 65536 draws"), (Haar(12, 2), 0.0, "moments of entries of H")],
    ids=repr,
)
def test_a_sum_is_as_loose_as_its_loosest_part_and_told_by_its_largest(sketch, alpha, how):
    """Of two matrices the smaller is a multiple of I, along which L_H is known without moments or draws."""
    parts = [(np.diag(np.eye(12)[0]), np.diag([1.0, 0.0])), (0.1 * np.eye(12), np.diag([0.0, 1.0]))]
    known = smoothness_along(sketch, Smoothness(parts), rng=0)
    assert known.alpha == alpha
    assert known.provenance.endswith(how)
