"""An L that was measured along runs: against eigenvalues, and what verdicts that rest on it may and may not say."""

import math
import re

import numpy as np
import pytest

from rac_theory import GD, Case, RACLoRA, Status, measured_smoothness, simulate, verify
from rac_theory.problems import FromFunctions, LeastSquares, Quadratic
from rac_theory.sketches import Haar

A = np.diag([1.0, 2.0, 4.0])


def value(W):
    return float((W * (A @ W)).sum()) / 2


def gradient(W):
    return A @ W


def unknown(**known):
    """A quadratic whose L nobody tells: it is 4."""
    return FromFunctions((3, 1), value, gradient, f_lower=0.0, start=np.ones((3, 1)), **known)


PROBLEM = unknown()
CASE = Case(RACLoRA(Haar(3, 2), gamma=0.2), PROBLEM, steps=30)
MEASURED = measured_smoothness(simulate(CASE, runs=8, rng=0, record=["W"]))


def test_it_is_the_largest_quotient_of_differences():
    """By hand, step by step, where W and gradients are known; never above the largest eigenvalue. Catches squares."""
    run = simulate(CASE, runs=8, rng=0, record=["W"])
    assert measured_smoothness(run) == MEASURED
    assert repr(MEASURED).startswith("MeasuredSmoothness(3.9")
    steps = np.diff(run.iterates, axis=1)
    quotients = np.linalg.norm(A @ steps, axis=(2, 3)) / np.linalg.norm(steps, axis=(2, 3))
    assert MEASURED.largest == pytest.approx(quotients.max(), rel=1e-9)
    assert quotients[MEASURED.run, MEASURED.t] == pytest.approx(quotients.max(), rel=1e-9)
    assert 3.5 < MEASURED.largest <= 4 * (1 + 1e-9)
    assert MEASURED.steps == 240
    known = Quadratic.left(np.diag([3.0]), np.ones((1, 1)))
    one = measured_smoothness(simulate(Case(GD(0.1), known, steps=3), record=["W"]))
    assert one.largest == pytest.approx(known.L, rel=1e-9)


def test_it_is_no_number_and_no_problem_takes_it_for_its_L():
    with pytest.raises(ValueError, match="L must be a finite number >= 0, got MeasuredSmoothness"):
        unknown(L=MEASURED)
    with pytest.raises(TypeError):
        float(MEASURED)
    assert math.isnan(MEASURED.case.problem.L)
    constants = MEASURED.constants(rng=0)
    assert (constants.L, constants.measured) == (MEASURED.largest, {"L"})
    for words in (str(MEASURED), constants.provenance["L"]):
        assert "measured, not proved" in words
    assert str(MEASURED).startswith(f"{MEASURED.largest:.4g} (measured")


def test_a_verdict_says_what_it_is_worth():
    """Of one run, where T1 holds, and of many; without it no theorem applies."""
    exact = measured_smoothness(simulate(Case(GD(0.2), PROBLEM, steps=30), record=["W"]))
    holds, sampled = exact.what_if("T1"), MEASURED.what_if("T1", runs=64, rng=1)
    assert holds.status is Status.HOLDS
    assert sampled.status in (Status.HOLDS, Status.CONSISTENT)
    for verdict, measured in ((holds, exact), (sampled, MEASURED)):
        assert verdict.reason.endswith(f"As far as L={measured.largest:.6g} goes, which was measured, not proved.")
    assert holds.bound[30] > holds.mean[30] > 0
    assert verify("T1", CASE, runs=4, rng=0).status is Status.NOT_APPLICABLE


def test_where_runs_part_from_the_promise_nothing_is_refuted():
    """Along a flat course the quotient is 1, and on the steep one that follows T1 with it fails: L was larger."""
    flat, steep = (FromFunctions((3, 1), value, gradient, f_lower=0.0, start=W) for W in np.eye(3)[[0, 2], :, None])
    course = measured_smoothness(simulate(Case(GD(0.6), flat, steps=20), record=["W"]))
    assert course.largest == pytest.approx(1.0)
    there = Case(GD(0.6), flat, np.eye(3)[:, 2:], steps=20)
    verdict = course.what_if("T1", there)
    assert verdict.status is Status.UNDECIDED
    assert verdict.violated_at is not None
    assert verdict.mean[verdict.violated_at] > verdict.bound[verdict.violated_at]
    assert "But L=1 was measured, not proved, so nothing is refuted: it may be too small." in verdict.reason
    too_long = measured_smoothness(simulate(Case(GD(0.6), steep, steps=3), record=["W"])).what_if("T1")
    assert too_long.status is Status.NOT_APPLICABLE  # gamma L <= 1 is not met
    with pytest.raises(ValueError, match=r"case must be on FromFunctions.*where this was measured, got FromFunctions"):
        course.what_if("T1", Case(GD(0.6), steep, steps=20))


def test_steps_that_are_lost_to_rounding_are_left_out():
    """At a minimiser steps are of rounding alone, whose quotient may be any number. Catches a limit left out."""
    problem = LeastSquares([[1.0, 0.3], [0.2, 1.0], [0.5, 0.5]], Y=[1e3, -2e3, 3e3])
    run = simulate(Case(GD(1 / problem.L), problem, steps=400), record=["W"])
    measured = measured_smoothness(run)
    assert measured.largest <= problem.L * (1 + 1e-6)
    assert measured.steps < 300
    length = np.linalg.norm(np.diff(run.iterates[0], axis=0), axis=(1, 2))
    assert measured.steps == np.sum(length > 1e-6 * np.linalg.norm(run.iterates[0, :-1], axis=(1, 2)))


def test_what_cannot_be_measured_is_said():
    still = simulate(Case(GD(1e-9), PROBLEM, steps=2), record=["W"])
    for given, message in (
        (CASE, "trajectory must be a Trajectory, as simulate returns, got Case"),
        (simulate(CASE, rng=0), 'must have been recorded with record=["W"], got one without'),
        (still, "trajectory must have a step that is longer than rounding, got none"),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            measured_smoothness(given)
