"""Projections against the explicit pseudo-inverse and exact arithmetic; sums of logarithms that share one."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rac_theory.numerics import rational
from rac_theory.numerics.linalg import largest_logarithm, orthonormal_range, project, projection, sum_of_logarithms
from tests.as_one_test import as_one_test

RNG = np.random.default_rng(0)
EPS = np.finfo(float).eps
seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.tuples(st.integers(1, 7), st.integers(1, 7)), st.integers(0, 3))
def test_is_an_orthogonal_projection_of_the_right_rank(seed, shape, lost):
    """H = H' = H^2 and trace H = rank, also where columns repeat or vanish: a bare QR would give trace r."""
    d, r = shape
    rng = np.random.default_rng(seed)
    S = rng.standard_normal((4, d, r))
    for column in range(1, min(lost, r - 1) + 1):
        S[..., column] = S[..., 0] * column if column % 2 else 0.0
    H = projection(S)
    np.testing.assert_allclose(H, np.swapaxes(H, 1, 2), atol=1e-13)
    np.testing.assert_allclose(H, H @ H, atol=1e-12)
    np.testing.assert_allclose(np.trace(H, axis1=1, axis2=2), min(d, r - min(lost, r - 1)), atol=1e-11)
    np.testing.assert_allclose(H @ S, S, atol=1e-11)
    G = rng.standard_normal((4, d, 2))
    np.testing.assert_allclose(project(S, G), H @ G, atol=1e-12)
    np.testing.assert_allclose(project(S[0], G[0]), H[0] @ G[0], atol=1e-12)


def test_ill_conditioned_columns_match_exact_arithmetic():
    """Nearly parallel integer columns, condition number 1e6: the normal equations would lose twelve digits here."""
    columns = np.array([[10**6, 10**6 + 1], [10**6, 10**6], [10**6, 10**6 - 1], [10**6, 10**6 + 2]])
    H = projection(columns.astype(float))
    exact = rational.projection(rational.rational(columns.tolist()))
    np.testing.assert_allclose(H, np.array(exact, dtype=float), atol=1e-9)
    np.testing.assert_allclose(H @ H, H, atol=1e-15)


@as_one_test("scale", [1e-300, 1e-160, 1e-141, 1e-12, 1e12, 1e141, 1e160, 1e300])
def test_the_scale_of_a_column_does_not_matter(scale):
    for shape in ((6, 3), (40, 5)):
        S = np.random.default_rng(0).standard_normal(shape)
        S[2] = 0.0
        scaled = S * np.where(np.arange(shape[1]) == 1, scale, 1.0)
        np.testing.assert_allclose(projection(scaled), projection(S), atol=1e-12)


def test_rank_is_decided_by_the_stated_tolerance():
    """Two unit columns at angle 1e-12 are independent, at 1e-17 they are one: d eps is about 1e-15 here."""
    e = np.eye(5)
    for angle, rank in ((1e-12, 2), (1e-17, 1)):
        S = np.stack([e[0], e[0] + angle * e[1]], axis=1)
        assert np.count_nonzero(np.any(orthonormal_range(S) != 0, axis=0)) == rank
    for ratio, rank in ((10, 1), (60, 2)):  # of singular values, in eps; d = 40, whatever the batch
        S = np.tile(np.eye(40)[:, :1], (100, 1, 2))
        S[:, 1, 1] = 2 * ratio * 2.0**-52
        assert np.count_nonzero(np.any(orthonormal_range(S)[0] != 0, axis=0)) == rank


@given(seeds, st.integers(1, 6), st.integers(0, 3))
def test_full_row_rank_returns_the_gradient_bit_for_bit(seed, d, more):
    rng = np.random.default_rng(seed)
    G = rng.standard_normal((2, d, 3))
    S = rng.standard_normal((2, d, d + more))
    S[:, 0, 1:] = S[:, 1:, 0] = 0.0  # of which a column of Q has zeros
    np.testing.assert_array_equal(project(S, G), G)


def test_a_zero_sketch_projects_to_zero():
    assert not project(np.zeros((2, 4, 2)), np.ones((2, 4, 3))).any()
    assert not project(np.zeros((2, 1, 1)), np.ones((2, 1, 3))).any()


def test_a_batch_of_good_and_bad_draws_equals_its_single_draws():
    """Only the doubtful draws take the slow path, and the others must not notice.

    To the last bit beside others that are good; alone to rounding, as products of a batch may add in another order.
    """
    S = np.random.default_rng(1).standard_normal((6, 5, 3))
    G = np.random.default_rng(2).standard_normal((6, 5, 2))
    good = project(S, G)
    S[1, :, 2], S[4] = S[1, :, 0] + S[1, :, 1], 0.0
    beside = project(S, G)
    np.testing.assert_array_equal(beside[[0, 2, 3, 5]], good[[0, 2, 3, 5]])
    alone = np.stack([project(s, g) for s, g in zip(S, G, strict=True)])
    np.testing.assert_allclose(beside, alone, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("batch", [1, 63, 64])
@pytest.mark.parametrize(("d", "r"), [(16, 1), (16, 4), (17, 1), (17, 4), (16, 5), (40, 3), (40, 16)])
def test_every_route_gives_the_range_and_no_draw_sees_another(d, r, batch):
    """Across the batch, by elimination, by LAPACK, on both sides of what decides between them.

    Catches a factor that is transposed or solved from the wrong side, and rows that were dealt to another matrix. The
    second half spoils half of the draws, which then take the slow road: the others keep every bit.
    """
    S = np.random.default_rng(d + r).standard_normal((batch, d, r))
    Q = orthonormal_range(S)
    np.testing.assert_allclose(np.swapaxes(Q, 1, 2) @ Q, np.broadcast_to(np.eye(r), (batch, r, r)), atol=1e-13)
    np.testing.assert_allclose(Q @ np.swapaxes(Q, 1, 2), S @ np.linalg.pinv(S), atol=1e-12)
    np.testing.assert_allclose(orthonormal_range(np.asfortranarray(S)), Q, atol=1e-12)
    np.testing.assert_allclose(orthonormal_range(S[0]), Q[0], atol=1e-12)
    np.testing.assert_allclose(orthonormal_range(S[None]), Q[None], atol=1e-12)
    if r > 1:  # nearly parallel columns of any length take a slower road
        close = 1e9 * S
        close[..., 1] = close[..., 0] + 1e-7 * close[..., 1]
        H = projection(close)
        np.testing.assert_allclose(H @ H, H, atol=1e-13)
    spoiled = S.copy()
    spoiled[::2] = np.resize([0.0, 1.0, 1e-200, 1e200], (len(S[::2]), d, r))
    np.testing.assert_array_equal(orthonormal_range(spoiled)[1::2], Q[1::2])


@as_one_test("N", [*range(10), 100])
def test_every_number_counts_once(N):
    """In a sum of logarithms, against 40 digits, also those left over. Catches one that is lost or met twice."""
    numbers = np.exp(RNG.uniform(0, 5, (3, 2, N)))
    with localcontext(prec=40):
        exact = [[float(sum(Decimal(x).ln() for x in row)) for row in rows] for rows in numbers.tolist()]
    found = sum_of_logarithms(numbers)
    assert found.shape == (3, 2)
    np.testing.assert_allclose(found, exact, rtol=4 * EPS, atol=2 * EPS * N)


def test_small_ones_keep_their_digits():
    """As many as one logarithm of each would keep: a number is rounded by eps/2, and a product by three times that."""
    numbers = 1 + RNG.uniform(0, 1e-12, 400)
    exact = np.log1p((numbers - 1).astype(np.longdouble)).sum()
    assert abs(sum_of_logarithms(numbers) - float(exact)) <= 400 * EPS / 2


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_largest_have_room(dtype):
    """Neither do products overflow, nor is what is left out of a larger loss more than a rounding of one."""
    largest = largest_logarithm(np.dtype(dtype))
    numbers = 1 + np.exp(np.full((2, 9), largest, dtype))
    found = sum_of_logarithms(numbers)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, 9 * largest, rtol=4 * np.finfo(dtype).eps)
    assert np.exp(-largest) < np.finfo(dtype).eps / 2
    with np.errstate(over="ignore"):  # three tenths more is too much, or the test could not fail
        assert np.isinf(sum_of_logarithms(np.exp(np.full(4, 1.3 * largest, dtype))))


def test_a_run_does_not_see_its_neighbours():
    numbers = np.exp(RNG.uniform(0, 5, (3, 11)))
    alone = sum_of_logarithms(numbers[1])
    numbers[0], numbers[2] = np.nan, np.inf
    assert sum_of_logarithms(numbers)[1] == alone
