"""Assertions about bounds: what passes, what fails, and whether a failure can be repeated from its own last line."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from rac_theory import GD, Case, RACLoRA, Status, sketches, theorems
from rac_theory.algebra import identical
from rac_theory.problems import Quadratic
from rac_theory.pytest_plugin import running
from rac_theory.statements.symbols import T, gamma, gap0, lambda_min, mu
from rac_theory.testing import NotShown, assert_does_not_converge, assert_mean_below, assert_proved, assert_rate_bound
from rac_theory.theorems import T2, E, T2_sharp, gap
from tests.testing.cases import altered, cases
from tests.testing.failing import FROZEN, PROBLEM, RAC, failure, repeated

DOUBLED = replace(T2, claim=E(gap) <= T2.claim.bound.at({T: 8 * T}))
LONG = {"constants": {"gamma": 9.0, "L": 1, "mu": 0.01, "lambda_min": 0.5, "gap0": 1}}  # a step longer than 1 / L
LOSSES = np.random.default_rng(0).beta(2, 8, size=(400, 1))  # of mean 0.2


@dataclass(frozen=True)
class Boastful:
    """A sketch that claims the E[H] of rank three and draws the same column three times."""

    dim: int = 6
    rank: int = 3

    def sample(self, rng, size):
        return np.repeat(rng.standard_normal((size, self.dim, 1)), self.rank, axis=2)

    def expected_projection(self):
        return np.eye(self.dim) / 2


Lazy = altered(Boastful, second_moment=lambda self, M: sketches.Haar(dim=6, rank=3).second_moment(M))
"""It claims E[HMH] too, so that an exact expectation would never call ``sample``."""


def test_a_true_bound_passes_and_returns_its_verdict():
    """Would catch a level that is not the default one, or the one given, and a verdict not asked for its status."""
    case = Case(RAC, PROBLEM, steps=60)
    verdict = assert_rate_bound("T2", case, rng=0)
    assert verdict.status in (Status.HOLDS, Status.CONSISTENT)
    assert verdict.alpha == 1e-6
    assert assert_rate_bound("T2", case, rng=0, alpha=1e-3).alpha == 1e-3
    with pytest.raises(ValueError, match=r"alpha must be a finite number > 0 and < 1, got 0"):
        assert_rate_bound("T2", case, rng=0, alpha=0)
    assert assert_rate_bound(theorems.T2, Case(GD(1 / PROBLEM.L), PROBLEM, steps=30)).status is Status.HOLDS


@pytest.mark.parametrize("rng", [3, np.random.SeedSequence(3, spawn_key=(1, 2)), np.random.default_rng(3), None])
def test_a_false_bound_fails_with_claim_numbers_seed_and_a_line_that_repeats_it(rng):
    """An exponent that is eight times too large; would also catch a seed that is not the one of the runs."""
    case = Case(RAC, PROBLEM, np.ones((6, 2)), steps=40)
    raised = failure(assert_rate_bound, DOUBLED, case, rng=rng)
    message = str(raised)
    assert raised.finding.status is Status.VIOLATED
    assert message.startswith("T2 VIOLATED: refuted at level 1e-06")
    lines = dict(re.findall(r"^  (\w+) +(.*)$", message, re.MULTILINE))
    assert lines["claim"].startswith("E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^{8 T} (f(W^0) - f*).")
    assert lines["case"] == repr(case)
    assert f"lambda_min={1 / 3:.6g}" in lines["numbers"]
    assert "; 256 runs, evidence sampled, alpha=1e-06" in lines["numbers"]
    assert f"rng={lines['seed']}" in lines["again"]
    assert repeated(message, theorem=DOUBLED, case=case) == message


@pytest.mark.parametrize("sketch", [Boastful(), Lazy()])
def test_a_sketch_that_overstates_its_projection_fails(sketch):
    """Would catch an assertion that believes lambda_min = 1/2 of a sketch with 1/6, or any other closed form."""
    flat = Quadratic.left(np.eye(6), np.ones((6, 2)))
    raised = failure(assert_rate_bound, "T2", Case(RACLoRA(sketch, 1.0), flat, steps=12), rng=0)
    assert raised.finding.status is Status.VIOLATED


def test_what_was_not_tested_does_not_pass():
    """An assumption that is broken, and an ensemble that is too small: neither is a reason to pass."""
    long = RACLoRA(RAC.sketch, gamma=3 / PROBLEM.L)
    message = str(failure(assert_rate_bound, "T2", Case(long, PROBLEM, steps=5), rng=0))
    assert message.startswith("T2 NOT_APPLICABLE: ")
    assert "Nothing was tested." in message
    assert "0 runs, evidence none" in message
    raised = failure(assert_rate_bound, "T2", Case(RAC, PROBLEM, steps=60), runs=4, rng=0)
    assert raised.finding.status is Status.UNDECIDED


def test_exact_evidence_is_there_for_who_asks():
    """Would catch evidence that is not passed on."""
    verdict = assert_rate_bound("T2", Case(RAC, PROBLEM, steps=60), evidence="exact")
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
    message = str(failure(assert_rate_bound, DOUBLED, Case(RAC, PROBLEM, steps=40), rng=0, evidence="exact"))
    assert repeated(message, theorem=DOUBLED, case=Case(RAC, PROBLEM, steps=40)) == message


def test_a_session_is_told_what_is_left_to_chance(monkeypatch):
    """Catches a level of what was not tried or was computed, and one that ``--rac-alpha`` does not set."""
    monkeypatch.setattr(running(), "alpha", 1e-4)
    case, told = Case(RAC, PROBLEM, steps=60), running().claims
    losses = np.full((40, 1), 0.25)
    assert assert_rate_bound("T2", case, rng=0).alpha == 1e-4
    assert_rate_bound("T2", case, evidence="exact")
    failure(assert_rate_bound, "T2", replace(case, algorithm=RACLoRA(RAC.sketch, gamma=3 / PROBLEM.L)), rng=0)
    failure(assert_mean_below, losses, 0.1, ceiling=1.0)
    failure(assert_mean_below, losses, "T2", **LONG)
    assert_does_not_converge(FROZEN, tolerance=1e-3)
    assert [one["alpha"] for one in told] == [1e-4, 0, 0, 1e-4, 0, 0]
    assert [one["status"] for one in told[2:]] == ["NOT_APPLICABLE", "VIOLATED", "NOT_APPLICABLE", "HOLDS"]


# --- the mean of any runs ---


def test_what_holds_or_is_consistent_passes(rac_mean_below):
    assert rac_mean_below is assert_mean_below
    assert assert_mean_below(LOSSES, 0.4, ceiling=1.0).status is Status.HOLDS
    assert assert_mean_below(LOSSES, 0.4).status is Status.CONSISTENT


@cases(
    "curves, bound, more, status, words",
    (LOSSES, 0.15, {"metric": "loss"}, Status.VIOLATED, r"E\[loss\] <= bound VIOLATED: refuted at level 1e-06"),
    (LOSSES[:9], 0.4, {}, Status.UNDECIDED, "9 runs are too few to see a violation by 50%"),
    (LOSSES, "T2", LONG, Status.NOT_APPLICABLE, r"gamma L <= 1 is not met: .*\. Nothing was tested\."),
)
def test_what_is_not_shown_fails_with_the_line_that_repeats_it(curves, bound, more, status, words):
    with pytest.raises(NotShown, match=words) as failed:
        assert_mean_below(curves, bound, **more)
    assert failed.value.finding.status is status
    assert all(one.ishidden(failed) for one in failed.traceback[1:])
    again = re.search(r"again +(.*)", str(failed.value)).group(1)
    names = {"assert_mean_below": assert_mean_below, "curves": curves, "bound": bound, **more}
    with pytest.raises(NotShown, match=words.replace("loss", "metric")):
        eval(again, names)


# --- what is proved ---


def test_a_theorem_that_is_proved_passes_with_its_proof():
    assert assert_proved("T2").theorem is assert_proved(T2).theorem is T2
    weaker = replace(T2, id="weaker", claim=E(gap) <= (1 - gamma * mu * lambda_min / 2) ** T * gap0)
    assert assert_proved(weaker).theorem is weaker


@pytest.mark.long
def test_what_is_not_proved_fails_with_what_a_step_would_have_to_do_and_what_can_be_proved_instead():
    """Without lambda_min T2 is false; the message must not say so, as no search shows it. The best of that form is
    T2_sharp, whose proof comes with the error."""
    hopeful = replace(T2, id="hopeful", claim=E(gap) <= (1 - gamma * mu) ** T * gap0)
    with pytest.raises(NotShown) as caught:
        assert_proved(hopeful)
    said = str(caught.value)
    assert said.startswith("hopeful: no proof was found, which does not make it false")
    assert "E[f(W+) - f*] <= (1 - gamma mu) (f(W) - f*)" in said
    assert "claim     E[f(W^T)] - f* <= (1 - gamma mu)^T (f(W^0) - f*)." in said
    assert "provable  found_1: E[f(W^T)] - f* <= (1 - gamma mu lambda_min (2 - gamma L))^T (f(W^0) - f*)." in said
    assert identical(caught.value.finding.theorem.claim.bound, T2_sharp.claim.bound)


def test_bounds_that_are_functions_or_of_no_known_form_fail_and_what_is_no_theorem():
    def bound(c, t):
        """What it likes."""
        return c.gap0 * np.ones_like(t)

    with pytest.raises(AssertionError, match="its bound is a function"):
        assert_proved(replace(T2, id="own", claim=E(gap) <= bound, falls="linear"))
    with pytest.raises(AssertionError, match="has no form that follows from what one step does"):
        assert_proved(replace(T2, id="cubic", claim=E(gap) <= gap0 / (T + 1) ** 3))
    with pytest.raises(ValueError, match="theorem must be"):
        assert_proved("T0")
