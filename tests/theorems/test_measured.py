"""Measured variances: what a pilot measures, what rests on it, and that a breach of it refutes nothing."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Case, Clients, Constants, Local, RACLoRA, Reshuffled, Status, sketches, theorems, verify
from rac_theory.problems import Federated, LeastSquares
from rac_theory.statements import E, gap
from rac_theory.statements.symbols import T, gamma, gap0, mu
from rac_theory.verdicts.verification.decision import relied_on
from rac_theory.verdicts.verification.judged_claim import Trial
from rac_theory.verdicts.verification.verify import SAFETY, lacks_a_variance, with_measured_variance

RNG = np.random.default_rng(2)
PROBLEM = Federated(LeastSquares(RNG.standard_normal((24, 4)), RNG.standard_normal((24, 3)), l2=1.0), 4)
SKETCH = sketches.Coordinate(4, 2)
SEED = np.random.SeedSequence(0)


EPOCHS = RACLoRA(SKETCH, 0.5 / (2 * 4 * PROBLEM.L_max), gradients=Reshuffled())
ROUNDS = RACLoRA(SKETCH, 0.2 / (4 * PROBLEM.L_max), gradients=Clients(Local(4)))


def test_variances_by_hand():
    """Of (x -+ 1)^2/2 it is 1 at every x; where one run decides it is that number itself, and a breach refutes."""
    problem = Federated(LeastSquares(np.ones((2, 1)), np.array([1.0, -1.0])), 2)
    sketch = sketches.FiniteSupport(np.array([[[1.0]], [[0.0]]]), [0.5, 0.5])
    steps = [RACLoRA(each, 0.1, gradients=Clients(Local(3))) for each in (None, sketch)]
    alone, drawn = (Case(algorithm, problem, [[5.0]], steps=30) for algorithm in steps)
    for case, factor, measured in ((alone, 1.0, set()), (drawn, SAFETY, {"zeta_squared"})):
        constants = with_measured_variance(case, Constants.of(case), SEED)
        assert constants.zeta_squared == pytest.approx(factor)
        assert constants.measured == measured
    verdict = verify(theorems.T10, alone)
    assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact")
    assert verdict.constants.provenance["zeta_squared"] == "the largest along the only run"
    false = replace(verdict.constants, gap0=0.1, zeta_squared=0.0)
    assert verify(theorems.T10, alone, constants=false).status is Status.VIOLATED


def test_the_pilot_is_not_the_ensemble_that_is_judged():
    """A pilot of 16 runs shares no stream with the runs, and is the same for the same seed."""
    case, seeds = Case(EPOCHS, PROBLEM, steps=20), map(np.random.SeedSequence, (0, 0, 1))
    first, again, other = (with_measured_variance(case, Constants.of(case), s).sigma_squared for s in seeds)
    assert first == again
    verdict = verify(theorems.T7, case, runs=8, rng=0, evidence="sampled")
    assert verdict.constants.sigma_squared == first
    assert math.isfinite(other)


@pytest.mark.long
@pytest.mark.parametrize(("t", "algorithm"), [("T7", EPOCHS), ("T10", ROUNDS)])
def test_holding_is_worth_what_the_number_is_worth_and_a_breach_refutes_nothing(t, algorithm):
    """A theorem tampered with until it fails is VIOLATED by a given number, UNDECIDED by a measured one."""
    case = Case(algorithm, PROBLEM, steps=400)
    verdict = verify(t, case, runs=128, rng=0)
    assert verdict.status in (Status.HOLDS, Status.CONSISTENT), verdict
    (name,) = verdict.constants.measured
    number = f"{name}={getattr(verdict.constants, name):.6g}"
    assert verdict.reason.endswith(f"As far as {number} goes, which was measured, not proved.")
    false = replace(verdict.constants, gap0=verdict.constants.gap0 / 100, gap0_upper=verdict.constants.gap0_upper / 100)
    breach = verify(t, case, runs=128, rng=0, constants=replace(false, **{name: 1e-9}))
    assert breach.status is Status.UNDECIDED
    assert "But " + f"{name}=1e-09 was measured, not proved, so nothing is refuted" in breach.reason
    assert "the bound" in breach.reason  # both numbers, that of the runs and that of the theorem, stand before it
    given = replace(false, **{name: 1e-9}, measured=frozenset())
    assert verify(t, case, runs=128, rng=0, constants=given).status is Status.VIOLATED


def test_only_theorems_that_use_the_number_rest_on_it():
    """T7d is refuted as ever, though the constants hold a measured sigma^2 for T7 beside it."""
    case = Case(EPOCHS, PROBLEM, steps=50)
    constants = with_measured_variance(case, Constants.of(case), SEED)
    assert relied_on(Trial(theorems.T7, case, constants)) == ("sigma_squared",)
    assert relied_on(Trial(theorems.T7d, case, constants)) == ()
    false = replace(constants, gap0_upper=1e-9, D=0.0)
    assert verify(theorems.T7d, case, runs=64, rng=0, constants=false).status is Status.VIOLATED


def test_a_theorem_that_assumes_nothing_rests_on_the_numbers_of_its_bound_and_of_its_metric():
    """Would catch a look at what is assumed alone: a mu that was measured refuted this claim, exactly."""
    hopeful = replace(theorems.T2, id="hopeful", given=(), claim=E(gap) <= (1 - gamma * mu) ** T * gap0, lemmas={})
    case = Case(RACLoRA(SKETCH, 0.5 / PROBLEM.L), PROBLEM, steps=10)
    constants = replace(Constants.of(case), mu=PROBLEM.L, measured={"mu", "lambda_min", "f_star"})
    assert relied_on(Trial(hopeful, case, constants)) == ("f_star", "mu")
    assert verify(hopeful, case, constants=replace(constants, measured=())).status is Status.VIOLATED
    verdict = verify(hopeful, case, constants=constants)
    assert (verdict.status, verdict.evidence) == (Status.UNDECIDED, "exact")


def test_nothing_is_measured_in_vain():
    """Where another assumption fails too, or none does, no pilot is run; a nan that is given stays nan."""
    case = Case(EPOCHS, PROBLEM, steps=10)
    constants = Constants.of(case)
    assert lacks_a_variance(Trial(theorems.T7, case, constants))
    assert not lacks_a_variance(Trial(theorems.T7d, case, constants))
    assert not lacks_a_variance(Trial(theorems.T8, case, replace(constants, mu=0.0)))
    assert not lacks_a_variance(Trial(theorems.T9, case, constants))
    one = Case(RACLoRA(SKETCH, 0.1, gradients=Clients(Local(1))), PROBLEM, steps=10)
    assert not lacks_a_variance(Trial(theorems.T9, one, Constants.of(one)))
    unknown = verify(theorems.T7, case, constants=constants)
    assert unknown.status is Status.NOT_APPLICABLE
    assert "sigma^2 must be known, sigma_squared is nan" in unknown.reason


class Shifted(LeastSquares):
    """f_i = ||W - a_i||^2/2: the variance of the gradients is that of the a_i at every W, which is a proof."""

    variance_bound = 6.0


def test_a_variance_that_is_proved_needs_no_pilot():
    """And is no reason to say less: a false constant is VIOLATED."""
    problem = Shifted(np.ones((3, 1)), np.array([-1.0, 2.0, 5.0]))
    algorithm = RACLoRA(sketches.FiniteSupport(np.array([[[1.0]], [[0.0]]]), [0.5, 0.5]), 0.1, gradients=Reshuffled())
    case = Case(algorithm, problem, np.array([[9.0]]), steps=100)
    verdict = verify(theorems.T8, case, runs=256, rng=0)
    assert verdict.status in (Status.HOLDS, Status.CONSISTENT)
    assert (verdict.constants.sigma_squared, verdict.constants.measured) == (6.0, frozenset())
    assert "measured" not in verdict.reason
    false = replace(verdict.constants, gap0=verdict.constants.gap0 / 9, sigma_squared=1e-6)
    assert verify(theorems.T8, case, runs=256, rng=0, constants=false).status is Status.VIOLATED
