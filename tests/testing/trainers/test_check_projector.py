"""The check of projectors: right ones pass, and each fault gets its own sentence.

Two claims about chance for each of three shapes have alpha 1e-6 each; seeds are fixed.
"""

import importlib
from functools import partial

import numpy as np
import pytest
from scipy.stats import ks_2samp, ttest_1samp

from rac_theory.sketches import Coordinate, Haar
from rac_theory.testing import check_projector
from rac_theory.testing.trainers.check_projector import Projector, distance
from tests.testing.cases import cases
from tests.testing.failing import expect_refusal, heard, refusal, refuted
from tests.testing.trainers import projectors

module = importlib.import_module("rac_theory.testing.trainers.check_projector")


@pytest.mark.parametrize(("project", "declared"), projectors.RIGHT)
def test_right_projectors_pass(project, declared):
    check_projector(project, draws=256, **declared)


@pytest.mark.parametrize("shape", [(12, 8), (8, 12), (8, 8)])
@pytest.mark.parametrize("kind", [np.float64, np.float16])
def test_a_side_is_told_at_its_full_rank_and_in_half_precision(shape, kind):
    """Right projectors of the smaller side at its full rank, and of the larger one, were refused for their mean."""
    for project in (projectors.haar, projectors.rows, lambda G, r, s: projectors.rows(G.T, r, s).T):
        for rank in (3, 8):
            check_projector(lambda G, r, s, of=project: of(G, r, s).astype(kind), rank=rank, shapes=[shape], draws=64)


@pytest.mark.parametrize(("project", "declared", "sentence"), projectors.WRONG)
def test_each_fault_has_its_sentence(project, declared, sentence):
    refuted(sentence, check_projector, project, **declared)


def test_a_rank_that_is_too_large_may_be_refused_by_name_only():
    """Ranks up to the smaller side must work, whatever the error says."""

    def small(G, rank, seed):
        if rank >= min(G.shape):
            raise ValueError(f"rank must be below {min(G.shape)}")
        return projectors.haar(G, rank, seed)

    words = "handle a tall gradient, 12 x 8, at rank 8: it raised ValueError: rank must be below 8$"
    refuted(words, check_projector, small)

    def crash(G, rank, seed):
        return projectors.haar(G, rank, seed) if rank <= min(G.shape) else G @ G @ G

    refuted("a rank that is too large may be refused, by an error that names the rank", check_projector, crash)


def test_ranks_up_to_and_beyond_both_sides_are_asked():
    """Catches a rank beyond the larger side that is not asked for; and draws that are no fours."""
    asked = []
    check_projector(lambda *a: asked.append(a[1]) or projectors.haar(*a), rank=2, shapes=[(5, 3)], draws=10)
    assert {*asked} == {2, 3, 4, 6}


@cases(
    "project, law, scale",
    *((project, Haar, 1.0) for project in (projectors.haar, projectors.rows, projectors.single)),
    (projectors.coordinates, Coordinate, 1.0),
    (lambda *a: 4 * projectors.haar(*a), Haar, 4.0),
    (lambda G, rank, seed: lambda X: projectors.haar(X, rank, seed), Haar, 1.0),
)
def test_a_law_is_that_of_the_declared_sketch(project, law, scale):
    """And of no other: coordinates have the mean of a uniform range."""
    check_projector(project, law=law, scale=scale, draws=256)
    words = "must have the law of .* an entry of the diagonal are .* apart, chance makes"
    other = Coordinate if law is Haar else Haar
    refuted(words, check_projector, project, law=other, scale=scale, draws=256)


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    """By scipy, but for values that are equal up to rounding. Catches one side alone, and shares of the other count."""
    x, y = np.random.default_rng(0).standard_normal((2, 500))
    for other in (y, y[:100] + 0.5, y[:100] - 0.5):
        assert distance(x, other) == pytest.approx(ks_2samp(x, other).statistic, abs=1e-12)
    assert distance(x, x + 1e-9) == 0
    assert distance(1e6 * x, 1e6 * x + 1e-3) == 0
    assert distance(np.array([0.0, 0.0, 1e6]), np.full(3, 0.5)) == pytest.approx(1 / 3)
    assert distance(np.zeros(4), np.array([0.0, 0.0, 1e-9, 1.0])) == 0.25


def test_what_has_no_law():
    refuted("must be a projection of one side to have a law", check_projector, projectors.both_sides, law=Haar)
    refuted("must not be made from the gradient to have a law", check_projector, projectors.galore, law=Haar)


def test_few_values_may_be_drawn_again():
    """One row of two: some seeds apart eight draws are often the same. Catches a repetition that chance makes."""
    for seed in range(0, 320, 8):
        check_projector(projectors.coordinates_of_two, rank=1, shapes=[(2, 2)], draws=8, rng=seed)


@pytest.mark.parametrize(("draws", "period", "sentence"), [
    (64, 1, "64 seeds give the same projection of"), (64, 24, "those 24 apart are the same for"), (64, 25, ""),
    (256, 128, "those 128 apart are the same for"), (256, 129, ""),
])  # fmt: skip
def test_a_repetition_is_one_that_chance_does_not_make(draws, period, sentence):
    """Over half of the seeds at most, and forty that are the same."""
    P = np.resize(np.random.default_rng(0).standard_normal((period, 2, 2)), (draws, 2, 2))
    expect_refusal(sentence, module._check_repetition, P, "G", P[0])


@pytest.mark.long
def test_an_error_of_five_per_cent_is_seen():
    """At least 16 of 20 seeds: with power 0.9 fewer have probability 0.04."""
    given = {"unbiased": True, "shapes": [(12, 8)]}
    said = [refusal(check_projector, projectors.five_per_cent, rng=5000 * seed, **given) for seed in range(20)]
    assert sum(map(bool, said)) >= 16


@cases(
    "given, message",
    ({"scale": 0}, "scale must be a finite number > 0"),
    ({"alpha": 1.0}, "alpha must be a finite number > 0 and < 1, got 1"),
    ({"draws": 2}, "draws must be >= 8"),
    ({"project": lambda G, rank, seed: G.tolist()}, r"project\(G, 3, 0\) must be an array, got a list"),
    ({"project": projectors.flora, "unbiased": True, "law": Haar}, "law must be that of a projection"),
    ({"law": lambda dim, rank: None}, r"law\(dim, rank\) must be a sketch"),
)
def test_declarations_are_checked(given, message):
    with pytest.raises(ValueError, match=message):
        check_projector(**{"project": projectors.haar} | given)


def test_all_that_chance_decides_of_a_shape_costs_two_alphas(monkeypatch):
    """One for independence, which two comparisons share, one for the mean. Catches a level that is spent on each."""
    signs, means = (heard(monkeypatch, module, name, getattr(module, name)) for name in ("unfair", "stdtrit"))
    check_projector(projectors.haar, draws=64, shapes=[(6, 4)], rank=2, alpha=1e-4)
    entries = 6 * 4 + 1  # and the part along G
    assert sum(alpha for _, alpha in signs) == pytest.approx(1e-4)
    assert sum(2 * entries * p for _, p in means) == pytest.approx(1e-4)


@cases(
    "sizes, G, where",
    ([1.0, 1e3], [[1.0, 0.0]], "50 of them have {:.4g} G"),
    ([1e-9, 1.0], [[0.0, 1.0]], "50 of them have {:.4g} G"),
    ([1.0, 1e3], [[0.0, 1.0]], "an entry of it is 0, and 50 seeds have {:.4g}"),
)
def test_a_mean_is_refused_at_the_level_of_students_test(sizes, G, where):
    """By scipy, of three numbers that share alpha: two entries, and the part along G, which is one of them. The other
    entry may be farther off, by less than chance makes: catches one that is refused, or named, in its place."""
    P = (np.random.default_rng(0).standard_normal((50, 1, 2)) + 0.4 * (np.array(sizes) == 1)) * sizes
    off = P[:, 0, sizes.index(1.0)]
    check, p = partial(module._check_mean, P, np.array(G), 0.0, "", 0), ttest_1samp(off, 0.0).pvalue
    check(3 * p * (1 - 1e-6), 1e-5)
    words = f"must have the mean 0 G over seeds: for .*{where.format(off.mean())}"
    refuted(words, check, 3 * p * (1 + 1e-6), 1e-5)


@cases(
    "twice, scale, sentence",
    ([3.0, 0.31], 1.0, ""),
    ([3.0, 0.8], 1.0, "the projection of P = project(G) is 0.267 of its norm from scale P"),
    ([6.0, 0.3], 1.0, "must be scale=1 times a projection: for G it is 2 times one"),
    ([6.0, 0.3], 2.0, ""),
)
def test_a_projection_done_twice_is_itself_up_to_rounding(twice, scale, sentence):
    """Of P of norm 3, where rounding is 1/100: by 8 times that and 9 at most, or 6 where it is compared with itself."""
    expect_refusal(sentence, module._check_idempotent, np.array([twice]), np.array([[3.0, 0.0]]), "G", scale, 0.01)


def test_what_points_uphill_does_so_by_more_than_rounding():
    """``-c G`` of a scale of a hundred: 1.5e-3 is rounding of single precision. Nothing at all is no fault of these."""
    G = np.full((2, 2), 0.5)
    for c, words in ((0.0, ""), (1e-3, ""), (2e-3, "<G, project(G)> is -0.002")):
        expect_refusal(words, module._check_map, Projector(lambda G, r, s, c=c: -c * G), G, 2, 100.0, True, 0)


@pytest.mark.parametrize("draws", [256, 1024])
def test_the_level_of_a_law_is_shared_by_its_numbers_and_samples(draws):
    """Three numbers of two samples: alpha / 6 for each, and both may be off. Catches either left out."""
    share, both = 1e-6 / 6, (draws, 16 * draws)
    allowed = sum(np.sqrt(np.log(2 / share) / (2 * n)) for n in both)
    words = rf"chance makes {allowed:.2g} with {draws} seeds"
    refuted(words, check_projector, projectors.haar, law=Coordinate, draws=draws)


def test_the_rank_that_is_said_is_that_beyond_rounding():
    """At a scale of 100 singular values below 1.5e-3 are rounding: of 90, 40, 1 and 1e-4 three are not."""
    U, V = (np.linalg.qr(np.random.default_rng(0).standard_normal((n, 4)))[0] for n in (6, 5))
    P = U * [90, 40, 1, 1e-4] @ V.T
    given = {"scale": 100.0, "rank": 2, "shapes": [(6, 5)]}
    refuted("it returned a matrix of rank 3", check_projector, lambda G, rank, seed: P, **given)
