"""Arguments that are no numbers, no sketches, beyond any size, of another kind, swapped, or a class for a value."""

import re
from datetime import timedelta
from functools import partial

import numpy as np
import pytest

from rac_theory import Case, Constants, Grid, Sweep, diagnose, learning_rate, sketches, theorems
from rac_theory.advice import advise, promised_steps
from rac_theory.algorithms import GD, SGD, AsymmetricLoRA, Bernoulli, ChainOfLoRA, GaLore, Initialisation, LoRA, RACLoRA
from rac_theory.algorithms.gradients import Clients, Exact, Local, Minibatch, Noisy
from rac_theory.base.checks import described
from rac_theory.literature.counterexamples.factor_loss import FollowedRun
from rac_theory.problems import Federated, LeastSquares, Quadratic
from rac_theory.runs import exact_rate, expected, simulate
from rac_theory.sketches import FiniteSupport, FromFunction, Gaussian, Haar, Mixture, SparseSigns, draw, spectrum
from rac_theory.testing import assert_converges_to, assert_does_not_converge, assert_rate_bound, check_algorithm
from rac_theory.verdicts import empirical_rate, hardest_case, side_by_side, tightness, verify
from tests.as_one_test import as_one_test

SQUARES = LeastSquares(np.eye(3), [1.0, 2.0, 3.0])
DESCENT = Case(GD(0.1), SQUARES, steps=3)


class Unwilling:
    """Fails at whatever it is asked."""

    def __index__(self):
        raise KeyError("index")

    def __repr__(self):
        raise RuntimeError("repr")


FACTORS = Initialisation.kaiming((3, 1), 1)


@as_one_test(
    ("make", "message"),
    [
        (lambda: Case(GD(0.1), SQUARES, 1e80 * np.ones((3, 1))), "W0 must have a largest entry of size 1e-75..1e75"),
        (lambda: Case(GD(0.1), SQUARES, np.ones((3, 1)) + 0j), "W0 must be an array of real numbers, got complex"),
        (lambda: Case(GD(0.1), SQUARES, steps=10**30), "steps must be at most 2147483648"),
        (
            lambda: Case(GD(0.1), SQUARES, 20),
            "W0 must be a matrix or None, got 20; the number of steps is named: steps=2",
        ),
        (lambda: Case(GD(0.1), SQUARES, steps=True), "steps must be an integer, got True"),
        (lambda: Case(GD(0.1), SQUARES, steps=np.ma.masked), "steps must be an integer, got masked"),
        (lambda: Case(GD(0.1), SQUARES, steps=np.timedelta64(3, "s")), "steps must be an integer, got np.timedelta64"),
        (lambda: Case(GD(0.1), SQUARES, steps=Unwilling()), "steps must be an integer, got something that cannot be"),
        (lambda: Case(GD(0.1), SQUARES, 10**5000), "W0 must be a matrix or None, got something that cannot be shown"),
        (lambda: Constants(gamma=timedelta(1)), r"gamma must be a number, .*, got datetime.timedelta\(days=1\)"),
        (lambda: Constants(gamma=np.timedelta64(1, "s")), "gamma must be a number, .*, got np.timedelta64"),
        (lambda: Constants(gamma=10**400), r"gamma must be a number, nan .*, got 1000.* \(floats end at 1.8e308\)"),
        (lambda: Constants(gamma=0.1, inner_steps=0), "inner_steps must be >= 1, got 0"),
        (lambda: Constants(gamma=0.1, convex=1), "convex must be True or False, got 1"),
        (lambda: Constants(gamma=0.1, measured={"LL"}), "measured must be one of .*, got 'LL'"),
        (lambda: Constants(gamma=0.1, provenance=3), "provenance must be a mapping of names to words, got 3"),
        (lambda: simulate(DESCENT, runs=10**400), "runs must be at most 2147483648, got 1000"),
        (lambda: simulate(DESCENT, runs=10**9), r"runs \(steps \+ 1\) must be at most 2147483648, got 4000000000"),
        (lambda: simulate(DESCENT, n_jobs=0), "n_jobs must not be 0, got 0; -1 is a worker for each core"),
        (lambda: simulate(DESCENT, n_jobs=0.5), "n_jobs must be an integer, got 0.5"),
        (lambda: simulate(DESCENT, dtype=10**5000), "dtype must be float64 or float32, got something that cannot be"),
        (lambda: simulate(DESCENT, dtype=None), "dtype must be float64 or float32, got "),
        (lambda: simulate(DESCENT, dtype=int), "dtype must be float64 or float32, got int64"),
        (lambda: simulate(DESCENT, dtype="floot"), "dtype must be float64 or float32, got 'floot'"),
        (lambda: simulate(DESCENT, record=3), "record must be a list, got 3"),
        (lambda: simulate(DESCENT, record=b"W"), "record must be a list, got b'W'"),
        (lambda: Case(GD(0.1), SQUARES, steps=np.ma.array(3, mask=True)), "steps must be an integer, got masked_array"),
        (lambda: simulate(DESCENT, rng=np.ma.array(3)), "rng must be a seed >= 0, .*, got masked_array"),
        (lambda: simulate(DESCENT, rng=True), "rng must be a seed >= 0, .*, got True"),
        (lambda: simulate(DESCENT, rng=Unwilling()), "rng must be a seed >= 0, .*, got something that cannot be shown"),
        (lambda: verify("T2", DESCENT, runs=10**400), "runs must be at most 2147483648"),
        (lambda: verify("T2", DESCENT, n_jobs="2"), "n_jobs must be an integer, got '2'"),
        (lambda: expected(DESCENT, exact="no"), "exact must be True or False, got 'no'"),
        (lambda: spectrum(Gaussian(3, 1), draws="many"), "draws must be an integer, got 'many'"),
        (lambda: spectrum(Gaussian(3, 1), rng=-1), "rng must be a seed >= 0, .*, got -1"),
        (lambda: learning_rate(SQUARES, Gaussian(3, 1), lora_alpha=1.0, rng="x"), "rng must be a seed >= 0"),
        (lambda: Initialisation.kaiming(3, 1), r"shape must be a pair \(m, n\), got 3"),
        (lambda: Federated(SQUARES, 3, np.array([])), "weights must be"),
        (lambda: Grid(ranks=np.array(0.5)), r"ranks must be a list, got array\(0.5\)"),
        (lambda: Grid(problems=[1]), "problems must be names, got 1"),
        (lambda: Grid(claims=[["T1"]]), "claims must be a list of names or numbers"),
        (lambda: Grid.load("text"), "spec must be a TOML file with a grid, got 'text': No such file"),
        (lambda: Grid.load(None), "spec must be a TOML file with a grid, got None"),
        (lambda: Sweep.load(3), "store must be a file written by sweep, got 3"),
        (lambda: theorems.T2.steps_to(0.1, 3), "case must be a Constants, or a Case, got 3"),
        (lambda: theorems.listed(about=3), "about must be a predicate"),
        (lambda: theorems.listed(given=3), "given must be an assumption or a word of one, got 3"),
        (lambda: advise([(4, 4)], ranks=2), "ranks must be a list, got 2"),
        (lambda: advise("4x4", ranks=[1]), "shapes must be a list, got '4x4'"),
        (lambda: advise([4]), r"shape must be a pair \(m, n\), got 4"),
        (lambda: advise([(4, 4)], rng="x"), "rng must be a seed >= 0"),
        (lambda: promised_steps("T3.5", 0.1, epsilon=0.1, condition=2.0), "theorem must be one of"),
        (lambda: GD(1e-320), "gamma must be of size 1e-100..1e100, got 1e-320"),
        (lambda: GD("0.1"), "gamma must be a finite number > 0, got '0.1'"),
        (lambda: GaLore(1, 1e300), "gamma must be of size 1e-100..1e100"),
        (lambda: LoRA(FACTORS, 0.1, lora_alpha=10**400), "lora_alpha must be a finite number > 0, got 1000"),
        (lambda: RACLoRA(Gaussian(3, 1), 0.1, lora_alpha=1e200), "lora_alpha must be of size 1e-100..1e100"),
        (lambda: ChainOfLoRA(FACTORS, 0.1, 10**30), "inner_steps must be at most 2147483648"),
        (lambda: Initialisation(A=Gaussian(3, 1), scale=1e-200), "scale must be of size 1e-100..1e100"),
        (lambda: Local(10**30), "steps must be at most 2147483648"),
        (lambda: Noisy(1e100), "sigma must be zero or of size 1e-75..1e75"),
        (lambda: Noisy(np.ma.masked), "sigma must be a finite number >= 0, got masked"),
        (lambda: Minibatch(2, replace="no"), "replace must be True or False, got 'no'"),
        (lambda: Minibatch(10**30, replace=True), "size must be at most 2147483648"),
        (lambda: Gaussian(10**30, 1), "dim must be at most 2147483648"),
        (lambda: SparseSigns(3, 1, "0.5"), "p must be a finite number, got '0.5'"),
        (lambda: Mixture(3, [1.0]), "sketches must be a list of sketches, got 3"),
        (lambda: Mixture([Gaussian], [1.0]), r"sketches\[0\] must be a sketch, got the class Gaussian"),
        (lambda: Mixture([Gaussian(3, 1)], None), "weights must be an array, got None"),
        (lambda: FiniteSupport([np.eye(2)], ["1"]), "probabilities must be an array of real numbers, got strings"),
        (lambda: Federated.by_label(3, 2), "problem must be a finite sum that can be divided, got 3"),
    ],
)
def test_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_weights_near_the_largest_float_do_not_overflow():
    mixture = Mixture([Gaussian(3, 1), Gaussian(3, 2)], [1e308, 1e308])
    np.testing.assert_array_equal(mixture.probabilities, [0.5, 0.5])
    whole = FiniteSupport([np.eye(2)], [True])
    assert whole.probabilities.tolist() == [1]


def test_a_function_that_fails_to_draw_is_shown_without_control_characters():
    def fails(rng):
        raise TypeError("\x1b[31m")

    with pytest.raises(ValueError, match=r"draw must not fail, got TypeError: \\x1b\[31m from fails"):
        draw(FromFunction(3, 1, fails), np.random.default_rng(0), 1)


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


@as_one_test(
    ("call", "message"),
    [
        (lambda: Case(PROBLEM, ALGORITHM),
         "*got Quadratic(3x2 #*) without 'iterates'; are algorithm and problem swapped?"),
        (lambda: Case(PROBLEM, PROBLEM), "algorithm must be *, got Quadratic(3x2 #*) without 'iterates'"),
        (lambda: Case(RACLoRA, PROBLEM), "algorithm must be *, got the class RACLoRA; write RACLoRA(...)"),
        (lambda: Case(GD, PROBLEM), "algorithm must be *, got the function GD; write GD(...)"),
        (lambda: Case(Haar(3, 1), PROBLEM), "algorithm must be *, got Haar(dim=3, rank=1) without 'iterates'"),
        (lambda: Case(ALGORITHM, Quadratic),
         "problem must be a problem, *, got the class Quadratic; write Quadratic(...)"),
        (lambda: Case(ALGORITHM, LeastSquares.diabetes),
         "problem must be *, got the function diabetes; write diabetes()"),
        (lambda: Case(ALGORITHM, np.eye(3)), "problem must be *, got array(*) without 'value'"),
        (lambda: Case(None, None), "algorithm must be *, got None without 'iterates'"),
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
    """Swapped, a class or a function for what it makes, or of no kind that fits; most were an AttributeError."""
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
