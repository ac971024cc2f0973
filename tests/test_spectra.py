"""lambda_min: the closed form, and the sampled lower bound's coverage and sharpness."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from problems.eigenvalues import extreme_eigenvalues
from rac_theory import spectrum
from rac_theory.confidence import kl_lower, kl_upper
from rac_theory.sketches import Frozen, Haar, WeightedCoordinate, named_sketch


@dataclass(frozen=True)
class WithoutClosedForm:
    """Any sketch, seen as a user's plug-in that knows nothing of itself."""

    sketch: object

    @property
    def dim(self):
        return self.sketch.dim

    @property
    def rank(self):
        return self.sketch.rank

    def sample(self, rng, size):
        return self.sketch.sample(rng, size)


def test_closed_forms():
    assert spectrum(Haar(8, 2)).lambda_min == pytest.approx(1 / 4, rel=1e-15)
    assert spectrum(WeightedCoordinate(4, 1, [1, 2, 3, 4])).lambda_min == pytest.approx(0.1, rel=1e-14)
    assert spectrum(WeightedCoordinate(4, 1, [1, 2, 3, 4])).lambda_max == pytest.approx(0.4, rel=1e-14)
    assert spectrum(Haar(8, 2)).expected_rank == pytest.approx(2)


def test_a_frozen_sketch_has_lambda_min_zero_exactly():
    """Not 1e-17, which would make a theorem applicable: its bound would be vacuous, its verdict not."""
    known = spectrum(Frozen(np.random.default_rng(0).standard_normal((6, 3))))
    assert known.lambda_min == 0
    assert known.lambda_max == 1
    assert spectrum(Frozen(np.random.default_rng(0).standard_normal((3, 3)))).lambda_min == 1


@pytest.mark.parametrize("name", ["gaussian", "haar", "coordinate", "weighted_coordinate"])
@pytest.mark.parametrize(("dim", "rank"), [(2, 1), (6, 2), (12, 1)])
def test_the_sampled_bounds_cover(name, dim, rank):
    """Each sampled end is wrong with probability at most alpha = 0.05: over 200 repetitions at most 20 are.

    A binomial(200, 0.05) exceeds 20 with probability 6e-4. A bound that forgot its confidence term, the smallest
    eigenvalue of the mean itself, is below lambda_min nearly always and would pass: see the sharpness test for power;
    but the *largest* eigenvalue of the mean, passed off as a lower bound, fails nearly always.
    """
    sketch = named_sketch(name, dim, rank)
    truth = spectrum(sketch)
    repeated = [spectrum(WithoutClosedForm(sketch), alpha=0.05, draws=200, rng=seed) for seed in range(200)]
    assert sum(s.lambda_min > truth.lambda_min for s in repeated) <= 20
    assert sum(s.lambda_max < truth.lambda_max for s in repeated) <= 20
    assert all(s.how == "sampled" and s.alpha == 0.05 and s.draws == 200 for s in repeated)


def test_coverage_fails_for_a_bound_from_the_wrong_end():
    """The power of the test above: put lambda_max of the mean where lambda_min belongs, and it breaks."""
    sketch, wrong = named_sketch("weighted_coordinate", 6, 1), 0
    for seed in range(200):
        mean = spectrum(WithoutClosedForm(sketch), alpha=0.05, draws=200, rng=seed).matrix
        wrong += kl_lower(extreme_eigenvalues(mean)[1], 200, 0.05) > spectrum(sketch).lambda_min
    assert wrong > 180


@pytest.mark.parametrize(("dim", "rank", "draws"), [(4, 1, 20_000), (16, 4, 20_000), (32, 2, 20_000)])
def test_the_sampled_bound_is_sharp(dim, rank, draws):
    """At least 1 - 2 sqrt(x) - 1.5 sqrt(2 x log(1/alpha)) of the truth, x = d / (K r); 100 seeds, all of them."""
    alpha = 1e-3
    x = dim / (draws * rank)
    promised = 1 - 2 * math.sqrt(x) - 1.5 * math.sqrt(2 * x * math.log(1 / alpha))
    for seed in range(10):
        found = spectrum(WithoutClosedForm(Haar(dim, rank)), alpha=alpha, draws=draws, rng=seed).lambda_min
        assert promised * rank / dim <= found <= rank / dim


@pytest.mark.parametrize("p", [0.1, 0.3, 0.9])
@pytest.mark.parametrize("n", [40, 1000])
def test_kl_bounds_solve_their_equation(p, n):
    """n KL(p, q) = log(1/alpha) at both ends, with KL written out here; a factor of two in KL would fail."""

    def kl(p, q):
        return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))

    low, high = kl_lower(p, n, 1e-3), kl_upper(p, n, 1e-3)
    assert 0 < low < p < high < 1
    assert n * kl(p, low) == pytest.approx(math.log(1e3), rel=1e-6)
    assert n * kl(p, high) == pytest.approx(math.log(1e3), rel=1e-6)


def test_kl_bounds_at_the_ends():
    assert kl_lower(0.0, 50, 1e-3) == 0
    assert kl_upper(1.0, 50, 1e-3) == 1
    assert kl_lower(1.0, 50, 1e-3) == pytest.approx(1e-3 ** (1 / 50))


def test_the_same_seed_gives_the_same_bound():
    once, twice = (spectrum(WithoutClosedForm(Haar(5, 2)), draws=500, rng=3).lambda_min for _ in range(2))
    assert once == twice


class Broken:
    """A sketch whose sample is what it is told to be."""

    dim, rank = 4, 2

    def __init__(self, result):
        self.result = result

    def sample(self, rng, size):
        return self.result(size)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda size: None, r"Broken\.sample must return .* got None \(a missing return statement\?\)"),
        (lambda size: np.zeros((4, 2)), r"\(size, dim, rank\) = \(3, 4, 2\), got \(4, 2\)"),
        (lambda size: np.zeros((size, 2, 4)), r"got \(3, 2, 4\)"),
        (lambda size: np.full((size, 4, 2), np.nan), "must be finite"),
        (lambda size: [[1.0]], "got list"),
    ],
)
def test_a_broken_sketch_is_caught_at_the_door(result, message):
    with pytest.raises(ValueError, match=message):
        spectrum(Broken(result))
