"""The rank of discrete random matrices, against published counts, brute force and bounds."""

import itertools
import math
import time
from fractions import Fraction

import numpy as np
import pytest

from rac_theory.sketches import CountSketch, Rademacher, SparseSigns
from rac_theory.sketches.laws.rank_law import expected_rank, rank_law
from tests.as_one_test import as_one_test

HALF = {1: Fraction(1, 2), -1: Fraction(1, 2)}
SPARSE = {1: Fraction(1, 10), -1: Fraction(1, 10), 0: Fraction(4, 5)}


def rows(entries, rank):
    every = itertools.product(entries, repeat=rank)
    return {row: math.prod((entries[x] for x in row), start=Fraction(1)) for row in every}


@pytest.mark.parametrize(("n", "singular"), [(1, 0), (2, 1), (3, 10), (4, 338), (5, 42976), (6, 21040112)])
def test_singular_sign_matrices_are_as_many_as_published(n, singular):
    """OEIS A046747 counts singular (n - 1) x (n - 1) matrices of 0 and 1; each stands for 2^(2n - 1) of signs. For n =
    2, 3, 4 that makes 8 of 16, 320 of 512 and 43264 of 65536."""
    law = rank_law(rows(HALF, n), n)
    assert sum(law) == 1
    assert (1 - law[n]) * 2 ** (n * n) == singular * 2 ** (2 * n - 1)


@pytest.mark.long
def test_the_law_is_that_of_all_matrices():
    for entries, d, r in (
        (HALF, 4, 3),
        (SPARSE, 3, 2),
        (SPARSE, 2, 4),  # more columns than rows: any law will do
        ({0: Fraction(1, 2), 1: Fraction(1, 3), 3: Fraction(1, 6)}, 3, 3),  # not symmetric
        ({2: Fraction(1, 4), -3: Fraction(3, 4)}, 3, 3),
    ):
        values = np.array(list(itertools.product(entries, repeat=d * r)), dtype=float)
        ranks = np.linalg.matrix_rank(values.reshape(-1, d, r))
        expected = [Fraction(0)] * (r + 1)
        for value, rank in zip(values, ranks, strict=True):
            expected[rank] += math.prod((entries[int(x)] for x in value), start=Fraction(1))
        assert rank_law(rows(entries, r), d) == expected


@pytest.mark.parametrize(("d", "r"), [(1, 1), (3, 2), (5, 3), (7, 7), (40, 6)])
def test_the_count_sketch_is_a_check(d, r):
    """Its rows are signed unit vectors, its rank the number of columns hit: a binomial law of occupancy."""
    unit = [tuple(int(i == j) * sign for j in range(r)) for i in range(r) for sign in (1, -1)]
    law = rank_law(dict.fromkeys(unit, Fraction(1, 2 * r)), d)
    mean = sum(k * p for k, p in enumerate(law))
    assert mean == r * (1 - (1 - Fraction(1, r)) ** d)
    assert np.trace(CountSketch(d, r).expected_projection()) == pytest.approx(float(mean), rel=1e-14, abs=0)


def test_rows_that_do_not_span_and_rows_that_are_always_zero():
    """And as many lines as bits of a word: k lines of the plane, each as likely, have all rows in the same with k^(1 -
    d). Of numbers, 2 64 + 1 at most."""
    assert rank_law({(1, 1): Fraction(1, 2), (-2, -2): Fraction(1, 2)}, 3) == [0, 1]
    assert rank_law({(1, 1): Fraction(1, 2), (0, 0): Fraction(1, 2)}, 3) == [Fraction(1, 8), Fraction(7, 8)]
    assert rank_law({(0, 0): Fraction(1)}, 3) == [1]
    for k in (64, 65):
        law = rank_law({(1, i): Fraction(1, k) for i in range(k)}, 3)
        assert law == ([0, Fraction(1, k**2), 1 - Fraction(1, k**2)] if k == 64 else None)
    for k in (129, 130):
        mean = expected_rank({i: Fraction(1, k) for i in range(k)}, 2, 1)
        assert mean == (1 - Fraction(1, k**2) if k == 129 else None)


def test_of_a_column_it_is_whether_an_entry_is_not_zero():
    """Of signs never, also where Odlyzko's bound would do. Catches any other entry in the place of zero."""
    assert expected_rank(HALF, 100, 1) == 1
    assert expected_rank({0: Fraction(1, 2), 2: Fraction(1, 2)}, 3, 1) == Fraction(7, 8)


@as_one_test("d", range(2, 60))
def test_two_columns_of_signs(d):
    """E[rank] = 2 - 2^(1 - d), also where Odlyzko's bound takes over. Until d = 40, r = 2 is off by 1e-12."""
    mean = float(expected_rank(HALF, d, 2))
    assert mean == pytest.approx(2 - 2.0 ** (1 - d), abs=1e-15)
    assert (mean < 2 - 1e-12) == (d <= 40)


@pytest.mark.parametrize("r", [2, 3, 6])
def test_odlyzko_bounds_what_is_lost(r):
    for d in (r, r + 1, r + 5, r + 20):
        lost = r - expected_rank(HALF, d, r)
        assert 0 < lost < Fraction(1, 2 ** (d - r))


@pytest.mark.parametrize("r", [1, 2, 4])
def test_the_general_bound_takes_over_without_a_jump(r):
    """Around the threshold of 1e-15 the exact value and what stands for it differ by half of that, for zeros too."""
    dims = range(140, 180)
    means = [expected_rank(SPARSE, d, r) for d in dims]
    beyond = r - Fraction(1, 2 * 10**15)
    assert any(mean == beyond for mean in means)
    assert any(mean < beyond for mean in means)
    for d, mean in zip(dims, means, strict=True):
        law = rank_law(rows(SPARSE, r), d)
        assert float(abs(mean - sum(k * p for k, p in enumerate(law)))) < 5e-16


@pytest.mark.parametrize(("entries", "r"), [(HALF, 3), (SPARSE, 2)], ids=["signs", "sparse"])
def test_the_general_bound_takes_over_where_it_is_a_part_in_1e15(entries, r):
    """q^(d - r + 1) / (1 - q), as it is written. Catches another power of q."""
    q = max(entries.values())
    first = next(d for d in range(r, 300) if q ** (d - r + 1) / (1 - q) < Fraction(1, 10**15))
    beyond = r - Fraction(1, 2 * 10**15)
    assert expected_rank(entries, first, r) == beyond != expected_rank(entries, first - 1, r)


@pytest.mark.long
def test_beyond_the_limits_there_is_no_closed_form_and_no_long_wait():
    start = time.process_time()
    assert Rademacher(9, 7).expected_projection() is None
    assert Rademacher(30, 30).expected_projection() is None
    assert SparseSigns(9, 5, 0.2).expected_projection() is None
    assert Rademacher(60, 7).expected_projection()[0, 0] == pytest.approx(7 / 60, rel=1e-15, abs=0)
    assert SparseSigns(300, 40, 0.5).expected_projection()[0, 0] == pytest.approx(40 / 300, rel=1e-15, abs=0)
    assert Rademacher(6, 6).expected_projection() is not None
    assert SparseSigns(5, 4, 0.2).expected_projection() is not None
    assert time.process_time() - start < 10  # of the processor; 1.5 s where it was written


def test_a_float_density_is_the_decimal_that_it_prints_as():
    one_fifth = SparseSigns(3, 2, Fraction(1, 5)).expected_projection()
    for p in (0.2, np.float64(0.2)):
        np.testing.assert_array_equal(SparseSigns(3, 2, p).expected_projection(), one_fifth)
    thirds = [SparseSigns(3, 2, p).expected_projection()[0, 0] for p in (1 / 3, Fraction(1, 3))]
    assert thirds[0] == pytest.approx(thirds[1], rel=1e-15, abs=0)
