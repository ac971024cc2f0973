"""lambda_min: the closed form, and the sampled lower bound's coverage and sharpness."""

import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import spectrum
from rac_theory.numerics import rational
from rac_theory.numerics.confidence import kl_lower, kl_upper
from rac_theory.numerics.eigenvalues import extreme_eigenvalues
from rac_theory.numerics.linalg import projection
from rac_theory.sketches import FiniteSupport, Frozen, Haar, SparseSigns, named_sketch
from rac_theory.sketches.spectra import NO_SKETCH, UNKNOWN, _bounds, slowdown
from tests.refused import refused
from tests.sketches.without_claims import WithoutClaims


def test_a_frozen_sketch_has_lambda_min_zero_exactly():
    """Not 1e-17, which would make a theorem applicable: its bound would be vacuous, its verdict not."""
    known = spectrum(Frozen(np.random.default_rng(0).standard_normal((6, 3))))
    assert known.lambda_min == 0
    assert known.lambda_max == 1
    assert spectrum(Frozen(np.random.default_rng(0).standard_normal((3, 3)))).lambda_min == 1


@pytest.mark.parametrize(("p", "n"), [(0.1, 40), (0.9, 1000)])
def test_kl_bounds_solve_their_equation(p, n):
    """n KL(p, q) = log(1/alpha) at both ends, with KL written out here; a factor of two in KL would fail."""

    def kl(p, q):
        return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))

    low, high = kl_lower(p, n, 1e-3), kl_upper(p, n, 1e-3)
    assert 0 < low < p < high < 1
    assert n * kl(p, low) == pytest.approx(math.log(1e3), rel=1e-6)
    assert n * kl(p, high) == pytest.approx(math.log(1e3), rel=1e-6)


@pytest.mark.parametrize("name", ["haar", "weighted_coordinate"])
def test_all_four_ends_cover_without_a_factor_of_dimension(name):
    """Directions fixed beforehand: 200 repetitions at 0.05 each; a binomial exceeds 20 with probability 1.2e-3. The
    largest eigenvalue of the mean as a lower bound fails nearly always; how near the ends are is asked below."""
    sketch = named_sketch(name, 24, 1)
    truth = spectrum(sketch)
    found = [spectrum(WithoutClaims(sketch), alpha=0.05, draws=600, rng=seed) for seed in range(200)]
    assert sum(s.lambda_min > truth.lambda_min for s in found) <= 20
    assert sum(s.lambda_min_upper < truth.lambda_min for s in found) <= 20
    assert sum(s.lambda_max_lower > truth.lambda_max for s in found) <= 20
    assert sum(s.lambda_max < truth.lambda_max for s in found) <= 20
    assert all(s.lambda_min <= s.lambda_min_upper and s.lambda_max_lower <= s.lambda_max for s in found)
    assert {(s.how, s.alpha, s.draws) for s in found} == {("sampled", 0.05, 600)}


def test_the_other_end_cannot_be_had_from_the_eigenvalue_of_the_mean():
    """The smallest eigenvalue of a mean of y d draws lies about 2/sqrt(y) below, relatively: its upper bound fails.
    Level 0.3, 40 repetitions: a bound that keeps its level fails more than 20 times with probability 2e-3."""
    found = [spectrum(WithoutClaims(Haar(50, 1)), alpha=0.3, draws=2_500, rng=seed) for seed in range(40)]
    assert sum(kl_upper(extreme_eigenvalues(s.matrix)[0], 2_500, 0.3) < 0.02 for s in found) > 30
    assert sum(s.lambda_min_upper < 0.02 for s in found) <= 20


def test_the_interval_is_not_idle():
    """At 64 x 4 and 65,536 draws both ends are within 10% of 1/16."""
    found = spectrum(WithoutClaims(Haar(64, 4)), rng=0)
    assert 0.9 / 16 < found.lambda_min < 1 / 16 < found.lambda_min_upper < 1.1 / 16
    assert 0.9 / 16 < found.lambda_max_lower < 1 / 16 < found.lambda_max < 1.1 / 16


def test_sampling_stops_when_the_interval_is_narrow_enough():
    sketch = WithoutClaims(Haar(8, 2))
    wide, narrow = (spectrum(sketch, width=width, draws=10**6, rng=0) for width in (0.5, 0.1))
    assert wide.draws < narrow.draws < 10**6
    for found, width in ((wide, 0.5), (narrow, 0.1)):
        assert found.lambda_min_upper - found.lambda_min <= width * found.lambda_min
    assert spectrum(sketch, width=1e-6, draws=5_000, rng=0).draws == 5_000


@pytest.mark.parametrize("width", [None, 0.5, 0.1])
def test_each_look_is_at_its_level(width):
    """Level alpha / (k (k + 1)) at the k-th look, and alpha at the only one; directions are those of the look before.
    Catches another level, and draws that chose a direction among those that it sees."""
    sketch, alpha, block = Haar(8, 2), 1e-3, 2560  # of 40,960 numbers
    most = 8 * block if width is None else 10**6
    found = spectrum(WithoutClaims(sketch), alpha=alpha, width=width, draws=most, rng=0)
    looks = 1 + round(math.log2(found.draws / block))
    assert found.draws == block * 2 ** (looks - 1)
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(0)))
    total, sums, u = np.zeros((8, 8)), np.zeros(2), np.zeros((8, 2))  # the first draws are seen along no direction
    for k in range(1, looks + 1):
        before = total.copy()
        for _ in range(1 if k == 1 else 2 ** (k - 2)):
            total += projection(sketch.sample(rng, block)).sum(axis=0)
        sums += np.einsum("di,de,ei->i", u, total - before, u)
        u = np.linalg.eigh(total)[1][:, [0, -1]]
    np.testing.assert_allclose(found.matrix, total / found.draws, rtol=1e-12, atol=1e-12)
    low, high = extreme_eigenvalues(found.matrix)
    n, seen, level = found.draws, found.draws - block, alpha if width is None else alpha / (looks * (looks + 1))
    ends = (kl_lower(low, n, level), kl_upper(high, n, level))
    others = (kl_upper(sums[0] / seen, seen, level), kl_lower(sums[1] / seen, seen, level))
    assert (found.lambda_min, found.lambda_max) == pytest.approx(ends, rel=1e-11)
    assert (found.lambda_min_upper, found.lambda_max_lower) == pytest.approx(others, rel=1e-11)
    assert looks > 1


def test_stopping_keeps_the_level():
    """Stopped at whatever checkpoint it likes, the lower bound is above the truth in at most 20 of 200, at 0.05."""
    sketch = named_sketch("coordinate", 6, 1)
    found = [spectrum(WithoutClaims(sketch), alpha=0.05, width=0.6, draws=4_000, rng=seed) for seed in range(200)]
    assert len({s.draws for s in found}) > 1
    assert sum(s.lambda_min > 1 / 6 for s in found) <= 20
    assert sum(s.lambda_min_upper < 1 / 6 for s in found) <= 20


THREE_VALUES = FiniteSupport([[[1], [0]], [[0], [1]], [[1], [1]]], [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)])
"""A finite support and no closed form: two coordinates and a diagonal, in unequal shares."""


def test_enumeration():
    """E[H] = [[7, 1], [1, 5]] / 12: eigenvalues (6 -+ sqrt 2) / 12, also in Fractions. Catches an end on the other
    side."""
    known = spectrum(THREE_VALUES)
    assert known.how == "enumerated"
    np.testing.assert_allclose(known.matrix, np.array([[7, 1], [1, 5]]) / 12, rtol=1e-14)
    low, high = (6 - math.sqrt(2)) / 12, (6 + math.sqrt(2)) / 12
    assert low * (1 - 1e-11) < known.lambda_min < low
    assert high < known.lambda_max < high * (1 + 1e-11)
    known = spectrum(THREE_VALUES, exact=True)
    assert known.matrix.tolist() == [[Fraction(7, 12), Fraction(1, 12)], [Fraction(1, 12), Fraction(5, 12)]]
    assert known.expected_rank == 1
    assert isinstance(known.lambda_min, Fraction)
    # Irrational: the bounds are on the safe side of p(x) = 0 with p(x) = (7/12 - x)(5/12 - x) - 1/144, and near.
    for x, root in ((known.lambda_min, low), (known.lambda_max, high)):
        assert (Fraction(7, 12) - x) * (Fraction(5, 12) - x) - Fraction(1, 144) > 0
        assert float(x) == pytest.approx(root, abs=2e-15)
    frozen = spectrum(Frozen(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])), exact=True)
    assert (frozen.lambda_min, frozen.lambda_max, frozen.expected_rank) == (0, 1, 2)
    assert frozen.matrix[0].tolist() == [Fraction(5, 6), Fraction(1, 3), Fraction(-1, 6)]


def test_a_multiple_of_the_identity_is_exact_whatever_its_denominator():
    """Entries of probability 123/2000: E[H] = c I, a denominator far above a million. And of dependent columns."""
    sketch = SparseSigns(3, 2, p=Fraction(123, 1000))
    known = spectrum(sketch, exact=True)
    assert known.lambda_min == known.lambda_max == known.matrix[0, 0]
    assert known.lambda_min.denominator > 10**6
    assert float(known.lambda_min) == pytest.approx(float(spectrum(sketch).lambda_min))
    S = rational.rational([[1, 2, 0], [2, 4, 0], [0, 0, 0]])
    expected = [[Fraction(1, 5), Fraction(2, 5), 0], [Fraction(2, 5), Fraction(4, 5), 0], [0, 0, 0]]
    assert rational.projection(S) == expected


def test_ends_of_arguments():
    """And exact needs a small support."""
    sketch, exact = WithoutClaims(Haar(2, 1)), "exact must be False for a sketch without a small finite support"
    refused(
        (lambda: spectrum(sketch, alpha=0.0), "^alpha must be"),
        (lambda: spectrum(sketch, alpha=1.0), "^alpha must be"),
        (lambda: spectrum(sketch, draws=0), "^draws must be"),
        (lambda: spectrum(sketch, width=0.0), "^width must be"),
        (lambda: spectrum(Haar(3, 1), exact=True), exact),
    )
    first = spectrum(sketch, alpha=0.999, draws=1, rng=0)
    assert (first.draws, first.lambda_min_upper, first.lambda_max_lower) == (1, 1, 0)  # it is seen along no direction


def test_what_is_seen_of_an_end_is_a_share():
    """Sums that are rounded below 0 or above 1, where no bound of a share is; and what is never seen is no progress."""
    seen = SimpleNamespace(seen=10, sums=np.array([-1e-15, 10 + 1e-14]))
    known = _bounds(np.diag([-1e-15, 1 + 1e-15]), 20, seen, 0.1, 0.4)
    assert known.lambda_min_upper == kl_upper(0, 10, 0.1)
    assert known.lambda_max_lower == kl_lower(1, 10, 0.1)
    assert (known.lambda_min, known.lambda_max) == (0, 1)
    assert (slowdown(0), slowdown(Fraction(1, 4))) == (math.inf, 4)


def test_a_spectrum_draws_itself():
    ax = spectrum(named_sketch("weighted_coordinate", 5, 1)).plot()
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), np.linspace(2, 1, 5) / 7.5)


def test_only_what_a_sketch_declares_is_on_trust():
    """Of no sketch all is known. Catches a gradient descent whose constants are said to be taken on trust."""
    for known, provenance in ((NO_SKETCH, "closed form of E[H]"), (UNKNOWN, "unknown of E[H]")):
        assert (known.on_trust, known.provenance) == (False, provenance)
