"""Each number that a verdict rests on, written out a second time: sizes of parts, rounding, ends of checks, intervals.

A number, a sign or an exponent that is another one in the library is seen here: drawn mutants of these lines fail.
"""

import math
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from rac_theory import GD, Case, Constants, RACLoRA, Reshuffled, compare_runs, simulate, sketches, theorems, verify
from rac_theory.problems import FromFunctions, LeastSquares, Quadratic
from rac_theory.theorems import gap
from rac_theory.verdicts.verification import reading
from rac_theory.verdicts.verification.evidence_of_runs import _check_infimum
from rac_theory.verdicts.verification.finding import Slack
from rac_theory.verdicts.verification.given import given_curves
from rac_theory.verdicts.verification.judge_runs import _claim, _observed
from rac_theory.verdicts.verification.judged_claim import JudgedClaim, Recording, Trial, _shift, exact_recording
from rac_theory.verdicts.verification.rate import Rate, fit_rate
from rac_theory.verdicts.verification.reading import behind_a_row, part_size
from rac_theory.verdicts.verification.verify import with_measured_variance

EPS = 2.0**-52
CASE = Case(RACLoRA(sketches.Haar(4, 1), 1.0), Quadratic.left(np.eye(4), np.ones((4, 1))), steps=40)


def test_sizes_of_parts_on_both_sides_of_each_end():
    """Half a million numbers are held, 1024 to 4096 runs of them; rows stand for 1, 2, 4, ... runs."""
    assert [part_size(steps) for steps in (1, 127, 128, 255, 256, 10**6)] == [4096, 4096, 2048, 2048, 1024, 1024]
    assert [behind_a_row(runs, 1024) for runs in (1, 1024, 1025, 2048, 2049, 4096, 4097)] == [1, 1, 2, 2, 4, 4, 8]
    for steps, rows in ((127, 2_049), (128, 1_025)):  # of 2,049 runs
        X = np.full((2_049, steps + 1), 0.5)
        assert len(_observed(X, _claim(np.ones(steps + 1), None, 0.0)).curves) == rows
    assert f"at most {reading.LIMIT}, {reading.MOST_RUNS} if None" in verify.__doc__


@pytest.mark.parametrize("exact", [True, False])
def test_what_rounding_and_f_star_allow_for(exact):
    """By the words: 4 units a step for the bound and, as a random walk, for iterates; 1e-9 for constants; a hundredth.

    f_star is known to 1e-3 of gap0, so that steps are resolved on both sides of it.
    """
    c = Constants.of(CASE)
    c = c if exact else replace(c, f_star_error=1e-3 * c.gap0)
    first = exact_recording(CASE, "exact")
    claim = JudgedClaim.of(Trial(theorems.T2, CASE, c), first, exact=exact)
    bound, judged = theorems.T2.bound(c, 40), claim.judged
    shift = 4 * EPS * math.sqrt(40) * max(first.norm, np.linalg.norm(CASE.start))
    rounding = gap.rounding(first.curves, c, bound, shift) + 4 * EPS * 40 * bound
    np.testing.assert_allclose(claim.rounding, rounding[judged], rtol=1e-9)
    np.testing.assert_allclose(claim.question.blur, (1e-9 * bound + rounding + c.f_star_error)[judged], rtol=1e-9)
    np.testing.assert_allclose(claim.question.doubt, c.f_star_error + (0 if exact else rounding[judged]), rtol=1e-9)
    assert exact or judged.tolist() == [t for t in range(1, 41) if bound[t] >= 100 * (rounding[t] + c.f_star_error)]


def test_an_equality_is_resolved_where_f_star_is_known_alone():
    """Iterates are rounded by the larger of start and end; an exact curve needs no ceiling. Catches either sign."""
    c = Constants.of(CASE)
    for share in (0.0, 1e-3):
        known = replace(c, f_star_error=share * c.gap0)
        claim = JudgedClaim.of(Trial(theorems.T2, CASE, known), exact_recording(CASE, "exact"), exact=True)
        assert (len(claim.resolved) < 40, claim.question.ceiling) == (share > 0, math.inf)
    started = Case(CASE.algorithm, CASE.problem, 3 * np.ones((4, 1)), steps=4)
    assert [_shift(started, norm) for norm in (1.0, 9.0)] == pytest.approx([4 * EPS * 2 * 6, 4 * EPS * 2 * 9], abs=0)
    short = simulate(Case(GD(0.5), Quadratic.left([[1.0]], [[0.5]]), steps=2))
    assert Recording.of(short).norm == 0.375


def test_what_rounding_allows_of_given_curves():
    """64 units of the largest bound, and a hundred times that to be judged: 2^-46 falls below it after some steps."""
    edge = _claim(np.array([np.nan, 1.0, 6400 * EPS, 6399 * EPS]), None, 0.0)
    assert edge.resolved.tolist() == [1, 2]
    bound = np.array([np.nan, *3 * 0.5 ** np.arange(60.0)])
    blurred = _claim(bound, None, 0.02)
    assert (blurred.resolved.tolist(), blurred.judged.tolist()) == ([], [*range(1, 61)])
    claim = _claim(bound, np.full(61, 0.75), 1e-4)
    blur = 1e-4 * bound + 64 * EPS * 3
    assert claim.resolved.tolist() == [t for t in range(1, 61) if bound[t] >= 100 * blur[t]]
    assert 30 < len(claim.resolved) < 45
    np.testing.assert_allclose(claim.question.blur, blur[claim.judged], rtol=1e-12)
    np.testing.assert_array_equal(claim.question.doubt, claim.question.blur)
    assert claim.informative_from == 4  # at t = 3 the bound is the ceiling


def test_a_comparison_asks_for_the_difference_and_its_rounding(monkeypatch):
    """A - B + ceiling below the ceiling, at most twice that; a sum and a difference below it lose two units each."""
    asked = []
    monkeypatch.setattr(
        sys.modules["rac_theory.verdicts.verification.judge_runs"], "judged_runs", lambda *all: asked.append(all)
    )
    A, B, top = np.random.default_rng(0).uniform(0, 0.5, size=(3, 9, 4))
    compare_runs(A, B, ceiling=top[0] + 0.5, alpha=0.02)
    ((X, most, given, alpha, _, rounding),) = asked
    np.testing.assert_allclose(X[:, 1:], (A - B + top[0] + 0.5)[:, 1:], rtol=1e-14)
    np.testing.assert_array_equal(most, 2 * (top[0] + 0.5))
    np.testing.assert_array_equal(given.values, [np.nan, *(top[0] + 0.5)[1:]])
    assert (alpha, rounding) == (0.02, 4 * EPS)


def test_a_run_may_be_below_the_infimum_by_its_rounding():
    """64 units of the larger of the infimum and the first value, and what f_star may err; nothing more."""
    for first, declared in ((3.0, 1.0), (-1.0, -3.0)):
        problem = FromFunctions(
            (1, 1), lambda W: 9.0, lambda W: 0 * W, f_star=declared + 0.25, f_star_error=0.25, f_lower=-9
        )
        unit = 3 * EPS
        _check_infimum(problem, np.array([[first, 9.0, declared - 63 * unit]]))
        with pytest.raises(ValueError, match="f_star must not be above f"):
            _check_infimum(problem, np.array([[first, 9.0, declared - 64.7 * unit]]))


def refused(rows):
    try:
        given_curves("curves", np.asarray(rows, dtype=float))
    except ValueError as error:
        return str(error).split(" must be ")[1].split(",")[0]
    return None


def test_runs_in_order_and_copies_on_both_sides_of_each_end():
    """13 in order, up or down, at any step: 2/13! < 4e-10. Rows equally often by chance with 1e-9, with 1e-3 apart."""
    assert 2 / math.factorial(13) < 4e-10 < 2 / math.factorial(12)
    flat = np.r_[0.1, 0.1, np.arange(1.0, 13)] / 99
    for column in (np.arange(13.0), -np.arange(13.0) + 13):
        other = np.random.default_rng(0).permutation(13)
        for judged in ((other, column / 99), (column / 99, other)):
            rows = np.c_[np.zeros(13), *judged]
            assert refused(rows) == "in an order that does not look at their values"
            assert refused(rows[:12]) is None
    assert refused(flat) is refused(flat[::-1]) is None
    for apart, few, many in ((False, (9, 37), (9, 38)), (True, (4, 25), (4, 26))):
        for (k, times), wrong in ((few, None), (many, "independent runs")):
            values = np.tile(np.arange(1.0, k + 1), times)
            assert refused(np.c_[values, values, 9 - values] if apart else values) == wrong
            assert not apart or refused(np.c_[values, 0 * values, values]) == wrong  # before they part
            n = k * times
            chance = Fraction(math.factorial(n), math.factorial(times) ** k * k**n)
            assert (chance < (1e-3 if apart else 1e-9)) == (wrong is not None)
    branches = np.tile([[0, 0.5, a, b] for a in (0, 1) for b in (0, 1)], (40, 1))  # two share each value
    assert refused(branches) is None
    for k, wrong in ((63, None), (64, "independent runs")):
        rows = np.random.default_rng(1).random((k, 3))
        assert refused(rows[[*range(k), 0]]) == wrong


@pytest.mark.parametrize("kind", ["linear", "sublinear"])
@pytest.mark.parametrize("runs", [2, 5, 40])
def test_the_interval_of_a_rate_is_that_of_leaving_out(kind, runs):
    """The slope by ``polyfit`` over the second half, and its jackknife in loops, of 32 groups at most."""
    curves = np.random.default_rng(runs).uniform(0.5, 1.5, size=(runs, 13)) * 0.8 ** np.arange(13)
    curves[0, 11] = -9.0 * runs  # from here on the mean is not positive
    rate = fit_rate(curves, kind)
    assert (rate.first, rate.last) == (5, 10)
    t = np.arange(5, 11.0)

    def slope(rows):
        return np.polyfit(t if kind == "linear" else np.log(t), np.log(rows[:, 5:11].mean(axis=0)), 1)[0]

    groups = np.array_split(np.arange(runs), min(32, runs))
    left = np.array([slope(np.delete(curves, group, axis=0)) for group in groups])
    error = math.sqrt((len(groups) - 1) / len(groups) * np.sum((left - left.mean()) ** 2))
    margin = stats.t.ppf(0.975, len(groups) - 1) * error
    scale = np.exp if kind == "linear" else float
    told = [scale(slope(curves) + by * margin) for by in (-1, 0, 1)]
    np.testing.assert_allclose([rate.low, rate.value, rate.high], told, rtol=1e-9)
    alone = fit_rate(curves[1:2], kind)
    assert alone.low == alone.value == alone.high  # of one run nothing is known of others
    assert fit_rate(curves[:, :10], kind).last == 9  # the last column, if nothing else is said
    assert fit_rate(curves, kind, last=0) is fit_rate(curves, kind, last=1) is None
    with pytest.raises(ValueError, match=r"last must be in 0\.\.12, got 13"):
        fit_rate(curves, kind, last=13)
    assert (fit_rate(curves, kind, last=2).first, fit_rate(curves, kind, last=2).last) == (1, 2)


@pytest.mark.parametrize("low", [0.2, 0.25])
@pytest.mark.parametrize("high", [0.25, 0.3])
def test_a_number_is_told_with_its_interval_where_it_has_one(low, high):
    """A rate, by a factor and by a power, and a slack. Catches an interval that is no wider than a point, and none."""
    known = low == high
    factor, power = Rate("linear", 0.25, low, high, 1, 9), Rate("sublinear", -0.25, -high, -low, 1, 9)
    assert str(factor) == "0.25000" + ("" if known else f" [{low:.5f}, {high:.5f}]")
    assert factor.label == f"{factor} a step"
    assert str(power) == "t^-0.25" + ("" if known else f" [t^{-high:.2f}, t^{-low:.2f}]")
    assert power.label == "$t^p$, p = −0.25" + ("" if known else f" [−{high:.2f}, −{low:.2f}]")
    assert str(Slack(3, low, 0.25, high)) == "0.25" + ("" if known else f" [{low:.3g}, {high:.3g}]")


def test_a_variance_is_measured_from_the_start_to_the_step_before_the_last(monkeypatch):
    """Each where there are few steps, else on a logarithmic scale. Catches steps that are off by one."""
    looked, problem = [], LeastSquares(np.eye(2), np.ones(2))
    monkeypatch.setattr(
        f"{verify.__module__}._mean_variances", lambda case, rng, runs, times: looked.append(times) or [1.0]
    )
    for steps in (3, 1000):
        case = Case(RACLoRA(sketches.Haar(2, 2), 0.1, gradients=Reshuffled()), problem, steps=steps)
        with_measured_variance(case, Constants.of(case), np.random.SeedSequence(0))
    assert looked[0] == {0, 1, 2}
    assert {0, 1, 999} < looked[1] < set(range(1000))


def test_a_measured_variance_is_twice_the_largest_of_sixteen_runs():
    """Gradient descent's is the largest along its run, rounded up by 1e-9; of a pilot, two times a mean that it saw."""
    problem = LeastSquares(np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), np.array([1.0, 0.0, 2.0]))
    W = simulate(Case(GD(0.1), problem, steps=3), record=["W"]).iterates[0, :3]
    each = np.stack([problem.component_gradient(W, np.full((3, 1), i)) for i in range(3)])
    variances = ((each - each.mean(axis=0)) ** 2).sum(axis=(2, 3)).mean(axis=0)
    case = Case(GD(0.1), problem, steps=3)
    found = with_measured_variance(case, Constants.of(case), np.random.SeedSequence(0))
    assert found.zeta_squared == pytest.approx(variances.max() * (1 + 1e-9), rel=1e-12)
    assert found.measured == frozenset()
    still = Case(RACLoRA(sketches.Haar(2, 2), 1e-12, gradients=Reshuffled()), problem, steps=3)  # it hardly moves
    pilot = with_measured_variance(still, Constants.of(still), np.random.SeedSequence(0))
    assert pilot.sigma_squared == pytest.approx(2 * variances[0], rel=1e-6)
    assert pilot.measured == {"sigma_squared"}
    assert "2 times the largest of 3 means over 16 runs" in pilot.provenance["sigma_squared"]
