"""Assertions: what passes, what fails, and whether a failure can be repeated from its own last line."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from rac_theory import GD, Case, RACLoRA, Status, sketches, theorems
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.pytest_plugin import running
from rac_theory.statements.symbols import T
from rac_theory.testing import (
    NotShown,
    assert_converges_to,
    assert_does_not_converge,
    assert_mean_below,
    assert_rate_bound,
)
from rac_theory.testing.convergence import _described
from rac_theory.theorems import E, gap

DATA = np.random.default_rng(0)
PROBLEM = LeastSquares(DATA.standard_normal((20, 6)), DATA.standard_normal((20, 2)))
RAC = RACLoRA(sketches.Coordinate(dim=6, rank=2), gamma=1 / PROBLEM.L)
UNIT = Quadratic.left(np.eye(1), np.ones((1, 1)))  # half a squared distance of 1 at the start
FROZEN = Case(RACLoRA(sketches.Frozen(np.eye(6)[:, :2]), gamma=1 / PROBLEM.L), PROBLEM, steps=300)
DOUBLED = replace(theorems.T2, claim=E(gap) <= theorems.T2.claim.bound.at({T: 8 * T}))


@dataclass(frozen=True)
class Boastful:
    """A sketch that claims the E[H] of rank three and draws the same column three times."""

    dim: int = 6
    rank: int = 3

    def sample(self, rng, size):
        return np.repeat(rng.standard_normal((size, self.dim, 1)), self.rank, axis=2)

    def expected_projection(self):
        return np.eye(self.dim) / 2


class Lazy(Boastful):
    """It claims E[HMH] too, so that an exact expectation would never call ``sample``."""

    def second_moment(self, M):
        return sketches.Haar(dim=6, rank=3).second_moment(M)


def failure(call, *arguments, **given):
    """What is raised; of a failure pytest is not to show our own lines."""
    with pytest.raises(NotShown) as raised:
        call(*arguments, **given)
    assert all(one.ishidden(raised) for one in raised.traceback if "testing/assertions/" in str(one.path))
    return raised.value


def repeated(message, **names):
    """What the last line of a message raises when it is run."""
    line = message.splitlines()[-1].split(maxsplit=1)[1]
    functions = (assert_rate_bound, assert_converges_to, assert_does_not_converge)
    return str(failure(eval, line, {f.__name__: f for f in functions} | names | {"np": np}))


def test_a_true_bound_passes_and_returns_its_verdict():
    """Would catch a level that is not the default one, and a verdict that was not asked for its status."""
    verdict = assert_rate_bound("T2", Case(RAC, PROBLEM, steps=60), rng=0)
    assert verdict.status in (Status.HOLDS, Status.CONSISTENT)
    assert verdict.alpha == 1e-6
    assert assert_rate_bound(theorems.T2, Case(GD(1 / PROBLEM.L), PROBLEM, steps=30)).status is Status.HOLDS


@pytest.mark.parametrize("rng", [3, np.random.SeedSequence(3, spawn_key=(1, 2)), np.random.default_rng(3), None])
def test_a_false_bound_fails_with_claim_numbers_seed_and_a_line_that_repeats_it(rng):
    """An exponent that is eight times too large; would also catch a seed that is not the one of the runs."""
    W0 = np.ones((6, 2))
    raised = failure(assert_rate_bound, DOUBLED, Case(RAC, PROBLEM, W0, steps=40), rng=rng)
    message = str(raised)
    assert raised.finding.status is Status.VIOLATED
    assert message.startswith("T2 VIOLATED: refuted at level 1e-06")
    lines = dict(re.findall(r"^  (\w+) +(.*)$", message, re.MULTILINE))
    assert lines["claim"].startswith("E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^{8 T} (f(W^0) - f*).")
    assert lines["case"] == repr(Case(RAC, PROBLEM, W0, steps=40))
    assert f"lambda_min={1 / 3:.6g}" in lines["numbers"]
    assert "; 256 runs, evidence sampled, alpha=1e-06" in lines["numbers"]
    assert f"rng={lines['seed']}" in lines["again"]
    assert repeated(message, theorem=DOUBLED, case=Case(RAC, PROBLEM, W0, steps=40)) == message


@pytest.mark.parametrize("sketch", [Boastful(), Lazy()], ids=lambda sketch: type(sketch).__name__)
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


def test_an_assertion_has_a_level_of_its_own():
    assert assert_rate_bound("T2", Case(RAC, PROBLEM, steps=60), rng=0, alpha=1e-3).alpha == 1e-3
    with pytest.raises(ValueError, match=r"alpha must be a finite number > 0 and < 1, got 0"):
        assert_rate_bound("T2", Case(RAC, PROBLEM, steps=60), rng=0, alpha=0)


def test_runs_converge_to_the_minimum_and_to_the_minimiser():
    """Would catch the distance of values taken for that of matrices."""
    quadratic = Quadratic.left(np.diag([1.0, 2.0]), np.array([[3.0], [4.0]]))
    rac = RACLoRA(sketches.Coordinate(dim=2, rank=1), gamma=1 / quadratic.L)
    found = assert_converges_to(Case(rac, quadratic, steps=60), quadratic.W_star, tolerance=0.2, rng=0)
    assert found.status is Status.HOLDS
    assert_converges_to(Case(rac, quadratic, steps=60), quadratic.f_star, tolerance=0.2, rng=0)
    assert_converges_to(Case(GD(0.5), quadratic, steps=60), 0.0, tolerance=1e-6)
    message = str(
        failure(assert_converges_to, Case(rac, quadratic, steps=60), quadratic.W_star + 1, tolerance=0.2, rng=0)
    )
    assert message.startswith("converges to VIOLATED: 0 of 256 runs do")
    names = {"target": quadratic.W_star + 1, "case": Case(rac, quadratic, steps=60)}
    assert repeated(message, **names) == message


def test_too_few_runs_do_not_show_convergence():
    """One run fewer than 0.9^132 < 1e-6 asks for: all converge, and that is not enough."""
    case = Case(RACLoRA(sketches.Gaussian(dim=1, rank=1), gamma=0.5), UNIT, steps=30)
    given = {"tolerance": 0.1, "rng": 0}
    raised = failure(assert_converges_to, case, 0.0, runs=131, **given)
    assert raised.finding.status is Status.UNDECIDED
    assert "it takes about 132 runs to tell" in str(raised)
    assert assert_converges_to(case, 0.0, runs=132, **given).status is Status.HOLDS


def test_what_ends_at_the_tolerance_is_near_and_is_not_away():
    """A half of the distance is left after the last step, a quarter before none; each compared with its own number."""
    case = Case(GD(0.5), UNIT, steps=1)
    assert_converges_to(case, UNIT.W_star, tolerance=0.5)
    assert_converges_to(case, 0.0, tolerance=0.125)
    failure(assert_does_not_converge, case, tolerance=0.5)
    assert assert_does_not_converge(case, tolerance=0.49).runs == 1  # which decides
    assert _described(np.array([3.0, 1.0, np.nan, 2.0, 5.0])) == "over the runs 1, median 3, up to inf"


def test_a_session_is_told_what_is_left_to_chance(monkeypatch):
    """Catches a level of what was not tried or was computed, and one that ``--rac-alpha`` does not set."""
    monkeypatch.setattr(running(), "alpha", 1e-4)
    case, told = Case(RAC, PROBLEM, steps=60), running().claims
    losses, small = np.full((40, 1), 0.25), {"gamma": 9.0, "L": 1, "mu": 0.01, "lambda_min": 0.5, "gap0": 1}
    assert assert_rate_bound("T2", case, rng=0).alpha == 1e-4
    assert_rate_bound("T2", case, evidence="exact")
    failure(assert_rate_bound, "T2", replace(case, algorithm=RACLoRA(RAC.sketch, gamma=3 / PROBLEM.L)), rng=0)
    failure(assert_mean_below, losses, 0.1, ceiling=1.0)
    failure(assert_mean_below, losses, "T2", constants=small)
    assert_does_not_converge(FROZEN, tolerance=1e-3)
    assert [one["alpha"] for one in told] == [1e-4, 0, 0, 1e-4, 0, 0]
    assert [one["status"] for one in told[2:]] == ["NOT_APPLICABLE", "VIOLATED", "NOT_APPLICABLE", "HOLDS"]


def test_a_frozen_sketch_does_not_converge_and_a_fresh_one_does():
    """Would catch the two assertions passing on the same runs."""
    raised = failure(assert_converges_to, FROZEN, PROBLEM.f_star, tolerance=1e-3)
    assert "the method is deterministic, and its run does not" in str(raised)
    assert_converges_to(Case(RAC, PROBLEM, steps=300), PROBLEM.f_star, tolerance=1e-3, rng=0)
    message = str(failure(assert_does_not_converge, Case(RAC, PROBLEM, steps=300), tolerance=1e-3, rng=0))
    assert message.startswith("does not converge VIOLATED: 0 of 256 runs do")
    assert repeated(message, case=Case(RAC, PROBLEM, steps=300)) == message


def test_a_run_that_diverges_converges_to_nothing():
    """Overflow makes infinities, then nan, which compare as neither near nor far."""
    for steps in (40, 300):
        case = Case(GD(1e6 / PROBLEM.L), PROBLEM, steps=steps)
        assert_does_not_converge(case, tolerance=1e-3)
        for target in (PROBLEM.f_star, PROBLEM.W_star):
            assert "up to inf" in str(failure(assert_converges_to, case, target, tolerance=0.1))


def test_a_start_at_the_target_tests_nothing():
    with pytest.raises(ValueError, match="W0 must be further from target than tolerance=1, got 1: nothing would be"):
        assert_converges_to(Case(GD(0.5), UNIT, steps=3), UNIT.W_star, tolerance=1.0)
    for target, shape in ((PROBLEM.W_star.T, "(2, 6)"), (PROBLEM.W_star[:, 0], "(6,)")):
        with pytest.raises(ValueError, match=re.escape(f"target must have shape (6, 2), got {shape}")):
            assert_converges_to(Case(RAC, PROBLEM, steps=3), target, tolerance=0.1)
    with pytest.raises(ValueError, match=r"share must be a finite number > 0 and < 1, got 1"):
        assert_does_not_converge(Case(RAC, PROBLEM, steps=3), tolerance=0.1, share=1)
