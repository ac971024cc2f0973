"""Closed forms that are integrals, each by other integrals or by elementary values."""

import math
from functools import partial
from itertools import pairwise, product

import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.special import elliprd

from rac_theory import spectrum
from rac_theory.sketches import AnisotropicGaussian, Gaussian, Uniform
from rac_theory.sketches.laws.half_line import integrate


def shares(s, rank=1):
    """Return the eigenvalues of E[H] along the axes for the covariance diag(s)."""
    matrix = AnisotropicGaussian(len(s), rank, np.diag(s)).expected_projection()
    np.testing.assert_array_equal(matrix, np.diag(np.diagonal(matrix)))
    return np.diagonal(matrix)


def test_the_trapezoid_in_log_t_on_known_integrals():
    for scale in (1e-8, 1.0, 1e8):
        assert integrate(lambda t: np.exp(-t / scale), scale, scale) == pytest.approx(scale, rel=1e-14, abs=0)  # noqa: B023
        assert integrate(lambda t: (1 + t / scale) ** -2, scale, scale) == pytest.approx(scale, rel=1e-14, abs=0)  # noqa: B023
    both = integrate(lambda t: 1 / ((1 + 1e8 * t) * (1 + t)), 1e-8, 1.0)
    assert both == pytest.approx(math.log(1e8) / (1e8 - 1), rel=1e-14, abs=0)


@pytest.mark.parametrize(
    "s",
    [(1, 2, 3), (1, 1, 5), (1, 1e4, 1e8), (1, 1e8, 1e8), (1, 1, 1e15), (1e-300, 2e-300, 3e-300), (1e300, 1e300, 2e300)],
)
def test_three_variances_are_elliptic_integrals(s):
    r"""The integral is :math:`R_D(1/s_j, 1/s_k, 1/s_i) / (3 \sqrt{s_i s_j s_k})`, Carlson's (DLMF 19.16.5), u = 2t."""
    s = np.array(s, dtype=float)
    t = s / s.max()
    carlson = [elliprd(1 / t[i - 2], 1 / t[i - 1], 1 / t[i]) / 3 / math.sqrt(t.prod()) for i in range(3)]
    np.testing.assert_allclose(shares(s), carlson, rtol=1e-13)
    for rank in (1, 2):  # E[H I H] is E[H], by integrals of their own
        sketch = AnisotropicGaussian(3, rank, np.diag(s))
        np.testing.assert_allclose(np.diag(sketch.second_moment(np.eye(3))), shares(s, rank), rtol=1e-11)


@pytest.mark.parametrize("s", [np.linspace(1, 4, 10), np.logspace(-4, 4, 40), np.r_[1e-8, np.ones(200)]])
def test_many_variances_sum_to_one_and_match_plain_quadrature(s):
    share = shares(s)
    assert share.sum() == pytest.approx(1, abs=1e-12)
    assert (np.diff(share) >= 0).all()

    def integrand(t, i):
        return s[i] / (1 + 2 * s[i] * t) * math.exp(-np.log1p(2 * s * t).sum() / 2)

    scales = [0, *np.logspace(-2 - math.log10(s.sum()), 2 - math.log10(s.min()), 20)]
    for i in (0, len(s) // 2, len(s) - 1):
        pieces = [quad(integrand, a, b, (i,), epsabs=0, epsrel=1e-11)[0] for a, b in pairwise(scales)]
        tail = quad(integrand, scales[-1], np.inf, (i,), epsrel=1e-8, epsabs=1e-25)[0]
        assert share[i] == pytest.approx(sum(pieces) + tail, rel=1e-9, abs=0)


@pytest.mark.parametrize("s", [(1, 2), (1, 2, 5), (1, 1e4, 1e8), (1, 2, 3, 4, 100)])
def test_one_column_too_few_is_the_complement_of_rank_one(s):
    """Sums to r, and along the smallest variance keeps its relative accuracy: 1 - share would lose 8 digits."""
    s = np.array(s, dtype=float)
    share = shares(s, len(s) - 1)
    np.testing.assert_allclose(share, 1 - shares(s[::-1].prod() / s), atol=1e-14)
    assert share.sum() == pytest.approx(len(s) - 1, abs=1e-13)
    if len(s) == 3:
        others = [sum(shares(1 / s)[j] for j in range(3) if j != i) for i in range(3)]
        np.testing.assert_allclose(share, others, rtol=1e-14)


def test_singular_covariances():
    """Nothing outside the range of the covariance, and inside it the sketch of that smaller space."""
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    for rank in (1, 2, 3, 4):
        sketch = AnisotropicGaussian(5, rank, Q[:, :3] * [1, 4, 9] @ Q[:, :3].T)
        inside = np.diag(shares(np.array([1.0, 4, 9]), rank)) if rank < 3 else np.eye(3)
        np.testing.assert_allclose(sketch.expected_projection(), Q[:, :3] @ inside @ Q[:, :3].T, atol=1e-14)
        assert spectrum(sketch).lambda_min == 0
        S = sketch.sample(rng, 100)
        assert np.abs(Q[:, 3:].T @ S).max() < 1e-13
    assert spectrum(AnisotropicGaussian(3, 2, np.diag([0.0, 1.0, 2.0]))).lambda_min == 0


def test_equal_variances_are_the_gaussian_at_any_rank_and_scale():
    for rank, scale in product((1, 2, 3, 4), (1e-200, 1.0, 1e200)):
        matrix = AnisotropicGaussian(4, rank, scale * np.eye(4)).expected_projection()
        np.testing.assert_array_equal(matrix, Gaussian(4, rank).expected_projection())
    np.testing.assert_allclose(shares(np.array([0.0, 3, 3, 3]), 2), [0, 2 / 3, 2 / 3, 2 / 3], rtol=1e-14)


def test_between_the_first_and_the_last_rank_there_is_no_closed_form():
    """Neither of general variances nor of uniform entries; at full rank it is the identity."""
    general = partial(AnisotropicGaussian, 4, covariance=np.diag([1.0, 2.0, 3.0, 4.0]))
    for make in (general, partial(Uniform, 4)):
        assert make(rank=2).expected_projection() is None
        np.testing.assert_array_equal(make(rank=4).expected_projection(), np.eye(4))
    np.testing.assert_array_equal(Uniform(1, 1).expected_projection(), np.eye(1))


def test_uniform_in_space_is_a_double_integral():
    """The integral of 1 / (c + z^2) over [0, 1] is atan(1 / sqrt(c)) / sqrt(c)."""

    def integrand(x, y):
        c = x * x + y * y
        return x * y * math.atan(1 / math.sqrt(c)) / math.sqrt(c)

    b = dblquad(integrand, 0, 1, 0, 1, epsabs=1e-11)[0]
    matrix = Uniform(3, 1).expected_projection()
    np.testing.assert_allclose(matrix, np.eye(3) * (1 / 3 - b) + b, atol=1e-10)


@pytest.mark.parametrize("d", [2, 10, 300])
def test_uniform_by_plain_quadrature(d):
    def integrand(t):
        m = -math.expm1(-t) / (2 * t)
        return m * m * (math.sqrt(math.pi / t) / 2 * math.erf(math.sqrt(t))) ** (d - 2)

    scales = [1e-300, *np.logspace(-4, 4, 30)]
    pieces = [quad(integrand, a, b, epsrel=1e-12)[0] for a, b in pairwise(scales)]
    b = sum(pieces) + quad(integrand, scales[-1], np.inf, epsabs=1e-25, epsrel=1e-10)[0]
    assert Uniform(d, 1).expected_projection()[0, 1] == pytest.approx(b, rel=1e-11, abs=0)
