"""What each sketch accepts, what it refuses and in which words, and what its draws look like."""

import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from scipy.fft import dct
from scipy.linalg import hadamard

from rac_theory import sketches
from rac_theory.numerics.randomness import standard_normals
from rac_theory.sketches import (
    AnisotropicGaussian,
    FiniteSupport,
    FromFunction,
    Gaussian,
    Mixture,
    SparseSigns,
    WeightedCoordinate,
)
from tests.refused import refused


def forgets_to_return(rng):
    rng.standard_normal((3, 1))


class Silent:
    dim, rank = 3, 1

    def sample(self, rng, size):
        """Forget to return."""


def transposes(rng):
    return rng.standard_normal((1, 3))


def divides_by_zero(rng):
    return np.full((3, 1), rng.random() * math.inf)


def drawn(sketch):
    return (sketch if hasattr(sketch, "sample") else FromFunction(3, 1, sketch)).sample(np.random.default_rng(0), 2)


TWO = np.eye(2)[:, :, None]


def test_bad_parameters_are_refused_with_a_sentence():
    """But sums within 1e-12 are accepted for floats."""
    of, three = partial(AnisotropicGaussian, 2, 1), Gaussian(3, 1)
    drawn(FiniteSupport(TWO, [0.5, 0.5 + 5e-13]))
    FiniteSupport(np.ones((10, 2, 1)), [0.1] * 10)
    refused(
        (lambda: sketches.CoordinateWithReplacement(3, 4), r"rank must be in 1\.\.dim=3, got 4"),
        (lambda: sketches.BlockPartition(3, 0), r"rank must be in 1\.\.dim=3, got 0"),
        (lambda: sketches.Rademacher(3.0, 1), r"dim must be an integer, got 3\.0"),
        (lambda: sketches.CountSketch(0, 1), "dim must be >= 1, got 0"),
        (lambda: WeightedCoordinate(3, 1, [1, -1, 1]), "weights must be >= 0"),
        (lambda: WeightedCoordinate(3, 2, [1, 0, 0]), "at least rank=2 of them positive"),
        (lambda: WeightedCoordinate(3, 1, [2, 0, 1e-300]), "zero or at least 1e-250 times the largest, 2, got 1e-300"),
        (lambda: WeightedCoordinate(3, 1, [1, 2]), r"weights must have shape \(3,\), got \(2,\)"),
        (lambda: sketches.Frozen(np.eye(3)[:2]), r"rank of matri(x|ces) must be in 1\.\.dim=2, got 3"),
        (lambda: sketches.Frozen(np.full((3, 1), np.nan)), "matrix must be finite, got 3 nan or infinite entries"),
        (lambda: sketches.named_sketch("har", 3, 1), "did you mean 'haar'"),
        (lambda: SparseSigns(3, 1, 0), r"p must be in \(0, 1\], got 0"),
        (lambda: SparseSigns(3, 1, 1.5), r"p must be in \(0, 1\], got 1\.5"),
        (lambda: SparseSigns(3, 1, math.nan), "p must be a finite number, got nan"),
        (lambda: sketches.SubsampledHadamard(12, 2), "dim must be a power of two, got 12; the nearest are 8 and 16"),
        (lambda: sketches.SubsampledHadamard(8, 9), r"rank must be in 1\.\.dim=8, got 9"),
        (lambda: AnisotropicGaussian(3, 1, np.eye(2)), r"covariance must have shape \(3, 3\), got \(2, 2\)"),
        (lambda: of([[1, 2], [0, 1]]), "covariance must be symmetric, got entries that differ by 2"),
        (
            lambda: of(np.diag([1, -0.5])),
            r"covariance must be positive semidefinite and not zero, got eigenvalues -0\.5 to 1",
        ),
        (lambda: of(np.zeros((2, 2))), "and not zero, got eigenvalues 0 to 0"),
        (lambda: FiniteSupport(np.eye(2), [1.0]), r"matrices must have 3 axes, got shape \(2, 2\)"),
        (lambda: FiniteSupport(np.ones((1, 2, 3)), [1.0]), r"rank of matri(x|ces) must be in 1\.\.dim=2, got 3"),
        (lambda: FiniteSupport(TWO, [1.0]), r"probabilities must have shape \(2,\), got \(1,\)"),
        (lambda: FiniteSupport(TWO, [1.5, -0.5]), r"probabilities must be >= 0, got \[1\.5, -0\.5\]"),
        (lambda: FiniteSupport(TWO, [0.5, 0.4]), r"probabilities must sum to 1, got 0\.9"),
        (lambda: FiniteSupport(TWO, [0.5, 0.5 + 2e-12]), r"probabilities must sum to 1, got 1\.000000000002"),
        (lambda: FiniteSupport(TWO, [Fraction(1, 2), Fraction(10**20, 2 * 10**20 + 1)]), "probabilities must sum to 1"),
        (lambda: Mixture([], []), "number of sketches must be >= 1, got 0"),
        (lambda: Mixture([three, Gaussian(4, 1)], [1, 1]), r"sketches must all have the same dim, got \[3, 4\]"),
        (lambda: Mixture([three], [1, 1]), r"weights must have shape \(1,\), got \(2,\)"),
        (lambda: Mixture([three], [-1]), r"weights must be >= 0, got \[-1\]"),
        (lambda: Mixture([three], [0]), r"weights must not all be zero, got \[0\]"),
        (lambda: FromFunction(3, 1, "draw"), "draw must be a function of a generator, got 'draw'"),
        (lambda: FromFunction(1, 3, transposes), r"rank must be in 1\.\.dim=1, got 3"),
        (
            lambda: drawn(forgets_to_return),
            r"forgets_to_return\(rng\) must be an array, got None \(a missing return statement\?\)",
        ),
        (lambda: drawn(Mixture([Silent()], [1])), r"Silent\.sample must return an array .* got None"),
        (lambda: drawn(transposes), r"transposes\(rng\) must have shape \(3, 1\), got \(1, 3\)"),
        (
            lambda: drawn(divides_by_zero),
            r"divides_by_zero\(rng\) must be finite, got 3 nan or infinite entries out of",
        ),
    )


def test_what_names_stand_for():
    """The laws of the tables: from one to two of weight, from one to four of variance, a fifth of all entries."""
    assert sketches.named_sketch("weighted_coordinate", 3, 1).weights.tolist() == [1, 1.5, 2]
    assert sketches.named_sketch("anisotropic_gaussian", 3, 1).covariance.tolist() == np.diag([1, 2.5, 4]).tolist()
    assert sketches.named_sketch("sparse_signs", 3, 1).p == 0.2


@pytest.mark.parametrize("scale", [1e-305, 1e305])
def test_a_covariance_may_be_of_any_size_within_its_bounds(scale):
    """At both ends, of rank one, with an eigenvalue that is zero up to rounding, and no further."""
    AnisotropicGaussian(3, 1, np.diag([0.0, 0.0, scale]))
    AnisotropicGaussian(2, 1, scale * np.diag([1.0, -4 * np.finfo(float).eps]))
    with pytest.raises(ValueError, match=r"covariance must have a largest entry of size 1e-305\.\.1e305, got "):
        AnisotropicGaussian(3, 1, np.diag([0.0, 0.0, scale ** (1 + 1e-4)]))


def test_parameters_are_copied_and_cannot_be_changed():
    covariance, matrices, frozen = np.eye(2), TWO.copy(), sketches.Frozen(matrix := np.ones((2, 1)))
    gaussian, finite = AnisotropicGaussian(2, 1, covariance), FiniteSupport(matrices, [0.5, 0.5])
    mixture = Mixture([gaussian], weights := np.array([2.0]))
    covariance[:] = matrices[:] = weights[:] = matrix[:] = 0
    exact = Mixture([gaussian], [2])
    arrays = (gaussian.covariance, finite.matrices, finite.probabilities, mixture.weights, exact.weights, frozen.matrix)
    for array in arrays:
        assert array.any()
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_haar_has_orthonormal_columns_of_a_law_that_knows_no_sign():
    """E[S] = 0 entry by entry: without the signs of R's diagonal LAPACK gives every leading entry one sign."""
    S = sketches.Haar(4, 3).sample(np.random.default_rng(0), 20_000)
    np.testing.assert_allclose(np.swapaxes(S, 1, 2) @ S, np.broadcast_to(np.eye(3), (20_000, 3, 3)), atol=1e-13)
    assert np.abs(S.mean(axis=0)).max() < 5 * 0.5 / np.sqrt(20_000)


@pytest.mark.parametrize("rank", [1, 5])
def test_haar_is_the_triangular_factorisation_with_a_positive_diagonal(rank):
    """S'Z is upper triangular and positive on its diagonal, for the normals Z of the same stream; at rank one too."""
    S = sketches.Haar(5, rank).sample(np.random.default_rng(1), 50)
    R = np.swapaxes(S, 1, 2) @ standard_normals(np.random.default_rng(1), (50, 5, rank))
    np.testing.assert_allclose(R, np.triu(R), atol=1e-13)
    assert (np.diagonal(R, axis1=1, axis2=2) > 0).all()
    np.testing.assert_allclose(np.linalg.norm(S, axis=1), 1, rtol=1e-14)


def test_draws_along_coordinates():
    """Increasing and without repetition; a last block that is padded with zero columns; one sign in each row."""
    rng = np.random.default_rng(0)
    assert (np.diff(sketches.Coordinate(6, 3).sample(rng, 200).argmax(axis=1), axis=1) > 0).all()
    values, probabilities = sketches.BlockPartition(5, 2).support()
    assert probabilities.tolist() == [Fraction(1, 3)] * 3
    np.testing.assert_array_equal(np.hstack(values), np.eye(5, 6))
    np.testing.assert_array_equal(np.abs(sketches.CountSketch(7, 3).sample(rng, 100)).sum(axis=2), 1)


@pytest.mark.parametrize("dim", [1, 2, 64])
def test_hadamard_columns_are_those_of_scipy_up_to_the_signs_of_rows(dim):
    """Undo the signs with the first column; what is left are products of two columns, which are columns again."""
    S = sketches.SubsampledHadamard(dim, dim).sample(np.random.default_rng(0), 3)
    np.testing.assert_array_equal(np.swapaxes(S, 1, 2) @ S, np.broadcast_to(dim * np.eye(dim), S.shape))
    first = S[:, :, :1]  # all columns are drawn, in order, and column 0 of the Hadamard matrix is all ones
    np.testing.assert_array_equal(S * first, np.broadcast_to(hadamard(dim), S.shape))


@pytest.mark.parametrize("dim", [1, 2, 12])
def test_cosine_columns_are_those_of_the_dct_up_to_the_signs_of_rows(dim):
    S = sketches.SubsampledCosine(dim, dim).sample(np.random.default_rng(0), 3)
    signs, basis = np.sign(S[:, :, :1]), dct(np.eye(dim), axis=0, norm="ortho").T
    np.testing.assert_allclose(S * signs, np.broadcast_to(basis, S.shape), atol=1e-15)
    assert (signs[0] != signs[1]).any() or dim == 1


def test_kaiming_is_what_peft_draws():
    """The bound of kaiming_uniform_(a=sqrt(5)) on a weight of shape (r, n), fan_in = n, written as PyTorch does."""
    fan_in, a = 16, math.sqrt(5)
    bound = math.sqrt(3.0) * math.sqrt(2.0 / (1 + a**2)) / math.sqrt(fan_in)
    S = sketches.KaimingUniform(fan_in, 4).sample(np.random.default_rng(0), 2_000)
    assert 0.999 * bound < np.abs(S).max() <= bound * (1 + 1e-15)
    assert S.var() == pytest.approx(bound**2 / 3, rel=0.02)  # 128,000 numbers: one standard error is 0.25%


def test_sparse_signs_have_their_density():
    """128,000 entries, five standard errors: alpha below 2e-6, and a density that is off by 0.006 is caught."""
    S = SparseSigns(16, 4, 0.2).sample(np.random.default_rng(0), 2_000)
    assert np.abs(np.mean(S != 0) - 0.2) < 5 * math.sqrt(0.16 / S.size)
    assert np.abs(S.mean()) < 5 * math.sqrt(0.2 / S.size)
    assert set(np.unique(S)) == {-1.0, 0.0, 1.0}


def test_the_covariance_is_that_of_the_columns():
    """50,000 columns, five standard errors of at most sqrt(2) * 8 / sqrt(50000) = 0.05 each."""
    C = np.array([[4.0, 2, 0], [2, 3, 1], [0, 1, 8]])
    S = AnisotropicGaussian(3, 2, C).sample(np.random.default_rng(0), 25_000)
    columns = np.moveaxis(S, 1, 0).reshape(3, -1)
    np.testing.assert_allclose(columns @ columns.T / columns.shape[1], C, atol=0.25)


def test_a_mixture_draws_each_sketch_as_often_as_its_weight_says():
    """Within five standard errors; and it is closed only if all of it is."""
    mixture = Mixture([sketches.Coordinate(4, 1), Gaussian(4, 3)], [1, 3])
    S = mixture.sample(np.random.default_rng(0), 8_000)
    narrow = (S[:, :, 1:] == 0).all(axis=(1, 2))
    assert abs(narrow.mean() - 0.25) < 5 * math.sqrt(0.1875 / 8_000)
    assert mixture.rank == 3
    large = Mixture([sketches.Coordinate(4, 1)] * 2, [1.5e308, 1.5e308])  # no sum overflows
    assert large.probabilities.tolist() == [0.5, 0.5]
    np.testing.assert_allclose(mixture.expected_projection(), np.eye(4) * (0.25 / 4 + 0.75 * 3 / 4), rtol=1e-15)
    assert Mixture([Gaussian(4, 2), sketches.Uniform(4, 2)], [1, 1]).expected_projection() is None
    assert Mixture([Gaussian(2, 1), FiniteSupport(TWO, [0.5, 0.5])], [1, 1]).expected_projection() is None
    assert Mixture([Gaussian(2, 1), sketches.Coordinate(2, 1)], [1, 1]).support() is None


def test_a_function_of_one_draw_draws_what_it_says():
    """And is shown by its name: with its address records of the same call would differ from one day to the next."""
    sketch = FromFunction(3, 2, lambda rng: rng.standard_normal((3, 2)))
    one_by_one = np.random.default_rng(5)
    expected = [one_by_one.standard_normal((3, 2)) for _ in range(4)]
    np.testing.assert_array_equal(sketch.sample(np.random.default_rng(5), 4), expected)
    assert repr(FromFunction(4, 2, transposes)) == "FromFunction(dim=4, rank=2, draw=transposes)"
