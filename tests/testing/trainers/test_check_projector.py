"""The check of projectors: right ones pass, and each fault gets its own sentence.

Two claims about chance for each of three shapes have alpha 1e-6 each; seeds are fixed.
"""

import importlib

import numpy as np
import pytest
from scipy.stats import ks_2samp

from rac_theory.sketches import Coordinate, Haar
from rac_theory.testing import Refuted, check_projector
from rac_theory.testing.trainers.check_projector import distance
from tests.testing.trainers import projectors


@pytest.mark.parametrize("name", projectors.RIGHT)
def test_right_projectors_pass(name):
    project, declared = projectors.RIGHT[name]
    check_projector(project, draws=256, **declared)


@pytest.mark.parametrize("name", projectors.WRONG)
def test_each_fault_has_its_sentence(name):
    project, declared, sentence = projectors.WRONG[name]
    with pytest.raises(Refuted, match=sentence):
        check_projector(project, **declared)


def test_a_rank_that_is_too_large_may_be_refused_by_name_only():
    """Ranks up to the smaller side must work, whatever the error says."""

    def small(G, rank, seed):
        if rank >= min(G.shape):
            raise ValueError(f"rank must be below {min(G.shape)}")
        return projectors.haar(G, rank, seed)

    with pytest.raises(Refuted, match="must handle a tall gradient, 12 x 8, at rank 8: it raised ValueError"):
        check_projector(small)

    def crash(G, rank, seed):
        return projectors.haar(G, rank, seed) if rank <= min(G.shape) else G @ G @ G

    with pytest.raises(Refuted, match="a rank that is too large may be refused, by an error that names the rank"):
        check_projector(crash)


def test_ranks_up_to_and_beyond_both_sides_are_asked():
    """Catches a rank beyond the larger side that is not asked for."""
    asked = set()

    def watched(G, rank, seed):
        asked.add(rank)
        return projectors.haar(G, rank, seed)

    check_projector(watched, rank=2, shapes=[(5, 3)], draws=8)
    assert asked == {2, 3, 4, 6}


LAWS = {
    "haar": (projectors.haar, Haar),
    "rows": (projectors.rows, Haar),
    "coordinates": (projectors.coordinates, Coordinate),
    "single": (projectors.single, Haar),
    "four times": (lambda *a: 4 * projectors.haar(*a), Haar),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_that_of_the_declared_sketch(name):
    """And of no other: coordinates have the mean of a uniform range."""
    project, law = LAWS[name]
    scale = 4.0 if name == "four times" else 1.0
    check_projector(project, law=law, scale=scale, draws=256)
    with pytest.raises(Refuted, match=r"must have the law of .* an entry of the diagonal are .* apart, chance makes"):
        check_projector(project, law=Coordinate if law is Haar else Haar, scale=scale, draws=256)


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    """By scipy, but for values that are equal up to rounding. Catches one side alone, and shares of the other count."""
    x, y = np.random.default_rng(0).standard_normal((2, 500))
    for other in (y, y[:100] + 0.5, y[:100] - 0.5):
        assert distance(x, other) == pytest.approx(ks_2samp(x, other).statistic, abs=1e-12)
    assert distance(x, x + 1e-9) == 0
    assert distance(np.zeros(4), np.array([0.0, 0.0, 1e-9, 1.0])) == 0.25


def test_what_has_no_law():
    with pytest.raises(ValueError, match="law must be that of a projection"):
        check_projector(projectors.flora, unbiased=True, law=Haar)
    with pytest.raises(Refuted, match="must be a projection of one side to have a law"):
        check_projector(projectors.both_sides, law=Haar)
    with pytest.raises(Refuted, match="must not be made from the gradient to have a law"):
        check_projector(projectors.galore, law=Haar)
    with pytest.raises(ValueError, match=r"law\(dim, rank\) must be a sketch"):
        check_projector(projectors.haar, law=lambda dim, rank: None)


def test_few_values_may_be_drawn_again():
    """One row of two: some seeds apart eight draws are often the same. Catches a repetition that chance makes."""
    for seed in range(0, 320, 8):
        check_projector(projectors.coordinates_of_two, rank=1, shapes=[(2, 2)], draws=8, rng=seed)


@pytest.mark.long
def test_an_error_of_five_per_cent_is_seen():
    """At least 16 of 20 seeds: with power 0.9 fewer have probability 0.04."""
    found = 0
    for seed in range(20):
        try:
            check_projector(projectors.five_per_cent, unbiased=True, shapes=[(12, 8)], rng=5000 * seed)
        except Refuted:
            found += 1
    assert found >= 16


def test_declarations_are_checked():
    with pytest.raises(ValueError, match="scale must be a finite number > 0"):
        check_projector(projectors.haar, scale=0)
    with pytest.raises(ValueError, match="draws must be >= 8"):
        check_projector(projectors.haar, draws=2)
    with pytest.raises(ValueError, match=r"project\(G, 3, 0\) must be an array, got a list"):
        check_projector(lambda G, rank, seed: G.tolist())


def test_all_that_chance_decides_of_a_shape_costs_two_alphas(monkeypatch):
    """One for independence, which two comparisons share, one for the mean. Catches a level that is spent on each."""
    module = importlib.import_module("rac_theory.testing.trainers.check_projector")
    spent = []
    unfair, quantile = module.unfair, module.stdtrit
    monkeypatch.setattr(module, "unfair", lambda x, alpha: spent.append(("signs", alpha)) or unfair(x, alpha))
    monkeypatch.setattr(module, "stdtrit", lambda n, p: spent.append(("mean", p)) or quantile(n, p))
    check_projector(projectors.haar, draws=64, shapes=[(6, 4)], rank=2, alpha=1e-4)
    entries = 6 * 4 + 1  # and the part along G
    assert sum(alpha for what, alpha in spent if what == "signs") == pytest.approx(1e-4)
    assert sum(2 * entries * p for what, p in spent if what == "mean") == pytest.approx(1e-4)


@pytest.mark.parametrize("draws", [256, 1024])
def test_the_level_of_a_law_is_shared_by_its_numbers_and_samples(draws):
    """Three numbers of two samples: alpha / 6 for each, and both may be off. Catches either left out."""
    share, both = 1e-6 / 6, (draws, 16 * draws)
    allowed = sum(np.sqrt(np.log(2 / share) / (2 * n)) for n in both)
    with pytest.raises(Refuted, match=rf"chance makes {allowed:.2g} with {draws} seeds"):
        check_projector(LAWS["haar"][0], law=Coordinate, draws=draws)
