"""T21, T22, T25 and T27: what their pages say of where they are tight, and of what would be false."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, Constants, Noisy, RACLoRA, Status, expected, prove, theorems, tightness, verify
from rac_theory.algebra.expression import lifted
from rac_theory.algorithms import ACCELERATED, EF21, FEEDBACK, MOMENTUM, SHIFTED_MOMENTUM, state
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.proofs import checker, exported
from rac_theory.sketches import Coordinate, FiniteSupport, Haar
from rac_theory.statements import E, squared_gradient_and_beside
from rac_theory.verdicts.verification.judged_claim import simulated

from .small_cases import LINE, SKEW, WEIGHTED

T21_H, T22, T25, T27 = theorems.T21_H, theorems.T22, theorems.T25, theorems.T27


def test_at_W_and_at_X_are_one_method():
    """The same expectations in either way of writing: catches a shift of gamma M, or of b M."""
    either = [Case(method(WEIGHTED, gamma=0.4, b=0.6), SKEW, steps=40) for method in (MOMENTUM, SHIFTED_MOMENTUM)]
    np.testing.assert_allclose(*(expected(case).gap for case in either), rtol=1e-12)


def test_at_X_alone_T22_is_false():
    """x^2/2, H = 1, b = 1/3, at the edge of what is assumed: 1.022 of the bound at X, .933 at W."""
    at_X, at_W = (
        Case(method(None, gamma=0.828, b=1 / 3), LINE, [[1.0]], steps=100)
        for method in (MOMENTUM.reporting(state("X")), SHIFTED_MOMENTUM)
    )
    ratio = 1 / tightness("T22", at_W)[-1]
    assert ratio == pytest.approx(0.933, abs=1e-3)
    means = [np.mean(expected(case).gap[:100]) for case in (at_X, at_W)]
    assert means[0] / means[1] * ratio == pytest.approx(1.022, abs=1e-3)
    assert verify("T22", at_X).status is Status.NOT_APPLICABLE


def test_what_T22_assumes_is_needed():
    """gamma L = 1/2, p = 1/16 and 1 - b = p/4: beyond the edge by a factor of 4, and 2.8 of the bound without it."""
    round_ = Quadratic.left(np.eye(16), np.ones((16, 1)))
    rare = Case(SHIFTED_MOMENTUM(Coordinate(16, 1), gamma=0.5, b=1 - 1 / 64), round_, steps=400)
    assert any("theta >= 0" in told for told in verify("T22", rare).unmet)
    mean = np.cumsum(2 * expected(rare).gap)[:-1] / np.arange(1, 401)
    assert np.max(mean / T22.claim.at(Constants.of(rare), np.arange(1.0, 401))) > 1.1


def of_diabetes(steps, plain=False):
    """Haar of rank 1 on Diabetes, from an equal gap in every curvature: 1/sqrt(q_i) along each."""
    problem, sketch = LeastSquares.diabetes(), Haar(10, 1)
    q, U = np.linalg.eigh(problem.X.T @ problem.X / len(problem.X))
    start = problem.W_star + (U @ (1 / np.sqrt(q)))[:, None]
    c = Constants.of(Case(RACLoRA(sketch, 0.1), problem, start))
    told, alpha = {"s": c.strong_convexity, "lambda_min": c.lambda_min}, c.lambda_min * math.sqrt(c.mu / c.L_H)
    quick = ACCELERATED(sketch, gamma=1 / c.L_H, alpha=alpha * (1 - 1e-12), **told)
    return Case(RACLoRA(sketch, 1 / c.L_H) if plain else quick, problem, start, steps=steps)


def test_diabetes_takes_348_steps_where_plain_ones_take_2030():
    """To a hundredth of the gap, exactly, where 624 are promised; catches each letter of the method that is off."""
    quick = of_diabetes(400)
    curves = [expected(case).gap for case in (quick, of_diabetes(2100, plain=True))]
    assert [int(np.argmax(gap <= gap[0] / 100)) for gap in curves] == [348, 2030]
    assert T21_H.steps_to(Constants.of(quick).gap0 / 100, quick) == 624


@pytest.mark.parametrize("id", ["T21", "T21_H"])
def test_where_acceleration_attains_its_bound(id):
    """x^2/2, H = 1, T = 1: (1 + alpha)/2 of the bound, .999999 as alpha comes to 1. Catches s for s/2."""
    for a in (0.5, 0.9, 1 - 2e-6):
        size = 1 - math.sqrt(1 - a * a * (1 + 1e-13))
        at = Case(ACCELERATED(None, gamma=size, alpha=a, s=1.0, lambda_min=1.0), LINE, [[1.0]], steps=1)
        assert 1 / tightness(id, at)[1] == pytest.approx((1 + a) / 2, abs=1e-6)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(/ (^ distance0 2) lambda_min)", "(/ (^ distance0 2) (* 2 lambda_min))"),
        ("given (<= s_0 s)\n", ""),
        ("about rac_lora_accelerated", "about rac_lora_exact"),
        ("granted spread", "granted norm"),
    ],
)
def test_a_changed_file_of_acceleration_is_refused(right, wrong):
    text = exported(prove("T21"))
    assert right in text
    with pytest.raises(checker.Refused):
        checker.check(text.replace(right, wrong))


@pytest.mark.long
def test_what_is_judged_of_feedback_are_both_squared_gradients():
    """Their exact expectations, computed apart; catches theta of another step, and a gradient at W counted twice."""
    of = Case(FEEDBACK(WEIGHTED, gamma=0.04, gradients=Noisy(1.0)), SKEW, steps=40)
    at_W, at_X = expected(of).squared_gradient, expected(of.at_iterate).squared_gradient
    assert at_X[5] > 1.01 * at_W[5]
    x, low = 0.04, Fraction(1, 10)
    share = 1 - x - 2 * x**2 * float((2 - low - low**2) / low**2)
    both = np.cumsum(at_W + share * at_X)[:-1] / np.arange(1, 41)
    np.testing.assert_allclose(verify("T25", of).mean[1:], both, rtol=1e-10)
    beside = simulated([T25.metric], of, np.random.SeedSequence(25), 0, 4096).curves.squared_gradients_at_iterate
    assert np.all(np.abs(beside.mean(axis=0) - at_X) <= 5 * beside.std(axis=0) / 64 + 1e-12)  # by chance once in 40,000
    assert at_X[20] - at_W[20] > 10 * beside[:, 20].std() / 64  # so that runs at W would be seen
    runs = verify("T25", of, evidence="sampled", runs=4096, rng=25)
    assert np.all(runs.lower[1:] <= both)
    assert np.all(both <= runs.upper[1:])


def test_at_both_points_with_weight_one_T25_is_false():
    """theta is there for a reason: on the line, with H = I, both squares are one, and their mean is twice the bound of
    one less gamma L."""
    half = Case(FEEDBACK(None, gamma=0.5), LINE, [[1.0]], steps=200)
    whole = replace(T25, id="whole", claim=E(squared_gradient_and_beside(lifted(1))) <= T25.claim.bound)
    assert verify(whole, half).status is Status.VIOLATED
    assert verify(T25, half).status is Status.HOLDS


def test_without_its_condition_T27_is_false():
    """Where theta is negative runs diverge: gamma L = 1 with H = I once in four steps, and else 0."""
    seldom = FiniteSupport(np.stack([np.eye(4), np.zeros((4, 4))]), [0.25, 0.75])
    long = Case(EF21(seldom, gamma=1.0), SKEW, steps=2000)
    assert verify("T27", long).status is Status.NOT_APPLICABLE
    bare = replace(T27, id="bare", given=(*T27.given[:2], T27.given[3]))
    assert verify(bare, long).status is Status.VIOLATED


def test_how_near_EF21_comes_to_its_rate():
    """H = I and steps that tend to 0: half of the bound where that has halved, by hand (1 - gamma)^T.

    Where the bound has hardly moved a method that stands still would do.
    """
    steps = 693  # of which the bound is a half, to three digits
    short = Case(EF21(None, gamma=1e-3), LINE, [[1.0]], steps=steps)
    ratio = 1 / tightness("T27_pl", short)[steps]
    assert ratio == pytest.approx((1 - 1e-3) ** steps, rel=1e-9)
    assert theorems.T27_pl.tightest.ratio == pytest.approx(ratio, abs=1e-3)


def test_short_steps_are_allowed():
    """gamma L <= lambda_min/2 for T27, lambda_min/4 for T27_pl with any mu <= L, by hand. Catches an edge on the page.

    Of T25 theta is at least a half for gamma L <= lambda_min/3: then half of what is bounded is about the model.
    """
    low = np.linspace(0.001, 1, 1000)
    for x, room in ((low / 2, low), (low / 4, low - 2 * low / 4)):
        assert np.all((1 - x) * low * room >= 2 * x**2 * (1 - low) * (2 - 2 * low + room))
    x = low / 3
    assert np.all(1 - x - 2 * x**2 * (2 - low - low**2) / low**2 >= 0.5)
