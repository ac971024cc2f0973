"""T1, T2 and T12 by the gain of a step: each number that stands for it there is at most nu."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory import theorems
from rac_theory.proofs.available import about_constants
from rac_theory.proofs.combination import combined as search
from rac_theory.proofs.fact import read
from rac_theory.statements.symbols import L, gamma, lambda_min
from tests.as_one_test import as_one_test

OF_L = gamma * (2 - gamma * L) * lambda_min
"""The gain of a projected step where Q = L I."""


@pytest.mark.parametrize("id", ["T1", "T2"])
def test_what_stands_for_the_gain_in_the_paper_is_less(id):
    """gamma lambda_min <= gamma (2 - gamma L) lambda_min, exactly, from gamma L <= 1 alone; no more of it follows."""
    facts = about_constants(theorems.ALL[id])
    assert search(read(OF_L - gamma * lambda_min), facts) is not None
    assert search(read(OF_L - Fraction(21, 20) * gamma * lambda_min), facts) is None
    without = about_constants(theorems.ALL[f"{id}_sharp"])  # which asks gamma L < 2
    assert search(read(OF_L - gamma * lambda_min), without) is None


@as_one_test("seed", range(20))
def test_the_simpler_number_of_T12_is_less(seed):
    """nu_1 = lambda_min(E[tau (2 - L tau ||B||^2) BB']) <= nu, of draws no longer than 2/L, on random laws of B and Q.

    It is an equality for orthonormal columns and Q = L I. Would catch ||B|| for its square, and 1 for the 2.
    """
    rng = np.random.default_rng(seed)
    B, p = rng.standard_normal((5, 4, 2)), rng.dirichlet(np.ones(5))
    if seed == 0:
        B = np.linalg.qr(B)[0]
    Q = np.eye(4) if seed == 0 else np.cov(rng.standard_normal((4, 6)))
    largest = np.linalg.eigvalsh(Q)[-1]
    lengths = np.linalg.norm(B, 2, axis=(1, 2)) ** 2
    tau = rng.uniform(0.1, 1.9) / largest / lengths.max()
    M = tau * B @ np.swapaxes(B, 1, 2)
    nu = np.linalg.eigvalsh(np.tensordot(p, 2 * M - M @ Q @ M, axes=1))[0]
    simple = np.linalg.eigvalsh(np.tensordot(p * (2 - largest * tau * lengths), M, axes=1))[0]
    assert simple <= nu + 1e-12
    assert seed or simple == pytest.approx(nu, rel=1e-12)
