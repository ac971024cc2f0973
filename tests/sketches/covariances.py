"""Covariances whose eigenvectors are no coordinates."""

import numpy as np

ROTATION = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]


def covariance(*eigenvalues):
    return ROTATION * np.array(eigenvalues) @ ROTATION.T
