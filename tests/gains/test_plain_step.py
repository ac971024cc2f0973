"""The gain of the plain step with matrix smoothness: by enumeration, by draws, and as before where Q = L I."""

import math
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import GD, RACLoRA
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.step_gain import step_gain
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches import Coordinate, FiniteSupport, Gaussian, Haar, Rademacher
from rac_theory.sketches.spectra import spectrum
from tests.gains.matrices import SUMS as EVERY_SUM
from tests.gains.matrices import M, N

SUMS = {name: EVERY_SUM[name] for name in ("one side", "one term", "and a penalty")}


def algorithm(sketch, gamma=0.05, side="left"):
    return RACLoRA(sketch, gamma, side=side, lora_alpha=1.5)


def known(sketch, smoothness, **options):
    step = algorithm(sketch, **options)
    L_H = smoothness_along(step, smoothness).L_H
    return step_gain(step, smoothness, L_H, spectrum(sketch)), step.gamma * step.plain_scale


def smallest(products, probabilities, tau, Q):
    """lambda_min(E[2 tau BB' - tau^2 BB' Q BB']) on all entries."""
    lifted = [np.kron(P, np.eye(N)) for P in products]
    mean = sum(p * (2 * tau * P - tau**2 * P @ Q @ P) for p, P in zip(probabilities, lifted, strict=True))
    return np.linalg.eigvalsh(mean)[0]


@pytest.mark.parametrize("terms", SUMS.values(), ids=SUMS)
@pytest.mark.parametrize(
    "sketch",
    [Rademacher(M, 1), FiniteSupport(np.random.default_rng(1).standard_normal((3, M, 2)), [0.2, 0.5, 0.3])],
    ids=repr,
)
@pytest.mark.parametrize("gamma", [0.01, 1.0])
def test_it_is_that_of_all_draws(sketch, terms, gamma):
    """Catches E[(BB')^2] with L in the place of Q, Q outside of the product, and tau for its square."""
    found, tau = known(sketch, Smoothness(terms), gamma=gamma)
    B, p = sketch.support()
    true = smallest(B @ np.swapaxes(B, 1, 2), p.astype(float), tau, sum(np.kron(S, R) for S, R in terms))
    assert found.nu <= true + 1e-15
    assert found.nu == pytest.approx(true, rel=1e-11)
    other, _ = known(sketch, Smoothness([(R, S) for S, R in terms]), gamma=gamma, side="right")
    assert other == found


@pytest.mark.parametrize("terms", SUMS.values(), ids=SUMS)
def test_gaussian_entries_have_their_fourth_moments(terms):
    """The formula on all entries; and its moments by 200,000 draws within 5 standard errors: alpha 1e-5.

    Catches the trace of both sides, r for r + 1, and (r + 1) with the trace.
    """
    r, Q = 2, sum(np.kron(S, R) for S, R in terms)
    found, tau = known(Gaussian(M, r), Smoothness(terms))
    traces = sum(np.trace(S) * np.kron(np.eye(M), R) for S, R in terms)
    true = np.linalg.eigvalsh(2 * r * tau * np.eye(M * N) - tau**2 * r * ((r + 1) * Q + traces))[0]
    assert found.nu <= true + 1e-15
    assert found.nu == pytest.approx(true, rel=1e-11)
    S = terms[0][0]
    B = Gaussian(M, r).sample(np.random.default_rng(0), 200_000)
    P = B @ np.swapaxes(B, 1, 2)
    X = P @ S @ P
    off = X.mean(axis=0) - r * ((r + 1) * S + np.trace(S) * np.eye(M))
    assert (np.abs(off) <= 5 * X.std(axis=0) / math.sqrt(len(X))).all()


def test_the_scale_of_a_plain_step_is_a_square_and_that_of_a_projected_one_is_one():
    assert RACLoRA(Gaussian(4, 2), 0.1, lora_alpha=3.0).plain_scale == 9 / 4
    assert RACLoRA(Gaussian(4, 2), 0.1).plain_scale == GD(0.1).plain_scale == 1


def test_orthonormal_columns_have_L_H():
    """Short steps take lambda_min, long ones lambda_max. Catches L for L_H."""
    Q = Smoothness(SUMS["one side"])
    for gamma in (0.05, 20.0):
        found, tau = known(Haar(M, 2), Q, gamma=gamma)
        L_H = smoothness_along(Haar(M, 2), Q).L_H
        exact = (2 * Fraction(tau) - Fraction(L_H) * Fraction(tau) ** 2) / 2
        assert exact * (1 - Fraction(1, 10**15) * (1 if exact > 0 else -1)) <= Fraction(found.nu) <= exact
        assert Q.largest > L_H
        longest = Fraction(Q.largest) * Fraction(tau) * (1 + Fraction(1, 10**11))
        assert longest <= Fraction(found.longest) <= longest * (1 + Fraction(1, 10**15))


@pytest.mark.parametrize("sketch", [Gaussian(M, 2), Haar(M, 2), Coordinate(M, 1), Rademacher(M, 2)], ids=repr)
@pytest.mark.parametrize("L", [0.1, 3.0])
def test_L_alone_is_Q_in_all_directions(sketch, L):
    """By moments of B B' and its square. Catches the side that is not sketched, and its trace."""
    left, tau = known(sketch, Smoothness.isotropic(L, (M, N)))
    right, _ = known(sketch, Smoothness.isotropic(L, (N, M)), side="right")
    assert right == left
    B = sketch.sample(np.random.default_rng(2), 40_000)
    products = B @ np.swapaxes(B, 1, 2)
    each = np.trace(2 * tau * products - L * tau**2 * products @ products, axis1=1, axis2=2) / M
    assert abs(left.nu - each.mean()) <= 4.5 * each.std() / 200 + 1e-12  # alpha = 7e-6 a law; all are even


def test_a_sum_without_a_common_basis_has_the_gain_of_L():
    """A bound from below still. Catches the first term taken for the sum."""
    rng = np.random.default_rng(3)
    terms = [
        (X @ X.T, Y @ Y.T) for X, Y in ((rng.standard_normal((M, M)), rng.standard_normal((N, N))) for _ in range(2))
    ]
    Q = Smoothness(terms)
    found, tau = known(Rademacher(M, 2), Q, gamma=0.001)
    B, p = Rademacher(M, 2).support()
    assert found.nu <= smallest(B @ np.swapaxes(B, 1, 2), p.astype(float), tau, sum(np.kron(S, R) for S, R in terms))
    of_L, _ = known(Rademacher(M, 2), Smoothness.isotropic(Q.largest, (M, N)), gamma=0.001)
    assert found.nu == pytest.approx(of_L.nu)
