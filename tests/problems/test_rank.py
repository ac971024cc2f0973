"""The rank: exact where elimination or structure decides it, never too small."""

import numpy as np
import pytest
from scipy import sparse

from rac_theory.problems.features import rank_bound

RNG = np.random.default_rng(16)
TINY = 2.0**-52


@pytest.fixture(params=[np.array, sparse.csr_array], ids=["dense", "sparse"])
def kind(request):
    return request.param


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        ([[1, 1], [1, 1 + TINY]], 2),
        ([[1, 1], [1, 1]], 1),
        ([[1, 0], [1, 1e-17], [1, 0]], 2),
        ([[0.1, 0.3], [1, 3]], 2),  # the float 0.3 is not three times the float 0.1
        ([[0.1, 0.2], [1, 2]], 1),
        ([[1e100, 1e-100], [1e-100, 1e-300]], 2),
        ([[0, 0, 1], [0, 0, -2]], 1),
        ([[0, 1, 2], [0, 2, 4], [1, 5, 5], [2, 11, 12]], 2),
        ([[-0.0, 0.0]], 0),
    ],
)
def test_small_matrices_are_decided(kind, X, expected):
    assert rank_bound(kind(np.array(X, float))) == expected
    assert rank_bound(kind(np.array(X, float).T)) == expected


@pytest.mark.parametrize("true", [1, 3, 5])
@pytest.mark.parametrize("shape", [(5, 5), (5, 9), (9, 5)])
def test_products_of_integers_have_the_rank_of_their_factors(kind, true, shape):
    N, d = shape
    for _ in range(20):
        left, right = RNG.integers(-4, 5, (N, true)), RNG.integers(-4, 5, (true, d))
        X = (left @ right).astype(float)
        assert rank_bound(kind(X)) == np.linalg.matrix_rank(X)


def test_large_matrices_are_decided_by_their_distinct_lines(kind, monkeypatch):
    """Columns that are repeated count once, those that are merely dependent do not."""
    monkeypatch.setitem(rank_bound.__globals__, "ELIMINATION_LIMIT", 0)
    X = RNG.normal(size=(20, 4))
    assert rank_bound(kind(X[:, [0, 1, 1, 3]])) == 3
    assert rank_bound(kind(X[[0, 1, 1, 1, 0]])) == 2
    assert rank_bound(kind(X * [1, 0, 1, 0])) == 2
    assert rank_bound(kind(X[:, [0, 1, 1]] * [1, 1, 2])) == 3


def test_the_matrix_is_left_alone():
    X = sparse.csr_array(([1.0, 0.0], ([0, 1], [0, 1])), shape=(2, 2))
    assert rank_bound(X) == 1
    assert X.nnz == 2
