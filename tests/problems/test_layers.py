"""Several matrices as one column: packed and read back, as views; what does not fit is named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rac_theory.problems import Federated, Layers, LeastSquares, Quadratic
from rac_theory.problems.layers import layers_of
from tests.as_one_test import as_one_test

SIDES = st.integers(1, 5)


@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=5), st.sampled_from([(), (3,), (2, 3)]))
def test_what_is_packed_is_read_back_without_a_copy(shapes, batch):
    layers, rng = Layers(shapes), np.random.default_rng(0)
    matrices = [rng.standard_normal((*batch, m, n)) for m, n in shapes]
    W = layers.pack(matrices)
    assert W.shape == (*batch, *layers.shape)
    for matrix, view in zip(matrices, layers.views(W), strict=True):
        np.testing.assert_array_equal(matrix, view)
        assert np.shares_memory(view, W)
    assert [part.stop - part.start for part in layers.slices()] == [m * n for m, n in shapes]


def test_a_batch_is_broadcast_and_layers_are_known_by_their_names():
    """A layer without runs is that of every run."""
    layers = Layers([(2, 1), (1, 2)])
    W = layers.pack([np.arange(6.0).reshape(3, 2, 1), np.array([[7.0, 8.0]])])
    assert W[..., 0].tolist() == [[0, 1, 7, 8], [2, 3, 7, 8], [4, 5, 7, 8]]
    assert layers.names == ("W1", "W2")
    assert Layers([(2, 3), (3, 1)], names=["hidden", "head"]).index("head") == 1


@as_one_test(
    ("made", "message"),
    [
        (lambda: Layers([]), r"shapes must have at least one pair \(m, n\), got none"),
        (lambda: Layers(3), "shapes must be a sequence of pairs"),
        (lambda: Layers([(2, 0)]), r"shape\[1\] must be >= 1, got 0"),
        (lambda: Layers([(2, 1)] * 2, names=["a"]), "names must be one for each of the 2 layers"),
        (lambda: Layers([(2, 1)] * 2, names=["a", "a"]), "names must all be different"),
        (lambda: Layers([(2, 1)] * 2, names="ab"), "names must be a sequence of names, got 'ab'"),
        (lambda: Layers([(2, 1)] * 2, names=["a", ""]), "names must be ones that can be printed, got ''"),
        (lambda: Layers([(2, 1)]).views(np.ones((3, 1))), r"W must have shape \(..., 2, 1\), got \(3, 1\)"),
        (lambda: Layers([(2, 1)]).pack([[[1.0, 1.0]]]), r"layers must have shape \(..., 2, 1\) for W1, got \(1, 2\)"),
        (lambda: Layers([(2, 1)]).pack([]), r"layers must be one for each of Layers\(W1 2x1\), got 0"),
        (lambda: Layers([(2, 1)], names=["head"]).index("haed"), "layer must be .*head"),
        (lambda: Quadratic.full(np.eye(4), np.ones((4, 1)), layers=Layers([(2, 1)])), "layers must be packed into"),
        (lambda: Quadratic(np.ones((4, 1)), S=np.eye(4), layers=Layers([(2, 2)])), "layers must be packed into"),
    ],
)
def test_what_does_not_fit_is_named(made, message):
    with pytest.raises(ValueError, match=message):
        made()


def test_a_problem_says_what_its_column_consists_of():
    layers = Layers([(2, 1), (1, 2)])
    assert layers_of(Quadratic.full(np.eye(4), np.ones((4, 1)), layers=layers)) is layers
    squares = LeastSquares(np.eye(4), Y=np.ones(4))
    assert layers_of(squares) is layers_of(Federated(squares, 2)) is None
    squares.__dict__["layers"] = layers
    assert layers_of(Federated(squares, 2)) is layers
    squares.__dict__["layers"] = Layers([(2, 1)])
    with pytest.raises(ValueError, match=r"problem.layers must be of shape \(4, 1\), got Layers\(W1 2x1\)"):
        layers_of(squares)
