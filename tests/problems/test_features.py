"""The products and bounds of a feature matrix, against plain NumPy."""

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
    rank_tolerance,
    score_errors,
    scores,
    singular_values,
    squared_row_norms,
)

RNG = np.random.default_rng(15)
DENSE = RNG.normal(size=(12, 5)) * (RNG.random((12, 5)) < 0.6)
KINDS = {"dense": DENSE, "sparse": sparse.csr_array(DENSE)}


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def X(request):
    return features("X", request.param)


@pytest.mark.parametrize("batch", [(), (4,), (2, 3), (0,)])
def test_scores_and_their_adjoint(X, batch):
    W, Z = RNG.normal(size=(*batch, 5, 3)), RNG.normal(size=(*batch, 3, 12))
    np.testing.assert_allclose(scores(X, W), np.swapaxes(DENSE @ W, -1, -2), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(adjoint(X, Z), DENSE.T @ np.swapaxes(Z, -1, -2), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("kind", [np.array, sparse.csr_array])
@pytest.mark.parametrize("block", [1, 3, 5, 100])
def test_singular_values_are_exact_whatever_the_blocks(kind, transposed, block):
    M = features("X", kind(DENSE.T if transposed else DENSE))
    np.testing.assert_allclose(singular_values(M, block), np.linalg.svd(DENSE, compute_uv=False), rtol=1e-13)


def test_the_largest_eigenvalue_is_a_bound_and_tight(X):
    """Of more rows than columns and of fewer, from the smaller of the two Gram matrices."""
    exact = np.linalg.norm(DENSE, 2) ** 2
    for M in (X, sparse.csr_array(X.T) if sparse.issparse(X) else X.T):
        assert exact <= largest_gram_eigenvalue(M) <= exact * (1 + 1e-12)
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


@pytest.mark.parametrize("kind", [np.array, sparse.csr_array])
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


@pytest.mark.parametrize("kind", [np.array, sparse.csr_array])
def test_rows_have_a_mean_squared_norm_of_moderate_size(kind):
    """The same numbers in 9 rows are moderate, and in 4 rows not. Catches a sum for the mean, and columns for rows."""
    few, many = np.full((4, 9), 1.2e37), np.full((9, 4), 1.2e37)
    features("X", kind(many))
    LeastSquares(np.ones((9, 1)), many)
    with pytest.raises(ValueError, match=r"Y must have a mean square of size .*, got 1\.3e\+75"):
        LeastSquares(np.ones((4, 1)), few)
    with pytest.raises(ValueError, match=r"X must have a mean squared norm of its rows of size .*, got 1\.3e\+75"):
        features("X", kind(few))


@pytest.mark.parametrize("scale", [1e-162, 1e150, 1e200])
@pytest.mark.parametrize("kind", [np.array, sparse.csr_array])
def test_units_whose_squares_are_no_floats_are_named(kind, scale):
    with pytest.raises(ValueError, match=r"X must have a largest entry of size 1e-75..1e75, got .*other units"):
        features("X", kind(scale * DENSE))


def test_sparse_stays_sparse_and_is_copied():
    mine = sparse.coo_array(([1.0, 2.0, 4.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    X = features("X", mine)
    assert isinstance(X, sparse.csr_array)
    np.testing.assert_array_equal(X.toarray(), [[0, 3], [4, 0]])  # duplicates add up
    assert not X.data.flags.writeable
    assert mine.data.flags.writeable


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, bool])
@pytest.mark.parametrize(
    "made", [sparse.coo_array, lambda *given, **more: sparse.coo_array(*given, **more).tolil().tocoo()]
)
def test_integers_that_stand_there_twice_are_named(kind, made):
    """100 + 100 is -56 in one byte, and True + True is True; what stands there once is fine."""
    twice = (np.array([100, 100, 1]).astype(kind), ([0, 0, 1], [1, 1, 0]))
    once = (np.array([100, 1]).astype(kind), ([0, 1], [1, 0]))
    with pytest.raises(ValueError, match=f"X must list each entry once, as {np.dtype(kind)} may wrap around, got 1 "):
        features("X", sparse.coo_array(twice, shape=(2, 2)))
    unsorted = sparse.csr_array((twice[0], np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    with pytest.raises(ValueError, match="X must list each entry once"):
        features("X", unsorted)
    np.testing.assert_array_equal(features("X", made(once, shape=(2, 2))).toarray(), [[0, float(once[0][0])], [1, 0]])


@pytest.mark.parametrize("form", ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"])
@pytest.mark.parametrize("family", [sparse.csr_array, sparse.csr_matrix])
def test_every_sparse_format_is_the_same_matrix(form, family):
    X = features("X", family(DENSE).asformat(form))
    np.testing.assert_array_equal(X.toarray(), DENSE)
    assert X.has_canonical_format
    for part in (X.data, X.indices, X.indptr):
        assert not part.flags.writeable


def test_indices_that_lead_out_of_the_matrix_are_named():
    """SciPy reads beyond its memory there."""
    for part in ("indices", "indptr"):
        X = sparse.csr_array(DENSE)
        getattr(X, part)[1] = 1000
        with pytest.raises(ValueError, match="X must be a sparse matrix that SciPy can read, got "):
            features("X", X)


def test_sparse_numbers_that_are_none_are_named():
    for data, came in (([1j], "complex numbers"), (np.array([np.nan]), "1 nan or infinite")):
        with pytest.raises(ValueError, match=f"X must be .*got {came}"):
            features("X", sparse.coo_array((data, ([0], [0])), shape=(2, 2)))
