"""The learning rate with the best exact rate: by a grid, by hand, and beside what is promised."""

import importlib
import math

import numpy as np
import pytest

from rac_theory import Case, RACLoRA, Unsupported, exact_rate, fastest_learning_rate, fastest_letters, learning_rate
from rac_theory.problems import Quadratic
from rac_theory.runs.expectations.fastest import QueryRate
from rac_theory.sketches import Coordinate, CountSketch, FiniteSupport, Frozen, Gaussian, Haar, Uniform
from tests.algorithms.methods import HEAVY_BALL, LONGER

CURVED = Quadratic.left(np.diag([4.0, 1.0, 1.0, 0.5, 0.25]), np.ones((5, 2)))
OBLIQUE = FiniteSupport(np.random.default_rng(1).standard_normal((6, 5, 2)), [0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
CHOICES = {
    "gradient descent": (None, None),
    "gaussian": (Gaussian(5, 2), 3.0),
    "gaussian of rank one": (Gaussian(5, 1), 0.1),
    "haar": (Haar(5, 2), None),
    "haar, plain": (Haar(5, 1), 7.0),
    "coordinate": (Coordinate(5, 2), None),
    "count sketch, plain": (CountSketch(5, 1), 2.0),
    "oblique": (OBLIQUE, None),
    "oblique, plain": (OBLIQUE, 2.0),
}


def both(sketch, lora_alpha):
    """What is guaranteed, and what is found."""
    return (find(CURVED, sketch, lora_alpha=lora_alpha) for find in (learning_rate, fastest_learning_rate))


def rate(problem, sketch, lora_alpha, eta, side="left"):
    return exact_rate(Case(RACLoRA(sketch, eta, side, lora_alpha=lora_alpha), problem))


@pytest.mark.long
@pytest.mark.parametrize(("sketch", "lora_alpha"), CHOICES.values(), ids=CHOICES)
def test_it_is_that_of_a_grid_search_to_a_hundredth(sketch, lora_alpha):
    """Over exact rates, by steps of one in a hundred from a fifth of what is guaranteed to beyond what converges.
    Catches a search that stops at the guarantee, in a part of the range, and tau for eta. The rates on the grid are
    convex, as it is derived, and cross one at ``longest``."""
    guaranteed, found = both(sketch, lora_alpha)
    etas = guaranteed.best / 5 * 1.01 ** np.arange(330)
    rates = np.array([rate(CURVED, sketch, lora_alpha, eta) for eta in etas])
    assert found.best == pytest.approx(etas[rates.argmin()], rel=0.0101)
    assert rates.min() * (1 - 1e-3) <= found.rate <= rates.min() * (1 + 1e-12)
    assert found.rate == rate(CURVED, sketch, lora_alpha, found.best)
    slopes = np.diff(rates) / np.diff(etas)
    assert (np.diff(slopes) >= -1e-9 * np.abs(slopes).max()).all()
    assert etas[-1] > found.longest
    assert found.longest == pytest.approx(etas[rates < 1][-1], rel=0.0101)


@pytest.mark.parametrize(("sketch", "lora_alpha"), CHOICES.values(), ids=CHOICES)
def test_what_is_guaranteed_is_no_better(sketch, lora_alpha):
    """1 - mu nu is at least the exact rate at the same learning rate, and that one at least the best exact rate. And
    what is longest by the guarantee still converges. Catches a gain or an end that is too large."""
    known, found = both(sketch, lora_alpha)
    at_best = rate(CURVED, sketch, lora_alpha, known.best)
    assert found.rate <= at_best * (1 + 1e-9) <= (1 - CURVED.mu * known.nu) * (1 + 1e-9)
    assert known.longest <= found.longest * (1 + 1e-4)


@pytest.mark.parametrize("unit", [1.0, 1e6])
def test_of_gradient_descent_it_is_the_textbook_one(unit):
    """2/(L + mu), ((L - mu)/(L + mu))^2 and 2/L, where 1/L is promised, in any unit: catches a tolerance in one."""
    found = fastest_learning_rate(Quadratic.left(unit * CURVED.S, CURVED.W_star), None)
    assert found.best * unit == pytest.approx(2 / 4.25, rel=1e-5)
    assert found.rate == pytest.approx((3.75 / 4.25) ** 2, rel=1e-5)
    assert found.longest * unit == pytest.approx(0.5, rel=1e-5)


def test_where_all_curvatures_are_equal_the_guarantee_is_exact():
    """Gaussian entries and Q = L I: eta = r^2 / (a^2 L (d + r + 1)), rate 1 - r / (d + r + 1), on either side."""
    problem = Quadratic.left(3.0 * np.eye(4), np.ones((4, 6)))
    for side, d in (("left", 4), ("right", 6)):
        found = fastest_learning_rate(problem, Gaussian(d, 2), lora_alpha=5.0, side=side)
        assert found.best == pytest.approx(4 / (25 * 3 * (d + 3)), rel=1e-5)
        assert found.rate == pytest.approx(1 - 2 / (d + 3), rel=1e-9)


def test_what_does_not_converge_has_none():
    frozen = fastest_learning_rate(CURVED, Frozen(np.ones((5, 1))))
    assert math.isnan(frozen.best)
    assert math.isnan(frozen.longest)
    assert frozen.rate == 1
    with pytest.raises(Unsupported, match="the sketch must have invariants"):
        fastest_learning_rate(CURVED, Uniform(5, 2))


@pytest.mark.long
def test_letters_are_searched_together():
    """Heavy ball with H = I has its classical optimum; one letter alone is the search for a learning rate, in any unit:
    catches an end of the range of letters.
    """
    problem, tiny = (Quadratic.left(unit * np.diag([1.0, 0.04, 0.5]), np.ones((3, 1))) for unit in (1, 1e-30))
    found = fastest_letters(Case(HEAVY_BALL(None, gamma=1.0, beta=0.5), problem), "gamma", "beta")
    assert found.rate == pytest.approx((4 / 6) ** 2, rel=1e-5)
    assert found.letters["beta"] == pytest.approx((4 / 6) ** 2, rel=1e-5)
    assert exact_rate(found.case) == found.rate
    sketch = Haar(3, 1)
    best = fastest_learning_rate(problem, sketch)
    for algorithm, of, times in ((LONGER(sketch, gamma=0.3), problem, 2), (RACLoRA(sketch, 0.3e30), tiny, 1e-30)):
        alone = fastest_letters(Case(algorithm, of), "gamma", starts=1)
        assert alone.rate == pytest.approx(best.rate, rel=1e-9)
        assert times * alone.letters["gamma"] == pytest.approx(best.best, rel=1e-3)


def test_the_lowest_of_all_starts_is_taken_and_what_has_no_rate_is_none(monkeypatch):
    """By a rate with a valley at each start, none beyond two, and the lowest at e times the first letter less. Catches
    the highest of rough searches, and letters without a map that would be better than all."""
    valleys = {0.0: 0.5, -1.0: 0.2, -2.0: 0.6}

    def rate(case):
        x = math.log(case.algorithm.gamma)
        if x > 0.05:
            raise ValueError("there is no map")
        return min(least + (x - at) ** 2 for at, least in valleys.items())

    monkeypatch.setattr(importlib.import_module("rac_theory.runs.expectations.fastest"), "exact_rate", rate)
    found = fastest_letters(Case(RACLoRA(Haar(5, 1), 1.0), CURVED), "gamma", starts=3)
    assert (found.rate, math.log(found.letters["gamma"])) == (pytest.approx(0.2, rel=1e-9), pytest.approx(-1, rel=1e-5))


def test_speed_is_what_the_logarithm_falls_by_an_evaluation():
    """The larger the better; of what arrives in one step there is no more. Catches the sign."""
    assert QueryRate(4, 0.1, 0.5, 5).speed == pytest.approx(math.log(2) / 5)
    assert QueryRate(4, 0.1, 0.0, 5).speed == math.inf


def test_a_letter_that_cannot_be_searched_is_refused():
    case = Case(HEAVY_BALL(None, gamma=1.0, beta=0.0), Quadratic.left(np.eye(2), np.ones((2, 1))))
    with pytest.raises(ValueError, match="names must be one of beta, gamma, got 'alpha'"):
        fastest_letters(case, "alpha")
    with pytest.raises(ValueError, match="beta must be a finite number > 0, got 0"):
        fastest_letters(case, "beta")
