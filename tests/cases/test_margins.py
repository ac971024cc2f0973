"""What rounding may cost is added to a bound, on its side: each margin typed again, where it is large beside the rest.

A margin that is left out, or taken off, makes a bound false by a part in 1e12 now and then, which no draw would show.
"""

import importlib
import math
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import LayeredRACLoRA
from rac_theory.gains import common_basis, gain, layered, one_side
from rac_theory.gains.common_basis import Part, Parts, _basis, in_common_basis, splits_of
from rac_theory.gains.gain import UNKNOWN, _on_all_entries, _smallest, smoothness_along
from rac_theory.gains.layered import along_all_layers
from rac_theory.gains.one_side import (
    OFF,
    _above,
    _between,
    _largest_of_draws,
    _of_entries,
    _smallest_eigenvalue,
    moments_of,
)
from rac_theory.gains.ratio import largest_ratio
from rac_theory.gains.step_gain import Moment, _listed_products, _ratio, gain_at
from rac_theory.numerics.eigenvalues import lapack_rounding, largest_eigenvalue
from rac_theory.problems import Layers
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches import Coordinate, FiniteSupport, WeightedCoordinate
from rac_theory.sketches.laws.second_moments import CurvatureBound
from rac_theory.sketches.laws.signed_permutations import EntryMoments
from rac_theory.sketches.moments import Moments
from tests.gains.matrices import semidefinite

EPS = float(np.finfo(float).eps)
UP = 1 + 8 * EPS


def test_of_a_ratio_of_diagonal_matrices():
    """To the last bit where nothing is known to be off; else by what is off, of T twice, of K relatively."""
    assert largest_ratio(np.eye(2), np.eye(2), off_T=0, off_K=0) == UP**2
    K, T = np.diag([0.5, 1.0]), np.array([[1.0, 1.0], [1.0, 3.0]])
    C = T / np.sqrt(np.outer(np.diagonal(K), np.diagonal(K)))
    top = largest_eigenvalue(C) * UP + 8 * EPS * np.linalg.norm(C)
    assert largest_ratio(T, K, off_T=0, off_K=0) == pytest.approx(top * UP, rel=EPS, abs=0)
    found = largest_ratio(T, K, off_T=1e-3, off_K=0.01)
    assert found == pytest.approx((top + 2 * 1e-3 / 0.5) / (1 - 0.01), rel=1e-14, abs=0)
    assert largest_ratio(-T, K, off_T=1e-3, off_K=0) == pytest.approx(4e-3, rel=1e-11)


def test_of_a_ratio_of_other_matrices():
    """By the products as they came out, and what these may have lost; none where K may be half of what it seems."""
    U = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    T = semidefinite(3, 3, 1)
    even = np.array([0.1, 0.5, 1.0])
    cases = [(1e-10 * even, 0, 0), ([1e-6, 0.5, 1.0], 0, 0), (even, 1e-3, 1e-2), (even, 0, 1e-2), (even, 1e-2, 0)]
    for known, off_T, off_K in cases:
        K = U * known @ U.T
        lengths, V = np.linalg.eigh(K)
        W = V / np.sqrt(lengths)
        products = 4 * (3 + 2) * EPS * (W**2).sum()
        G, C = W.T @ K @ W - np.eye(3), W.T @ T @ W
        lost = np.linalg.norm(G) + products * np.linalg.norm(K) + 1.01 * off_K / lengths[0]
        gained = products * np.linalg.norm(T) + 1.01 * off_T / lengths[0]
        true = (largest_eigenvalue((C + C.T) / 2) + gained) / (1 - lost)
        assert largest_ratio(T, K, off_T=off_T, off_K=off_K) == pytest.approx(true * UP, rel=1e-15, abs=0)
    assert largest_ratio(T, K, off_T=0, off_K=0.1 * 0.49 / 1.01) < math.inf
    assert largest_ratio(T, K, off_T=0, off_K=0.1 * 0.51 / 1.01) == math.inf
    assert largest_ratio(-T, K, off_T=0, off_K=0) < 1e-12


def test_of_the_gain_of_two_moments():
    """8 roundings of the sizes of both, which are large beside the smallest eigenvalue."""
    mean, seen, gamma = np.diag([1e8, 1.0]), np.diag([3e7, 0.5]), 0.5
    off = 8 * EPS * (2 * gamma * np.linalg.norm(mean) + gamma**2 * np.linalg.norm(seen))
    found = gain_at(gamma, Moment(mean, seen, 0.0, 0.0))
    assert 1 - gamma**2 * 0.5 - found == pytest.approx(off, rel=1e-6, abs=0)


def test_of_products_over_a_support():
    """A steep direction that no draw meets: sums of d, r and k products, and a longest step that allows for them."""
    B, p = np.array([[[0.0], [1.0]], [[0.0], [2.0]]]), np.array([Fraction(1, 4), Fraction(3, 4)], dtype=object)
    S, steep = np.diag([1e9, 1.0]), math.sqrt(1e18 + 1)
    known = _listed_products((B, p), Smoothness([(S, np.eye(1))]), "left")
    (moment,) = known.moments
    rounding = (2 * (2 + 1) + 2 + 8) * EPS * 4
    np.testing.assert_allclose(moment.mean, np.diag([0, 13 / 4]), rtol=1e-15)
    np.testing.assert_allclose(moment.second, np.diag([0, 49 / 4]), rtol=1e-6)
    assert moment.off_mean == pytest.approx(rounding, rel=1e-12, abs=0)
    assert moment.off_second == pytest.approx(rounding * steep * 4, rel=1e-6, abs=0)
    assert known.longest - 4 == pytest.approx(8 * (2 + 1) * EPS * steep * 4, rel=1e-3)
    lower = _listed_products((B / 8, p), Smoothness([(np.diag([1e-9, 1.0]), np.eye(1))]), "left")
    assert (1 + 5e-13) / 16 <= lower.longest <= (1 + 1.5e-12) / 16


def test_columns_that_are_curved_alike_are_no_reason_to_take_all_for_such():
    """Of two columns, one with a multiple of I: a matrix each, the worse counts. Catches L I in the place of both."""
    B, p = np.eye(2)[..., None], np.array([Fraction(1, 2)] * 2, dtype=object)
    Q = Smoothness([(np.eye(2), np.diag([1.0, 0.0])), (np.diag([4.0, 0.5]), np.diag([0.0, 1.0]))])
    known = _listed_products((B, p), Q, "left")
    assert len(known.moments) == 2
    assert known.c == pytest.approx(4, rel=1e-9)
    assert smoothness_along(Coordinate(2, 1), Q).provenance == "moments of entries of H"  # as of the worse
    gain = known.gain(0.4)
    assert gain.nu == pytest.approx((2 * 0.4 - 0.4**2 * 4) / 2, rel=1e-9)
    assert gain.longest == pytest.approx(0.4 * 4, rel=1e-9)


def test_of_a_ratio_what_is_off_is_relative_to_the_entry_that_is_drawn_least():
    """Of a diagonal mean, rows that are never drawn apart; in the norm of any other."""
    seen = np.diag([0.3, 0.05, 0.0])
    for mean, least in ((np.diag([0.5, 0.1, 0.0]), 0.1), (np.diag([0.5, 0.0, 0.0]), 0.5), (semidefinite(3, 3, 0), 1)):
        off_K = 1e-3 / least
        true = largest_ratio(seen * (mean.sum(axis=0) > 0), mean, off_T=1e-4, off_K=off_K)
        assert _ratio(Moment(mean, seen * (mean.sum(axis=0) > 0), 1e-3, 1e-4)) == true


def test_of_an_eigenvalue_of_entry_moments():
    """Four roundings of both parts; none of a diagonal matrix, whose eigenvalue is an entry, the right one."""
    S = semidefinite(3, 3, 0)
    known = EntryMoments(Fraction(1, 2), Fraction(1, 16), Fraction(1, 8))
    whole, alone = 1 / 8 + 1 / 16, 1 / 2 - 1 / 8 - 1 / 8
    M = whole * S + alone * np.diag(np.diagonal(S))
    sizes = whole * np.linalg.norm(S) + alone * np.linalg.norm(np.diagonal(S))
    exact = Fraction(largest_eigenvalue(M)) + Fraction(4 * EPS * sizes)
    share = Fraction(1, 2) + 2 * Fraction(1, 16)
    trace = sum(map(Fraction, np.diagonal(S).tolist()))
    found = _of_entries(known, S)
    assert abs(found - (exact + trace / 16) / share) <= Fraction(EPS) * found / 8
    for alone, end in ((Fraction(1, 8), 3), (Fraction(-1, 4), 1)):
        # x = p + 2y + alone; of a diagonal S only p + y + alone matters, its sign by the end that is taken
        known = EntryMoments(Fraction(1, 8) + alone, Fraction(0), Fraction(1, 8))
        factor = Fraction(1, 8) + alone
        assert _of_entries(known, np.diag([1.0, 2.0, 3.0])) == factor * end / known.share(3)
    zero = EntryMoments(Fraction(0), Fraction(0), Fraction(0))
    assert _of_entries(zero, S) == 0


def test_of_a_bound_between_moments():
    """A part in 1e9 of it, rounding of S, and its smallest eigenvalue taken off and put back; loose by its slack."""
    S = np.diag([1.0, 3.0])
    for slack, loose in ((0.49, False), (0.51, True)):
        (found,) = _above(lambda moved, slack=slack: CurvatureBound(moved, 0.5, slack), S)
        above = 2.5
        assert pytest.approx(1 + above * (1 + 1e-9) + OFF * math.sqrt(10), rel=1e-13, abs=0) == found.L_H
        assert found.loose == loose
    assert list(_above(lambda moved: None, S)) == []


def test_of_corners():
    """The largest of what another corner has beside the first, at both ends of the diagonal, over the share."""
    base = EntryMoments(Fraction(1, 4), Fraction(1, 12), Fraction(1, 6))
    other = EntryMoments(Fraction(3, 8), Fraction(1, 48), Fraction(1, 8))
    S = np.array([[1.0, 0.25, 0], [0.25, 2.0, 0], [0, 0, 4.0]])
    x, y, p = (b - a for a, b in zip(base, other, strict=True))
    more = max((x - p - y) * end + y * (7 - end) for end in (1, 4)) / base.share(3)
    found = _between((base, other), S)
    true = _of_entries(base, S) + more
    assert more > 0
    assert Fraction(found.L_H) >= true + more / 10**9
    assert pytest.approx(float(true + more / 10**9), rel=1e-15, abs=0) == found.L_H
    assert found.loose == (more > _of_entries(base, S) / 5)


def test_of_what_is_known_the_smallest_counts():
    """Rounded up, from 0 to L; what is above L by a part in 1e6 is L in other digits, and by more it says nothing."""
    edge = 3 * (1 + Fraction(1, 10**6))
    for bound, how in ((edge, "known"), (edge + Fraction(1, 10**12), UNKNOWN)):
        assert _smallest([(bound, "known"), (Fraction(4), "more")], 3.0) == (3.0, how, 0.0)
    assert _smallest([], 3.0, 0.1, "L") == (3.0, "L", 0.1)
    assert _smallest([(Fraction(-1), "known")], 3.0) == (0.0, "known", 0.0)
    third = _smallest([(Fraction(1, 3), "known"), (Fraction(1), "more")], 3.0).L_H
    assert math.nextafter(third, 0) < Fraction(1, 3) <= third


@pytest.mark.parametrize("size", [256, 257])
def test_all_entries_are_looked_at_up_to_256(size, monkeypatch):
    """Of a sum, a coin and several layers. Catches a limit that is another, or not kept."""
    monkeypatch.setattr(gain, "along_whole", lambda *_: 0.5)
    sketch, Q, few = Coordinate(size, 1), Smoothness.isotropic(1.0, (size, 1)), size == 256
    coin = 0.5, sketch, Coordinate(1, 1)
    assert len(_on_all_entries(1.0, sketch, None, Q.terms)) == len(_on_all_entries(*coin, Q.terms)) == few
    wide = Smoothness.isotropic(1.0, (16, size - 240))  # of 16 or 17 columns
    assert len(_on_all_entries(1.0, Coordinate(16, 1), None, wide.terms)) == few
    layers = LayeredRACLoRA(Layers([(128, 1), (size - 128, 1)]), [Coordinate(128, 1), Coordinate(size - 128, 1)], 1.0)
    assert (along_all_layers(layers, Q) is not None) == few
    monkeypatch.setattr(gain, "along_whole", lambda *_: math.inf)  # which says nothing
    assert _on_all_entries(1.0, sketch, None, Q.terms) == _on_all_entries(*coin, Q.terms) == []


def test_a_common_basis_has_so_many_columns_and_parts():
    """1,024 columns, and 64 that are not everywhere below another. Catches either limit by one."""
    one = np.ones((1, 1))
    for n in (1024, 1025):
        parts = in_common_basis([(one, np.arange(1.0, n + 1)), (one, np.arange(2.0, n + 2))])
        assert [part.S.item() for part in parts.parts] == [2049] if n == 1024 else parts is None
    for k in (64, 65):
        parts = in_common_basis([(one, np.arange(1.0, k + 1)), (one, np.arange(k, 0.0, -1))])
        assert (len(parts.parts) if parts else None) == (64 if k == 64 else None)


def test_of_sums_that_are_broken(monkeypatch):
    """What each part is below the sum, by its rounding, and what is put together of bounds. Catches either sign."""
    S = [np.diag([3.0, 4.0]), np.diag([1.0, 0.0])]
    sizes = [5.0, 1.0]
    scalars = in_common_basis([*zip(S, (2 * np.eye(3), -np.eye(3)), strict=True)])
    assert [part.off for part in scalars.parts] == [3 * EPS * (2 * 5 + 1)]
    assert (scalars.stretch, scalars.exact) == (1, True)
    assert in_common_basis([(S[0], np.eye(3))]).parts[0].off == 0
    diagonal = in_common_basis([(S[0], np.diag([1.0, 2.0, 1.0])), (S[1], np.diag([2.0, 1.0, 2.0]))])
    assert (len(diagonal.parts), diagonal.exact) == (2, True)
    R = [semidefinite(3, 3, 0), 0.5 * semidefinite(3, 3, 0) + np.eye(3)]
    below = [2 * lapack_rounding(2) * size for size in sizes]
    (part,) = in_common_basis([(S[0], R[0]), (S[1], np.eye(3))]).parts
    top = largest_eigenvalue(R[0])
    assert part.off == math.fsum([top * below[0], below[1]]) + 3 * EPS * (top * 5 + 1)
    mix = np.random.default_rng(0).uniform(1, 2, 2)
    V = np.linalg.eigh(sum(w / np.linalg.norm(M) * M for w, M in zip(mix, R, strict=True)))[1]
    product = 4 * (3 + 2) * EPS * np.linalg.norm(V) ** 2
    numbers, added, lost = _basis(R)
    assert lost == pytest.approx(np.linalg.norm(V.T @ V - np.eye(3)) + product, rel=1e-9, abs=0)
    for M, e, column in zip(R, added, numbers.T, strict=True):
        turned = V.T @ M @ V
        off = np.linalg.norm(turned - np.diag(turned.diagonal())) + product * np.linalg.norm(M)
        assert e == pytest.approx(off, rel=1e-9, abs=0)
        np.testing.assert_array_equal(column, turned.diagonal() + e)
    both = np.array([[2.0, 1.0], [1.0, 3.0]])
    for lost, exact, e in ((0.25, True, 1e-9), (0.49, False, 1.1e-9), (0.5, None, 0.0)):
        monkeypatch.setattr(common_basis, "_basis", lambda _, e=e, lost=lost: (both, [e, 0.0], lost))
        found = in_common_basis([(S[0], np.diag([1.0, 0, 0])), (S[1], R[1])])
        if exact is None:
            assert found is None
            continue
        assert (found.stretch, found.exact) == (1 / (1 - lost) * (1 + 2 * EPS), exact)
        slack = math.fsum([2 * below[0], 3 * below[1]])
        assert [part.off for part in found.parts] == [slack + 3 * EPS * (a * 5 + b) for a, b in ((1, 3), (2, 1))]


def test_of_bounds_that_are_put_together(monkeypatch):
    """Of parts the largest, stretched; of terms the sum, each times the largest eigenvalue. Catches what is below 0."""
    terms = [(np.eye(2), -np.eye(2)), (2 * np.eye(2), 3 * np.eye(2))]
    parts = Parts([Part(np.eye(2), 0.5), Part(np.eye(2), 0.25)], 2.0, exact=False)
    monkeypatch.setattr(common_basis, "in_common_basis", lambda _: parts)
    in_basis, by_terms = splits_of(terms)
    assert [in_basis.combine([1.0, 2.0]), in_basis.combine([2.0, 1.0])] == [4.5, 5]
    assert [by_terms.combine([5.0, 2.0]), by_terms.combine([5.0, -1.0])] == [6, 0]
    assert (in_basis.how, by_terms.how) == (
        "at most: in a basis that they nearly have in common",
        "at most: the sum of those of all terms",
    )
    monkeypatch.setattr(common_basis, "in_common_basis", lambda _: parts._replace(exact=True))
    assert [split.how for split in splits_of(terms)] == [""]
    monkeypatch.setattr(common_basis, "in_common_basis", lambda _: None)
    assert [split.how for split in splits_of(terms)] == [by_terms.how]


@pytest.mark.parametrize("share", [0.999, 1.001])
def test_a_basis_is_in_common_up_to_a_part_in_1e9(share):
    """Of two matrices that nearly commute, by what the eigenvectors of their mixture turn. Catches another limit."""
    a, b = np.random.default_rng(0).uniform(1, 2, 2) / np.sqrt([5, 10])
    turn = b / (a + 2 * b)
    delta = share * 1e-9 / (math.sqrt(2) * max(turn / math.sqrt(5), (1 - 2 * turn) / math.sqrt(10)))
    R = np.array([[1.0, delta], [delta, 3.0]])
    assert in_common_basis([(np.ones((1, 1)), np.diag([1.0, 2.0])), (np.ones((1, 1)), R)]).exact == (share < 1)


def test_a_range_that_is_never_drawn_is_none():
    """A direction that no draw has is left out, with what it is off by. Catches draws of probability zero."""
    axes = FiniteSupport(np.eye(3)[:, :, None], [0.5, 0.5, 0.0])
    assert moments_of(Moments(axes)).basis.shape == (3, 2)
    steep = np.diag([1.0, 2.0, 9.0])
    rounding = (OFF + 8 * 3 * EPS) * np.linalg.norm(steep)
    assert _largest_of_draws(Moments(axes), steep) - 2 == pytest.approx(rounding, rel=1e-4)


def test_of_the_smallest_eigenvalue(monkeypatch):
    """Of a large semidefinite matrix it is zero, less a part in 1e12 of its norm; else its own."""
    S, size = np.array([[2.0, 1.0], [1.0, 2.0]]), math.sqrt(10)
    for large in (1, 2):
        monkeypatch.setattr(one_side, "LARGE", large)
        assert _smallest_eigenvalue(S) == pytest.approx(-1e-12 * size if large == 1 else 1, rel=1e-2)
        assert _smallest_eigenvalue(S - 2 * np.eye(2)) == pytest.approx(-1, rel=1e-12)


@pytest.mark.parametrize("angle", [1e-1, 1e-3])
def test_of_a_range_that_is_nearly_smaller(angle):
    """Two lines that are nearly one: what rounding does is divided by the square of the least singular value."""
    lines = FiniteSupport([[[1.0], [0.0], [0.0]], [[math.cos(angle)], [math.sin(angle)], [0.0]]], [0.5, 0.5])
    assert moments_of(Moments(lines)).off == pytest.approx(OFF * 2 / (2 * math.sin(angle / 2) ** 2), rel=1e-6)


def test_of_the_ends_of_a_side(monkeypatch):
    """What a part is off by counts once for its largest eigenvalue, d times for its trace; both are stretched."""
    parts = Parts([Part(np.diag([4.0, 1.0]), 0.25)], 2.0)
    module = importlib.import_module("rac_theory.gains.effective_dimension")  # the room has the function
    monkeypatch.setattr(module, "in_common_basis", lambda terms: parts)
    (ends,) = module.ends_of_side(Smoothness([(np.eye(2), np.eye(1))]), "left")
    assert float(ends.largest) == pytest.approx((4 + 0.25) * 2, rel=1e-12)
    assert ends.trace == (4 + 1 + 2 * Fraction(1, 4)) * 2


def test_of_moments_that_may_be_off(monkeypatch):
    """By as much as the worst of them: of both sides of a coin, each by its share, and of all layers as often."""
    found = {}
    pairs = [moments_of(Moments(Coordinate(d, 1)))._replace(off=off) for d, off in ((3, 1e-3), (2, 2e-3))]
    for module in (gain, layered, one_side):
        monkeypatch.setattr(module, "largest_ratio", lambda T, K, **off: found.update(off) or 1.0)
    S, R = semidefinite(3, 3, 0), semidefinite(2, 2, 1)
    one_side.along_one_side(WeightedCoordinate(3, 1, [1, 2, 3]), 100 * S)
    assert found == {"off_K": OFF, "off_T": pytest.approx(100 * OFF * np.linalg.norm(S), rel=1e-14, abs=0)}
    for left, right, terms in ((*pairs, (S, R)), (*pairs[::-1], (R, S))):
        gain.along_whole(0.3, left, right, [terms])
        off_T = (0.3 * left.off + 0.7 * right.off) * np.linalg.norm(S) * np.linalg.norm(R)
        assert found == {"off_K": 2e-3, "off_T": pytest.approx(off_T, rel=1e-14, abs=0)}
    monkeypatch.setattr(layered, "moments_of", lambda known: next(each))
    Q = Smoothness([(semidefinite(6, 6, 2), np.ones((1, 1)))])
    algorithm = LayeredRACLoRA(Layers([(3, 1), (2, 1), (1, 1)]), [Coordinate(3, 1), Coordinate(2, 1), None], 1.0)
    for order in (pairs, pairs[::-1]):
        each = iter(order)
        assert along_all_layers(algorithm, Q) is not None
        off_T = 2.01 * 2e-3 * 3 * np.linalg.norm(Q.dense)
        assert found == {"off_K": 2e-3, "off_T": pytest.approx(off_T, rel=1e-14, abs=0)}
