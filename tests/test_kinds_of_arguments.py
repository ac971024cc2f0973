"""What is passed where something else belongs: a class for a value, two arguments swapped, a thing of another kind."""

import re
from functools import partial

import numpy as np
import pytest

from rac_theory import (
    Case,
    Constants,
    diagnose,
    empirical_rate,
    exact_rate,
    expected,
    hardest_case,
    side_by_side,
    simulate,
    sketches,
    spectrum,
    theorems,
    tightness,
    verify,
)
from rac_theory.algorithms import GD, SGD, AsymmetricLoRA, Bernoulli, ChainOfLoRA, GaLore, Initialisation, LoRA, RACLoRA
from rac_theory.algorithms.gradients import Clients, Exact, Local
from rac_theory.counterexamples.followed_run import FollowedRun
from rac_theory.problems import Federated, LeastSquares, Quadratic
from rac_theory.problems.members import described
from rac_theory.sketches import Haar
from rac_theory.testing import assert_converges_to, assert_does_not_converge, assert_rate_bound, check_algorithm

PROBLEM = Quadratic.left(np.diag([1.0, 2.0, 3.0]), np.ones((3, 2)))
ALGORITHM = RACLoRA(Haar(3, 1), 0.1)
CASE = Case(ALGORITHM, PROBLEM, steps=5)

SOURCE = "must be a gradient source, such as Exact(), got"
INITIALISATION = "must be an Initialisation, got"
SUM = "must be a finite sum that can be divided, got"
THEOREM = "must be a Theorem, or the id of one of this library, got"
A_CASE = "must be a Case, such as Case(algorithm, problem), got"
RUNS = "must be a Case, such as Case(algorithm, problem, steps=100), got"
TRAJECTORY = "must be a Trajectory, as simulate returns, got"
CONSTANTS = "must be a Constants, as Constants.of(case) gives, got"


@pytest.mark.parametrize(
    ("algorithm", "problem", "message"),
    [
        (PROBLEM, ALGORITHM, "got Quadratic(3x2 #*) without 'iterates'; are algorithm and problem swapped?"),
        (RACLoRA, PROBLEM, "algorithm must be *, got the class RACLoRA; write RACLoRA(...)"),
        (GD, PROBLEM, "algorithm must be *, got the function GD; write GD(...)"),
        (Haar(3, 1), PROBLEM, "algorithm must be *, got Haar(dim=3, rank=1) without 'iterates'"),
        (ALGORITHM, Quadratic, "problem must be a problem, *, got the class Quadratic; write Quadratic(...)"),
        (ALGORITHM, LeastSquares.diabetes, "problem must be *, got the function diabetes; write diabetes()"),
        (ALGORITHM, np.eye(3), "problem must be *, got array(*) without 'value'"),
        (None, None, "algorithm must be *, got None without 'iterates'"),
    ],
    ids=["swapped", "class", "function", "sketch", "class of problem", "method", "array", "None"],
)  # fmt: skip
def test_algorithm_and_problem(algorithm, problem, message):
    """Each was an AttributeError, or a sentence about something else."""
    pattern = re.escape(message).replace(r"\*", ".*") + "$"
    with pytest.raises(ValueError, match=f"(?s){pattern}"):
        Case(algorithm, problem, steps=5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: RACLoRA(Haar, 0.1), "sketch must be a sketch, got the class Haar; write Haar(...)"),
        (lambda: RACLoRA(3, 0.1), "sketch must be a sketch, got 3 without 'dim'"),
        (lambda: RACLoRA(Haar(3, 1), 0.1, gradients=Exact), f"gradients {SOURCE} the class Exact; write Exact()"),
        (lambda: AsymmetricLoRA(Haar, 0.1), "sketch must be a sketch, got the class Haar; write Haar(...)"),
        (lambda: AsymmetricLoRA(Haar(3, 1), 0.1, gradients=Local), f"gradients {SOURCE} the class Local; *"),
        (lambda: Bernoulli(Haar(3, 1), Haar, 0.1), "sketch must be a sketch, got the class Haar; write Haar(...)"),
        (lambda: Bernoulli(Haar(3, 1), Haar(2, 1), 0.1, gradients=Local),
         f"gradients {SOURCE} the class Local; write Local(...)"),
        (lambda: GaLore(1, 0.1, gradients=Exact), f"gradients {SOURCE} the class Exact; write Exact()"),
        (lambda: SGD(0.1, Exact), f"gradients {SOURCE} the class Exact; write Exact()"),
        (lambda: SGD(0.1, "exact"), f"gradients {SOURCE} 'exact' without 'descend'"),
        (lambda: Clients(Local), f"source {SOURCE} the class Local; write Local(...)"),
        (lambda: LoRA(Initialisation, 0.1), f"initialisation {INITIALISATION} the class Initialisation; *()"),
        (lambda: LoRA(Initialisation.kaiming, 0.1), f"initialisation {INITIALISATION} the function kaiming; *(...)"),
        (lambda: ChainOfLoRA(Haar(3, 1), 0.1, 2), f"initialisation {INITIALISATION} Haar(dim=3, rank=1)"),
        (lambda: Initialisation(B=Haar), "sketch must be a sketch, got the class Haar; write Haar(...)"),
        (lambda: sketches.Mixture([Haar(3, 1), Haar], [1, 1]), "sketches[1] must be a sketch, got the class Haar; *"),
        (lambda: spectrum(Haar), "sketch must be a sketch, got the class Haar; write Haar(...)"),
        (lambda: Federated(LeastSquares, 4), f"problem {SUM} the class LeastSquares; write LeastSquares(...)"),
        (lambda: Federated(PROBLEM, 4), f"problem {SUM} Quadratic(3x2 #*) without 'subset'"),
        (lambda: verify(CASE, "T2"), f"theorem {THEOREM} Case(*"),
        (lambda: verify(None, Case(ALGORITHM, PROBLEM, steps=5)), f"theorem {THEOREM} None"),
        (lambda: tightness(CASE, "T2"), f"theorem {THEOREM} Case(*"),
        (lambda: tightness("T2", ALGORITHM), f"case {RUNS} RACLoRA(*)"),
        (lambda: hardest_case(CASE), f"theorem {THEOREM} Case(*"),
        (lambda: hardest_case(theorems), f"theorem {THEOREM} <module *"),
        (lambda: Constants.of(ALGORITHM), f"case {A_CASE} RACLoRA(*)"),
        (lambda: Constants.of(Case), f"case {A_CASE} the class Case; write Case(...)"),
        (lambda: Constants(gamma="0.1"), "gamma must be a number, nan where it is unknown, got '0.1'"),
        (lambda: Constants(gamma=None), "gamma must be a number, nan where it is unknown, got None"),
        (lambda: Constants(gamma=0.1, L=[1.0]), "L must be a number, nan where it is unknown, got [1.0]"),
        (lambda: Constants(gamma=0.1, mu=True), "mu must be a number, nan where it is unknown, got True"),
        (lambda: verify("T2", Case(ALGORITHM, PROBLEM, steps=5), constants=0.1), f"constants {CONSTANTS} 0.1"),
        (lambda: diagnose(PROBLEM), f"trajectory {TRAJECTORY} Quadratic(*)"),
        (lambda: empirical_rate(CASE), f"trajectory {TRAJECTORY} Case(*"),
        (lambda: FollowedRun.of(ALGORITHM), f"trajectory {TRAJECTORY} RACLoRA(*)"),
    ],
)  # fmt: skip
def test_things_of_another_kind(call, message):
    pattern = re.escape(message).replace(r"\*", ".*") + "$"
    with pytest.raises(ValueError, match=f"(?s)^{pattern}"):
        call()


RUNNING = {
    "simulate": simulate,
    "verify": partial(verify, "T2"),
    "expected": expected,
    "tightness": partial(tightness, "T2"),
    "side_by_side": partial(side_by_side, "T2"),
    "assert_rate_bound": partial(assert_rate_bound, "T2"),
    "assert_converges_to": lambda case: assert_converges_to(case, 0.0, tolerance=0.1),
    "assert_does_not_converge": partial(assert_does_not_converge, tolerance=0.1),
}


@pytest.mark.parametrize("call", RUNNING.values(), ids=RUNNING)
def test_what_runs_takes_a_case_that_says_for_how_long(call):
    """Each says what to write, also to who passes what a case is made of."""
    with pytest.raises(ValueError, match=re.escape(f"case {RUNS} RACLoRA(")):
        call(ALGORITHM)
    with pytest.raises(ValueError, match=re.escape(f"case {RUNS} the class Case; write Case(...)")):
        call(Case)
    with pytest.raises(ValueError, match=r"steps must be >= 1, got 0: .* as Case\(algorithm, problem, steps=100\)"):
        call(Case(ALGORITHM, PROBLEM))


@pytest.mark.parametrize("call", [exact_rate, Constants.of, check_algorithm])
def test_what_does_not_run_takes_a_case_without_steps(call):
    call(Case(ALGORITHM, PROBLEM))
    with pytest.raises(ValueError, match=re.escape(f"case {A_CASE} Quadratic(")):
        call(PROBLEM)


def test_what_came_is_short():
    assert described(np.zeros(5000).tolist()).endswith("...")
    assert len(described(np.arange(5000).tolist())) < 300
    assert described(dict) == "the class dict; write dict(...)"
