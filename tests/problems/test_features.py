"""The products and bounds of a feature matrix, against plain NumPy; its rank, which is never too small."""

import math

import numpy as np
import pytest
from scipy import sparse

from rac_theory.problems import LeastSquares, LogisticRegression, NonconvexLogistic, SoftmaxRegression
from rac_theory.problems.features import (
    adjoint,
    adjoint_rounding,
    features,
    gradient_rounding,
    gram,
    gram_of_columns,
    largest_gram_eigenvalue,
    loss_rounding,
    rank_bound,
    rank_tolerance,
    score_errors,
    scores,
    singular_values,
    squared_row_norms,
)
from tests.as_one_test import as_one_test

RNG = np.random.default_rng(15)
DENSE = RNG.normal(size=(12, 5)) * (RNG.random((12, 5)) < 0.6)


@pytest.fixture(params=[np.array, sparse.csr_array], ids=["dense", "sparse"])
def kind(request):
    return request.param


def test_scores_and_their_adjoint(kind):
    X = features("X", kind(DENSE))
    for batch in ((), (4,), (2, 3), (0,)):
        W, Z = RNG.normal(size=(*batch, 5, 3)), RNG.normal(size=(*batch, 3, 12))
        np.testing.assert_allclose(scores(X, W), np.swapaxes(DENSE @ W, -1, -2), rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(adjoint(X, Z), DENSE.T @ np.swapaxes(Z, -1, -2), rtol=1e-13, atol=1e-14)


def test_singular_values_and_the_largest_eigenvalue(kind):
    """Whatever the blocks; a tight bound, from the smaller Gram matrix. Of more rows than columns, and of fewer."""
    exact = np.linalg.svd(DENSE, compute_uv=False)
    for M in (features("X", kind(DENSE)), features("X", kind(DENSE.T))):
        for block in (1, 3, 5, 100):
            np.testing.assert_allclose(singular_values(M, block), exact, rtol=1e-13)
        assert exact[0] ** 2 <= largest_gram_eigenvalue(M) <= exact[0] ** 2 * (1 + 1e-12)
        assert gram(M)[0].shape == (5, 5)


def test_a_sparse_batch_is_summed_as_precisely_as_a_single_matrix():
    """A sum over samples that is not pairwise is off by 1e-12 here."""
    N = 200_000
    rng = np.random.default_rng(0)
    X = sparse.csr_array((rng.normal(size=N), (np.arange(N), rng.integers(0, 40, N))), shape=(N, 40))
    labels = rng.integers(0, 3, N)
    for problem in (
        LeastSquares(X, rng.normal(size=(N, 2)), l2=0.1),
        LogisticRegression(X, labels > 0),
        NonconvexLogistic(X, labels > 0, lam=0.1),
        SoftmaxRegression(X, labels),
    ):
        W = rng.normal(size=(3, *problem.shape))
        np.testing.assert_allclose(problem.value(W), [problem.value(one) for one in W], rtol=1e-14)


def test_each_allowance_is_the_one_that_is_derived(kind):
    """In roundings, by hand: N = 3, d = 2, k = 3, |X| |W| has 3, 8, 0 and 3, 0, 0. Catches each other number."""
    X, W, eps = kind(np.array([[3.0, 0.0], [0.0, -4.0], [0.0, 0.0]])), np.array([[1.0, -1, 0], [2, 0, 0]]), 2.0**-52
    np.testing.assert_allclose(score_errors(X, W) / eps, 4 * np.array([[3, 8, 0], [3, 0, 0], [0, 0, 0]]))
    assert loss_rounding(X, W, 0.5) / eps == pytest.approx(2 * 32 * 0.5 + (64 + 3 + 4 * 8) * 1.5)
    far = 2 * 32e3 * 0.5 + (64 + 3 + 2 * math.log(1.7976931348623157e308)) * 1.5
    assert loss_rounding(X, 1e3 * W, 0.5) / eps == pytest.approx(far)
    assert adjoint_rounding(X, np.ones((1, 3))) / eps == pytest.approx(38 * 5)
    whole = 38 * 5 / 3 + 32 * 7 * 6**0.5 + (12 / 3) ** 0.5 * 4 * 82**0.5
    assert gradient_rounding(X, W, 7.0, 12.0) / eps == pytest.approx(whole)
    assert rank_tolerance(X, np.array([4.0, 3.0])) / eps == pytest.approx((4 * 3 + 8) * 4)
    assert squared_row_norms(X).tolist() == [9 * (1 + 6 * eps), 16 * (1 + 6 * eps), 0.0]
    assert squared_row_norms(1e-170 * X)[0] == 1e-300
    assert gram_of_columns(X)[1] / eps == pytest.approx((3 + 4) * 25)
    assert gram_of_columns(X.T)[1] / eps == pytest.approx((3 + 4) * 25)


def test_units_whose_squares_are_no_floats_are_named(kind):
    """The same numbers in 9 rows are moderate, and in 4 rows not. Catches a sum for the mean, and columns for rows."""
    few, many = np.full((4, 9), 1.2e37), np.full((9, 4), 1.2e37)
    features("X", kind(many))
    LeastSquares(np.ones((9, 1)), many)
    with pytest.raises(ValueError, match=r"Y must have a mean square of size .*, got 1\.3e\+75"):
        LeastSquares(np.ones((4, 1)), few)
    with pytest.raises(ValueError, match=r"X must have a mean squared norm of its rows of size .*, got 1\.3e\+75"):
        features("X", kind(few))
    for scale in (1e-162, 1e150, 1e200):
        with pytest.raises(ValueError, match=r"X must have a largest entry of size 1e-75..1e75, got .*other units"):
            features("X", kind(scale * DENSE))


def test_every_sparse_format_is_the_same_matrix():
    """It stays sparse, and is copied; duplicates add up."""
    for form in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil"):
        for family in (sparse.csr_array, sparse.csr_matrix):
            X = features("X", family(DENSE).asformat(form))
            np.testing.assert_array_equal(X.toarray(), DENSE)
            assert X.has_canonical_format
            assert not any(part.flags.writeable for part in (X.data, X.indices, X.indptr))
    mine = sparse.coo_array(([1.0, 2.0, 4.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    X = features("X", mine)
    assert isinstance(X, sparse.csr_array)
    np.testing.assert_array_equal(X.toarray(), [[0, 3], [4, 0]])
    assert not X.data.flags.writeable
    assert mine.data.flags.writeable


@as_one_test("dtype", [np.int8, np.uint16, np.int64, bool])
def test_integers_that_stand_there_twice_are_named(dtype):
    """100 + 100 is -56 in one byte, and True + True is True; what stands there once is fine."""
    twice = (np.array([100, 100, 1]).astype(dtype), ([0, 0, 1], [1, 1, 0]))
    once = sparse.coo_array((np.array([100, 1]).astype(dtype), ([0, 1], [1, 0])), shape=(2, 2))
    with pytest.raises(ValueError, match=f"X must list each entry once, as {np.dtype(dtype)} may wrap around, got 1 "):
        features("X", sparse.coo_array(twice, shape=(2, 2)))
    unsorted = sparse.csr_array((twice[0], np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    with pytest.raises(ValueError, match="X must list each entry once"):
        features("X", unsorted)
    for made in (once, once.tolil().tocoo()):
        np.testing.assert_array_equal(features("X", made).toarray(), once.toarray().astype(float))


def test_sparse_matrices_that_are_none_are_named():
    """Where indices lead out of a matrix SciPy reads beyond its memory."""
    for part in ("indices", "indptr"):
        X = sparse.csr_array(DENSE)
        getattr(X, part)[1] = 1000
        with pytest.raises(ValueError, match="X must be a sparse matrix that SciPy can read, got "):
            features("X", X)
    for data, came in (([1j], "complex numbers"), (np.array([np.nan]), "1 nan or infinite")):
        with pytest.raises(ValueError, match=f"X must be .*got {came}"):
            features("X", sparse.coo_array((data, ([0], [0])), shape=(2, 2)))


RANKS = [
    ([[1, 1], [1, 1 + 2.0**-52]], 2),
    ([[1, 1], [1, 1]], 1),
    ([[1, 0], [1, 1e-17], [1, 0]], 2),
    ([[0.1, 0.3], [1, 3]], 2),  # the float 0.3 is not three times the float 0.1
    ([[0.1, 0.2], [1, 2]], 1),
    ([[1e100, 1e-100], [1e-100, 1e-300]], 2),
    ([[0, 0, 1], [0, 0, -2]], 1),
    ([[0, 1, 2], [0, 2, 4], [1, 5, 5], [2, 11, 12]], 2),
    ([[-0.0, 0.0]], 0),
]


def test_small_matrices_are_decided(kind):
    """Products of integers have the rank of their factors. A matrix whose rank is asked is left alone."""
    for X, expected in RANKS:
        assert rank_bound(kind(np.array(X, float))) == rank_bound(kind(np.array(X, float).T)) == expected, X
    for N, d, true in [(5, 5, 1), (5, 5, 3), (5, 9, 3), (5, 9, 5), (9, 5, 1), (9, 5, 5)] * 10:
        X = (RNG.integers(-4, 5, (N, true)) @ RNG.integers(-4, 5, (true, d))).astype(float)
        assert rank_bound(kind(X)) == np.linalg.matrix_rank(X)
    X = sparse.csr_array(([1.0, 0.0], ([0, 1], [0, 1])), shape=(2, 2))
    assert (rank_bound(X), X.nnz) == (1, 2)


def test_large_matrices_are_decided_by_their_distinct_lines(kind, monkeypatch):
    """Columns that are repeated count once, those that are merely dependent do not."""
    monkeypatch.setitem(rank_bound.__globals__, "ELIMINATION_LIMIT", 0)
    X = RNG.normal(size=(20, 4))
    assert rank_bound(kind(X[:, [0, 1, 1, 3]])) == 3
    assert rank_bound(kind(X[[0, 1, 1, 1, 0]])) == 2
    assert rank_bound(kind(X * [1, 0, 1, 0])) == 2
    assert rank_bound(kind(X[:, [0, 1, 1]] * [1, 1, 2])) == 3
