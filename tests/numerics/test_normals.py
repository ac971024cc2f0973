"""Box and Muller's normals against SciPy's law: a wrong angle, a reused radius or a lost factor 2 would show."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from rac_theory.numerics.randomness import _PAIRS, standard_normals

COUNT = 200_000
ALPHA = 1e-4  # a radius without its factor 2 (variance 1/2) or half the circle has power 1 at this size


NORMALS = standard_normals(np.random.default_rng(0), (COUNT,))


def test_the_law_is_normal_and_tails_have_their_weight():
    """Beyond 3 there are 540 on average, beyond 4 13: a tail cut at either, or an angle that misses a pole."""
    assert stats.kstest(NORMALS, "norm").pvalue > ALPHA
    assert stats.chisquare(np.histogram(stats.norm.cdf(NORMALS), bins=1000, range=(0, 1))[0]).pvalue > ALPHA
    for edge in (3, 4):
        beyond = int((np.abs(NORMALS) > edge).sum())
        assert stats.binomtest(beyond, COUNT, 2 * stats.norm.sf(edge)).pvalue > ALPHA
    assert abs((NORMALS**4).mean() - 3) < stats.norm.isf(ALPHA / 2) * np.sqrt(96 / COUNT)


def test_both_numbers_of_a_pair_are_independent():
    """The plane of a pair: uniform angles on the whole circle, squared radii exponential, and the two unrelated."""
    pairs = standard_normals(np.random.default_rng(1), (8, 2, _PAIRS))
    x, y = np.moveaxis(pairs, 1, 0).reshape(2, -1)
    angles, squares = np.arctan2(y, x), x**2 + y**2
    assert stats.kstest(angles, stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > ALPHA
    assert stats.kstest(squares, stats.expon(scale=2).cdf).pvalue > ALPHA
    assert stats.spearmanr(np.abs(angles), squares).pvalue > ALPHA


def test_numbers_far_apart_are_unrelated():
    """Chunks must not repeat each other, nor a chunk's radii return with another angle."""
    for lag in (1, _PAIRS, 2 * _PAIRS):
        x, y = NORMALS[:-lag], NORMALS[lag:]
        for moment in (np.asarray, np.square):
            assert abs(np.corrcoef(moment(x), moment(y))[0, 1]) < stats.norm.isf(ALPHA / 2) / np.sqrt(len(x))


@pytest.mark.parametrize("shape", [(1,), (3, 5), (7, 2, 3), (2 * _PAIRS + 1,), (0, 4)])
def test_any_shape_is_filled(shape):
    normals = standard_normals(np.random.default_rng(2), shape)
    assert normals.shape == shape
    assert np.isfinite(normals).all()
    assert len(np.unique(normals)) == normals.size


def made_of(uniform, exponential):
    """Pairs of normals of a generator whose numbers are these."""
    known = {"random": uniform, "standard_exponential": exponential}
    given = SimpleNamespace(**{name: lambda out, of=of: np.copyto(out, of) for name, of in known.items()})
    return standard_normals(given, (2, len(uniform)))


def test_angles_are_those_of_numpy_and_radii_those_of_the_exponential_numbers():
    """A route by sines and cosines. One level less of the fraction is off by 4e-13 at the ends, where this is tightest.

    There and in the middle the numbers that a generator can give: the first, the last, and those beside one half.
    Radii from none at all to what has probability e^-700.
    """
    ends = [0.0, 2.0**-53, 0.5 - 2.0**-53, 0.5, 0.5 + 2.0**-53, 1 - 2.0**-53]
    uniform = np.concatenate([ends, np.linspace(0, 1, 1_000, endpoint=False)])
    angles = 2 * np.pi * (uniform - 0.5)
    np.testing.assert_allclose(made_of(uniform, 0.5), [np.cos(angles), np.sin(angles)], rtol=0, atol=2e-15)
    exponential = np.array([0.0, 1e-300, 1e-8, 1.0, 40.0, 700.0])
    x, y = made_of(np.linspace(0.1, 0.9, 6), exponential)
    np.testing.assert_allclose(np.hypot(x, y), np.sqrt(2 * exponential), rtol=1e-15)
