"""T24: steps of one size that look at signs or norms: where it is attained, and its bound under noise."""

import numpy as np
import pytest

from rac_theory import GD, Bernoulli, Case, Constants, RACLoRA, Status, verify
from rac_theory.algorithms import MuonStep, NormalisedStep, SignStep
from rac_theory.problems import LeastSquares
from rac_theory.sketches import Coordinate, Haar
from rac_theory.statements import Curves, mean_norm

from .small_cases import LINE

RNG = np.random.default_rng(242)
DATA = LeastSquares(RNG.normal(size=(20, 5)), RNG.normal(size=(20, 3)))
STEPS = {
    "normalised": NormalisedStep(RACLoRA(Haar(5, 2), 0.05)),
    "Muon from the right": MuonStep(RACLoRA(Coordinate(3, 1), 0.05, "right")),
    "Muon by a coin": MuonStep(Bernoulli(Haar(5, 2), Haar(3, 1), 0.05)),
    "signs": SignStep(RACLoRA(Haar(5, 2), 0.02)),
    "signs from the right": SignStep(RACLoRA(Haar(3, 2), 0.02, "right")),
}


@pytest.mark.parametrize("name", ["Muon by a coin", "signs"])
def test_it_holds(name):
    """512 runs at the default level, of steps whose draws are not listed."""
    verdict = verify("T24", Case(STEPS[name], DATA, steps=60), runs=512, rng=0)
    assert verdict.status is Status.CONSISTENT, verdict
    assert np.all(verdict.mean[1:] <= verdict.bound[1:])


def test_where_it_is_attained():
    """x^2/2: a step to the minimum, an equality at T = 1; and to and fro around it, which is left above the floor."""
    one = verify("T24", Case(NormalisedStep(GD(0.5)), LINE, [[0.5]], steps=1))
    assert one.mean[1] == pytest.approx(one.bound[1], rel=1e-12)
    many = verify("T24", Case(NormalisedStep(GD(0.5)), LINE, [[0.25]], steps=2000))
    assert 0.999 < many.mean[-1] / many.bound[-1] <= 1


@pytest.mark.parametrize("name", STEPS)
def test_rounding_covers_what_a_shift_makes_of_a_norm(name):
    """Points that are moved by a thousandth, at random: catches the Frobenius norm for a sum of singular values."""
    c, rng = Constants.of(Case(STEPS[name], DATA)), np.random.default_rng(2)
    W = rng.standard_normal((200, *DATA.shape))
    shift = rng.standard_normal(W.shape)
    shift *= 1e-3 / np.linalg.norm(shift, axis=(1, 2), keepdims=True)
    norms = [STEPS[name].norms(DATA.gradient(at)) for at in (W, W + shift)]
    allowed = mean_norm.rounding(Curves(W, W), c, np.zeros(1), 1e-3)
    assert np.max(np.abs(norms[0] - norms[1])) <= float(allowed[0])


def noisy_means(curvatures, shares, start, gamma, size, steps):
    """The mean length of the gradient at each t of normalised steps, by every draw: H on an axis, g with ``+-size`` on
    the first axis or on the last."""
    d, x, chance, means = len(curvatures), start[None], np.ones(1), []
    noise = size * np.concatenate([np.eye(d)[[0]], -np.eye(d)[[0]], np.eye(d)[[-1]], -np.eye(d)[[-1]]])
    for _ in range(steps):
        G = x * curvatures
        means.append(chance @ np.linalg.norm(G, axis=1))
        seen = (G[:, None, None] + noise[:, None]) * np.eye(d)  # by paths, noise, axes
        length = np.linalg.norm(seen, axis=-1, keepdims=True)
        unit = np.divide(seen, length, out=np.zeros_like(seen), where=length > 0)
        x = (x[:, None, None] - gamma * unit).reshape(-1, d)
        chance = (chance[:, None, None] * np.full((4, 1), 1 / 4) * shares).ravel()
    return np.array(means)


def noisy_ratios(number, seed):
    """How much of the bound for noise on the page is met, at most, in random cases of four steps."""
    rng, ratios = np.random.default_rng(seed), []
    for _ in range(number):
        d = int(rng.integers(1, 3))
        curvatures, shares = 10 ** rng.uniform(-1, 0, d), rng.dirichlet(np.full(d, 2.0))
        start, gamma, size = rng.standard_normal(d), 10 ** rng.uniform(-2, 0), 10 ** rng.uniform(-2, 1)
        means = noisy_means(curvatures, shares, start, gamma, size, 4)
        T, c = np.arange(1, 5), shares.min()
        first = curvatures @ start**2 / 2 / (gamma * c * T)
        bound = first + curvatures.max() * gamma / (2 * c) + 2 * np.sqrt(shares.max() * size**2) / c
        ratios.append(np.max(np.cumsum(means) / T / bound))
    return np.array(ratios)


def test_under_noise_no_exact_mean_is_above_the_bound_on_paper():
    """Nor would it do without its last term: where noise alone decides a sign the mean of x stays 1 for 900 steps, and
    so does the length of the gradient at least, where the other terms fall to .13 in 400. Catches it left out."""
    assert 0.8 < noisy_ratios(300, 2420).max() <= 1
    np.testing.assert_allclose(noisy_means(np.ones(1), np.ones(1), np.array([1.0]), 0.01, 10.0, 6), 1.0, rtol=1e-12)


@pytest.mark.full
def test_under_noise_no_exact_mean_of_ten_thousand_cases_is_above_the_bound_on_paper():
    assert noisy_ratios(10_000, 2421).max() <= 1
