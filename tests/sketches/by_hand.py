"""Covariances whose eigenvectors are no coordinates, and a rule for uniform entries that is exact."""

import math
from itertools import product

import numpy as np

ROTATION = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]


def covariance(*eigenvalues):
    return ROTATION * np.array(eigenvalues) @ ROTATION.T


def uniform_rule(r):
    """Points and weights for r numbers of [0, 1]: three of Gauss and Legendre each, for polynomials of degree five."""
    points, weights = np.polynomial.legendre.leggauss(3)
    weight = np.array([math.prod(w) for w in product(weights / 2, repeat=r)])
    return np.array(list(product((points + 1) / 2, repeat=r))), weight
